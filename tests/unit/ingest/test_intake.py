import json
import os

import numpy as np
import pandas as pd
import pytest

from reintegration.config import Assistance, Cleaning
from reintegration.errors import StudyError
from reintegration.ingest.intake import (
    empty_surveys,
    read_result,
    source_columns,
    take_in,
    write_result,
)
from reintegration.ingest.ledger import LOG_COLUMNS, REJECTED_COLUMNS
from reintegration.ingest.source import Source

from .conftest import CASE, NAME, PHONE, PLACE, RULES, base_row

ASSISTANCE = {"types": ["training"], "undated": "not_recorded", "not_recorded": "drop"}


def test_a_file_in_the_codebooks_own_names_needs_no_mapping(desk):
    result = desk.take_rows({}, {})
    row = result.surveys.iloc[0]
    assert list(result.surveys.columns) == source_columns(desk.codebook)
    assert row["country"] == "SEN"
    assert row["survey_date"] == pd.Timestamp("2019-05-20")
    assert (row["age"], row["q1"], row["assistance_training"]) == (27, "very_satisfied", 1)
    assert pd.isna(row["q10"])
    assert result.account["rows_read"] == 2
    assert result.account["status"] == "ok"


@pytest.mark.parametrize("form", ["csv", "xlsx", "dta", "sav", "parquet", "kobo"])
def test_every_form_of_file_gives_the_same_surveys(desk, form):
    import pyreadstat

    frame = desk.rows({}, {"q8": "land animals", "q22": "dont_know"})
    desk.csv(frame, "plain.csv")
    plain = desk.take("plain.csv").surveys
    path = desk.raw / f"file.{'xlsx' if form == 'kobo' else form}"
    declared = {}
    if form == "csv":
        frame.to_csv(path, index=False, sep=";", encoding="latin-1")
    elif form == "xlsx":
        frame.to_excel(path, index=False, startrow=4, engine="xlsxwriter")
    elif form == "parquet":
        frame.to_parquet(path)
    elif form == "kobo":
        options = {
            c: frame["q8"].str.split().map(lambda s, c=c: int(c in s)) for c in ("land", "animals")
        }
        wide = frame.drop(columns="q8").add_prefix("main/")
        wide = wide.assign(**{f"main/q8/{c}": v for c, v in options.items()}, _uuid=["a", "b"])
        wide.to_excel(path, index=False, engine="xlsxwriter")
        declared = {"format": "kobo"}
    else:
        # Stata and SPSS hold codes with labels: here the numbers of the answers of q22.
        codes = {i: a.fr for i, a in enumerate(desk.codebook.answers_of("q22"), 1)}
        numbers = {a.code: i for i, a in enumerate(desk.codebook.answers_of("q22"), 1)}
        labelled = frame.assign(
            q22=frame["q22"].map(numbers),
            age=frame["age"].astype(float),
            survey_date=pd.to_datetime(frame["survey_date"]),
        )
        write = pyreadstat.write_dta if form == "dta" else pyreadstat.write_sav
        write(labelled, str(path), variable_value_labels={"q22": codes})
    surveys = desk.take(path.name, **declared).surveys
    compared = [name for name in surveys.columns if name != "row"]
    pd.testing.assert_frame_equal(surveys[compared], plain[compared])


def test_identifiers_never_pass(desk, tmp_path):
    """Names, phones, case numbers and places are planted in every column that could leak them."""
    leaks = [{"q5": NAME}, {"sex": PHONE}, {"age": CASE}, {"country": NAME}, {"survey_date": CASE}]
    frame = desk.rows(*leaks, {}, {}).assign(
        Remarks=NAME, case_number=[f"{CASE}{i}" for i in range(7)]
    )
    frame.loc[6, "survey_date"] = ""
    desk.csv(frame)
    result = desk.take(drop=["Remarks"])
    write_result(result, tmp_path / "out")
    everything = result.surveys.to_csv() + "".join(
        path.read_text(encoding="utf-8", errors="ignore")
        if path.suffix != ".parquet"
        else str(path.read_bytes())
        for path in sorted((tmp_path / "out").iterdir())
    )
    for secret in (NAME, "Testdiallo", PHONE, "123 45", CASE, PLACE, "Cachée"):
        assert secret.lower() not in everything.lower()
    assert len(result.rejected) == 3  # unknown country, no usable date twice


