"""Every regression of the study as data: what is fitted, and to which rows."""

import pandas as pd

from reintegration import config
from reintegration.estimation.declared import expand
from reintegration.estimation.specs import Specification
from reintegration.studies.frames import change_frame


def study_specifications(choices: config.Config) -> list[Specification]:
    """List every regression of the study; nothing is read or fitted."""
    return expand(choices.specifications, choices.assistance)


def study_frames(frame: pd.DataFrame, choices: config.Config) -> dict[str, pd.DataFrame]:
    """Make the rows that specifications name by `data`, from one row per survey."""
    return {"surveys": frame, "changes": change_frame(frame)}
