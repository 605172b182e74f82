# Included last: an edit of a module, or of the lock file, reruns the rules whose scripts
# import it. Snakemake itself tracks a rule's script, but not what the script imports.
for rule_ in workflow.rules:
    if rule_.script:
        rule_.set_params(
            code=code_hash(HERE / f"workflow/scripts/{rule_.name}.py", HERE)
        )
