"""Thousands of regressions on one sample, in batches of equal size, without touching its rows.

With the columns in an orthonormal basis (see `kernel`), a regression is a small system in the
coordinates, and the score of a term in cluster g is v' Q_g'Q_g e: v the influence of the
outcomes on its coefficient and e the residual, both vectors of the basis. For a batch, all
Q_g'Q_g e are one product of matrices. Cameron and Miller (2015), section II, has the formula.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from reintegration.estimation.design import INTERCEPT
from reintegration.estimation.kernel.batch import NUMBERS, Workspace, invert, variances
from reintegration.estimation.kernel.gram import Gram
from reintegration.estimation.kernel.single import (
    Equation,
    Single,
    adjusted,
    dropped_text,
    keep_columns,
    problem,
    solve_precisely,
    too_few,
)
from reintegration.estimation.kernel.solutions import STATUSES, Solutions
from reintegration.estimation.results import (
    FAILED,
    NOT_ESTIMABLE,
    NOT_ESTIMABLE_UNDER_VCOV,
    OK,
)

KINDS = ("CR0", "CR1", "CR1S", "CR2", "CR3")
INFLATION = 1e5  # of a coefficient's variance, above which a regression is solved by QR
EXACT = 1e-12  # residuals of this share of the outcome are rounding
FITTED = 1e-9  # what is left of a cluster's indicator that lies in the span of the columns
CR2_WEIGHTED = "CR2 with weights needs the rows: its working model is not that of the weights"
EXACT_FIT = "the fit is exact to rounding: there is no error to test against"


def solve(
    gram: Gram, equations: Sequence[Equation], vcov: str = "CR1S", covariances: bool = False
) -> Solutions:
    """Solve regressions on one sample; what cannot be estimated has a status and a reason.

    Equations of equal size are solved together. Columns that earlier ones explain are dropped
    by name as R's `lm` does, and regressions too ill-conditioned for cross-products of their
    own are solved by QR.

    Parameters
    ----------
    equations
        Outcome, regressors and terms by name. Fewer terms cost less.
    vcov
        `CR0`, `CR1` (G/(G-1)), `CR1S` (G/(G-1) x (n-1)/(n-k), as Stata), with t(G-1); `CR2`
        with Satterthwaite degrees of freedom; `CR3` with t(G-1). The last two are computed one
        by one.
    covariances
        Whether covariances between terms are wanted too.

    Raises
    ------
    ValueError
        If there is no such covariance.
    """
    if vcov not in KINDS:
        raise ValueError(f"there is no covariance {vcov} from cross-products: {', '.join(KINDS)}")
    work = _Work(gram, tuple(equations), vcov, covariances)
    work.read()
    while work.groups:
        groups, work.groups = work.groups, {}
        for group in groups.values():
            work.solve_group(group)
    return work.finish()


@dataclass
class _Group:
    """Regressions of equal size: places in the result, outcomes, columns, terms (-1: intercept).

    `whole` groups ask for every regressor; others hold the places of their terms among the
    columns, and the slots of the terms in the result.
    """

    k: int
    whole: bool
    s: list[int] = field(default_factory=list)
    outcomes: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)

    def batch(self) -> "_Batch":
        n = len(self.s)
        if self.whole:
            places = slots = np.broadcast_to(np.arange(self.k), (n, self.k))
        else:
            places = np.array(self.places, dtype=int).reshape(n, -1)
            slots = np.array(self.slots, dtype=int).reshape(n, -1)
        columns = np.array(self.columns, dtype=int).reshape(n, self.k)
        return _Batch(np.array(self.s), np.array(self.outcomes), columns, places, slots)


class _Batch(NamedTuple):
    """The same as arrays: shapes (S,), (S,), (S, k), (S, T), (S, T)."""

    s: np.ndarray
    y: np.ndarray
    columns: np.ndarray
    places: np.ndarray
    slots: np.ndarray

    def some(self, which: slice | np.ndarray) -> "_Batch":
        return _Batch(*(part[which] for part in self))


class _Work:
    """The arrays of `Solutions` while they are being filled."""

    def __init__(self, gram: Gram, equations: tuple[Equation, ...], vcov: str, covariances: bool):
        self.gram, self.equations, self.vcov = gram, equations, vcov
        self.groups: dict[tuple[int, int, bool], _Group] = {}
        s, t = len(equations), max((len(e.asked) for e in equations), default=0)
        self.b, self.v = np.full((s, t), np.nan), np.full((s, t), np.nan)
        self.df = np.full((s, t), np.nan)
        self.codes = np.zeros((s, t), dtype=np.int8)
        self.rss, self.tss = np.full(s, np.nan), np.full(s, np.nan)
        self.k = np.zeros(s, dtype=int)
        self.cov = np.full((s, t, t), np.nan) if covariances else None
        self.reasons: dict[tuple[int, int], str] = {}
        self.dropped: dict[int, dict[str, tuple[str, ...]]] = {}
        self.kept: dict[tuple[int, ...], tuple[list[int], dict[str, tuple[str, ...]]]] = {}
        self.space = Workspace()
        # What every batch takes pieces of.
        self.vectors = np.ascontiguousarray(gram.coordinates.T)
        self.cross = self.vectors @ self.vectors.T
        self.limit = np.minimum(INFLATION, 1e-2 / gram.aliased_below**2)
        self.lone = gram.carriers <= 1
        self.cluster_means = self.vectors @ gram.sums
        self.label = f"{vcov} by {gram.cluster_name}"

    def read(self) -> None:
        position = self.gram.position
        place_of = position.__getitem__
        constant = set(np.flatnonzero(self.gram.constant).tolist())
        for s, equation in enumerate(self.equations):
            terms = equation.terms
            try:
                outcome = position[equation.outcome]
                columns = list(map(place_of, equation.regressors))
                places = [
                    -1 if name == INTERCEPT else columns.index(position[name])
                    for name in terms or ()
                ]
            except (KeyError, ValueError):
                outcome = -1
            if outcome < 0 or outcome in constant or self.gram.problem:
                self.fail(s, problem(self.gram, equation))
                continue
            self.add(s, outcome, columns, places, terms is None, range(len(places)))

    def add(
        self,
        s: int,
        outcome: int,
        columns: list[int],
        places: list[int],
        whole: bool,
        slots: Iterable[int],
    ) -> None:
        key = (len(columns), len(places), whole)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = _Group(len(columns), whole)
        group.s.append(s)
        group.outcomes.append(outcome)
        group.columns += columns
        group.places += places
        group.slots += slots

    def fail(self, s: int, reason: str) -> None:
        for t in range(len(self.equations[s].asked)):
            self.mark(s, t, FAILED, reason)

    def mark(self, s: int, t: int, status: str, reason: str) -> None:
        self.codes[s, t] = STATUSES.index(status)
        self.reasons[int(s), int(t)] = reason

    def solve_group(self, group: _Group) -> None:
        """Solve regressions of equal size in batches; those too hard by themselves."""
        gram, jobs = self.gram, group.batch()
        n, r = len(jobs.s), len(gram.coordinates)
        self.codes[jobs.s[:, None], jobs.slots] = STATUSES.index(OK)
        self.tss[jobs.s] = gram.norms[jobs.y] ** 2
        if group.k == 0 or group.k >= gram.n - 1 or self.vcov in ("CR2", "CR3"):
            for i in range(n):
                self.solve_alone(jobs.some(slice(i, i + 1)))
            return
        largest = max(group.k, jobs.places.shape[1]) * r
        if gram.algorithm == "clusters":
            largest = max(largest, gram.n_clusters * max(r, jobs.places.shape[1]))
        size = min(256, max(16, NUMBERS // largest))
        for start in range(0, n, size):
            part = jobs.some(slice(start, start + size))
            hard = self.solve_batch(part, group.whole)
            for i in np.flatnonzero(hard).tolist():
                self.solve_alone(part.some(slice(i, i + 1)))

    def solve_batch(self, jobs: _Batch, whole: bool) -> np.ndarray:
        """Solve by normal equations in the basis; say which are too ill-conditioned for that."""
        gram = self.gram
        y, columns = jobs.y, jobs.columns
        n, k = columns.shape
        x = self.space.array("x", n, k, self.vectors.shape[1])
        self.vectors.take(columns, axis=0, out=x, mode="clip")
        inverse = self.space.array("inverse", n, k, k)
        np.matmul(x, x.transpose(0, 2, 1), out=inverse)
        hard = invert(inverse, self.limit[columns])
        e = self.vectors[y][:, :, None]
        b = np.zeros((len(y), k, 1))
        for _ in range(2):  # once more, for what rounding left
            step = inverse @ (x @ e)
            b += step
            e = e - x.transpose(0, 2, 1) @ step
        b, e = b[:, :, 0], e[:, :, 0]
        scale, norms = gram.norms[y], gram.norms[columns]
        rss = np.einsum("si,si->s", e, e)
        if whole:
            v = np.matmul(inverse, x, out=self.space.array("v", *x.shape))
            v /= norms[:, :, None]
            b *= scale[:, None] / norms
        else:
            b, v = self.terms(jobs, inverse, x, b)
        variance, covariance = variances(gram, e, v, self.cov is not None, self.space)
        factor = self.factor(k + 1) * scale**2
        into = (jobs.s[:, None], jobs.slots)
        self.b[into] = b
        self.v[into] = variance * factor[:, None]
        self.df[into] = gram.n_clusters - 1
        self.rss[jobs.s] = rss * scale**2
        self.k[jobs.s] = k + 1
        if covariance is not None and self.cov is not None:
            among = (jobs.s[:, None, None], jobs.slots[:, :, None], jobs.slots[:, None, :])
            self.cov[among] = covariance * factor[:, None, None]
        if hard.any():
            jobs, inverse = jobs.some(~hard), inverse[~hard]
        self.note_exact(jobs)
        self.judge(jobs, inverse)
        return hard

    def terms(
        self, jobs: _Batch, inverse: np.ndarray, x: np.ndarray, b: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients and influences of the terms asked for, intercepts among them."""
        gram, y = self.gram, jobs.y
        norms = gram.norms[jobs.columns]
        row, at = np.arange(len(y))[:, None], np.maximum(jobs.places, 0)
        own = norms[row, at]
        combined = inverse[row, at] / own[:, :, None]
        found = b[row, at] * gram.norms[y][:, None] / own
        i, t = np.nonzero(jobs.places < 0)
        if not len(i):
            return found, combined @ x
        rate = gram.means[jobs.columns] / norms
        combined[i, t] = -(rate[i, None, :] @ inverse[i])[:, 0]
        found[i, t] = gram.means[y[i]] - gram.norms[y[i]] * (rate[i] * b[i]).sum(axis=1)
        v = combined @ x
        v[i, t, 0] += 1 / np.sqrt(gram.total_weight)
        return found, v

    def factor(self, k: int) -> float:
        """The factor of the small sample, as in `covariance`."""
        n, g = self.gram.n, self.gram.n_clusters
        if self.vcov in ("CR0", "CR2", "CR3"):
            return 1.0
        return g / (g - 1) * ((n - 1) / (n - k) if self.vcov == "CR1S" else 1.0)

    def solve_alone(self, job: _Batch) -> None:
        """Solve one regression by QR, or send it back without its aliased columns."""
        gram, s, y = self.gram, int(job.s[0]), int(job.y[0])
        columns, places, slots = (part[0].tolist() for part in job[2:])
        for array in (self.b, self.v, self.df, self.rss, self.cov):
            if array is not None:
                array[s] = np.nan  # what the batch left
        if len(set(columns)) < len(columns):  # a name twice counts once
            once = list(dict.fromkeys(columns))
            again = [-1 if place < 0 else once.index(columns[place]) for place in places]
            self.add(s, y, once, again, False, slots)
            return
        key = tuple(columns)  # outcomes share their right sides
        if key not in self.kept:
            self.kept[key] = keep_columns(gram, columns)
        kept, dropped = self.kept[key]
        if dropped:
            self.dropped[s] = dropped
            left_places, left_slots = [], []
            for place, slot in zip(places, slots, strict=True):
                name = INTERCEPT if place < 0 else gram.names[columns[place]]
                if name in dropped:
                    self.mark(s, slot, NOT_ESTIMABLE, dropped_text(name, dropped[name]))
                else:
                    left_places.append(-1 if place < 0 else kept.index(columns[place]))
                    left_slots.append(slot)
            self.add(s, y, kept, left_places, False, left_slots)
            return
        if gram.n - len(kept) - 1 < 1:
            self.fail(s, too_few(gram.n, len(kept) + 1))
            return
        b, e, v, span = solve_precisely(gram, y, columns, places)
        fit = Single(gram, (), b, span, e, float(gram.norms[y]), v, {})
        self.k[s], self.rss[s] = fit.k, float(e @ e) * fit.scale**2
        self.b[s, slots] = b
        leaning = np.zeros(len(slots), dtype=int)
        if gram.weighted and self.vcov == "CR2":
            for slot in slots:
                self.refuse(s, slot, CR2_WEIGHTED)
            return
        if self.vcov in ("CR2", "CR3"):
            errors = adjusted(fit, self.vcov)
            covariance, leaning = errors.covariance, errors.leaning
            self.df[s, slots] = errors.df
        else:
            scores = gram.scores(v, e) * fit.scale
            covariance = scores @ scores.T * self.factor(fit.k)
            self.df[s, slots] = gram.n_clusters - 1
        self.v[s, slots] = np.diag(covariance)
        if self.cov is not None:
            self.cov[s, np.array(slots, dtype=int)[:, None], slots] = covariance
        self.note_exact(job)
        if self.vcov == "CR3":
            for slot, count in zip(slots, leaning.tolist(), strict=True):
                if count:
                    self.refuse(s, slot, f"without one of {count} clusters it is not identified")
        self.judge(job, None)

    def note_exact(self, jobs: _Batch) -> None:
        """Give regressions without residuals an error of zero and say so."""
        gram, y = self.gram, jobs.y
        length = np.hypot(gram.norms[y], gram.means[y] * np.sqrt(gram.total_weight))
        for i in np.flatnonzero(np.sqrt(self.rss[jobs.s]) <= EXACT * length).tolist():
            s = int(jobs.s[i])
            self.v[s, jobs.slots[i]] = 0.0
            for slot in jobs.slots[i].tolist():
                self.reasons[s, slot] = EXACT_FIT

    def refuse(self, s: int, slot: int, reason: str) -> None:
        """Take away the variance of a term, with the reason."""
        self.mark(s, slot, NOT_ESTIMABLE_UNDER_VCOV, reason)
        self.v[s, slot] = np.nan
        if self.cov is not None:
            self.cov[s, slot] = self.cov[s, :, slot] = np.nan

    def judge(self, jobs: _Batch, inverted: np.ndarray | None) -> None:
        """Refuse terms whose variation stands in one cluster, or in clusters fitted exactly."""
        gram, k = self.gram, jobs.columns.shape[1]
        if k == 0:
            return
        places = jobs.places
        asked = np.take_along_axis(jobs.columns, np.maximum(places, 0), 1)
        for i, t in zip(*np.nonzero((places >= 0) & self.lone[asked]), strict=True):
            carried = int(gram.carriers[asked[i, t]])
            reason = (
                f"its variation is carried by {carried} {gram.cluster_name} only: {self.label}"
                " has nothing to compare it with"
            )
            self.refuse(int(jobs.s[i]), int(jobs.slots[i, t]), reason)
        # The model fits the mean of a cluster exactly if its indicator lies in the span of the
        # columns, which is possible for at most k + 1 clusters.
        suspect = gram.between & (gram.carriers > 1) & (gram.carriers <= k + 2)
        doubtful = (places >= 0) & suspect[asked]
        for i in np.flatnonzero(doubtful.any(axis=1)).tolist():
            own = jobs.columns[i]
            means = self.cluster_means[own]
            if inverted is None:
                inverse = np.linalg.pinv(self.cross[np.ix_(own, own)], hermitian=True)
            else:
                inverse = inverted[i]
            share = gram.sums[0] + ((inverse @ means) * means).sum(axis=0) / gram.sums[0]
            free = share < 1 - FITTED
            for t in [] if free.all() else np.flatnonzero(doubtful[i]).tolist():
                values = gram.levels[asked[i, t], free]
                common = np.unique(values, return_counts=True)[1].max(initial=0)
                if free.sum() - common <= 1:
                    reason = (
                        f"the model fits the mean of {(~free).sum()} of {gram.n_clusters}"
                        f" clusters of {gram.cluster_name} exactly: {self.label} has nothing"
                        " to compare it with"
                    )
                    self.refuse(int(jobs.s[i]), int(jobs.slots[i, t]), reason)

    def finish(self) -> Solutions:
        return Solutions(
            gram=self.gram,
            vcov=self.vcov,
            equations=self.equations,
            coefficients=self.b,
            variances=self.v,
            df=self.df,
            codes=self.codes,
            rss=self.rss,
            r2=1 - self.rss / self.tss,
            k=self.k,
            covariances=self.cov,
            reasons=self.reasons,
            dropped=self.dropped,
        )
