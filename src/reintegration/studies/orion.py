"""The ORION effect: mentored returnees against others, first to last survey.

One row per returnee with at least two surveys. Three methods, none of which makes mentoring
random: `last` compares last scores, `change` compares changes from first to last, and
`adjusted` compares last scores at equal first score and controls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr

from reintegration import config
from reintegration.estimation.estimators import Engine
from reintegration.estimation.filters import keep_rows
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.grammar import parse_filter, parse_term
from reintegration.estimation.results import (
    CHANGE_COLUMNS,
    EFFECT_COLUMNS,
    MEAN_COLUMNS,
    ROW_COLUMNS,
    join_warnings,
    table,
)
from reintegration.estimation.rows import NO_FOLLOW_UP
from reintegration.estimation.specs import COUNTRY, Specification
from reintegration.studies.frames import (
    RETURNEE,
    change_frame,
    mentoring_frame,
    read_survey_frame,
)
from reintegration.studies.regressions import (
    ADJUSTED,
    ALL,
    CHANGE,
    LAST,
    MENTORED,
    SAME,
    orion_changes,
    orion_effects,
    orion_means,
)
from reintegration.tables_io import write_csv

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
    rows: pd.DataFrame


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
    seed: int = 0,
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
        `library` for what is published, `arrays` for very large samples, whose rows are not
        accounted for.
    seed
        Of bootstraps and permutations.
    """
    changes = change_frame(frame[_columns(frame, orion)], list(orion.outcomes))
    returnees = mentoring_frame(changes, orion.countries)
    left_out = _left_out(returnees)
    samples: dict[str | None, Sample] = {}
    accounts: list[dict[str, Any]] = []

    def fitted(spec: Specification, problem: str = "") -> Fit:
        fit = fit_specification(
            returnees,
            spec,
            confidence=confidence,
            engine=engine,
            record=engine == "library",
            seed=seed,
            failed=problem,
        )
        accounts.extend(fit.rows)
        return fit

    effects: list[dict[str, Any]] = []
    for spec in orion_effects(orion):
        if spec.filter not in samples:
            samples[spec.filter] = _sample(returnees, spec, left_out)
        sample = samples[spec.filter]
        effects += _effects(fitted(spec, sample.problem), returnees, sample)

    def of_group(spec: Specification) -> Fit:
        group = keep_rows(parse_filter(spec.filter or ""), returnees)
        return fitted(spec, "" if group.any() else NO_FOLLOW_UP)

    changed = [_change(of_group(spec), orion.level_margin) for spec in orion_changes(orion)]
    means = [_mean(of_group(spec)) for spec in orion_means(orion)]
    return OrionResults(
        effects=table(effects, EFFECT_COLUMNS),
        means=table(means, MEAN_COLUMNS),
        changes=table(changed, CHANGE_COLUMNS),
        rows=table(accounts, ROW_COLUMNS),
    )


def run_orion(
    surveys: str | Path,
    scores: str | Path,
    outputs: Mapping[str, str | Path],
    orion: config.Orion,
    inference: config.Inference,
) -> None:
    """Read surveys and scores, compare, write `outputs` (keys as `OrionResults`)."""
    frame = read_survey_frame(surveys, scores)
    results = compare_mentored(
        frame, orion, confidence=inference.confidence_level, seed=inference.seed
    )
    for part in fields(results):
        write_csv(getattr(results, part.name), outputs[part.name])


def _columns(frame: pd.DataFrame, orion: config.Orion) -> list[str]:
    """Name the columns of the frame that the comparison needs."""
    wanted = {
        *("survey_id", RETURNEE, COUNTRY, "round", "survey_date", "return_date"),
        *("months_since_return", "orion", *orion.outcomes),
        *(name for each in orion.each_vcov for name in (*each.clusters, each.within)),
        *(name for text in orion.controls for name in parse_term(text).variables),
    }
    return [name for name in frame.columns if name in wanted]


def _left_out(returnees: pd.DataFrame) -> tuple[str, ...]:
    pilot = returnees["pilot"] == 1
    left = returnees[MENTORED].isna()
    unknown, outside = int((pilot & left).sum()), int((~pilot & left).sum())
    return tuple(
        text
        for count, text in (
            (unknown, f"{unknown} returnees of the pilot's countries left out: not recorded"),
            (outside, f"{outside} returnees left out: mentored outside the pilot's countries"),
        )
        if count
    )


