"""The ORION effect: mentored returnees against others, first to last survey.

One row per returnee with at least two surveys. Three methods, none of which makes mentoring
random: `last` compares last scores, `change` compares changes from first to last, and
`adjusted` compares last scores at equal first score and controls.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr

from reintegration import config
from reintegration.estimation.estimators import Engine
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.grammar import Term, parse_term
from reintegration.estimation.results import (
    CHANGE_COLUMNS,
    EFFECT_COLUMNS,
    FAILED,
    MEAN_COLUMNS,
    OK,
    join_warnings,
    table,
)
from reintegration.estimation.rows import NO_FOLLOW_UP
from reintegration.estimation.specs import COUNTRY, Specification, Vcov
from reintegration.studies.frames import RETURNEE, change_frame, read_survey_frame
from reintegration.tables_io import write_csv

MENTORED, OTHERS, ALL = "mentored", "others", "all"
OTHERS_ANYWHERE = "others_all_countries"
LAST, CHANGE, ADJUSTED = "last", "change", "adjusted"
SAME, EVERYWHERE = "same_countries", "all_countries"
ESTIMANDS = {
    LAST: "difference of mean last scores",
    CHANGE: "difference of mean changes from first to last survey",
    ADJUSTED: "difference of last scores at equal first score and controls",
}
WEIGHTING = "one coefficient for all countries, each returnee counts once (least squares)"


@dataclass(frozen=True)
class OrionResults:
    """The tables of the rule `orion`, named like its output files."""

    effects: pd.DataFrame
    means: pd.DataFrame
    changes: pd.DataFrame


@dataclass(frozen=True)
class Sample:
    """Mentored returnees and those they are compared with.

    `problem` says why there is no comparison; `warnings` who was left out.
    """

    rows: pd.DataFrame
    against: str
    problem: str
    warnings: tuple[str, ...] = ()


def compare_mentored(
    frame: pd.DataFrame,
    orion: config.Orion,
    *,
    confidence: float = 0.95,
    engine: Engine = "library",
) -> OrionResults:
    """Compare mentored returnees with others in a survey frame.

    Mentored: mentored by the last survey, in a country of the pilot. Others: known not to
    be mentored; outside the pilot's countries, where the question was not asked, everyone.
    `same_countries` compares within each country, and for `all` within the pilot's
    countries together; `all_countries` compares with the others of every country.

    Parameters
    ----------
    frame
        One row per survey, as `survey_frame` gives it.
    engine
        `library` for what is published, `arrays` for very large samples.
    """
    columns = _columns(frame, orion)
    returnees = change_frame(frame[columns], list(orion.outcomes))
    pilot = returnees[COUNTRY].isin(orion.countries).to_numpy()
    known = returnees["orion"].to_numpy(dtype=float, na_value=np.nan)
    treated = np.where(~pilot & (known != 1), 0.0, known)  # outside the pilot: others
    # One row per returnee: numbers name them as well as texts, and are grouped faster.
    returnees = returnees.assign(**{RETURNEE: np.arange(len(returnees)), MENTORED: treated})
    left_out = _left_out(returnees, pilot, treated)
    returnees = returnees[~np.isnan(treated) & (pilot | (treated == 0))]
    effects = []
    for comparator in orion.comparators:
        for country in (*orion.countries, ALL):
            sample = _sample(returnees, orion, comparator, country, left_out)
            effects += [
                _effect(sample, orion, method, comparator, outcome, country, confidence, engine)
                for method in orion.methods
                for outcome in orion.outcomes
            ]
    means, changes = [], []
    for group, country, rows in _groups(returnees, orion):
        for outcome in orion.outcomes:
            changes.append(_change(rows, orion, group, outcome, country, confidence, engine))
            means += [
                _mean(rows, orion, group, survey, outcome, country, confidence, engine)
                for survey in ("first", "last")
            ]
    return OrionResults(
        effects=table(effects, EFFECT_COLUMNS),
        means=table(means, MEAN_COLUMNS),
        changes=table(changes, CHANGE_COLUMNS),
    )


def run_orion(
    surveys: str | Path,
    scores: str | Path,
    outputs: Mapping[str, str | Path],
    orion: config.Orion,
    inference: config.Inference,
) -> None:
    """Read surveys and scores, compare, write `outputs` (effects, means, changes)."""
    frame = read_survey_frame(surveys, scores)
    results = compare_mentored(frame, orion, confidence=inference.confidence_level)
    for part in fields(results):
        write_csv(getattr(results, part.name), outputs[part.name])


def _columns(frame: pd.DataFrame, orion: config.Orion) -> list[str]:
    """Name the columns of the frame that the comparison needs."""
    wanted = {
        *("survey_id", RETURNEE, COUNTRY, "round", "survey_date", "return_date"),
        *("months_since_return", "orion", orion.vcov.cluster, *orion.outcomes),
        *(name for text in orion.controls for name in parse_term(text).variables),
    }
    return [name for name in frame.columns if name in wanted]


def _left_out(returnees: pd.DataFrame, pilot: np.ndarray, treated: np.ndarray) -> tuple[str, ...]:
    unknown = int((np.isnan(treated) & pilot).sum())
    outside = int((~pilot & (treated == 1)).sum())
    return tuple(
        text
        for count, text in (
            (unknown, f"{unknown} returnees of the pilot's countries left out: not recorded"),
            (outside, f"{outside} returnees left out: mentored outside the pilot's countries"),
        )
        if count
    )


def _sample(
    returnees: pd.DataFrame,
    orion: config.Orion,
    comparator: str,
    country: str,
    warnings: tuple[str, ...],
) -> Sample:
    """Pick the mentored of a country (or all) and those they are compared with."""
    pilot = returnees[COUNTRY].isin(orion.countries)
    here = pilot if country == ALL else returnees[COUNTRY] == country
    mentored = (returnees[MENTORED] == 1) & here
    others = (returnees[MENTORED] == 0) & (here if comparator == SAME else True)
    place = "the pilot's countries" if country == ALL else country
    against = f"mentored of {place} minus others of " + (
        place if comparator == SAME else "all countries"
    )
    if len(returnees) == 0:
        problem = NO_FOLLOW_UP
    elif not mentored.any():
        problem = f"no mentored returnee of {place} has two surveys"
    elif not others.any():
        problem = "no other returnee to compare with has two surveys"
    else:
        problem = ""
    before = int((mentored & (returnees["orion_first"] == 1)).sum())
    early = f"{before} returnees were mentored by their first survey already" if before else ""
    return Sample(returnees[mentored | others], against, problem, (*warnings, early))


def _specification(
    orion: config.Orion, spec_id: str, outcome: str, terms: tuple[Term, ...]
) -> Specification:
    return Specification(
        spec_id=spec_id,
        title="",
        role="published",
        data="changes",
        outcome=outcome,
        terms=terms,
        vcov=Vcov(orion.vcov.type, orion.vcov.cluster),
    )


def _effect(
    sample: Sample,
    orion: config.Orion,
    method: str,
    comparator: str,
    outcome: str,
    country: str,
    confidence: float,
    engine: Engine,
) -> dict[str, Any]:
    """Estimate one effect of mentoring."""
    spec_id = f"orion.{method}.{comparator}.{outcome}.{country}"
    dependent = f"change_{outcome}" if method == CHANGE else f"last_{outcome}"
    spec = _specification(orion, spec_id, dependent, (Term((MENTORED,)),))
    if method == ADJUSTED:
        first = Term((f"first_{outcome}",))
        controls = tuple(parse_term(text) for text in orion.controls)
        spec = replace(spec, controls=(first, *(term for term in controls if term != first)))
    rows = sample.rows
    row: dict[str, Any] = {
        # The id ends like every id of an estimate, without a term of its own: there is one.
        "estimate_id": f"{spec_id}.{spec.vcov.slug}",
        "spec_id": spec_id,
        "estimand": ESTIMANDS[method],
        "method": method,
        "comparator": comparator,
        "outcome": outcome,
        "country": country,
        **_no_numbers(spec),
        **dict.fromkeys(("effect_size", "effect_size_sd"), np.nan),
        "n_mentored": int((rows[MENTORED] == 1).sum()),
        "n_other": int((rows[MENTORED] == 0).sum()),
        "weighting": WEIGHTING if country == ALL else "",
        "contrast": sample.against,
        "formula": spec.formula,
        "statistic": np.nan,
        "sample_id": "",
    }
    if sample.problem:
        return row | {"status": FAILED, "warnings": sample.problem}
    fit = fit_specification(rows, spec, confidence=confidence, engine=engine)
    found = fit.estimate(MENTORED)
    row |= {name: found[name] for name in row if name in found and name not in _OWN}
    if fit.design is None:
        return row | {"status": FAILED, "warnings": fit.reason}
    used = rows.iloc[fit.design.rows]
    others = used.loc[used[MENTORED] == 0, f"first_{outcome}"].to_numpy(dtype=float)
    others = others[np.isfinite(others)]
    spread = float(np.std(others, ddof=1)) if len(others) > 1 else np.nan
    size = found["estimate"] / spread if spread > 0 else np.nan
    unsized = "" if spread > 0 else "no effect size: the others' first scores do not vary"
    left = len(rows) - len(used)
    missing = f"{left} returnees left out: an answer is missing" if left else ""
    return row | {
        "effect_size": size,
        "effect_size_sd": spread,
        "n_mentored": int((used[MENTORED] == 1).sum()),
        "n_other": int((used[MENTORED] == 0).sum()),
        "warnings": join_warnings([found["warnings"], unsized, *sample.warnings, missing]),
    }


# What an effect takes from its own row rather than from the estimate of its regression.
_OWN = ("estimate_id", "spec_id", "outcome", "contrast", "warnings")


def _no_numbers(spec: Specification) -> dict[str, Any]:
    numbers = ("estimate", "std_error", "conf_low", "conf_high", "p_value", "df")
    return {
        **dict.fromkeys(numbers, np.nan),
        "vcov": spec.vcov.type,
        "n_clusters": np.nan,
        "inference": "",
        "status": FAILED,
        "warnings": "",
        "cluster_var": spec.vcov.cluster or "",
    }


def _groups(
    returnees: pd.DataFrame, orion: config.Orion
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Go through the groups whose means and changes are shown: name, country, returnees."""
    for country in (*orion.countries, ALL):
        countries = orion.countries if country == ALL else [country]
        here = returnees[returnees[COUNTRY].isin(countries)]
        yield MENTORED, country, here[here[MENTORED] == 1]
        yield OTHERS, country, here[here[MENTORED] == 0]
    if EVERYWHERE in orion.comparators:
        yield OTHERS_ANYWHERE, ALL, returnees[returnees[MENTORED] == 0]


