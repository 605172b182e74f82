"""Which country stands where: ranks with simultaneous confidence intervals."""

from typing import Any

import numpy as np

from reintegration.estimation.fit import Fit
from reintegration.estimation.results import NOT_ESTIMABLE, OK, estimate_id
from reintegration.estimation.specs import COUNTRY, DEVIATION

SIMULTANEOUS = "simultaneous, max-t over all pairs"
RANK_DRAWS = 20_000


def rank_intervals(
    estimates: np.ndarray,
    covariance: np.ndarray,
    df: float,
    confidence: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rank estimates from the lowest (1) up, with simultaneous confidence intervals.

    All pairwise differences get intervals that cover together with the confidence asked
    for (max-t); a rank reaches from 1 + the number surely lower to p - the number surely
    higher (Mogstad, Romano, Shaikh and Wilhelm 2024).

    Parameters
    ----------
    estimates, covariance
        Shapes (p,) and (p, p).
    df
        Degrees of freedom of Student's t.

    Returns
    -------
    Rank, lowest number and highest number of each interval, shape (p,).
    """
    p = len(estimates)
    first, second = np.triu_indices(p, 1)
    differences = estimates[first] - estimates[second]
    spread = np.diag(covariance)
    variance = spread[first] + spread[second] - 2 * covariance[first, second]
    errors = np.sqrt(np.maximum(variance, 0))
    told = errors > 1e-12 * np.sqrt(max(spread.max(), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(covariance)
    # The sign of an eigenvector is arbitrary and may differ between libraries; the symmetric
    # root does not have one.
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    drawn = rng.standard_normal((RANK_DRAWS, p)) @ root
    if np.isfinite(df):  # else the normal distribution, as of logits
        drawn /= np.sqrt(rng.chisquare(df, RANK_DRAWS) / df)[:, None]
    farthest = np.zeros(RANK_DRAWS)
    for i, j, error in zip(first[told], second[told], errors[told], strict=True):
        np.maximum(farthest, np.abs(drawn[:, i] - drawn[:, j]) / error, out=farthest)
    critical = np.quantile(farthest, confidence)
    sure = np.zeros((p, p), dtype=bool)  # sure[i, j]: i is surely higher than j
    sure[first, second] = differences > critical * errors
    sure[second, first] = -differences > critical * errors
    rank = 1 + (estimates[None, :] < estimates[:, None]).sum(axis=1)
    return rank, 1 + sure.sum(axis=1), p - sure.sum(axis=0)


def rank_rows(fit: Fit, *, confidence: float, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Rank the countries of a fitted specification, 1 for the lowest.

    Countries without an estimate and its error are listed with their reason and not ranked.
    """
    spec = fit.spec
    estimated = fit.under.get(spec.vcov, fit.estimates)
    found = {row["level"]: row for row in estimated if row["group"] == COUNTRY}
    weights: dict[str, np.ndarray] = {}
    if fit.design is not None:
        weights = {
            effect.level: effect.weights
            for effect in fit.design.effects
            if effect.group == COUNTRY
            and effect.weights is not None
            and found.get(effect.level, {}).get("status") == OK
        }
        if spec.coding != DEVIATION and weights:
            weights[spec.coding] = np.zeros(len(fit.design.columns))
    ranked = sorted(weights)
    blank: dict[str, Any] = {
        "spec_id": spec.spec_id,
        "outcome": spec.outcome,
        **dict.fromkeys(("rank", "rank_low", "rank_high"), np.nan),
        "n_countries": len(ranked),
        "estimate": np.nan,
        "vcov": spec.vcov.type,
        "cluster_var": spec.vcov.cluster or "",
        "n_clusters": np.nan,
        "inference": "",
    }
    numbers: dict[str, dict[str, Any]] = {}
    if fit.design and fit.solution and fit.errors and len(ranked) > 1:
        combine = np.zeros((len(ranked), len(fit.solution.coefficients)))
        # Thresholds and the like stand behind the columns, and no country leans on them.
        combine[:, : len(fit.design.columns)] = [weights[name] for name in ranked]
        estimates = combine @ fit.solution.coefficients
        matrix = combine @ fit.errors.matrix @ combine.T
        places = rank_intervals(estimates, matrix, fit.errors.df, confidence, rng)
        without = sorted(set(found) - set(ranked))
        common = {
            "n_clusters": fit.errors.n_clusters or np.nan,
            "inference": SIMULTANEOUS,
            "status": OK,
            "warnings": f"not ranked: {', '.join(without)}" if without else "",
        }
        for name, estimate, rank, low, high in zip(ranked, estimates, *places, strict=True):
            own = {"rank": int(rank), "rank_low": int(low), "rank_high": int(high)}
            numbers[name] = common | own | {"estimate": float(estimate)}
    rows = []
    for name in sorted({*found, *ranked}):
        row = blank | {"estimate_id": estimate_id("rank", spec.spec_id, name), "country": name}
        if name in numbers:
            rows.append(row | numbers[name])
            continue
        status, reason = found[name]["status"], found[name]["warnings"]
        if status == OK:
            status, reason = NOT_ESTIMABLE, "there is no other country to rank it with"
        rows.append(row | {"status": status, "warnings": reason})
    return rows
