# The regressions of the study fitted again by R, from rows and formulas alone.
from reintegration.audit.code.engine import installed


rule crosscheck:
    input:
        **SURVEYS,
        tables=[
            "results/models/estimates.csv",
            "results/orion/effects.csv",
            "results/orion/means.csv",
            "results/orion/changes.csv",
            "results/trends/slopes.csv",
        ],
        runner="src/reintegration/audit/code/run.R",
    output:
        crosscheck="results/audit/crosscheck.csv",
        code=directory("results/audit/code"),
    log:
        "results/logs/crosscheck.log",
    benchmark:
        "results/benchmarks/crosscheck.tsv"
    conda:
        "../../environment.yml"
    params:
        # Installing R, or another version of it, runs this again.
        r=installed(),
        choices=CONFIG.section(*type(CONFIG).model_fields),
    script:
        "../scripts/crosscheck.py"
