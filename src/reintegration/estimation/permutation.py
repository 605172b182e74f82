"""Permutation test of a term that is dealt out to clusters, or to rows.

The values of the term change places among the units within strata; outcomes and the other
columns stay where they are, and the regression is fitted again (Draper and Stoneman 1966; Young
2019). That tests the sharp null, that the term changes nobody's outcome, and is exact if every
assignment within the strata was as likely, whatever the errors and however unequal the clusters.
Permuting residuals instead (Freedman and Lane 1983; ter Braak 1992) needs errors that could
change places, which those of clusters of unequal size cannot.
"""

from dataclasses import dataclass

import numpy as np

from reintegration.estimation.covariance import group_sums
from reintegration.estimation.design import INTERCEPT, Design
from reintegration.estimation.kernel.assign import (
    drawn_assignments,
    every_assignment,
    n_assignments,
)
from reintegration.estimation.specs import Vcov

SAME = 1e-9  # relative difference below which two statistics tie
SINGULAR = 1e-12
MOST = 0.5  # share of units that never change places, above which nothing is tested


@dataclass(frozen=True)
class PermutationTest:
    """What permutations say: p-value, the statistic's name, and the smallest p there can be.

    `assignments` counts the distinct ones if all were gone through, else it is 0. `still` is the
    share of units in strata that have the term all or none, whose values never change places.
    """

    p_value: float
    inference: str
    smallest: float
    assignments: int = 0
    still: float = 0.0


class CannotPermute(Exception):
    """A term cannot be permuted over the units; the text says why."""


def permutation_test(
    design: Design,
    weights: np.ndarray,
    vcov: Vcov,
    kind: str,
    rng: np.random.Generator,
) -> PermutationTest:
    """Permute a term over clusters (without clusters: over rows) and compare t statistics.

    Parameters
    ----------
    design
        With the clusters of this covariance.
    weights
        Combination of coefficients, shape (k,), of columns of one variable.
    kind
        Type of the statistic's error: CR0 or HC0.

    Raises
    ------
    CannotPermute
        If the term is not one that could be dealt to the units, or has no t to compare.
    """
    block = _block(design, weights)
    n = len(design.y)
    units = np.arange(n) if design.clusters is None else design.clusters
    levels = _levels(design.x[:, block], units, vcov)
    if levels.shape[1] >= len(levels) - 1:
        raise CannotPermute(
            f"its levels tell every {vcov.cluster or 'row'} apart: whatever is dealt to whom, the"
            " regression is the same"
        )
    strata = np.zeros(len(levels), dtype=int)
    if vcov.within:
        held = design.groups[vcov.within]
        strata = held[np.unique(units, return_index=True)[1]]
        if (strata[units] != held).any():
            raise CannotPermute(f"a {vcov.cluster} stands in two values of {vcov.within}")
    codes = np.unique(levels, axis=0, return_inverse=True)[1].ravel()
    possible = n_assignments(codes, strata)
    place = f" within {vcov.within}" if vcov.within else ""
    if possible < 2:
        raise CannotPermute(f"it is the same in all units{place}: nothing can change places")
    still = _still(codes, strata)
    if still > MOST:
        raise CannotPermute(
            f"{still:.0%} of what it compares stands in a {vcov.within} where it never varies and"
            f" nothing can change places: chance{place} does not make this comparison"
        )
    exact = possible <= vcov.draws
    others = [j for j in range(design.x.shape[1]) if j not in block]
    refit = _Refit(design, others, weights[block], levels, units)
    ours = abs(refit.statistics(np.arange(len(levels))[None])[0])
    if np.isnan(ours):
        raise CannotPermute(f"its {kind} error is zero as it stands: there is no t to compare")
    batches = (
        every_assignment(codes, strata)
        if exact
        else drawn_assignments(strata, vcov.draws, rng, codes=codes)
    )
    found = np.concatenate([refit.statistics(places) for places in batches])
    # A permuted column that the others explain has no statistic and counts as extreme.
    reached = int((~(np.abs(found) < ours * (1 - SAME))).sum())
    if exact:
        inference = f"all {possible:,} permutations of the {kind} statistic"
        # An assignment and its mirror image tie, so that the smallest p is not always 1 / all.
        size = np.abs(found)
        largest = (~(size < np.nanmax(size) * (1 - SAME))).sum()
        return PermutationTest(reached / possible, inference, largest / possible, possible, still)
    inference = f"{vcov.draws:,} permutations of the {kind} statistic"
    smallest = max(1 / (1 + vcov.draws), 1 / possible)
    return PermutationTest((1 + reached) / (1 + vcov.draws), inference, smallest, still=still)


