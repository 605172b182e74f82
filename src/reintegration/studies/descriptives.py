"""Describe the sample: who they are, what they lived, received, scored and answered.

Numbers are over surveys (`basis` surveys), since the published study counts data points;
what describes a person is also given over persons, at their first survey (`basis`
returnees, statistics `share_returnees` and `mean_returnees`). Intervals allow for
several surveys of one returnee.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reintegration.codebook import Codebook
from reintegration.estimation.covariance import group_sums
from reintegration.estimation.results import (
    DESCRIPTIVE_COLUMNS,
    NOT_ESTIMABLE,
    OK,
    estimate_id,
    table,
)
from reintegration.estimation.specs import COUNTRY, RETURNEE
from reintegration.studies.distributions import distributions
from reintegration.studies.frames import read_survey_frame
from reintegration.tables_io import write_csv

ALL = "all"
SURVEYS, RETURNEES = "surveys", "returnees"
WILSON = "Wilson, effective sample size by returnee"
T_INTERVAL = "t(G-1), CR1 by returnee_id"
COUNTED = "count"
SHORT_STAY = 6  # months abroad: "most spent under six months"
NO_ANSWER = "nobody answered"
ONE_RETURNEE = "one returnee only: no error can be told"


@dataclass(frozen=True)
class Descriptives:
    """Two tables: numbers by country, and distributions of scores by country."""

    descriptives: pd.DataFrame
    distributions: pd.DataFrame


@dataclass(frozen=True)
class Question:
    """A column to describe: a share (0 and 1) or a number, missing as NaN, shape (n,)."""

    topic: str
    variable: str
    answer: str
    known: np.ndarray
    share: bool


def describe(
    frame: pd.DataFrame, codebook: Codebook, *, confidence: float = 0.95, minimum_cell: int = 5
) -> Descriptives:
    """Describe a survey frame by country and over all countries.

    Parameters
    ----------
    frame
        One row per survey, as `survey_frame` gives it.
    codebook
        Which answers there are, and which say nothing: these count as not answered.
    minimum_cell
        Surveys' returnees below which a step of a distribution is suppressed.
    """
    frame = frame.sort_values([RETURNEE, "round"], kind="stable")
    first = frame.drop_duplicates(RETURNEE)
    country = frame[COUNTRY].astype("str").to_numpy()
    cells = [*((name, country == name) for name in sorted(set(country)))]
    cells.append((ALL, np.ones(len(frame), dtype=bool)))
    personal = first[COUNTRY].astype("str").to_numpy()
    personal_cells = [(name, personal == name if name != ALL else personal == personal)
                      for name, _ in cells]  # fmt: skip
    rows = _counts(frame, cells)
    questions = list(_questions(frame, codebook))
    rows += _describe(frame, questions, cells, SURVEYS, confidence)
    personals = [q for q in _questions(first, codebook) if q.topic in ("sample", "migration")]
    rows += _describe(first, personals, personal_cells, RETURNEES, confidence)
    return Descriptives(
        descriptives=table(rows, DESCRIPTIVE_COLUMNS),
        distributions=distributions(frame, codebook.score_names, cells, minimum_cell),
    )


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
    results = describe(
        read_survey_frame(surveys, scores),
        codebook,
        confidence=confidence,
        minimum_cell=minimum_cell,
    )
    for part in fields(results):
        write_csv(getattr(results, part.name), outputs[part.name])


# ---------------------------------------------------------------- what is asked


def _questions(frame: pd.DataFrame, codebook: Codebook) -> Iterator[Question]:
    """Go through everything that is described, topic by topic."""
    for name in ("sex", "mode", "language"):
        yield from _answers(frame, "sample", name, _codes(codebook, name))
    for name in ("age", "dependants", "months_since_return"):
        if name in frame:
            yield Question("sample", name, "", _numbers(frame[name]), share=False)
    yield Question("sample", "orion", "yes", _numbers(frame["orion"]), share=True)
    for name in ("stranded", "return_decision", "returned_from"):
        yield from _answers(frame, "migration", name, _codes(codebook, name))
    if "months_abroad" in frame:
        abroad = _numbers(frame["months_abroad"])
        short = _flag(abroad < SHORT_STAY, abroad)
        yield Question("migration", "months_abroad", "", abroad, share=False)
        yield Question("migration", "abroad_under_six_months", "yes", short, share=True)
    received = [_numbers(frame[name]) for name in codebook.assistance_columns]
    for name, values in zip(codebook.assistance_columns, received, strict=True):
        yield Question("assistance", name, "yes", values, share=True)
        gap = np.isnan(values).astype(float)
        yield Question("assistance", name, "not_recorded", gap, share=True)
    for name in codebook.score_names:
        yield Question("scores", name, "", _numbers(frame[name]), share=False)
    for name, item in codebook.items.items():
        codes = [answer.code for answer in item.answers]
        yield from _answers(frame, "items", name, codes, codebook.nonresponse_codes, item.multiple)
        if f"item_{name}" in frame:
            yield Question(
                "items", f"item_{name}", "", _numbers(frame[f"item_{name}"]), share=False
            )
    for name, share in codebook.shares.items():
        given = frame[share.item].astype("str")
        known = np.where(given.isin(list(codebook.items[share.item].scores)), 1.0, np.nan)
        chosen = _flag(given.isin(share.answers).to_numpy(), known)
        yield Question("shares", name, "yes", chosen, share=True)


def _codes(codebook: Codebook, name: str) -> list[str]:
    return [a.code for a in codebook.variables[name].answers] if name in codebook.variables else []


def _answers(
    frame: pd.DataFrame,
    topic: str,
    name: str,
    codes: Sequence[str],
    silent: frozenset[str] = frozenset(),
    multiple: bool = False,
) -> Iterator[Question]:
    """Turn a question into one share per answer, among those who gave one."""
    if name not in frame:
        return
    given = frame[name].astype("str")
    missing = frame[name].isna().to_numpy() | given.isin(silent).to_numpy()
    known = np.where(missing, np.nan, 1.0)
    for code in codes:
        if multiple:
            chosen = (" " + given + " ").str.contains(f" {code} ", regex=False).to_numpy()
        else:
            chosen = (given == code).to_numpy()
        yield Question(topic, name, code, _flag(chosen.astype(bool), known), share=True)


def _numbers(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=float, na_value=np.nan)


def _flag(chosen: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return 1 where chosen, 0 where not, NaN where not known."""
    return np.where(np.isnan(known), np.nan, chosen.astype(float))