def test_errors_hold_no_identifier(desk):
    frame = desk.rows(*({"q5": NAME, "q7": PHONE} for _ in range(12)))
    desk.csv(frame)
    with pytest.raises(StudyError) as caught:
        desk.take()
    assert NAME not in str(caught.value) and PHONE not in str(caught.value)
    desk.csv(frame.drop(columns="q7").rename(columns={"q8": NAME}))
    with pytest.raises(StudyError, match="no column for q7") as caught:
        desk.take()
    assert NAME not in str(caught.value)


def test_a_file_of_another_country_than_its_yaml_says_is_refused(desk):
    desk.csv(
        desk.rows({}, {"country": "Guinée"}, {"country": "GIN"}).rename(columns={"country": "Pays"})
    )
    says = r"column 'Pays' names another country \(GIN in 2 rows\) than .*`country: SEN`"
    with pytest.raises(StudyError, match=says):
        desk.take(country="SEN")
    assert set(desk.take(country="SEN", drop=["Pays"]).surveys["country"]) == {"SEN"}
    assert set(desk.take(columns={"country": "Pays"}).surveys["country"]) == {"SEN", "GIN"}


def test_rows_without_a_returnee_or_a_country_and_repeated_headers_are_rejected(desk):
    header = {name: name for name in base_row()}
    result = desk.take_rows({"case_number": ""}, {"country": "Atlantis"}, header, {})
    assert result.rejected.to_numpy().tolist() == [
        ["sen", 2, "case_number", "no case number"],
        ["sen", 3, "country", "no known country of return"],
        ["sen", 4, "", "the row repeats the header"],
    ]
    assert result.surveys["excluded"].isna().sum() == 1


def test_what_was_guessed_and_what_is_absent_is_noted(desk):
    desk.csv(desk.rows({"language": "Français"}), encoding="latin-1")
    account = desk.take().account
    assert "read as Windows-1252" in account["notes"]
    assert "assistance_cash" in account["absent"]
    assert "assistance_cash_date" not in account["absent"]
    assert desk.take(encoding="latin-1").account["notes"] == []


def test_rounded_case_numbers_are_refused_and_placeholders_said(desk):
    with pytest.raises(StudyError, match="case_number: 1 were rounded by a spreadsheet"):
        desk.take_rows({"case_number": "1.23E+12"}, {})
    days = ({"case_number": "UNKNOWN", "survey_date": f"2019-03-{day:02}"} for day in range(1, 12))
    notes = desk.take_rows(*days, {}).account["notes"]
    assert "a case number that stands for 11 surveys" in notes


def test_columns_without_a_name_are_said(desk):
    desk.csv(desk.rows({}).assign(**{"Unnamed": "x"}).rename(columns={"Unnamed": ""}))
    (note,) = desk.take().account["notes"]
    assert note == f"columns without a name: number {len(desk.rows({}).columns) + 1}"


def test_columns_that_nobody_asked_for_are_named(desk):
    extra = {f"extra {i}": "x" for i in range(12)}
    desk.csv(desk.rows({}).assign(Remarks="x", **extra))
    notes = desk.take(drop=["Remarks"]).account["notes"]
    assert len(notes) == 1
    assert notes[0].startswith("columns not used: extra 0, extra 1,")
    assert notes[0].endswith("extra 9 and 2 more")


