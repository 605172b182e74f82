"""Rows of results: every effect of a fit under one covariance, or why it has no number."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from reintegration.estimation.absorb import nested
from reintegration.estimation.blank import blank_estimate, identity
from reintegration.estimation.combine import check_parts, contrasts, with_extras
from reintegration.estimation.covariance import Covariance, carriers
from reintegration.estimation.design import INTERCEPT, Design, Effect, less_group_means
from reintegration.estimation.estimators import Extra, Solution
from reintegration.estimation.results import (
    NOT_ESTIMABLE,
    NOT_ESTIMABLE_UNDER_VCOV,
    OK,
    join_warnings,
    t_inference,
)
from reintegration.estimation.specs import Specification, Vcov

FEW = 10  # groups carrying a term, below which a warning stands beside the estimate
EXACT = 1e-12


@dataclass(frozen=True)
class Fitted:
    """What the rows of a fit under any covariance have in common."""

    spec: Specification
    design: Design
    solution: Solution
    confidence: float
    sample_id: str

    @property
    def n_returnees(self) -> int:
        """Persons in the sample."""
        return int(self.design.returnees.max()) + 1

    @property
    def exact(self) -> bool:
        """Whether nothing but rounding is left of the outcome."""
        left = np.linalg.norm(self.solution.residuals)
        return bool(left <= EXACT * np.linalg.norm(self.design.y))


def estimate_rows(fitted: Fitted, errors: Covariance) -> list[dict[str, Any]]:
    """Make the row of every effect of a fit under one covariance."""
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
    unusable = _unusable(design, spec, solution, errors.vcov)
    rows = [common | _estimate(effect, fitted, design, errors, unusable) for effect in effects]
    rows += [
        common | _value(extra, spec, errors) for extra in solution.extras if extra.value is not None
    ]
    by_term = {row["term"]: row for row in rows}
    for name, weights in spec.contrasts:
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
    effect: Effect, fitted: Fitted, design: Design, errors: Covariance, unusable: str
) -> dict[str, Any]:
    """Make the row of one effect, without what all effects of the fit share."""
    spec, solution = fitted.spec, fitted.solution
    row: dict[str, Any] = {
        **blank_estimate(spec, effect.term, errors.vcov),
        "contrast": effect.contrast,
        "group": effect.group,
        "variable": effect.variable,
        "level": effect.level,
        "df": errors.df,
    }
    if effect.weights is None:
        return row | {"status": NOT_ESTIMABLE, "warnings": effect.problem}
    # A contrast has no variation of its own: its parts are looked at instead.
    groups = len(design.y)
    if effect.carrier is not None:
        row["n_identifying"], groups = _carried(effect, spec, design, errors.vcov)
    if errors.vcov.type == "classical":  # one variance for all rows: none has to tell it alone
        groups = len(design.y)
    warnings = [effect.warning]
    problem = unusable
    unit = " or ".join(errors.vcov.clusters) or "row"
    if effect.group != INTERCEPT and groups <= 1:
        problem = (
            f"its variation is carried by {groups} {unit} only: {errors.vcov.label} has nothing"
            " to compare it with"
        )
    elif errors.vcov.type != "classical" and errors.leans_on_alone(effect.weights):
        if errors.vcov.type in ("HC2", "HC3"):
            problem = f"it rests on {len(errors.alone)} row(s) that the model fits exactly"
        else:
            warnings.append(
                f"it rests on {len(errors.alone)} row(s) that the model fits exactly, to which"
                f" {errors.vcov.label} gives no error: the interval is too narrow"
            )
    if problem:
        return row | {"status": NOT_ESTIMABLE_UNDER_VCOV, "warnings": problem}
    if effect.group != INTERCEPT and groups < FEW:
        warnings.append(f"carried by {groups} {unit}(s) only")
    if fitted.exact:
        warnings.append("the fit is exact to rounding: there is no error to test against")
    std_error = 0.0 if fitted.exact else errors.std_error(effect.weights)
    if np.isnan(std_error):
        problem = f"{errors.vcov.label} gives it a variance below zero"
        return row | {"status": NOT_ESTIMABLE_UNDER_VCOV, "warnings": problem}
    df = errors.df_of(effect.weights)
    inference = t_inference(
        float(effect.weights @ solution.coefficients), std_error, df, fitted.confidence
    )
    return row | {
        "df": df,
        "estimate": inference.estimate,
        "std_error": inference.std_error,
        "statistic": inference.statistic,
        "p_value": inference.p_value,
        "conf_low": inference.conf_low,
        "conf_high": inference.conf_high,
        "status": OK,
        "warnings": join_warnings(warnings),
    }


def _carried(effect: Effect, spec: Specification, design: Design, vcov: Vcov) -> tuple[int, int]:
    """Count the returnees, and the units of the covariance, that carry an effect's variation."""
    values = effect.carrier
    assert values is not None
    if spec.estimator == "within":
        moved = np.abs(less_group_means(values, design.returnees)) > 1e-12 * np.abs(values).max()
        people = len(np.unique(design.returnees[moved]))
        groups = design.returnees if design.clusters is None else design.clusters
        return people, len(np.unique(groups[moved]))
    if design.fixed is not None:
        moved = np.abs(design.fixed.residuals(values)) > 1e-12 * np.abs(values).max()
        ways = design.ways or (np.arange(len(values)),)
        people = len(np.unique(design.returnees[moved]))
        return people, min(len(np.unique(way[moved])) for way in ways)
    people = carriers(values, design.returnees)
    if vcov.cluster == "returnee_id" and not vcov.second:
        return people, people
    return people, min(carriers(values, way) for way in design.ways or (None,))


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
