"""The errors of one fit under each of the covariances that its specification asks for."""

from dataclasses import replace

from reintegration.estimation.covariance import Covariance, covariance
from reintegration.estimation.design import Design
from reintegration.estimation.estimators import Solution, with_effects
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
    r = design.r if solution.r is None else solution.r
    working = solution.working
    if spec.estimator == "ols":
        solution = with_effects(solution, design, vcov)
        working = solution.working
    elif spec.estimator == "fractional_logit" and vcov.type == "classical":
        working = replace(working, normal=False) if working else None
    elif spec.estimator == "quantile":
        from reintegration.estimation.quantile import quantile_errors

        r = quantile_errors(design, spec, vcov)
    return covariance(
        design.q if solution.q is None else solution.q,
        r,
        solution.residuals if solution.scaled is None else solution.scaled,
        vcov,
        design.clusters,
        solution.absorbed,
        design.second,
        working,
    )
