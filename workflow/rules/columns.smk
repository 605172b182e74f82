# Why a coefficient differs between nested specifications: other rows, other controls.


rule columns:
    input:
        **SURVEYS,
    output:
        columns="results/models/columns.csv",
    log:
        "results/logs/columns.log",
    benchmark:
        "results/benchmarks/columns.tsv"
    conda:
        "../../environment.yml"
    params:
        choices=CONFIG.section(*type(CONFIG).model_fields),
    script:
        "../scripts/columns.py"
