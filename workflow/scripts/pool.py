"""Join the sources and keep the surveys that the study analyses."""

from pathlib import Path

from reintegration.codebook import load_codebook
from reintegration.config import Matching, Scoring, Study
from reintegration.ingest.decisions import load_decisions
from reintegration.ingest.intake import read_result
from reintegration.ingest.pool import pool
from reintegration.step import step
from reintegration.tables_io import write_csv, write_parquet

with step(snakemake.log[0]):
    codebook = load_codebook(snakemake.input.instrument, snakemake.input.variables)
    pooled = pool(
        results=[read_result(Path(path).parent) for path in snakemake.input.surveys],
        codebook=codebook,
        study=Study.model_validate(snakemake.params.study),
        scoring=Scoring.model_validate(snakemake.params.scoring),
        matching=Matching.model_validate(snakemake.params.matching),
        decisions=load_decisions(snakemake.params.decisions, codebook),
    )
    write_parquet(pooled.surveys, snakemake.output.surveys, private=True)
    for name in ("cleaning_log", "rules", "rejected", "flow", "sources", "matches"):
        write_csv(getattr(pooled, name), snakemake.output[name], private=True)
    print(*pooled.said, sep="\n")
