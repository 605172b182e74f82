"""Write the page and which number it used where."""

from pathlib import Path

from reintegration.report.outputs import PAGE_INPUTS
from reintegration.report.page import run_page
from reintegration.step import step

with step(snakemake.log[0]):
    run_page(
        inputs={name: snakemake.input[name] for name in PAGE_INPUTS},
        page=snakemake.output.page,
        uses=snakemake.output.uses,
        config=snakemake.params.choices,
        figures=Path(snakemake.input.figures[0]).parent,
        tables=Path(snakemake.input.tables[0]).parent,
    )
