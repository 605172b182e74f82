"""Tables as Word documents and as workbooks, read back with other readers than wrote them."""

import re
import zipfile
from io import BytesIO

import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from python_calamine import CalamineWorkbook

from reintegration.report.numbers import Numbers
from reintegration.report.tables import make_table
from reintegration.report.tables.excel import HEIGHT, number_format, to_excel, workbook
from reintegration.report.tables.model import Cell, Column, Line, Table
from reintegration.report.tables.word import to_word


def make(name, frames, settings):
    numbers = Numbers(frames, settings.language, (), settings.minimum_cell)
    return make_table(name, frames, numbers, settings)


def sheets(data: bytes) -> dict[str, list[list]]:
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    return {
        name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for name in book.sheet_names
    }


def xml(data: bytes, name: str) -> str:
    return zipfile.ZipFile(BytesIO(data)).read(name).decode("utf-8")


@pytest.mark.parametrize("write", [to_word, to_excel])
def test_the_same_table_gives_the_same_bytes_at_any_time(frames, settings, monkeypatch, write):
    table = make("levels", frames, settings)
    before = write(table, settings)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert write(table, settings) == before
    times = {entry.date_time for entry in zipfile.ZipFile(BytesIO(before)).infolist()}
    assert times == {(1980, 1, 1, 0, 0, 0)}
    assert "2000-01-01T00:00:00Z" in xml(before, "docProps/core.xml")


def test_a_word_table_is_a_table_with_heads_that_repeat(frames, settings):
    table = make("levels", frames, settings)
    document = Document(BytesIO(to_word(table, settings)))
    (grid,) = document.tables
    texts = [[cell.text for cell in row.cells] for row in grid.rows]
    assert texts[0] == ["", *(column.label for column in table.columns)]
    assert len(texts) == 1 + len(table.lines)
    training = next(line for line in table.lines if line.key == "training")
    assert ["Training", *("\n".join(cell.parts) for cell in training.cells)] in texts
    assert grid.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in grid.rows)
    printed = [paragraph.text for paragraph in document.paragraphs]
    assert printed == [f"SIMULATED DATA. {table.caption}", *table.notes]
    assert document.sections[0].header.paragraphs[0].text == "SIMULATED DATA"


def test_a_wide_table_lies_on_its_side(frames, settings):
    narrow = Document(BytesIO(to_word(make("levels", frames, settings), settings))).sections[0]
    wide = Document(BytesIO(to_word(make("migration", frames, settings), settings))).sections[0]
    assert narrow.orientation == WD_ORIENT.PORTRAIT
    assert wide.orientation == WD_ORIENT.LANDSCAPE
    assert wide.page_width > wide.page_height


@pytest.mark.parametrize("name", ["claims", "inference", "levels", "regressions", "orion"])
def test_no_word_is_broken_by_a_narrow_column(frames, settings, name):
    document = Document(BytesIO(to_word(make(name, frames, settings), settings)))
    (grid,) = document.tables
    section = document.sections[0]
    room = section.page_width.cm - section.left_margin.cm - section.right_margin.cm
    widths = [column.width.cm for column in grid.columns]
    assert sum(widths) <= room + 0.01
    letter = 0.62 * document.styles["Normal"].font.size.cm  # of a wide font, on average
    for row in grid.rows:
        for cell, width in zip(row._tr.tc_lst, widths, strict=False):
            if cell.grid_span == 1:
                texts = " ".join(part.text for part in cell.iter(qn("w:p")))
                for word in re.split(r"[\s\u200b]+", texts):
                    assert letter * len(word) <= width - 0.38, word


@pytest.mark.parametrize("write", [to_word, to_excel])
def test_real_data_are_not_marked(frames, settings, real_settings, write):
    table = make("levels", frames, real_settings)

    def everything(settings) -> str:
        archive = zipfile.ZipFile(BytesIO(write(table, settings)))
        return " ".join(archive.read(name).decode("utf-8", "ignore") for name in archive.namelist())

    assert "SIMULATED" not in everything(real_settings)
    assert "SIMULATED" in everything(settings)


