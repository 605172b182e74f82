"""Read Excel workbooks, also those of KoboToolbox: sheet and header row declared or found."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reintegration.ingest.readers import (
    HEADER_ROWS,
    RawTable,
    as_text,
    drop_blank_rows,
    find_header,
    no_header,
    texts,
    unreadable,
)
from reintegration.ingest.source import Source

ALIKE = 0.5  # a sheet with this share of the column names of the best one may be data, too


def read_workbook(source: Source, path: Path, wanted: Collection[str]) -> RawTable:
    """Read one sheet of a workbook as texts.

    Raises
    ------
    StudyError
        If the workbook is damaged or protected, has no such sheet or header row, or if several
        sheets could be meant.
    """
    from python_calamine import CalamineWorkbook

    sheets: dict[str, list[list[Any]]] = {}
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        names = list(workbook.sheet_names)
        for name in names:
            if source.sheet in (None, name):
                sheet = workbook.get_sheet_by_name(name)
                sheets[name] = sheet.to_python(skip_empty_area=False)
    except Exception as error:  # calamine raises many kinds
        unreadable(path, f"is a damaged or protected workbook ({type(error).__name__})")
    if not sheets:
        shown = ", ".join(map(repr, names))
        unreadable(path, f"has no sheet {source.sheet!r}; its sheets are {shown}")
    chosen, header = _find_sheet(path, sheets, source.header_row, wanted)
    content = sheets[chosen]
    columns = [(as_text(cell) or "").strip() for cell in content[header]]
    below = content[header + 1 :]
    cells = pd.DataFrame(
        {number: texts(row[number] for row in below) for number in range(len(columns))}
    )
    cells, rows = drop_blank_rows(cells, np.arange(header + 2, header + 2 + len(below)))
    return RawTable(columns, cells, rows, found={"sheet": chosen, "header_row": header + 1})


def _find_sheet(
    path: Path,
    sheets: dict[str, list[list[Any]]],
    header_row: int | None,
    wanted: Collection[str],
) -> tuple[str, int]:
    """Sheet and header row (from 0) that hold most of the wanted column names."""
    hits: dict[str, tuple[int, int]] = {}
    for name, rows in sheets.items():
        if header_row is None:
            hits[name] = find_header(rows[:HEADER_ROWS], wanted)
        elif header_row <= len(rows):
            hits[name] = (header_row - 1, find_header([rows[header_row - 1]], wanted)[1])
    most = max((count for _, count in hits.values()), default=0)
    if not most:
        no_header(path)
    alike = [name for name, (_, count) in hits.items() if count >= ALIKE * most]
    if len(alike) > 1:
        shown = ", ".join(map(repr, alike))
        unreadable(
            path,
            f"several sheets look like the data ({shown}); name one as `sheet`, in one source YAML "
            "for each that is to be read",
        )
    return alike[0], hits[alike[0]][0]
