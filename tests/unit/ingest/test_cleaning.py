"""Each declared rule of cleaning, on files of a few rows. Row 2 of a file is its first survey."""

import pyreadstat
import pytest

from .conftest import NAME, PHONE, left, log, value


def test_a_good_file_is_left_alone(desk):
    result = desk.take_rows({}, {})
    assert left(result) == [2, 3]
    assert result.cleaning_log.empty
    assert result.rejected.empty


def test_unknown_answer_is_blanked_and_logged(desk):
    result = desk.take_rows({"q5": "very good"}, {"sex": "77"})
    assert value(result, 2, "q5") is None
    assert value(result, 3, "sex") is None
    assert log(result, "unknown_answer") == [
        [2, "q5", "very good", "", "blank_response"],
        [3, "sex", "77", "", "blank_response"],
    ]
    assert left(result) == [2, 3]


def test_unknown_answer_can_reject_the_survey(desk):
    result = desk.take_rows({"q5": "plenty"}, {}, rules={"unknown_answer": "reject"})
    assert left(result) == [3]
    assert result.rejected.to_numpy().tolist() == [
        ["sen", 2, "q5", "an answer that is not in the codebook"]
    ]
    assert log(result, "unknown_answer") == [[2, "q5", "", "", "remove_survey"]]


@pytest.mark.parametrize(
    ("date", "reason"),
    [("", "no interview date"), ("31/02/2019", "not a possible date")],
)
@pytest.mark.parametrize("policy", ["reject", "blank"])
def test_a_survey_without_a_usable_date_is_rejected(desk, date, reason, policy):
    result = desk.take_rows({"survey_date": date}, {}, rules={"impossible_date": policy})
    assert left(result) == [3]
    assert result.rejected.to_numpy().tolist() == [["sen", 2, "survey_date", reason]]


def test_an_interview_before_the_return_is_rejected_or_loses_its_return(desk):
    rows = {"survey_date": "2019-01-01", "return_date": "2019-01-02"}
    same_day = {"survey_date": "2019-01-02", "return_date": "2019-01-02"}
    result = desk.take_rows(rows, same_day)
    assert left(result) == [3]
    assert result.rejected["reason"].tolist() == ["interview before the return"]
    result = desk.take_rows(rows, same_day, rules={"impossible_date": "blank"})
    assert left(result) == [2, 3]
    assert value(result, 2, "return_date") is None
    assert log(result, "impossible_date") == [[2, "return_date", "", "", "blank_response"]]


def test_other_impossible_dates_are_blanked_without_their_value(desk):
    result = desk.take_rows({"return_date": "2019-02-31"}, {"assistance_training_date": "soon"})
    assert left(result) == [2, 3]
    assert log(result, "impossible_date") == [
        [2, "return_date", "", "", "blank_response"],
        [3, "assistance_training_date", "", "", "blank_response"],
    ]
    assert value(result, 3, "assistance_training") is None  # yes, but no longer dated


@pytest.mark.parametrize("age", ["13", "199", "-5", "vingt-sept"])
def test_a_number_out_of_range_is_blanked_or_rejects_the_survey(desk, age):
    result = desk.take_rows({"age": age}, {"age": "14"}, {"age": "90"})
    assert value(result, 2, "age") is None
    assert value(result, 3, "age") == 14
    assert log(result, "out_of_range") == [[2, "age", "", "", "blank_response"]]
    result = desk.take_rows({"age": age}, {}, rules={"out_of_range": "reject"})
    assert left(result) == [3]
    assert result.rejected["question"].tolist() == ["age"]


def test_an_answer_that_was_not_to_be_asked_is_blanked_or_kept(desk):
    rows = (
        {"q9": "no", "q10": "unemployed"},
        {"q9": "yes", "q10": "unemployed"},
        {"q9": "", "q10": "unemployed"},
        {"q9": "no", "q10": "not_applicable"},
    )
    result = desk.take_rows(*rows)
    assert [value(result, row, "q10") for row in (2, 3, 4, 5)] == [
        None,
        "unemployed",
        "unemployed",
        "not_applicable",
    ]
    assert log(result, "skip_violation") == [[2, "q10", "unemployed", "", "blank_response"]]
    result = desk.take_rows(*rows, rules={"skip_violation": "keep"})
    assert value(result, 2, "q10") == "unemployed"
    assert log(result, "skip_violation") == [[2, "q10", "unemployed", "unemployed", "no_action"]]


SAME = {"case_number": "SN-7", "dependants": "2"}


def test_an_exact_duplicate_is_removed_once(desk):
    result = desk.take_rows(SAME, {}, SAME | {"case_number": " sn-7 "}, SAME)
    assert left(result) == [2, 3]
    lines = log(result, "duplicate_survey")
    assert [line[0] for line in lines] == [4, 5]
    assert {line[-1] for line in lines} == {"remove_survey"}
    assert result.rejected.empty  # the survey itself is used


def test_exact_duplicates_can_be_kept_as_surveys_of_their_own(desk):
    result = desk.take_rows(SAME, SAME, rules={"duplicate_survey": "keep_all"})
    assert left(result) == [2, 3]
    assert result.surveys["survey_id"].nunique() == 2
    assert len(set(result.surveys["returnee_id"])) == 1


@pytest.mark.parametrize(
    ("policy", "kept"), [("keep_last", [4]), ("keep_first", [2]), ("reject", [])]
)
def test_a_survey_keyed_again_with_other_answers(desk, policy, kept):
    rows = [SAME, SAME | {"q1": "ok"}, SAME | {"q1": "satisfied"}, {"case_number": "SN-8"}]
    result = desk.take_rows(*rows, rules={"rekeyed_survey": policy})
    assert left(result) == [*kept, 5]
    assert len(log(result, "rekeyed_survey")) == 3 - len(kept)


def test_a_duplicate_of_the_version_that_is_kept_is_a_duplicate(desk):
    result = desk.take_rows(SAME, SAME | {"q1": "ok"}, SAME | {"q1": "ok"})
    assert left(result) == [3]
    assert [line[0] for line in log(result, "rekeyed_survey")] == [2]
    assert [line[0] for line in log(result, "duplicate_survey")] == [4]


def test_surveys_of_one_returnee_on_two_days_are_no_duplicates(desk):
    result = desk.take_rows(SAME, SAME | {"survey_date": "2019-11-20"})
    assert left(result) == [2, 3]
    assert result.surveys["survey_id"].nunique() == 2


def test_an_answer_that_may_name_somebody_is_not_shown(desk):
    """Free text may name anybody, also who stands in no column of names."""
    unsafe = [
        NAME,
        NAME.split()[1].lower(),
        PHONE,
        "77 12",
        "Ba",
        "a@b.org",
        "yes نعم",
        "yes " * 17,
    ]
    safe = ["Oui, often", "-77"]
    result = desk.take_rows(*({"q5": text} for text in [*unsafe, *safe]), {})
    shown = [line[2] for line in log(result, "unknown_answer")]
    assert shown == ["(not shown)"] * len(unsafe) + safe


def test_a_value_label_of_a_coded_question_is_shown(desk):
    frame = desk.rows({}, {}).assign(q5=[1.0, 2.0])
    labels = {"q5": {1: "Pas de dette", 2: "Beaucoup"}}
    pyreadstat.write_dta(frame, str(desk.raw / "sen.dta"), variable_value_labels=labels)
    assert [line[:3] for line in log(desk.take("sen.dta"), "unknown_answer")] == [
        [2, "q5", "Beaucoup"]
    ]
