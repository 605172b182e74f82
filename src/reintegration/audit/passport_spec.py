"""The passport of a specification: as written, as expanded, its rows, columns and diagnostics."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import yaml

from reintegration.audit.passport_rows import (
    cluster_variables,
    clusters_of,
    row_accounts,
    singletons,
)
from reintegration.audit.small import count
from reintegration.estimation.diagnostics import inflation, leverage, not_least_squares, tests
from reintegration.estimation.fit import Fit
from reintegration.estimation.specs import Specification

# First part of the ids of regressions that no entry of `specifications` declares.
SECTIONS = {"orion": "orion", "orion_change": "orion", "orion_mean": "orion", "trend": "trends"}


def declaration(spec: Specification, written: Mapping[str, Any]) -> tuple[str, str]:
    """Say where a specification is declared, and how it is written there (as YAML)."""
    first = spec.spec_id.split(".")[0]
    for entry in written.get("specifications") or ():
        name = str(entry.get("id", ""))
        if name and (spec.spec_id == name or spec.spec_id.startswith(f"{name}.")):
            return f"config.yaml: specifications.{name}", _yaml(entry)
    section = SECTIONS.get(first, "")
    if section in written:
        return f"config.yaml: {section}", _yaml(written[section])
    return "", ""


def _yaml(content: Any) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def expanded(spec: Specification) -> dict[str, Any]:
    """Say everything that a specification says, short forms spread out."""
    coding = {name: spec.coding_of(name) or "first level" for name in spec.variables}
    factors = {*dict(spec.codings), *(["country"] if "country" in spec.variables else [])}
    return {
        "terms": [str(term) for term in spec.terms],
        "controls": [str(term) for term in spec.controls],
        "coding": {name: how for name, how in coding.items() if name in factors},
        "filter": spec.filter or "",
        "fixed_effects": list(spec.absorbed),
        "weights": spec.weights or "",
        "not_recorded": spec.not_recorded,
        "contrasts": {name: dict(parts) for name, parts in spec.contrasts},
        "vcovs": [vcov.label for vcov in spec.vcovs],
    }


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
        "warnings": [text for text in str(fit.model["warnings"]).split("; ") if text],
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
    sample = frame.iloc[fit.design.rows]
    described, groups = clusters_of(sample, cluster_variables(spec, sample), minimum)
    names = ("n_obs", "n_returnees", "n_columns", "df_resid", "r2", "r2_within")
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
