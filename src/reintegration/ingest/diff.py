"""What differs between a file as it was mapped and as it came out clean, whatever the log says."""

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.ingest.ledger import Ledger, cell_texts
from reintegration.ingest.mapping import Mapped
from reintegration.ingest.received import MENTORING

DIFF_COLUMNS = ["place", "question", "old_value", "new_value", "change_type"]


def diff(mapped: Mapped, cleaned: pd.DataFrame, excluded: np.ndarray) -> pd.DataFrame:
    """Compare the cells of the rows that are kept, and list the rows that are out.

    Parameters
    ----------
    mapped
        The rows as they were mapped; a cell that could not be read holds its raw text.
    cleaned
        The same rows after everything was done to them.
    excluded
        Why each row is out, shape (n,); empty for rows still in.

    Returns
    -------
    pandas.DataFrame
        One row per changed cell and per row that is out: place (from 0), question, old_value,
        new_value (texts, empty when blank; not of rows) and change_type.
    """
    rows = pd.DataFrame({"place": np.flatnonzero(excluded != ""), "change_type": "remove_survey"})
    parts = [rows.reindex(columns=DIFF_COLUMNS, fill_value="")]
    for name in mapped.frame:
        where, old, new = _changed(mapped, cleaned, str(name), excluded == "")
        kind = np.where(new == "", "blank_response", "change_response")
        values = [where, name, old, new, kind]
        parts.append(pd.DataFrame(dict(zip(DIFF_COLUMNS, values, strict=True))))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _changed(
    mapped: Mapped, cleaned: pd.DataFrame, name: str, kept: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells of one column that hold something else than before, with old and new texts."""
    before, after = mapped.frame[name], cleaned[name]
    changed = _differs(before, after)
    aside = mapped.unread.get(name)
    if aside is not None:
        changed[aside.rows] = True
    where = np.flatnonzero(changed & kept)
    old, new = cell_texts(before.iloc[where]), cell_texts(after.iloc[where])
    if aside is not None:
        texts = pd.Series(aside.texts, aside.rows).reindex(where)
        old = np.where(texts.notna(), texts.to_numpy(dtype=object), old)
    return where, np.asarray(old), np.asarray(new)


def _differs(before: pd.Series, after: pd.Series) -> np.ndarray:
    """Where two columns hold other values; blank and blank are the same."""
    if before.dtype == "category" and after.dtype == "category":
        known = before.cat.categories.union(after.cat.categories, sort=False)
        before, after = (column.cat.set_categories(known).cat.codes for column in (before, after))
        return before.to_numpy() != after.to_numpy()
    before, after = (c.astype("str") if c.dtype == "category" else c for c in (before, after))
    same = (before == after).fillna(False).to_numpy(dtype=bool, copy=True)
    same |= (before.isna() & after.isna()).to_numpy()
    return ~same


def as_answered(cleaned: pd.DataFrame, received: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Cleaned rows, in which a "no" that does not count (a date contradicts it) is blank."""
    blanked = {}
    for name in (*codebook.assistance_columns, MENTORING):
        if name in received:
            torn = (cleaned[name] == "no").to_numpy(dtype=bool) & received[name].isna().to_numpy()
            if torn.any():
                blanked[name] = cleaned[name].mask(torn)
    return cleaned.assign(**blanked)


def check_log(mapped: Mapped, cleaned: pd.DataFrame, ledger: Ledger) -> None:
    """Check that the log names every change to clean data, and none that was not made.

    Raises
    ------
    ArithmeticError
        If a cell or row of clean data was changed without a line of the log, or a line says what
        was not done. That is a fault of the software; no value is shown.
    """
    kept = ledger.excluded == ""
    out = np.sort(ledger.removed)
    faults = []
    if not np.array_equal(out, np.flatnonzero(~kept)):
        faults.append(f"{len(out)} rows are said to be out, and {(~kept).sum()} are")
    for name in ledger.edited.union(map(str, mapped.frame)):
        there = name in mapped.frame and name in cleaned
        found = _changed(mapped, cleaned, name, kept) if there else _NOTHING
        wrong = _disagreements(found, _as_told(ledger.edits_of(name), kept))
        if len(wrong):
            faults.append(f"{name}: {len(wrong)} cells, first in row {ledger.rows[wrong[0]]}")
    if faults:
        raise ArithmeticError(
            f"source {ledger.source}: the cleaning log does not say what was done\n"
            + "\n".join(sorted(faults))
        )


Cells = tuple[np.ndarray, np.ndarray, np.ndarray]
_NOTHING: Cells = (np.array([], dtype="int64"), np.array([]), np.array([]))


def _as_told(cells: Cells, kept: np.ndarray) -> Cells:
    """What the log says of cells of rows that are kept: from the first old to the last new value.

    A cell that came back to what it was has not changed.
    """
    where, old, new = (column[kept[cells[0]]] for column in cells)
    places, first, times = np.unique(where, return_index=True, return_counts=True)
    last = len(where) - 1 - np.unique(where[::-1], return_index=True)[1]
    same = (old[first] == new[last]) & (times > 1)
    return places[~same], old[first][~same], new[last][~same]


def _disagreements(found: Cells, told: Cells) -> np.ndarray:
    """Places of which the data and the log say different things; an old value may be left out."""
    where, at, line = np.intersect1d(found[0], told[0], return_indices=True)
    wrong = found[2][at] != told[2][line]
    wrong |= (found[1][at] != told[1][line]) & (told[1][line] != "")
    return np.union1d(np.setxor1d(found[0], told[0]), where[wrong.astype(bool)]).astype("int64")
