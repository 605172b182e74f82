"""Join the sources and keep the surveys that the study analyses."""

from pathlib import Path

from reintegration.codebook import load_codebook
from reintegration.config import Scoring, Study
from reintegration.ingest.intake import read_result
from reintegration.ingest.pool import pool
from reintegration.step import step
from reintegration.tables_io import write_csv, write_parquet

with step(snakemake.log[0]):
    pooled = pool(
        results=[read_result(Path(path).parent) for path in snakemake.input.surveys],
        codebook=load_codebook(snakemake.input.instrument, snakemake.input.variables),
        study=Study.model_validate(snakemake.params.study),
        scoring=Scoring.model_validate(snakemake.params.scoring),
    )
    write_parquet(pooled.surveys, snakemake.output.surveys)
    for name in ("cleaning_log", "rejected", "flow", "sources"):
        write_csv(getattr(pooled, name), snakemake.output[name])
