"""Scores, and their change, on country and assistance received: all specifications."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from reintegration import config
from reintegration.estimation.estimators import Engine
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.results import (
    ESTIMATE_COLUMNS,
    IMPORTANCE_COLUMNS,
    MODEL_COLUMNS,
    RANK_COLUMNS,
    ROW_COLUMNS,
    table,
)
from reintegration.estimation.specs import COUNTRY, expand, specs_table
from reintegration.studies.frames import change_frame, read_survey_frame
from reintegration.studies.importance import has_country, importance_rows
from reintegration.studies.ranks import rank_rows
from reintegration.tables_io import write_csv

PUBLISHED = "published"  # the role whose specifications get ranks and shares of variance


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
    rng: np.random.Generator,
    engine: Engine = "library",
) -> Regressions:
    """Fit every specification to a survey frame.

    Parameters
    ----------
    frame
        One row per survey, as `survey_frame` gives it.
    specifications, assistance
        Sections of the configuration.
    draws
        Bootstrap draws for shares of explained variance; 0 gives no intervals.
    rng
        For the bootstrap and the ranks. Each specification gets a generator of its own, so
        that its numbers do not hang on which others are fitted.
    engine
        `library` for what is published, `arrays` for very large samples, whose rows are
        not accounted for.

    Raises
    ------
    StudyError
        If a term or filter cannot be read.
    """
    expanded = expand(specifications, assistance)
    data = {"surveys": frame, "changes": change_frame(frame)}
    countries = sorted(frame[COUNTRY].dropna().astype("str").unique())
    base = int(rng.integers(2**62))

    def generator(spec_id: str, use: str) -> np.random.Generator:
        return np.random.default_rng([base, zlib.crc32(f"{use}.{spec_id}".encode())])

    fits: list[Fit] = [
        fit_specification(
            data[spec.data],
            spec,
            confidence=confidence,
            countries=countries,
            engine=engine,
            record=engine == "library",
        )
        for spec in expanded
    ]
    published = [fit for fit in fits if fit.spec.role == PUBLISHED and has_country(fit.spec)]
    ranks = [
        row
        for fit in published
        for row in rank_rows(fit, confidence=confidence, rng=generator(fit.spec.spec_id, "rank"))
    ]
    importance = [
        row
        for fit in published
        for row in importance_rows(
            fit,
            confidence=confidence,
            draws=draws,
            rng=generator(fit.spec.spec_id, "importance"),
        )
    ]
    return Regressions(
        specs=specs_table(expanded),
        estimates=table((row for fit in fits for row in fit.estimates), ESTIMATE_COLUMNS),
        models=table((fit.model for fit in fits), MODEL_COLUMNS),
        rows=table((row for fit in fits for row in fit.rows), ROW_COLUMNS),
        ranks=table(ranks, RANK_COLUMNS),
        importance=table(importance, IMPORTANCE_COLUMNS),
    )


def run_regress(
    surveys: str | Path,
    scores: str | Path,
    outputs: Mapping[str, str | Path],
    specifications: Sequence[config.Specification],
    assistance: config.Assistance,
    inference: config.Inference,
) -> None:
    """Read surveys and scores, fit, write the six tables to `outputs` (keys as `Regressions`)."""
    results = regress(
        read_survey_frame(surveys, scores),
        specifications,
        assistance,
        confidence=inference.confidence_level,
        draws=inference.bootstrap_draws,
        rng=np.random.default_rng(inference.seed),
    )
    for part in fields(results):
        write_csv(getattr(results, part.name), outputs[part.name])
