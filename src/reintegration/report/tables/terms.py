"""Which rows and columns a table of regressions has: told by specification and codebook alone."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from reintegration.codebook import Codebook
from reintegration.estimation.coding import NOT_RECORDED, term_name
from reintegration.estimation.specs import COUNTRY, DEVIATION, PREFIX
from reintegration.report.language import is_missing
from reintegration.report.select import is_not_recorded

INTERCEPT = "intercept"
ASSISTANCE, RECORD, CONTROLS, OTHER = "assistance", NOT_RECORDED, "controls", "terms"
CONTRASTS = "contrasts"  # made of the coefficients, which stand before them
PARTS = (COUNTRY, ASSISTANCE, RECORD, OTHER, CONTROLS, CONTRASTS)
_RANDOM = re.compile(r"\([^()]*\|[^()]*\)")


def word(row: Mapping[Any, Any], column: str) -> str:
    """A text of a row, empty where there is none."""
    value = row.get(column)
    return "" if is_missing(value) else str(value)


def slug(label: str) -> str:
    """The part of an estimate's id that names a covariance, from what it is called in words.

    `CR1S by returnee_id` is `cr1s-returnee_id`, `wild (Webb) by country` is `wild-webb-country`.
    """
    kind, _, clusters = label.partition(" within ")[0].partition(" by ")
    kind, _, webb = kind.partition(" (")
    return "-".join(
        [kind.lower(), *([webb.rstrip(")").lower()] if webb else []),
         *filter(None, clusters.split(" and "))]
    )  # fmt: skip


def covariances(spec: Mapping[Any, Any]) -> list[str]:
    """What the covariances of a specification are called, the one it is known by first."""
    also = word(spec, "also")
    return [word(spec, "vcov"), *(also.split("; ") if also else [])]


def fixed_effects(spec: Mapping[Any, Any]) -> list[str]:
    """Variables with a fixed effect for each of their values, as the formula writes them."""
    _, bar, effects = _RANDOM.sub("", word(spec, "formula")).partition(" | ")
    return effects.split(" + ") if bar else []


def expected_terms(
    spec: Mapping[Any, Any], codebook: Codebook, countries: Collection[str]
) -> dict[str, str]:
    """Terms that a specification estimates, each with its part of the table.

    Parameters
    ----------
    spec
        A row of `models/specs.csv`; one without `terms` tells of no term.
    countries
        Countries of the study.
    """
    right = [*word(spec, "terms").split(), *word(spec, "controls").split()]
    if not right:
        return {}
    found = {}
    formula = word(spec, "formula").partition("~")[2].strip()
    with_constant = not formula.startswith("0") and not fixed_effects(spec)
    if with_constant and word(spec, "estimator") != "ordered_logit":
        found[INTERCEPT] = CONTROLS
    interest = set(word(spec, "terms").split())
    for term in sorted(right, key=lambda text: text.count(":")):
        levels = [_levels(name, spec, codebook, countries) for name in term.split(":")]
        for combination in product(*levels):
            name = ":".join(combination)
            found[name] = _part(name, term, interest)
    return found


def _levels(
    name: str, spec: Mapping[Any, Any], codebook: Codebook, countries: Collection[str]
) -> list[str]:
    """Names of the columns that a variable becomes."""
    shown = term_name(name)
    if name == COUNTRY:
        coding = word(spec, "country_coding") or DEVIATION
        return [f"{name}.{code}" for code in sorted(countries) if code != coding]
    if name.startswith(PREFIX):
        unknown = word(spec, NOT_RECORDED) == "own_category"
        return [shown, *([f"{shown}_{NOT_RECORDED}"] if unknown else [])]
    try:
        answers = sorted(answer.code for answer in codebook.answers_of(name))
    except KeyError:
        answers = []
    return [f"{name}.{code}" for code in answers[1:]] or [shown]


def _part(name: str, term: str, interest: Collection[str]) -> str:
    if term == COUNTRY:
        return COUNTRY
    if term.startswith(PREFIX) and ":" not in term:
        return RECORD if name.endswith(f"_{NOT_RECORDED}") else ASSISTANCE
    return OTHER if term in interest else CONTROLS


def present_terms(estimates: pd.DataFrame, spec: Mapping[Any, Any]) -> dict[str, str]:
    """Terms that the results of a specification hold, each with its part of the table."""
    rows = estimates[estimates["spec_id"] == spec["spec_id"]].drop_duplicates("term")
    interest = set(word(spec, "terms").split())
    parts = {}
    for term, group, variable, unknown in zip(
        rows["term"], rows["group"], rows["variable"], is_not_recorded(rows), strict=True
    ):
        if group == COUNTRY:
            part = COUNTRY
        elif group == "assistance":
            part = RECORD if unknown else ASSISTANCE
        elif group == "contrast":
            part = CONTRASTS
        else:
            part = OTHER if variable in interest else CONTROLS
        parts[str(term)] = part
    return parts


def lines_of_terms(
    specs: Sequence[Mapping[Any, Any]],
    estimates: pd.DataFrame,
    codebook: Codebook,
    countries: Collection[str],
) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Terms of all specifications in order with their parts, and the terms that each has.

    What results hold beyond what was to be expected (a level that the codebook does not list) is
    added, so that no number is lost.
    """
    found: dict[str, str] = {}
    of: dict[str, set[str]] = {}
    for spec in specs:
        terms = expected_terms(spec, codebook, countries)
        terms |= {k: v for k, v in present_terms(estimates, spec).items() if k not in terms}
        found |= {term: part for term, part in terms.items() if term not in found}
        of[str(spec["spec_id"])] = set(terms)
    return found, of


def first_ids(
    specs: Sequence[Mapping[Any, Any]], estimates: pd.DataFrame
) -> dict[tuple[str, str], str]:
    """Estimate of each specification's terms under the covariance that it is known by."""
    known = set(estimates["estimate_id"])
    rows = estimates.drop_duplicates(["spec_id", "term"])
    ids = {
        (str(spec), str(term)): str(name)
        for spec, term, name in zip(rows["spec_id"], rows["term"], rows["estimate_id"], strict=True)
    }
    ends = {str(spec["spec_id"]): slug(covariances(spec)[0]) for spec in specs}
    for spec, term in ids:
        named = f"{spec}.{term}.{ends.get(spec, '')}"
        if named in known:
            ids[spec, term] = named
    return ids
