# Every specification as it is declared, and how it stands to what was frozen.


rule ledger:
    input:
        **PLAN.codebook,
        ledger=PLAN.ledger,
        # Where config.yaml does not name the countries, the data do.
        surveys=(
            ["results/clean/surveys.parquet"]
            if CONFIG.study.countries == "all"
            else []
        ),
    output:
        specs="results/models/specs.csv",
        ledger="results/audit/ledger.csv",
    log:
        "results/logs/ledger.log",
    benchmark:
        "results/benchmarks/ledger.tsv"
    conda:
        "../../environment.yml"
    params:
        choices=CONFIG.section(*type(CONFIG).model_fields),
    script:
        "../scripts/ledger.py"
