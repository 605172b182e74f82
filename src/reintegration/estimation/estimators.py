"""Estimators: ordinary least squares, and least squares within returnees (fixed effects)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular

from reintegration.estimation.design import Design, less_group_means

# `library` fits by statsmodels and linearmodels: what the study publishes. `arrays` solves
# the same equations from the QR factors: for thousands of fits and for very large samples.
Engine = Literal["library", "arrays"]


@dataclass(frozen=True)
class Solution:
    """Coefficients, shape (k,), residuals, shape (n,), and explained variance.

    `absorbed` counts coefficients estimated beside the columns: for `within` the one
    constant of the returnee effects, as in Stata's `xtreg, fe` (see `within`).
    """

    coefficients: np.ndarray
    residuals: np.ndarray
    r2: float
    r2_within: float
    absorbed: int


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
