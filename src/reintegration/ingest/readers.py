"""Read one raw file of any known format into texts, with the place of every row."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from reintegration.codebook import describe_problems
from reintegration.errors import StudyError
from reintegration.ingest.files import check_file, is_zip, unreadable
from reintegration.ingest.header import HEADER_ROWS, Header, Row, is_filled, place_header
from reintegration.ingest.source import FORMATS, Format, Source

MOST_COLUMNS = 16_384  # as many as a spreadsheet has


@dataclass(frozen=True)
class RawTable:
    """One raw file as texts.

    Attributes
    ----------
    names
        Column names as they stand in the file.
    cells
        Texts as categories, shape (rows, columns), columns numbered from 0; missing when blank.
        Dates are ISO.
    rows
        Place of each row in the file, shape (rows,): the row a spreadsheet shows, or the
        number of the observation.
    labels
        Column number -> raw code -> label, of formats that hold value labels.
    missing
        Column number -> raw codes that the file itself declares missing.
    broken
        Place and reason of rows that do not fit the header.
    found
        What was not declared and found in the file (encoding, delimiter, sheet, header row, row
        of labels).
    titles
        Column number -> text of the question, where one stands beside the name.
    """

    names: list[str]
    cells: pd.DataFrame
    rows: np.ndarray
    labels: dict[int, dict[str, str]] = field(default_factory=dict)
    missing: dict[int, frozenset[str]] = field(default_factory=dict)
    broken: tuple[tuple[int, str], ...] = ()
    found: dict[str, Any] = field(default_factory=dict)
    titles: dict[int, str] = field(default_factory=dict)


def read_raw(
    source: Source, path: str | Path, wanted: Collection[str], guess: bool = False
) -> RawTable:
    """Read a raw file.

    Parameters
    ----------
    wanted
        Folded column names by which a header row is recognised.
    guess
        Without such names, take the row that looks most like column names.

    Raises
    ------
    StudyError
        If the file is missing, empty, cut off, not of its format or not in its encoding.
    """
    path = Path(path)
    check_file(path, source.kind)
    if source.kind in ("csv", "tsv") or (source.kind == "kobo" and not is_zip(path)):
        from reintegration.ingest.read_text import read_text_table as read
    elif source.kind in ("xlsx", "xls", "ods", "kobo"):
        from reintegration.ingest.read_workbook import read_workbook as read
    elif source.kind in ("stata", "spss"):
        from reintegration.ingest.read_labelled import read_labelled as read
    else:
        from reintegration.ingest.read_parquet import read_parquet as read
    table = read(source, path, wanted, guess)
    if table.cells.empty:
        unreadable(path, "holds no rows of data below its header")
    return table


def look(
    path: str | Path, kind: Format | None = None, wanted: Collection[str] = (), **declared: Any
) -> RawTable:
    """Read a file about which little is known: no name of a column, and no source YAML.

    Parameters
    ----------
    kind
        Format; as the extension says when absent.
    wanted
        Folded names and labels that may stand in the header, as hints.
    declared
        What is known of the file: keys of a source YAML (sheet, header_row, encoding, ...).

    Raises
    ------
    StudyError
        As `read_raw`.
    """
    path = Path(path)
    if kind is None and path.suffix.lower() not in FORMATS:
        unreadable(
            path,
            f"its extension {path.suffix!r} tells no format; name one of "
            f"{', '.join(get_args(Format))}",
        )
    asked = {**declared, "format": kind or FORMATS[path.suffix.lower()]}
    try:
        source = Source.model_validate({"source": "look", "file": "look", **asked})
    except ValidationError as error:
        problems = [f"{path}: {problem}" for problem in describe_problems(error)]
        raise StudyError("A file cannot be read as it is asked for.", problems) from None
    return read_raw(source, path, wanted, guess=True)


def header_of(
    path: Path, top: Sequence[Row], source: Source, wanted: Collection[str], guess: bool
) -> Header:
    """Find the header among the first rows of a file, or refuse the file."""
    check_width(path, max(map(len, top), default=0))
    for key in ("header_row", "label_row"):
        row = getattr(source, key)
        if row is not None and row > len(top):
            unreadable(path, f"has no row {row}, which `{key}` names")
    header = place_header(top, wanted, source.header_row, source.label_row, guess)
    if header is None:
        no_header(path, guess)
    if any(is_filled(row) for row in top[header.row + 1 : header.label_row or 0]):
        unreadable(
            path,
            f"has rows of data between `header_row` {header.row + 1} and `label_row` "
            f"{source.label_row}; correct them",
        )
    return header


def check_width(path: Path, columns: int) -> None:
    """Refuse a table with more columns than any survey and any spreadsheet has."""
    if columns > MOST_COLUMNS:
        unreadable(
            path,
            f"has {columns:,} columns, and {MOST_COLUMNS:,} are the most that are read; it is no "
            "table of surveys, or rows and columns are exchanged",
        )


def no_header(path: Path, guess: bool = False) -> NoReturn:
    """Refuse a file in which no row names the needed columns."""
    if guess:
        unreadable(
            path,
            f"none of its first {HEADER_ROWS} rows looks like column names; name the row as "
            "`header_row`",
        )
    unreadable(
        path,
        f"none of its first {HEADER_ROWS} rows holds a column name of the codebook or of its "
        "source YAML; set `header_row`, or name its columns under `columns`",
    )


def header_found(header: Header) -> dict[str, Any]:
    """Where the rows of names and labels were found, counted from 1."""
    found = {"header_row": header.row + 1}
    return found if header.label_row is None else {**found, "label_row": header.label_row + 1}


def as_text(value: Any) -> str | None:
    """Write one typed cell as text: whole numbers without decimals, dates in ISO, blank as None."""
    if isinstance(value, str):
        return value
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(value)
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return None
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    if isinstance(value, datetime.datetime):
        return (value.date() if value.time() == datetime.time() else value).isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def coded(values: pd.Series) -> pa.Array:
    """Write a column of typed cells as texts, each different value once; empty texts are blank."""
    codes, different = pd.factorize(values)
    texts = [as_text(value) for value in different]
    place = np.array([*(number if text else -1 for number, text in enumerate(texts)), -1])
    codes = place[codes]
    dictionary = pa.array([text or "" for text in texts], pa.large_string())
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), dictionary)


def drop_blank_rows(cells: pd.DataFrame, rows: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Leave out rows without any content: they are no surveys, only space."""
    filled = np.zeros(len(cells), dtype=bool)
    for number in cells:
        filled |= cells[number].cat.codes.to_numpy() >= 0
    if filled.all():
        return cells, rows
    return cells[filled].reset_index(drop=True), rows[filled]
