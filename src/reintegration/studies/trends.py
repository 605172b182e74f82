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
from reintegration.estimation.results import (
    FAILED,
    LINE_COLUMNS,
    NOT_ESTIMABLE,
    OK,
    ROW_COLUMNS,
    SLOPE_COLUMNS,
    Inference,
    estimate_id,
    t_inference,
    table,
)
from reintegration.estimation.specs import COUNTRY, RETURNEE, Vcov
from reintegration.studies.frames import read_survey_frame, with_years
from reintegration.studies.regressions import POOLED, WITHIN, YEARS, trend
from reintegration.tables_io import write_csv

MONTHS = "months_since_return"
AVERAGE = "average"
SLOPE, DEVIATION = "slope", "deviation"
SATTERTHWAITE = "t(Satterthwaite)"
BANDS = {POOLED: "pointwise, level and slope", WITHIN: "pointwise, slope only"}
SHOWN = (5, 95)  # percentiles of time since return between which a line is drawn


RESAMPLED = ("wild", "permutation")  # p-values of their own: nothing of them can be averaged
NO_NUMBERS: dict[str, Any] = {
    **dict.fromkeys(("slope_per_year", "std_error", "conf_low", "conf_high"), np.nan),
    **dict.fromkeys(("p_value", "df", "statistic", "n_clusters"), np.nan),
    "inference": "",
}


@dataclass(frozen=True)
class TrendResults:
    """The tables of the rule `trends`, named like its output files."""

    slopes: pd.DataFrame
    lines: pd.DataFrame
    rows: pd.DataFrame


def fit_trends(
    frame: pd.DataFrame,
    trends: config.Trends,
    *,
    confidence: float = 0.95,
    engine: Engine = "library",
    seed: int = 0,
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
    seed
        Of bootstraps and permutations.
    """
    vcovs = [each.vcov for each in trends.each_vcov]
    clusters = [name for vcov in vcovs for name in (*vcov.clusters, vcov.within) if name]
    columns = ["survey_id", RETURNEE, COUNTRY, MONTHS, *trends.outcomes, *clusters]
    data = with_years(frame[list(dict.fromkeys(columns))])
    countries = sorted(data[COUNTRY].dropna().astype("str").unique())
    # Where rows are not accounted for, a country's fits need not look at the others' rows.
    parts = {} if engine == "library" else {one: data[data[COUNTRY] == one] for one in countries}
    shared = [_shared_warning(data, vcov.cluster or RETURNEE) for vcov in vcovs]
    slopes: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    accounts: list[dict[str, Any]] = []
    for method in trends.methods:
        for outcome in trends.outcomes:
            by_country = []
            for country in countries:
                fit = fit_specification(
                    parts.get(country, data),
                    trend(trends, method, outcome, country),
                    confidence=confidence,
                    engine=engine,
                    record=engine == "library",
                    seed=seed,
                )
                rows = _slopes(fit, country, method, outcome, trends.minimum_returnees)
                by_country.append(rows)
                accounts += fit.rows
                if rows[0]["status"] == OK:
                    lines += _line(fit, rows[0], country, method, outcome, confidence)
            for i, (vcov, warning) in enumerate(zip(vcovs, shared, strict=True)):
                rows = [rows[i] for rows in by_country if i < len(rows)]
                slopes += [*rows, *_summaries(rows, method, outcome, vcov, confidence, warning)]
    return TrendResults(
        slopes=table(slopes, SLOPE_COLUMNS),
        lines=table(lines, LINE_COLUMNS),
        rows=table(accounts, ROW_COLUMNS),
    )


def run_trends(
    surveys: str | Path,
    scores: str | Path,
    outputs: Mapping[str, str | Path],
    trends: config.Trends,
    inference: config.Inference,
) -> None:
    """Read surveys and scores, fit, write `outputs` (keys as `TrendResults`)."""
    frame = read_survey_frame(surveys, scores)
    results = fit_trends(frame, trends, confidence=inference.confidence_level, seed=inference.seed)
    for part in fields(results):
        write_csv(getattr(results, part.name), outputs[part.name])


def _blank(method: str, outcome: str, vcov: Vcov, kind: str, country: str) -> dict[str, Any]:
    """Make a row without numbers."""
    name = "trend_deviation" if kind == DEVIATION else "trend"
    return {
        "estimate_id": estimate_id(name, method, outcome, country, vcov.slug),
        "spec_id": f"trend.{method}.{outcome}",
        "country": country,
        "outcome": outcome,
        "method": method,
        "kind": kind,
        "vcov": vcov.type,
        "cluster_var": " ".join(vcov.clusters),
        **NO_NUMBERS,
        **dict.fromkeys(("n_obs", "n_returnees", "n_identifying"), 0),
        "status": NOT_ESTIMABLE,
        "warnings": "",
        "contrast": "",
    }


def _slopes(
    fit: Fit, country: str, method: str, outcome: str, minimum: int
) -> list[dict[str, Any]]:
    """Make the rows of a country's slope, one for each covariance."""
    who = "returnees with two surveys" if method == WITHIN else "returnees"
    rows = []
    for found in (row for row in fit.estimates if row["term"] == YEARS):
        row = {name: found[name] for name in SLOPE_COLUMNS if name in found}
        row |= {"country": country, "outcome": outcome, "method": method, "kind": SLOPE}
        row |= {"slope_per_year": found["estimate"], "contrast": "per year since return"}
        if fit.status != FAILED and row["n_returnees"] < minimum:
            reason = f"{row['n_returnees']} {who}, fewer than the minimum of {minimum}"
            row |= NO_NUMBERS | {"status": NOT_ESTIMABLE, "warnings": reason}
        rows.append(row)
    return rows


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
    fitted = [row for row in rows if row["status"] == OK]
    usable = [] if vcov.type in RESAMPLED else [r for r in fitted if not np.isnan(r["std_error"])]
    average = _blank(method, outcome, vcov, AVERAGE, AVERAGE)
    deviations = [_blank(method, outcome, vcov, DEVIATION, row["country"]) for row in rows]
    if len(usable) < 2:
        reason = "fewer than two countries have a slope: there is no average to differ from"
        if rows and all(row["status"] == FAILED for row in rows):
            reason = str(rows[0]["warnings"])
            average["status"] = FAILED
        if len(fitted) > 1:
            reason = f"{vcov.type} gives no standard errors that could be combined"
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
