"""Compare mentored returnees with others."""

from reintegration.config import Inference, Orion
from reintegration.step import step
from reintegration.studies.orion import run_orion

with step(snakemake.log[0]):
    run_orion(
        surveys=snakemake.input.surveys,
        scores=snakemake.input.scores,
        outputs=dict(snakemake.output.items()),
        orion=Orion.model_validate(snakemake.params.orion),
        inference=Inference.model_validate(snakemake.params.inference),
    )
