"""Write the R and Stata code of every regression, and compare its numbers with R's."""

from reintegration.audit.crosscheck import run_crosscheck
from reintegration.step import step

with step(snakemake.log[0]):
    run_crosscheck(
        surveys=snakemake.input.surveys,
        scores=snakemake.input.scores,
        tables=snakemake.input.tables,
        folder=snakemake.output.code,
        out=snakemake.output.crosscheck,
        choices=snakemake.params.choices,
    )
