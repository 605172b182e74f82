"""What stands behind a coefficient: every covariance, who identifies it, who moves it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from reintegration.audit.passport_numbers import vcov_label
from reintegration.audit.small import count, words
from reintegration.estimation.alternatives import SHORT, WILD, alternatives, under
from reintegration.estimation.diagnostics import dfbetas, not_least_squares
from reintegration.estimation.fit import Fit
from reintegration.estimation.influence import (
    UNIDENTIFIED,
    combinations,
    leave_out,
    why_not,
    without_country,
)
from reintegration.estimation.results import FAILED, OK
from reintegration.estimation.specs import COUNTRY, RETURNEE, Specification, Vcov

NUMBERS = ("std_error", "df", "p_value", "conf_low", "conf_high")
LARGEST = 5  # rows whose DFBETAs are listed
REDEFINED = (
    "Without a country every deviation is one from the average of the other countries: the"
    " estimate is of the term as it is then defined."
)


def evidence(
    spec: Specification,
    fit: Fit,
    frame: pd.DataFrame,
    groups: Mapping[str, np.ndarray],
    confidence: float,
    known: Mapping[str, Mapping[str, Any]],
    minimum: int,
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """Gather what stands behind each term of a fit whose estimates are in results.

    Parameters
    ----------
    spec
        As declared; the fit may lack bootstraps and permutations beside its first errors.
    groups
        Clusters of the rows used by variable, numbered from 0.
    known
        Rows of results by id.
    seed
        Of bootstraps.

    Returns
    -------
    `covariances`, `identified_by` and `influence` by term.
    """
    terms = [
        row["term"]
        for row in fit.estimates
        if any(spec.estimate_id(row["term"], vcov) in known for vcov in spec.vcovs)
    ]
    terms = list(dict.fromkeys(terms))
    if fit.design is None or not terms:
        return {}
    rows = _covariances(spec, fit, groups, confidence, terms, known, seed, minimum)
    moved = _influence(fit, frame, groups, terms)
    first = {row["term"]: row for row in fit.under[spec.vcov]}
    return {
        term: {
            "covariances": rows[term][0],
            "identified_by": {
                "returnees": count(first[term]["n_identifying"], minimum),
                "clusters": {
                    name: {
                        "carrying": count(one["carrying"], minimum if name == RETURNEE else 0),
                        "effective": one["effective"],
                    }
                    for name, one in rows[term][1].items()
                },
            },
            "influence": moved.get(term, {}),
        }
        for term in terms
    }


def _as_written(row: Mapping[str, Any], minimum: int) -> dict[str, Any]:
    """A row of results as a line of the covariances."""
    line = {"estimate_id": row["estimate_id"], "label": vcov_label(row), "status": row["status"]}
    reason = "" if pd.isna(row["warnings"]) else words(str(row["warnings"]), minimum)
    if row["status"] == OK:
        line |= {key: row.get(key) for key in NUMBERS}
    return line | {"reason": reason}


def _wanted(spec: Specification, fit: Fit, groups: Mapping[str, np.ndarray]) -> list[Vcov]:
    """The covariances shown: few for a slope, a mean or a refit, all for a regression."""
    if fit.spec.single or fit.spec.refit_of:
        return alternatives(fit, groups, SHORT)
    asked = any(vcov.type == WILD.type and vcov.cluster == COUNTRY for vcov in spec.vcovs)
    return alternatives(fit, groups, wild=[] if asked else [WILD])


def _covariances(
    spec: Specification,
    fit: Fit,
    groups: Mapping[str, np.ndarray],
    confidence: float,
    terms: list[str],
    known: Mapping[str, Mapping[str, Any]],
    seed: int,
    minimum: int,
) -> dict[str, tuple[list[dict[str, Any]], dict[str, Any]]]:
    """The rows of each term under every covariance, and the clusters that carry it."""
    found: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {t: ([], {}) for t in terms}
    told: dict[tuple[Any, ...], Any] = {}
    beside = [vcov for vcov in spec.vcovs if vcov not in fit.spec.vcovs]
    for vcov in dict.fromkeys([*spec.vcovs, *_wanted(spec, fit, groups)]):
        if vcov in beside:
            for term in terms:
                if row := known.get(spec.estimate_id(term, vcov)):
                    found[term][0].append(_as_written(row, minimum))
            continue
        made = under(fit, groups, vcov, confidence, terms, seed, told)
        for term in terms:
            row = made.get(term) if isinstance(made, dict) else None
            if row is None and isinstance(made, dict):
                continue  # not asked of this term
            name = fit.spec.estimate_id(term, vcov)
            line: dict[str, Any] = {"estimate_id": name if name in known else ""}
            if row is None:
                line |= {"label": vcov.label, "status": FAILED, "reason": made}
            elif row["status"] == OK:
                line |= {"label": row["vcov_label"], "status": OK, "reason": row["warnings"]}
                line |= {key: row[key] for key in NUMBERS}
            else:
                label = row["vcov_label"] or vcov.label
                line |= {"label": label, "status": row["status"], "reason": row["warnings"]}
            line["reason"] = words(str(line["reason"]), minimum)
            found[term][0].append(line)
            if row is not None and vcov.cluster and not vcov.second:
                carried = row["n_carrying"], row["effective_clusters"]
                if not pd.isna(carried[0]):
                    both = {"carrying": carried[0], "effective": carried[1]}
                    found[term][1].setdefault(vcov.cluster, both)
    return found


def _influence(
    fit: Fit, frame: pd.DataFrame, groups: Mapping[str, np.ndarray], terms: list[str]
) -> dict[str, dict[str, Any]]:
    """What each term would be without a country, a cluster, a row."""
    if reason := not_least_squares(fit):
        return {term: {"says": reason} for term in terms}
    combined = {t: w for t, w in combinations(fit).items() if t in terms}
    first = {row["term"]: row for row in fit.under[fit.spec.vcov]}
    found: dict[str, dict[str, Any]] = {term: {"says": ""} for term in combined}
    if not combined:
        return found
    assert fit.design is not None and fit.solution is not None
    whole = fit.solution.coefficients

    def change(term: str, estimate: float) -> float:
        return float((estimate - combined[term] @ whole) / _error(first[term]))

    if COUNTRY in frame and not why_not(fit, groups.get(COUNTRY, np.zeros(1, dtype=int))):
        left_out = _without_countries(fit, frame, groups[COUNTRY], combined)
        for term, (lines, redefined) in left_out.items():
            for line in lines:
                if line["estimate"] is not None:
                    line["change_in_std_errors"] = change(term, line["estimate"])
            found[term]["leave_one_country_out"] = lines
            found[term]["says"] = REDEFINED if redefined else ""
    for name, codes in groups.items():
        if name == COUNTRY or codes.max() + 1 == len(codes) or why_not(fit, codes):
            continue
        left = leave_out(fit, codes)
        every = left.coefficients @ np.array(list(combined.values())).T
        for g in left.lost:
            every[g] = [left.estimate(g, weights) for weights in combined.values()]
        for j, term in enumerate(combined):
            some = every[np.isfinite(every[:, j]), j]
            found[term].setdefault("leave_one_cluster_out", []).extend(
                {
                    "variable": name,
                    "label": "",
                    "estimate": float(value),
                    "change_in_std_errors": change(term, float(value)),
                }
                for value in ([some.min(), some.max()] if len(some) else [])
            )
    moved = dfbetas(fit, np.array(list(combined.values())))
    for j, term in enumerate(combined):
        size = np.nan_to_num(np.abs(moved[:, j]), nan=-1.0)
        largest = np.argsort(-size, kind="stable")[:LARGEST]
        found[term]["dfbetas"] = [
            {"position": int(i) + 1, "dfbetas": float(moved[i, j])} for i in largest if size[i] > 0
        ]
    return found


def _error(row: Mapping[str, Any]) -> float:
    return row["std_error"] if row["std_error"] > 0 else np.nan


def _without_countries(
    fit: Fit, frame: pd.DataFrame, codes: np.ndarray, combined: Mapping[str, np.ndarray]
) -> dict[str, tuple[list[dict[str, Any]], bool]]:
    """Each term without each country, and whether it then means something else."""
    assert fit.design is not None
    countries = frame[COUNTRY].iloc[fit.design.rows].astype("str").to_numpy()
    left = leave_out(fit, codes)
    lines: dict[str, list[dict[str, Any]]] = {term: [] for term in combined}
    changed: set[str] = set()
    for country in sorted(set(countries)):
        group = int(codes[np.argmax(countries == country)])
        redefined = without_country(fit, country)
        for term in combined:
            line: dict[str, Any] = {"country": country, "estimate": None}
            weights = redefined.get(term, UNIDENTIFIED)
            if isinstance(weights, str) or not np.array_equal(weights, combined[term]):
                changed.add(term)
            if isinstance(weights, str):
                line["reason"] = weights
            else:
                value = left.estimate(group, weights)
                line["estimate"] = None if np.isnan(value) else value
                line["reason"] = UNIDENTIFIED if np.isnan(value) else ""
            lines[term].append(line)
    return {term: (found, term in changed) for term, found in lines.items()}
