"""One fit under every covariance that makes sense for it, declared or not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reintegration.estimation.errors import errors_under
from reintegration.estimation.estimate_rows import Fitted, estimate_rows
from reintegration.estimation.fit import Fit
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import Vcov
from reintegration.estimation.written import COVARIANCES, CR, HC

MANY = 500  # clusters, above which CR2 with weights is not computed for comparison alone
SHORT = ("classical", "HC1", "HC3", "CR1S", "CR2", "CR3")


def alternatives(
    fit: Fit, groups: Mapping[str, np.ndarray], types: Sequence[str] = ("classical", *HC, *CR)
) -> list[Vcov]:
    """List the covariances of a fit: those declared first, then every other of these types.

    Parameters
    ----------
    groups
        Clusters of the rows by variable, numbered from 0. One in which every row is a cluster
        of its own is left out: HC says the same.
    """
    assert fit.design is not None
    estimator = fit.spec.estimator
    known = CR if estimator == "within" else COVARIANCES.get(estimator, CR)
    kinds = [kind for kind in types if kind in known]
    wanted = [Vcov(kind) for kind in kinds if kind not in CR]
    n = len(fit.design.y)
    for name, codes in groups.items():
        if codes.max(initial=0) + 1 < n:
            wanted += [Vcov(kind, name) for kind in kinds if kind in CR]
    return list(dict.fromkeys([*fit.spec.vcovs, *wanted]))


def under(
    fit: Fit, groups: Mapping[str, np.ndarray], vcov: Vcov, confidence: float
) -> dict[str, dict[str, Any]] | str:
    """The rows of a fit under one covariance, by term, or why there are none."""
    if vcov in fit.under:
        return {row["term"]: row for row in fit.under[vcov]}
    assert fit.design is not None and fit.solution is not None
    if vcov.type == "CR2" and fit.spec.weights:
        clusters = max(int(groups[name].max()) + 1 for name in vcov.clusters)
        if clusters > MANY:
            return f"not computed for comparison: CR2 of {clusters:,} clusters with weights"
    design = replace(fit.design, groups={**groups, **fit.design.groups})
    try:
        errors = errors_under(design.under(vcov), fit.solution, fit.spec, vcov)
    except NotEstimable as reason:
        return str(reason)
    fitted = Fitted(fit.spec, design, fit.solution, confidence, fit.model["sample_id"])
    return {row["term"]: row for row in estimate_rows(fitted, errors)}
