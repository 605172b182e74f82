"""Read Stata and SPSS files with their value labels and declared missing codes."""

import codecs
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from reintegration.errors import StudyError
from reintegration.ingest.categories import Columns
from reintegration.ingest.readers import (
    RawTable,
    as_text,
    check_width,
    coded,
    drop_blank_rows,
    unreadable,
)
from reintegration.ingest.source import Source

OLD_ENCODING = "cp1252"  # of files written before Stata and SPSS knew Unicode
_BAD_TEXT = re.compile("requested encoding|character set")  # in errors of the library
_ICONV = {"mac-roman": "MACINTOSH"}  # encodings that the library calls otherwise
CELLS_TOGETHER = 4_000_000  # read at a time


def read_labelled(
    source: Source, path: Path, wanted: Collection[str], guess: bool = False
) -> RawTable:
    """Read a Stata or SPSS file: raw codes as texts, their labels beside them.

    Raises
    ------
    StudyError
        If the file is damaged or its texts are not in the encoding declared.
    """
    columns, meta, encoding = _decoded(path, source)
    names = [str(name) for name in meta.column_names]
    cells, rows = drop_blank_rows(columns.frame(), np.arange(1, columns.rows + 1))
    labels, missing = {}, {}
    for number, name in enumerate(names):
        if texts := meta.variable_value_labels.get(name):
            labels[number] = {as_text(code) or "": str(label) for code, label in texts.items()}
        codes = set(map(str, meta.missing_user_values.get(name, ())))
        if ranges := meta.missing_ranges.get(name):
            codes |= {text for text in cells[number].cat.categories if _in_ranges(text, ranges)}
        if codes:
            missing[number] = frozenset(codes)
    titles = {
        number: label.strip()
        for number, label in enumerate(meta.column_labels)
        if label and label.strip()
    }
    found: dict[str, Any] = {"encoding": encoding} if encoding != source.encoding else {}
    if blank := columns.rows - len(rows):  # many where the middle of a file was lost
        found["blank_rows"] = blank
    return RawTable(names, cells, rows, labels, missing, found=found, titles=titles)


def _decoded(path: Path, source: Source) -> tuple[Columns, Any, str | None]:
    """Columns of a file, what it says about them, and the encoding of its texts if not its own."""
    for encoding in (source.encoding,) if source.encoding else (None, OLD_ENCODING):
        try:
            return *_read(path, source.kind, encoding), encoding
        except StudyError:
            raise
        except Exception as error:  # pyreadstat raises its own kinds and ValueError
            if not (isinstance(error, UnicodeDecodeError) or _BAD_TEXT.search(str(error))):
                unreadable(path, f"is a damaged {source.kind} file ({type(error).__name__})")
    unreadable(
        path,
        f"holds texts in another encoding than {source.encoding or 'it says'}; name its "
        "`encoding` (latin1, cp1252, ...)",
    )


def _read(path: Path, kind: str, encoding: str | None) -> tuple[Columns, Any]:
    """Read some rows at a time, and what the file says about its columns."""
    import pyreadstat

    read: Any = pyreadstat.read_dta if kind == "stata" else pyreadstat.read_sav
    name = codecs.lookup(encoding).name if encoding else None
    options: dict[str, Any] = {"user_missing": True, "encoding": _ICONV.get(name or "", name)}
    _, meta = read(str(path), metadataonly=True, **options)
    width = len(meta.column_names)
    check_width(path, width)
    columns = Columns(width)
    limit = max(CELLS_TOGETHER // max(width, 1), 1)
    while True:
        frame, read_meta = read(str(path), row_offset=columns.rows, row_limit=limit, **options)
        columns.add([coded(frame.iloc[:, number]) for number in range(width)])
        if len(frame) < limit:
            break
    if meta.number_rows is not None and columns.rows < meta.number_rows:
        unreadable(
            path,
            f"is damaged: it says that it holds {meta.number_rows} rows, and {columns.rows} can be "
            "read",
        )
    return columns, read_meta


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
