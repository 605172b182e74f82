"""What matters most: shares of explained variance by group of terms, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from math import factorial
from typing import Any

import numpy as np

from reintegration.estimation.covariance import group_sums
from reintegration.estimation.design import INTERCEPT, Design
from reintegration.estimation.fit import Fit
from reintegration.estimation.results import (
    FAILED,
    NOT_ESTIMABLE,
    OK,
    estimate_id,
)
from reintegration.estimation.specs import COUNTRY, PREFIX, Specification

TIME = frozenset(
    {
        *("months_since_return", "months_between", "first_months_since_return"),
        *("round", "is_first", "is_last"),
    }
)
INTERVIEW = frozenset({"mode", "language", "source"})
GROUPS = (COUNTRY, "assistance", "time", "person", "interview")
BOOTSTRAP = "percentile bootstrap of returnees"
RIDGE = 1e-9  # of a column's length: a country that a draw left out must not stop it


def group_of(variable: str) -> str:
    """Name the group of a variable: country, assistance, time, interview or person."""
    first = variable.split(":")[0]
    if first == COUNTRY:
        return COUNTRY
    if first.startswith(PREFIX):
        return "assistance"
    if first in TIME:
        return "time"
    return "interview" if first in INTERVIEW else "person"


def shapley(gains: Mapping[tuple[int, ...], np.ndarray], groups: int) -> np.ndarray:
    """Share out a gain among groups: the mean of what each adds, over all orders of entry.

    Parameters
    ----------
    gains
        Gain of each subset of groups 0, 1, ... (ascending; the empty one gains nothing),
        for one sample or many: shape (...).
    groups
        Number of groups.

    Returns
    -------
    Shapley values (for R2: Lindeman, Merenda and Gold 1980), shape (..., groups).
    """
    everyone = tuple(range(groups))
    values = np.zeros((*np.shape(gains[everyone]), groups))
    for group in everyone:
        others = [other for other in everyone if other != group]
        for size in range(groups):
            weight = factorial(size) * factorial(groups - size - 1) / factorial(groups)
            for before in combinations(others, size):
                after = tuple(sorted((*before, group)))
                values[..., group] += weight * (gains[after] - (gains[before] if before else 0.0))
    return values


def explained_shares(
    gram: np.ndarray, groups: Sequence[Sequence[int]]
) -> dict[tuple[int, ...], np.ndarray]:
    """Compute R2 of the outcome on each subset of groups of columns.

    Parameters
    ----------
    gram
        Cross-products of intercept, columns and outcome, in this order, for one draw or
        many: shape (..., p, p).
    groups
        Positions of each group's columns in `gram`.
    """
    # Taking the intercept out centres columns and outcome.
    first = gram[..., :1, 1:] / gram[..., :1, :1]
    centred = gram[..., 1:, 1:] - np.swapaxes(gram[..., :1, 1:], -1, -2) * first
    shares = {}
    for members, at in _subsets(groups):
        right = centred[..., at, -1:]
        solved = np.linalg.solve(_block(centred, at), right)
        shares[members] = np.einsum("...ij,...ij->...", right, solved) / centred[..., -1, -1]
    return shares


def noise_shares(
    gram: np.ndarray, meat: np.ndarray, groups: Sequence[Sequence[int]]
) -> dict[tuple[int, ...], np.ndarray]:
    """Compute the R2 of each subset that is expected from noise alone.

    Columns explain something even where nothing is to be explained: the trace of
    (X'X)^-1 X'VX over the total, with X'VX estimated by clusters. For independent errors of
    one variance this is what adjusted R2 takes off.

    Parameters
    ----------
    gram
        As for `explained_shares`, one sample, its columns centred: shape (p, p).
    meat
        Sum over returnees of the outer product of their scores, shape (p - 2, p - 2).
    """
    centred = gram[1:, 1:]
    return {
        members: np.trace(np.linalg.solve(_block(centred, at), meat[at[:, None], at]))
        / centred[-1, -1]
        for members, at in _subsets(groups)
    }


def _subsets(groups: Sequence[Sequence[int]]) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Go through the subsets of groups, each with its columns (without the intercept)."""
    for size in range(1, len(groups) + 1):
        for members in combinations(range(len(groups)), size):
            yield members, np.array([j - 1 for member in members for j in groups[member]])


def _block(centred: np.ndarray, at: np.ndarray) -> np.ndarray:
    block = centred[..., at[:, None], at].copy()
    block[..., np.arange(len(at)), np.arange(len(at))] += RIDGE * centred[..., -1:, -1]
    return block


def importance_rows(
    fit: Fit, *, confidence: float, draws: int, rng: np.random.Generator | None
) -> list[dict[str, Any]]:
    """Give each group of terms its share of the explained variance of a fitted specification.

    Beside the shares stand the differences "country minus another group". Intervals are
    percentiles over draws of returnees with replacement, each with all his surveys.
    """
    spec = fit.spec
    base = {"spec_id": spec.spec_id, "outcome": spec.outcome}
    found = {group_of(str(term)) for term in spec.right_side}
    named = [group for group in GROUPS if group in found]
    if fit.design is None:
        return [_no_share(base, name, FAILED, fit.reason) for name in _with_contrasts(named)]
    if not _shareable(spec):
        reason = "shares are of what least squares with an intercept explain, without weights"
        return [_no_share(base, name, NOT_ESTIMABLE, reason) for name in _with_contrasts(named)]
    design = fit.design
    place: dict[str, list[int]] = {}
    for j, variable in enumerate(design.variables):
        if variable != INTERCEPT:
            place.setdefault(group_of(variable), []).append(j)
    ordered = [group for group in GROUPS if group in place]
    intercept = design.variables.index(INTERCEPT)
    order = [intercept, *(j for group in ordered for j in place[group])]
    ends = np.cumsum([1, *(len(place[group]) for group in ordered)])
    blocks = [range(a, b) for a, b in pairwise(ends)]
    data = _scaled(design, order)
    gram = data.T @ data
    noise = values = np.zeros(len(blocks))
    if blocks:
        noise = shapley(noise_shares(gram, _meat(data, fit), blocks), len(blocks))
        values = shapley(explained_shares(gram, blocks), len(blocks)) - noise
    if not values.sum() > 0:
        reason = "nothing is explained beyond what noise explains, so nothing can be shared out"
        return [_no_share(base, name, NOT_ESTIMABLE, reason) for name in _with_contrasts(named)]
    kept = np.clip(values, 0, None)  # what noise leaves below zero explains nothing
    shares, drawn = kept / kept.sum(), np.empty((0, len(ordered)))
    largest = np.full(len(ordered), np.nan)
    if draws and rng is not None:
        # A draw holds the noise of the sample and as much again of its own.
        grams = _drawn_grams(data, design, draws, rng)
        drawn = shapley(explained_shares(grams, blocks), len(blocks)) - 2 * noise
        total = drawn.sum(axis=1, keepdims=True)
        largest = np.bincount(drawn.argmax(axis=1), minlength=len(ordered)) / draws
        if np.mean(total <= 0) > (1 - confidence) / 2:
            reason = "what is explained cannot be told from noise, so nothing can be shared out"
            return [_no_share(base, name, NOT_ESTIMABLE, reason) for name in _with_contrasts(named)]
        drawn /= np.where(total > 0, total, np.nan)
    common = {
        **base,
        "r2": float(values.sum()),
        "draws": len(drawn),
        "inference": BOOTSTRAP if len(drawn) else "none",
        "n_obs": len(design.y),
        "n_returnees": int(design.returnees.max()) + 1,
        "sample_id": fit.model["sample_id"],
        "status": OK,
        "warnings": "",
    }
    rows = []
    for name in _with_contrasts(ordered):
        pick = _contrast(name, ordered)
        low, high = _percentiles(drawn @ pick, confidence)
        single = name in ordered
        least = 0.0 if single else -1.0  # a share lies in [0, 1], whatever noise is taken off
        rows.append(
            {
                **common,
                "estimate_id": estimate_id("importance", spec.spec_id, name),
                "group": name,
                "estimate": float(np.clip(shares @ pick, least, 1)),
                "conf_low": float(np.clip(low, least, 1)),
                "conf_high": float(np.clip(high, least, 1)),
                "r2_points": float(values @ pick),
                "share_largest": float(largest[ordered.index(name)]) if single else np.nan,
                "columns": len(place[name]) if single else np.nan,
            }
        )
    shown = _with_contrasts(ordered)
    gone = [name for name in _with_contrasts(named) if name not in shown]
    reason = "no column of this group is left in the sample"
    return rows + [_no_share(base, group, NOT_ESTIMABLE, reason) for group in gone]


def _shareable(spec: Specification) -> bool:
    """Say whether a specification's R2 can be shared out: ols, nothing absorbed or weighted."""
    return spec.estimator == "ols" and spec.intercept and not (spec.absorbed or spec.weights)


def _with_contrasts(groups: Sequence[str]) -> list[str]:
    """Name the groups, and after them each difference of country and another group."""
    others = [group for group in groups if group != COUNTRY] if COUNTRY in groups else []
    return [*groups, *(f"{COUNTRY}_minus_{other}" for other in others)]


def _contrast(name: str, groups: Sequence[str]) -> np.ndarray:
    pick = np.zeros(len(groups))
    plus, _, minus = name.partition("_minus_")
    pick[groups.index(plus)] = 1
    if minus:
        pick[groups.index(minus)] = -1
    return pick


def _no_share(base: dict[str, Any], group: str, status: str, reason: str) -> dict[str, Any]:
    numbers = ("estimate", "conf_low", "conf_high", "r2", "r2_points", "share_largest")
    return {
        **base,
        "estimate_id": estimate_id("importance", base["spec_id"], group),
        "group": group,
        **dict.fromkeys(numbers, np.nan),
        "columns": np.nan,
        "draws": 0,
        "inference": "none",
        "n_obs": 0,
        "n_returnees": 0,
        "sample_id": "",
        "status": status,
        "warnings": reason,
    }


def _scaled(design: Design, order: Sequence[int]) -> np.ndarray:
    """Intercept, centred and scaled columns in this order, and the centred outcome."""
    x = design.x[:, order[1:]]
    x = x - x.mean(axis=0)
    x /= np.sqrt(np.einsum("ij,ij->j", x, x) / len(x))
    y = design.y - design.y.mean()
    return np.column_stack([np.ones(len(y)), x, y / np.sqrt(y @ y / len(y))])


def _meat(data: np.ndarray, fit: Fit) -> np.ndarray:
    """Sum over returnees of the outer products of their scores, for the columns of `data`.

    Times G/(G-k), so that with one row per returnee and one error variance the noise is
    exactly what adjusted R2 takes off.
    """
    assert fit.design is not None and fit.solution is not None
    residuals = fit.solution.residuals / np.std(fit.design.y)
    people = int(fit.design.returnees.max()) + 1
    scores = group_sums(data[:, 1:-1] * residuals[:, None], fit.design.returnees, people)
    return scores.T @ scores * people / max(people - data.shape[1] + 1, 1)


def _drawn_grams(
    data: np.ndarray, design: Design, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Cross-products of `draws` samples of returnees with replacement, shape (draws, p, p).

    Each returnee's cross-products are formed once; a draw is a weighted sum of them.
    """
    people = int(design.returnees.max()) + 1
    upper = np.triu_indices(data.shape[1])
    own = group_sums(data[:, upper[0]] * data[:, upper[1]], design.returnees, people)
    picked = rng.integers(people, size=(draws, people)) + people * np.arange(draws)[:, None]
    weights = np.bincount(picked.ravel(), minlength=draws * people).reshape(draws, people)
    grams = np.empty((draws, data.shape[1], data.shape[1]))
    sums = weights.astype(float) @ own
    grams[:, upper[0], upper[1]] = sums
    grams[:, upper[1], upper[0]] = sums
    return grams


def _percentiles(drawn: np.ndarray, confidence: float) -> tuple[float, float]:
    """Percentile interval; draws in which nothing is explained count against both ends."""
    if not len(drawn):
        return np.nan, np.nan
    tail = (1 - confidence) / 2
    low = np.quantile(np.where(np.isnan(drawn), -np.inf, drawn), tail, method="lower")
    high = np.quantile(np.where(np.isnan(drawn), np.inf, drawn), 1 - tail, method="higher")
    return float(low), float(high)


def has_country(spec: Specification) -> bool:
    """Say whether a specification has country as a term of its own."""
    return any(term.variables == (COUNTRY,) for term in spec.terms)