def _one_mean(
    rows: pd.DataFrame,
    orion: config.Orion,
    parts: tuple[str, ...],
    outcome: str,
    confidence: float,
    engine: Engine,
) -> tuple[dict[str, Any], Fit]:
    """Estimate a mean by a regression on a constant, so that errors are computed alike."""
    spec_id = ".".join(parts)
    spec = _specification(orion, spec_id, outcome, ())
    fit = fit_specification(rows, spec, confidence=confidence, engine=engine, record=False)
    found = fit.estimate("intercept")
    row = _no_numbers(spec)
    row |= {name: found[name] for name in row}
    reason = NO_FOLLOW_UP if len(rows) == 0 else str(found["warnings"])
    warnings = reason if found["status"] != OK else str(found["warnings"])
    return (
        {
            "estimate_id": f"{spec_id}.{spec.vcov.slug}",
            "spec_id": spec_id,
            **row,
            "n_returnees": int(found["n_returnees"]),
            "warnings": warnings,
        },
        fit,
    )


def _change(
    rows: pd.DataFrame,
    orion: config.Orion,
    group: str,
    outcome: str,
    country: str,
    confidence: float,
    engine: Engine,
) -> dict[str, Any]:
    """Estimate the mean change of a group, and test that it lies within the margin."""
    parts = ("orion_change", group, outcome, country)
    row, _ = _one_mean(rows, orion, parts, f"change_{outcome}", confidence, engine)
    margin, equivalence = orion.level_margin, np.nan
    if row["std_error"] > 0:
        # Two one-sided tests (Schuirmann 1987): the larger p of "at most -margin" and
        # "at least +margin".
        below = stdtr(row["df"], (row["estimate"] - margin) / row["std_error"])
        above = stdtr(row["df"], -(row["estimate"] + margin) / row["std_error"])
        equivalence = float(max(below, above))
    named = {"group": group, "outcome": outcome, "country": country}
    return row | named | {"margin": margin, "p_equivalence": equivalence}


def _mean(
    rows: pd.DataFrame,
    orion: config.Orion,
    group: str,
    survey: str,
    outcome: str,
    country: str,
    confidence: float,
    engine: Engine,
) -> dict[str, Any]:
    """Estimate the mean score of a group at the first or the last survey."""
    parts = ("orion_mean", group, survey, outcome, country)
    row, fit = _one_mean(rows, orion, parts, f"{survey}_{outcome}", confidence, engine)
    del row["p_value"]  # that a mean score is not zero is no finding
    spread = np.nan if fit.design is None else float(np.std(fit.design.y, ddof=1))
    named = {"group": group, "survey": survey, "outcome": outcome, "country": country}
    return row | named | {"sd": spread}
