"""Read Stata and SPSS files with their value labels and declared missing codes."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reintegration.ingest.readers import RawTable, as_text, drop_blank_rows, texts, unreadable
from reintegration.ingest.source import Source


def read_labelled(
    source: Source, path: Path, wanted: Collection[str], guess: bool = False
) -> RawTable:
    """Read a Stata or SPSS file: raw codes as texts, their labels beside them.

    Raises
    ------
    StudyError
        If the file is damaged or its texts are not in the encoding declared.
    """
    import pyreadstat

    read = pyreadstat.read_dta if source.kind == "stata" else pyreadstat.read_sav
    try:
        frame, meta = read(str(path), user_missing=True, encoding=source.encoding)
    except UnicodeDecodeError:
        unreadable(path, "holds texts in another encoding; name its `encoding` (latin1, cp1252)")
    except Exception as error:  # pyreadstat raises its own kinds and ValueError
        unreadable(path, f"is a damaged {source.kind} file ({type(error).__name__})")
    names = [str(name) for name in frame.columns]
    cells = pd.DataFrame({number: texts(frame[name]) for number, name in enumerate(names)})
    cells, rows = drop_blank_rows(cells, np.arange(1, len(frame) + 1))
    labels, missing = {}, {}
    for number, name in enumerate(names):
        if found := meta.variable_value_labels.get(name):
            labels[number] = {as_text(code) or "": str(label) for code, label in found.items()}
        codes = set(map(str, meta.missing_user_values.get(name, ())))
        for text in cells[number].dropna().unique():
            if _in_ranges(text, meta.missing_ranges.get(name, ())):
                codes.add(text)
        if codes:
            missing[number] = frozenset(codes)
    titles = {
        number: label.strip()
        for number, label in enumerate(meta.column_labels)
        if label and label.strip()
    }
    return RawTable(names, cells, rows, labels=labels, missing=missing, titles=titles)


def _in_ranges(text: str, ranges: Any) -> bool:
    for limits in ranges:
        low, high = limits["lo"], limits["hi"]
        if isinstance(low, str):
            if low <= text <= high:
                return True
            continue
        try:
            if low <= float(text) <= high:
                return True
        except ValueError:
            continue
    return False
