"""What must not leave: cells that rest on too few returnees, and cells that would betray them.

A cell is one published number with the count of returnees it rests on. A cell with fewer
than the minimum (and more than none) is hidden. A hidden cell could be worked out when the
other cells of its line and the line's total are shown; so a line with a hidden cell hides
further cells, smallest first, until at least two are hidden and together they hold at least
the minimum. Lines cross (a cell has its row and its column), so this is repeated until
nothing changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

SUPPRESSED = "suppressed"
SMALL = "fewer returnees than the minimum"
DERIVABLE = "could be worked out from a total"


@dataclass(frozen=True)
class Protected:
    """Cells that may be shown, and the record of those that may not."""

    cells: pd.DataFrame
    record: pd.DataFrame


def hidden_cells(
    counts: Sequence[float] | np.ndarray,
    lines: Sequence[Sequence[object] | np.ndarray],
    minimum: int,
    total: Sequence[bool] | np.ndarray | None = None,
) -> np.ndarray:
    """Say for each cell whether it is shown, too small, or hidden to protect another.

    Parameters
    ----------
    counts
        Returnees behind each cell, shape (n,). Missing counts as unknown and is shown.
    lines
        One grouping or several, each of shape (n,): cells with the same value add up to a
        total that a reader sees.
    minimum
        Smallest count of returnees that may be shown.
    total
        Cells that are themselves totals of the others, shape (n,): hidden only when small.

    Returns
    -------
    Text array of shape (n,): empty, `SMALL` or `DERIVABLE`.
    """
    counts = np.asarray(counts, dtype=float)
    part = ~np.asarray(np.zeros(len(counts)) if total is None else total, dtype=bool)
    reasons = np.where((counts > 0) & (counts < minimum), SMALL, "").astype(object)
    members = [cells for line in lines for cells in _members(line, part)]
    changed = True
    while changed:
        changed = False
        for line in members:
            hidden = line[reasons[line] != ""]
            safe = len(hidden) > 1 and np.nansum(counts[hidden]) >= minimum
            shown = line[(reasons[line] == "") & ~np.isnan(counts[line])]
            if len(hidden) == 0 or safe or len(shown) == 0:
                continue
            # An empty cell hides nothing; it is taken only when there is no other.
            order = np.lexsort((counts[shown], counts[shown] == 0))
            reasons[shown[order[0]]] = DERIVABLE
            changed = True
    return reasons


def _members(line: Sequence[object] | np.ndarray, part: np.ndarray) -> list[np.ndarray]:
    """Places of the cells of each line that has at least two."""
    codes = pd.factorize(pd.Series(list(line)))[0]
    places = np.flatnonzero(part & (codes >= 0))
    places = places[np.argsort(codes[places], kind="stable")]
    starts = np.flatnonzero(np.diff(codes[places])) + 1
    return [cells for cells in np.split(places, starts) if len(cells) > 1]


def protect(
    cells: pd.DataFrame,
    minimum: int,
    *,
    count: str,
    values: Sequence[str],
    lines: Sequence[Sequence[str]] = (),
    total: Sequence[bool] | np.ndarray | pd.Series | None = None,
    identifier: str = "estimate_id",
) -> Protected:
    """Blank the values of cells that must not be shown and mark them in a column `suppressed`.

    Parameters
    ----------
    cells
        One row per published number.
    minimum
        Smallest count of returnees that may be shown.
    count
        Column with the returnees behind each number; it is blanked too where hidden.
    values
        Columns that are blanked.
    lines
        Groupings by columns: rows that agree in them add up to a total that is shown.
    total
        Rows that are totals of the others, shape (n,).
    identifier
        Column that names a number in the record.
    """
    keys = [list(zip(*(cells[column] for column in line), strict=True)) for line in lines]
    reasons = hidden_cells(
        pd.to_numeric(cells[count], errors="coerce").to_numpy(dtype=float),
        [pd.factorize(pd.Index(key))[0] for key in keys],
        minimum,
        None if total is None else np.asarray(total, dtype=bool),
    )
    hide = reasons != ""
    shown = cells.assign(**{SUPPRESSED: reasons})
    for column in dict.fromkeys([*values, count]):
        shown[column] = pd.to_numeric(shown[column], errors="coerce").astype(float).mask(hide)
    record = pd.DataFrame(
        {
            identifier: cells.loc[hide, identifier].astype(str).to_list(),
            "reason": reasons[hide],
            "minimum": minimum,
        }
    )
    return Protected(shown, record)
