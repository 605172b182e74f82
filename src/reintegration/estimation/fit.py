"""Fit one specification to a frame: rows, design, estimator, covariance, estimates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from reintegration.estimation.absorb import nested
from reintegration.estimation.blank import blank_estimate, failed_rows, identity
from reintegration.estimation.coding import term_name
from reintegration.estimation.combine import check_parts, contrasts, with_extras
from reintegration.estimation.covariance import Covariance, carriers, covariance
from reintegration.estimation.design import (
    INTERCEPT,
    Design,
    Effect,
    build_design,
    less_group_means,
)
from reintegration.estimation.estimators import Engine, Extra, Solution, least_squares, ols, within
from reintegration.estimation.results import (
    FAILED,
    NOT_ESTIMABLE,
    NOT_ESTIMABLE_UNDER_VCOV,
    OK,
    NotEstimable,
    data_hash,
    join_warnings,
    sample_id,
    t_inference,
)
from reintegration.estimation.rows import account_rows, row_account
from reintegration.estimation.specs import Specification

FEW = 10  # groups carrying a term, below which a warning stands beside the estimate
EXACT = 1e-12


@dataclass(frozen=True)
class Fit:
    """A fitted specification, or the reason why it could not be fitted.

    `estimates`, `model` and `rows` hold the columns of the tables they go to. `design`,
    `solution` and `errors` are None when `status` is `failed`.
    """

    spec: Specification
    estimates: list[dict[str, Any]]
    model: dict[str, Any]
    rows: list[dict[str, Any]]
    design: Design | None = None
    solution: Solution | None = None
    errors: Covariance | None = None
    status: str = OK
    reason: str = field(default="")

    def estimate(self, term: str) -> dict[str, Any]:
        """Return the estimate of a term by its name, for example `country.GIN`."""
        return next(row for row in self.estimates if row["term"] == term)


def fit_specification(
    frame: pd.DataFrame,
    spec: Specification,
    *,
    confidence: float = 0.95,
    countries: Sequence[str] = (),
    engine: Engine = "library",
    record: bool = True,
    failed: str = "",
) -> Fit:
    """Fit a specification; what cannot be fitted comes back as rows with their reason.

    Parameters
    ----------
    frame
        One row per survey or per returnee.
    confidence
        Level of the intervals.
    countries
        Countries that the study knows; those without rows are reported.
    engine
        `library` (statsmodels, linearmodels) or `arrays` (own QR, for large samples).
    record
        Whether to account for rows and to name sample and data by their hashes.
    failed
        A reason known before for which it cannot be fitted: only rows are accounted for.
    """
    account: list[dict[str, Any]] = []
    try:
        used, reasons = row_account(frame, spec)
        account = account_rows(frame, spec, used, reasons) if record else []
        if failed:
            raise NotEstimable(failed)
        design = build_design(frame, spec, used, countries)
        design, solution = _solve(design, frame, spec, engine)
        errors = covariance(
            design.q if solution.q is None else solution.q,
            design.r if solution.r is None else solution.r,
            solution.residuals if solution.scaled is None else solution.scaled,
            spec.vcov,
            design.clusters,
            solution.absorbed,
            design.second,
            solution.working,
        )
    except NotEstimable as reason:
        estimates, model = failed_rows(frame, spec, countries, str(reason))
        return Fit(spec, estimates, model, account, status=FAILED, reason=str(reason))
    person = design.returnees
    common = {
        **identity(spec),
        "vcov": errors.vcov.type,
        "cluster_var": " ".join(errors.vcov.clusters),
        "n_clusters": errors.n_clusters or np.nan,
        "inference": errors.inference,
        "n_obs": len(design.y),
        "n_returnees": int(person.max()) + 1,
        "sample_id": _sample_id(frame, design) if record else "",
    }
    exact = np.linalg.norm(solution.residuals) <= EXACT * np.linalg.norm(design.y)
    unusable = _unusable(design, spec, solution)
    effects = with_extras(design.effects, solution)
    effects += contrasts(effects, spec)
    estimates = [
        common | _estimate(effect, spec, design, solution, errors, confidence, exact, unusable)
        for effect in effects
    ]
    estimates += [
        _value(extra, common, spec) for extra in solution.extras if extra.value is not None
    ]
    by_term = {row["term"]: row for row in estimates}
    for name, weights in spec.contrasts:
        check_parts(by_term[name], [by_term[term] for term, _ in weights if term in by_term])
    model = {
        "spec_id": spec.spec_id,
        "outcome": spec.outcome,
        "role": spec.role,
        "estimator": spec.estimator,
        **{key: common[key] for key in ("n_obs", "n_returnees", "n_clusters", "sample_id")},
        **{key: common[key] for key in ("vcov", "cluster_var")},
        "df_resid": len(design.y) - _coefficients(design, solution),
        "r2": solution.r2,
        "r2_within": solution.r2_within,
        "data_hash": data_hash(design.y, design.x) if record else "",
        "n_columns": len(design.columns),
        "dropped": " ".join(term_name(name) for name in design.dropped),
        "status": OK,
        "warnings": join_warnings([*design.warnings, *solution.warnings]),
    }
    return Fit(spec, estimates, model, account, design, solution, errors)


def _solve(
    design: Design, frame: pd.DataFrame, spec: Specification, engine: Engine
) -> tuple[Design, Solution]:
    """Fit by the estimator asked for; ordered logit has no intercept in its design."""
    if spec.estimator == "within":
        return design, within(design, engine)
    if spec.estimator == "ols":
        if engine == "arrays" and not spec.fixed_effects and not spec.weights:
            return design, ols(design, engine)
        return design, least_squares(design, spec.vcov, spec.intercept)
    from reintegration.estimation.models import solve

    return solve(design, frame, spec)


def _value(extra: Extra, common: dict[str, Any], spec: Specification) -> dict[str, Any]:
    """Make the row of a parameter that has a value and no error."""
    return common | {
        **blank_estimate(spec, extra.term),
        "contrast": extra.contrast,
        "group": extra.group,
        "variable": extra.term,
        "level": "",
        "estimate": extra.value,
        "status": OK,
        "warnings": "",
    }


def _coefficients(design: Design, solution: Solution) -> int:
    beside = sum(extra.value is None for extra in solution.extras)
    return len(design.columns) + beside + (design.fixed.rank if design.fixed else 0)


def _estimate(
    effect: Effect,
    spec: Specification,
    design: Design,
    solution: Solution,
    errors: Covariance,
    confidence: float,
    exact: bool,
    unusable: str,
) -> dict[str, Any]:
    """Make the row of one effect, without what all effects of the fit share."""
    row: dict[str, Any] = {
        **blank_estimate(spec, effect.term),
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
        row["n_identifying"], groups = _carried(effect, spec, design)
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
    if exact:
        warnings.append("the fit is exact to rounding: there is no error to test against")
    std_error = 0.0 if exact else errors.std_error(effect.weights)
    if np.isnan(std_error):
        problem = f"{errors.vcov.label} gives it a variance below zero"
        return row | {"status": NOT_ESTIMABLE_UNDER_VCOV, "warnings": problem}
    df = errors.df_of(effect.weights)
    inference = t_inference(
        float(effect.weights @ solution.coefficients), std_error, df, confidence
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


def _carried(effect: Effect, spec: Specification, design: Design) -> tuple[int, int]:
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
    if spec.vcov.cluster == "returnee_id" and not spec.vcov.second:
        return people, people
    return people, min(carriers(values, way) for way in design.ways or (None,))


def _unusable(design: Design, spec: Specification, solution: Solution) -> str:
    """Say why the covariance cannot serve the estimator at all, if so."""
    blocks = solution.working.blocks if solution.working else None
    for name, way in zip(spec.vcov.clusters, design.ways if blocks else (), strict=False):
        if blocks and not nested(blocks.groups, way):
            return f"a group of the random part stands in two clusters of {name}"
    if spec.estimator != "within":
        return ""
    if design.clusters is None:
        return (
            f"{spec.vcov.type} is not consistent within returnees (Stock and Watson 2008):"
            " cluster by returnee_id"
        )
    if np.abs(less_group_means(design.clusters, design.returnees)).max() > 0:
        return f"a returnee stands in two clusters of {spec.vcov.cluster}: cluster by returnee_id"
    return ""


def _sample_id(frame: pd.DataFrame, design: Design) -> str:
    ids = frame["survey_id"].to_numpy() if "survey_id" in frame else np.arange(len(frame))
    return sample_id(ids[design.rows])
