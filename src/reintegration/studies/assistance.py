"""Scores, and their change, on country and assistance received: all specifications."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reintegration import config
from reintegration.estimation.blank import UNITS
from reintegration.estimation.coding import term_name
from reintegration.estimation.declared import expand
from reintegration.estimation.estimators import Engine
from reintegration.estimation.families import Method, adjust_families
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.refits import (
    BETWEEN,
    WITHIN,
    WITHIN_BETWEEN,
    assistance_terms,
    refit_specifications,
)
from reintegration.estimation.results import (
    ESTIMATE_COLUMNS,
    IMPORTANCE_COLUMNS,
    MODEL_COLUMNS,
    RANK_COLUMNS,
    REFIT_COLUMNS,
    ROW_COLUMNS,
    table,
)
from reintegration.estimation.specs import COUNTRY, specs_table
from reintegration.studies.frames import (
    change_frame,
    moved_in,
    read_survey_frame,
    score_columns,
)
from reintegration.studies.importance import has_country, importance_rows
from reintegration.studies.ranks import rank_rows
from reintegration.studies.refits import refit_frames
from reintegration.tables_io import write_csv

BASE = "base"
POINTS = "score points"
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
    refits: pd.DataFrame


def regress(
    frame: pd.DataFrame,
    specifications: Sequence[config.Specification],
    assistance: config.Assistance,
    *,
    confidence: float = 0.95,
    draws: int = 0,
    rng: np.random.Generator,
    engine: Engine = "library",
    adjust: Method = "holm",
    resampling_draws: int = 999,
    seed: int | None = None,
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
    seed
        Of bootstraps and permutations; else drawn from `rng`.
    adjust, resampling_draws
        How p-values of families are adjusted, and with how many draws by Romano and Wolf.

    Raises
    ------
    StudyError
        If a term or filter cannot be read.
    """
    expanded = expand(specifications, assistance)
    data = {"surveys": frame, "changes": change_frame(frame)}
    if engine == "library":  # a truth needs no refits
        moved = {score: list(less) for score, less in moved_in(frame, score_columns(frame)).items()}
        refits = refit_specifications(specifications, expanded, moved)
        data |= refit_frames(data, expanded, refits)
        expanded += refits
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
            seed=base if seed is None else seed,
        )
        for spec in expanded
    ]
    adjust_families(
        fits,
        method=adjust,
        draws=resampling_draws,
        seed=base if seed is None else seed,
        confidence=confidence,
    )
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
        estimates=table(_in_points(fits, score_columns(frame)), ESTIMATE_COLUMNS),
        models=table((fit.model for fit in fits), MODEL_COLUMNS),
        rows=table((row for fit in fits for row in fit.rows), ROW_COLUMNS),
        ranks=table(ranks, RANK_COLUMNS),
        importance=table(importance, IMPORTANCE_COLUMNS),
        refits=table(refit_rows(fits), REFIT_COLUMNS),
    )


def _in_points(fits: Sequence[Fit], scores: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Go through all estimates; those of a score, or of the change of one, are score points."""
    known = {f"{of}{score}" for of in ("", "change_", "first_", "last_") for score in scores}
    for fit in fits:
        for row in fit.estimates:
            points = row["scale"] == UNITS and fit.spec.outcome in known
            yield row | {"scale": POINTS} if points else row


def refit_rows(fits: Sequence[Fit]) -> list[dict[str, Any]]:
    """Set each assistance effect beside the same effect asked again in other ways.

    One row per effect and refit; within and between persons are two. The specification itself
    is the refit `base`.
    """
    by_id = {fit.spec.spec_id: fit for fit in fits}
    refitted = [fit for fit in fits if fit.spec.refit_of]
    rows = []
    for base in [by_id[name] for name in dict.fromkeys(fit.spec.refit_of for fit in refitted)]:
        again = [fit for fit in refitted if fit.spec.refit_of == base.spec.spec_id]
        for term in assistance_terms(base.spec):
            kind = term_name(term.variables[0])
            known = base.estimate(kind)
            rows += [
                {
                    **{key: found[key] for key in REFIT_COLUMNS if key in found},
                    "outcome": base.spec.outcome,
                    "assistance": kind,
                    "refit": name,
                    "base_estimate_id": known["estimate_id"],
                }
                for fit in (base, *again)
                for name, found in _asked_again(fit, kind)
            ]
    return rows


def _asked_again(fit: Fit, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through the estimates of a type of assistance in a refit, or in what is refitted."""
    name = fit.spec.spec_id.removeprefix(f"{fit.spec.refit_of}.").split(".")[0]
    terms = {kind: name if fit.spec.refit_of else BASE}
    if name == WITHIN_BETWEEN:
        terms = {f"{WITHIN}{kind}": "within", f"{BETWEEN}{kind}": "between"}
    for term, shown in terms.items():
        if found := next((row for row in fit.estimates if row["term"] == term), None):
            yield shown, found


def run_regress(
    surveys: str | Path,
    scores: str | Path,
    outputs: Mapping[str, str | Path],
    specifications: Sequence[config.Specification],
    assistance: config.Assistance,
    inference: config.Inference,
) -> None:
    """Read surveys and scores, fit, write tables to `outputs` (keys as `Regressions`)."""
    results = regress(
        read_survey_frame(surveys, scores),
        specifications,
        assistance,
        confidence=inference.confidence_level,
        draws=inference.bootstrap_draws,
        adjust=inference.adjust,
        resampling_draws=inference.resampling_draws,
        seed=inference.seed,
        rng=np.random.default_rng(inference.seed),
    )
    for name in [part.name for part in fields(results) if part.name in outputs]:
        write_csv(getattr(results, name), outputs[name])