# ---------------------------------------------------------------- numbers with their errors


def _counts(frame: pd.DataFrame, cells: Sequence[tuple[str, np.ndarray]]) -> list[dict[str, Any]]:
    """Count surveys, returnees, follow-ups and mentored; a count has no sampling error.

    Where nobody's mentoring is on record, the mentored are not counted as none.
    """
    rows = []
    orion = _numbers(frame["orion"])
    mentored, recorded = (orion == 1).astype(bool), ~np.isnan(orion)
    again = frame[RETURNEE].duplicated().to_numpy()
    people = frame[RETURNEE].to_numpy()
    for country, here in cells:
        found = {
            "surveys": int(here.sum()),
            "returnees": len(np.unique(people[here])),
            "follow_ups": len(np.unique(people[here & again])),
            "mentored": len(np.unique(people[here & mentored])) if recorded[here].any() else np.nan,
        }
        if country == ALL:
            found["countries"] = frame[COUNTRY].nunique()
        rows += [
            {
                "estimate_id": estimate_id("n", name, country),
                "topic": "sample",
                "variable": name,
                "answer": "",
                "country": country,
                "statistic": "n",
                "estimate": count,
                "std_error": 0.0 * count,
                "conf_low": count,
                "conf_high": count,
                "n_obs": found["surveys"],
                "n_returnees": found["returnees"],
                "status": NOT_ESTIMABLE if np.isnan(count) else OK,
                "basis": SURVEYS if name == "surveys" else RETURNEES,
                "interval": COUNTED,
                "returnees_with": np.nan,
                "warnings": NO_ANSWER if np.isnan(count) else "",
            }
            for name, count in found.items()
        ]
    return rows


@dataclass(frozen=True)
class Moments:
    """Moments of many columns in one cell, each of shape (m,)."""

    n: np.ndarray
    mean: np.ndarray
    std_error: np.ndarray
    sd: np.ndarray
    returnees: np.ndarray
    returnees_with: np.ndarray


