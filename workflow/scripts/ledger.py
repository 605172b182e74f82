"""List every specification, and how it stands to what was frozen."""

from reintegration.audit.marks import run_ledger
from reintegration.step import step

with step(snakemake.log[0]):
    run_ledger(
        ledger=snakemake.input.ledger,
        outputs=dict(snakemake.output.items()),
        config=snakemake.params.choices,
        surveys=snakemake.input.surveys,
    )
