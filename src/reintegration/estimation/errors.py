"""The errors of one fit under each of the covariances that its specification asks for."""

from dataclasses import replace

import numpy as np

from reintegration.estimation.bootstrap import wild_label
from reintegration.estimation.covariance import Covariance, covariance
from reintegration.estimation.design import Design
from reintegration.estimation.estimators import Solution, with_effects
from reintegration.estimation.results import NotServed, NoVariance
from reintegration.estimation.specs import Specification, Vcov


def errors_under(design: Design, solution: Solution, spec: Specification, vcov: Vcov) -> Covariance:
    """Compute one covariance of a fit.

    Parameters
    ----------
    design
        With the clusters of this covariance (`Design.under`).

    Raises
    ------
    NotEstimable
        If no degree of freedom is left, there are fewer than two clusters, or the estimator
        has no such covariance for these data.
    """
    if vcov.type in ("wild", "permutation"):
        return _resampled(design, solution, spec, vcov)
    r = design.r if solution.r is None else solution.r
    working, problem = solution.working, ""
    if spec.estimator == "ols":
        solution = with_effects(solution, design, vcov)
        working = solution.working
    elif spec.estimator == "fractional_logit" and vcov.type == "classical":
        working = replace(working, normal=False) if working else None
    elif spec.estimator == "quantile":
        from reintegration.estimation.quantile import quantile_errors

        try:
            r = quantile_errors(design, solution, spec, vcov)
        except NoVariance as reason:
            problem = str(reason)
    errors = covariance(
        design.q if solution.q is None else solution.q,
        r,
        solution.residuals if solution.scaled is None else solution.scaled,
        vcov,
        design.clusters,
        solution.absorbed,
        design.second,
        working,
    )
    if problem:
        errors = replace(errors, matrix=np.full_like(errors.matrix, np.nan), problem=problem)
    return errors


def _resampled(design: Design, solution: Solution, spec: Specification, vcov: Vcov) -> Covariance:
    """Compute the errors of the statistic that is bootstrapped or permuted."""
    if spec.estimator not in ("ols", "within"):
        raise NotServed(f"{vcov.type} is for least squares (ols), not for {spec.estimator}")
    if vcov.type == "wild":
        errors = errors_under(design, solution, spec, Vcov("CR1S", vcov.cluster))
        label = wild_label(vcov, errors.n_clusters or 0)
    else:
        base = Vcov("CR0", vcov.cluster) if vcov.cluster else Vcov("HC0")
        errors = errors_under(design, solution, spec, base)
        label = f"permutations of the {base.type} statistic"
    return replace(errors, vcov=vcov, df=np.nan, inference=label)
