"""Corrections by hand: what may be written, and that it is done, once, to what it names."""

import csv

import pandas as pd
import pytest

from reintegration.errors import StudyError
from reintegration.ingest.decisions import (
    CORRECTION_COLUMNS,
    CORRECTIONS,
    load_decisions,
    write_templates,
)
from reintegration.ingest.pool import pool

from .conftest import NAME, base_row

pytestmark = pytest.mark.filterwarnings("ignore:no survey of GIN")
SIGNED = {"initials": "AB", "date": "2026-05-31", "note": "asked the office"}


@pytest.fixture
def decide(tmp_path, codebook):
    """Write lines of the cleaning log and read them again."""

    def decide(*lines, sources=("sen",)):
        rows = [{"source": "sen", **SIGNED, **line} for line in lines]
        frame = pd.DataFrame(rows, columns=CORRECTION_COLUMNS, dtype=object).fillna("")
        frame.to_csv(tmp_path / CORRECTIONS, index=False)
        return load_decisions(tmp_path, codebook, sources)

    return decide


@pytest.fixture
def take(take_decided):
    return take_decided


def lines_of(result, rule="decision"):
    log = result.cleaning_log
    columns = ["row", "question", "old_value", "new_value", "change_type", "issue"]
    return log.loc[log["rule"] == rule, columns].astype(object).to_numpy().tolist()


def test_cells_are_changed_and_blanked_and_the_log_says_so(decide, take):
    decisions = decide(
        {
            "row": 2,
            "question": "q5",
            "old_value": "no_debt",
            "new_value": "debt_larger",
            "change_type": "change_response",
        },
        {"row": 3, "question": "age", "old_value": "27", "change_type": "blank_response"},
        {
            "row": 3,
            "question": "q8",
            "old_value": "animals land",
            "new_value": "trees land",
            "change_type": "change_response",
        },
        {"row": 4, "question": "q2", "change_type": "no_action", "note": "unusual, and right"},
    )
    result = take(decisions, {"q5": "no_debt"}, {"age": "27", "q8": "land animals"}, {})
    surveys = result.surveys.set_index("row")
    assert surveys.loc[2, "q5"] == "debt_larger"
    assert pd.isna(surveys.loc[3, "age"])
    assert surveys.loc[3, "q8"] == "land trees"
    assert lines_of(result) == [
        [2, "q5", "no_debt", "debt_larger", "change_response", "AB: asked the office"],
        [3, "age", "", "", "blank_response", "AB: asked the office"],
        [3, "q8", "land animals", "land trees", "change_response", "AB: asked the office"],
        [4, "q2", surveys.loc[4, "q2"], surveys.loc[4, "q2"], "no_action",
         "AB: unusual, and right"],
    ]  # fmt: skip
    assert result.account["decided"] == [2, 3, 4, 5]


def test_a_mended_date_saves_the_row_and_a_survey_is_named_by_its_id(decide, take):
    broken = {"survey_date": "2109-05-20x"}
    first = take(decide(), broken, {})
    assert first.surveys["excluded"].fillna("").tolist() == ["no_survey_date", ""]
    survey = first.surveys["survey_id"].iloc[0]
    decisions = decide(
        {"source": "", "survey_id": survey, "question": "survey_date", "old_value": "2109-05-20x",
         "new_value": "2019-05-20", "change_type": "change_response"},
    )  # fmt: skip
    mended = take(decisions, broken, {})
    assert mended.surveys["excluded"].isna().all()
    assert mended.surveys["survey_date"].iloc[0] == pd.Timestamp("2019-05-20")
    assert mended.surveys["survey_id"].iloc[0] == survey
    assert mended.rejected.empty


def test_a_country_decided_on_makes_the_returnee_of_that_country(decide, take):
    known = take(decide(), {"country": "GIN"}).surveys["returnee_id"].iloc[0]
    line = {"row": 2, "question": "country", "old_value": "Atlantis", "new_value": "GIN",
            "change_type": "change_response"}  # fmt: skip
    surveys = take(decide(line), {"country": "Atlantis"}, {}).surveys
    assert surveys["country"].tolist() == ["GIN", "SEN"]
    assert surveys["returnee_id"].iloc[0] == known


