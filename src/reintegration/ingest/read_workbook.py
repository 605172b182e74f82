"""Read workbooks (Excel, OpenDocument, KoboToolbox): sheet and header declared or found."""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from reintegration.errors import StudyError
from reintegration.ingest.categories import Columns
from reintegration.ingest.header import TOP, Header, Row, place_header
from reintegration.ingest.readers import (
    RawTable,
    as_text,
    drop_blank_rows,
    header_found,
    header_of,
    no_header,
    unreadable,
)
from reintegration.ingest.source import Source
from reintegration.ingest.workbook_scan import Sheet, damaged, scan_workbook

ALIKE = 0.5  # a sheet with this share of the column names of the best one may be data, too
TOGETHER = 2000  # rows that are put into categories at a time


def sheet_rows(path: Path, names: Collection[str]) -> dict[str, Iterable[Row]]:
    """Rows of the sheets of these names (in small letters), as far as they are there."""
    scanned = scan_workbook(path)
    workbook = _open(path)
    return {
        name.strip().lower(): _Rows(path, workbook, name, scanned.get(name, Sheet()))
        for name in workbook.sheet_names
        if name.strip().lower() in names
    }


def _open(path: Path) -> Any:
    from python_calamine import CalamineWorkbook, PasswordError

    with _damage_said(path):
        try:
            return CalamineWorkbook.from_path(str(path))
        except PasswordError:
            unreadable(path, "is protected by a password; save it without")


@contextmanager
def _damage_said(path: Path) -> Iterator[None]:
    """Refuse a file at which the library fails.

    What it raises then is not even an Exception, and it prints pages of its own to the terminal.
    """
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    except (StudyError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        damaged(path, error)
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


def read_workbook(
    source: Source, path: Path, wanted: Collection[str], guess: bool = False
) -> RawTable:
    """Read one sheet of a workbook as texts.

    Raises
    ------
    StudyError
        If the workbook is damaged or protected, has no such sheet or header row, or if several
        sheets could be meant; if it would not fit into memory.
    """
    scanned = scan_workbook(path, None if source.sheet is None else [source.sheet])
    workbook = _open(path)
    names = list(workbook.sheet_names)
    asked = [name for name in names if source.sheet in (None, name)]
    if not asked:
        shown = ", ".join(map(repr, names))
        unreadable(path, f"has no sheet {source.sheet!r}; its sheets are {shown}")
    read = {name: _Rows(path, workbook, name, scanned.get(name, Sheet())) for name in asked}
    chosen, header = _find_sheet(path, read, source, wanted, guess)
    columns = Columns(len(header.names))
    rows = iter(islice(read.pop(chosen), header.first, None))
    read.clear()  # the other sheets need not be kept
    while some := list(islice(rows, TOGETHER)):
        columns.add_rows(some)
    places = np.arange(header.first + 1, header.first + 1 + columns.rows)
    cells, places = drop_blank_rows(columns.frame(), places)
    found = {"sheet": chosen, **header_found(header)}
    return RawTable(header.names, cells, places, found=found, titles=header.titles)


class _Rows:
    """The rows of a sheet as texts, one after the other."""

    def __init__(self, path: Path, workbook: Any, name: str, scanned: Sheet):
        with _damage_said(path):
            self.sheet = workbook.get_sheet_by_name(name)
        self.errors = scanned.errors

    def __iter__(self) -> Iterator[Row]:
        aside: list[str | None] = [None] * (self.sheet.start[1] if self.sheet.start else 0)
        failed = {row for row, _ in self.errors}
        for number, cells in enumerate(self.sheet.iter_rows()):
            row: list[str | None] = [
                *aside,
                *(cell if type(cell) is str else as_text(cell) for cell in cells),
            ]
            if number in failed:
                for column in range(len(row)):
                    row[column] = self.errors.get((number, column), row[column])
            yield row


def _find_sheet(
    path: Path, read: dict[str, _Rows], source: Source, wanted: Collection[str], guess: bool
) -> tuple[str, Header]:
    """Sheet and header that hold most of the wanted column names."""
    tops = {name: list(islice(rows, TOP)) for name, rows in read.items()}
    if len(tops) == 1:
        name, top = next(iter(tops.items()))
        return name, header_of(path, top, source, wanted, guess)
    headers = {
        name: place_header(top, wanted, source.header_row, source.label_row, guess)
        for name, top in tops.items()
    }
    scores = {name: _score(header, tops[name]) for name, header in headers.items()}
    most = max(scores.values())
    if not most:
        no_header(path, guess)
    alike = [name for name, score in scores.items() if score >= ALIKE * most]
    if len(alike) > 1:
        shown = ", ".join(map(repr, alike))
        unreadable(
            path,
            f"several sheets look like the data ({shown}); name one as `sheet`, in one source YAML "
            "for each that is to be read",
        )
    return alike[0], header_of(path, tops[alike[0]], source, wanted, guess)


def _score(header: Header | None, top: list[Row]) -> int:
    """How much a sheet looks like the data: by its wanted names, else by its size."""
    if header is None:
        return 0
    return header.hits or len(header.names) * len(top)