def test_a_workbook_holds_numbers_and_the_estimate_behind_each(frames, settings):
    table = make("levels", frames, settings)
    held = sheets(to_excel(table, settings))
    assert list(held) == ["levels", "estimate_ids"]
    rows = held["levels"]
    assert rows[0][0] == f"SIMULATED DATA {table.caption}"
    place = next(k for k, row in enumerate(rows) if row[0] == "Training")
    training = next(line for line in table.lines if line.key == "training")
    assert rows[place][1:5] == pytest.approx([cell.value for cell in training.cells])
    assert rows[place + 1][1:5] == pytest.approx([0.010] * 4)
    names, *listed = held["estimate_ids"]
    column = names.index("estimate_id")
    found = {row[column]: row[names.index("value")] for row in listed}
    for cell in training.cells:
        assert found[cell.estimate_id] == pytest.approx(cell.value)


def test_a_hidden_number_is_in_no_workbook(frames, settings):
    effects = frames["effects"].assign(n_mentored=3, estimate=0.0123456)
    table = make("orion", {**frames, "effects": effects}, settings)
    archive = zipfile.ZipFile(BytesIO(to_excel(table, settings)))
    text = " ".join(archive.read(name).decode("utf-8") for name in archive.namelist())
    assert "0.0123" not in text
    assert "(s)" in text


def test_words_below_numbers_are_wrapped_and_have_room(settings):
    words = "CR1S clustered by village and interviewer of the survey"
    lines = (Line("x", "x", (Cell("0.1"),)), Line("vcov", "Errors", (Cell(words, status="ok"),)))
    table = Table("t", "T", (Column("a", "Pay"),), lines)
    data = to_excel(table, settings)
    sheet = xml(data, "xl/worksheets/sheet1.xml")
    height, style = re.search(
        r'<row r="\d+"[^>]* ht="([\d.]+)"[^>]*><c [^>]*>.{0,40}?</c><c [^>]*s="(\d+)"'
        r"[^>]*><v>\d+</v></c></row></sheetData>",
        sheet,
    ).groups()
    assert float(height) >= 4 * HEIGHT  # words of 13 characters a line
    formats = re.findall(r"<xf .*?(?:/>|</xf>)", xml(data, "xl/styles.xml").split("<cellXfs")[1])
    assert 'wrapText="1"' in formats[int(style)]


@pytest.mark.parametrize(
    ("text", "signed", "expected"),
    [
        ("0.041", True, "+0.000;\u22120.000;0.000"),
        ("(0.010)", False, '"("0.000")"'),
        ("[0.0123]", False, '"["0.0000"]"'),
        ("27.0%", False, "0.0%"),
        ("5,139", False, "#,##0"),
        ("0.041**", True, '+0.000"**";\u22120.000"**";0.000"**"'),
    ],
)
def test_a_number_is_shown_as_it_is_printed(text, signed, expected):
    assert number_format(text, ".", signed) == expected


def test_a_text_is_never_a_formula(settings):
    cells = (Cell("=1+1", status="ok"), Cell("+44 7700", status="ok"))
    columns = (Column("a", "=A1", width=2), Column("b", "@b"))
    table = Table("evil", "=cmd()", columns, (Line("x", "-2+3", cells),), ("=note",))
    data = workbook([table, table.__class__(**{**vars(table), "name": "two"})], settings)
    archive = zipfile.ZipFile(BytesIO(data))
    parts = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/worksheets")]
    assert not any(re.search(r"<f[ >]", part) for part in parts)
    held = sheets(data)
    assert list(held) == ["contents", "evil", "two", "estimate_ids"]
    assert "=1+1" in {cell for row in held["evil"] for cell in row}
