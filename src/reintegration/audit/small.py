"""Counts of returnees in what the audit writes: few are not told exactly."""

import re
from typing import Any

import numpy as np
import pandas as pd

from reintegration.audit.estimate_files import ESTIMATE_FILES

# Columns that say how many returnees a number rests on.
RESTS_ON = ("n_returnees", "n_identifying", "n_mentored", "n_other")

_COUNTED = re.compile(r"(?<![\w.,])\d[\d,]*(?= (?:of )?returnee)")


def count(value: Any, minimum: int, people: Any = None) -> int | str:
    """Write a count; `<5` where it, or the returnees behind it, are fewer than the minimum."""
    number = int(value)
    behind = number if people is None else int(people)
    return f"<{minimum}" if 0 < min(number, behind) < minimum else number


def words(text: str, minimum: int) -> str:
    """Write a text of results with counts of few returnees as `<5`."""

    def told(found: re.Match[str]) -> str:
        number = count(found[0].replace(",", ""), minimum)
        return number if isinstance(number, str) else found[0]

    return _COUNTED.sub(told, text)


def rests_on_few(table: pd.DataFrame, minimum: int) -> np.ndarray:
    """Say which rows of a table of estimates rest on too few returnees, shape (n,)."""
    few = np.zeros(len(table), dtype=bool)
    for column in RESTS_ON:
        if column in table:
            people = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
            few |= (people > 0) & (people < minimum)
    return few


def hidden_estimates(
    tables: dict[str, pd.DataFrame], minimum: int, shares: dict[str, Any]
) -> set[str]:
    """Ids of estimates that the report hides because too few returnees stand behind them."""
    from reintegration.report.select import described

    hidden: set[str] = set()
    for file in ESTIMATE_FILES:
        if file not in tables:
            continue
        table = tables[file]
        hidden |= set(table.loc[rests_on_few(table, minimum), "estimate_id"])
        if file == "descriptives/descriptives.csv":
            hidden |= set(described(table, minimum, shares).record["estimate_id"])
    return hidden
