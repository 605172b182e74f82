"""Ordered logit: P(y <= j) = F(threshold j - x'b), by Newton's method to the last digits."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy.special import expit, logit

from reintegration.estimation.covariance import Working
from reintegration.estimation.design import INTERCEPT, Design
from reintegration.estimation.estimators import Extra, Solution
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import Specification

_ENOUGH = 1e-12
_NEARLY = 1e-9


def fit_ordered(design: Design, spec: Specification) -> tuple[Design, Solution]:
    """Fit by maximum likelihood; weights count how often a row stands for the same answer.

    Returns
    -------
    The design without its intercept, for which the thresholds stand, and the solution.

    Raises
    ------
    NotEstimable
        If the columns separate the answers.
    """
    labels = dict(spec.levels).get(spec.outcome, ())
    held, codes = np.unique(design.y, return_inverse=True)
    names = [labels[int(place)] if labels else f"{place:g}" for place in held]
    design = _without_intercept(design)
    weights = np.ones(len(codes)) if design.root is None else design.root**2
    x, r = np.linalg.qr(design.x - design.x.mean(axis=0))
    shares = np.cumsum(np.bincount(codes, weights=weights))[:-1] / weights.sum()
    theta = np.append(np.zeros(x.shape[1]), logit(shares))
    above, below = _selectors(codes, len(held) - 1)
    upper, lower = np.hstack([-x, above]), np.hstack([-x, below])
    last, first = codes == len(held) - 1, codes == 0
    empty = _evaluate(theta, upper, lower, first, last, weights)[0]
    value, scores, information = _evaluate(theta, upper, lower, first, last, weights)
    largest = np.inf
    for _ in range(100):
        try:
            step = np.linalg.solve(information, scores.sum(axis=0))
        except np.linalg.LinAlgError:
            break
        length = 1.0
        tried = _evaluate(theta + step, upper, lower, first, last, weights)
        while not tried[0] >= value - 1e-10 * abs(value) and length > 1e-6:
            length /= 2
            tried = _evaluate(theta + length * step, upper, lower, first, last, weights)
        theta = theta + length * step
        value, scores, information = tried
        largest = np.abs(step).max() / (1 + np.abs(theta).max())
        if largest <= _ENOUGH or not np.isfinite(value):
            break
    # Where columns separate answers, steps stay near 1 for ever.
    if not largest <= _NEARLY or not np.isfinite(value):
        raise NotEstimable(
            f"ordered_logit of {spec.outcome} did not converge: its terms tell some answers"
            " without error (separation)"
        )
    # Back from orthonormal, centred columns: b = R^-1 g, thresholds move by the means.
    k = x.shape[1]
    back = np.eye(len(theta))
    back[:k, :k] = np.linalg.inv(r)
    back[k:, :k] = design.x.mean(axis=0) @ back[:k, :k]
    forth = np.linalg.inv(back)
    triangle = np.linalg.cholesky(information).T
    turn, r_back = np.linalg.qr(triangle @ forth)
    extras = tuple(
        Extra(f"threshold.{low}|{high}", "threshold", f"{low} or lower against {high} or higher")
        for low, high in pairwise(names)
    )
    return design, Solution(
        coefficients=back @ theta,
        residuals=np.full(len(codes), np.nan),
        r2=np.nan,
        r2_within=np.nan,
        absorbed=0,
        q=np.linalg.solve(triangle.T, scores.T).T @ turn,
        r=r_back,
        scaled=np.ones(len(codes)),
        working=Working(normal=True, sigma2=1.0, orthonormal=False),
        extras=extras,
        statistics={"loglik": value, "r2_mcfadden": 1 - value / empty},
    )


def _without_intercept(design: Design) -> Design:
    place = [j for j, name in enumerate(design.columns) if name != INTERCEPT]
    effects = tuple(
        replace(effect, weights=None if effect.weights is None else effect.weights[place])
        for effect in design.effects
        if effect.group != INTERCEPT
    )
    return replace(
        design,
        x=design.x[:, place],
        columns=tuple(design.columns[j] for j in place),
        variables=tuple(design.variables[j] for j in place),
        effects=effects,
    )


def _selectors(codes: np.ndarray, thresholds: int) -> tuple[np.ndarray, np.ndarray]:
    """Say which threshold lies above and which below each answer, shapes (n, J - 1)."""
    eye = np.eye(thresholds + 1)
    return eye[codes][:, :thresholds], eye[codes - 1][:, :thresholds] * (codes > 0)[:, None]


def _evaluate(
    theta: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    weights: np.ndarray,
) -> tuple[float, np.ndarray, np.ndarray]:
    """Compute the log-likelihood, its scores by row, and the information (minus its Hessian)."""
    a = np.where(last, np.inf, upper @ theta)
    b = np.where(first, -np.inf, lower @ theta)
    # The difference is taken in the tail where it keeps its digits.
    flip = b > 0
    p = np.where(flip, expit(-b) - expit(-a), expit(a) - expit(b))
    if not (p > 0).all():
        return -np.inf, np.zeros_like(upper), np.eye(upper.shape[1])
    fa, fb = expit(a) * expit(-a), expit(b) * expit(-b)
    da, db = fa / p, -fb / p
    slope_a = np.where(last, 0.0, fa * (expit(-a) - expit(a)))
    slope_b = np.where(first, 0.0, fb * (expit(-b) - expit(b)))
    scores = weights[:, None] * (da[:, None] * upper + db[:, None] * lower)
    second = (
        upper.T @ (upper * (weights * (slope_a / p - da**2))[:, None])
        + lower.T @ (lower * (weights * (-slope_b / p - db**2))[:, None])
        + upper.T @ (lower * (weights * -da * db)[:, None])
        + lower.T @ (upper * (weights * -da * db)[:, None])
    )
    return float(weights @ np.log(p)), scores, -(second + second.T) / 2
