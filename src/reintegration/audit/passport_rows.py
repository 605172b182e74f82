"""The row account of a specification, its clusters and who identifies it, for passports."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from reintegration.audit.small import count
from reintegration.disclosure import DERIVABLE, hidden_cells
from reintegration.estimation.fit import Fit
from reintegration.estimation.rows import ALL, group_codes
from reintegration.estimation.specs import COUNTRY, RETURNEE, Specification

LOCATION = "location_id"
USED = ""  # stands beside the reasons why rows are not used
NOT_SHOWN = "not shown"  # would betray a count that is not told
QUANTILES = {"min": 0, "p25": 25, "median": 50, "p75": 75, "max": 100}


def row_accounts(account: Sequence[dict[str, Any]], minimum: int) -> list[dict[str, Any]]:
    """List rows read, excluded by reason and used, by country; all countries come first.

    What is read is the sum of what is used and what is left out, and all countries are the sum of
    each: where one count is of too few returnees, another of its line is not told either, or told
    as a bound that the counts shown already give.
    """
    entries = _entries(account)
    countries = [entry for entry in entries if entry["country"] != ALL]
    several = len(countries) > 1
    masks = _of_countries(countries, minimum) if several else {}
    return [
        _shown(entry, minimum, masks[entry["country"]])
        if entry["country"] in masks
        else _shown_whole(entry, minimum)
        for entry in entries
    ]


def _entries(account: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The counts of each country, of rows and of returnees."""
    found: dict[str, dict[str, Any]] = {}
    for row in account:
        entry = found.setdefault(
            row["country"],
            {"country": row["country"], "excluded": [], "read": (0, 0), "used": (0, 0)},
        )
        counts = (int(row["rows"]), int(row["returnees"]))
        if row["step"] == "excluded":
            entry["excluded"].append((row["reason"], *counts))
        else:
            entry[row["step"]] = counts
    return list(found.values())


def _of_countries(countries: Sequence[dict[str, Any]], minimum: int) -> dict[str, dict[str, str]]:
    """Say of each country which counts are not told: by reason, and of rows used (no reason)."""
    cells = [
        (entry["country"], reason, people)
        for entry in countries
        for reason, _, people in entry["excluded"]
    ]
    # Where nothing is left out, used is read: nothing can be hidden in it.
    cells += [(e["country"], USED, e["used"][1]) for e in countries if e["excluded"]]
    masks: dict[str, dict[str, str]] = {entry["country"]: {} for entry in countries}
    if not cells:
        return masks
    places, reasons, people = zip(*cells, strict=True)
    hidden = hidden_cells(np.array(people, dtype=float), [places, reasons], minimum)
    for country, reason, why in zip(places, reasons, hidden, strict=True):
        if why:
            masks[country][reason] = why
    return masks


def _shown(entry: Mapping[str, Any], minimum: int, mask: Mapping[str, str]) -> dict[str, Any]:
    """The account of one country among several: what is used is a bound where it would tell."""
    read, people = entry["read"]
    excluded = [
        {"reason": reason, **_counts(rows, persons, minimum, mask.get(reason, ""))}
        for reason, rows, persons in entry["excluded"]
    ]
    used: int | str = count(entry["used"][0], minimum, entry["used"][1])
    returnees: int | str = count(entry["used"][1], minimum)
    if isinstance(used, int) and mask:
        told = sum(part["rows"] for part in excluded if isinstance(part["rows"], int))
        unknown = sum(not isinstance(part["rows"], int) for part in excluded)
        used, returnees = f"≤{read - told - unknown:,}", f"≤{people:,}"
    return {
        "country": entry["country"],
        "read": count(read, minimum, people),
        "excluded": excluded,
        "used": used,
        "returnees": returnees,
    }


