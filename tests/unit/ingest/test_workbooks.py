"""Workbooks: Excel of both kinds, OpenDocument, and those made to fill all memory."""

import datetime
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from reintegration.errors import StudyError
from reintegration.ingest import workbook_scan
from reintegration.ingest.readers import look, read_raw
from reintegration.ingest.source import Source

FILES = Path(__file__).parent / "files"
WANTED = {"case number", "q7", "survey date"}
ROWS = [["case_number", "survey_date", "q7"], *([f"SN-{i}", "2019-03-05", "Oui"] for i in range(9))]
SHEET = "xl/worksheets/sheet1.xml"


def read(path, **declared):
    source = Source.model_validate({"source": "s", "file": path.name, **declared})
    return read_raw(source, path, WANTED)


def workbook(tmp_path, rows=ROWS, name="a.xlsx", titles=()):
    with xlsxwriter.Workbook(str(tmp_path / name)) as book:
        sheet = book.add_worksheet("Data")
        for place, text in titles:
            sheet.merge_range(place, text)
        for number, row in enumerate(rows):
            sheet.write_row(number + len(titles), 0, row)
    return tmp_path / name


def changed(tmp_path, part, change):
    """A workbook with one part rewritten."""
    good = zipfile.ZipFile(workbook(tmp_path))
    path = tmp_path / "changed.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name in good.namelist():
            content = good.read(name)
            package.writestr(name, change(content) if name == part else content)
    return path


def with_cell(xml):
    return lambda sheet: sheet.replace(b"</sheetData>", xml + b"</sheetData>")


def test_failed_formulas_are_no_empty_cells(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(1, 1, ROWS[0])
        for row, error in enumerate(("#DIV/0!", "#N/A", "#REF!"), 2):
            sheet.write_row(row, 1, ["SN-1", "2019-03-05"])
            sheet.write_formula(row, 3, "=1/0", None, error)
    table = read(tmp_path / "a.xlsx")
    assert table.cells[3].tolist() == ["#DIV/0!", "#N/A", "#REF!"]
    assert table.cells[1].tolist() == ["SN-1"] * 3
    assert table.rows.tolist() == [3, 4, 5]


def test_dates_keep_their_time_of_day(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy hh:mm"}) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ROWS[0])
        sheet.write_row(1, 0, ["SN-1", datetime.datetime(2019, 3, 5, 10, 2), True])
        sheet.write_row(2, 0, ["SN-2", datetime.datetime(2019, 3, 5), 1.5])
    table = read(path)
    assert table.cells[1].tolist() == ["2019-03-05T10:02:00", "2019-03-05"]
    assert table.cells[2].tolist() == ["true", "1.5"]


def test_merged_titles_and_a_row_of_labels(tmp_path):
    labels = ["Case number of the person", "Date of interview", "Do you work?", "Sex", "Age", "N o"]
    names = ["case_number", "survey_date", "q7", "sex", "age", "note"]
    data = [[f"SN-{i}", f"2019-03-{i:02}", "Oui", "F", 20 + i, "x"] for i in range(1, 9)]
    path = workbook(tmp_path, [labels, names, *data], titles=[("A1:F1", "Enquête")])
    table = read(path)
    assert table.names == names
    assert table.titles[2] == "Do you work?"
    assert table.found == {"sheet": "Data", "header_row": 3, "label_row": 2}
    assert table.rows[0] == 4
    below = workbook(tmp_path, [names, labels, *data])
    assert read(below).titles == table.titles
    assert read(below).rows[0] == 3
    assert look(below).names == look(path).names == names


def test_an_old_workbook_with_failed_formulas():
    table = read(FILES / "old.xls")
    assert table.names == ["case_number", "survey_date", "q7", "q22", "age"]
    assert table.cells[1].tolist()[:5] == [f"2019-03-0{day}" for day in range(3, 8)]
    assert table.cells[3][0] == "Très mauvais"
    assert table.cells[2].tolist()[-1] == "#N/A"
    assert table.cells[4].tolist()[-1] == "#DIV/0!"
    assert table.rows.tolist() == [4, 5, 6, 7, 8, 9]
    assert table.found["sheet"] == "Données"


def test_an_old_workbook_with_a_cell_far_away():
    with pytest.raises(StudyError, match="reaches to row 65,536 and column 256"):
        read(FILES / "far.xls")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.995])
def test_an_old_workbook_that_is_cut_off(tmp_path, share):
    content = (FILES / "old.xls").read_bytes()
    path = tmp_path / "cut.xls"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(StudyError, match="damaged"):
        read(path)


def test_what_a_library_fails_at_is_said_in_one_message(tmp_path, monkeypatch, capfd):
    import python_calamine

    class Panic(BaseException):
        pass

    def fail(path):
        os.write(2, b"thread panicked, and pages of it")
        raise Panic

    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_path", fail, raising=False)
    with pytest.raises(StudyError, match=r"damaged or protected workbook \(Panic\)"):
        read(workbook(tmp_path))
    assert "panicked" not in capfd.readouterr().err


