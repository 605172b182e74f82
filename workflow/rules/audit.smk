# Which sentences of the published study these data support or contradict.


rule claims:
    input:
        **PLAN.codebook,
        claims=PLAN.claims,
        tables=[
            "results/descriptives/descriptives.csv",
            "results/models/estimates.csv",
            "results/models/ranks.csv",
            "results/models/importance.csv",
            "results/orion/effects.csv",
            "results/orion/changes.csv",
            "results/trends/slopes.csv",
        ],
        planted=PLAN.planted or [],
    output:
        claims="results/audit/claims.csv",
    log:
        "results/logs/claims.log",
    benchmark:
        "results/benchmarks/claims.tsv"
    conda:
        "../../environment.yml"
    params:
        countries=CONFIG.study.countries,
    script:
        "../scripts/claims.py"
