# Figures, tables and the page, made from results and never from surveys.
from reintegration.report import outputs

# What the report reads beside results: its texts (all three rules) and its page templates.
REPORT = Path("src/reintegration/report")
TEXTS = sorted(str(path) for path in (REPORT / "texts").glob("*.yaml"))
TEMPLATES = sorted(str(path) for path in (REPORT / "templates").glob("*.*"))


rule figures:
    input:
        **{name: f"results/{path}" for name, path in outputs.FIGURE_INPUTS.items()},
        **PLAN.codebook,
        texts=TEXTS,
    output:
        report(
            outputs.figure_files("results/figures"),
            caption="../captions/figures.rst",
            category="Figures",
        ),
    log:
        "results/logs/figures.log",
    benchmark:
        "results/benchmarks/figures.tsv"
    conda:
        "../../environment.yml"
    params:
        choices=CONFIG.section(*outputs.SECTIONS),
    script:
        "../scripts/figures.py"


rule tables:
    input:
        **{name: f"results/{path}" for name, path in outputs.TABLE_INPUTS.items()},
        **PLAN.codebook,
        texts=TEXTS,
    output:
        report(
            outputs.table_files("results/tables"),
            caption="../captions/tables.rst",
            category="Tables",
        ),
    log:
        "results/logs/tables.log",
    benchmark:
        "results/benchmarks/tables.tsv"
    conda:
        "../../environment.yml"
    params:
        choices=CONFIG.section(*outputs.SECTIONS),
    script:
        "../scripts/tables.py"


rule report:
    input:
        **{name: f"results/{path}" for name, path in outputs.PAGE_INPUTS.items()},
        **PLAN.codebook,
        figures=outputs.figure_files("results/figures"),
        tables=outputs.table_files("results/tables"),
        texts=TEXTS,
        templates=TEMPLATES,
    output:
        page=report(
            "reports/study.html", caption="../captions/study.rst", category="Study"
        ),
        uses="results/audit/uses.csv",
    log:
        "results/logs/report.log",
    benchmark:
        "results/benchmarks/report.tsv"
    conda:
        "../../environment.yml"
    params:
        choices=CONFIG.section(*type(CONFIG).model_fields),
    script:
        "../scripts/report.py"
