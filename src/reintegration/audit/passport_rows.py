"""The row account of a specification, its clusters and who identifies it, for passports."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from reintegration.audit.small import count
from reintegration.estimation.fit import Fit
from reintegration.estimation.rows import group_codes
from reintegration.estimation.specs import COUNTRY, RETURNEE, Specification

LOCATION = "location_id"
QUANTILES = {"min": 0, "p25": 25, "median": 50, "p75": 75, "max": 100}


def row_accounts(account: Sequence[dict[str, Any]], minimum: int) -> list[dict[str, Any]]:
    """List rows read, excluded by reason and used, by country; all countries come first."""
    by_country: dict[str, dict[str, Any]] = {}
    for row in account:
        entry = by_country.setdefault(
            row["country"],
            {"country": row["country"], "read": 0, "excluded": [], "used": 0, "returnees": 0},
        )
        rows = count(row["rows"], minimum, row["returnees"])
        if row["step"] == "excluded":
            people = count(row["returnees"], minimum)
            entry["excluded"].append({"reason": row["reason"], "rows": rows, "returnees": people})
        else:
            entry[row["step"]] = rows
            if row["step"] == "used":
                entry["returnees"] = count(row["returnees"], minimum)
    return list(by_country.values())


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
