# Only where a simulated world is studied: its raw files, and which claims it makes true.
# No rule reads the truth beside the data; the audit reads planted.csv alone.
if PLAN.simulated:

    rule simulate:
        input:
            **PLAN.codebook,
            world=PLAN.world_files,
        output:
            raw=[PLAN.raw_file(name) for name in PLAN.files],
            mappings=[PLAN.mapping_file(name) for name in PLAN.files],
            drawn=f"{PLAN.world}/truth/world.json",
        log:
            "results/logs/simulate.log",
        benchmark:
            "results/benchmarks/simulate.tsv"
        conda:
            "../../environment.yml"
        script:
            "../scripts/simulate.py"

    rule plant:
        input:
            **PLAN.codebook,
            world=PLAN.world_files,
            claims=PLAN.claims,
        output:
            planted=PLAN.planted,
            truth=f"{PLAN.world}/truth/truth.csv",
        log:
            "results/logs/plant.log",
        benchmark:
            "results/benchmarks/plant.tsv"
        priority: 1  # long, and waits for nothing: it fills the core beside simulate
        conda:
            "../../environment.yml"
        params:
            sections=CONFIG.section(
                *("study", "instrument", "scoring", "specifications"),
                *("assistance", "inference", "orion", "trends"),
            ),
        script:
            "../scripts/plant.py"
