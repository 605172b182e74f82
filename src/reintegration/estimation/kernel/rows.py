"""Sweeps over the rows of a sample, in blocks: means, what varies where, basis, products."""

from collections.abc import Iterator

import numpy as np
from scipy.linalg import solve_triangular

BLOCK = 8192  # rows at a time: they stay in the processor's cache
WELL_CONDITIONED = 1e-8  # share of a column's square that the earlier ones must leave


def row_blocks(sizes: np.ndarray, rows: int = BLOCK) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Cut sorted rows into blocks of whole clusters.

    Yields the clusters, the rows, and where in the block each cluster starts.
    """
    ends = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        start = int(ends[first] - sizes[first])
        last = max(first + 1, int(np.searchsorted(ends, start + rows, side="right")))
        starts = ends[first:last] - sizes[first:last] - start
        yield slice(first, last), slice(start, int(ends[last - 1])), starts
        first = last


class Rows:
    """The rows in the order of their clusters, read block by block."""

    def __init__(
        self,
        x: np.ndarray,
        names: tuple[str, ...],
        order: np.ndarray | None,
        root: np.ndarray | None,
    ):
        self.x, self.names, self.order = x, names, order
        self.total = float(len(x) if root is None else root @ root)
        self.weights = None if root is None else root**2  # in the order they came in
        self.root = root if root is None or order is None else root[order]

    def __iter__(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield blocks of rows, to be changed by nobody and kept no longer than one turn."""
        space = np.empty((min(BLOCK, len(self.x)), self.x.shape[1]), dtype=self.x.dtype)
        for rows in self.slices():
            if self.order is None:
                block = self.x[rows]
            else:
                block = space[: rows.stop - rows.start]
                self.x.take(self.order[rows], axis=0, out=block, mode="clip")
            yield rows, np.ascontiguousarray(block, dtype=float)

    def slices(self) -> Iterator[slice]:
        """Yield the blocks as slices."""
        for start in range(0, len(self.x), BLOCK):
            yield slice(start, min(start + BLOCK, len(self.x)))

    def column(self, j: int) -> np.ndarray:
        """Return one column, shape (n,), in the order of the clusters."""
        return self.x[:, j] if self.order is None else self.x[self.order, j]

    def roots(self, rows: slice) -> np.ndarray | None:
        """Return the roots of the weights of some rows, if there are weights."""
        return None if self.root is None else self.root[rows]

    def centre(self, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, "Spread"]:
        """Return the means, the centred cross-products, and what varies where."""
        p, total = self.x.shape[1], self.total
        sums = np.zeros(p)
        for rows in self.slices():  # in whatever order
            block = self.x[rows]
            sums += (
                block.sum(axis=0, dtype=float)
                if self.weights is None
                else self.weights[rows] @ block
            )
        if not np.isfinite(sums).all():
            bad = [name for name, s in zip(self.names, sums, strict=True) if not np.isfinite(s)]
            raise ValueError(
                f"missing or infinite numbers in {', '.join(bad)}: leave those rows out first"
            )
        means = sums / total
        cross, rest = np.zeros((p, p)), np.zeros(p)
        spread = Spread(sizes, p)
        for rows, block in self:
            spread.add(rows, block)
            block = block - means
            root = self.roots(rows)
            if root is not None:
                block *= root[:, None]
            cross += block.T @ block
            rest += block.sum(axis=0) if root is None else root @ block
        # What rounding left of the first means is taken out of them and of the squares.
        rest /= total
        return means + rest, cross - total * np.outer(rest, rest), spread


class Spread:
    """Lowest and highest value of each column in each cluster, shapes (G, p)."""

    def __init__(self, sizes: np.ndarray, p: int):
        self.sizes, self.starts = sizes, np.cumsum(sizes) - sizes
        self.lows = np.full((len(sizes), p), np.inf)
        self.highs = np.full((len(sizes), p), -np.inf)

    def add(self, rows: slice, block: np.ndarray) -> None:
        """Take in a block of rows."""
        first = int(np.searchsorted(self.starts, rows.start, side="right")) - 1
        last = int(np.searchsorted(self.starts, rows.stop, side="left"))
        starts = np.maximum(self.starts[first:last] - rows.start, 0)
        here = slice(first, last)
        np.minimum(self.lows[here], np.minimum.reduceat(block, starts), out=self.lows[here])
        np.maximum(self.highs[here], np.maximum.reduceat(block, starts), out=self.highs[here])

    @property
    def low(self) -> np.ndarray:
        """Lowest value of each column, shape (p,)."""
        return self.lows.min(axis=0)

    @property
    def high(self) -> np.ndarray:
        """Highest value of each column, shape (p,)."""
        return self.highs.max(axis=0)

    @property
    def between(self) -> np.ndarray:
        """Say which columns do not vary within clusters, shape (p,)."""
        return (self.lows == self.highs).all(axis=0)

    def carriers(self, rows: Rows) -> np.ndarray:
        """Count as `covariance.carriers` does, without sorting a million numbers by column."""
        low, high, alone = self.low, self.high, self.lows == self.highs
        varied = (~alone).sum(axis=0)
        two = np.ones(len(low), dtype=bool)
        for some in rows.slices():
            maybe = np.flatnonzero(two)
            part = rows.x[some, maybe] if len(maybe) < len(two) else rows.x[some]
            two[maybe] = ((part == low[maybe]) | (part == high[maybe])).all(axis=0)
        found = np.empty(len(low), dtype=int)
        for j in range(len(low)):
            if low[j] == high[j]:
                found[j] = 0
            elif two[j]:
                at_low, at_high = self.lows[:, j] == low[j], self.highs[:, j] == high[j]
                found[j] = min(at_low.sum(), at_high.sum())
            else:
                still = self.lows[alone[:, j], j]
                values = rows.column(j) if len(still) > 0 and varied[j] < 10 else still
                kinds, counts = np.unique(values, return_counts=True)
                common = kinds[counts.argmax()] if len(kinds) else np.nan
                found[j] = len(self.sizes) - (still == common).sum()
        return found