OPEN_DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
    '<office:body><office:spreadsheet><table:table table:name="T">{}</table:table>'
    "</office:spreadsheet></office:body></office:document-content>"
)


def open_document(tmp_path, rows):
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", OPEN_DOCUMENT.format(rows))
        package.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest "
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" manifest:media-type='
            '"application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        )
    return path


def cell(text, more=""):
    return (
        f'<table:table-cell office:value-type="string"{more}><text:p>{text}</text:p>'
        "</table:table-cell>"
    )


def test_an_open_document_spreadsheet(tmp_path):
    header = "".join(map(cell, ROWS[0]))
    day = '<table:table-cell office:value-type="date" office:date-value="2019-03-05"/>'
    failed = cell("#DIV/0!", ' office:string-value="" calcext:value-type="error"')
    empty = '<table:table-cell table:number-columns-repeated="16000"/>'
    rows = (
        f"<table:table-row>{header}{empty}</table:table-row>"
        f"<table:table-row>{cell('SN-1')}{day}{cell('Oui')}</table:table-row>"
        f"<table:table-row>{cell('SN-2')}{day}{failed}</table:table-row>"
        f'<table:table-row table:number-rows-repeated="1048570">{empty}</table:table-row>'
    )
    table = read(open_document(tmp_path, rows))
    assert table.cells[1].tolist() == ["2019-03-05"] * 2
    assert table.cells[2].tolist() == ["Oui", "#DIV/0!"]


def test_an_open_document_that_repeats_itself_without_end(tmp_path):
    rows = '<table:table-row table:number-rows-repeated="1000000">' + cell(
        "x", ' table:number-columns-repeated="1000"'
    )
    path = open_document(tmp_path, rows + "</table:table-row>")
    with pytest.raises(StudyError, match="repeats a few cells 1,000,000,000 times"):
        read(path)


def test_a_workbook_that_unpacks_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook_scan, "LITTLE", 1 << 20)
    path = changed(tmp_path, SHEET, with_cell(b" " * (8 << 20)))
    with pytest.raises(StudyError, match="unpacks to more than 100 times its size"):
        read(path)
    content = bytearray(path.read_bytes())
    entry = content.rfind(b"PK\x01\x02", 0, content.rfind(SHEET.encode()))
    struct.pack_into("<I", content, entry + 24, 1000)  # the size that the file gives is a lie
    path.write_bytes(content)
    with pytest.raises(StudyError, match="unpacks to more than 100 times its size"):
        read(path)
    listed = changed(tmp_path, "xl/workbook.xml", lambda part: part + b" " * (9 << 20))
    monkeypatch.setattr(workbook_scan, "LITTLE", 1 << 30)
    with pytest.raises(StudyError, match="lists more sheets than"):
        read(listed)
    monkeypatch.setattr(workbook_scan, "LITTLE", 1 << 20)
    strings = changed(tmp_path, "xl/sharedStrings.xml", lambda part: part + b" " * (8 << 20))
    with pytest.raises(StudyError, match="unpacks to more than"):
        read(strings)


def test_one_cell_in_the_last_corner(tmp_path):
    corner = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises(StudyError, match="reaches to row 1,048,576 and column 16,384 and holds"):
        read(changed(tmp_path, SHEET, with_cell(corner)))
    outside = b'<row r="9999999"><c r="A9999999"><v>1</v></c></row>'
    with pytest.raises(StudyError, match="cells outside of any spreadsheet"):
        read(changed(tmp_path, SHEET, with_cell(outside)))
    right = b'<row r="50"><c r="XFD50"><v>1</v></c></row>'
    with pytest.raises(StudyError, match="reaches to row 50 and column 16,384"):
        read(changed(tmp_path, SHEET, with_cell(right)))
    coloured = b'<row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert len(read(changed(tmp_path, SHEET, with_cell(coloured))).cells) == 9


def test_xml_that_defines_words_of_its_own(tmp_path):
    entity = b'<!DOCTYPE s [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><sst'
    path = changed(tmp_path, "xl/sharedStrings.xml", lambda part: part.replace(b"<sst", entity, 1))
    with pytest.raises(StudyError, match="XML with definitions"):
        read(path)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (["a.xlsx", "Awa.csv"], "a zip file of 2 other files; unpack it"),
        (["word/document.xml"], "a Word document"),
        (["xl/workbook.bin"], "binary Excel workbook"),
        (["xl/other.xml"], "lists no sheets"),
    ],
)
def test_other_zip_files(tmp_path, parts, says):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        for name in parts:
            package.writestr(name, "x")
    (tmp_path / "a.xlsx").write_bytes(packed.getvalue())
    with pytest.raises(StudyError, match=says) as caught:
        read(tmp_path / "a.xlsx")
    assert "Awa" not in str(caught.value)


def test_a_workbook_under_another_extension(tmp_path):
    for name in ("a.xls", "a.csv", "a.ods"):
        with pytest.raises(StudyError, match="format: xlsx"):
            read(workbook(tmp_path).rename(tmp_path / name))
