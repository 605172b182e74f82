"""Fit every specification."""

from reintegration.config import Assistance, Inference, Specification
from reintegration.step import step
from reintegration.studies.assistance import run_regress

with step(snakemake.log[0]):
    run_regress(
        surveys=snakemake.input.surveys,
        scores=snakemake.input.scores,
        outputs=dict(snakemake.output.items()),
        specifications=[
            Specification.model_validate(entry) for entry in snakemake.params.specifications
        ],
        assistance=Assistance.model_validate(snakemake.params.assistance),
        inference=Inference.model_validate(snakemake.params.inference),
    )
