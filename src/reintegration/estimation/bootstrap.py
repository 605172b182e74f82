"""The wild cluster bootstrap of any effect of a least-squares fit."""

import zlib
from dataclasses import dataclass

import numpy as np

from reintegration.estimation.covariance import Covariance
from reintegration.estimation.design import Design
from reintegration.estimation.estimators import Solution
from reintegration.estimation.kernel.wild import (
    ScoredRows,
    WildBootstrap,
    wild_combination,
)
from reintegration.estimation.results import OK
from reintegration.estimation.specs import Specification, Vcov
from reintegration.estimation.validity import crossing

LIMIT = 1 << 17  # all vectors of signs are enumerated up to so many
POINTS = {"rademacher": 2, "webb": 6}


def enumerated(vcov: Vcov, n_clusters: int) -> bool:
    """Say whether the bootstrap goes through all vectors of signs."""
    return vcov.weights == "rademacher" and 1 << min(n_clusters, 62) <= LIMIT


def wild_label(vcov: Vcov, n_clusters: int) -> str:
    """Say what p-values and intervals are taken from."""
    if enumerated(vcov, n_clusters):
        return f"all {1 << n_clusters:,} sign vectors of the CR1S statistic, null imposed"
    return f"{vcov.draws:,} draws of the CR1S statistic, null imposed"


def smallest_p(vcov: Vcov, n_clusters: int) -> float:
    """Return the smallest p-value that so many clusters allow: a vector and its mirror tie."""
    vectors = float(POINTS[vcov.weights]) ** min(n_clusters, 62)
    return 2 / vectors if enumerated(vcov, n_clusters) else max(1 / (1 + vcov.draws), 2 / vectors)


def generator(seed: int, spec: Specification, vcov: Vcov) -> np.random.Generator:
    """Return the generator of one covariance of one specification, whatever else is fitted."""
    return np.random.default_rng([seed, zlib.crc32(f"{spec.spec_id}.{vcov.slug}".encode())])


@dataclass(frozen=True)
class Bootstrap:
    """A fit in an orthonormal basis: its columns, the effects that cross clusters, the residual.

    Everything is of rows times the roots of their weights, less the fixed effects. `span`,
    shape (r, k + m), is the identity but for the residual.
    """

    scored: ScoredRows
    residual: np.ndarray
    span: np.ndarray

    @classmethod
    def of(cls, design: Design, solution: Solution) -> "Bootstrap":
        """Sort the rows of a least-squares fit by cluster.

        Raises
        ------
        NotEstimable
            If fixed effects that cross clusters do not fit into memory.
        """
        assert design.clusters is not None
        left = solution.residuals if solution.scaled is None else solution.scaled
        size = float(np.linalg.norm(left))
        effects = crossing(design.fixed, design.clusters, len(left))
        order = np.argsort(design.clusters, kind="stable")
        basis = np.column_stack([design.q, effects, left / size])[order]
        r = basis.shape[1]
        scored = ScoredRows(np.ascontiguousarray(basis.T), np.bincount(design.clusters))
        residual = np.zeros(r)
        residual[-1] = size
        return cls(scored, residual, np.eye(r)[:, :-1])

    def test(
        self,
        weights: np.ndarray,
        estimate: float,
        std_error: float,
        errors: Covariance,
        confidence: float,
        rng: np.random.Generator,
    ) -> WildBootstrap:
        """Test a combination of coefficients, shape (k,), against zero, with its interval."""
        vcov, g = errors.vcov, self.scored.n_clusters
        direction = np.zeros(len(self.residual))
        direction[: len(errors.inverse)] = errors.inverse.T @ weights
        found = WildBootstrap(
            *("", estimate, std_error, 0.0, enumerated(vcov, g), True, OK, ""),
        )
        return wild_combination(
            self.scored,
            direction,
            self.residual,
            self.span,
            found,
            weights="webb" if vcov.weights == "webb" else "rademacher",
            draws=vcov.draws,
            rng=rng,
            confidence=confidence,
        )
