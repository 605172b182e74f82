"""Tables as workbooks: numbers as numbers, with the estimate behind each in a second sheet."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import groupby
from textwrap import wrap
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from reintegration.report.settings import Settings
from reintegration.report.tables.archive import MADE, timeless
from reintegration.report.tables.model import Cell, Line, Table
from reintegration.report.tables.render import is_wide, to_frame

FONT, INK, MUTED, ALARM = "Calibri", "#1d2733", "#55606c", "#a33b00"
IDS, CONTENTS = "estimate_ids", "contents"
SHEET_NAME = 31  # characters that Excel allows
LABEL_WIDTHS, NUMBER_WIDTH, WORDS_WIDTH = (16, 44), 13, 7  # in characters; per centimetre
HEIGHT = 14  # of a line of print, in points
_PLAIN = re.compile(r"^[-+(\[]?[\u2212+]?\d")


def number_format(text: str, decimal: str, signed: bool = False) -> str:
    """The number format that shows a number as it is printed: `+0.041`, `(0.010)`, `27.0%`.

    Parameters
    ----------
    text
        The number as printed.
    decimal
        The mark before the decimals in the language of the table.
    """
    bare = text.strip("()[]*†")
    stars = text[len(text.rstrip("*†")) :]
    share = bare.endswith("%")
    digits = bare.rstrip("% \u00a0\u202f")
    places = len(digits.rpartition(decimal)[2]) if decimal in digits else 0
    body = ("0" if places else "#,##0") + ("." + "0" * places if places else "")
    body += "%" if share else ""
    opening, closing = (f'"{text[0]}"', f'"{text[-1]}"') if text[0] in "([" else ("", "")
    tail = f'"{stars}"' if stars else ""
    plain = f"{opening}{body}{closing}{tail}"
    if not signed:
        return plain
    return f"+{plain};\u2212{plain};{plain}"


@dataclass
class _Looks:
    """The formats of one workbook, each made once."""

    book: Workbook
    made: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    def get(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self.made:
            base = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "top"}
            self.made[key] = self.book.add_format(base | properties)
        return self.made[key]


def to_excel(table: Table, settings: Settings) -> bytes:
    """One table as a workbook: the table, and the estimate behind each of its cells."""
    return workbook([table], settings)


def workbook(tables: Sequence[Table], settings: Settings) -> bytes:
    """Tables as one workbook, a sheet each; of several a sheet of contents comes first."""
    out = BytesIO()
    title = tables[0].caption if len(tables) == 1 else settings.language.plain("tables.all")
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties(
            {
                "title": " ".join(filter(None, [settings.mark, title])),
                "author": "reintegration",
                "created": MADE,
            }
        )
        looks = _Looks(book)
        contents = book.add_worksheet(CONTENTS) if len(tables) > 1 else None
        for table in tables:
            _write_table(book.add_worksheet(table.name[:SHEET_NAME]), table, settings, looks)
        _write_ids(book.add_worksheet(IDS), tables, settings, looks)
        if contents:
            _write_contents(contents, tables, settings, looks, title)
    return timeless(out.getvalue())


def _write_contents(
    sheet: Worksheet, tables: Sequence[Table], settings: Settings, looks: _Looks, title: str
) -> None:
    _write_title(sheet, title, settings, looks)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    for row, table in enumerate(tables, start=2):
        name = table.name[:SHEET_NAME]
        sheet.write_url(
            row, 0, f"internal:'{name}'!A1", looks.get(font_color="#1f5fa8", underline=1), name
        )
        sheet.write_string(row, 1, table.caption, looks.get())
    if settings.mark:
        sheet.set_header(f"&C&B{settings.mark}")


def _write_title(sheet: Worksheet, title: str, settings: Settings, looks: _Looks) -> None:
    bold = looks.get(bold=True)
    if settings.mark:
        mark = looks.get(bold=True, font_color=ALARM)
        sheet.write_rich_string(0, 0, mark, f"{settings.mark} ", bold, title)
    else:
        sheet.write_string(0, 0, title, bold)


def _write_table(sheet: Worksheet, table: Table, settings: Settings, looks: _Looks) -> None:
    """Caption, heads, a row per line of print, notes."""
    width = len(table.columns) + 1
    _write_title(sheet, table.caption, settings, looks)
    row = _write_heads(sheet, table, looks, start=2)
    sheet.freeze_panes(row, 1)
    sheet.repeat_rows(2, row - 1)
    last = len(table.lines) - 1
    for place, line in enumerate(table.lines):
        row = _write_line(sheet, line, table, settings, looks, row, place == last)
    for note in table.notes:
        look = looks.get(text_wrap=True, font_size=9, font_color=MUTED)
        sheet.merge_range(row, 0, row, max(width - 1, 1), "", look)
        sheet.write_string(row, 0, note, look)
        across = _label_width(table) + sum(_column_widths(table))
        sheet.set_row(row, HEIGHT * math.ceil(1.05 * len(note) / max(across, 40)))
        row += 1
    sheet.set_column(0, 0, _label_width(table))
    for place, wide in enumerate(_column_widths(table), start=1):
        sheet.set_column(place, place, wide)
    if is_wide(table):
        sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    if settings.mark:
        sheet.set_header(f"&C&B{settings.mark}")


def _label_width(table: Table) -> int:
    low, high = LABEL_WIDTHS
    return min(high, max([low, *(len(line.label) + 1 for line in table.lines)]))


def _column_widths(table: Table) -> list[float]:
    return [
        max(NUMBER_WIDTH, column.width * WORDS_WIDTH)
        if column.words
        else min(26, max([NUMBER_WIDTH, len(column.label) + 1]))
        for column in table.columns
    ]


def _write_heads(sheet: Worksheet, table: Table, looks: _Looks, start: int) -> int:
    row = start
    top: dict[str, Any] = {"top": 2}
    if any(column.group for column in table.columns):
        sheet.write_blank(row, 0, None, looks.get(**top))
        place = 1
        for group, members in groupby(table.columns, key=lambda column: column.group):
            size = len(list(members))
            look = looks.get(bold=True, align="center", text_wrap=True, **top)
            if group:
                look = looks.get(bold=True, align="center", text_wrap=True, bottom=1, **top)
            if size > 1:
                sheet.merge_range(row, place, row, place + size - 1, "", look)
            sheet.write_string(row, place, group, look)
            place += size
        row, top = row + 1, {}
    sheet.write_string(row, 0, table.stub, looks.get(bold=True, bottom=1, text_wrap=True, **top))
    for place, column in enumerate(table.columns, start=1):
        align = "left" if column.words else "right"
        look = looks.get(bold=True, bottom=1, align=align, text_wrap=True, **top)
        sheet.write_string(row, place, column.label, look)
    return row + 1


def _write_line(
    sheet: Worksheet,
    line: Line,
    table: Table,
    settings: Settings,
    looks: _Looks,
    row: int,
    last: bool,
) -> int:
    """Write a line: the numbers, under them in rows of their own errors and adjusted p-values."""
    rule: dict[str, Any] = {"bottom": 2} if last else {}
    heading = line.kind == "group"
    bold = {"bold": True} if line.kind in ("group", "total") else {}
    deep = max([1, *(len(cell.parts) for cell in line.cells)])
    sheet.set_row(row, HEIGHT * _printed_lines(line, table))
    for depth in range(deep):
        ends = rule if depth == deep - 1 else {}
        label = line.label if depth == 0 else ""
        look = looks.get(italic=heading, indent=0 if heading else 1, text_wrap=True, **bold, **ends)
        sheet.write_string(row + depth, 0, label, look)
        for place in range(1, len(table.columns) + 1):
            words = table.columns[place - 1].words
            base = {"align": "left" if words else "right", **bold, **ends}
            base |= {"font_color": MUTED} if depth else {}
            cell = line.cells[place - 1] if place <= len(line.cells) else Cell()
            _write_cell(sheet, row + depth, place, cell, depth, base, settings, looks)
    return row + deep


def _printed_lines(line: Line, table: Table) -> int:
    """Lines of print that the longest text of a line needs: nothing fits rows by itself."""
    lines = [float(len(wrap(line.label, _label_width(table) - 1)))]  # its indent
    for cell, column, width in zip(line.cells, table.columns, _column_widths(table), strict=False):
        if column.words or cell.value is None:
            parts = cell.text.split("\n")
            lines.append(sum(len(wrap(part, int(width / 1.15))) or 1 for part in parts))
    return math.ceil(max(lines)) or 1


def _write_cell(
    sheet: Worksheet,
    row: int,
    place: int,
    cell: Cell,
    depth: int,
    base: dict[str, Any],
    settings: Settings,
    looks: _Looks,
) -> None:
    text = cell.parts[depth] if depth < len(cell.parts) else ""
    values = [cell.value]
    values += [cell.below_value] if cell.below else []
    values += [cell.adjusted_value] if cell.adjusted else []
    value = values[depth] if depth < len(values) else None
    if value is None or not _PLAIN.match(text):
        sheet.write_string(row, place, text, looks.get(text_wrap=True, **base))
        return
    signed = depth == 0 and text[0] in "+\u2212"
    look = number_format(
        text.lstrip("+\u2212"), str(settings.language.text("numbers.decimal")), signed
    )
    sheet.write_number(row, place, float(value), looks.get(num_format=look, **base))


def _write_ids(
    sheet: Worksheet, tables: Sequence[Table], settings: Settings, looks: _Looks
) -> None:
    """Write which estimate stands in which cell, as the CSV files do."""
    frame = pd.concat([to_frame(table, settings) for table in tables], ignore_index=True)
    bold = looks.get(bold=True, bottom=1)
    for place, name in enumerate(frame.columns):
        sheet.write_string(0, place, str(name), bold)
        sheet.set_column(place, place, {"estimate_id": 56, "shown": 24}.get(str(name), 16))
    plain = looks.get()
    for row, values in enumerate(frame.itertuples(index=False), start=1):
        for place, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, place, value, plain)
            elif value is not None and value == value and abs(float(value)) != float("inf"):
                sheet.write_number(row, place, float(f"{float(value):.12g}"), plain)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)
