"""Covariance of least-squares coefficients: classical, HC0 to HC3, CR0 to CR3 by cluster.

White (1980) and MacKinnon and White (1985) for HC; Liang and Zeger (1986) for CR. Factors:
HC1 n/(n-k); CR1 G/(G-1); CR1S G/(G-1) x (n-1)/(n-k), as Stata's `regress`. Everything is
computed from the QR factors of the design, so nothing is squared.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.sparse import csr_array

from reintegration.estimation.results import NotEstimable
from reintegration.estimation.small_sample import (
    Adjusted,
    AdjustedRows,
    Blocks,
    cr2,
    cr2_blocks,
    cr3,
)
from reintegration.estimation.specs import Vcov

SEEN = 1e-18  # share of a combination's variance below which it is rounding
FULL_LEVERAGE = 1 - 1e-9  # such a row fits itself: its residual is zero whatever its error


@dataclass(frozen=True)
class Covariance:
    """What was computed, from which every label is taken.

    `matrix`, shape (k, k), belongs to the coefficients. `alone` are the rows that fit
    themselves and `influence`, shape (len(alone), k), says how each coefficient moves with
    their outcomes; `inverse` is R^-1. `df` is that of every estimate, except where `adjusted`
    (CR2) gives each its own. `counts` are the clusters of each way rows are clustered. Where
    there is a `problem`, coefficients are known and `matrix` has no numbers.
    """

    matrix: np.ndarray
    vcov: Vcov
    n_clusters: int | None
    df: float
    inference: str
    alone: np.ndarray
    influence: np.ndarray
    inverse: np.ndarray
    adjusted: Adjusted | AdjustedRows | None = None
    counts: tuple[int, ...] = ()
    problem: str = ""

    @property
    def label(self) -> str:
        """What was computed, in words: `CR1S by returnee_id, 3,283 clusters, t(G-1)`."""
        return self.label_with(self.inference)

    def label_with(self, inference: str) -> str:
        """The label with another distribution or test."""
        if not self.counts:
            return f"{self.vcov.label}, {inference}"
        counted = " and ".join(f"{count:,}" for count in self.counts)
        return f"{self.vcov.label}, {counted} clusters, {inference}"

    def std_error(self, weights: np.ndarray) -> float:
        """Standard error of a combination of coefficients, `weights` of shape (k,).

        Not a number where a two-way covariance is not positive there.
        """
        variance = float(weights @ self.matrix @ weights)
        if variance < 0 and self.vcov.second:
            return np.nan
        return float(np.sqrt(max(variance, 0.0)))

    def df_of(self, weights: np.ndarray) -> float:
        """Degrees of freedom for a combination of coefficients."""
        return self.df if self.adjusted is None else self.adjusted.df(self.inverse.T @ weights)

    def leaning(self, weights: np.ndarray) -> tuple[float, int]:
        """Say how much of a combination stands on rows that fit themselves.

        Returns
        -------
        The share of its variance, were rows independent; and the number of such rows.
        """
        if not len(self.alone):
            return 0.0, 0
        # Over all rows the squared influences sum to w' (X'X)^-1 w.
        squares = (self.influence @ weights) ** 2
        everything = float(np.sum((self.inverse.T @ weights) ** 2))
        own = squares[squares > SEEN * everything]
        return float(own.sum()) / everything if len(own) else 0.0, len(own)


@dataclass(frozen=True)
class Working:
    """What covariances need to know of a model beyond its QR factors and residuals.

    `rank` counts fixed effects against the degrees of freedom of HC and classical errors,
    `leverage`, shape (n,), and `basis`, shape (n, m), are those of the effects. `root` are
    square roots of weights, `variance` of each row in CR2's working model. `normal` says that
    statistics are taken as normal (maximum likelihood), `sigma2` the classical scale (None: from
    the residuals). `given`: the estimator brings its covariance, (r'r)^-1, whatever its type.
    `blocks`: rows correlated in the working model, which CR2 needs as they are. Without
    `orthonormal` the rows of q have no leverage (q are scores).
    """

    rank: int | None = None
    leverage: np.ndarray | None = None
    basis: np.ndarray | None = None
    root: np.ndarray | None = None
    variance: np.ndarray | None = None
    normal: bool = False
    sigma2: float | None = None
    given: bool = False
    orthonormal: bool = True
    blocks: Blocks | None = None


def covariance(
    q: np.ndarray,
    r: np.ndarray,
    residuals: np.ndarray,
    vcov: Vcov,
    clusters: np.ndarray | None = None,
    absorbed: int = 0,
    second: np.ndarray | None = None,
    working: Working | None = None,
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
    second
        The other way rows are clustered, shape (n,): the covariances by either are added and
        that by their combination is subtracted, each with its own factor (Cameron, Gelbach
        and Miller 2011).

    Raises
    ------
    NotEstimable
        If no degree of freedom is left, or there are fewer than two clusters.
    """
    n, k = q.shape
    working = working or Working()
    free = n - k - (absorbed if working.rank is None else working.rank)
    left = n - k - absorbed
    if min(free, left) < 1:
        raise NotEstimable(f"{n} rows cannot tell {n - free} coefficients and an error apart")
    leverage = np.einsum("ij,ij->i", q, q) if working.orthonormal else np.zeros(n)
    if working.leverage is not None:
        leverage = leverage + working.leverage
    alone = np.flatnonzero(leverage > FULL_LEVERAGE)
    n_clusters: int | None = None
    adjusted: Adjusted | AdjustedRows | None = None
    counts: tuple[int, ...] = ()
    df, inference = float(free), "t(n-k)"
    if vcov.type.startswith("CR"):
        if clusters is None:
            raise ValueError(f"{vcov.type} needs clusters")
        ways = [clusters] if second is None else [clusters, second]
        for name, way in zip(vcov.clusters, ways, strict=True):
            if way.max() < 1:
                raise NotEstimable(f"{name} makes one cluster only, which has no variance")
        counts = tuple(int(way.max()) + 1 for way in ways)
        n_clusters = min(counts)
        df, inference = float(n_clusters - 1), "t(G-1)"
        if vcov.type == "CR2":
            adjusted = (
                cr2_blocks(working.blocks, clusters)
                if working.blocks
                else cr2(q, residuals, clusters, working.basis, working.root, working.variance)
            )
            meat, inference = adjusted.scores.T @ adjusted.scores, "t(Satterthwaite)"
        elif vcov.type == "CR3":
            scores = cr3(q, residuals, clusters)
            meat = scores.T @ scores
        else:
            meat = _by_cluster(q, residuals, vcov.type, clusters, left)
            if second is not None:
                both = np.unique(np.column_stack([clusters, second]), axis=0, return_inverse=True)
                meat += _by_cluster(q, residuals, vcov.type, second, left)
                meat -= _by_cluster(q, residuals, vcov.type, both[1].ravel(), left)
    elif vcov.type == "classical" or working.given:
        sigma2 = float(residuals @ residuals) / free if working.sigma2 is None else working.sigma2
        meat = np.eye(k) * sigma2
    else:
        scaled = _scaled_residuals(vcov.type, residuals, leverage, n, free)
        scores = q * scaled[:, None]
        meat = scores.T @ scores
    df, inference, adjusted = _distribution(vcov, working, df, inference, free, adjusted)
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
        adjusted=adjusted,
        counts=counts,
    )


def _distribution(
    vcov: Vcov,
    working: Working,
    df: float,
    inference: str,
    free: int,
    adjusted: Adjusted | AdjustedRows | None,
) -> tuple[float, str, Adjusted | AdjustedRows | None]:
    """Choose what the statistic is compared with: the type's own, or what the spec asks for."""
    asked = vcov.df or ("normal" if working.normal and vcov.type != "CR2" else None)
    if asked == "normal":
        return np.inf, "z", None
    if asked == "residual":
        return float(free), "t(n-k)", None
    if asked == "clusters":
        return df, "t(G-1)", None
    return df, inference, adjusted


def _by_cluster(
    q: np.ndarray, residuals: np.ndarray, kind: str, clusters: np.ndarray, left: int
) -> np.ndarray:
    n_clusters = int(clusters.max()) + 1
    scores = group_sums(q * residuals[:, None], clusters, n_clusters)
    return scores.T @ scores * cluster_factor(kind, len(q), left, n_clusters)


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


def cluster_factor(kind: str, n: int, left: int, n_clusters: int) -> float:
    """Small-sample factor of a cluster-robust covariance; `left` is n - k."""
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
