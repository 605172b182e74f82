"""The two costs of a batch of regressions: their inverses, and the scores of their clusters."""

import math

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri

from reintegration.estimation.kernel.gram import Gram
from reintegration.estimation.kernel.rows import row_blocks

NUMBERS = 3 << 16  # at a time, in the largest array of a batch


class Workspace:
    """Large arrays that batches use again: fresh ones cost the system a page at a time."""

    def __init__(self) -> None:
        self.held: dict[str, np.ndarray] = {}

    def array(self, name: str, *shape: int, dtype: type = float) -> np.ndarray:
        """Return an array of this shape, holding anything, valid until `name` is asked again."""
        size = math.prod(shape)
        flat = self.held.get(name)
        if flat is None or flat.size < size:
            flat = self.held[name] = np.empty(size, dtype=dtype)
        return flat[:size].reshape(shape)


def invert(matrices: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Invert matrices with unit diagonals, in place; say which are too near to singular.

    The diagonal of the inverse is the variance inflation of each column: at least the inverse
    of what is left of the column after any others. LAPACK by Cholesky takes two thirds of the
    time of `np.linalg.inv`, and one singular matrix does not stop the others.
    """
    n, k = matrices.shape[:2]
    hard = np.zeros(n, dtype=bool)
    for i, matrix in enumerate(matrices):
        factor, failed = dpotrf(matrix.T, 0, 0, 1)
        hard[i] = failed or dpotri(factor, 0, 1)[1]
    rows, columns = np.triu_indices(k, 1)
    flat = matrices.reshape(n, k * k)
    flat[:, rows * k + columns] = flat[:, columns * k + rows]
    inflation = flat[:, :: k + 1]
    hard |= ~((inflation > 0.5) & (inflation < limit)).all(axis=1)
    if hard.any():
        matrices[hard] = 0.0
    return hard


def variances(
    gram: Gram, e: np.ndarray, v: np.ndarray, full: bool, space: Workspace
) -> tuple[np.ndarray, np.ndarray | None]:
    """Sum squared scores over clusters: shape (S, T), and (S, T, T) if wanted.

    Parameters
    ----------
    e, v
        Residuals, shape (S, r), and influences, shape (S, T, r).
    """
    s, terms, r = v.shape
    variance = np.zeros((s, terms))
    covariance = np.zeros((s, terms, terms)) if full else None

    def add(scores: np.ndarray, some: slice) -> None:
        variance[some] += np.einsum("stg,stg->st", scores, scores)
        if covariance is not None:
            covariance[some] += scores @ scores.transpose(0, 2, 1)

    if gram.by_cluster is not None:
        g = gram.n_clusters
        products = space.array("products", s, r * g)
        np.matmul(e, gram.by_cluster.reshape(r, r * g), out=products)
        scores = space.array("scores", s, terms, g)
        add(np.matmul(v, products.reshape(s, r, g), out=scores), slice(None))
        return variance, covariance
    assert gram.rows is not None
    single_rows = gram.n == gram.n_clusters
    for _, rows, starts in row_blocks(gram.sizes, rows=2048):
        part = gram.rows[:, rows]
        size = max(1, NUMBERS // (part.shape[1] * (terms + 1)))
        for low in range(0, s, size):
            some = slice(low, low + size)
            ours = v[some]
            scores = (ours.reshape(-1, r) @ part).reshape(len(ours), terms, part.shape[1])
            scores *= (e[some] @ part)[:, None, :]
            add(scores if single_rows else np.add.reduceat(scores, starts, axis=2), some)
    return variance, covariance
