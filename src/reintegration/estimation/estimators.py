"""Least squares: ordinary and weighted, with fixed effects, and within returnees."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular

from reintegration.estimation.covariance import Working
from reintegration.estimation.design import Design, less_group_means
from reintegration.estimation.specs import Vcov

# `library` fits by statsmodels and linearmodels: what the study publishes. `arrays` solves
# the same equations from the QR factors: for thousands of fits and for very large samples.
Engine = Literal["library", "arrays"]


@dataclass(frozen=True)
class Extra:
    """A parameter beside the columns: a threshold, or (without error) a variance."""

    term: str
    group: str
    contrast: str
    value: float | None = None


@dataclass(frozen=True)
class Solution:
    """Coefficients, shape (k,), residuals, shape (n,), and explained variance.

    `absorbed` counts coefficients estimated beside the columns: for `within` the one
    constant of the returnee effects, as in Stata's `xtreg, fe` (see `within`).

    `q`, `r` and `scaled` are what covariances are computed from, where they are not the
    design's factors and the residuals: `q` times `scaled` are the scores of rows, and r'r the
    information. `extras` are parameters beside the columns: those without a value have their
    coefficients after the columns'.
    """

    coefficients: np.ndarray
    residuals: np.ndarray
    r2: float
    r2_within: float
    absorbed: int
    q: np.ndarray | None = None
    r: np.ndarray | None = None
    scaled: np.ndarray | None = None
    working: Working | None = None
    extras: tuple[Extra, ...] = ()
    statistics: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def least_squares(design: Design, intercept: bool = True) -> Solution:
    """Fit by ordinary or weighted least squares, fixed effects taken out, through QR."""
    from statsmodels.regression.linear_model import OLS

    y, x = design.scaled(design.y), design.scaled(design.x)
    n, k = x.shape
    coefficients = np.asarray(OLS(y, x).fit(method="qr").params) if k else np.empty(0)
    scaled = y - x @ coefficients
    weights = np.ones(n) if design.root is None else design.root**2
    fixed = design.fixed
    rank = fixed.rank if fixed else 0
    centre = np.average(design.y, weights=weights) if intercept or fixed else 0.0
    total = np.sqrt(weights) * (design.y - centre)
    r2 = _r2(total, scaled)
    free = n - k - rank
    rss = float(scaled @ scaled)
    constant = 1 if intercept or fixed else 0
    return Solution(
        coefficients,
        scaled if design.root is None else scaled / design.root,
        r2,
        _r2(y, scaled) if fixed else np.nan,
        absorbed=0,
        scaled=scaled,
        working=Working(root=design.root),
        statistics={
            "r2_adj": 1 - (1 - r2) * (n - constant) / free,
            "sigma": float(np.sqrt(rss / free)),
            "loglik": 0.5 * (np.log(weights).sum() - n * (np.log(2 * np.pi * rss / n) + 1))
            if rss > 0
            else np.inf,
        },
    )


def with_effects(solution: Solution, design: Design, vcov: Vcov) -> Solution:
    """Say what a covariance needs to know of the fixed effects of a least-squares fit.

    Degrees of freedom: classical and HC errors count every fixed effect, as R's `lm` with
    dummies. CR1S counts those not nested in clusters and one constant, as reghdfe and fixest
    do, or what `vcov.count_effects` says.
    """
    fixed = design.fixed
    if fixed is None:
        return solution
    hc, cr2 = vcov.type.startswith("HC"), vcov.type == "CR2"
    counted = {"all": fixed.rank, "none": 0}.get(vcov.count_effects)
    working = Working(
        rank=fixed.rank,
        leverage=fixed.leverage() if hc else None,
        basis=fixed.basis(design.clusters) if cr2 and design.clusters is not None else None,
        root=design.root,
    )
    absorbed = fixed.outside(design.ways) if counted is None else counted
    return replace(solution, absorbed=absorbed, working=working)


def ols(design: Design, engine: Engine = "library") -> Solution:
    """Fit by ordinary least squares, through QR."""
    if engine == "library":
        from statsmodels.regression.linear_model import OLS

        coefficients = np.asarray(OLS(design.y, design.x).fit(method="qr").params)
    else:
        coefficients = solve_triangular(design.r, design.q.T @ design.y)
    residuals = design.y - design.x @ coefficients
    return Solution(
        coefficients, residuals, _r2(design.y - design.y.mean(), residuals), np.nan, absorbed=0
    )


def within(design: Design, engine: Engine = "library") -> Solution:
    """Fit with a fixed effect for each returnee, by deviations from the returnee's mean.

    Degrees of freedom: errors are clustered by returnee, or by something returnees are
    nested in, so the effects are not counted, only their common constant: k + 1 in the
    factor of CR1S, as in Stata's `xtreg, fe vce(cluster)`. R's plm (`type = "sss"`) and
    linearmodels (`count_effects=False, group_debias=True`) count k.
    """
    y = less_group_means(design.y, design.returnees)
    x = less_group_means(design.x, design.returnees)
    if engine == "library" and x.shape[1]:
        coefficients = _panel_ols(design)
    else:
        coefficients = solve_triangular(design.r, design.q.T @ y)
    residuals = y - x @ coefficients
    levels = design.y - design.y.mean()
    return Solution(coefficients, residuals, _r2(levels, residuals), _r2(y, residuals), absorbed=1)


def _panel_ols(design: Design) -> np.ndarray:
    from linearmodels.panel import PanelOLS

    # Surveys of a returnee are numbered: the time index only has to tell them apart.
    occasion = pd.Series(design.returnees).groupby(design.returnees).cumcount()
    index = pd.MultiIndex.from_arrays([design.returnees, occasion])
    columns = [f"x{j}" for j in range(design.x.shape[1])]
    model = PanelOLS(
        pd.Series(design.y, index=index, name="y"),
        pd.DataFrame(design.x, index=index, columns=columns),
        entity_effects=True,
    )
    return model.fit(cov_type="unadjusted").params.to_numpy()


def _r2(centred: np.ndarray, residuals: np.ndarray) -> float:
    total = float(centred @ centred)
    return 1 - float(residuals @ residuals) / total if total > 0 else np.nan
