"""Sufficient statistics of one sample, from which thousands of regressions are solved.

The rows are read once (three sweeps in blocks). The columns are centred, which absorbs the
intercept that is always meant, scaled, and written in an orthonormal basis Q of all columns,
X = Q R: what a regression needs is then R and, for every cluster g, the cross-products Q_g'Q_g.
Cross-products of the columns themselves would square their condition; those of Q lose nothing.
With weights, rows and intercept are multiplied by the root of the weight.

HC0 to HC3 need every row's own residual and leverage: they cannot come from cross-products.
(Clusters of one row each are HC0 and HC1, by the algorithm by rows.)

Sources: Cameron and Miller (2015) for cluster scores; Yamamoto, Nakatsukasa, Yanagisawa and
Fukaya (2015) for orthonormal factors by two Cholesky factorisations.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from reintegration.estimation.design import TOLERANCE
from reintegration.estimation.kernel.rows import (
    Rows,
    cross_products,
    orthonormal,
    row_scores,
    row_sums,
)

# Nanoseconds, measured: a multiplication and addition of BLAS; summing a score of a row; and
# beginning a cluster's sum.
FLOP, SUMMED, BEGUN = 0.08, 1.0, 5.0
LARGEST = 1 << 27  # numbers that cross-products of clusters may take: 1 GB


@dataclass(frozen=True)
class Gram:
    """What one sample's regressions need, after its rows were read.

    With p columns, G clusters and r basis vectors (the first is the intercept's):

    `coordinates`, shape (r, p), holds the centred and scaled columns in the basis; a column
    is `means` + `norms` x basis x coordinates. `aliased_below`, shape (p,), is the share of a
    centred column below which R's `lm` would call it a combination of earlier ones.
    `by_cluster`, shape (r, r, G), holds the cross-products of the basis in each cluster, or
    is None where it is cheaper to keep the basis itself in `rows`, shape (r, n), sorted by
    cluster. `sums`, shape (r, G), are the cross-products with the intercept.
    `carriers`, shape (p,), counts the clusters that carry a column's variation (exact below
    10); `between` says which columns do not vary within clusters, and `levels`, shape (p, G),
    what they are there. `problem` says why nothing can be estimated, if so.
    """

    names: tuple[str, ...]
    n: int
    cluster_name: str
    clusters: np.ndarray
    sizes: np.ndarray
    weighted: bool
    total_weight: float
    means: np.ndarray
    norms: np.ndarray
    coordinates: np.ndarray
    aliased_below: np.ndarray
    constant: np.ndarray
    carriers: np.ndarray
    between: np.ndarray
    levels: np.ndarray
    sums: np.ndarray
    by_cluster: np.ndarray | None
    rows: np.ndarray | None
    problem: str = ""
    position: dict[str, int] = field(default_factory=dict)

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(self.sizes)

    @property
    def algorithm(self) -> str:
        """How scores are summed: `clusters` (cross-products) or `rows`."""
        return "rows" if self.by_cluster is None else "clusters"

    def scores(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Multiply two sets of vectors of the basis by the cross-products of each cluster.

        Parameters
        ----------
        left, right
            Shapes (a, r) and (r,).

        Returns
        -------
        left Q_g'Q_g right, shape (a, G).
        """
        if self.by_cluster is not None:
            r, g = len(right), self.n_clusters
            return left @ (right @ self.by_cluster.reshape(r, r * g)).reshape(r, g)
        assert self.rows is not None
        return row_scores(self.rows, self.sizes, left, right)

    def products(self, groups: np.ndarray | None = None) -> np.ndarray:
        """Return cross-products of the basis, shape (groups, r, r), by groups of clusters.

        Parameters
        ----------
        groups
            Group of each cluster, numbered from 0, shape (G,). Default: each is its own.

        Raises
        ------
        ValueError
            If they would take more than 1 GB.
        """
        if groups is None:
            groups = np.arange(self.n_clusters)
        r, n_groups = len(self.coordinates), int(groups.max()) + 1
        if r * r * n_groups > LARGEST:
            raise ValueError(f"{n_groups} groups of clusters take more than 1 GB: form fewer")
        if self.by_cluster is not None:
            member = np.zeros((n_groups, self.n_clusters))
            member[groups, np.arange(self.n_clusters)] = 1
            return (member @ self.by_cluster.reshape(r * r, -1).T).reshape(-1, r, r)
        assert self.rows is not None
        of_row = np.repeat(groups, self.sizes)
        order = np.argsort(of_row, kind="stable")
        ends = np.cumsum(np.bincount(of_row, minlength=n_groups))
        found = np.empty((n_groups, r, r))
        for group, (start, end) in enumerate(zip([0, *ends[:-1].tolist()], ends, strict=True)):
            part = self.rows[:, order[start:end]]
            found[group] = part @ part.T
        return found


