"""Logit for outcomes of 0 and 1, and for shares between them (Papke and Wooldridge 1996)."""

import warnings

import numpy as np
from scipy.optimize import linprog
from scipy.special import expit, gammaln, xlogy

from reintegration.estimation.covariance import Working
from reintegration.estimation.design import Design
from reintegration.estimation.estimators import Solution
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import Specification

_CERTAIN = 1e-7  # a fitted share so near to 0 or 1 may be one of a fit that has no end
_ENOUGH = 1e-13


def fit_logit(design: Design, spec: Specification) -> Solution:
    """Fit by (quasi-)maximum likelihood; weights count how many answers a row stands for.

    Raises
    ------
    NotEstimable
        If the outcome lies outside 0 and 1, does not vary, or is separated by the columns.
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    y, name = design.y, spec.outcome
    weights = np.ones(len(y)) if design.root is None else design.root**2
    successes = weights * y
    if spec.estimator == "logit" and np.abs(successes - np.round(successes)).max() > 1e-6:
        raise NotEstimable(
            f"{name} must be 0 or 1 for logit, or a share of the trials that `weights` counts"
            " (fractional_logit takes any share)"
        )
    if y.min() < 0 or y.max() > 1:
        raise NotEstimable(f"{name} must lie between 0 and 1")
    if np.ptp(y) == 0:
        raise NotEstimable(f"{name} does not vary in the sample")
    # Orthonormal columns: what is squared below is well conditioned.
    x, r = np.linalg.qr(design.x)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of separation, which is looked for below
        try:
            start = GLM(y, x, family=Binomial(), var_weights=weights).fit(maxiter=50).params
        except Exception:  # separated data end statsmodels in several ways
            start = np.zeros(x.shape[1])
        gamma = _newton(x, y, weights, np.nan_to_num(start))
        mu = expit(x @ gamma) if gamma is not None else None
    if mu is None or min(mu.min(), 1 - mu.max()) < _CERTAIN:
        if columns := _separating(x, y, r, design):
            raise NotEstimable(f"separated: {name} is told without error by {columns}")
        if mu is None:
            raise NotEstimable(f"logit of {name} did not converge")
    assert gamma is not None and mu is not None
    variance = mu * (1 - mu)
    q, triangle = np.linalg.qr(x * np.sqrt(weights * variance)[:, None])
    root = np.sqrt(weights / variance)
    fractional = spec.estimator == "fractional_logit"
    mean = np.average(y, weights=weights)
    likelihood = _likelihood(y, mu, weights)
    empty = _likelihood(y, np.full_like(y, mean), weights)
    return Solution(
        coefficients=np.linalg.solve(r, gamma),
        residuals=y - mu,
        r2=np.nan,
        r2_within=np.nan,
        absorbed=0,
        q=q,
        r=triangle @ r,
        scaled=root * (y - mu),
        working=Working(
            root=root,
            variance=root**-2,
            normal=True,
            sigma2=None if fractional else 1.0,
        ),
        statistics={}
        if fractional
        else {"loglik": likelihood, "r2_mcfadden": 1 - likelihood / empty},
    )


def _likelihood(y: np.ndarray, mu: np.ndarray, weights: np.ndarray) -> float:
    trials = gammaln(weights + 1) - gammaln(weights * y + 1) - gammaln(weights * (1 - y) + 1)
    return float(weights @ (xlogy(y, mu) + xlogy(1 - y, 1 - mu)) + trials.sum())


def _newton(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray, gamma: np.ndarray
) -> np.ndarray | None:
    """Go on until steps are rounding; None where there is no end."""
    for attempt in (gamma, np.zeros_like(gamma)):
        gamma = attempt
        for _ in range(60):
            mu = expit(x @ gamma)
            information = x.T @ (x * (weights * mu * (1 - mu))[:, None])
            try:
                step = np.linalg.solve(information, x.T @ (weights * (y - mu)))
            except np.linalg.LinAlgError:
                break
            if not np.isfinite(step).all():
                break
            gamma = gamma + step
            if np.abs(step).max() <= _ENOUGH * (1 + np.abs(gamma).max()):
                return gamma
        else:
            if np.abs(step).max() <= 1e-9 * (1 + np.abs(gamma).max()):
                return gamma
    return None


def _separating(x: np.ndarray, y: np.ndarray, r: np.ndarray, design: Design) -> str:
    """Name the columns of a direction that never speaks against the outcome, if there is one."""
    sign = np.where(y >= 1, 1.0, -1.0)[:, None] * x
    inner = (y > 0) & (y < 1)
    equal = x[inner] if inner.any() else None
    found = linprog(
        -sign[~inner].sum(axis=0),
        A_ub=-sign[~inner],
        b_ub=np.zeros((~inner).sum()),
        A_eq=equal,
        b_eq=None if equal is None else np.zeros(len(equal)),
        bounds=(-1, 1),
        method="highs",
    )
    if found.status != 0 or -found.fun < 1e-6:
        return ""
    direction = np.linalg.solve(r, found.x)
    size = np.abs(direction) * np.linalg.norm(design.x, axis=0)
    named = [n for n, s in zip(design.columns, size, strict=True) if s > 1e-6 * size.max()]
    others = [n for n in named if n != "intercept"] or named
    return ", ".join(others[:5])