def test_all_rows_with_an_answer_and_exactly_as_many_as_expected(decide, take):
    changes = [{"q5": "no_debt"}, {"q5": "?!"}, {"q5": "?!"}]
    line = {"question": "q5", "old_value": "?!", "rows_expected": "2.0"}
    result = take(decide(line | {"change_type": "blank_response"}), *changes)
    assert [change[0] for change in lines_of(result)] == [3, 4]
    assert "unknown_answer" not in set(result.cleaning_log["rule"])
    removed = take(decide(line | {"change_type": "remove_survey"}), *changes)
    assert removed.surveys["excluded"].tolist()[1:] == ["decision", "decision"]
    with pytest.raises(StudyError, match="line 2: 2 rows of source sen have this old value in q5;"
                       " rows_expected says 3"):  # fmt: skip
        take(decide(line | {"rows_expected": 3, "change_type": "remove_survey"}), *changes)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"row": 2, "question": "q5", "old_value": "debt_larger"},
         "line 2: row 2: q5: expected was 'debt_larger', and there stands 'no_debt'"),
        ({"row": 2, "question": "age", "old_value": "28"},
         "line 2: row 2: age: line 2 expects another value in `old_value` than the file holds now"),
        ({"row": 3, "question": "q5", "old_value": "no_debt"},
         "line 2: row 3: q5: expected was 'no_debt', and there stands a text that is no answer"),
        ({"row": 3, "question": "q5", "old_value": NAME},
         "line 2: row 3: q5: expected was what line 2 has in `old_value`, which is no code"),
        ({"row": 9, "question": "q5", "old_value": "no_debt"}, "has no row 9 with a survey"),
        ({"survey_id": "S0123456789ab", "question": "q5", "old_value": "x"},
         "source sen holds no survey S0123456789ab"),
        ({"row": 2, "survey_id": "S0123456789ab", "question": "q5", "old_value": "no_debt"},
         "row 2 of source sen is no longer survey S0123456789ab"),
        ({"row": 4, "question": "q5", "old_value": "no_debt"}, "row 4 holds no survey"),
        ({"row": 2, "question": "q5", "old_value": "no_debt", "rows_expected": 2},
         "this line is about row 2 alone, and rows_expected says 2; write 1 there"),
    ],
)  # fmt: skip
def test_a_line_that_no_longer_fits_stops_with_what_was_expected(decide, take, line, says):
    header = {name: name for name in base_row()}
    with pytest.raises(StudyError) as caught:
        take(decide(line | {"change_type": "blank_response"}),
             {"q5": "no_debt"}, {"q5": NAME + "x"}, header, {})  # fmt: skip
    assert says in str(caught.value)
    assert NAME not in str(caught.value)
    assert "27" not in str(caught.value)