def gram(
    data: pd.DataFrame | np.ndarray,
    names: Sequence[str] | None = None,
    *,
    clusters: np.ndarray | pd.Series,
    weights: np.ndarray | pd.Series | None = None,
    cluster_name: str = "cluster",
    algorithm: str = "auto",
    terms: int = 1,
) -> Gram:
    """Read the rows of one sample and form what its regressions need.

    Parameters
    ----------
    data
        A frame, or an array of shape (n, p), with outcomes and regressors; no intercept. What
        is missing must have been left out by the caller.
    names
        Columns of the frame to take (default: all), or the names of the array's columns.
    clusters
        Cluster of each row, of any type, shape (n,). By position: no index is used.
    weights
        Weight of each row, positive, shape (n,).
    cluster_name
        Name of the cluster variable, for messages.
    algorithm
        `clusters`, `rows`, or `auto`: what is estimated to be cheaper.
    terms
        How many terms a regression will ask for, on average, which decides what is cheaper.

    Raises
    ------
    ValueError
        If lengths differ, a name comes twice, a number is not finite, or a weight is not
        positive.
    """
    x, names = _numbers(data, names)
    n, p = x.shape
    codes, labels = _cluster_codes(clusters, n, cluster_name)
    root = _root_weights(weights, n)
    order = None if (np.diff(codes) >= 0).all() else np.argsort(codes, kind="stable")
    sizes = np.bincount(codes, minlength=len(labels))
    common = {
        "names": names,
        "n": n,
        "cluster_name": cluster_name,
        "clusters": labels,
        "sizes": sizes,
        "weighted": root is not None,
        "position": {name: j for j, name in enumerate(names)},
    }
    if n == 0:
        return Gram(**common, **_nothing(p), problem="there are no rows")
    sorted_rows = Rows(x, names, order, root)
    means, cross, spread = sorted_rows.centre(sizes)
    total = sorted_rows.total
    constant = spread.low == spread.high
    norms = np.where(constant, 1.0, np.sqrt(np.diag(cross)))
    norms[norms == 0] = 1.0
    inverse = np.where(constant, 0.0, 1 / norms)
    if algorithm == "auto":
        algorithm = _cheaper(n, len(sizes), min(n, p + 1), terms)
    basis, coordinates = orthonormal(sorted_rows, means, inverse, cross)
    by_cluster, rows, correction = cross_products(basis, sizes, len(coordinates), n, algorithm)
    coordinates = (correction @ coordinates)[:, 1:]
    coordinates[0] = 0.0  # the columns are centred
    if rows is not None:
        sums = row_sums(rows, sizes)
    elif by_cluster is not None:
        sums = np.ascontiguousarray(by_cluster[0])
    return Gram(
        **common,
        total_weight=total,
        means=means,
        norms=norms,
        coordinates=coordinates,
        aliased_below=TOLERANCE * np.sqrt(1 + total * (means / norms) ** 2),
        constant=constant,
        carriers=spread.carriers(sorted_rows),
        between=spread.between,
        levels=spread.lows.T,
        sums=sums,
        by_cluster=by_cluster,
        rows=rows,
        problem=_one_cluster(cluster_name) if len(sizes) < 2 else "",
    )


def _cheaper(n: int, n_clusters: int, r: int, terms: int) -> str:
    """Choose by what one more regression costs: multiplying, and summing scores over rows."""
    by_clusters = n_clusters * r * (r + terms) * FLOP
    by_rows = n * (r * (1 + terms) * FLOP + terms * SUMMED) + n_clusters * terms * BEGUN
    if by_rows < by_clusters or n_clusters * r * r > LARGEST:
        return "rows"
    return "clusters"


def _numbers(
    data: pd.DataFrame | np.ndarray, names: Sequence[str] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    if isinstance(data, pd.DataFrame):
        names = list(data.columns if names is None else names)
        if absent := [name for name in names if name not in data]:
            raise ValueError(f"the data have no column {', '.join(map(str, absent))}")
        x = data[names].to_numpy(dtype=float, na_value=np.nan)
    else:
        x = np.asarray(data)
        x = x if x.dtype.kind in "fiub" else x.astype(float)
        if x.ndim != 2 or names is None or len(names) != x.shape[1]:
            raise ValueError(f"an array of shape {x.shape} needs a name for each of its columns")
    if len(set(names)) < len(names):
        raise ValueError("a name comes twice among the columns")
    return x, tuple(map(str, names))


def _cluster_codes(
    clusters: np.ndarray | pd.Series, n: int, name: str
) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(clusters)
    if values.shape != (n,):
        raise ValueError(f"{n} rows need as many values of {name}, not {values.shape}")
    codes, labels = pd.factorize(values, sort=True)
    if (codes < 0).any():
        raise ValueError(f"{(codes < 0).sum()} rows have no {name}: leave them out")
    return codes, np.asarray(labels)


def _root_weights(weights: np.ndarray | pd.Series | None, n: int) -> np.ndarray | None:
    if weights is None:
        return None
    values = np.asarray(weights, dtype=float)
    if values.shape != (n,):
        raise ValueError(f"{n} rows need as many weights, not {values.shape}")
    if not (np.isfinite(values) & (values > 0)).all():
        raise ValueError("weights must be positive: leave out rows that have no weight")
    return np.sqrt(values)


def _nothing(p: int) -> dict:
    empty = np.zeros(p)
    return {
        "total_weight": 0.0,
        "means": np.full(p, np.nan),
        "norms": np.ones(p),
        "coordinates": np.zeros((1, p)),
        "aliased_below": np.ones(p),
        "constant": np.ones(p, dtype=bool),
        "carriers": empty.astype(int),
        "between": np.ones(p, dtype=bool),
        "levels": np.zeros((p, 0)),
        "sums": np.zeros((1, 0)),
        "by_cluster": np.zeros((1, 1, 0)),
        "rows": None,
    }


def _one_cluster(name: str) -> str:
    return f"{name} makes one cluster only, which has no variance"
