"""The two costs of a batch of regressions: their inverses, and the scores of their clusters."""

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri

from reintegration.estimation.kernel.gram import Gram
from reintegration.estimation.kernel.rows import row_blocks

NUMBERS = 1 << 19  # at a time, in the largest array of a batch


def inverses(matrices: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Invert matrices with unit diagonals; say which are too near to singular.

    The diagonal of the inverse is the variance inflation of each column: at least the inverse
    of what is left of the column after any others. LAPACK by Cholesky takes two thirds of the
    time of `np.linalg.inv`, and one singular matrix does not stop the others.
    """
    n, k = matrices.shape[:2]
    inverse = np.ascontiguousarray(matrices)
    hard = np.zeros(n, dtype=bool)
    for i, matrix in enumerate(inverse):
        factor, failed = dpotrf(matrix.T, 0, 0, 1)
        hard[i] = failed or dpotri(factor, 0, 1)[1]
    rows, columns = np.triu_indices(k, 1)
    flat = inverse.reshape(n, k * k)
    flat[:, rows * k + columns] = flat[:, columns * k + rows]
    inflation = flat[:, :: k + 1]
    hard |= ~((inflation > 0.5) & (inflation < limit)).all(axis=1)
    inverse[hard] = 0.0
    return inverse, hard


def variances(
    gram: Gram, e: np.ndarray, v: np.ndarray, full: bool
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
        products = (e @ gram.by_cluster.reshape(r, r * g)).reshape(s, r, g)
        add(v @ products, slice(None))
        return variance, covariance
    assert gram.rows is not None
    single_rows = gram.n == gram.n_clusters
    for _, rows, starts in row_blocks(gram.sizes, rows=2048):
        part = gram.rows[:, rows]
        size = max(1, NUMBERS // (part.shape[1] * (terms + 1)))
        for low in range(0, s, size):
            some = slice(low, low + size)
            ours = v[some]
            scores = (ours.reshape(-1, r) @ part).reshape(len(ours), terms, -1)
            scores *= (e[some] @ part)[:, None, :]
            add(scores if single_rows else np.add.reduceat(scores, starts, axis=2), some)
    return variance, covariance
