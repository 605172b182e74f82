"""Split the change of coefficients between nested specifications."""

from reintegration.step import step
from reintegration.studies.columns import run_columns

with step(snakemake.log[0]):
    run_columns(
        surveys=snakemake.input.surveys,
        scores=snakemake.input.scores,
        output=snakemake.output.columns,
        config=snakemake.params.choices,
    )
