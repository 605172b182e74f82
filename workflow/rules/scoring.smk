# Answers become scores in [0, 1].


rule score:
    input:
        **PLAN.codebook,
        surveys="results/clean/surveys.parquet",
    output:
        scores="results/scores/scores.parquet",
    log:
        "results/logs/score.log",
    benchmark:
        "results/benchmarks/score.tsv"
    conda:
        "../../environment.yml"
    params:
        **CONFIG.section("scoring"),
        moves=CONFIG.section("assistance")["assistance"]["moves"],
    script:
        "../scripts/score.py"
