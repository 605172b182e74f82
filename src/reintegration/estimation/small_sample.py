"""CR2 and CR3: cluster-robust covariances for few clusters, and the degrees of freedom of CR2.

Bell and McCaffrey (2002) and Pustejovsky and Tipton (2018), as R's clubSandwich computes them.
With weights the working model stays that of independent rows of equal variance, its default.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from reintegration.estimation.results import NotEstimable

_SINGULAR = 1e-10  # eigenvalues below are zero: the adjustment is a pseudo-inverse
_LARGEST_CLUSTER = 3_000  # rows, where the adjustment cannot be found in fewer dimensions
_LARGEST = 20_000_000  # numbers kept for the degrees of freedom


@dataclass(frozen=True)
class Adjusted:
    """Scores by cluster, shape (G, k), in the coordinates of the QR factors.

    `u`, `t`, shapes (G, K, k), `own`, shape (G, k, k), and `spread`, shape (K, K), hold the
    covariance of scores under the working model.
    """

    scores: np.ndarray
    u: np.ndarray
    t: np.ndarray
    own: np.ndarray
    spread: np.ndarray

    def df(self, direction: np.ndarray) -> float:
        """Satterthwaite degrees of freedom of a combination, shape (k,), in QR coordinates."""
        u, t = self.u @ direction, self.t @ direction
        d = np.einsum("i,gij,j->g", direction, self.own, direction)
        # Under the working model the scores' covariance is diag(d) + L N L'.
        left = np.hstack([u, t])
        eye = np.eye(u.shape[1])
        middle = np.block([[self.spread, -eye], [-eye, np.zeros_like(eye)]])
        diagonal = np.einsum("gi,ij,gj->g", left, middle, left)
        mixed = middle @ (left.T @ left)
        squares = d @ d + 2 * d @ diagonal + np.einsum("ij,ji->", mixed, mixed)
        total = float(d.sum() + diagonal.sum())
        return total**2 / float(squares) if squares > 0 else np.nan


@dataclass(frozen=True)
class AdjustedRows:
    """As `Adjusted`, where rows are independent and of equal variance in the working model.

    `rows`, shape (n, k), are the adjusted columns; `z`, shape (n, K), an orthonormal basis of the
    columns and effects; `clusters`, shape (n,), numbers clusters from 0.
    """

    scores: np.ndarray
    rows: np.ndarray
    z: np.ndarray
    clusters: np.ndarray

    def df(self, direction: np.ndarray) -> float:
        """Satterthwaite degrees of freedom of a combination, shape (k,), in QR coordinates."""
        adjusted = self.rows @ direction
        d = np.bincount(self.clusters, weights=adjusted**2)
        u = _sums(self.z * adjusted[:, None], self.clusters)
        # Under the working model the scores' covariance is diag(d) - u u'.
        own = np.einsum("gk,gk->g", u, u)
        squares = d @ d - 2 * d @ own + np.sum((u.T @ u) ** 2)
        total = float(d.sum() - own.sum())
        return total**2 / float(squares) if squares > 0 else np.nan


def cr2(
    q: np.ndarray,
    residuals: np.ndarray,
    clusters: np.ndarray,
    effects: np.ndarray | None = None,
    root: np.ndarray | None = None,
    variance: np.ndarray | None = None,
) -> Adjusted | AdjustedRows:
    """Adjust the scores of each cluster so that they are unbiased under the working model.

    Parameters
    ----------
    q
        Orthonormal factor of the weighted columns, shape (n, k).
    residuals
        Residuals times the square roots of the weights, shape (n,).
    clusters
        Cluster of each row, numbered from 0, shape (n,).
    effects
        Orthonormal basis of fixed effects taken out of the columns, shape (n, m).
    root
        Square roots of the weights, shape (n,).
    variance
        Variance of each row in the working model, shape (n,); default: all equal.

    Raises
    ------
    NotEstimable
        If the data are too large for it.
    """
    z = q if effects is None else np.hstack([q, effects])
    n, k = q.shape
    size = int(clusters.max()) + 1
    if root is None and variance is None:
        rows = _each_root(q, z, clusters)
        return AdjustedRows(_sums(rows * residuals[:, None], clusters), rows, z, clusters)
    if size * z.shape[1] * k > _LARGEST:
        raise NotEstimable(f"CR2 with {size} clusters and {z.shape[1]} coefficients is too large")
    weights = np.ones(n) if root is None else root
    target = np.ones(n) if variance is None else variance
    spread = z.T @ (z * (weights**2 * target)[:, None])
    order = np.argsort(clusters, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(clusters))[:-1])
    scores = np.empty((size, k))
    u = np.empty((size, z.shape[1], k))
    t, own = np.empty_like(u), np.empty((size, k, k))
    for g, rows in enumerate(parts):
        d, theta, zg = weights[rows][:, None], target[rows][:, None], z[rows]
        adjusted = _adjust(zg, d, theta, spread, d * q[rows])
        scores[g] = adjusted.T @ (residuals[rows] / d[:, 0])
        u[g] = (zg / d).T @ adjusted
        t[g] = (zg * d * theta).T @ adjusted
        own[g] = (adjusted * theta).T @ adjusted
    return Adjusted(scores, u, t, own, spread)


@dataclass(frozen=True)
class Blocks:
    """Rows that are correlated within groups in the working model.

    `z`, shape (n, m), is the random part in units of the residual's standard deviation:
    within a group the covariance of rows is I + z z'. `columns`, shape (n, k), are the columns
    in QR coordinates and `residuals`, shape (n,), those of the outcome, neither whitened.
    """

    z: np.ndarray
    groups: np.ndarray
    columns: np.ndarray
    residuals: np.ndarray

    def covariance(self, rows: np.ndarray) -> np.ndarray:
        """Covariance of rows, shape (len(rows), len(rows))."""
        same = self.groups[rows][:, None] == self.groups[rows][None, :]
        return np.eye(len(rows)) + (self.z[rows] @ self.z[rows].T) * same


def cr2_blocks(blocks: Blocks, clusters: np.ndarray) -> Adjusted:
    """As `cr2`, for random effects and mixed models, whose clusters hold whole groups."""
    k = blocks.columns.shape[1]
    size = int(clusters.max()) + 1
    order = np.argsort(clusters, kind="stable")
    scores, u, own = np.empty((size, k)), np.empty((size, k, k)), np.empty((size, k, k))
    for g, rows in enumerate(np.split(order, np.cumsum(np.bincount(clusters))[:-1])):
        if len(rows) > _LARGEST_CLUSTER:
            raise NotEstimable(f"CR2 cannot be computed for a cluster of {len(rows)} rows")
        x, target = blocks.columns[rows], blocks.covariance(rows)
        # Any root of the target would do for consistency; R's is Cholesky's upper one.
        v = np.linalg.cholesky(target).T
        eigenvalues, turn = np.linalg.eigh(v @ (target - x @ x.T) @ v.T)
        half = turn @ (_root(eigenvalues)[:, None] * turn.T)
        adjusted = v.T @ half @ v @ np.linalg.solve(target, x)
        scores[g] = adjusted.T @ blocks.residuals[rows]
        u[g] = x.T @ adjusted
        own[g] = adjusted.T @ target @ adjusted
    return Adjusted(scores, u, u, own, np.eye(k))


def _adjust(
    z: np.ndarray,
    d: np.ndarray,
    theta: np.ndarray,
    spread: np.ndarray,
    values: np.ndarray,
) -> np.ndarray:
    """Multiply values by A = v (v B v)^(-1/2) v, B the residuals' covariance, v^2 = theta."""
    m = len(z)
    if (theta == 1).all() and 2 * z.shape[1] < m:
        axes, _ = np.linalg.qr(np.hstack([z / d, z * d]))
        low, high = axes.T @ (z / d), axes.T @ (z * d)
        change = low @ spread @ low.T - low @ high.T - high @ low.T
        size, turn = np.linalg.eigh(np.eye(len(change)) + change)
        axes = axes @ turn
        return values + axes @ ((_root(size) - 1)[:, None] * (axes.T @ values))
    if m > _LARGEST_CLUSTER:
        raise NotEstimable(f"CR2 cannot be computed for a cluster of {m} rows with these weights")
    low, high = z / d, z * d * theta
    covariance = np.diag(theta[:, 0]) - low @ high.T - high @ low.T + low @ spread @ low.T
    v = np.sqrt(theta)
    size, turn = np.linalg.eigh(v * covariance * v.T)
    return v * (turn @ (_root(size)[:, None] * (turn.T @ (v * values))))


