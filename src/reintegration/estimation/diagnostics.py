"""Diagnostics of a fitted regression: heteroskedasticity, form, collinearity, leverage, influence.

Koenker (1981) and White (1980) for heteroskedasticity, Ramsey (1969) for RESET, Fox and Monette
(1992) for generalised variance inflation, Belsley, Kuh and Welsch (1980) for leverage and DFBETAs.
All come from the QR factors of the design, fixed effects and weights taken into account.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.stats import chi2, f

from reintegration.estimation.covariance import FULL_LEVERAGE, covariance
from reintegration.estimation.design import independent_columns
from reintegration.estimation.fit import Fit
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import Vcov

LEAST_SQUARES = ("ols", "within")
MOST_PRODUCTS = 100  # columns of White's auxiliary regression
POWERS = (2, 3)
SINGULAR = 1e-12  # least variance of a combination, in the largest
EVEN = 1e-12  # spread of squared residuals, in their mean
ALL_EQUAL = "squared residuals are all equal"


@dataclass(frozen=True)
class Test:
    """A test of the model; without numbers `says` gives the reason."""

    name: str
    says: str
    statistic: float = np.nan
    df: tuple[float, ...] = ()
    p_value: float = np.nan


@dataclass(frozen=True)
class Inflation:
    """Generalised variance inflation of a variable with `df` columns.

    `per_column` is GVIF^(1/df), which can be held against the usual limits of a VIF.
    """

    variable: str
    gvif: float
    df: int

    @property
    def per_column(self) -> float:
        """GVIF^(1/df): the VIF itself where the variable is one column."""
        return float(self.gvif ** (1 / self.df))


@dataclass(frozen=True)
class Leverage:
    """Leverage of the rows: above 2k/n, above 3k/n, and rows that fit themselves."""

    max: float
    mean: float
    high_rows: int
    very_high_rows: int
    exact_rows: int


def not_least_squares(fit: Fit) -> str:
    """Say why what is known for least squares cannot be said of this fit; empty where it can."""
    if fit.design is None or fit.solution is None:
        return "the specification could not be fitted"
    if fit.spec.estimator not in LEAST_SQUARES:
        return f"known for least squares, and this is {fit.spec.estimator}"
    return ""


def tests(fit: Fit) -> list[Test]:
    """Test for heteroskedasticity and for a wrong form; what does not apply says why."""
    return [breusch_pagan(fit), white(fit), reset(fit), reset(fit, robust=True)]


def _untested(fit: Fit, weighted: bool = False) -> str:
    if reason := not_least_squares(fit):
        return reason
    if fit.spec.estimator == "within":
        return "every returnee has an effect of his own: too few surveys each to tell"
    if weighted and fit.spec.weights:
        return "rows are weighted: unequal variances are what the weights say"
    assert fit.design is not None and fit.solution is not None
    if np.linalg.norm(fit.solution.residuals) <= 1e-12 * np.linalg.norm(fit.design.y):
        return "the fit is exact: there are no residuals"
    return ""


def breusch_pagan(fit: Fit) -> Test:
    """Koenker's version of the test of Breusch and Pagan, n R2 of squared residuals on columns.

    As R's `lmtest::bptest`; fixed effects are columns too.
    """
    name = "Breusch-Pagan (Koenker)"
    if reason := _untested(fit, weighted=True):
        return Test(name, reason)
    design, solution = fit.design, fit.solution
    assert design is not None and solution is not None
    squares = solution.residuals**2
    centred = squares - squares.mean()
    if np.abs(centred).max() <= EVEN * squares.mean():
        return Test(name, ALL_EQUAL)
    left = design.scaled(centred)
    left = left - design.q @ (design.q.T @ left)
    total = float(centred @ centred)
    statistic = len(left) * (1 - float(left @ left) / total)
    df = len(design.columns) + (design.fixed.rank if design.fixed else 0) - 1
    if df < 1:
        return Test(name, "there is no column but the intercept")
    return Test(
        name,
        "squared residuals regressed on the columns; null: equal variances",
        statistic,
        (df,),
        float(chi2.sf(statistic, df)),
    )


def white(fit: Fit) -> Test:
    """White's test: squared residuals on columns, their squares and products, where few."""
    name = "White"
    if reason := _untested(fit, weighted=True):
        return Test(name, reason)
    design, solution = fit.design, fit.solution
    assert design is not None and solution is not None
    if design.fixed is not None:
        return Test(name, "not with fixed effects: their products are too many")
    varying = design.x[:, np.ptp(design.x, axis=0) > 0]
    k = varying.shape[1]
    made = k * (k + 3) // 2
    if k == 0:
        return Test(name, "there is no column but the intercept")
    if made > MOST_PRODUCTS or made >= len(varying) // 2:
        return Test(name, f"{k} columns make {made:,} squares and products: too many to tell")
    varying = (varying - varying.mean(axis=0)) / varying.std(axis=0)
    first, second = np.triu_indices(k)
    z = np.column_stack([np.ones(len(varying)), varying, varying[:, first] * varying[:, second]])
    q, r = np.linalg.qr(z)
    kept, _ = independent_columns(r, np.linalg.norm(z, axis=0))
    q = np.linalg.qr(z[:, kept])[0]
    squares = solution.residuals**2
    centred = squares - squares.mean()
    if np.abs(centred).max() <= EVEN * squares.mean():
        return Test(name, ALL_EQUAL)
    left = centred - q @ (q.T @ centred)
    statistic = len(left) * (1 - float(left @ left) / float(centred @ centred))
    df = len(kept) - 1
    return Test(
        name,
        "squared residuals regressed on columns, squares and products; null: equal variances",
        statistic,
        (df,),
        float(chi2.sf(statistic, df)),
    )


