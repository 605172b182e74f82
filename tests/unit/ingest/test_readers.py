import datetime

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from reintegration.errors import StudyError
from reintegration.ingest.readers import as_text, read_raw
from reintegration.ingest.source import Source

WANTED = {"case number", "q1", "q7", "survey date"}
HEADER = "case_number;survey_date;Remarque é;q7\n"
ROWS = "SN-1;05/03/2019;été;1\nSN-2;06/03/2019;;2\n"


def read(path, **declared):
    source = Source.model_validate({"source": "s", "file": path.name, **declared})
    return read_raw(source, path, WANTED)


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(tmp_path, sheets, name="a.xlsx"):
    path = tmp_path / name
    with xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"}) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


GRID = [
    ["Enquête RSS 2019"],
    [],
    ["case_number", "survey_date", "q7"],
    ["SN-1", datetime.date(2019, 3, 5), 1],
    [],
    ["SN-2", 43530.5, "Oui "],
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_of_text_are_found(tmp_path, encoding, delimiter):
    content = (HEADER + ROWS).replace(";", delimiter).encode(encoding)
    table = read(write(tmp_path, "a.csv", content))
    assert table.names == ["case_number", "survey_date", "Remarque é", "q7"]
    assert table.cells[2].tolist()[0] == "été"
    assert pd.isna(table.cells[2][1])
    assert table.cells[3].tolist() == ["1", "2"]
    assert table.found["delimiter"] == delimiter
    assert table.rows.tolist() == [2, 3]


def test_a_wrong_encoding_is_named(tmp_path):
    latin = write(tmp_path, "latin.csv", (HEADER + ROWS).encode("latin-1"))
    with pytest.raises(StudyError, match="not in the encoding utf-8: line 1"):
        read(latin, encoding="utf-8")
    assert read(latin, encoding="latin-1").cells[2][0] == "été"
    utf8 = write(tmp_path, "utf8.csv", HEADER + ROWS)
    with pytest.raises(StudyError, match="utf-8, not latin-1"):
        read(utf8, encoding="latin-1")  # would give "Ã©tÃ©"
    with pytest.raises(StudyError, match="null bytes"):
        read(write(tmp_path, "null.csv", HEADER + ROWS + "SN-3;\x00;;1\n"))


@pytest.mark.parametrize("declared", [{}, {"encoding": "latin-1"}])
def test_a_file_in_two_encodings_is_refused(tmp_path, declared):
    content = HEADER.encode("cp1252") + ROWS.encode()
    with pytest.raises(StudyError, match="mixes encodings: line 2 is in UTF-8"):
        read(write(tmp_path, "a.csv", content), **declared)


def test_titles_above_blank_rows_and_line_breaks_keep_the_place_of_rows(tmp_path):
    text = 'Titre;;\n;;\ncase_number;"survey\ndate";q7\nSN-1;"5\n3";1\n;;\nSN-2;x;2\n'
    table = read(write(tmp_path, "a.csv", text))
    assert table.names == ["case_number", "survey\ndate", "q7"]
    assert table.cells[0].tolist() == ["SN-1", "SN-2"]
    assert table.cells[1][0] == "5\n3"
    assert table.rows.tolist() == [4, 6]  # as a spreadsheet counts them
    assert table.found["header_row"] == 3


def test_rows_that_do_not_fit_the_header_are_broken_and_many_stop(tmp_path):
    good = "".join(f"SN-{i};x;y;1\n" for i in range(30))
    table = read(write(tmp_path, "a.csv", HEADER + "SN-A;x\n" + good + "SN-B;1;2;3;4\n"))
    assert [row for row, _ in table.broken] == [2, 33]
    assert table.broken[0][1] == "2 cells where the header has 4"
    assert len(table.cells) == 30
    assert table.rows[0] == 3
    with pytest.raises(StudyError, match="5 of 35 rows do not have the 4 cells"):
        read(write(tmp_path, "b.csv", HEADER + "SN-A;x\n" * 5 + good))


def test_an_open_quotation_mark_does_not_swallow_rows(tmp_path):
    good = "".join(f"SN-{i},a,1\n" for i in range(30))
    for broken in ('SN-A,"a,1\n', 'SN-A,a,"1\n'):
        text = "case_number,q1,q7\n" + good + broken + good
        with pytest.raises(StudyError, match="quotation mark"):
            read(write(tmp_path, "a.csv", text))


def test_a_workbook_with_titles_dates_numbers_and_blank_rows(tmp_path):
    table = read(workbook(tmp_path, {"Notes": [["read me"]], "Données": GRID}))
    assert table.names == ["case_number", "survey_date", "q7"]
    assert table.cells[1].tolist() == ["2019-03-05", "43530.5"]
    assert table.cells[2].tolist() == ["1", "Oui "]
    assert table.rows.tolist() == [4, 6]
    assert table.found == {"sheet": "Données", "header_row": 3}


def test_two_sheets_that_look_alike_must_be_chosen_between(tmp_path):
    fewer = [row[:2] for row in GRID]  # a column less is no reason to pass a sheet over
    path = workbook(tmp_path, {"2018": GRID, "2019": fewer})
    with pytest.raises(StudyError, match=r"several sheets look like the data \('2018', '2019'\)"):
        read(path)
    assert len(read(path, sheet="2019").cells) == 2
    with pytest.raises(StudyError, match="no sheet '2020'; its sheets are '2018', '2019'"):
        read(path, sheet="2020")


LABELS = {"q7": {1: "Oui", 2: "Non", 99: "Ne sait pas"}}
CODED = pd.DataFrame(
    {
        "case_number": ["SN-1", "SN-2", ""],
        "survey_date": pd.to_datetime(["2019-03-05", None, "2019-03-06"]),
        "q7": [1.0, 99.0, np.nan],
    }
)


def test_stata_values_come_with_their_labels(tmp_path):
    import pyreadstat

    path = tmp_path / "a.dta"
    pyreadstat.write_dta(CODED, str(path), variable_value_labels=LABELS)
    table = read(path)
    assert table.cells[2].tolist()[:2] == ["1", "99"]
    assert table.labels == {2: {"1": "Oui", "2": "Non", "99": "Ne sait pas"}}
    assert table.cells[1].tolist()[0] == "2019-03-05"
    assert pd.isna(table.cells[0][2]) and pd.isna(table.cells[1][1]) and pd.isna(table.cells[2][2])


def test_spss_keeps_declared_missing_codes_with_their_labels(tmp_path):
    import pyreadstat

    path = tmp_path / "a.sav"
    ranges = {"q7": [{"lo": 90, "hi": 99}]}
    pyreadstat.write_sav(CODED, str(path), variable_value_labels=LABELS, missing_ranges=ranges)
    table = read(path)
    assert table.cells[2].tolist()[:2] == ["1", "99"]
    assert table.labels[2]["99"] == "Ne sait pas"
    assert table.missing == {2: frozenset({"99"})}


def test_labels_of_variables_are_titles_and_rows_are_read_in_parts(tmp_path, monkeypatch):
    import pyreadstat

    from reintegration.ingest import read_labelled

    monkeypatch.setattr(read_labelled, "CELLS_TOGETHER", 7)
    texts = [f"SN-{i}" for i in range(11)]
    frame = pd.DataFrame({"case_number": texts, "q7": [1.0, 2.0] * 5 + [np.nan]})
    titles = ["Dossier", "Travaillez-vous ?"]
    labels = {"q7": {1: "Oui", 2: "Non"}}
    for name, write in (("a.dta", pyreadstat.write_dta), ("a.sav", pyreadstat.write_sav)):
        write(frame, str(tmp_path / name), column_labels=titles, variable_value_labels=labels)
        table = read(tmp_path / name)
        assert table.titles == {0: "Dossier", 1: "Travaillez-vous ?"}
        assert table.cells[0].tolist() == texts
        assert table.cells[1].cat.categories.tolist() == ["1", "2"]
        assert table.rows.tolist() == list(range(1, 12))
        assert table.labels[1] == {"1": "Oui", "2": "Non"}


def test_stata_codes_of_missing_answers_stay_apart(tmp_path):
    import pyreadstat

    frame = pd.DataFrame({"case_number": ["a", "b", "c"], "q7": [1, "d", "r"]})
    path = tmp_path / "a.dta"
    pyreadstat.write_dta(
        frame,
        str(path),
        missing_user_values={"q7": ["d", "r"]},
        variable_value_labels={"q7": {1: "Oui", "d": "Ne sait pas"}},
    )
    table = read(path)
    assert table.cells[1].tolist() == ["1", "d", "r"]
    assert table.labels[1] == {"1": "Oui", "d": "Ne sait pas"}
    assert table.missing[1] == {"d", "r"}


def test_parquet_of_many_types_in_parts(tmp_path, monkeypatch):
    from reintegration.ingest import read_parquet

    monkeypatch.setattr(read_parquet, "TOGETHER", 2)
    frame = pd.DataFrame(
        {
            "case_number": ["a", "", None, "d", "e"],
            "q7": pd.Categorical(["yes", "no", None, "yes", "no"]),
            "age": [1.0, 2.5, None, 4, 5],
            "at": pd.to_datetime(["2019-03-05 10:22", None, None, None, None]),
        },
        index=[5, 6, 7, 8, 9],
    )
    frame.to_parquet(tmp_path / "a.parquet")
    table = read(tmp_path / "a.parquet")
    assert table.names == ["case_number", "q7", "age", "at"]
    written = table.cells.astype(object).where(table.cells.notna(), None)
    assert written[0].tolist() == ["a", None, "d", "e"]
    assert written[1].tolist() == ["yes", "no", "yes", "no"]
    assert written[2].tolist() == ["1", "2.5", "4", "5"]
    assert written[3].tolist() == ["2019-03-05T10:22:00", None, None, None]
    assert table.rows.tolist() == [1, 2, 4, 5]


def test_parquet_and_kobo_text(tmp_path):
    CODED.to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").cells[1].tolist()[0] == "2019-03-05"
    text = "start;id/case_number;economic/q7;_uuid\n2019;SN-1;yes;u1\n"
    table = read(write(tmp_path, "a.csv", text), format="kobo")
    assert table.names == ["start", "id/case_number", "economic/q7", "_uuid"]


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"  \n\n", "only blank space"),
        ("header.csv", HEADER.encode(), "no rows of data"),
        ("names.csv", b"1;2;3\n4;5;6\n", "none of its first 50 rows"),
        ("book.csv", b"PK\x03\x04 and so on", "not a csv file.*damaged or protected workbook"),
        ("old.xlsx", OLE + "Workbook".encode("utf-16-le"), "format: xls"),
        ("secret.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        ("text.xlsx", HEADER.encode(), "not a xlsx file.*text file"),
        ("page.csv", b"<html><body>", "a web page"),
        ("text.dta", b"case_number\n", "not a stata file"),
        ("text.sav", b"case_number\n", "not a spss file"),
        ("text.parquet", b"case_number\n", "not a parquet file"),
        ("cut.dta", b"<stata_dta><header>", "damaged stata file"),
        ("cut.sav", b"$FL2@(#) SPSS", "damaged spss file"),
        ("cut.parquet", b"PAR1 and no more", "damaged Parquet file"),
        ("cut.xlsx", b"PK\x03\x04 and no more", "damaged or protected workbook"),
    ],
)
def test_a_bad_file_gives_one_clear_error(tmp_path, name, content, says):
    path = write(tmp_path, name, content)
    with pytest.raises(StudyError, match=says) as caught:
        read(path)
    assert len(caught.value.problems) == 1
    assert str(path) in caught.value.problems[0]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_workbook_gives_one_clear_error(tmp_path, share):
    content = workbook(tmp_path, {"a": GRID}).read_bytes()
    with pytest.raises(StudyError, match="damaged or protected workbook"):
        read(write(tmp_path, "cut.xlsx", content[: int(share * len(content))]))


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(StudyError, match="no such file"):
        read(tmp_path / "nothing.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(StudyError, match="is a folder"):
        read(tmp_path / "folder.csv")
    with pytest.raises(StudyError, match="no row 9"):
        read(write(tmp_path, "a.csv", HEADER + ROWS), header_row=9)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1.5, "1.5"),
        (np.int64(-99), "-99"),
        (True, "true"),
        (float("nan"), None),
        (pd.NaT, None),
        (datetime.datetime(2019, 3, 5), "2019-03-05"),
        (datetime.datetime(2019, 3, 5, 10, 2), "2019-03-05T10:02:00"),
    ],
)
def test_typed_cells_are_written_as_people_would(value, text):
    assert as_text(value) == text


