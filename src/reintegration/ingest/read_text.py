"""Read delimited text: encoding, delimiter and header row as declared, or found in the file."""

import csv
import io
import re
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from reintegration.ingest.header import TOP, Header, place_header
from reintegration.ingest.readers import (
    RawTable,
    drop_blank_rows,
    header_found,
    header_of,
    unreadable,
)
from reintegration.ingest.source import Source

DELIMITERS = (",", ";", "\t", "|")
BROKEN_SHARE = 0.1  # more rows than this that do not fit the header: the file is damaged
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# An accented letter in UTF-8; in a one-byte encoding such a pair is no part of any word.
_UTF8_LETTER = re.compile(rb"[\xc3-\xc5][\x80-\xbf]")


def read_text_table(
    source: Source, path: Path, wanted: Collection[str], guess: bool = False
) -> RawTable:
    """Read a CSV or TSV file as texts.

    A row with more or fewer cells than the header is broken: it is left out with its reason,
    and the whole file is refused when more than one row in ten is.

    Raises
    ------
    StudyError
        If the encoding does not fit, no header is found, or the file is damaged.
    """
    text, encoding = _decode(path, source.encoding)
    delimiter, header = _find_header(path, text, source, wanted, guess)
    body = _below(text, delimiter, header.first)
    if not body.strip():
        unreadable(path, "holds no rows of data below its header")
    width = len(header.names)
    cells, rows, broken = _parse(path, body, delimiter, header.first + 1, width)
    cells, rows = drop_blank_rows(cells, rows)
    found = {"encoding": encoding, "delimiter": delimiter, **header_found(header)}
    return RawTable(
        header.names, cells, rows, broken=tuple(broken), found=found, titles=header.titles
    )


def _decode(path: Path, declared: str | None) -> tuple[str, str]:
    """Text of a file and its encoding: UTF-8 or, when it cannot be, Windows-1252."""
    content = path.read_bytes()
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    encoding = marked or declared or "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        if declared or marked:
            unreadable(
                path,
                f"is not in the encoding {encoding}: line {line} cannot be decoded; "
                "correct `encoding`, or leave it out to have it found",
            )
        try:
            text, encoding = content.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            unreadable(
                path,
                f"is neither UTF-8 (see line {line}) nor Windows-1252; name its `encoding`",
            )
    if "\x00" in text:
        unreadable(path, "holds null bytes: it is no text, or in UTF-16 (set `encoding: utf-16`)")
    if declared and not marked and _is_mistaken_utf8(content, text):
        unreadable(path, f"is in the encoding utf-8, not {declared}; correct `encoding`")
    if not encoding.startswith("utf") and (mixed := _mixed(content)):
        unreadable(
            path,
            f"mixes encodings: line {mixed} is in UTF-8 and others are not; export its parts "
            "again in one encoding",
        )
    return text, encoding


def _mixed(content: bytes) -> int | None:
    """First line in UTF-8 of a file whose other accents are in a one-byte encoding."""
    if content.isascii():
        return None
    lines = content.splitlines()
    letters = [bool(_UTF8_LETTER.search(line)) and _is_utf8(line) for line in lines]
    if sum(letters) and not all(map(_is_utf8, lines)):
        return letters.index(True) + 1
    return None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_mistaken_utf8(content: bytes, text: str) -> bool:
    """Whether a file was decoded by a one-byte encoding although it is UTF-8 with accents."""
    try:
        read_right = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return read_right != text and not content.isascii()


def _find_header(
    path: Path, text: str, source: Source, wanted: Collection[str], guess: bool
) -> tuple[str, Header]:
    """Delimiter and header: of the delimiters, the one by which most names are found."""
    top = [line for _, line in zip(range(TOP), io.StringIO(text, newline=""), strict=False)]
    declared = source.delimiter or ("\t" if source.kind == "tsv" else None)
    best: tuple[tuple[int, int], str, Header] | None = None
    for candidate in [declared] if declared else DELIMITERS:
        rows = list(csv.reader(top, delimiter=candidate))
        if declared:
            return candidate, header_of(path, rows, source, wanted, guess)
        header = place_header(rows, wanted, source.header_row, source.label_row, guess)
        if header is None:
            continue
        fits = sum(len(row) == len(header.names) > 1 for row in rows[header.row :])
        score = (header.hits, fits * len(header.names))
        if best is None or score > best[0]:
            best = (score, candidate, header)
    chosen = best[1] if best else DELIMITERS[0]
    rows = list(csv.reader(top, delimiter=chosen))
    return chosen, header_of(path, rows, source, wanted, guess)


def _below(text: str, delimiter: str, first: int) -> str:
    """Text below the header row; a header cell may itself hold line breaks."""
    stream = io.StringIO(text, newline="")
    reader = csv.reader(iter(stream.readline, ""), delimiter=delimiter)
    for _ in range(first):
        next(reader)
    return stream.read()


def _parse(
    path: Path, body: str, delimiter: str, first: int, width: int
) -> tuple[pd.DataFrame, np.ndarray, list[tuple[int, str]]]:
    """Cells, the places of the rows (counted from `first`), and the broken rows with reasons."""
    broken: list[tuple[int, str]] = []
    torn: list[bool] = []

    def note(row: pa.csv.InvalidRow) -> str:
        why = f"{row.actual_columns} cells where the header has {row.expected_columns}"
        broken.append((first + row.number - 1, why))
        torn.append("\n" in row.text.strip())
        return "skip"

    columns = [str(number) for number in range(width)]
    content = body.encode("utf-8")
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(content),
            read_options=pa.csv.ReadOptions(
                use_threads=False,  # without threads every broken row has its number
                column_names=columns,
                block_size=len(content) + 1,
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        _unclosed(path)
    cells = table.to_pandas(categories=columns)
    if body.count('"') % 2:
        torn += [_swallows_rows(cells[name], delimiter) for name in columns]
        if any(torn):
            _unclosed(path)
    total = table.num_rows + len(broken)
    if len(broken) > BROKEN_SHARE * total:
        where = ", ".join(str(row) for row, _ in broken[:5])
        unreadable(
            path,
            f"{len(broken)} of {total} rows do not have the {width} cells of the header "
            f"(rows {where}, ...); it is damaged, or {delimiter!r} is not its delimiter",
        )
    rows = np.setdiff1d(np.arange(first, first + total), [row for row, _ in broken])
    cells.columns = pd.RangeIndex(width)
    return cells, rows, broken


def _swallows_rows(cells: pd.Series, delimiter: str) -> bool:
    """Whether a cell holds whole rows, as after a quotation mark that is not closed."""
    inside = cells[cells.astype("str").str.contains("\n", regex=False, na=False)].astype("str")
    return bool(inside.str.contains(delimiter, regex=False).any())


def _unclosed(path: Path) -> NoReturn:
    unreadable(path, "cannot be split into rows and columns (is a quotation mark not closed?)")
