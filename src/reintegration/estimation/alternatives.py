"""One fit under every covariance that makes sense for it, declared or not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reintegration.estimation.coding import NOT_RECORDED
from reintegration.estimation.errors import errors_under
from reintegration.estimation.estimate_rows import estimate_rows
from reintegration.estimation.fit import Fit
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import COUNTRY, Vcov
from reintegration.estimation.under import Fitted
from reintegration.estimation.written import COVARIANCES, CR, HC

MANY = 500  # clusters, above which CR2 with weights is not computed for comparison alone
# Of few draws: what is declared goes through all vectors of signs, which takes ten times as long.
WILD = Vcov("wild", COUNTRY, weights="webb", draws=999)
SHORT = ("classical", "HC1", "HC3", "CR1S", "CR2")


def alternatives(
    fit: Fit,
    groups: Mapping[str, np.ndarray],
    types: Sequence[str] = ("classical", *HC, *CR),
    wild: Sequence[Vcov] = (),
) -> list[Vcov]:
    """List the covariances of a fit: those declared first, then every other of these types.

    Parameters
    ----------
    groups
        Clusters of the rows by variable, numbered from 0. One in which every row is a cluster
        of its own is left out, as HC says the same, and one that makes a single cluster.
    wild
        Bootstraps beside them, where the variable makes clusters.
    """
    assert fit.design is not None
    estimator = fit.spec.estimator
    known = CR if estimator == "within" else COVARIANCES.get(estimator, CR)
    kinds = [kind for kind in types if kind in known]
    wanted = [Vcov(kind) for kind in kinds if kind not in CR]
    n = len(fit.design.y)
    for name, codes in groups.items():
        if 0 < codes.max(initial=0) < n - 1:
            wanted += [Vcov(kind, name) for kind in kinds if kind in CR]
    wanted += [vcov for vcov in wild if groups.get(str(vcov.cluster), np.zeros(1)).max() > 0]
    declared = {vcov.slug for vcov in fit.spec.vcovs}
    wanted = [vcov for vcov in wanted if vcov.slug not in declared]
    return list(dict.fromkeys([*fit.spec.vcovs, *wanted]))


def under(
    fit: Fit,
    groups: Mapping[str, np.ndarray],
    vcov: Vcov,
    confidence: float,
    terms: Collection[str],
    seed: int = 0,
    told: dict[tuple[Any, ...], Any] | None = None,
) -> dict[str, dict[str, Any]] | str:
    """The rows of some terms of a fit under one covariance, or why there are none.

    Of a bootstrap by country only what is given within countries is tested: a country's own term
    is told by one cluster, and controls are not what is asked. `told` is kept from one covariance
    of a fit to the next.
    """
    if vcov in fit.under:
        return {row["term"]: row for row in fit.under[vcov]}
    assert fit.design is not None and fit.solution is not None
    if vcov.type == "CR2" and fit.spec.weights:
        clusters = max(int(groups[name].max()) + 1 for name in vcov.clusters)
        if clusters > MANY:
            return f"not computed for comparison: CR2 of {clusters:,} clusters with weights"
    used = {*terms, *(part for _, parts in fit.spec.contrasts for part, _ in parts)}
    effects = [effect for effect in fit.design.effects if effect.term in used]
    if vcov.type == "wild":
        asked = ("assistance", "term")
        effects = [e for e in effects if e.group in asked and e.level != NOT_RECORDED]
    design = replace(fit.design, groups={**groups, **fit.design.groups}, effects=tuple(effects))
    try:
        errors = errors_under(design.under(vcov), fit.solution, fit.spec, vcov)
    except NotEstimable as reason:
        return str(reason)
    fitted = Fitted(
        fit.spec,
        design,
        fit.solution,
        confidence,
        fit.model["sample_id"],
        seed,
        {} if told is None else told,
    )
    return {row["term"]: row for row in estimate_rows(fitted, errors)}
