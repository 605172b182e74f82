"""A fit under one covariance: what that can say of an effect, and what it cannot."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from reintegration.estimation.absorb import Effects
from reintegration.estimation.bootstrap import Bootstrap, generator, smallest_p
from reintegration.estimation.covariance import Covariance, carriers
from reintegration.estimation.design import INTERCEPT, Design, Effect, less_group_means
from reintegration.estimation.estimators import Solution
from reintegration.estimation.permutation import permutation_test
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import Specification
from reintegration.estimation.validity import Support, crossing, equal_clusters

FEW = 10  # clusters carrying a term, below which a warning stands beside the estimate
HALF = 0.5  # share of a variance told by no other cluster, above which there is no number
COARSE = 100  # assignments, below which a warning says how finely p can be told
EXACT = 1e-12
RESAMPLED = ("wild", "permutation")


@dataclass(frozen=True)
class Fitted:
    """What the rows of a fit under any covariance have in common.

    `told` keeps what does not depend on the type of a covariance, so that it is found once.
    """

    spec: Specification
    design: Design
    solution: Solution
    confidence: float
    sample_id: str
    seed: int = 0
    told: dict[tuple[Any, ...], Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def n_returnees(self) -> int:
        """Persons in the sample."""
        return int(self.design.returnees.max()) + 1

    @property
    def exact(self) -> bool:
        """Whether nothing but rounding is left of the outcome."""
        left = np.linalg.norm(self.solution.residuals)
        return bool(left <= EXACT * np.linalg.norm(self.design.y))


@dataclass(frozen=True)
class Judgement:
    """What is said of an effect under a covariance: a problem leaves it without a number."""

    counts: dict[str, float]
    problem: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Under:
    """A fit with the clusters of one covariance."""

    fitted: Fitted
    design: Design
    errors: Covariance

    def judge(self, effect: Effect, errors: Covariance) -> Judgement:
        """Say by what clusters, or rows, an effect is carried."""
        if errors.vcov.type == "classical":  # one variance for all rows: none tells it alone
            return Judgement({})
        said = self._clusters(effect) if errors.vcov.clusters else self._rows(effect)
        if errors.vcov.type != "permutation":
            return said
        # It compares assignments and needs no variance: exact with one unit treated too.
        base = "CR0" if errors.vcov.cluster else "HC0"
        weak = f"its standard error is no measure of precision ({base}: {said.problem})"
        return Judgement(said.counts, "", [weak] if said.problem else [])

    def _rows(self, effect: Effect) -> Judgement:
        """As `judge`, where each row is for itself."""
        errors, spec = self.errors, self.fitted.spec
        assert effect.weights is not None
        warnings = []
        if effect.carrier is not None and effect.group != INTERCEPT:
            rows = carried(effect.carrier, spec, self.design)
            if rows <= 1:
                return Judgement({}, _carried_by(rows, "row", errors))
            warnings += _few(rows, self._equal_rows(effect.weights), "row")
        share, lone = errors.leaning(effect.weights)
        rests = f"it rests on {lone} row(s) that the model fits exactly"
        if share and errors.vcov.type in ("HC2", "HC3"):
            return Judgement({}, rests)
        if share > HALF:
            return Judgement({}, f"{rests}: {errors.vcov.label} has nothing to compare them with")
        if share:
            warnings.append(
                f"{share:.0%} of its variance stands on {lone} row(s) that the model fits exactly,"
                f" to which {errors.vcov.label} gives no error: the interval is too narrow"
            )
        return Judgement({}, "", warnings)

    def _equal_rows(self, weights: np.ndarray) -> float:
        """Say to how many rows of equal weight those of an estimate amount; infinite if unknown."""
        solution = self.fitted.solution
        if solution.working and (solution.working.given or not solution.working.orthonormal):
            return np.inf
        q = self.design.q if solution.q is None else solution.q
        return equal_clusters((q @ (self.errors.inverse.T @ weights)) ** 2)

    def _clusters(self, effect: Effect) -> Judgement:
        """As `judge`, where rows are clustered; of two ways, the one with fewer counts."""
        vcov = self.errors.vcov
        unit = " or ".join(vcov.clusters)
        key = (*self._key, effect.term)
        if key not in self.fitted.told:
            self.fitted.told[key] = self._supported(effect)
        carrying, effective, share, lone = self.fitted.told[key]
        counts = {"n_carrying": carrying, "effective_clusters": effective}
        if carrying <= 1:
            return Judgement(counts, _carried_by(carrying, unit, self.errors))
        if share > HALF or (share and vcov.type == "CR3"):
            return Judgement(
                counts,
                f"{lone} {unit}(s) alone tell what it rests on, which the model fits exactly:"
                f" {vcov.label} has nothing to compare it with",
            )
        warnings = []
        if share:
            warnings.append(
                f"{share:.0%} of its variance stands on {lone} {unit}(s) whose part the model fits"
                f" exactly and to which {vcov.label} gives no error: the interval is too narrow"
            )
        return Judgement(counts, "", [*warnings, *_few(carrying, effective, unit)])

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        """What is known of clusters is the same under covariances of one key."""
        return (*self.errors.vcov.clusters, self.errors.inverse.tobytes())

    def _supported(self, effect: Effect) -> tuple[int, float, float, int]:
        """Count carrying and effective clusters; what rests on clusters alone, and how many."""
        assert effect.weights is not None
        supports, weights = self.supports, self._whole(effect.weights)
        carrying = min(self._carrying(effect, support) for support in supports)
        effective = min(support.effective(weights) for support in supports)
        if carrying <= 1:
            return carrying, effective, 0.0, 0
        return carrying, effective, *max(support.leaning(weights) for support in supports)

    def _carrying(self, effect: Effect, support: Support) -> int:
        """Count the clusters that carry an effect: by its variable, and by its weights on them."""
        assert effect.weights is not None
        counts = [support.carrying(self._whole(effect.weights))]
        # A contrast has no variation of its own, nor has the constant.
        if effect.carrier is not None and effect.group != INTERCEPT:
            counts.append(carried(effect.carrier, self.fitted.spec, self.design, support.clusters))
        return min(counts)

    @property
    def supports(self) -> list[Support]:
        """The columns as each way of clustering sees them."""
        key = ("supports", *self._key)
        if key not in self.fitted.told:
            self.fitted.told[key] = self._supports()
        found: list[Support] = self.fitted.told[key]
        return found

    def _supports(self) -> list[Support]:
        solution, design = self.fitted.solution, self.design
        if solution.working and not solution.working.orthonormal:  # q holds scores
            q, r = np.linalg.qr(np.column_stack([np.ones(len(design.y)), design.x]))
            return [Support(q, np.empty((len(q), 0)), np.linalg.inv(r), way) for way in design.ways]
        q = design.q if solution.q is None else solution.q
        least_squares = solution.q is None
        return [
            Support(
                q,
                _effects(design.fixed if least_squares else None, way),
                self.errors.inverse,
                way,
                design.root if least_squares else None,
                working=not least_squares,
            )
            for way in design.ways
        ]

    def _whole(self, weights: np.ndarray) -> np.ndarray:
        """Return a combination of coefficients in terms of the columns of `supports`."""
        solution = self.fitted.solution
        if solution.working and not solution.working.orthonormal:
            k = self.design.x.shape[1]
            return np.append(weights[k:].sum(), weights[:k])  # thresholds are constants
        return weights

    def resampled(
        self, effect: Effect, estimate: float, std_error: float, errors: Covariance
    ) -> dict[str, Any]:
        """Return the columns of an effect's row that a bootstrap or permutations tell."""
        fitted, vcov = self.fitted, errors.vcov
        blank = dict.fromkeys(("statistic", "p_value", "conf_low", "conf_high"), np.nan)
        row: dict[str, Any] = {"estimate": estimate, "std_error": std_error, **blank}
        row["warnings"] = []
        assert effect.weights is not None
        if not std_error > 0:
            return row | {"conf_low": estimate, "conf_high": estimate}
        row["statistic"] = estimate / std_error
        rng = generator(fitted.seed, fitted.spec, vcov)
        if vcov.type == "wild":
            found = self.bootstrap.test(
                effect.weights, estimate, std_error, errors, fitted.confidence, rng
            )
            row |= {"p_value": found.p_value}
            row |= {"conf_low": found.conf_low, "conf_high": found.conf_high}
            smallest = smallest_p(vcov, self.bootstrap.scored.n_clusters)
            unbounded = np.isinf([found.conf_low, found.conf_high]).any()
            if unbounded:
                row["warnings"].append("no null is refused on one side: the interval has no bound")
        else:
            kind = "CR0" if vcov.cluster else "HC0"
            tested = permutation_test(self.design, effect.weights, vcov, kind, rng)
            smallest = tested.smallest
            if 1 < tested.assignments < COARSE:
                row["warnings"].append(
                    f"{tested.assignments} distinct assignments: p is a multiple of"
                    f" {1 / tested.assignments:.2g}"
                )
            if tested.still:
                row["warnings"].append(
                    f"{tested.still:.0%} of what it compares stands in a {vcov.within} where it"
                    " never varies: the test is of the others"
                )
            row |= {"p_value": tested.p_value, "inference": tested.inference}
            row["vcov_label"] = errors.label_with(tested.inference)
            row["warnings"].append("a permutation test has no interval")
        if smallest > 1 - fitted.confidence:
            row["warnings"].append(f"no p-value below {smallest:.2g} is possible here")
        return row

    @cached_property
    def bootstrap(self) -> Bootstrap:
        """The fit, ready for the wild cluster bootstrap."""
        return Bootstrap.of(self.design, self.fitted.solution)