def _still(codes: np.ndarray, strata: np.ndarray) -> float:
    """The share of units in strata all of whose units have the same value."""
    pairs = np.unique(np.column_stack([strata, codes]), axis=0)[:, 0]
    held, values = np.unique(pairs, return_counts=True)
    return float(np.isin(strata, held[values == 1]).mean())


def _block(design: Design, weights: np.ndarray) -> list[int]:
    """Find the columns of the one variable that a combination is of."""
    named = list(dict.fromkeys(design.variables[j] for j in np.flatnonzero(weights).tolist()))
    if named == [INTERCEPT]:
        raise CannotPermute("the constant is the same in all units: nothing can change places")
    if len(named) != 1:
        raise CannotPermute(f"it combines {', '.join(named)}, which are dealt out separately")
    name = named[0]
    crossed = [v for v in dict.fromkeys(design.variables) if v != name and name in v.split(":")]
    if ":" in name:
        raise CannotPermute("an interaction is not dealt to units by itself")
    if crossed:
        raise CannotPermute(f"{name} is also part of {', '.join(crossed)}, which would stay")
    return [j for j, variable in enumerate(design.variables) if variable == name]


def _levels(x: np.ndarray, units: np.ndarray, vcov: Vcov) -> np.ndarray:
    """Return the columns by unit, shape (G, m)."""
    levels = x[np.unique(units, return_index=True)[1]]
    if (levels[units] != x).any():
        raise CannotPermute(f"it varies within {vcov.cluster} and cannot be permuted over them")
    return levels


class _Refit:
    """The regression with permuted columns, the others taken out of everything."""

    def __init__(
        self,
        design: Design,
        others: list[int],
        weights: np.ndarray,
        levels: np.ndarray,
        units: np.ndarray,
    ):
        self.design, self.weights, self.levels, self.units = design, weights, levels, units
        n = len(design.y)
        fixed = design.scaled(design.x[:, others]) if others else np.empty((n, 0))
        self.span = np.linalg.qr(fixed)[0] if others else fixed
        self.y = self._left(design.scaled(design.y)[:, None])

    def _left(self, columns: np.ndarray) -> np.ndarray:
        return columns - self.span @ (self.span.T @ columns)

    def statistics(self, places: np.ndarray) -> np.ndarray:
        """Return t of the combination for each assignment, shape (B,)."""
        rows = places[:, self.units].T  # (n, B)
        raw = [self.design.scaled(level[rows]) for level in self.levels.T]
        x = np.array([self._left(column) for column in raw])
        length = np.array([np.einsum("nb,nb->b", c, c) for c in raw]).max(axis=0)
        cross = np.einsum("inb,jnb->bij", x, x)
        smallest = np.linalg.eigvalsh(cross)[:, 0]
        told = smallest > SINGULAR * np.maximum(length, np.finfo(float).tiny)
        cross[~told] = np.eye(len(x))
        b = np.linalg.solve(cross, (self.y[:, 0] @ x).T[:, :, None])[:, :, 0]
        direction = np.linalg.solve(cross, np.broadcast_to(self.weights[:, None], (*b.shape, 1)))
        left = self.y - sum(column * step for column, step in zip(x, b.T, strict=True))
        score = sum(column * part for column, part in zip(x, direction[:, :, 0].T, strict=True))
        score *= left
        # Where every row is a unit the sums would only be in another order.
        whole = np.linalg.norm(score, axis=0)
        if len(self.levels) < len(self.units):
            score = group_sums(score, self.units, len(self.levels))
        error = np.linalg.norm(score, axis=0)
        told &= error > SAME * whole  # every cluster's residuals may sum to zero
        with np.errstate(divide="ignore", invalid="ignore"):
            t = b @ self.weights / error
        return np.where(told, t, np.nan)
