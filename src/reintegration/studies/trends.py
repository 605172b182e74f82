"""Trendlines: how fast scores change with time since return, country by country.

`pooled` regresses the score on years since return over all surveys: who was interviewed
late differs from who was interviewed early, and the slope holds that difference too.
`within` compares surveys of the same returnee (fixed effects), and so describes those who
were met again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reintegration import config
from reintegration.estimation.estimators import Engine
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.grammar import Term
from reintegration.estimation.results import (
    FAILED,
    LINE_COLUMNS,
    NOT_ESTIMABLE,
    OK,
    SLOPE_COLUMNS,
    Inference,
    estimate_id,
    t_inference,
    table,
)
from reintegration.estimation.specs import COUNTRY, RETURNEE, Specification, Vcov
from reintegration.studies.frames import read_survey_frame
from reintegration.tables_io import write_csv

YEARS, MONTHS = "years_since_return", "months_since_return"
POOLED, WITHIN = "pooled", "within"
AVERAGE = "average"
SLOPE, DEVIATION = "slope", "deviation"
SATTERTHWAITE = "t(Satterthwaite)"
BANDS = {POOLED: "pointwise, level and slope", WITHIN: "pointwise, slope only"}
SHOWN = (5, 95)  # percentiles of time since return between which a line is drawn


@dataclass(frozen=True)
class TrendResults:
    """The tables of the rule `trends`, named like its output files."""

    slopes: pd.DataFrame
    lines: pd.DataFrame


def fit_trends(
    frame: pd.DataFrame,
    trends: config.Trends,
    *,
    confidence: float = 0.95,
    engine: Engine = "library",
) -> TrendResults:
    """Fit slopes per year since return to a survey frame.

    `slopes` holds, by `kind`, each country's slope, the `average` (the unweighted mean of
    the countries' slopes) and each country's `deviation` from it.

    Parameters
    ----------
    frame
        One row per survey, as `survey_frame` gives it.
    engine
        `library` for what is published, `arrays` for very large samples.
    """
    vcov = Vcov(trends.vcov.type, trends.vcov.cluster)
    columns = ["survey_id", RETURNEE, COUNTRY, *trends.outcomes, *filter(None, [vcov.cluster])]
    data = frame[list(dict.fromkeys(columns))].assign(
        **{YEARS: frame[MONTHS].to_numpy(dtype=float, na_value=np.nan) / 12}
    )
    countries = sorted(data[COUNTRY].dropna().astype("str").unique())
    parts = {country: data[data[COUNTRY] == country] for country in countries}
    shared = _shared_warning(data, vcov.cluster or RETURNEE)
    slopes: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for method in trends.methods:
        for outcome in trends.outcomes:
            rows = []
            for country in countries:
                fit = _fit(parts[country], method, outcome, vcov, confidence, engine)
                row = _slope(fit, country, method, outcome, trends.minimum_returnees)
                rows.append(row)
                if row["status"] == OK:
                    lines += _line(fit, row, country, method, outcome, confidence)
            slopes += rows + _summaries(rows, method, outcome, vcov, confidence, shared)
    return TrendResults(table(slopes, SLOPE_COLUMNS), table(lines, LINE_COLUMNS))


def run_trends(
    surveys: str | Path,
    scores: str | Path,
    outputs: Mapping[str, str | Path],
    trends: config.Trends,
    inference: config.Inference,
) -> None:
    """Read surveys and scores, fit, write `outputs` (slopes, lines)."""
    frame = read_survey_frame(surveys, scores)
    results = fit_trends(frame, trends, confidence=inference.confidence_level)
    for part in fields(results):
        write_csv(getattr(results, part.name), outputs[part.name])


def _fit(
    data: pd.DataFrame, method: str, outcome: str, vcov: Vcov, confidence: float, engine: Engine
) -> Fit:
    spec = Specification(
        spec_id=f"trend.{method}.{outcome}",
        title="",
        role="published",
        data="surveys",
        outcome=outcome,
        terms=(Term((YEARS,)),),
        vcov=vcov,
        estimator=WITHIN if method == WITHIN else "ols",
    )
    return fit_specification(data, spec, confidence=confidence, engine=engine, record=False)


def _blank(method: str, outcome: str, vcov: Vcov, kind: str, country: str) -> dict[str, Any]:
    """Make a row without numbers."""
    numbers = ("slope_per_year", "std_error", "conf_low", "conf_high", "p_value", "df", "statistic")
    name = "trend_deviation" if kind == DEVIATION else "trend"
    return {
        "estimate_id": estimate_id(name, method, outcome, country, vcov.slug),
        "spec_id": f"trend.{method}.{outcome}",
        "country": country,
        "outcome": outcome,
        "method": method,
        "kind": kind,
        **dict.fromkeys(numbers, np.nan),
        "vcov": vcov.type,
        "cluster_var": vcov.cluster or "",
        "n_clusters": np.nan,
        "inference": "",
        **dict.fromkeys(("n_obs", "n_returnees", "n_identifying"), 0),
        "status": NOT_ESTIMABLE,
        "warnings": "",
        "contrast": "",
    }


def _slope(fit: Fit, country: str, method: str, outcome: str, minimum: int) -> dict[str, Any]:
    """Make the row of a country's slope."""
    row = _blank(method, outcome, fit.spec.vcov, SLOPE, country)
    found = fit.estimate(YEARS)
    row |= {name: found[name] for name in row if name in found and name not in _OWN}
    row |= {"slope_per_year": found["estimate"], "contrast": "per year since return"}
    enough = row["n_returnees"] >= minimum
    if fit.status == FAILED or enough:
        return row
    kept = ("n_obs", "n_returnees", "n_identifying")
    who = "returnees with two surveys" if method == WITHIN else "returnees"
    reason = f"{row['n_returnees']} {who}, fewer than the minimum of {minimum}"
    return (
        _blank(method, outcome, fit.spec.vcov, SLOPE, country)
        | {name: row[name] for name in kept}
        | {"warnings": reason, "contrast": row["contrast"]}
    )


