"""Random effects of groups: Swamy and Arora (1972), as R's plm, balanced or not."""

import numpy as np

from reintegration.estimation.absorb import fixed_effects
from reintegration.estimation.covariance import Working
from reintegration.estimation.design import Design, independent_columns
from reintegration.estimation.estimators import Extra, Solution
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.small_sample import Blocks


def fit_random_effects(design: Design, groups: np.ndarray) -> Solution:
    """Fit by feasible generalised least squares.

    Unbalanced groups: the variance of groups is the one whose expectation is exact (plm's
    `dfcor = 3`), from group means weighted by their sizes.

    Raises
    ------
    NotEstimable
        If there are too few groups, or too few rows in them, to tell the variances.
    """
    y, x = design.y, design.x
    n, k = x.shape
    sizes = np.bincount(groups).astype(float)
    inside = fixed_effects([groups])
    xw, yw = inside.residuals(x), inside.residuals(y)
    kept, _ = independent_columns(np.linalg.qr(xw)[1], np.linalg.norm(x, axis=0))
    free = n - len(sizes) - len(kept)
    if free < 1 or len(sizes) <= k:
        raise NotEstimable(
            f"{len(sizes)} groups of {n} rows cannot tell the variance of groups with {k}"
            " coefficients"
        )
    within = yw - xw[:, kept] @ np.linalg.lstsq(xw[:, kept], yw, rcond=None)[0]
    sigma2 = float(within @ within) / free
    xb, yb = x - xw, y - yw
    q, r = np.linalg.qr(xb)
    means, _ = independent_columns(r, np.linalg.norm(x, axis=0))
    if len(means) < k:
        raise NotEstimable("the means of groups are collinear: the variance of groups is not told")
    between = yb - q @ (q.T @ yb)
    # E(e'e) = sigma2 (N - k) + tau2 (n - tr((Xb'Xb)^-1 S)), S from the group sums.
    weight = sizes[groups][:, None]
    trace = float(np.trace(q.T @ (q * weight)))
    tau2 = (float(between @ between) - sigma2 * (len(sizes) - k)) / (n - trace)
    warnings = () if tau2 > 0 else ("the variance of groups is estimated below zero: set to zero",)
    tau2 = max(tau2, 0.0)
    theta = 1 - np.sqrt(sigma2 / (sizes * tau2 + sigma2))[groups]
    xs, ys = x - theta[:, None] * xb, y - theta * yb
    q, r = np.linalg.qr(xs)
    coefficients = np.linalg.solve(r, q.T @ ys)
    scaled = ys - xs @ coefficients
    extras = (
        Extra("variance.idiosyncratic", "variance", "variance within groups", sigma2),
        Extra("variance.groups", "variance", "variance of groups", tau2),
    )
    rss = float(scaled @ scaled)
    return Solution(
        coefficients,
        y - x @ coefficients,
        r2=float(np.corrcoef(ys, ys - scaled)[0, 1] ** 2) if k > 1 else 0.0,  # as plm
        r2_within=np.nan,
        absorbed=0,
        q=q,
        r=r,
        scaled=scaled,
        working=Working(
            normal=True,
            blocks=Blocks(
                np.full((n, 1), np.sqrt(tau2 / sigma2)),
                groups,
                np.linalg.solve(r.T, x.T).T,
                y - x @ coefficients,
            ),
        ),
        extras=extras,
        statistics={"sigma": float(np.sqrt(rss / (n - k))), "theta": float(np.median(theta))},
        warnings=warnings,
    )
