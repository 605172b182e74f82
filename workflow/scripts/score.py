"""Score every survey."""

import pandas as pd

from reintegration.codebook import load_codebook
from reintegration.config import Scoring
from reintegration.scoring.scores import score
from reintegration.step import step
from reintegration.tables_io import write_parquet

with step(snakemake.log[0]):
    scores = score(
        surveys=pd.read_parquet(snakemake.input.surveys),
        codebook=load_codebook(snakemake.input.instrument, snakemake.input.variables),
        scoring=Scoring.model_validate(snakemake.params.scoring),
        moves=snakemake.params.moves,
    )
    write_parquet(scores, snakemake.output.scores, private=True)
