"""Wild cluster bootstrap of one coefficient, from the scores of clusters alone.

Cameron, Gelbach and Miller (2008); Roodman, Nielsen, MacKinnon and Webb (2019) for the form by
scores and the interval by inversion; Webb (2023) for the six points. For cluster g write n_g
for the score of the coefficient and S_g for those of all columns, at residuals e + a x, x the
term less what the other columns explain: a = b - null imposes the null (WCR), a = 0 does not
(WCU). With a draw v of one weight per cluster the bootstrap coefficient moves by n'v and the
scores of its residuals are J v, J = diag(n) - P'S; t* is n'v over the length of J v. All are
linear in a, so that one set of draws serves every null.

Ties. All signs equal gives back t itself: a tie by construction, and with few clusters others
follow. `p_value` counts draws with |t*| >= |t|, ties included, which keeps the level of an
exact test; `p_strict` counts |t*| > |t|, as boottest and its ports do. Two statistics tie if
they differ by less than 1e-9 of their size. A draw whose statistic is 0/0 counts as a tie.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, Protocol

import numpy as np

from reintegration.estimation.kernel.gram import Gram
from reintegration.estimation.kernel.rows import row_scores
from reintegration.estimation.kernel.single import Equation, single
from reintegration.estimation.kernel.solutions import STATUSES
from reintegration.estimation.kernel.solve import EXACT_FIT, solve
from reintegration.estimation.results import NOT_ESTIMABLE_UNDER_VCOV, OK

SAME = 1e-9  # relative difference below which two statistics tie
PRECISE = 1e-8  # of a standard error: how well a bound of the interval is found
ROWS = 4096  # draws at a time
STRIDE = 17  # odd, so that the draws taken have every sign of every cluster
MARGIN = 1e-6  # relative, beyond what rounding and ties can change
NOTHING = 1e-24  # share of the squares of scores that is rounding


@dataclass(frozen=True)
class WildBootstrap:
    """Test of one coefficient by the wild cluster bootstrap.

    `statistic` is t at `null` with the CR1S error `std_error`. `draws` counts sign vectors
    (all 2^G of them if `enumerated`) and `at_least`, `ties` those as extreme or tied. The
    interval holds the nulls whose `p_value` exceeds 1 - confidence: without a bound where no
    null is refused, and missing unless asked for.
    """

    term: str
    estimate: float
    std_error: float
    null: float
    enumerated: bool
    null_imposed: bool
    status: str
    reason: str
    statistic: float = np.nan
    p_value: float = np.nan
    p_strict: float = np.nan
    conf_low: float = np.nan
    conf_high: float = np.nan
    draws: int = 0
    at_least: int = 0
    ties: int = 0


def wild_bootstrap(
    gram: Gram,
    equation: Equation,
    term: str,
    *,
    null: float = 0.0,
    null_imposed: bool = True,
    weights: Literal["rademacher", "webb"] = "rademacher",
    draws: int = 9999,
    limit: int = 1 << 17,
    rng: np.random.Generator | None = None,
    confidence: float | None = None,
) -> WildBootstrap:
    """Test a coefficient by the wild cluster bootstrap.

    Parameters
    ----------
    term
        A regressor of the equation, or the intercept.
    null_imposed
        Whether residuals are those under the null (WCR) or of the fit (WCU).
    weights
        `rademacher` (signs) or `webb` (six points, for very few clusters).
    draws
        Number of draws where signs are not enumerated; p-values are then
        (1 + count) / (1 + draws), and `p_strict` count / draws.
    limit
        All 2^G signs are enumerated, with no chance in it, when they are at most so many.
    rng
        Generator of the draws; needed unless signs are enumerated.
    confidence
        Level of the interval by inversion; None for no interval.

    Raises
    ------
    ValueError
        If weights are unknown, or draws are needed and no generator was given.
    """
    if weights not in ("rademacher", "webb"):
        raise ValueError(f"weights are rademacher or webb, not {weights!r}")
    fitted = solve(gram, [Equation(equation.outcome, equation.regressors, (term,))])
    b, error = float(fitted.coefficients[0, 0]), float(fitted.std_errors[0, 0])
    status, reason = STATUSES[fitted.codes[0, 0]], fitted.reasons.get((0, 0), "")
    if status == OK and reason == EXACT_FIT:
        status = NOT_ESTIMABLE_UNDER_VCOV
    enumerated = weights == "rademacher" and 1 << min(gram.n_clusters, 62) <= limit
    found = WildBootstrap(term, b, error, null, enumerated, null_imposed, status, reason)
    if status != OK:
        return found
    vectors: Iterable[np.ndarray]
    if enumerated:
        vectors = all_signs(gram.n_clusters)
    elif rng is None:
        raise ValueError(f"{gram.n_clusters} clusters need draws, and draws a generator")
    else:
        vectors = _drawn(weights, draws, gram.n_clusters, rng)
    fit = single(gram, Equation(equation.outcome, equation.regressors, (term,)))
    direction, residual = fit.influence[0], fit.residual * fit.scale
    return _bootstrapped(found, gram, direction, residual, fit.span, vectors, confidence)


def wild_combination(
    scored: "Scored",
    direction: np.ndarray,
    residual: np.ndarray,
    span: np.ndarray,
    found: WildBootstrap,
    *,
    weights: Literal["rademacher", "webb"] = "rademacher",
    draws: int = 9999,
    rng: np.random.Generator,
    confidence: float | None = None,
) -> WildBootstrap:
    """Test any combination of coefficients: the same as making it one of them.

    Parameters
    ----------
    scored
        What sums scores by cluster.
    direction, residual, span
        Influence of the outcomes on the combination, shape (r,), residual, shape (r,), and an
        orthonormal basis of all columns, shape (r, k), in the coordinates of `scored`.
    found
        The estimate, its CR1S error, the null, and whether signs are enumerated.
    """
    g = scored.n_clusters
    vectors = all_signs(g) if found.enumerated else _drawn(weights, draws, g, rng)
    return _bootstrapped(found, scored, direction, residual, span, vectors, confidence)


def _bootstrapped(
    found: WildBootstrap,
    scored: "Scored",
    direction: np.ndarray,
    residual: np.ndarray,
    span: np.ndarray,
    vectors: Iterable[np.ndarray],
    confidence: float | None,
) -> WildBootstrap:
    b, error, null, enumerated = found.estimate, found.std_error, found.null, found.enumerated
    moments = _moments(direction, residual, span, scored, vectors)
    reached = _Reached(moments, b, found.null_imposed, enumerated)
    at_least, strictly = (reached.count(b - null, slack) for slack in (SAME, -SAME))
    low, high = (np.nan, np.nan) if confidence is None else reached.interval(error, 1 - confidence)
    twice = 2 if enumerated else 1
    n = len(moments.first) * twice
    return replace(
        found,
        statistic=(b - null) / error,
        p_value=reached.p(at_least),
        p_strict=strictly * twice / n,
        conf_low=low,
        conf_high=high,
        draws=n,
        at_least=at_least * twice,
        ties=(at_least - strictly) * twice,
    )


class Scored(Protocol):
    """What sums scores by cluster: a `Gram`, or rows."""

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""

    def scores(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Multiply vectors, shapes (a, r) and (r,), by each cluster's cross-products."""


