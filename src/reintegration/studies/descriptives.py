"""Describe the sample: who they are, what they lived, received, scored and answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reintegration.codebook import Codebook


@dataclass(frozen=True)
class Descriptives:
    """Two tables: numbers by country, and distributions of scores by country."""

    descriptives: pd.DataFrame
    distributions: pd.DataFrame


def describe(
    frame: pd.DataFrame, codebook: Codebook, *, confidence: float = 0.95, minimum_cell: int = 5
) -> Descriptives:
    """Describe a survey frame by country and over all countries."""
    raise NotImplementedError


def run_describe(
    surveys: str | Path,
    scores: str | Path,
    outputs: Mapping[str, str | Path],
    codebook: Codebook,
    *,
    confidence: float,
    minimum_cell: int,
) -> None:
    """Read surveys and scores, write `outputs['descriptives']` and `outputs['distributions']`."""
    raise NotImplementedError