def clustered_means(values: np.ndarray, returnees: np.ndarray) -> Moments:
    """Means of columns, shape (n, m), with errors clustered by returnee (CR1, missing left out)."""
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, values, 0).sum(axis=0) / n
        rest = np.where(known, values - mean, 0)
        people = int(returnees.max(initial=-1)) + 1
        held = group_sums(known.astype(float), returnees, people) > 0
        clusters = held.sum(axis=0)
        sums = group_sums(rest, returnees, people)
        variance = (sums**2).sum(axis=0) / n**2 * clusters / (clusters - 1)
        sd = np.sqrt((rest**2).sum(axis=0) / (n - 1))
        positive = group_sums((known & (values > 0)).astype(float), returnees, people) > 0
    return Moments(n, mean, np.sqrt(variance), sd, clusters, positive.sum(axis=0))


def wilson(
    share: np.ndarray,
    std_error: np.ndarray,
    n: np.ndarray,
    returnees: np.ndarray,
    confidence: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a share whose answers come in clusters.

    The score interval of Wilson (1927) with the effective sample size p(1-p)/se^2 instead
    of n, at most n, and Student's t with one degree of freedom less than there are returnees
    (Korn and Graubard 1998; Dean and Pagano 2015). At 0 and 1, where no error can be told,
    the effective size is the number of returnees.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.where(std_error > 0, share * (1 - share) / std_error**2, returnees)
        size = np.minimum(size, n)
        t = stdtrit(np.maximum(returnees - 1, 1), 0.5 + confidence / 2)
        middle = (share + t**2 / (2 * size)) / (1 + t**2 / size)
        half = t / (1 + t**2 / size) * np.sqrt(share * (1 - share) / size + t**2 / (4 * size**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def _describe(
    frame: pd.DataFrame,
    questions: Sequence[Question],
    cells: Sequence[tuple[str, np.ndarray]],
    basis: str,
    confidence: float,
) -> list[dict[str, Any]]:
    """Describe every question in every cell."""
    values = np.column_stack([question.known for question in questions])
    people = pd.factorize(frame[RETURNEE])[0]
    rows = []
    for country, here in cells:
        part = values[here]
        moments = clustered_means(part, pd.factorize(people[here])[0])
        low, high = wilson(
            moments.mean, moments.std_error, moments.n, moments.returnees, confidence
        )
        t = stdtrit(np.maximum(moments.returnees - 1, 1), 0.5 + confidence / 2)
        for j, question in enumerate(questions):
            base = {
                "topic": question.topic,
                "variable": question.variable,
                "answer": question.answer,
                "country": country,
                "n_obs": int(moments.n[j]),
                "n_returnees": int(moments.returnees[j]),
                "basis": basis,
                "returnees_with": np.nan,
                "warnings": "",
            }
            mean, error = float(moments.mean[j]), float(moments.std_error[j])
            if question.share:
                bounds = (float(low[j]), float(high[j]))
                shown = [("share", mean, error, bounds, WILSON)]
                base["returnees_with"] = int(moments.returnees_with[j])
            else:
                bounds = (mean - float(t[j]) * error, mean + float(t[j]) * error)
                shown = [("mean", mean, error, bounds, T_INTERVAL)]
                if basis == SURVEYS:
                    known = part[:, j][~np.isnan(part[:, j])]
                    median = float(np.median(known)) if len(known) else np.nan
                    none = (np.nan, np.nan)
                    shown += [
                        ("sd", float(moments.sd[j]), np.nan, none, ""),
                        ("median", median, np.nan, none, ""),
                    ]
            rows += [_number(base, question, *one) for one in shown]
    return rows


def _number(
    base: Mapping[str, Any],
    question: Question,
    statistic: str,
    estimate: float,
    std_error: float,
    bounds: tuple[float, float],
    interval: str,
) -> dict[str, Any]:
    """Make the row of one number, with the reason where there is none."""
    parts = [part for part in (question.variable, question.answer, base["country"]) if part]
    if base["basis"] == RETURNEES:
        statistic = f"{statistic}_{RETURNEES}"
    low, high = bounds
    status, warning = OK, ""
    if base["n_obs"] == 0:
        status, warning = NOT_ESTIMABLE, NO_ANSWER
    elif base["n_returnees"] < 2 and statistic != "median":
        status, warning = NOT_ESTIMABLE, ONE_RETURNEE
    if status != OK:
        estimate = std_error = low = high = np.nan
    return {
        **base,
        "estimate_id": estimate_id(statistic, *parts),
        "statistic": statistic,
        "estimate": estimate,
        "std_error": std_error,
        "conf_low": low,
        "conf_high": high,
        "status": status,
        "interval": interval,
        "warnings": warning,
    }
