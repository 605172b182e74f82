"""Whether clusters can tell the error of a term: who carries it, and how many clusters that is.

An estimate is a weighted sum of outcomes, with weights u = X (X'X)^-1 w for a combination w of
coefficients. A cluster-robust error compares what clusters add to that sum, u_g'e_g. Where a
vector of the columns' span lives in one cluster alone (its own dummy, a slope in it, any
combination of columns that comes to that), residuals are orthogonal to it: the part of u_g along
it adds nothing to the error, whatever the cluster's true disturbance. Without that cluster the
estimate would not be identified.

Effective clusters: Carter, Schnepel and Steigerwald (2017), for the estimate at hand
(MacKinnon, Nielsen and Webb 2023): G* = (sum gamma_g)^2 / sum gamma_g^2, where gamma_g is the
variance that cluster g adds if disturbances within clusters have the correlation rho.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reintegration.estimation.absorb import Effects, nested
from reintegration.estimation.covariance import group_sums

LONE = 1e-9  # what the other clusters hold of a vector that lives in one alone
SEEN = 1e-12  # share of a combination's variance below which it is rounding


@dataclass(frozen=True)
class Support:
    """The columns of a fit as one way of clustering sees them.

    `q`, shape (n, k), is an orthonormal basis of the columns and `effects`, shape (n, m), of the
    fixed effects that cross clusters; `inverse`, shape (k, k), is R^-1. `root`, shape (n,),
    turns weights of scaled rows into those of outcomes. `working`: rows are scaled to the
    estimator's own model of errors, which then stands for any correlation.
    """

    q: np.ndarray
    effects: np.ndarray
    inverse: np.ndarray
    clusters: np.ndarray
    root: np.ndarray | None = None
    working: bool = False

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return int(self.clusters.max()) + 1

    def direction(self, weights: np.ndarray) -> np.ndarray:
        """Return a combination of coefficients in the coordinates of `q`, shape (k,)."""
        return self.inverse.T @ weights

    def influence(self, weights: np.ndarray) -> np.ndarray:
        """Return the weights of outcomes in a combination of coefficients, shape (n,)."""
        rows = self.q @ self.direction(weights)
        return rows if self.root is None else rows * self.root

    def carrying(self, weights: np.ndarray) -> int:
        """Count the clusters whose outcomes have a weight in a combination of coefficients."""
        squares = np.bincount(self.clusters, weights=self.influence(weights) ** 2)
        return int((squares > SEEN * squares.sum()).sum())

    def effective(self, weights: np.ndarray) -> float:
        """Return G*: the smaller of those of rho = 0 and of rho = 1.

        That of rho = 1 is left out where disturbances that a cluster shares have no weight, as
        with an effect for each cluster.
        """
        u = self.influence(weights)
        squares = np.bincount(self.clusters, weights=u**2)
        found = [equal_clusters(squares)]
        shared = np.bincount(self.clusters, weights=u) ** 2
        sizes = np.bincount(self.clusters)
        if not self.working and shared.sum() > SEEN * (sizes * squares).sum():
            found.append(equal_clusters(shared))
        return float(min(found))

    def leaning(self, weights: np.ndarray) -> tuple[float, int]:
        """Say how much of a combination stands on what one cluster alone tells.

        Returns
        -------
        The share of its variance, were rows independent or (if larger) were disturbances of a
        cluster the same in all its rows; and the number of such clusters.
        """
        a = self.direction(weights)
        length, lost, shared, clusters = float(a @ a), 0.0, 0.0, 0
        for group, vectors in self._lone.items():
            along = vectors[: len(a)].T @ a
            if along @ along <= SEEN * length:
                continue
            clusters += 1
            lost += float(along @ along)
            shared += float((self._sums[group] @ (vectors @ along)) ** 2)
        if not clusters:
            return 0.0, 0
        u = self.influence(weights)
        common = float((np.bincount(self.clusters, weights=u) ** 2).sum())
        sizes = np.bincount(self.clusters)
        counts = common > SEEN * float(sizes @ np.bincount(self.clusters, weights=u**2))
        return max(lost / length, shared / common if counts else 0.0), clusters

    @cached_property
    def basis(self) -> np.ndarray:
        """Columns and effects that cross clusters, shape (n, k + m)."""
        return np.hstack([self.q, self.effects]) if self.effects.shape[1] else self.q

    @cached_property
    def _sums(self) -> np.ndarray:
        """Sums of the basis by cluster, in terms of outcomes, shape (G, k + m)."""
        rows = self.basis if self.root is None else self.basis * self.root[:, None]
        return group_sums(rows, self.clusters, self.n_clusters)

    @cached_property
    def _lone(self) -> dict[int, np.ndarray]:
        """Vectors of the span that live in one cluster, as columns in the basis, by cluster."""
        total = np.bincount(self.clusters, weights=np.einsum("ij,ij->i", self.basis, self.basis))
        found = {}
        for group in np.flatnonzero(total > 1 - LONE).tolist():
            own = self.basis[self.clusters == group]
            if len(own) < own.shape[1]:
                values, vectors = np.linalg.eigh(own @ own.T)
                vectors = own.T @ vectors  # of length one where the eigenvalue is
            else:
                values, vectors = np.linalg.eigh(own.T @ own)
            alone = values > 1 - LONE
            if alone.any():
                found[group] = vectors[:, alone]
        return found


def crossing(fixed: Effects | None, clusters: np.ndarray, n: int) -> np.ndarray:
    """Return an orthonormal basis of the fixed effects that are not nested in clusters, (n, m).

    Effects nested in clusters leave nothing of what a cluster shares in the columns, and
    nothing of their own in residuals.

    Raises
    ------
    NotEstimable
        If they do not fit into memory.
    """
    if fixed is None:
        return np.empty((n, 0))
    return fixed.rest if nested(fixed.first, clusters) else fixed.whole()


def equal_clusters(gamma: np.ndarray) -> float:
    """Count the clusters of equal weight that clusters of these variances amount to."""
    largest = float(gamma.max(initial=0.0))
    if not largest > 0:
        return np.nan
    share = gamma / largest
    return float(share.sum()) ** 2 / float(share @ share)