def _shown_whole(entry: Mapping[str, Any], minimum: int) -> dict[str, Any]:
    """The account of all rows: those used are shown with every estimate, so others are not."""
    (read, people), (used, persons) = entry["read"], entry["used"]
    excluded = [
        {"reason": reason, **_counts(rows, behind, minimum, "")}
        for reason, rows, behind in entry["excluded"]
    ]
    hidden = [p for p, one in zip(entry["excluded"], excluded, strict=True)
              if not isinstance(one["rows"], int)]  # fmt: skip
    shown: int | str = count(read, minimum, people)
    if hidden and (len(hidden) < 2 or sum(behind for _, _, behind in hidden) < minimum):
        told = [one for one in excluded if isinstance(one["rows"], int) and one["rows"]]
        if told:  # the smallest of those that are told
            smallest = min(told, key=lambda one: one["rows"])
            smallest |= {"rows": NOT_SHOWN, "returnees": NOT_SHOWN}
        elif isinstance(shown, int):
            shown = f"≥{used + len(hidden):,}"
    return {
        "country": entry["country"],
        "read": shown,
        "excluded": excluded,
        "used": count(used, minimum, persons),
        "returnees": count(persons, minimum),
    }


def _counts(rows: int, people: int, minimum: int, why: str) -> dict[str, int | str]:
    """Rows and returnees left out for one reason, as far as they are told."""
    if why == DERIVABLE:
        return {"rows": NOT_SHOWN, "returnees": NOT_SHOWN}
    return {"rows": count(rows, minimum, people), "returnees": count(people, minimum)}


def clusters_of(
    spec: Specification, frame: pd.DataFrame, rows: np.ndarray, minimum: int
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Describe what rows can be clustered by: the declared variables, person, place, country.

    Countries are named, persons and places never.

    Parameters
    ----------
    rows
        Positions of the rows used in the frame.

    Returns
    -------
    The descriptions, and the number of each row's cluster, shape (n,), by variable.
    """
    declared = [name for vcov in spec.vcovs for name in vcov.clusters]
    wanted = dict.fromkeys([*declared, RETURNEE, LOCATION, COUNTRY])
    names = [name for name in wanted if name in frame]
    sample = frame[names].iloc[rows]
    described: list[dict[str, Any]] = []
    codes: dict[str, np.ndarray] = {}
    people = group_codes(sample, RETURNEE)
    for name in names:
        if sample[name].isna().any():
            continue
        codes[name] = group_codes(sample, name)
        sizes = np.bincount(codes[name])
        named = None
        if name == COUNTRY:
            named = {}
            for country in sorted(sample[name].astype("str").unique()):
                rows = (sample[name].astype("str") == country).to_numpy()
                named[country] = count(rows.sum(), minimum, len(np.unique(people[rows])))
        quantiles = np.percentile(sizes, list(QUANTILES.values()), method="nearest")
        behind = minimum if name == RETURNEE else None  # a person's surveys are no cell
        described.append(
            {
                "variable": name,
                "n": len(sizes),
                "sizes": {
                    label: int(size) if behind else count(size, minimum)
                    for label, size in zip(QUANTILES, quantiles, strict=True)
                },
                "largest_share": float(sizes.max() / sizes.sum()),
                "named": named,
            }
        )
    return described, codes


def singletons(fit: Fit, minimum: int) -> dict[str, Any]:
    """Count returnees with one row and with several, and rows alone in a fixed effect."""
    assert fit.design is not None
    rows = np.bincount(fit.design.returnees)
    alone = 0
    if fit.design.fixed is not None:
        for codes in fit.design.fixed.codes:
            alone += int((np.bincount(codes) == 1).sum())
    return {
        "returnees_once": count((rows == 1).sum(), minimum),
        "returnees_repeated": count((rows > 1).sum(), minimum),
        "rows_alone_in_effect": count(alone, minimum),
    }


def as_accounted(
    clusters: Sequence[dict[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Tell rows by country as the account of rows does, and no size that would say more."""
    told = {row["country"]: row["used"] for row in rows}
    shown = []
    for one in clusters:
        named = {name: told.get(name, n) for name, n in (one["named"] or {}).items()}
        if any(isinstance(n, str) for n in named.values()):
            one = one | {
                "named": named,
                "sizes": dict.fromkeys(one["sizes"]),
                "largest_share": round(one["largest_share"], 2),
            }
        shown.append(one)
    return shown