def _root(eigenvalues: np.ndarray) -> np.ndarray:
    """Raise to the power -1/2, zero where an eigenvalue is."""
    safe = np.where(eigenvalues > _SINGULAR, eigenvalues, 1.0)
    return np.where(eigenvalues > _SINGULAR, safe**-0.5, 0.0)


def _by_size(clusters: np.ndarray) -> Iterator[np.ndarray]:
    """Go through clusters of equal size together: their rows, shape (clusters, size)."""
    order = np.argsort(clusters, kind="stable")
    sizes = np.bincount(clusters)
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes).tolist():
        yield order[starts[sizes == size][:, None] + np.arange(size)]


def _each_root(q: np.ndarray, z: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Multiply the rows of each cluster by (I - z_g z_g')^(-1/2), shape (n, k)."""
    adjusted = np.empty_like(q)
    for rows in _by_size(clusters):
        if rows.shape[1] <= z.shape[1]:
            zg = z[rows]
            left = np.eye(rows.shape[1]) - zg @ zg.transpose(0, 2, 1)
            values, turn = np.linalg.eigh(left)
            turned = _root(values)[:, :, None] * (turn.transpose(0, 2, 1) @ q[rows])
            adjusted[rows] = turn @ turned
            continue
        for own in rows:  # the root differs from I only within the span of z
            axes, shrink, _ = np.linalg.svd(z[own], full_matrices=False)
            change = (_root(1 - shrink**2) - 1)[:, None] * (axes.T @ q[own])
            adjusted[own] = q[own] + axes @ change
    return adjusted


def _sums(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sum rows, shape (n, k), by group: shape (G, k)."""
    n, size = len(groups), int(groups.max()) + 1
    return csr_array((np.ones(n), (groups, np.arange(n))), shape=(size, n)) @ values


def cr3(q: np.ndarray, residuals: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Scores by cluster as if the cluster had been left out, shape (G, k).

    (I - q_g q_g')^-1 in few dimensions: q_g' (I - q_g q_g')^-1 = (I - q_g' q_g)^-1 q_g'.
    """
    size, k = int(clusters.max()) + 1, q.shape[1]
    scores = np.empty((size, k))
    for rows in _by_size(clusters):
        groups = clusters[rows[:, 0]]
        if rows.shape[1] <= k:
            own, left = q[rows], residuals[rows]
            inverse, turn = _inverse(np.eye(rows.shape[1]) - own @ own.transpose(0, 2, 1))
            turned = inverse * np.einsum("gij,gi->gj", turn, left)
            scores[groups] = np.einsum("gik,gij,gj->gk", own, turn, turned, optimize=True)
            continue
        for group, mine in zip(groups, rows, strict=True):
            own = q[mine]
            inverse, turn = _inverse(np.eye(k) - own.T @ own)
            scores[group] = turn @ (inverse * (turn.T @ (own.T @ residuals[mine])))
    return scores


def _inverse(symmetric: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverse eigenvalues, zero where an eigenvalue is, and eigenvectors."""
    eigenvalues, turn = np.linalg.eigh(symmetric)
    kept = eigenvalues > _SINGULAR
    return np.where(kept, 1 / np.where(kept, eigenvalues, 1.0), 0.0), turn