def orthonormal(
    rows: Rows, means: np.ndarray, inverse: np.ndarray, cross: np.ndarray
) -> tuple[Iterator[np.ndarray], np.ndarray]:
    """Return the rows of an orthonormal basis, by blocks, and intercept and columns in it.

    By Cholesky's factor of the cross-products, block by block; where columns are, or nearly
    are, combinations of others, by Householder's reflections of all rows, which hold them in
    memory three times.
    """
    n, p = rows.x.shape
    space = np.empty((min(BLOCK, n), p + 1))

    def prepared(some: slice, block: np.ndarray) -> np.ndarray:
        root, scaled = rows.roots(some), space[: len(block)]
        scaled[:, 0] = 1 / np.sqrt(rows.total)
        np.subtract(block, means, out=scaled[:, 1:])
        scaled[:, 1:] *= inverse
        if root is not None:
            scaled *= root[:, None]
        return scaled

    scaled = np.eye(p + 1)
    scaled[1:, 1:] = cross * np.outer(inverse, inverse)
    try:
        factor = np.linalg.cholesky(scaled).T
        hard = n <= p + 1 or (np.diag(factor) ** 2).min() < WELL_CONDITIONED
    except np.linalg.LinAlgError:
        hard = True
    if hard:
        q, factor = np.linalg.qr(np.concatenate([prepared(*block).copy() for block in rows]))
        if factor[0, 0] < 0:
            q[:, 0] *= -1
            factor[0] *= -1
        return (q[start : start + BLOCK] for start in range(0, n, BLOCK)), factor
    turned = solve_triangular(factor, np.eye(p + 1))
    return (prepared(*block) @ turned for block in rows), factor


def cross_products(
    basis: Iterator[np.ndarray], sizes: np.ndarray, r: int, n: int, algorithm: str
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray]:
    """Sum the cross-products by cluster, or keep the rows; make the basis exactly orthonormal."""
    if algorithm not in ("clusters", "rows"):
        raise ValueError(f"algorithm is clusters, rows or auto, not {algorithm!r}")
    by_rows = algorithm == "rows"
    kept = np.empty((r, n)) if by_rows else np.empty((0, 0))
    products = np.zeros((0 if by_rows else len(sizes), r, r))
    whole = np.zeros((r, r))
    ends = np.cumsum(sizes)
    start = 0
    for block in basis:
        stop = start + len(block)
        if by_rows:
            kept[:, start:stop] = block.T
            whole += block.T @ block
        else:
            first = int(np.searchsorted(ends, start, side="right"))
            last = int(np.searchsorted(ends, stop, side="left"))
            cuts = [0, *(ends[first:last] - start).tolist(), stop - start]
            for g, low, high in zip(range(first, last + 1), cuts, cuts[1:], strict=False):
                part = block[low:high]
                products[g] += part.T @ part
        start = stop
    if not by_rows:
        whole = products.sum(axis=0)
    correction = np.linalg.cholesky(whole).T
    turn = solve_triangular(correction, np.eye(r))
    if by_rows:
        for low in range(0, n, BLOCK):
            kept[:, low : low + BLOCK] = turn.T @ kept[:, low : low + BLOCK]
        return None, kept, correction
    products = turn.T @ products @ turn
    return np.ascontiguousarray(products.transpose(1, 2, 0)), None, correction


def row_sums(rows: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Sum the products with the first basis vector by cluster: shape (r, G)."""
    return np.add.reduceat(rows * rows[0], np.cumsum(sizes) - sizes, axis=1)


def row_scores(
    rows: np.ndarray, sizes: np.ndarray, left: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """Multiply two sets of vectors by the cross-products of each cluster, from its rows.

    Parameters
    ----------
    rows
        The basis, shape (r, n), sorted by cluster.
    sizes
        Rows of each cluster, shape (G,).
    left, right
        Shapes (a, r) and (r,).
    """
    summed = np.empty((len(left), len(sizes)))
    for clusters, some, starts in row_blocks(sizes):
        part = rows[:, some]
        summed[:, clusters] = np.add.reduceat((left @ part) * (right @ part), starts, axis=1)
    return summed
