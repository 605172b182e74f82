"""Quantile regression: the exact solution of its linear program."""

import warnings

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from reintegration.estimation.covariance import Working
from reintegration.estimation.design import Design
from reintegration.estimation.estimators import Solution
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import Specification, Vcov


def fit_quantile(design: Design, spec: Specification) -> Solution:
    """Fit one quantile; `quantile_errors` gives its covariance.

    Raises
    ------
    NotEstimable
        If the linear program has no solution.
    """
    y, x, tau = design.y, design.x, spec.quantile
    n, k = x.shape
    basis, r = np.linalg.qr(x)
    found = linprog(
        np.concatenate([np.zeros(k), np.full(n, tau), np.full(n, 1 - tau)]),
        A_eq=hstack([csr_array(basis), eye_array(n), -eye_array(n)]).tocsc(),
        b_eq=y,
        bounds=[(None, None)] * k + [(0, None)] * (2 * n),
        method="highs-ds",
    )
    if found.status != 0:
        raise NotEstimable(f"quantile regression did not converge: {found.message}")
    # The solution passes through k rows: from them it has all its digits.
    coefficients = np.linalg.solve(r, found.x[:k])
    residuals = y - x @ coefficients
    through = np.argsort(np.abs(residuals))[:k]
    if np.linalg.matrix_rank(x[through]) == k:
        exact = np.linalg.solve(x[through], y[through])
        if np.allclose(exact, coefficients, rtol=1e-6, atol=1e-9):
            coefficients = exact
            residuals = y - x @ coefficients
    check = np.where(residuals < 0, tau - 1, tau) * residuals
    centred = y - np.quantile(y, tau)
    empty = np.where(centred < 0, tau - 1, tau) * centred
    return Solution(
        coefficients,
        residuals,
        r2=np.nan,
        r2_within=np.nan,
        absorbed=0,
        q=np.zeros((n, k)),
        scaled=np.zeros(n),
        working=Working(sigma2=1.0, given=True),
        statistics={"r1": 1 - float(check.sum()) / float(empty.sum())},
    )


def quantile_errors(design: Design, spec: Specification, vcov: Vcov) -> np.ndarray:
    """Return the root of the information, shape (k, k), from an estimate of the density.

    As statsmodels has it: `classical` takes the density as the same in all rows, HC0 does not
    (Powell 1991); kernel and bandwidth are Epanechnikov's and Hall and Sheather's.

    Raises
    ------
    NotEstimable
        If the density cannot be estimated.
    """
    from statsmodels.regression.quantile_regression import QuantReg

    kind = "iid" if vcov.type == "classical" else "robust"
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own iterations, whose estimates are not used
        model = QuantReg(design.y, design.x)
        fitted = model.fit(q=spec.quantile, vcov=kind, kernel="epa", bandwidth="hsheather")
        matrix = np.asarray(fitted.cov_params())
    if not np.isfinite(matrix).all():
        raise NotEstimable("the density at the quantile cannot be estimated")
    try:
        return np.linalg.cholesky(np.linalg.inv(matrix)).T
    except np.linalg.LinAlgError:
        raise NotEstimable("the density at the quantile cannot be estimated") from None
