"""Delimited text, as spreadsheets, offices and accidents leave it."""

import gzip

import pandas as pd
import pytest

from reintegration.errors import StudyError
from reintegration.ingest import encoding, read_text
from reintegration.ingest.encoding import Utf8
from reintegration.ingest.readers import look, read_raw
from reintegration.ingest.source import Source

WANTED = {"case number", "q1", "q7", "survey date"}
HEADER = "case_number,survey_date,Remarque,q1,q2,q7\n"


def read(tmp_path, content, name="a.csv", **declared):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = Source.model_validate({"source": "s", "file": name, **declared})
    return read_raw(source, path, WANTED)


def rows(*numbers):
    return "".join(f"SN-{n},05/03/2019,été à l'hôtel,{n % 5},non,oui\n" for n in numbers)


@pytest.mark.parametrize(
    "written", ["mac_roman", "cp850", "cp1252", "utf-16-le", "utf-16-be", "utf-32", "utf-16"]
)
def test_encodings_are_found_without_a_mark(tmp_path, written):
    table = read(tmp_path, (HEADER + rows(*range(20))).encode(written))
    assert table.cells[2][0] == "été à l'hôtel"
    assert table.found["encoding"] == written


def test_an_encoding_is_declared(tmp_path):
    content = (HEADER + "SN-1,x,مرحبا,1,2,3\n").encode("cp1256")
    assert read(tmp_path, content, encoding="cp1256").cells[2][0] == "مرحبا"
    with pytest.raises(StudyError, match="not in the encoding cp1252: from line 1 on"):
        read(tmp_path, HEADER.encode() + b"SN-1,\x81,\xe9,1,2,3\n", encoding="cp1252")


def test_what_is_read_in_blocks_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(read_text, "BLOCK", 500)
    monkeypatch.setattr(read_text, "TOGETHER", 3)
    monkeypatch.setattr(encoding, "PIECE", 97)  # ends within letters and within line breaks
    body = rows(*range(300)) + ",,,,,\n" + 'SN-x,"5\n3",,,,\r\n' + "bad,row\n" + rows(301)
    for written in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        table = read(tmp_path, (HEADER + body).encode(written))
        assert table.cells[0].tolist() == [*(f"SN-{n}" for n in range(300)), "SN-x", "SN-301"]
        assert table.cells[1].tolist()[-2] == "5\n3"
        assert table.cells[3].tolist()[:6] == ["0", "1", "2", "3", "4", "0"]
        assert set(table.cells[2].dropna()) == {"été à l'hôtel"}
        assert table.rows.tolist()[-2:] == [303, 305]
        assert table.broken == ((304, "2 cells where the header has 6"),)


def test_columns_are_categories_of_their_different_texts(tmp_path):
    table = read(tmp_path, HEADER + rows(*range(50)))
    assert all(isinstance(kind, pd.CategoricalDtype) for kind in table.cells.dtypes)
    assert table.cells[3].cat.categories.tolist() == ["0", "1", "2", "3", "4"]
    assert table.cells[0].cat.categories.dtype == "str"


def test_lines_without_content_are_no_broken_rows(tmp_path):
    table = read(tmp_path, HEADER + rows(1) + "\n  \n,,\n,,,,,\n" + rows(2))
    assert table.broken == ()
    assert table.rows.tolist() == [2, 7]
    with pytest.raises(StudyError, match="no rows of data"):
        read(tmp_path, HEADER + "\n ,,\n,,,,,\n")


def test_two_open_quotation_marks_do_not_swallow_rows(tmp_path):
    header = ",".join(["case_number", *(f"q{n}" for n in range(1, 15))]) + "\n"
    row = "SN-1" + ",x" * 14 + "\n"
    opened = 'SN-A,"x' + ",x" * 13 + "\n"
    with pytest.raises(StudyError, match="quotation mark"):
        read(tmp_path, header + row + opened + row * 2 + opened + row)
    remark = "a list, of many, things, and, more, of, them,\nand another line"
    table = read(tmp_path, HEADER + f'SN-1,x,"{remark}",1,2,3\n')
    assert table.cells[2][0] == remark


def test_an_open_quotation_mark_in_a_large_file(tmp_path, monkeypatch):
    monkeypatch.setattr(read_text, "BLOCK", 500)
    with pytest.raises(StudyError, match="quotation mark"):
        read(tmp_path, HEADER + rows(1) + 'SN-A,"x,y,1,2,3\n' + rows(*range(99)))