def _parts(spec: Specification) -> list[str]:
    """Split the id of an effect or a mean: what it compares or is of, and last the country."""
    return spec.spec_id.split(".")[1:]


def _sample(returnees: pd.DataFrame, spec: Specification, warnings: Sequence[str]) -> Sample:
    """Look at the mentored of a country (or all) and those they are compared with."""
    _, comparator, _, country = _parts(spec)
    known = returnees[MENTORED].notna().to_numpy()
    kept = known & keep_rows(parse_filter(spec.filter), returnees) if spec.filter else known
    rows = returnees[kept]
    place = "the pilot's countries" if country == ALL else country
    against = f"mentored of {place} minus others of " + (
        place if comparator == SAME else "all countries"
    )
    mentored = rows[MENTORED] == 1
    if not known.any():
        problem = NO_FOLLOW_UP
    elif not mentored.any():
        problem = f"no mentored returnee of {place} has two surveys"
    elif mentored.all():
        problem = "no other returnee to compare with has two surveys"
    else:
        problem = ""
    before = int((mentored & (rows["orion_first"] == 1)).sum())
    early = f"{before} returnees were mentored by their first survey already" if before else ""
    return Sample(rows, against, problem, (*warnings, early))


def _effects(fit: Fit, returnees: pd.DataFrame, sample: Sample) -> list[dict[str, Any]]:
    """Make the rows of one effect of mentoring, one for each covariance."""
    method, comparator, outcome, country = _parts(fit.spec)
    used, spread, beside = sample.rows, np.nan, []
    if fit.design is not None:
        used = returnees.iloc[fit.design.rows]
        others = used.loc[used[MENTORED] == 0, f"first_{outcome}"].to_numpy(dtype=float)
        others = others[np.isfinite(others)]
        spread = float(np.std(others, ddof=1)) if len(others) > 1 else np.nan
        unsized = "" if spread > 0 else "no effect size: the others' first scores do not vary"
        left = len(sample.rows) - len(used)
        missing = f"{left} returnees left out: an answer is missing" if left else ""
        beside = [unsized, *sample.warnings, missing]
    named = {
        "estimand": ESTIMANDS[method],
        "method": method,
        "comparator": comparator,
        "outcome": outcome,
        "country": country,
        "effect_size_sd": spread,
        "n_mentored": int((used[MENTORED] == 1).sum()),
        "n_other": int((used[MENTORED] == 0).sum()),
        "weighting": WEIGHTING if country == ALL else "",
        "contrast": sample.against,
        "formula": fit.spec.formula,
    }
    return [
        _taken(found, EFFECT_COLUMNS)
        | named
        | {
            "effect_size": found["estimate"] / spread if spread > 0 else np.nan,
            "warnings": join_warnings([found["warnings"], *beside]),
        }
        for found in _found(fit)
    ]


def _found(fit: Fit) -> list[dict[str, Any]]:
    """Pick the one number of interest of a fit, under each covariance."""
    return [row for row in fit.estimates if row["term"] == fit.spec.single]


def _taken(found: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Take from an estimate what a table has columns for."""
    return {name: found[name] for name in columns if name in found}


def _of_group(fit: Fit, columns: Sequence[str]) -> dict[str, Any]:
    """Make the row of a group's mean or change."""
    found = _found(fit)[0]
    group, *_, outcome, country = _parts(fit.spec)
    return _taken(found, columns) | {"group": group, "outcome": outcome, "country": country}


def _change(fit: Fit, margin: float) -> dict[str, Any]:
    """Make the row of a group's mean change, and test that it lies within the margin."""
    row = _of_group(fit, CHANGE_COLUMNS)
    equivalence = np.nan
    if row["std_error"] > 0:
        # Two one-sided tests (Schuirmann 1987): the larger p of "at most -margin" and
        # "at least +margin".
        below = stdtr(row["df"], (row["estimate"] - margin) / row["std_error"])
        above = stdtr(row["df"], -(row["estimate"] + margin) / row["std_error"])
        equivalence = float(max(below, above))
    return row | {"margin": margin, "p_equivalence": equivalence}


def _mean(fit: Fit) -> dict[str, Any]:
    """Make the row of a group's mean score at the first or the last survey."""
    spread = np.nan if fit.design is None else float(np.std(fit.design.y, ddof=1))
    survey = _parts(fit.spec)[1]
    return _of_group(fit, MEAN_COLUMNS) | {"survey": survey, "sd": spread}
