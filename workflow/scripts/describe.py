"""Describe the sample by country."""

from reintegration.codebook import load_codebook
from reintegration.config import Disclosure, Inference
from reintegration.step import step
from reintegration.studies.descriptives import run_describe

with step(snakemake.log[0]):
    run_describe(
        surveys=snakemake.input.surveys,
        scores=snakemake.input.scores,
        outputs=dict(snakemake.output.items()),
        codebook=load_codebook(snakemake.input.instrument, snakemake.input.variables),
        confidence=Inference.model_validate(snakemake.params.inference).confidence_level,
        minimum_cell=Disclosure.model_validate(snakemake.params.disclosure).minimum_cell,
    )