def test_broken_rows_are_read_and_rejected(desk):
    path = desk.csv(desk.rows(*({} for _ in range(20))))
    lines = path.read_text().splitlines()
    lines.insert(3, "SN-9,too,short")
    path.write_text("\n".join(lines) + "\n")
    result = desk.take()
    assert result.account["rows_read"] == 21
    assert result.rejected[["row", "reason"]].to_numpy().tolist() == [
        [4, f"3 cells where the header has {len(base_row())}"]
    ]
    assert sorted(result.surveys["row"]) == list(range(2, 23))


def test_a_file_without_a_usable_row_is_refused(desk):
    with pytest.raises(StudyError, match=r"sen.csv: survey_date: no interview date \(2 rows\)"):
        desk.take_rows({"survey_date": ""}, {"survey_date": ""})


def test_every_row_read_is_used_or_has_its_reason(desk):
    changes = [{}, {"case_number": ""}, {"survey_date": "x"}, {"q5": "?"}, {"age": "3"}]
    changes += [{"case_number": "A"}, {"case_number": "A"}, {"case_number": "A", "q1": "ok"}]
    result = desk.take_rows(*changes)
    excluded = result.surveys["excluded"]
    assert result.account["rows_read"] == len(result.surveys) == len(changes)
    out = result.cleaning_log.query("change_type == 'remove_survey'")
    assert sorted(out["row"]) == sorted(result.surveys.loc[excluded.notna(), "row"])
    assert result.account["rows_rejected"] == len(result.rejected) == 2


def take(desk, on_bad_source, **source):
    return take_in(
        Source.model_validate({"source": "sen", "file": "sen.csv", **source}),
        desk.raw,
        desk.codebook,
        Cleaning.model_validate(RULES),
        Assistance.model_validate(ASSISTANCE),
        b"k" * 64,
        on_bad_source,
    )


def test_a_bad_source_stops_the_study_or_is_left_out_and_named(desk, tmp_path):
    desk.csv(desk.rows({}).drop(columns=["q7", "q8"]))
    with pytest.raises(StudyError, match="no column for q7"):
        take(desk, "stop")
    result = take(desk, "leave_out")
    assert result.account["status"] == "left_out"
    assert result.account["reason"].startswith("no column for q7")
    assert "no column for q8" in result.account["reason"]
    assert list(result.cleaning_log.columns) == LOG_COLUMNS
    assert list(result.rejected.columns) == REJECTED_COLUMNS
    write_result(result, tmp_path / "out")
    assert read_result(tmp_path / "out").surveys.empty


def test_a_wrong_yaml_is_never_left_out(desk):
    desk.csv(desk.rows({}))
    with pytest.raises(StudyError, match="'q99' is not in the codebook"):
        take(desk, "leave_out", columns={"q99": "q7"})


def test_a_source_that_is_left_out_has_the_columns_and_types_of_the_others(desk):
    full = desk.take_rows({}).surveys
    pd.testing.assert_series_equal(empty_surveys(desk.codebook).dtypes, full.dtypes)


def test_what_is_written_is_read_again_and_is_the_same_twice(desk, tmp_path):
    result = desk.take_rows({"q5": "plenty"}, {"case_number": ""}, {})
    for name in ("one", "two"):
        write_result(desk.take(), tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    again = read_result(tmp_path / "one")
    pd.testing.assert_frame_equal(again.surveys, result.surveys)
    assert again.rejected["row"].tolist() == ["3"]
    assert json.loads((tmp_path / "one" / "account.json").read_text())["rows_read"] == 3
    assert np.array_equal(again.cleaning_log.columns, LOG_COLUMNS)


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_what_is_written_is_for_its_owner_alone(desk, tmp_path):
    folder = tmp_path / "sources" / "sen"
    folder.mkdir(parents=True)
    (folder / "rejected.csv").write_text("an older one")
    (folder / "rejected.csv").chmod(0o644)
    before = os.umask(0o022)
    try:
        write_result(desk.take_rows({}, {"case_number": ""}), folder)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ["surveys.parquet", "cleaning_log.csv", "rejected.csv", "account.json"], 0o600
    )
