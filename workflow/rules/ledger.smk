# Every specification as it is declared, and how it stands to what was frozen.


rule ledger:
    input:
        **PLAN.codebook,
        ledger=PLAN.ledger,
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