def test_no_cell_or_row_is_decided_on_twice(decide, take):
    cell = {"row": 2, "question": "q5", "old_value": "no_debt", "change_type": "blank_response"}
    gone = {"row": 2, "change_type": "remove_survey", "rows_expected": 1}
    for lines, says in [
        ([cell, cell], "line 3: row 2 q5: already decided on in line 2"),
        ([gone, gone], "line 3: row 2: already decided on in line 2"),
        ([cell, gone], "line 2: the survey is removed by line 3; keep one of the two"),
        ([gone, cell], "line 3: the survey is removed by line 2; keep one of the two"),
    ]:
        with pytest.raises(StudyError, match=says):
            take(decide(*lines), {"q5": "no_debt"}, {})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"change_type": "delete"}, "change_type: 'delete' is none of change_response"),
        ({"question": "q99"}, "question: 'q99' is no question of the codebook"),
        ({"question": "phone"}, "question: 'phone' is an identifier, which is never changed"),
        ({"source": "togo"}, "source: there is no source 'togo'; there are sen"),
        ({"initials": ""}, "initials: write the 1 to 5 letters of who decided"),
        ({"initials": "Aminata Diallo"}, "initials: write the 1 to 5 letters"),
        ({"note": ""}, "note: say why"),
        ({"date": "someday"}, "date: is no date"),
        ({"row": "two"}, "row: must be the number of a row"),
        ({"row": ""}, "row: name one survey"),
        ({"row": "", "old_value": "ok"}, "rows_expected: say how many surveys"),
        ({"rows_expected": "many"}, "rows_expected: must be a whole number"),
        ({"new_value": "fine"}, "new_value: 'fine' is not allowed; allowed are very_satisfied"),
        ({"new_value": ""}, "new_value: is needed (to empty a cell, write blank_response)"),
        ({"change_type": "blank_response", "old_value": "ok"}, "new_value: must be empty"),
        ({"change_type": "remove_survey", "new_value": ""}, "rows_expected: say how many"),
        ({"question": "age", "new_value": "200"}, "new_value: must lie in 14 to 90"),
        (
            {"question": "return_date", "new_value": "5/3/2019"},
            "new_value: must be a date as 2020-05-31",
        ),
        ({"question": "return_date", "new_value": "1819-05-03"}, "new_value: must be 1990-01-01"),
        ({"question": "country", "new_value": "Senegal"}, "new_value: 'Senegal' is no ISO 3166-1"),
        ({"survey_id": "Sxyz"}, "survey_id: must be an id as results/clean"),
    ],
)
def test_what_may_not_be_written_is_said_with_its_line(decide, line, says):
    good = {"row": "2", "question": "q1", "new_value": "ok", "change_type": "change_response"}
    with pytest.raises(StudyError) as caught:
        decide(good | {"row": "3"}, good | line)
    assert f"{CORRECTIONS}: line 3: {says}" in str(caught.value)
    assert "line 2" not in str(caught.value)


@pytest.mark.parametrize(
    ("question", "old", "new"), [("q5", "no_debt", "no_debt"), ("age", "27", "27.0")]
)
def test_a_change_to_what_stands_there_is_none(decide, take, question, old, new):
    line = {"row": 2, "question": question, "old_value": old, "new_value": new}
    with pytest.raises(StudyError, match="line 2: new_value is the old value"):
        take(decide(line | {"change_type": "change_response"}), {"q5": "no_debt"}, {})


def test_all_problems_of_a_file_are_said_at_once(decide):
    with pytest.raises(StudyError) as caught:
        decide({"row": "x", "change_type": "?"}, {"note": "", "question": "q99", "row": 3})
    assert len(caught.value.problems) >= 4
    with pytest.raises(StudyError) as caught:
        decide({"row": 3, "question": "q99", "change_type": "?"})
    assert [line.split(": ")[2] for line in caught.value.problems] == ["change_type", "question"]


