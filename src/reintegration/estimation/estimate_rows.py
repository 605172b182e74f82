"""Rows of results: every effect of a fit under one covariance, or why it has no number."""

from typing import Any

import numpy as np

from reintegration.estimation.absorb import nested
from reintegration.estimation.blank import blank_estimate, identity
from reintegration.estimation.combine import check_parts, contrasts, with_extras
from reintegration.estimation.covariance import Covariance
from reintegration.estimation.design import Design, Effect, less_group_means
from reintegration.estimation.estimators import Extra, Solution
from reintegration.estimation.permutation import CannotPermute
from reintegration.estimation.results import (
    NOT_ESTIMABLE,
    NOT_ESTIMABLE_UNDER_VCOV,
    OK,
    NotEstimable,
    join_warnings,
    t_inference,
)
from reintegration.estimation.specs import Specification, Vcov
from reintegration.estimation.under import RESAMPLED, Fitted, Under, carried


def estimate_rows(fitted: Fitted, errors: Covariance) -> list[dict[str, Any]]:
    """Make the row of every effect of a fit under one covariance.

    A bootstrap or permutation of a specification with a `single` term is of that term only.
    """
    spec, solution = fitted.spec, fitted.solution
    common = {
        **identity(spec),
        "vcov": errors.vcov.type,
        "cluster_var": " ".join(errors.vcov.clusters),
        "n_clusters": errors.n_clusters or np.nan,
        "inference": errors.inference,
        "vcov_label": errors.label,
        "n_obs": len(fitted.design.y),
        "n_returnees": fitted.n_returnees,
        "sample_id": fitted.sample_id,
    }
    design = fitted.design.under(errors.vcov)
    effects = with_extras(design.effects, solution)
    effects += contrasts(effects, spec)
    if spec.single and errors.vcov.type in RESAMPLED:  # each takes its time, and one is asked for
        effects = [effect for effect in effects if effect.term == spec.single]
    effects = [effect for effect in effects if spec.reports(effect.variable)]
    unusable = _unusable(design, spec, solution, errors.vcov)
    under = Under(fitted, design, errors)
    rows = [common | _estimate(effect, fitted, under, errors, unusable) for effect in effects]
    rows += [
        common | _value(extra, spec, errors) for extra in solution.extras if extra.value is not None
    ]
    by_term = {row["term"]: row for row in rows}
    for name, weights in () if errors.problem else spec.contrasts:
        check_parts(by_term[name], [by_term[term] for term, _ in weights if term in by_term])
    return rows


def _value(extra: Extra, spec: Specification, errors: Covariance) -> dict[str, Any]:
    """Make the row of a parameter that has a value and no error."""
    return {
        **blank_estimate(spec, extra.term, errors.vcov),
        "contrast": extra.contrast,
        "group": extra.group,
        "variable": extra.term,
        "level": "",
        "estimate": extra.value,
        "status": OK,
        "warnings": "",
    }


def _estimate(
    effect: Effect, fitted: Fitted, under: Under, errors: Covariance, unusable: str
) -> dict[str, Any]:
    """Make the row of one effect, without what all effects of the fit share."""
    vcov, solution = errors.vcov, fitted.solution
    row: dict[str, Any] = {
        **blank_estimate(fitted.spec, effect.term, vcov),
        "contrast": effect.contrast,
        "group": effect.group,
        "variable": effect.variable,
        "level": effect.level,
        "df": errors.df,
    }
    if effect.weights is None:
        return row | {"status": NOT_ESTIMABLE, "warnings": effect.problem}
    if effect.carrier is not None:
        key = ("people", effect.term)
        if key not in fitted.told:
            fitted.told[key] = carried(
                effect.carrier, fitted.spec, under.design, under.design.returnees
            )
        row["n_identifying"] = fitted.told[key]
    said = under.judge(effect, errors)
    row |= said.counts
    warnings = [effect.warning, *said.warnings]
    if problem := unusable or said.problem:
        return row | {"status": NOT_ESTIMABLE_UNDER_VCOV, "warnings": problem}
    if errors.problem:
        row["estimate"] = float(effect.weights @ solution.coefficients)
        return row | {"status": NOT_ESTIMABLE_UNDER_VCOV, "warnings": errors.problem}
    if fitted.exact:
        warnings.append("the fit is exact to rounding: there is no error to test against")
    std_error = 0.0 if fitted.exact else errors.std_error(effect.weights)
    if np.isnan(std_error):
        problem = f"{vcov.label} gives it a variance below zero"
        return row | {"status": NOT_ESTIMABLE_UNDER_VCOV, "warnings": problem}
    estimate = float(effect.weights @ solution.coefficients)
    if vcov.type in RESAMPLED:
        try:
            found = under.resampled(effect, estimate, std_error, errors)
        except (CannotPermute, NotEstimable) as reason:
            return row | {"status": NOT_ESTIMABLE_UNDER_VCOV, "warnings": str(reason)}
        warnings += found.pop("warnings")
        row |= found
    else:
        row["df"] = errors.df_of(effect.weights)
        row |= vars(t_inference(estimate, std_error, row["df"], fitted.confidence))
    return row | {"status": OK, "warnings": join_warnings(warnings)}


def _unusable(design: Design, spec: Specification, solution: Solution, vcov: Vcov) -> str:
    """Say why the covariance cannot serve the estimator at all, if so."""
    blocks = solution.working.blocks if solution.working else None
    for name, way in zip(vcov.clusters, design.ways if blocks else (), strict=False):
        if blocks and not nested(blocks.groups, way):
            return f"a group of the random part stands in two clusters of {name}"
    if spec.estimator != "within":
        return ""
    if design.clusters is None:
        return (
            f"{vcov.type} is not consistent within returnees (Stock and Watson 2008):"
            " cluster by returnee_id"
        )
    if np.abs(less_group_means(design.clusters, design.returnees)).max() > 0:
        return f"a returnee stands in two clusters of {vcov.cluster}: cluster by returnee_id"
    return ""