_OWN = ("estimate_id", "spec_id", "outcome", "contrast")


def _summaries(
    rows: Sequence[dict[str, Any]],
    method: str,
    outcome: str,
    vcov: Vcov,
    confidence: float,
    shared: str,
) -> list[dict[str, Any]]:
    """Make the rows of the average slope and of each country's deviation from it.

    Countries are independent samples, so that a combination with weights w has variance
    sum w^2 v, and the degrees of freedom of Satterthwaite (1946).
    """
    usable = [row for row in rows if row["status"] == OK]
    average = _blank(method, outcome, vcov, AVERAGE, AVERAGE)
    deviations = [_blank(method, outcome, vcov, DEVIATION, row["country"]) for row in rows]
    if len(usable) < 2:
        reason = "fewer than two countries have a slope: there is no average to differ from"
        if rows and all(row["status"] == FAILED for row in rows):
            reason = str(rows[0]["warnings"])
            average["status"] = FAILED
        for blank, row in zip(deviations, rows, strict=True):
            status = row["status"] if row["status"] != OK else NOT_ESTIMABLE
            blank |= {"status": status, "warnings": row["warnings"] or reason}
        return [average | {"warnings": reason}, *deviations]
    slopes = np.array([row["slope_per_year"] for row in usable])
    variances = np.array([row["std_error"] for row in usable]) ** 2
    dfs = np.array([row["df"] for row in usable])
    m = len(usable)
    names = [row["country"] for row in usable]
    contrast = f"unweighted mean of {m} countries"
    without = sorted({row["country"] for row in rows} - set(names))
    warning = "; ".join(
        text for text in (f"without {', '.join(without)}" if without else "", shared) if text
    )
    counts = {
        name: int(sum(row[name] for row in usable))
        for name in ("n_obs", "n_returnees", "n_identifying")
    }
    if vcov.cluster:
        counts["n_clusters"] = int(sum(row["n_clusters"] for row in usable))
    common = {**counts, "inference": SATTERTHWAITE, "status": OK, "warnings": warning}

    def combined(weights: np.ndarray) -> dict[str, Any]:
        found = _combine(weights, slopes, variances, dfs, confidence)
        return common | {
            "slope_per_year": found.estimate,
            "std_error": found.std_error,
            "statistic": found.statistic,
            "p_value": found.p_value,
            "conf_low": found.conf_low,
            "conf_high": found.conf_high,
            "df": found.df,
        }

    average |= combined(np.full(m, 1 / m)) | {"contrast": contrast}
    for blank, row in zip(deviations, rows, strict=True):
        if row["country"] in names:
            weights = -np.full(m, 1 / m)
            weights[names.index(row["country"])] += 1
            blank |= combined(weights)
            blank |= {"contrast": f"{row['country']} minus the {contrast}"}
        else:
            blank |= {"status": row["status"], "warnings": row["warnings"]}
    return [average, *deviations]


def _combine(
    weights: np.ndarray,
    slopes: np.ndarray,
    variances: np.ndarray,
    dfs: np.ndarray,
    confidence: float,
) -> Inference:
    parts = weights**2 * variances
    total = parts.sum()
    df = total**2 / (parts**2 / dfs).sum() if total > 0 else float(dfs.min())
    return t_inference(float(weights @ slopes), float(np.sqrt(total)), float(df), confidence)


def _shared_warning(data: pd.DataFrame, cluster: str) -> str:
    """Warn when a cluster has surveys in two countries, which are then not independent."""
    several = data.groupby(cluster)[COUNTRY].nunique()
    count = int((several > 1).sum())
    return f"{count} of {cluster} have surveys in two countries" if count else ""


def _line(
    fit: Fit, row: dict[str, Any], country: str, method: str, outcome: str, confidence: float
) -> list[dict[str, Any]]:
    """Draw the fitted line, with its band, on whole months.

    Within returnees the line has no level of its own: it goes through the means of those
    surveys, and the band holds the error of the slope only.
    """
    assert fit.design is not None and fit.solution is not None and fit.errors is not None
    years = fit.design.x[:, fit.design.columns.index(YEARS)]
    low, high = np.percentile(12 * years, SHOWN)
    months = np.arange(np.floor(low), np.ceil(high) + 1)
    if method == WITHIN:
        weights = (months / 12 - years.mean())[:, None]
        fitted = fit.design.y.mean() + weights @ fit.solution.coefficients
    else:
        weights = np.empty((len(months), 2))
        weights[:, fit.design.columns.index(YEARS)] = months / 12
        weights[:, 1 - fit.design.columns.index(YEARS)] = 1
        fitted = weights @ fit.solution.coefficients
    error = np.sqrt(np.einsum("ij,jk,ik->i", weights, fit.errors.matrix, weights))
    half = float(stdtrit(row["df"], 0.5 + confidence / 2)) * error
    return [
        {
            "country": country,
            "outcome": outcome,
            "method": method,
            "months_since_return": int(month),
            "fitted": value,
            "conf_low": value - width,
            "conf_high": value + width,
            "band": BANDS[method],
            "n_returnees": row["n_returnees"],
        }
        for month, value, width in zip(months, fitted, half, strict=True)
    ]