def test_tables_of_very_many_columns_are_refused_whatever_the_format(tmp_path, monkeypatch):
    import pyreadstat

    from reintegration.ingest import readers

    monkeypatch.setattr(readers, "MOST_COLUMNS", 2)
    frame = CODED.assign(survey_date="2019-03-05")
    pyreadstat.write_dta(frame, str(tmp_path / "a.dta"))
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv")
    workbook(tmp_path, {"a": GRID})
    for name in ("a.dta", "a.parquet", "a.csv", "a.xlsx"):
        with pytest.raises(StudyError, match="columns, and 2 are the most that are read"):
            read(tmp_path / name)


def test_a_file_that_may_not_be_opened_is_said(tmp_path, monkeypatch):
    path = write(tmp_path, "a.csv", HEADER + ROWS)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(StudyError, match="Permission denied"):
        read(path)


def test_columns_of_one_name_do_no_harm_by_themselves(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ["case_number", "Remarks", "Remarks"]
    pq.write_table(pa.Table.from_arrays([pa.array(["a"])] * 3, names=names), tmp_path / "a.parquet")
    write(tmp_path, "a.csv", ",".join(names) + "\na,b,c\n")
    workbook(tmp_path, {"a": [names, ["a", "b", "c"]]})
    for name in ("a.parquet", "a.csv", "a.xlsx"):
        assert read(tmp_path / name).names == names


def test_parquet_that_would_fill_all_memory(tmp_path, monkeypatch):
    from reintegration.ingest import read_parquet

    frame = pd.DataFrame({"case_number": ["x" * 100_000 + str(i) for i in range(100)]})
    frame.to_parquet(tmp_path / "a.parquet", compression="zstd")
    assert len(read(tmp_path / "a.parquet").cells) == 100
    monkeypatch.setattr(read_parquet, "LITTLE", 1000)
    with pytest.raises(StudyError, match="unpacks to more than 100 times its size"):
        read(tmp_path / "a.parquet")
    monkeypatch.setattr(read_parquet, "MOST_ROWS", 99)
    with pytest.raises(StudyError, match="holds 100 rows; 99 are the most"):
        read(tmp_path / "a.parquet")


def test_parquet_with_lists_in_cells(tmp_path):
    frame = pd.DataFrame({"case_number": ["a", "b"], "q8": [["land", "trees"], None]})
    frame.to_parquet(tmp_path / "a.parquet")
    assert "land" in read(tmp_path / "a.parquet").cells[1][0]


@pytest.mark.parametrize("name", ["a.dta", "a.sav"])
def test_old_texts_of_labelled_files(tmp_path, name):
    import pyreadstat

    write_file = pyreadstat.write_dta if name == "a.dta" else pyreadstat.write_sav
    frame = pd.DataFrame({"case_number": ["caf\xe9xx", "b"], "q7": [1.0, 2.0]})
    write_file(frame, str(tmp_path / name))
    content = (tmp_path / name).read_bytes().replace("caf\xe9xx".encode(), b"caf\xe9xxx")
    path = write(tmp_path, name, content)
    table = read(path)
    assert table.cells[0].tolist() == ["caf\xe9xxx", "b"]
    assert table.found == {"encoding": "cp1252"}
    assert read(path, encoding="latin-1").cells[0][0] == "caf\xe9xxx"
    assert read(path, encoding="mac_roman").cells[0][0] == "caf\u00c8xxx"
    with pytest.raises(StudyError, match="another encoding than utf-8; name its `encoding`"):
        read(path, encoding="utf-8")
