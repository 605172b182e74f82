"""The passport of a specification: as written, as expanded, its rows, columns and diagnostics."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from reintegration.audit.declaration import declaration, expanded
from reintegration.audit.passport_rows import (
    as_accounted,
    clusters_of,
    row_accounts,
    singletons,
)
from reintegration.audit.small import count, words
from reintegration.estimation.diagnostics import inflation, leverage, not_least_squares, tests
from reintegration.estimation.fit import Fit
from reintegration.estimation.specs import Specification


def specification_passport(
    spec: Specification,
    fit: Fit,
    frame: pd.DataFrame,
    written: Mapping[str, Any],
    minimum: int,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Make the passport of one specification from its fit.

    Returns
    -------
    The passport, and the clusters of the rows used by variable, numbered from 0.
    """
    where, text = declaration(spec, written)
    passport: dict[str, Any] = {
        "title": spec.title,
        "role": spec.role,
        "data": spec.data,
        "outcome": spec.outcome,
        "formula": spec.formula,
        "sample": spec.sample,
        "estimator": spec.estimator,
        "written": text,
        "declared_in": where,
        "expanded": expanded(spec),
        "spec_hash": spec.spec_hash,
        "sample_id": fit.model["sample_id"],
        "data_hash": fit.model["data_hash"],
        "status": fit.status,
        "reason": fit.reason,
        "warnings": [
            text for text in words(str(fit.model["warnings"]), minimum).split("; ") if text
        ],
        "rows": row_accounts(fit.rows, minimum),
        "columns": [],
        "dropped": [],
        "clusters": [],
        "model": {},
        "diagnostics": [],
        "leverage": {},
        "singletons": {},
    }
    if fit.design is None:
        return passport, {}
    described, groups = clusters_of(spec, frame, fit.design.rows, minimum)
    described = as_accounted(described, passport["rows"])
    names = ("n_obs", "n_returnees", "n_columns", "df_resid", "r2", "r2_within")
    if 0 < fit.model["n_returnees"] < minimum:
        few = count(fit.model["n_returnees"], minimum)
        passport["model"] = {"n_obs": few, "n_returnees": few}
        passport["reason"] = f"fewer than {minimum} returnees: what would tell of them is not shown"
        return passport, groups
    vif = {one.variable: one.per_column for one in inflation(fit)}
    spread = leverage(fit)
    passport |= {
        "columns": [
            {"name": name, "variable": variable, "vif": vif.get(variable)}
            for name, variable in zip(fit.design.columns, fit.design.variables, strict=True)
        ],
        "diagnostics": [
            {
                "name": test.name,
                "statistic": test.statistic,
                "df": list(test.df),
                "p_value": test.p_value,
                "says": test.says,
            }
            for test in tests(fit)
        ],
        "leverage": {
            "max": spread.max,
            "mean": spread.mean,
            "high_rows": count(spread.high_rows, minimum),
            "very_high_rows": count(spread.very_high_rows, minimum),
            "exact_rows": count(spread.exact_rows, minimum),
        }
        if spread
        else {"says": not_least_squares(fit)},
        "dropped": [
            {"column": name, "explained_by": list(by)} for name, by in fit.design.dropped.items()
        ],
        "clusters": described,
        "model": {name: fit.model[name] for name in names},
        "singletons": singletons(fit, minimum),
    }
    return passport, groups
