# Questions of the study, each one job from surveys and scores to tables of estimates.

SURVEYS = {
    "surveys": "results/clean/surveys.parquet",
    "scores": "results/scores/scores.parquet",
}


rule describe:
    input:
        **SURVEYS,
        **PLAN.codebook,
    output:
        descriptives="results/descriptives/descriptives.csv",
        distributions="results/descriptives/distributions.csv",
    log:
        "results/logs/describe.log",
    benchmark:
        "results/benchmarks/describe.tsv"
    conda:
        "../../environment.yml"
    params:
        **CONFIG.section("inference", "disclosure"),
    script:
        "../scripts/describe.py"


rule regress:
    input:
        **SURVEYS,
    output:
        estimates="results/models/estimates.csv",
        models="results/models/models.csv",
        rows="results/models/rows.csv",
        ranks="results/models/ranks.csv",
        importance="results/models/importance.csv",
        refits="results/models/refits.csv",
    log:
        "results/logs/regress.log",
    benchmark:
        "results/benchmarks/regress.tsv"
    conda:
        "../../environment.yml"
    params:
        **CONFIG.section("specifications", "assistance", "inference"),
    script:
        "../scripts/regress.py"


rule orion:
    input:
        **SURVEYS,
    output:
        effects="results/orion/effects.csv",
        means="results/orion/means.csv",
        changes="results/orion/changes.csv",
        rows="results/orion/rows.csv",
    log:
        "results/logs/orion.log",
    benchmark:
        "results/benchmarks/orion.tsv"
    conda:
        "../../environment.yml"
    params:
        **CONFIG.section("orion", "inference"),
    script:
        "../scripts/orion.py"


rule trends:
    input:
        **SURVEYS,
    output:
        slopes="results/trends/slopes.csv",
        lines="results/trends/lines.csv",
        rows="results/trends/rows.csv",
    log:
        "results/logs/trends.log",
    benchmark:
        "results/benchmarks/trends.tsv"
    conda:
        "../../environment.yml"
    params:
        **CONFIG.section("trends", "inference"),
    script:
        "../scripts/trends.py"