def write(folder, content, encoding="utf-8"):
    (folder / CORRECTIONS).write_bytes(content.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_as_spreadsheets_save_them(tmp_path, codebook, encoding, delimiter):
    header = [*(name.upper() for name in CORRECTION_COLUMNS), "", ""]
    line = ["sen", "2,0", "", "return_date", "05/03/2019", "2019-03-06", "change_response", "",
            "É.B.", "31/05/2026", '"confirmé; par\nécrit"', "", ""]  # fmt: skip
    if delimiter == ",":
        line[1] = "2.0"
    rows = [header, line, [""] * 13, []]
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    write(tmp_path, text, encoding)
    (made,) = load_decisions(tmp_path, codebook, ["sen"]).corrections
    assert (made.line, made.row, made.note) == (2, 2, "confirmé; par\nécrit")
    write(tmp_path, f"sep={delimiter}\r\n{text}", encoding)
    assert load_decisions(tmp_path, codebook, ["sen"]).corrections[0].line == 3


def test_a_date_that_excel_turned_is_still_the_same(decide, take):
    line = {"row": 2, "question": "return_date", "old_value": "20/11/2018",
            "new_value": "2018-11-21", "change_type": "change_response"}  # fmt: skip
    surveys = take(decide(line), {"return_date": "2018-11-20"}, {}).surveys
    assert surveys["return_date"].iloc[0] == pd.Timestamp("2018-11-21")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("PK\x03\x04xxxx", "is an Excel workbook; save it as CSV UTF-8"),
        ("source,row\n", "the column 'question' is missing"),
        (",".join([*CORRECTION_COLUMNS, "remarks"]), "there is no column 'remarks'; allowed are"),
        (",".join([*CORRECTION_COLUMNS, "note"]), "the column 'note' stands twice"),
        (",".join(CORRECTION_COLUMNS) + "\n" + "a," * 12 + "x", "line 2: 13 cells"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_table_is_refused(tmp_path, codebook, content, says):
    write(tmp_path, content)
    with pytest.raises(StudyError) as caught:
        load_decisions(tmp_path, codebook, ["sen"])
    assert says in str(caught.value)


def test_a_cell_without_end_is_refused(tmp_path, codebook):
    write(tmp_path, ",".join(CORRECTION_COLUMNS) + '\n"' + "a" * 2000)
    before = csv.field_size_limit(1000)
    try:
        with pytest.raises(StudyError, match="line 2: is no table of texts"):
            load_decisions(tmp_path, codebook, ["sen"])
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("typed 52 for 25 on 2019-03-05, see form", True),
        ("Confirmed by the IOM office: Women answer so", True),
        (f"confirmed by {NAME}", False),
        ("told by awa, the sister", False),  # a word of an identifier of the file
        ("told by her brother Mamadou", False),  # capitalised inside the sentence
        ("call 77 555 11 99", False),
        ("see case 12345", False),
        ("write to x@example.org", False),
    ],
)
def test_a_note_is_shown_unless_it_could_name_somebody(decide, take, note, shown):
    line = {"row": 2, "question": "q5", "change_type": "no_action", "note": note}
    (said,) = lines_of(take(decide(line), {}, {}))
    assert said[-1] == f"AB: {note if shown else '(not shown)'}"


def test_a_survey_named_by_id_alone_is_of_one_source(decide, take, study, scoring, codebook):
    plain = take(decide(), {"case_number": "A"})
    survey = plain.surveys["survey_id"].iloc[0]
    line = {"source": "", "survey_id": survey, "question": "q5", "old_value": "no_debt",
            "new_value": "debt_larger", "change_type": "change_response"}  # fmt: skip
    decisions = decide(line, sources=("sen", "other"))
    here = take(decisions, {"case_number": "A", "q5": "no_debt"})
    there = take(decisions, {"case_number": "B"}, source="other")
    pooled = pool([here, there], codebook, study, scoring, decisions=decisions)
    assert "debt_larger" in set(pooled.surveys["q5"])
    again = take(decisions, {"case_number": "A", "q5": "no_debt"}, source="other")
    with pytest.raises(StudyError, match="stands in sen and other; name the source"):
        pool([here, again], codebook, study, scoring, decisions=decisions)
    with pytest.raises(StudyError, match=f"no source holds survey {survey}"):
        pool([there], codebook, study, scoring, decisions=decisions)


def test_a_note_on_a_text_that_could_not_be_read_does_not_show_it(decide, take):
    line = {"row": 2, "question": "q5", "change_type": "no_action"}
    result = take(decide(line), {"q5": NAME}, {})
    assert lines_of(result) == [
        [2, "q5", "(not shown)", "(not shown)", "no_action", "AB: asked the office"]
    ]
    assert "Testdiallo" not in result.cleaning_log.to_csv()


def test_another_decision_is_another_digest_for_its_source_alone(decide):
    line = {"row": 2, "question": "q5", "old_value": "no_debt", "change_type": "blank_response"}
    sources = ("sen", "gin")
    one = decide(line, sources=sources)
    two = decide({**line, "source": "gin"}, line, sources=sources)
    assert one.digest("sen") == two.digest("sen")
    assert one.digest("gin") != two.digest("gin")
    assert one.digest() != two.digest()


def test_templates_hold_the_header_alone_and_nothing_is_overwritten(tmp_path, codebook):
    folder = tmp_path / "decisions"
    assert len(write_templates(folder)) == 2
    assert write_templates(folder) == []
    decisions = load_decisions(folder, codebook, ["sen"])
    assert decisions.corrections == decisions.matches == ()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_no_file_decides_nothing(tmp_path, codebook):
    assert load_decisions(tmp_path / "none", codebook, ["sen"]).corrections == ()
