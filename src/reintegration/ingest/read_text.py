"""Read delimited text: encoding, delimiter and header row as declared, or found in the file."""

import csv
from collections.abc import Collection
from itertools import islice
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from reintegration.ingest.categories import Columns
from reintegration.ingest.encoding import LONGEST_LINE, Utf8, find_encoding
from reintegration.ingest.header import TOP, Header, Row, place_header
from reintegration.ingest.readers import (
    RawTable,
    check_width,
    drop_blank_rows,
    header_found,
    header_of,
    unreadable,
)
from reintegration.ingest.source import Source

DELIMITERS = (",", ";", "\t", "|")
BROKEN_SHARE = 0.1  # more rows than this that do not fit the header: the file is damaged
HOPELESS = 1000  # broken rows, and most of those read: the rest is not looked at
BLOCK = 1 << 20  # bytes parsed at a time; 32 blocks are read ahead, and no row is longer
WIDE_BLOCK = LONGEST_LINE  # the same for a table of very many columns
VERY_MANY = 2000
TOGETHER = 16  # blocks that are put into categories at a time
WIDE = 12  # of so many columns, a line of a cell with as many delimiters is a row
csv.field_size_limit(LONGEST_LINE)  # a long header is one cell until its delimiter is found


def read_text_table(
    source: Source, path: Path, wanted: Collection[str], guess: bool = False
) -> RawTable:
    """Read a CSV or TSV file as texts, block by block.

    A row with more or fewer cells than the header is broken: it is left out with its reason,
    and the whole file is refused when more than one row in ten is.

    Raises
    ------
    StudyError
        If the encoding does not fit, no header is found, or the file is damaged.
    """
    encoding = find_encoding(path, source.encoding)
    with path.open(encoding=encoding, newline="") as file:
        top = list(islice(file, TOP))
    delimiter, header = _find_header(path, top, source, wanted, guess)
    above = _above(top, delimiter, header.first)
    with Utf8(path, encoding, skip=len(above.encode())) as text:
        body = _Body(path, text, delimiter, header)
        cells, rows = body.read()
    cells, rows = drop_blank_rows(cells, rows)
    found = {"encoding": encoding, "delimiter": delimiter, **header_found(header)}
    broken = tuple(body.broken)
    return RawTable(header.names, cells, rows, broken=broken, found=found, titles=header.titles)


def _find_header(
    path: Path, top: list[str], source: Source, wanted: Collection[str], guess: bool
) -> tuple[str, Header]:
    """Delimiter and header: of the delimiters, the one by which most names are found."""
    declared = source.delimiter or ("\t" if source.kind == "tsv" else None)
    if declared:
        return declared, header_of(path, _split(path, top, declared), source, wanted, guess)
    best: tuple[tuple[int, int], str] | None = None
    for candidate in DELIMITERS:
        rows = _split(path, top, candidate)
        header = place_header(rows, wanted, source.header_row, source.label_row, guess)
        if header is None:
            continue
        fits = sum(len(row) == len(header.names) > 1 for row in rows[header.row :])
        score = (header.hits, fits * len(header.names))
        if best is None or score > best[0]:
            best = (score, candidate)
    chosen = best[1] if best else DELIMITERS[0]
    return chosen, header_of(path, _split(path, top, chosen), source, wanted, guess)


def _split(path: Path, top: list[str], delimiter: str) -> list[Row]:
    """First rows as a delimiter splits them."""
    try:
        rows: list[Row] = [*csv.reader(top, delimiter=delimiter)]
    except csv.Error as error:
        unreadable(path, f"is no table of texts ({error})")
    check_width(path, max(map(len, rows), default=0))
    return rows


def _above(top: list[str], delimiter: str, first: int) -> str:
    """Text above the first row of data; a header cell may itself hold line breaks."""
    reader = csv.reader(top, delimiter=delimiter)
    for _ in range(first):
        next(reader)
    return "".join(top[: reader.line_num])


