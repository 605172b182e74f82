"""Trendlines: how fast scores change with time since return, country by country."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reintegration import config


@dataclass(frozen=True)
class TrendResults:
    """The tables of the rule `trends`, named like its output files."""

    slopes: pd.DataFrame
    lines: pd.DataFrame


def fit_trends(
    frame: pd.DataFrame, trends: config.Trends, *, confidence: float = 0.95
) -> TrendResults:
    """Fit slopes per year since return to a survey frame."""
    raise NotImplementedError


def run_trends(
    surveys: str | Path,
    scores: str | Path,
    outputs: Mapping[str, str | Path],
    trends: config.Trends,
    inference: config.Inference,
) -> None:
    """Read surveys and scores, fit, write `outputs` (slopes, lines)."""
    raise NotImplementedError
