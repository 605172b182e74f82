"""Write the truth of a simulated world, and which claims it makes true."""

from pathlib import Path

from reintegration.simulation.plant import run_plant
from reintegration.step import step

with step(snakemake.log[0]):
    run_plant(
        world=snakemake.input.world[0],
        out=Path(snakemake.output.planted).parent,
        sections=snakemake.params.sections,
    )
