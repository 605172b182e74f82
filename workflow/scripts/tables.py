"""Write the tables."""

from pathlib import Path

from reintegration.report.outputs import TABLE_INPUTS
from reintegration.report.tables import run_tables
from reintegration.step import step

with step(snakemake.log[0]):
    run_tables(
        inputs={name: snakemake.input[name] for name in TABLE_INPUTS},
        folder=Path(snakemake.output[0]).parent,
        config=snakemake.params.choices,
    )
