"""The same surveys in two sources under other case numbers: a file that came in twice."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.tables_io import ROWS_AT_ONCE

RULE = "duplicate_content"
DATED = ("survey_date", "return_date", "age")
ANSWERED = 0.5  # of the items; of fewer answers, equal ones may be chance


@dataclass(frozen=True)
class Copy:
    """Surveys of a source that have the same answers as surveys of another."""

    source: str
    other: str
    places: np.ndarray  # of the surveys, among all
    surveys: int  # of the source

    @property
    def said(self) -> str:
        """How many surveys agree, and with which source."""
        return (
            f"{len(self.places)} of {self.surveys} surveys have the same answers as surveys of "
            f"source {self.other}"
        )

    @property
    def whole(self) -> bool:
        """Whether most surveys agree: then the file is the matter, and no survey by itself."""
        return 2 * len(self.places) > self.surveys


def find_copies(rows: pd.DataFrame, excluded: np.ndarray, codebook: Codebook) -> list[Copy]:
    """Find surveys with the same items, dates and age in two sources, of different returnees.

    The source that comes later by name is said to repeat the other.
    """
    sources = rows["source"].astype("category")
    used = np.flatnonzero((excluded == "") & rows["returnee_id"].notna().to_numpy())
    used = used[np.argsort(sources.cat.codes.to_numpy()[used], kind="stable")]
    source = sources.cat.codes.to_numpy()[used]
    counts = np.bincount(source, minlength=len(sources.cat.categories))
    content, answered = _content(rows, used, codebook)
    enough = answered >= ANSWERED * len(codebook.items)
    used, source, content = used[enough], source[enough], content[enough]
    if not len(used):
        return []
    _, first, group = np.unique(content, return_index=True, return_inverse=True)
    returnee = pd.factorize(rows["returnee_id"].iloc[used])[0]
    first = first[group]
    again = (source != source[first]) & (returnee != returnee[first])
    names = [str(name) for name in sources.cat.categories]
    pairs = np.column_stack([source[again], source[first][again]])
    found, pair = np.unique(pairs, axis=0, return_inverse=True)
    return [
        Copy(names[one], names[other], np.sort(used[again][pair == place]), int(counts[one]))
        for place, (one, other) in enumerate(found.tolist())
    ]


def _content(
    rows: pd.DataFrame, used: np.ndarray, codebook: Codebook
) -> tuple[np.ndarray, np.ndarray]:
    """A number for the answers of each survey, and how many items were answered."""
    items = [name for name in codebook.items if name in rows]
    names = [*(name for name in DATED if name in rows), *items]
    content = np.zeros(len(used), dtype="uint64")
    answered = np.zeros(len(used), dtype="int16")
    for start, part in _parts(rows, used, names):
        here = slice(start, start + len(part))
        content[here] = pd.util.hash_pandas_object(part, index=False).to_numpy()
        for name in items:
            said = part[name].notna() & ~part[name].isin(codebook.nonresponse_codes)
            answered[here] += said.to_numpy(dtype="int16")
    return content, answered


def _parts(
    rows: pd.DataFrame, used: np.ndarray, names: list[str]
) -> Iterator[tuple[int, pd.DataFrame]]:
    table = rows[names]
    for start in range(0, len(used), ROWS_AT_ONCE):
        yield start, table.iloc[used[start : start + ROWS_AT_ONCE]]


def copies_log(rows: pd.DataFrame, copies: list[Copy], codebook: Codebook) -> list[pd.DataFrame]:
    """A flag for each survey that repeats one of another source, but not for whole files."""
    question = next(iter(codebook.items))
    return [
        pd.DataFrame(
            {
                **{n: rows[n].iloc[copy.places] for n in ("source", "row", "survey_id")},
                "question": question,
                "old_value": "",
                "new_value": "",
                "change_type": "no_action",
                "rule": RULE,
                "issue": copy.said + ", under other case numbers",
            }
        )
        for copy in copies
        if not copy.whole
    ]