class _Body:
    """The rows of data of a text file."""

    def __init__(self, path: Path, text: Utf8, delimiter: str, header: Header):
        self.path, self.text, self.delimiter = path, text, delimiter
        self.first, self.width = header.first + 1, len(header.names)
        self.broken: list[tuple[int, str]] = []
        self.blank: list[int] = []  # rows without any content
        self.cut: int | None = None  # the last broken row, if it has some cells and not all
        self.torn = False  # whether a quotation mark is open and a cell holds whole rows
        self.maybe_torn = False  # it is so if the quotation marks do not come in pairs

    def read(self) -> tuple[pd.DataFrame, np.ndarray]:
        """Cells, and the places of the rows as a spreadsheet counts them.

        Raises
        ------
        StudyError
            If there is no row, too many do not fit the header, or a quotation mark is open.
        """
        columns = Columns(self.width)
        try:
            blocks = iter(self._blocks())
            while some := list(islice(blocks, TOGETHER)):
                columns.add(pa.Table.from_batches(some).combine_chunks().columns)
        except pa.ArrowInvalid:
            if not self._hopeless(columns.rows):
                self._unclosed()
        total = columns.rows + len(self.broken)
        if len(self.broken) > BROKEN_SHARE * total:
            self._damaged(total)
        if self.cut == total + len(self.blank) and not self.text.ended:
            unreadable(
                self.path,
                f"ends in the middle of row {self.broken[-1][0]}: it was cut off; copy or export "
                "it again",
            )
        cells = columns.frame()
        for number in cells:
            self._look_for_rows(cells[number].cat.categories)
        if self.torn or (self.maybe_torn and self.text.quotes % 2):
            self._unclosed()
        aside = [*(row for row, _ in self.broken), *self.blank]
        rows = np.arange(self.first, self.first + columns.rows + len(aside))
        return cells, np.delete(rows, np.array(aside, dtype=int) - self.first)

    def _blocks(self) -> pa.csv.CSVStreamingReader:
        names = [str(number) for number in range(self.width)]
        try:
            return pa.csv.open_csv(
                pa.PythonFile(self.text, mode="r"),
                read_options=pa.csv.ReadOptions(
                    use_threads=False,  # without threads every broken row has its number
                    column_names=names,
                    block_size=BLOCK if self.width < VERY_MANY else WIDE_BLOCK,
                ),
                parse_options=pa.csv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=self._note,
                ),
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV file" in str(error):
                unreadable(self.path, "holds no rows of data below its header")
            raise

    def _note(self, row: pa.csv.InvalidRow) -> str:
        """Note a row that does not fit the header."""
        if not row.text.strip(f'{self.delimiter}" \t\r\n'):
            self.blank.append(self.first + row.number - 1)
            return "skip"
        why = f"{row.actual_columns} cells where the header has {row.expected_columns}"
        self.broken.append((self.first + row.number - 1, why))
        self.cut = row.number if 1 < row.actual_columns < row.expected_columns else None
        self._look_for_rows(pd.Index([row.text.strip()]), slack=2)
        return "error" if self._hopeless(row.number - len(self.broken)) else "skip"

    def _hopeless(self, good: int) -> bool:
        return len(self.broken) > max(HOPELESS, good)

    def _look_for_rows(self, texts: pd.Index, slack: int = 1) -> None:
        """Look for texts that hold whole rows, as after a quotation mark that is not closed."""
        if self.torn or not len(texts):
            return
        for text in texts[texts.str.contains("\n", regex=False)]:
            most = max(line.count(self.delimiter) for line in text.split("\n"))
            self.maybe_torn |= most > 0
            rows = text.count(self.delimiter) >= slack * (self.width - 1)
            self.torn |= rows and most >= self.width - 1 and self.width >= WIDE

    def _damaged(self, total: int) -> NoReturn:
        if self.text.quotes % 2:
            self._unclosed()
        where = ", ".join(str(row) for row, _ in self.broken[:5])
        unreadable(
            self.path,
            f"{len(self.broken)} of {total} rows do not have the {self.width} cells of the header "
            f"(rows {where}, ...); it is damaged, or {self.delimiter!r} is not its delimiter",
        )

    def _unclosed(self) -> NoReturn:
        unreadable(
            self.path, "cannot be split into rows and columns (is a quotation mark not closed?)"
        )
