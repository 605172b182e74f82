"""Make the passport of every number, and say what the run was made with."""

from reintegration.audit.passport import run_passports
from reintegration.step import step

with step(snakemake.log[0]):
    run_passports(
        surveys=snakemake.input.surveys,
        scores=snakemake.input.scores,
        tables=snakemake.input.tables,
        choices=snakemake.params.choices,
        written=snakemake.params.written,
        passports=snakemake.output.passports,
        run=snakemake.output.run,
    )
