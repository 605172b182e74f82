"""Fit one specification to a frame: rows, design, estimator, covariances, estimates."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from reintegration.estimation.blank import failed_model, failed_rows, identity
from reintegration.estimation.coding import term_name
from reintegration.estimation.combine import contrasts, with_extras
from reintegration.estimation.covariance import Covariance
from reintegration.estimation.design import Design, build_design
from reintegration.estimation.errors import errors_under
from reintegration.estimation.estimate_rows import estimate_rows
from reintegration.estimation.estimators import Engine, Solution, least_squares, ols, within
from reintegration.estimation.prepare import prepare
from reintegration.estimation.results import (
    FAILED,
    NOT_ESTIMABLE_UNDER_VCOV,
    OK,
    NotEstimable,
    NotServed,
    data_hash,
    join_warnings,
    sample_id,
)
from reintegration.estimation.rows import account_rows, cannot_group, row_account
from reintegration.estimation.specs import Specification, Vcov
from reintegration.estimation.under import Fitted


@dataclass(frozen=True)
class Fit:
    """A fitted specification, or the reason why it could not be fitted.

    `estimates` holds the rows of its table: every term under the first covariance, then under
    the next one. `model` and `rows` hold the columns of theirs. `status`, `reason` and
    `errors` are those of the first covariance, `all_errors` has each that could be computed,
    and `under` the rows of each; `design` and `solution` are None if none could, and `errors` is
    None when `status` is `failed`.
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
    all_errors: Mapping[Vcov, Covariance] = field(default_factory=dict)
    under: Mapping[Vcov, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def combinations(self) -> dict[str, np.ndarray]:
        """The combination of coefficients, shape (k,), of each term that has one."""
        if self.design is None or self.solution is None:
            return {}
        effects = with_extras(self.design.effects, self.solution)
        effects += contrasts(effects, self.spec)
        return {e.term: e.weights for e in effects if e.weights is not None}

    def estimate(self, term: str, vcov: Vcov | None = None) -> dict[str, Any]:
        """Return the estimate of a term by its name, for example `country.GIN`."""
        wanted = self.spec.estimate_id(term, vcov)
        return next(row for row in self.estimates if row["estimate_id"] == wanted)


def fit_specification(
    frame: pd.DataFrame,
    spec: Specification,
    *,
    confidence: float = 0.95,
    countries: Sequence[str] = (),
    engine: Engine = "library",
    record: bool = True,
    failed: str = "",
    seed: int = 0,
) -> Fit:
    """Fit a specification once, with the errors of each of its covariances.

    What cannot be fitted comes back as rows with their reason.

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
    seed
        Of draws of the wild bootstrap and of permutations.
    """
    account: list[dict[str, Any]] = []
    all_errors: dict[Vcov, Covariance] = {}
    reasons: dict[Vcov, NotEstimable] = {}
    declared = spec
    try:
        frame, spec = prepare(frame, spec)
        used, excluded = row_account(frame, spec)
        account = account_rows(frame, spec, used, excluded) if record else []
        if failed:
            raise NotEstimable(failed)
        reasons |= {
            vcov: NotServed(reason) for vcov, reason in cannot_group(frame, spec, used).items()
        }
        served = replace(spec, also=tuple(vcov for vcov in spec.also if vcov not in reasons))
        design = build_design(frame, served, used, countries)
        design, solution = _solve(design, frame, spec, engine)
        _distinct(design, solution, spec)
        for vcov in served.vcovs:
            try:
                all_errors[vcov] = errors_under(design.under(vcov), solution, spec, vcov)
            except NotEstimable as reason:
                reasons[vcov] = reason
        if not all_errors:
            raise NotEstimable(join_warnings(map(str, reasons.values())))
    except NotEstimable as reason:
        under = {
            vcov: _without(frame, spec, vcov, countries, reasons.get(vcov, reason))
            for vcov in spec.vcovs
        }
        return Fit(
            declared,
            [row for rows in under.values() for row in rows],
            failed_model(spec, str(reason)),
            account,
            status=FAILED,
            reason=str(reason),
            under=under,
        )
    fitted = Fitted(
        spec, design, solution, confidence, _sample_id(frame, design) if record else "", seed
    )
    under = {
        vcov: estimate_rows(fitted, all_errors[vcov])
        if vcov in all_errors
        else _without(frame, spec, vcov, countries, reasons[vcov])
        for vcov in spec.vcovs
    }
    errors = all_errors.get(spec.vcov)
    model = {
        **identity(spec),
        "estimator": spec.estimator,
        "n_obs": len(design.y),
        "n_returnees": fitted.n_returnees,
        "n_clusters": (errors.n_clusters if errors else None) or np.nan,
        "sample_id": fitted.sample_id,
        "vcov": spec.vcov.type,
        "cluster_var": " ".join(spec.vcov.clusters),
        "df_resid": len(design.y) - _coefficients(design, solution),
        "r2": solution.r2,
        "r2_within": solution.r2_within,
        "data_hash": data_hash(design.y, design.x) if record else "",
        "n_columns": len(design.columns),
        "dropped": " ".join(term_name(name) for name in design.dropped),
        "status": OK,
        "warnings": join_warnings([*design.warnings, *solution.warnings]),
    }
    first = str(reasons.get(spec.vcov, ""))
    return Fit(
        declared,
        [row for rows in under.values() for row in rows],
        model,
        account,
        design,
        solution,
        errors,
        status=FAILED if first else OK,
        reason=first,
        all_errors=all_errors,
        under=under,
    )


def _without(
    frame: pd.DataFrame,
    spec: Specification,
    vcov: Vcov,
    countries: Sequence[str],
    reason: NotEstimable,
) -> list[dict[str, Any]]:
    """Make the rows of a covariance that could not be computed."""
    status = NOT_ESTIMABLE_UNDER_VCOV if isinstance(reason, NotServed) else FAILED
    return failed_rows(frame, spec, vcov, countries, str(reason), status)


def _solve(
    design: Design, frame: pd.DataFrame, spec: Specification, engine: Engine
) -> tuple[Design, Solution]:
    """Fit by the estimator asked for; ordered logit has no intercept in its design."""
    if spec.estimator == "within":
        return design, within(design, engine)
    if spec.estimator == "ols":
        if engine == "arrays" and not spec.fixed_effects and not spec.weights:
            return design, ols(design, engine)
        return design, least_squares(design, spec.intercept)
    from reintegration.estimation.models import solve

    return solve(design, frame, spec)


def _distinct(design: Design, solution: Solution, spec: Specification) -> None:
    """Refuse two estimates of one name: level `b.d` of `a` and level `d` of `a.b` are `a.b.d`."""
    names = [effect.term for effect in design.effects]
    names += [*(extra.term for extra in solution.extras), *(name for name, _ in spec.contrasts)]
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        of = "a column, a level or a contrast"
        raise NotEstimable(f"{', '.join(twice)} would be the name of two terms; rename {of}")


def _coefficients(design: Design, solution: Solution) -> int:
    beside = sum(extra.value is None for extra in solution.extras)
    return len(design.columns) + beside + (design.fixed.rank if design.fixed else 0)


def _sample_id(frame: pd.DataFrame, design: Design) -> str:
    ids = frame["survey_id"].to_numpy() if "survey_id" in frame else np.arange(len(frame))
    return sample_id(ids[design.rows])
