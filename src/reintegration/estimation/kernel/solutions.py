"""What solved regressions hold: arrays, statuses, reasons, and a table of them."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from reintegration.estimation.kernel.gram import Gram
from reintegration.estimation.kernel.single import Equation
from reintegration.estimation.results import (
    FAILED,
    NOT_ESTIMABLE,
    NOT_ESTIMABLE_UNDER_VCOV,
    OK,
)

STATUSES = ("", OK, FAILED, NOT_ESTIMABLE, NOT_ESTIMABLE_UNDER_VCOV)  # "": no such term
COLUMNS = (
    *("equation", "outcome", "term", "estimate", "std_error", "statistic", "p_value"),
    *("conf_low", "conf_high", "df", "vcov", "cluster_var", "n_clusters", "n_obs", "r2"),
    *("status", "warnings"),
)


@dataclass(frozen=True)
class Solutions:
    """Regressions solved on one sample: S of them, with at most T terms asked for.

    `coefficients`, `variances`, `df` and `codes` have shape (S, T), in the order of each
    equation's `asked`; `codes` point into `STATUSES`. A term whose status is
    `not_estimable_under_this_vcov` has its coefficient and no variance. `covariances`, shape
    (S, T, T), is None unless asked for. `rss`, `r2` and `k` (coefficients with the intercept),
    shape (S,), belong to the regression. `reasons` are by (equation, term), `dropped` by
    equation: each aliased column with those that explain it.
    """

    gram: Gram
    vcov: str
    equations: tuple[Equation, ...]
    coefficients: np.ndarray
    variances: np.ndarray
    df: np.ndarray
    codes: np.ndarray
    rss: np.ndarray
    r2: np.ndarray
    k: np.ndarray
    covariances: np.ndarray | None
    reasons: dict[tuple[int, int], str] = field(default_factory=dict)
    dropped: dict[int, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def std_errors(self) -> np.ndarray:
        """Standard errors, shape (S, T)."""
        return np.sqrt(self.variances)

    @property
    def p_values(self) -> np.ndarray:
        """Two-sided p-values by Student's t, shape (S, T); missing for an exact fit."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(self.variances > 0, self.coefficients / self.std_errors, np.nan)
        return 2 * stdtr(self.df, -np.abs(t))

    def table(self, confidence: float = 0.95) -> pd.DataFrame:
        """List every term of every equation, as the tables of estimates do."""
        errors, p_values = self.std_errors, self.p_values
        half = stdtrit(self.df, 0.5 + confidence / 2) * errors
        rows = []
        for s, equation in enumerate(self.equations):
            for t, term in enumerate(equation.asked):
                status = STATUSES[self.codes[s, t]]
                b = self.coefficients[s, t] if status == OK else np.nan
                rows.append(
                    {
                        "equation": s,
                        "outcome": equation.outcome,
                        "term": term,
                        "estimate": b,
                        "std_error": errors[s, t],
                        "statistic": b / errors[s, t] if errors[s, t] > 0 else np.nan,
                        "p_value": p_values[s, t],
                        "conf_low": b - half[s, t],
                        "conf_high": b + half[s, t],
                        "df": self.df[s, t],
                        "vcov": self.vcov,
                        "cluster_var": self.gram.cluster_name,
                        "n_clusters": self.gram.n_clusters,
                        "n_obs": self.gram.n,
                        "r2": self.r2[s],
                        "status": status,
                        "warnings": self.reasons.get((s, t), ""),
                    }
                )
        return pd.DataFrame(rows, columns=list(COLUMNS))