@dataclass(frozen=True)
class ScoredRows:
    """The rows of a basis, shape (r, n), sorted by clusters of `sizes` rows, shape (G,)."""

    rows: np.ndarray
    sizes: np.ndarray

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(self.sizes)

    def scores(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Multiply vectors, shapes (a, r) and (r,), by each cluster's cross-products."""
        return row_scores(self.rows, self.sizes, left, right)


@dataclass(frozen=True)
class _Moments:
    """What the draws say about any a, shape (draws,).

    The coefficient moves by `first` + a `second`, times the root of `variance` (CR0's of the
    coefficient), and its own variance is `square` + a `mixed` + a^2 `second_square`, of which
    `largest` is the largest.
    """

    variance: float
    largest: float
    first: np.ndarray
    second: np.ndarray
    square: np.ndarray
    mixed: np.ndarray
    second_square: np.ndarray

    def part(self, some: slice | np.ndarray) -> "_Moments":
        """Return some of the draws."""
        parts = (self.first, self.second, self.square, self.mixed, self.second_square)
        return _Moments(self.variance, self.largest, *(values[some] for values in parts))

    def at(self, a: float) -> tuple[np.ndarray, np.ndarray]:
        """Return by how much the coefficient moves, and the square it is held against."""
        moved = self.second * a
        moved += self.first
        square = self.second_square * a
        square += self.mixed
        square *= a
        square += self.square
        return moved, square


def _moments(
    v: np.ndarray, e: np.ndarray, span: np.ndarray, gram: Scored, vectors: Iterable[np.ndarray]
) -> _Moments:
    length = v @ v
    own = gram.scores(v[None], e)[0]
    moved = gram.scores(v[None], v)[0] / length
    scores = gram.scores(span.T, e)  # S, shape (k, G), at a = 0
    crossed = gram.scores(span.T, v)  # P; and P / length is what S gains with a
    small = gram.n_clusters <= 4 * len(scores)
    if small:
        turn = (np.diag(own) - crossed.T @ scores).T
        turn_moved = (np.diag(moved) - crossed.T @ crossed / length).T
    g, parts = gram.n_clusters, []
    if small:
        turns = np.column_stack([turn, turn_moved, own, moved])
    for draw in vectors:
        if small:
            turned = draw @ turns
            one, two = turned[:, :g], turned[:, g : 2 * g]
            steps = turned[:, 2 * g].copy(), turned[:, 2 * g + 1].copy()
        else:
            one = draw * own - (draw @ scores.T) @ crossed
            two = draw * moved - (draw @ crossed.T) @ (crossed / length)
            steps = draw @ own, draw @ moved
        squares = [np.einsum("ij,ij->i", *pair) for pair in ((one, one), (one, two), (two, two))]
        parts.append((*steps, *squares))
    first, second, square, mixed, second_square = map(np.concatenate, zip(*parts, strict=True))
    # Scores that do not move with a, as those of equal signs, must not do so by rounding.
    largest, variance = float(second_square.max(initial=0.0)), float(own @ own)
    still = second_square <= NOTHING * largest
    mixed[still] = second_square[still] = 0.0
    root = np.sqrt(variance)
    return _Moments(
        variance, largest, root * first, root * second, square, 2 * mixed, second_square
    )


@dataclass(frozen=True)
class _Reached:
    """Which draws reach the statistic at a = b - null."""

    moments: _Moments
    estimate: float
    null_imposed: bool
    enumerated: bool

    def count(self, a: float, slack: float = SAME) -> int:
        """Count draws with |t*| >= |t|, but for `slack`; with less than none, |t*| > |t|."""
        m, c = self.moments, a if self.null_imposed else 0.0
        reached = 0
        for low in range(0, len(m.first), ROWS):
            moved, square = m.part(slice(low, low + ROWS)).at(c)
            reached += int(np.count_nonzero(self._reach(moved, square, a, slack)))
        return reached

    def _reach(self, moved: np.ndarray, square: np.ndarray, a: float, slack: float) -> np.ndarray:
        """Say which draws reach the statistic; what is overwritten are the arguments."""
        m, c = self.moments, a if self.null_imposed else 0.0
        # What is 0/0 but for rounding counts as reached, or with negative slack does not.
        nothing = NOTHING * (m.variance + c**2 * m.largest) * a**2 * np.sign(slack)
        moved *= moved
        square *= a**2 * (1 - 2 * slack)
        square -= nothing
        return moved >= square

    def p(self, at_least: int) -> float:
        n = len(self.moments.first)
        return at_least / n if self.enumerated else (1 + at_least) / (1 + n)

    def interval(self, error: float, alpha: float) -> tuple[float, float]:
        """Return the bounds beyond which the null is refused, searched from the estimate."""
        return self.estimate - self.bound(error, alpha), self.estimate - self.bound(-error, alpha)

    def bound(self, step: float, alpha: float) -> float:
        """Find where p falls to alpha on the side of `step`: outwards, then by halving."""
        inside, outside = 0.0, 2 * step
        if len(self.moments.first) > 4 * ROWS:  # every STRIDEth draw tells about where
            some = replace(self, moments=self.moments.part(slice(None, None, STRIDE)))
            about = some.bound(step, alpha)
            low, high = about - step / 16, about + step / 16
            if np.isfinite(about) and low * step > 0:
                refused = self.p(self.count(low)) <= alpha
                inside, outside = (0.0, low) if refused else (low, high)
        for _ in range(40):
            if self.p(self.count(outside)) <= alpha:
                break
            inside, outside = outside, 2 * outside
        else:
            return float(np.copysign(np.inf, step))
        open_, settled = self.moments, 0  # draws of which the bracket does not tell; that reach
        while abs(outside - inside) > PRECISE * max(abs(step), abs(outside)):
            middle, half = (inside + outside) / 2, abs(outside - inside) / 2
            c, width = (middle, half) if self.null_imposed else (0.0, 0.0)
            moved, square = open_.at(c)
            never, always = self._told(open_, moved, square, middle, half, width)
            reached = self._reach(moved, square, middle, SAME)
            at_least = settled + int(np.count_nonzero(reached))
            settled += int(np.count_nonzero(always))
            open_ = open_.part(~(never | always))
            if self.p(at_least) <= alpha:
                outside = middle
            else:
                inside = middle
        return inside

    def _told(
        self,
        m: "_Moments",
        moved: np.ndarray,
        square: np.ndarray,
        a: float,
        half: float,
        width: float,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Say which draws reach no statistic, and which every, from a - half to a + half.

        |first + a second| changes with a by no more than |second|, and the root of the square,
        a length of vectors, by no more than the root of `second_square`.
        """
        size, length = np.abs(moved), np.sqrt(np.maximum(square, 0.0))
        across, along = width * np.abs(m.second), width * np.sqrt(m.second_square)
        far, near = abs(a) + half, abs(a) - half
        rounding = MARGIN * np.sqrt(m.variance + far**2 * m.largest)
        largest = far * ((length + along) * (1 + MARGIN) + rounding)
        smallest = near * ((length - along) * (1 - MARGIN) - rounding)
        return size + across < smallest, size - across > largest


@lru_cache(maxsize=1)
def all_signs(n_clusters: int) -> tuple[np.ndarray, ...]:
    """List in blocks all sign vectors whose first sign is +: the others give the same |t*|.

    The first of the first block has no other sign. They are made once for all terms of a fit.
    """
    low = min(n_clusters - 1, ROWS.bit_length() - 1)
    table = np.ones((1, 0))
    for _ in range(low):
        table = np.concatenate(
            [np.insert(table, 0, 1.0, axis=1), np.insert(table, 0, -1.0, axis=1)]
        )
    high = n_clusters - 1 - low
    blocks = []
    for number in range(1 << high):
        block = np.ones((len(table), n_clusters))
        block[:, 1 : high + 1] = 1.0 - 2.0 * ((number >> np.arange(high)) & 1)
        block[:, high + 1 :] = table
        block.flags.writeable = False
        blocks.append(block)
    return tuple(blocks)


def _drawn(
    weights: str, draws: int, n_clusters: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    at_once = max(16, min(ROWS, (1 << 21) // n_clusters))
    points = np.sqrt([0.5, 1.0, 1.5])
    for start in range(0, draws, at_once):
        shape = (min(at_once, draws - start), n_clusters)
        signs = rng.integers(0, 2, size=shape, dtype=np.int8) * 2.0 - 1.0
        yield signs if weights == "rademacher" else signs * points[rng.integers(0, 3, size=shape)]
