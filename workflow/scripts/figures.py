"""Draw the figures."""

from pathlib import Path

from reintegration.report.figures import run_figures
from reintegration.report.outputs import FIGURE_INPUTS
from reintegration.step import step

with step(snakemake.log[0]):
    run_figures(
        inputs={name: snakemake.input[name] for name in FIGURE_INPUTS},
        folder=Path(snakemake.output[0]).parent,
        config=snakemake.params.choices,
    )
