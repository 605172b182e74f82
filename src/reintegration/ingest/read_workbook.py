"""Read Excel workbooks, also those of KoboToolbox: sheet and header row declared or found."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reintegration.ingest.header import TOP, Header, Row, place_header
from reintegration.ingest.readers import (
    RawTable,
    as_text,
    drop_blank_rows,
    header_found,
    header_of,
    no_header,
    texts,
    unreadable,
)
from reintegration.ingest.source import Source

ALIKE = 0.5  # a sheet with this share of the column names of the best one may be data, too


def sheet_names(path: Path) -> list[str]:
    """Names of the sheets of a workbook."""
    return list(_open(path).sheet_names)


def _open(path: Path) -> Any:
    from python_calamine import CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(str(path))
    except Exception as error:  # calamine raises many kinds
        unreadable(path, f"is a damaged or protected workbook ({type(error).__name__})")


def read_workbook(
    source: Source, path: Path, wanted: Collection[str], guess: bool = False
) -> RawTable:
    """Read one sheet of a workbook as texts.

    Raises
    ------
    StudyError
        If the workbook is damaged or protected, has no such sheet or header row, or if several
        sheets could be meant.
    """
    workbook = _open(path)
    names = list(workbook.sheet_names)
    asked = [name for name in names if source.sheet in (None, name)]
    if not asked:
        shown = ", ".join(map(repr, names))
        unreadable(path, f"has no sheet {source.sheet!r}; its sheets are {shown}")
    content = {name: _content(path, workbook, name) for name in asked}
    chosen, header = _find_sheet(path, content, source, wanted, guess)
    below = content[chosen][header.first :]
    cells = pd.DataFrame(
        {number: texts(row[number] for row in below) for number in range(len(header.names))}
    )
    places = np.arange(header.first + 1, header.first + 1 + len(below))
    cells, rows = drop_blank_rows(cells, places)
    found = {"sheet": chosen, **header_found(header)}
    return RawTable(header.names, cells, rows, found=found, titles=header.titles)


def _content(path: Path, workbook: Any, name: str) -> list[list[Any]]:
    try:
        return workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except Exception as error:  # calamine raises many kinds
        unreadable(path, f"is a damaged or protected workbook ({type(error).__name__})")


def _find_sheet(
    path: Path,
    content: dict[str, list[list[Any]]],
    source: Source,
    wanted: Collection[str],
    guess: bool,
) -> tuple[str, Header]:
    """Sheet and header that hold most of the wanted column names."""
    tops: dict[str, list[Row]] = {
        name: [[as_text(cell) for cell in row] for row in rows[:TOP]]
        for name, rows in content.items()
    }
    if len(tops) == 1:
        name, top = next(iter(tops.items()))
        return name, header_of(path, top, source, wanted, guess)
    headers = {
        name: place_header(top, wanted, source.header_row, source.label_row, guess)
        for name, top in tops.items()
    }
    scores = {name: _score(header, len(content[name])) for name, header in headers.items()}
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


def _score(header: Header | None, rows: int) -> int:
    """How much a sheet looks like the data: by its wanted names, else by its size."""
    if header is None:
        return 0
    return header.hits or len(header.names) * rows
