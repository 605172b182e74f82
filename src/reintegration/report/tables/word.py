"""A table as a Word document: a real table with repeated heads, ruled like a printed one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell, _Row

from reintegration.report.settings import Settings
from reintegration.report.tables.archive import MADE, timeless
from reintegration.report.tables.model import Line, Table
from reintegration.report.tables.render import PER_LETTER, is_wide

FONT, SIZES, NOTE_SIZE = "Calibri", (9.0, 8.0, 7.0, 6.0), 8  # points
PAPER = (21.0, 29.7)  # A4, in centimetres
MARGIN = 2.0
LABEL = (1.8, 5.6)  # centimetres of the row labels
NUMBER = 2.3
PADDING, WIDE_LETTER = 0.45, 0.0255  # centimetres: beside a text; of a letter per point of print
BREAK = "\N{ZERO WIDTH SPACE}"
LONGEST = 18  # letters of a word that is never broken; names of estimates may break at a dot
THICK, THIN = 12, 6  # eighths of a point
ALARM, MUTED = RGBColor(0xA3, 0x3B, 0x00), RGBColor(0x55, 0x60, 0x6C)


@dataclass(frozen=True)
class _Layout:
    """How a table lies on its page: sideways or not, points of print, centimetres of columns."""

    wide: bool
    size: float
    widths: Sequence[float]


def to_word(table: Table, settings: Settings) -> bytes:
    """One table as a document, landscape when it is wide."""
    document: Any = Document()
    layout = _lay_out(table)
    _set_up(document, table, settings, layout)
    caption = document.add_paragraph()
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_after = Pt(4)
    if settings.mark:
        _run(caption, f"{settings.mark}. ", bold=True, color=ALARM)
    _run(caption, table.caption, bold=True)
    _write_table(document, table, layout)
    for place, note in enumerate(table.notes):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(3 if place == 0 else 0)
        _run(paragraph, note, size=NOTE_SIZE)
    out = BytesIO()
    document.save(out)
    return timeless(out.getvalue())


def _set_up(document: Any, table: Table, settings: Settings, layout: _Layout) -> None:
    """Page, font, language, and the mark at the head of every page."""
    properties = document.core_properties
    properties.title = " ".join(filter(None, [settings.mark, table.caption]))[:255]
    properties.author = properties.last_modified_by = "reintegration"
    properties.created = properties.modified = MADE
    properties.comments = properties.keywords = ""
    properties.revision = 1
    section = document.sections[0]
    width, height = PAPER
    if layout.wide:
        section.orientation = WD_ORIENT.LANDSCAPE
        width, height = height, width
    section.page_width, section.page_height = Cm(width), Cm(height)
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Cm(MARGIN))
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(layout.size)
    style.paragraph_format.space_after = Pt(0)
    fonts = style.element.get_or_add_rPr()
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), settings.language.code)
    fonts.append(language)
    if settings.mark:
        head = section.header.paragraphs[0]
        head.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(head, settings.mark, bold=True, color=ALARM)


def _write_table(document: Any, table: Table, layout: _Layout) -> None:
    grouped = any(column.group for column in table.columns)
    heads = 2 if grouped else 1
    grid = document.add_table(rows=heads + len(table.lines), cols=len(table.columns) + 1)
    grid.autofit = False
    _describe(grid, table)
    widths = layout.widths
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = Cm(width)
    rows = list(grid.rows)
    if grouped:
        _group_heads(rows[0], table)
    _fill(
        rows[heads - 1],
        [table.stub, *(column.label for column in table.columns)],
        table,
        bold=True,
    )
    for row in rows[:heads]:
        _repeat(row)
    for line, row in zip(table.lines, rows[heads:], strict=True):
        _write_line(row, line, table)
    for row in rows:
        _whole(row)
        for cell, width in zip(row._tr.tc_lst, widths, strict=False):
            if cell.grid_span == 1:
                cell.width = Cm(width)
    _rule(rows[0], "top", THICK)
    _rule(rows[heads - 1], "bottom", THIN)
    _rule(rows[-1], "bottom", THICK)


def _lay_out(table: Table) -> _Layout:
    """Turn the page, then make the print smaller, until no column breaks a word."""
    shapes = [(wide, size) for wide in (False, True) for size in SIZES[:1]]
    shapes += [(True, size) for size in SIZES[1:]]
    for wide, size in shapes:
        room = (PAPER[1] if wide else PAPER[0]) - 2 * MARGIN
        least = _least_widths(table, size)
        if (wide or not is_wide(table)) and sum(least) <= room:
            break
    scale = min(1.0, room / sum(least))
    return _Layout(wide, size, _widths(table, room, [scale * width for width in least]))


def _least_widths(table: Table, size: float) -> list[float]:
    """Centimetres in which the longest word of each column stands in one line."""
    texts = [[table.stub, *(line.label for line in table.lines if line.kind != "group")]]
    for place, column in enumerate(table.columns):
        cells = [line.cells[place] for line in table.lines if place < len(line.cells)]
        texts.append([column.label, *(part for cell in cells for part in cell.parts)])
    letters = [max([1, *(len(word) for text in own for word in _words(text))]) for own in texts]
    return [PADDING + WIDE_LETTER * size * number for number in letters]


def _words(text: str) -> list[str]:
    return breakable(text).replace(BREAK, " ").split()


def breakable(text: str) -> str:
    """Let a name that is too long for any column break after a dot or an underscore."""
    words = re.split(r"(\s+)", text)
    return "".join(
        re.sub(r"(?<=\w)([._])(?=\w)", rf"\1{BREAK}", word) if len(word) > LONGEST else word
        for word in words
    )


def _widths(table: Table, room: float, least: Sequence[float]) -> list[float]:
    """Centimetres of each column; together they fill the page at most."""
    longest = max([len(table.stub), *(len(line.label) for line in table.lines)], default=0)
    label = min(LABEL[1], max(LABEL[0], PER_LETTER * longest))
    wanted = [label, *(column.width or _number_width(column.label) for column in table.columns)]
    more = [max(0.0, width - low) for width, low in zip(wanted, least, strict=True)]
    scale = (room - sum(least)) / sum(more) if sum(more) else 0.0
    if not any(column.words for column in table.columns):  # texts take the room there is
        scale = min(1.0, scale)
    return [low + scale * extra for low, extra in zip(least, more, strict=True)]


def _number_width(label: str) -> float:
    """A column of numbers is as wide as the longest word of its heading needs."""
    longest = max(map(len, label.split()), default=0)
    return max(NUMBER, 0.4 + PER_LETTER * longest)


def _write_line(row: _Row, line: Line, table: Table) -> None:
    if line.kind == "group":
        cell = row.cells[0].merge(row.cells[-1])
        _text(cell, [line.label], italic=True, before=4)
        cell.paragraphs[0].paragraph_format.keep_with_next = True
        return
    texts: list[Any] = [line.label, *(cell.parts for cell in line.cells)]
    _fill(row, texts, table, bold=line.kind == "total")


def _fill(row: _Row, texts: Sequence[Any], table: Table, bold: bool = False) -> None:
    for place, (cell, text) in enumerate(zip(row.cells, texts, strict=False)):
        parts = [text] if isinstance(text, str) else list(text)
        left = place == 0 or table.columns[place - 1].words
        _text(cell, parts, right=not left, bold=bold)


def _group_heads(row: _Row, table: Table) -> None:
    place, cells = 1, row.cells
    for group, members in groupby(table.columns, key=lambda column: column.group):
        size = len(list(members))
        cell = cells[place]
        if size > 1:
            cell = cell.merge(cells[place + size - 1])
        _text(cell, [group], bold=True)
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        if group:
            _border(cell, "bottom", THIN)
        place += size


def _text(
    cell: _Cell,
    parts: Sequence[str],
    *,
    right: bool = False,
    bold: bool = False,
    italic: bool = False,
    before: int = 0,
) -> None:
    """Write the parts of a cell below each other."""
    for place, part in enumerate(parts):
        paragraph = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(before)
        if right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        for number, text in enumerate(part.split("\n")):
            run = _run(
                paragraph, breakable(text), bold=bold, italic=italic, color=MUTED if place else None
            )
            if number < part.count("\n"):
                run.add_break()


def _run(
    paragraph: Any,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: float | None = None,
    color: RGBColor | None = None,
) -> Any:
    run = paragraph.add_run(text)
    run.bold, run.italic = bold or None, italic or None
    if size:
        run.font.size = Pt(size)
    if color is not None:
        run.font.color.rgb = color
    return run


# ---------------------------------------------------------------- what python-docx has no word for


def _describe(grid: Any, table: Table) -> None:
    """Give the table its title for those who hear it read."""
    properties = grid._tbl.tblPr
    title = OxmlElement("w:tblCaption")
    title.set(qn("w:val"), table.caption)
    properties.append(title)


def _repeat(row: _Row) -> None:
    """Repeat a row at the head of every page."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _whole(row: _Row) -> None:
    """Keep a row on one page."""
    mark = OxmlElement("w:cantSplit")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().insert(0, mark)


def _rule(row: _Row, side: str, size: int) -> None:
    for cell in row.cells:
        _border(cell, side, size)


def _border(cell: _Cell, side: str, size: int) -> None:
    properties = cell._tc.get_or_add_tcPr()
    borders = properties.find(qn("w:tcBorders"))
    if borders is None:
        borders = OxmlElement("w:tcBorders")
        properties.append(borders)
    line = OxmlElement(f"w:{side}")
    for name, value in {"val": "single", "sz": str(size), "space": "0", "color": "1D2733"}.items():
        line.set(qn(f"w:{name}"), value)
    if borders.find(qn(f"w:{side}")) is not None:
        return
    borders.insert(0 if side == "top" else len(borders), line)
