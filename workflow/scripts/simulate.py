"""Make the raw files of a simulated world."""

from pathlib import Path

from reintegration.simulation.run import run_simulate
from reintegration.step import step

with step(snakemake.log[0]):
    run_simulate(
        world=snakemake.input.world[0],
        out=Path(snakemake.output.drawn).parent.parent,
        items=snakemake.input.instrument,
        variables=snakemake.input.variables,
    )
