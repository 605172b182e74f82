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
    kept = excluded == ""
    parts = [
        pd.DataFrame({"place": np.flatnonzero(~kept), "change_type": "remove_survey"}).reindex(
            columns=DIFF_COLUMNS, fill_value=""
        )
    ]
    for name in mapped.frame:
        if name not in cleaned:
            continue
        before, after = mapped.frame[name], cleaned[name]
        changed = _differs(before, after)
        aside = mapped.unread.get(str(name))
        if aside is not None:
            changed[aside.rows] = True
        where = np.flatnonzero(changed & kept)
        if not len(where):
            continue
        old = cell_texts(before.iloc[where])
        if aside is not None:
            texts = pd.Series(aside.texts, aside.rows).reindex(where)
            old = np.where(texts.notna(), texts.to_numpy(dtype=object), old)
        new = cell_texts(after.iloc[where])
        kind = np.where(new == "", "blank_response", "change_response")
        lines = {"place": where, "question": name, "old_value": old, "new_value": new}
        parts.append(pd.DataFrame({**lines, "change_type": kind}))
    return pd.concat(parts, ignore_index=True)


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
    found = diff(mapped, cleaned, ledger.excluded)
    told = _as_told(ledger)
    both = found.merge(told, how="outer", on=["place", "question"], suffixes=("", "_told"))
    wrong = both["change_type"].ne(both["change_type_told"])
    wrong |= both["new_value"].ne(both["new_value_told"])
    wrong |= both["old_value"].ne(both["old_value_told"]) & both["old_value_told"].ne("")
    if wrong.any():
        faults = both[wrong].assign(row=ledger.rows[both.loc[wrong, "place"].to_numpy()])
        where = faults.groupby("question")["row"].agg(["size", "first"])
        lines = (
            f"{name or 'rows'}: {n}, first in row {row}" for name, n, row in where.itertuples()
        )
        raise ArithmeticError(
            f"source {ledger.source}: the cleaning log does not say what was done\n"
            + "\n".join(lines)
        )


def _as_told(ledger: Ledger) -> pd.DataFrame:
    """What the log says of the rows that are kept and of those that are out, as `diff` says it.

    A cell with several lines holds what the last of them wrote.
    """
    edits = ledger.edits()
    whole = edits["change_type"] == "remove_survey"
    edits = edits[whole | (ledger.excluded[edits["place"].to_numpy()] == "")]
    cell = ["place", "question"]
    last = edits.drop_duplicates(cell, keep="last").set_index(cell)
    first = edits.drop_duplicates(cell, keep="first").set_index(cell)
    told = last.assign(old_value=first["old_value"].reindex(last.index))
    undone = edits.duplicated(cell).any() & told["old_value"].eq(told["new_value"])
    return told[~(undone & told["change_type"].ne("remove_survey"))].reset_index()
