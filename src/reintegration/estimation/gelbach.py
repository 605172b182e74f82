"""The change of coefficients from a shorter regression to a longer one, split into parts.

Gelbach (2016, Journal of Labor Economics 34): with the rows of the longer regression, the
coefficients of a shorter one differ from the longer one's by the sum over groups g of added
columns of (X1'X1)^-1 X1'Xg bg, whatever the order of the groups. Before that stands the change
that comes of other rows: the shorter regression on the rows of the longer one, less on its own.

Errors are those of stacked estimating equations: each part is a smooth function of the shorter
regression on either sample, the longer one, and the regressions of the added columns on the
shorter one's; its influence is summed by row or by cluster. All parts of a change therefore have
one joint covariance, in which the samples' common rows count once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from reintegration.estimation.design import Design

TOTAL, OTHER_ROWS, OTHER_CONTROLS = "total", "other_rows", "other_controls"
EFFECTS = "fixed_effects"  # the group of fixed effects that the longer regression adds


@dataclass(frozen=True)
class Part:
    """A part of the change of T coefficients.

    `change`, shape (T,), and `influence`, shape (n, T): by how much each row of the union of the
    samples moves it.
    """

    change: np.ndarray
    influence: np.ndarray

    def __add__(self, other: "Part") -> "Part":
        return Part(self.change + other.change, self.influence + other.influence)

    def __sub__(self, other: "Part") -> "Part":
        return Part(self.change - other.change, self.influence - other.influence)


@dataclass(frozen=True)
class Fitted:
    """A least-squares fit: coefficients, shape (k,), and residuals as scaled, shape (n,)."""

    design: Design
    coefficients: np.ndarray
    residuals: np.ndarray

    @classmethod
    def of(cls, design: Design, values: np.ndarray | None = None) -> "Fitted":
        """Regress values by row, or the outcome, on the columns of a design."""
        y = design.scaled(design.y if values is None else values)
        projected = design.q.T @ y
        coefficients = solve_triangular(design.r, projected)
        return cls(design, coefficients, y - design.q @ projected)

    def influence(self, weights: np.ndarray) -> np.ndarray:
        """How each row moves combinations of coefficients, `weights` of shape (k, T)."""
        scores = self.design.q * self.residuals[:, None]
        return scores @ solve_triangular(self.design.r, weights, trans="T")


def split_change(
    own: Design,
    common: Design,
    longer: Design,
    weights: tuple[np.ndarray, np.ndarray, np.ndarray],
    groups: Mapping[str, Sequence[int]],
    rows: np.ndarray,
) -> dict[str, Part]:
    """Split the change of terms from a shorter regression to a longer one.

    Parameters
    ----------
    own, common
        The shorter regression on its own rows, and on those of the longer one.
    longer
        The longer regression, whose columns include those of `common`.
    weights
        What makes terms of the coefficients of each of the three: shapes (k, T).
    groups
        The columns that the longer one adds, by group.
    rows
        The rows of all three, as positions in the frame, ascending: shape (n,).

    Returns
    -------
    `total`, `other_rows`, `other_controls`, then a part for each group; where the longer one adds
    fixed effects, `fixed_effects` is what remains.
    """
    at_own, at_common, at_longer = weights

    def part(fitted: Fitted, at: np.ndarray) -> Part:
        return _spread(fitted.design, rows, fitted.coefficients @ at, fitted.influence(at))

    short_own, short, long_fit = (Fitted.of(design) for design in (own, common, longer))
    before, between, after = (
        part(short_own, at_own),
        part(short, at_common),
        part(long_fit, at_longer),
    )
    by_group = {
        name: _group(common, long_fit, list(columns), at_common, rows)
        for name, columns in groups.items()
    }
    controls = after - between
    if longer.fixed is not None and _effects_added(common, longer):
        remains = controls
        for found in by_group.values():
            remains = remains - found
        by_group[EFFECTS] = remains
    return {
        TOTAL: after - before,
        OTHER_ROWS: between - before,
        OTHER_CONTROLS: controls,
        **by_group,
    }


def _group(
    common: Design, longer: Fitted, columns: list[int], at: np.ndarray, rows: np.ndarray
) -> Part:
    """The part of the change that goes through a group of added columns."""
    added = longer.design.x[:, columns]
    through = Fitted.of(common, added @ longer.coefficients[columns])
    onto = solve_triangular(common.r, common.q.T @ common.scaled(added))  # shape (k, columns)
    whole = np.zeros((len(longer.coefficients), at.shape[1]))
    whole[columns] = onto.T @ at
    influence = through.influence(at) + longer.influence(whole)
    return _spread(common, rows, -(through.coefficients @ at), -influence)


def _spread(design: Design, rows: np.ndarray, change: np.ndarray, influence: np.ndarray) -> Part:
    """Put influences by row of a design into the rows of all samples."""
    whole = np.zeros((len(rows), influence.shape[1]))
    whole[np.searchsorted(rows, design.rows)] = influence
    return Part(change, whole)


def _effects_added(common: Design, longer: Design) -> bool:
    before = common.fixed.rank if common.fixed else 0
    return longer.fixed is not None and longer.fixed.rank > max(before, 1)
