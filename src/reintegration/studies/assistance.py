"""Scores, and their change, on country and assistance received: all specifications."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reintegration import config


@dataclass(frozen=True)
class Regressions:
    """The tables of the rule `regress`, named like its output files."""

    specs: pd.DataFrame
    estimates: pd.DataFrame
    models: pd.DataFrame
    rows: pd.DataFrame
    ranks: pd.DataFrame
    importance: pd.DataFrame


def regress(
    frame: pd.DataFrame,
    specifications: Sequence[config.Specification],
    assistance: config.Assistance,
    *,
    confidence: float = 0.95,
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> Regressions:
    """Fit every specification to a survey frame (`draws=0`: no bootstrap intervals)."""
    raise NotImplementedError


def run_regress(
    surveys: str | Path,
    scores: str | Path,
    outputs: Mapping[str, str | Path],
    specifications: Sequence[config.Specification],
    assistance: config.Assistance,
    inference: config.Inference,
) -> None:
    """Read surveys and scores, fit, write the six tables to `outputs` (keys as `Regressions`)."""
    raise NotImplementedError
