"""Fixed effects taken out of columns: exactly, one variable or several, with weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reintegration.estimation.results import NotEstimable

_LARGEST = 60_000_000  # cells of the dummies of all effects but the first
_RANK = 1e-9


@dataclass(frozen=True)
class Effects:
    """Fixed effects of one variable or several.

    `first`, shape (n,), numbers the groups of the variable with most values, whose means are
    subtracted; `rest`, shape (n, m), is an orthonormal basis of what the other variables'
    dummies add to it, of rows times `root`, the square roots of the weights. `rank` counts
    all independent dummies.
    """

    codes: tuple[np.ndarray, ...]
    first: np.ndarray
    rest: np.ndarray
    root: np.ndarray | None

    @property
    def rank(self) -> int:
        """Independent dummies, the constant included."""
        return int(self.first.max()) + 1 + self.rest.shape[1]

    def residuals(self, x: np.ndarray) -> np.ndarray:
        """Take the effects out of columns of shape (n,) or (n, k); rows stay unweighted."""
        left = _less_means(x, self.first, self.root)
        if not self.rest.shape[1]:
            return left
        root = np.ones(len(left)) if self.root is None else self.root
        scaled = (left.T * root).T
        return ((scaled - self.rest @ (self.rest.T @ scaled)).T / root).T

    def leverage(self) -> np.ndarray:
        """Diagonal of the projection on the effects, shape (n,)."""
        weights = np.ones(len(self.first)) if self.root is None else self.root**2
        own = weights / np.bincount(self.first, weights=weights)[self.first]
        return own + np.einsum("ij,ij->i", self.rest, self.rest)

    def basis(self, clusters: np.ndarray) -> np.ndarray:
        """Orthonormal basis of the effects, shape (n, m), times `root`.

        Effects of the first variable that are nested in clusters change no residual's
        adjustment (Pustejovsky and Tipton 2018, theorem 2) and are left out, unless there are
        weights.
        """
        if self.root is None and nested(self.first, clusters):
            return self.rest
        return self.whole()

    def whole(self) -> np.ndarray:
        """Orthonormal basis of all effects, shape (n, m), times `root`."""
        n, m = len(self.first), int(self.first.max()) + 1
        if n * m > _LARGEST:
            raise NotEstimable(f"a basis of {m} fixed effects over {n} rows is too large")
        root = np.ones(n) if self.root is None else self.root
        dummies = np.zeros((n, m))
        dummies[np.arange(n), self.first] = root
        return np.hstack([dummies / np.linalg.norm(dummies, axis=0), self.rest])

    def outside(self, clusters: Sequence[np.ndarray]) -> int:
        """Count independent dummies, the constant included, of effects not nested in clusters."""
        crossing = [
            codes for codes in self.codes if not any(nested(codes, cluster) for cluster in clusters)
        ]
        return fixed_effects(crossing, self.root).rank if crossing else 1


def fixed_effects(codes: Sequence[np.ndarray], root: np.ndarray | None = None) -> Effects:
    """Prepare fixed effects.

    Parameters
    ----------
    codes
        Groups of each variable, numbered from 0, shape (n,).
    root
        Square roots of the weights, shape (n,).

    Raises
    ------
    NotEstimable
        If the dummies of all variables but the largest do not fit into memory.
    """
    first, *others = sorted(codes, key=lambda c: -int(c.max()))
    n = len(first)
    sizes = [int(other.max()) + 1 for other in others]
    if n * sum(sizes) > _LARGEST:
        raise NotEstimable(
            f"{sum(sizes)} further fixed effects over {n} rows are too many: only one variable"
            " may have that many values"
        )
    dummies = np.zeros((n, sum(sizes)))
    start = 0
    for other, size in zip(others, sizes, strict=True):
        dummies[np.arange(n), start + other] = 1.0
        start += size
    scale = 1.0 if root is None else root[:, None]
    left = _less_means(dummies, first, root) * scale
    if not others:
        return Effects(tuple(codes), first, left, root)
    basis, strength, _ = np.linalg.svd(left, full_matrices=False)
    return Effects(tuple(codes), first, basis[:, strength > _RANK * max(strength)], root)


def _less_means(x: np.ndarray, groups: np.ndarray, root: np.ndarray | None) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    columns = x.reshape(len(x), -1)
    weights = np.ones(len(x)) if root is None else root**2
    total = np.bincount(groups, weights=weights)
    means = np.empty((len(total), columns.shape[1]))
    for j, column in enumerate(columns.T):
        means[:, j] = np.bincount(groups, weights=weights * column) / total
    return (columns - means[groups]).reshape(x.shape)


def nested(codes: np.ndarray, clusters: np.ndarray) -> bool:
    """Say whether each group lies in one cluster."""
    low = np.full(codes.max() + 1, clusters.max() + 1)
    np.minimum.at(low, codes, clusters)
    return bool((clusters == low[codes]).all())
