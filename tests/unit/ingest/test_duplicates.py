"""One submission, one returnee's day, one set of answers: more than once in a file."""

import numpy as np
import pandas as pd
import pytest

from reintegration.ingest.cleaning.duplicates import _first, _last, _pairs, _several

from .conftest import left, log

KEYED = {"case_number": "SN-7", "dependants": "2"}


def test_the_same_submission_is_used_once_even_with_another_date(desk):
    rows = (
        {"submission_id": "a", "q1": "ok"},
        {"submission_id": "b"},
        {"submission_id": "a", "survey_date": "2019-06-01"},
        {"submission_id": ""},
        {"submission_id": ""},
    )
    result = desk.take_rows(*rows)
    assert left(result) == [2, 3, 5, 6]
    assert log(result, "duplicate_submission") == [[4, "submission_id", "", "", "remove_survey"]]
    assert result.cleaning_log["issue"].tolist() == ["same submission as row 2"]
    assert result.rejected.empty  # the survey itself is used
    kept = desk.take_rows(*rows, rules={"duplicate_submission": "keep_all"})
    assert left(kept) == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("unusable", [{"case_number": ""}, {"person_name": "test"}])
def test_of_a_submission_the_row_that_can_be_used_is_kept(desk, unusable):
    result = desk.take_rows({"submission_id": "a", **unusable}, {"submission_id": "a"})
    assert left(result) == [3]


def twin(**changes):
    return {"dependants": "2", **changes}


def test_the_same_answers_under_other_case_numbers_are_flagged_or_removed(desk):
    rows = (twin(), twin(survey_date="2019-07-01", location="X"), twin(q1="ok"), twin(age="28"))
    result = desk.take_rows(*rows)
    assert left(result) == [2, 3, 4, 5]
    assert log(result, "duplicate_content") == [
        [3, "q1", "very_satisfied", "very_satisfied", "no_action"]
    ]
    assert "row 2" in result.cleaning_log["issue"].iloc[0]
    removed = desk.take_rows(*rows, rules={"duplicate_content": "keep_first"})
    assert left(removed) == [2, 4, 5]
    assert removed.surveys.loc[1, "excluded"] == "duplicate_content"


def test_few_answers_are_alike_by_chance(desk):
    few = {f"q{i}": "" for i in range(1, 10)}  # q10 and q30 are not asked: 19 are answered
    assert log(desk.take_rows(twin(**few), twin(**few)), "duplicate_content") == []
    silent = {f"q{i}": "dont_know" for i in range(1, 10)}
    assert log(desk.take_rows(twin(**silent), twin(**silent)), "duplicate_content") == []
    one_more = few | {"q9": "no"}
    assert len(log(desk.take_rows(twin(**one_more), twin(**one_more)), "duplicate_content")) == 1


def test_a_returnee_who_answers_alike_on_two_days_is_no_duplicate(desk):
    result = desk.take_rows(KEYED, KEYED | {"survey_date": "2019-11-20"})
    assert log(result, "duplicate_content") == []


def test_blank_background_is_content_like_any_other(desk):
    result = desk.take_rows(twin(age=""), twin(age=""), twin())
    assert [line[0] for line in log(result, "duplicate_content")] == [3]


@pytest.mark.parametrize("policy", ["keep_last", "keep_first", "reject"])
def test_many_returnees_are_told_apart(desk, policy):
    """Versions 1 1 2 of each of two returnees, mixed with a third who is there once."""
    a, b = KEYED, KEYED | {"case_number": "SN-8"}
    rows = [a, b, a, {"case_number": "SN-9"}, b, a | {"q1": "ok"}, b | {"q1": "ok"}]
    result = desk.take_rows(*rows, rules={"rekeyed_survey": policy})
    kept = {"keep_last": [7, 8], "keep_first": [2, 3], "reject": []}[policy]
    assert left(result) == sorted([*kept, 5])
    doubled = {"keep_last": [], "keep_first": [4, 6], "reject": []}[policy]
    assert [line[0] for line in log(result, "duplicate_survey")] == doubled


def test_groups_are_as_a_loop_finds_them():
    rng = np.random.default_rng(1)
    returnee, day = rng.integers(0, 40, 300), rng.integers(-3, 5, 300)
    rows, group = _several(np.arange(300), _pairs(returnee, day))
    frame = pd.DataFrame({"returnee": returnee, "day": day}, index=np.arange(300))
    groups = [g.index for _, g in frame.groupby(["returnee", "day"]) if len(g) > 1]
    assert sorted(rows) == sorted(np.concatenate(groups))
    for members in groups:
        here = np.flatnonzero(np.isin(rows, members))
        assert set(rows[_first(group)[here]]) == {members.min()}
        assert set(rows[_last(group)[here]]) == {members.max()}
    nothing, none = _several(np.arange(3), np.arange(3))
    assert len(nothing) == len(none) == len(_first(none)) == len(_last(none)) == 0
