"""Covariance of least-squares coefficients: HC0 to HC3, and CR0, CR1, CR1S by cluster.

White (1980) and MacKinnon and White (1985) for HC; Liang and Zeger (1986) for CR. Factors:
HC1 n/(n-k); CR1 G/(G-1); CR1S G/(G-1) x (n-1)/(n-k), as Stata's `regress`. Everything is
computed from the QR factors of the design, so nothing is squared.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.sparse import csr_array

from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import Vcov

FULL_LEVERAGE = 1 - 1e-9  # such a row fits itself: its residual is zero whatever its error


@dataclass(frozen=True)
class Covariance:
    """What was computed, from which every label is taken.

    `matrix`, shape (k, k), belongs to the coefficients. `alone` are the rows that fit
    themselves and `influence`, shape (len(alone), k), says how each coefficient moves with
    their outcomes; `inverse` is R^-1.
    """

    matrix: np.ndarray
    vcov: Vcov
    n_clusters: int | None
    df: float
    inference: str
    alone: np.ndarray
    influence: np.ndarray
    inverse: np.ndarray

    def std_error(self, weights: np.ndarray) -> float:
        """Standard error of a combination of coefficients, `weights` of shape (k,)."""
        return float(np.sqrt(max(weights @ self.matrix @ weights, 0.0)))

    def leans_on_alone(self, weights: np.ndarray) -> bool:
        """Say whether a combination moves with rows that fit themselves."""
        if not len(self.alone):
            return False
        # Over all rows the squared influences sum to w' (X'X)^-1 w.
        everything = np.linalg.norm(self.inverse.T @ weights)
        return bool(np.abs(self.influence @ weights).max() > 1e-9 * everything)


def covariance(
    q: np.ndarray,
    r: np.ndarray,
    residuals: np.ndarray,
    vcov: Vcov,
    clusters: np.ndarray | None = None,
    absorbed: int = 0,
) -> Covariance:
    """Compute the covariance of coefficients.

    Parameters
    ----------
    q, r
        QR factors of the design, shapes (n, k) and (k, k).
    residuals
        Shape (n,).
    vcov
        Type, and for CR the name of the cluster variable.
    clusters
        Cluster of each row, numbered from 0, shape (n,). By position: no index is used.
    absorbed
        Coefficients estimated beside the columns of `q` that count against the degrees of
        freedom of CR1S.

    Raises
    ------
    NotEstimable
        If no degree of freedom is left, or there are fewer than two clusters.
    """
    n, k = q.shape
    left = n - k - absorbed
    if left < 1:
        raise NotEstimable(f"{n} rows cannot tell {k + absorbed} coefficients and an error apart")
    leverage = np.einsum("ij,ij->i", q, q)
    alone = np.flatnonzero(leverage > FULL_LEVERAGE)
    n_clusters = None
    if vcov.type.startswith("CR"):
        if clusters is None:
            raise ValueError(f"{vcov.type} needs clusters")
        n_clusters = int(clusters.max()) + 1
        if n_clusters < 2:
            raise NotEstimable(f"{vcov.cluster} makes one cluster only, which has no variance")
        scores = group_sums(q * residuals[:, None], clusters, n_clusters)
        meat = scores.T @ scores * _cluster_factor(vcov.type, n, left, n_clusters)
        df, inference = float(n_clusters - 1), "t(G-1)"
    else:
        scaled = _scaled_residuals(vcov.type, residuals, leverage, n, left)
        scores = q * scaled[:, None]
        meat = scores.T @ scores
        df, inference = float(left), "t(n-k)"
    inverse = solve_triangular(r, np.eye(k))
    matrix = inverse @ meat @ inverse.T
    return Covariance(
        matrix=(matrix + matrix.T) / 2,
        vcov=vcov,
        n_clusters=n_clusters,
        df=df,
        inference=inference,
        alone=alone,
        influence=q[alone] @ inverse.T,
        inverse=inverse,
    )


def group_sums(values: np.ndarray, groups: np.ndarray, n_groups: int) -> np.ndarray:
    """Sum the rows of `values`, shape (n, k), by group: shape (G, k)."""
    n = len(groups)
    member = csr_array((np.ones(n), (groups, np.arange(n))), shape=(n_groups, n))
    return member @ values


def carriers(values: np.ndarray, groups: np.ndarray | None = None) -> int:
    """Count the groups (without groups: the rows) that carry a variable's variation.

    For two values: the groups that hold each, counted for the rarer of the two. For more:
    the groups that hold anything but the most common value.
    """
    if len(values) == 0:
        return 0
    low, high = values.min(), values.max()
    if low == high:
        return 0
    at_low, at_high = values == low, values == high
    if (at_low | at_high).all():
        return min(_groups_in(at_low, groups), _groups_in(at_high, groups))
    levels, counts = np.unique(values, return_counts=True)
    return _groups_in(values != levels[counts.argmax()], groups)


def _groups_in(rows: np.ndarray, groups: np.ndarray | None) -> int:
    if groups is None:
        return int(rows.sum())
    seen = np.zeros(groups.max() + 1, dtype=bool)
    seen[groups[rows]] = True
    return int(seen.sum())


def _cluster_factor(kind: str, n: int, left: int, n_clusters: int) -> float:
    if kind == "CR0":
        return 1.0
    factor = n_clusters / (n_clusters - 1)
    if kind == "CR1":
        return factor
    if kind == "CR1S":
        return factor * (n - 1) / left
    raise ValueError(f"there is no covariance {kind}")


def _scaled_residuals(
    kind: str, residuals: np.ndarray, leverage: np.ndarray, n: int, left: int
) -> np.ndarray:
    if kind == "HC0":
        return residuals
    if kind == "HC1":
        return residuals * np.sqrt(n / left)
    power = {"HC2": 0.5, "HC3": 1.0}.get(kind)
    if power is None:
        raise ValueError(f"there is no covariance {kind}")
    # A row that fits itself has no residual to scale; what leans on it is not estimable.
    free = leverage <= FULL_LEVERAGE
    scaled = np.zeros_like(residuals)
    scaled[free] = residuals[free] / (1 - leverage[free]) ** power
    return scaled