def test_a_hopeless_file_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(read_text, "HOPELESS", 10)
    with pytest.raises(StudyError, match=r"11 of .* rows do not have the 6 cells"):
        read(tmp_path, HEADER + rows(1) + "a,b\n" * 5000)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gz.csv", gzip.compress(b"case_number,q7\n"), "a gzip archive; unpack it"),
        ("page.xls", b"\n <html><table><tr><td>case_number", "a web page saved under another"),
        ("table.xls", b"<TABLE><tr>", "a web page saved under another"),
        ("text.xls", b"case_number\tq7\n1\t2\n", "text file .`format: csv` or tsv"),
        ("noise.xlsx", bytes(range(256)) * 9, "no kind of file that is known here"),
        ("noise.csv", bytes(range(1, 256)) * 99, "neither UTF-8 .* nor Windows-1252"),
        ("spss.dta", b"$FL2@(#) SPSS", "an SPSS file"),
        ("pdf.csv", b"%PDF-1.4", "a PDF document"),
        ("blank.csv", b"\n \r\n\t\n", "only blank space"),
        ("line.csv", b"case_number,q7" + b",x" * (3 << 20), "line 1 is longer than 4 MB"),
        ("wide.csv", b"q7" + b",v" * 99_999 + b"\n1\n", "has 100,000 columns, and 16,384 are"),
        ("cut.csv", (HEADER + rows(*range(9))).encode()[:-9], "1 of 9 rows do not have the 6"),
    ],
)
def test_other_files_are_named(tmp_path, name, content, says):
    with pytest.raises(StudyError, match=says) as caught:
        read(tmp_path, content, name)
    assert len(caught.value.problems) == 1


def test_formulas_are_texts(tmp_path):
    table = read(tmp_path, HEADER + "=1+1,@SUM(A1),-2+3,+4,5,6\n")
    assert table.cells.iloc[0].tolist() == ["=1+1", "@SUM(A1)", "-2+3", "+4", "5", "6"]


def test_a_declared_row_of_labels_is_skipped_and_kept_as_titles(tmp_path):
    labels = "Dossier,Date,,Content ?,Manger ?,Travail ?\n"
    table = read(tmp_path, HEADER + labels + rows(1, 2), label_row=2)
    assert table.titles == {0: "Dossier", 1: "Date", 3: "Content ?", 4: "Manger ?", 5: "Travail ?"}
    assert table.rows.tolist() == [3, 4]
    assert read(tmp_path, labels + HEADER + rows(1), label_row=1).titles == table.titles
    with pytest.raises(StudyError, match="rows of data between `header_row` 1 and `label_row` 3"):
        read(tmp_path, HEADER + rows(1) + labels + rows(2), label_row=3)
    with pytest.raises(StudyError, match="no row 9, which `label_row` names"):
        read(tmp_path, HEADER + rows(1), label_row=9)


def test_a_file_is_looked_at_without_any_known_name(tmp_path):
    path = tmp_path / "unknown.txt"
    path.write_text("Enquête 2019;;\nDossier;Âge;Visité le\nA;27;5/3/2019\nB;31;6/3/2019\n")
    table = look(path)
    assert table.names == ["Dossier", "Âge", "Visité le"]
    assert table.found == {"encoding": "utf-8", "delimiter": ";", "header_row": 2}
    assert look(path, header_row=3).names == ["A", "27", "5/3/2019"]
    with pytest.raises(StudyError, match="encoding: 'klingon' is no known encoding"):
        look(path, encoding="klingon")
    path.write_text("1;2\n3;4\n")
    with pytest.raises(StudyError, match="looks like column names; name the row"):
        look(path)
    with pytest.raises(StudyError, match=r"'\.doc' tells no format"):
        look(path.rename(tmp_path / "a.doc"))


def test_a_text_is_handed_on_as_utf8_from_some_place_on(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes('é"ü"\nà'.encode("utf-16"))
    with Utf8(path, "utf-16", skip=len("é".encode())) as text:
        assert b"".join(iter(lambda: text.read(5), b"")).decode() == '"ü"\nà'
        assert text.quotes == 2
    assert text.closed


def test_a_file_that_ends_in_the_middle_of_a_row_was_cut_off(tmp_path):
    whole = HEADER + rows(*range(20)).rstrip("\n")
    assert len(read(tmp_path, whole).rows) == 20  # the last line needs no end
    assert len(read(tmp_path, whole + "\nSource: our office").broken) == 1
    with pytest.raises(StudyError, match="ends in the middle of row 21: it was cut off"):
        read(tmp_path, whole[:-9])


def test_one_open_quotation_mark_in_a_short_file_is_said(tmp_path):
    with pytest.raises(StudyError, match="quotation mark"):
        read(tmp_path, HEADER + rows(*range(7)) + '"' + rows(*range(7, 30)))