def _carriers(values: np.ndarray, clusters: np.ndarray) -> int:
    """Count the clusters that carry a variable; those of its most common value if only one has it.

    A value that one cluster alone has is nothing the others could be compared with, as 0 is of
    a variable that is 0 in most clusters.
    """
    count = carriers(values, clusters)
    found, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    common = clusters[places.ravel() == counts.argmax()]
    lone = len(found) > 2 and count > 1 and (common == common[0]).all()
    return count + 1 if lone else count


def _few(carrying: int, effective: float, unit: str) -> list[str]:
    """Warn where few carry a term, or few of those in the estimate have most of its weight."""
    if not min(carrying, effective) < FEW:
        return []
    only = " only" if carrying < FEW else ""
    counted = f"carried by {carrying:,} {unit}(s){only}"
    if np.isinf(effective):
        return [counted]
    return [f"{counted}, and all {unit}(s) together weigh as {effective:.1f} equal ones"]


def carried(
    values: np.ndarray, spec: Specification, design: Design, groups: np.ndarray | None = None
) -> int:
    """Count the groups (without groups: the rows) that carry a variable's variation.

    The fewest found without which it could not be told: those that hold its rarer value (or
    anything but its most common one), and under fixed effects those in which it varies once all
    of them are out, or one of them alone. What is treated within few places moves in every row
    once places and years are out, and still rests on those few.
    """
    if groups is None:
        groups = np.arange(len(values))
    counts = [_carriers(values, groups)]
    counts += [len(np.unique(groups[moved])) for moved in _moved(values, spec, design)]
    return min(counts)


def _moved(values: np.ndarray, spec: Specification, design: Design) -> list[np.ndarray]:
    """Say in which rows a variable varies once fixed effects are out: all, and each alone."""
    left = []
    if spec.estimator == "within":
        left = [less_group_means(values, design.returnees)]
    elif design.fixed is not None:
        left = [design.fixed.residuals(values)]
        if len(design.fixed.codes) > 1:
            left += [less_group_means(values, codes) for codes in design.fixed.codes]
    return [np.abs(part) > 1e-12 * np.abs(values).max() for part in left]


def _effects(fixed: Effects | None, clusters: np.ndarray) -> np.ndarray:
    """Fixed effects that cross clusters; where they are too many, only the columns are judged."""
    try:
        return crossing(fixed, clusters, len(clusters))
    except NotEstimable:
        return np.empty((len(clusters), 0))


def _carried_by(count: int, unit: str, errors: Covariance) -> str:
    return (
        f"its variation is carried by {count} {unit} only: {errors.vcov.label} has nothing to"
        " compare it with"
    )
