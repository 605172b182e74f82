# Figures, tables and the page, made from results and never from surveys.
from reintegration.report import outputs

# What the report reads beside results: its texts (all three rules) and its page templates.
REPORT = Path("src/reintegration/report")
TEXTS = sorted(str(path) for path in (REPORT / "texts").glob("*.yaml"))
# Regressions that have a table each.
DECLARED = CONFIG.section("specifications")["specifications"]
TEMPLATES = sorted(str(path) for path in (REPORT / "templates").glob("*.*"))
AUDIT_PARTS = sorted(
    str(path)
    for folder in ("templates/audit", "vendor")
    for path in (REPORT / folder).rglob("*.*")
)


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
            outputs.table_files("results/tables", DECLARED),
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
        tables=outputs.table_files("results/tables", DECLARED),
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


rule audit_page:
    input:
        **{name: f"results/{path}" for name, path in outputs.AUDIT_INPUTS.items()},
        **PLAN.codebook,
        passports=rules.passports.output.passports,
        crosscheck=rules.crosscheck.output.crosscheck,
        code_of=rules.crosscheck.output.code,
        ledger=rules.ledger.output.ledger,
        claims=rules.claims.output.claims,
        uses=rules.report.output.uses,
        texts=TEXTS,
        templates=AUDIT_PARTS,
    output:
        page=report(
            "reports/audit.html",
            caption="../captions/audit_page.rst",
            category="Audit",
        ),
    log:
        "results/logs/audit_page.log",
    benchmark:
        "results/benchmarks/audit_page.tsv"
    conda:
        "../../environment.yml"
    params:
        choices=CONFIG.section(*outputs.SECTIONS),
    script:
        "../scripts/audit_page.py"
