"""Write the audit page: every specification and estimate, each with its passport."""

from reintegration.report.audit.page import run_audit_page
from reintegration.report.audit.passports import Sources
from reintegration.report.outputs import AUDIT_INPUTS
from reintegration.step import step

with step(snakemake.log[0]):
    run_audit_page(
        inputs={name: snakemake.input[name] for name in AUDIT_INPUTS},
        page=snakemake.output.page,
        config=snakemake.params.choices,
        uses=snakemake.input.uses,
        sources=Sources(
            passports=snakemake.input.passports,
            crosscheck=snakemake.input.crosscheck,
            code=snakemake.input.code_of,
            ledger=snakemake.input.ledger,
            claims=snakemake.input.claims,
        ),
    )
