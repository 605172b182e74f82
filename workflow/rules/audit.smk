# Which sentences of the published study these data support or contradict; passports of numbers.
from reintegration.audit.estimate_files import ESTIMATE_FILES


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


rule passports:
    input:
        **SURVEYS,
        **PLAN.codebook,
        tables=[f"results/{file}" for file in ESTIMATE_FILES],
    output:
        passports="results/audit/passports.json",
        run="results/audit/run.json",
    log:
        "results/logs/passports.log",
    benchmark:
        "results/benchmarks/passports.tsv"
    conda:
        "../../environment.yml"
    params:
        choices=CONFIG.section(*type(CONFIG).model_fields),
        written={
            key: config[key]
            for key in ("specifications", "orion", "trends")
            if key in config
        },
    script:
        "../scripts/passports.py"
