"""The ORION effect: mentored returnees against others, first to last survey."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reintegration import config


@dataclass(frozen=True)
class OrionResults:
    """The tables of the rule `orion`, named like its output files."""

    effects: pd.DataFrame
    means: pd.DataFrame
    changes: pd.DataFrame


def compare_mentored(
    frame: pd.DataFrame, orion: config.Orion, *, confidence: float = 0.95
) -> OrionResults:
    """Compare mentored returnees with others in a survey frame."""
    raise NotImplementedError


def run_orion(
    surveys: str | Path,
    scores: str | Path,
    outputs: Mapping[str, str | Path],
    orion: config.Orion,
    inference: config.Inference,
) -> None:
    """Read surveys and scores, compare, write `outputs` (effects, means, changes)."""
    raise NotImplementedError
