"""Write the truth of a world; apart from `run`, so that raw files do not hang on estimation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reintegration.simulation.run import TRUTH, stream
from reintegration.simulation.truth import find_truth, plan_choices
from reintegration.simulation.world import load_world
from reintegration.tables_io import write_csv


def run_plant(
    world: str | Path, out: str | Path, sections: Mapping[str, Any] | None = None
) -> None:
    """Write a world's truth (`truth/truth.csv`) and the claims it makes true (`planted.csv`).

    Parameters
    ----------
    sections
        Sections `truth.SECTIONS` of the configuration, as `Config.section` gives them; default:
        those of config.yaml in this folder.
    """
    plan, folder = load_world(world), Path(out)
    choices, codebook = plan_choices(sections)
    truth = find_truth(plan, choices, codebook, stream(plan, TRUTH))
    write_csv(truth.table, folder / "truth" / "truth.csv")
    write_csv(truth.planted, folder / "planted.csv")
