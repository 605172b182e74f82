"""Quantile regression: the exact solution of its linear program."""

import numpy as np
from scipy.linalg import qr as factors
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack
from scipy.special import ndtri

from reintegration.estimation.covariance import Working
from reintegration.estimation.design import Design
from reintegration.estimation.estimators import Solution
from reintegration.estimation.results import NotEstimable, NoVariance
from reintegration.estimation.specs import Specification, Vcov

IQR = 1.34  # of a normal distribution, in standard deviations
ROUNDING = 1e-13  # of the largest outcome
NO_DENSITY = (
    "the density at the quantile cannot be estimated: the middle half of the residuals are ties"
)


def fit_quantile(design: Design, spec: Specification) -> Solution:
    """Fit one quantile; `quantile_errors` gives its covariance.

    Raises
    ------
    NotEstimable
        If the linear program has no solution.
    """
    y, x, tau = design.y, design.x, spec.quantile
    n, k = x.shape
    # Whatever the units of outcome and columns, the program is the same: its tolerances are not
    # relative. Moving y along the columns moves the coefficients as much.
    basis, r = np.linalg.qr(x)
    start = basis.T @ y
    left = y - basis @ start
    rounding = ROUNDING * float(np.abs(y).max())
    size = float(np.abs(left).max())
    size = size if size > rounding else float(np.abs(y).max()) or 1.0
    found = linprog(
        np.concatenate([np.zeros(k), np.full(n, tau), np.full(n, 1 - tau)]),
        A_eq=hstack([csr_array(basis), eye_array(n), -eye_array(n)]).tocsc(),
        b_eq=left / size,
        bounds=[(None, None)] * k + [(0, None)] * (2 * n),
        method="highs-ds",
    )
    if found.status != 0:
        raise NotEstimable(f"quantile regression did not converge: {found.message}")
    # The solution passes through k rows: from them it has all its digits.
    moved = found.x[:k]
    near = np.flatnonzero(np.abs(left / size - basis @ moved) < 1e-9)
    through = near[factors(basis[near].T, mode="r", pivoting=True)[1][:k]]
    if np.linalg.matrix_rank(basis[through]) == k:
        exact = np.linalg.solve(basis[through], left[through] / size)
        if np.allclose(exact, moved, rtol=1e-6, atol=1e-9):
            moved = exact
    coefficients = np.linalg.solve(r, start + size * moved)
    # What moves no outcome by more than rounding is zero, whatever the column's units.
    spread = np.ptp(x, axis=0)
    spread = np.where(spread > 0, spread, np.abs(x).max(axis=0))
    coefficients = np.where(np.abs(coefficients) * spread <= rounding, 0.0, coefficients)
    residuals = y - x @ coefficients
    residuals[np.abs(residuals) <= rounding] = 0.0
    check = np.where(residuals < 0, tau - 1, tau) * residuals
    centred = y - np.quantile(y, tau)
    whole = float((np.where(centred < 0, tau - 1, tau) * centred).sum())
    return Solution(
        coefficients,
        residuals,
        r2=np.nan,
        r2_within=np.nan,
        absorbed=0,
        q=np.zeros((n, k)),
        scaled=np.zeros(n),
        working=Working(sigma2=1.0, given=True),
        statistics={"r1": 1 - float(check.sum()) / whole if whole > rounding else np.nan},
    )


def quantile_errors(
    design: Design, solution: Solution, spec: Specification, vcov: Vcov
) -> np.ndarray:
    """Return the root of the information, shape (k, k), from an estimate of the density.

    As statsmodels has it, but from the exact residuals: one density for all rows, with the kernel
    of Epanechnikov and the bandwidth of Hall and Sheather. HC0 takes the scores of rows as they
    are, `classical` their expectation.

    Raises
    ------
    NoVariance
        If the density cannot be estimated.
    """
    residuals, tau, n = solution.residuals, spec.quantile, len(design.y)
    q, r = np.linalg.qr(design.x)
    low, high = np.percentile(residuals, (25, 75))
    spread = min(float(np.std(design.y)), float(high - low) / IQR)
    if not spread > ROUNDING * float(np.abs(design.y).max()):
        raise NoVariance(NO_DENSITY)
    width = spread * float(np.diff(ndtri(tau + _hall_sheather(n, tau) * np.array([-1, 1])))[0])
    if not (np.isfinite(width) and width > 0):
        raise NoVariance(f"{n} rows are too few to estimate the density at the quantile")
    near = residuals / width
    density = float(np.where(np.abs(near) <= 1, 0.75 * (1 - near**2), 0).sum()) / (n * width)
    if not density > 0:
        raise NoVariance("the density at the quantile cannot be estimated: no residual is near it")
    if vcov.type == "classical":
        return r * (density / np.sqrt(tau * (1 - tau)))
    above = residuals > 0  # rows that the fit passes through are not above it
    scores = q * np.where(above, tau, 1 - tau)[:, None]
    _, root = np.linalg.qr(scores)
    _, upper = np.linalg.qr(np.linalg.solve(root.T, r))
    return upper * density


def _hall_sheather(n: int, tau: float) -> float:
    """Return the bandwidth of Hall and Sheather (1988) on the scale of probabilities."""
    z = float(ndtri(tau))
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    return float(
        n ** (-1 / 3) * ndtri(0.975) ** (2 / 3) * (1.5 * density**2 / (2 * z * z + 1)) ** (1 / 3)
    )
