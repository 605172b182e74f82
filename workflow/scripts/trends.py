"""Fit the trendlines."""

from reintegration.config import Inference, Trends
from reintegration.step import step
from reintegration.studies.trends import run_trends

with step(snakemake.log[0]):
    run_trends(
        surveys=snakemake.input.surveys,
        scores=snakemake.input.scores,
        outputs=dict(snakemake.output.items()),
        trends=Trends.model_validate(snakemake.params.trends),
        inference=Inference.model_validate(snakemake.params.inference),
    )
