"""Rows of estimates before there are numbers, and of specifications that have none."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from reintegration.estimation.coding import spec_levels, term_name
from reintegration.estimation.combine import CONTRAST
from reintegration.estimation.design import INTERCEPT
from reintegration.estimation.results import FAILED
from reintegration.estimation.specs import COUNTRY, DEVIATION, Specification, Vcov

UNITS = "units of the outcome"
ADJUSTED = ("p_holm", "p_bh", "p_romano_wolf")
LOG_ODDS = ("logit", "fractional_logit", "ordered_logit")


def identity(spec: Specification) -> dict[str, Any]:
    """Name a specification in its rows."""
    return {"spec_id": spec.spec_id, "outcome": spec.outcome, "role": spec.role}


def scale_of(spec: Specification) -> str:
    """Say what estimates are measured in."""
    return "log-odds" if spec.estimator in LOG_ODDS else UNITS


def blank_estimate(spec: Specification, term: str, vcov: Vcov) -> dict[str, Any]:
    """Make the row of an estimate without its numbers."""
    return {
        "estimate_id": spec.estimate_id(term, vcov),
        "term": term,
        "scale": scale_of(spec),
        "p_adjusted": np.nan,
        "family": spec.family,
        **dict.fromkeys(("estimate", "std_error", "statistic", "p_value"), np.nan),
        **dict.fromkeys(("conf_low", "conf_high", "df"), np.nan),
        **dict.fromkeys(("effective_clusters", "n_carrying", *ADJUSTED), np.nan),
        "n_identifying": 0,
    }


def failed_rows(
    frame: pd.DataFrame,
    spec: Specification,
    vcov: Vcov,
    countries: Sequence[str],
    reason: str,
    status: str = FAILED,
) -> list[dict[str, Any]]:
    """Make the rows of a covariance that could not be computed: each term, no number."""
    numbers = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "df")
    blank = {
        **identity(spec),
        "scale": scale_of(spec),
        **dict.fromkeys((*numbers, "p_adjusted"), np.nan),
        **dict.fromkeys(("effective_clusters", "n_carrying", *ADJUSTED), np.nan),
        "vcov_label": vcov.label,
        "family": spec.family,
        "contrast": "",
        "vcov": vcov.type,
        "cluster_var": " ".join(vcov.clusters),
        "n_clusters": np.nan,
        "inference": "",
        "n_obs": 0,
        "n_returnees": 0,
        "n_identifying": 0,
        "sample_id": "",
        "status": status,
        "warnings": reason,
    }
    expected: dict[str, tuple[str, str, str, str]] = {}
    for line in _expected(frame, spec, countries):
        expected.setdefault(line[0], line)
    return [
        blank
        | {
            "estimate_id": spec.estimate_id(term, vcov),
            "term": term,
            "group": group,
            "variable": variable,
            "level": level,
        }
        for term, group, variable, level in expected.values()
        if spec.reports(variable)
    ]


def failed_model(spec: Specification, reason: str) -> dict[str, Any]:
    """Make the row of a model that could not be fitted."""
    return {
        **identity(spec),
        "estimator": spec.estimator,
        "vcov": spec.vcov.type,
        "cluster_var": " ".join(spec.vcov.clusters),
        "n_clusters": np.nan,
        "n_obs": 0,
        "n_returnees": 0,
        "df_resid": np.nan,
        "r2": np.nan,
        "r2_within": np.nan,
        "sample_id": "",
        "data_hash": "",
        "n_columns": 0,
        "dropped": "",
        "status": FAILED,
        "warnings": reason,
    }


def _expected(
    frame: pd.DataFrame, spec: Specification, countries: Sequence[str]
) -> list[tuple[str, str, str, str]]:
    """List term, group, variable and level of what a specification would have estimated."""
    levels = spec_levels(frame, spec, countries)
    if COUNTRY in spec.variables:
        levels.setdefault(COUNTRY, sorted(countries))
    constant = spec.intercept and not spec.absorbed and spec.estimator != "ordered_logit"
    expected = [(INTERCEPT, INTERCEPT, INTERCEPT, "")] if constant else []
    for term in spec.right_side:
        choices = []
        for name in term.variables:
            shown = term_name(name)
            found = levels.get(name)
            if found is None:
                choices.append([(shown, "")])
            elif coding := spec.coding_of(name):
                kept = [level for level in found if coding == DEVIATION or level != coding]
                choices.append([(f"{shown}.{level}", level) for level in kept])
            else:
                choices.append([(f"{shown}.{level}", level) for level in found[1:] or found])
        group = _expected_group(term.variables, spec)
        for combination in product(*choices):
            names, held = zip(*combination, strict=True)
            expected.append(
                (":".join(names), group, str(term), ":".join(text for text in held if text))
            )
    return expected + [(name, CONTRAST, name, "") for name, _ in spec.contrasts]


def _expected_group(variables: tuple[str, ...], spec: Specification) -> str:
    if len(variables) > 1:
        return "interaction"
    if variables[0] == COUNTRY:
        return COUNTRY
    if variables[0] != term_name(variables[0]):
        return "assistance"
    return "term" if variables in [term.variables for term in spec.terms] else "control"
