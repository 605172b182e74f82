# Raw files of many offices become one clean table of surveys, with the account of every row.


rule ingest:
    input:
        **PLAN.codebook,
        # A raw file that is not there must not end the planning: the step itself says it.
        raw=lambda wildcards: PLAN.existing(PLAN.raw_file(wildcards.source)),
        mapping=lambda wildcards: PLAN.existing(PLAN.mapping_file(wildcards.source)),
    output:
        surveys="results/clean/sources/{source}/surveys.parquet",
        cleaning_log="results/clean/sources/{source}/cleaning_log.csv",
        rejected="results/clean/sources/{source}/rejected.csv",
        account="results/clean/sources/{source}/account.json",
    log:
        "results/logs/ingest/{source}.log",
    benchmark:
        "results/benchmarks/ingest/{source}.tsv"
    conda:
        "../../environment.yml"
    params:
        **CONFIG.section("cleaning", "assistance"),
        source=lambda wildcards: PLAN.sources.get(wildcards.source),
        raw=str(PLAN.raw),
        simulated=PLAN.simulated,
        on_bad_source=lambda wildcards: PLAN.on_bad_source(wildcards.source),
        decisions=str(PLAN.decisions.folder),
        # Another decision reruns the sources that it is about; the files are no inputs.
        decided=lambda wildcards: PLAN.decided(wildcards.source),
    script:
        "../scripts/ingest.py"


rule pool:
    input:
        **PLAN.codebook,
        surveys=expand(rules.ingest.output.surveys, source=PLAN.files),
        cleaning_logs=expand(rules.ingest.output.cleaning_log, source=PLAN.files),
        rejected=expand(rules.ingest.output.rejected, source=PLAN.files),
        accounts=expand(rules.ingest.output.account, source=PLAN.files),
    output:
        surveys="results/clean/surveys.parquet",
        cleaning_log="results/clean/cleaning_log.csv",
        rules="results/clean/rules.csv",
        rejected="results/clean/rejected.csv",
        flow="results/clean/flow.csv",
        sources="results/clean/sources.csv",
        matches="results/clean/matches.csv",
    log:
        "results/logs/pool.log",
    benchmark:
        "results/benchmarks/pool.tsv"
    conda:
        "../../environment.yml"
    params:
        **CONFIG.section("study", "scoring", "matching"),
        decisions=str(PLAN.decisions.folder),
        decided=PLAN.decided(),
    script:
        "../scripts/pool.py"