def reset(fit: Fit, robust: bool = False) -> Test:
    """Ramsey's test: squares and cubes of the fitted values added to the columns.

    The classical F test, as R's `lmtest::resettest`, or a Wald test with the covariance of the
    fit (CR1S in place of types that have no joint test here), by F with its degrees of freedom.
    """
    vcov = _joint(fit.spec.vcov) if robust else Vcov("classical")
    name = f"RESET ({f'Wald, {vcov.label}' if robust else 'classical F'})"
    if reason := _untested(fit):
        return Test(name, reason)
    design, solution = fit.design, fit.solution
    assert design is not None and solution is not None
    fitted = design.y - solution.residuals
    if fit.spec.intercept or design.fixed is not None:
        fitted = fitted - fitted.mean()
    size = np.abs(fitted).max()
    powers = np.column_stack([(fitted / (size or 1.0)) ** power for power in POWERS])
    added = design.scaled(powers)
    lengths = np.linalg.norm(added, axis=0)
    for _ in range(2):
        added = added - design.q @ (design.q.T @ added)
    if (np.linalg.norm(added, axis=0) <= 1e-7 * lengths).any():
        return Test(name, "powers of the fitted values are combinations of the columns")
    basis, r = np.linalg.qr(added)
    if abs(r[1, 1]) <= 1e-7 * abs(r).max():
        return Test(name, "powers of the fitted values are combinations of the columns")
    residuals = solution.residuals if solution.scaled is None else solution.scaled
    gain = basis.T @ residuals
    left = residuals - basis @ gain
    q = np.hstack([design.q, basis])
    try:
        errors = covariance(
            q,
            np.eye(q.shape[1]),
            left,
            vcov,
            design.clusters,
            solution.absorbed,
            design.second,
            solution.working,
        )
    except NotEstimable as reason:
        return Test(name, str(reason))
    matrix = errors.matrix[-2:, -2:]
    least, most = np.linalg.eigvalsh(matrix)
    if least <= SINGULAR * most:
        return Test(name, f"{vcov.label} gives the powers no variance")
    statistic = float(gain @ np.linalg.solve(matrix, gain)) / len(POWERS)
    df = (float(len(POWERS)), errors.df)
    return Test(
        name,
        "powers 2 and 3 of the fitted values added; null: they add nothing",
        statistic,
        df,
        float(chi2.sf(2 * statistic, 2) if np.isinf(errors.df) else f.sf(statistic, *df)),
    )


def _joint(vcov: Vcov) -> Vcov:
    """The covariance that a joint test is made with."""
    if vcov.type in ("CR2", "CR3", "wild", "permutation"):
        return Vcov("CR1S", vcov.cluster, vcov.second) if vcov.cluster else Vcov("HC1")
    return vcov


def inflation(fit: Fit) -> list[Inflation]:
    """Generalised variance inflation of each variable, from the covariance of coefficients."""
    if not_least_squares(fit):
        return []
    design = fit.design
    assert design is not None
    kept = [j for j, name in enumerate(design.variables) if name != "intercept"]
    if not kept:
        return []
    inverse = solve_triangular(design.r, np.eye(len(design.r)))[kept]
    lengths = np.linalg.norm(inverse, axis=1)
    inverse = inverse / lengths[:, None]
    whole = _log_det(inverse)
    names = np.array([design.variables[j] for j in kept])
    found = []
    for name in dict.fromkeys(names.tolist()):
        own = names == name
        log = _log_det(inverse[own]) + _log_det(inverse[~own]) - whole
        found.append(Inflation(name, float(np.exp(log)), int(own.sum())))
    return found


def _log_det(rows: np.ndarray) -> float:
    """Log of the determinant of rows times their transpose."""
    if not len(rows):
        return 0.0
    return 2 * float(np.log(np.abs(np.diag(np.linalg.qr(rows.T)[1]))).sum())


def hat_values(fit: Fit) -> np.ndarray:
    """Leverage of each row, shape (n,), fixed effects counted; as R's `hatvalues`."""
    design = fit.design
    assert design is not None
    values = np.einsum("ij,ij->i", design.q, design.q)
    return values if design.fixed is None else values + design.fixed.leverage()


def leverage(fit: Fit) -> Leverage | None:
    """Summarise leverage; None where the estimator is not least squares."""
    if not_least_squares(fit) or fit.design is None:
        return None
    values = hat_values(fit)
    mean = float(values.mean())
    return Leverage(
        max=float(values.max()),
        mean=mean,
        high_rows=int((values > 2 * mean).sum()),
        very_high_rows=int((values > 3 * mean).sum()),
        exact_rows=int((values > FULL_LEVERAGE).sum()),
    )


def dfbetas(fit: Fit, weights: np.ndarray) -> np.ndarray:
    """Change of combinations of coefficients without each row, in standard errors without it.

    Parameters
    ----------
    weights
        Combinations, shape (J, k).

    Returns
    -------
    Shape (n, J), as R's `dfbetas`; missing for rows that fit themselves.
    """
    design, solution = fit.design, fit.solution
    assert design is not None and solution is not None
    residuals = solution.residuals if solution.scaled is None else solution.scaled
    directions = solve_triangular(design.r, weights.T, trans="T")
    left = 1 - hat_values(fit)
    left[left < 1 - FULL_LEVERAGE] = np.nan
    free = len(residuals) - len(design.columns) - (design.fixed.rank if design.fixed else 0)
    if free < 2:
        return np.full((len(residuals), len(weights)), np.nan)
    rss = float(residuals @ residuals)
    without = np.sqrt(np.maximum(rss - residuals**2 / left, 0) / (free - 1))
    without[without == 0] = np.nan
    scale = residuals / (left * without)
    return design.q @ (directions / np.linalg.norm(directions, axis=0)) * scale[:, None]
