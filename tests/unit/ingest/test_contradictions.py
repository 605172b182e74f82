"""Dates and ages that cannot both be right: both are flagged, or both are blanked."""

import pandas as pd
import pytest

from .conftest import left, log, value

BLANK = {"contradictory_date": "blank", "contradictory_age": "blank"}


def at(day, **changes):
    """A survey of one returnee."""
    return {"case_number": "SN-7", "dependants": "2", "survey_date": day, **changes}


def lines(result, rule):
    return [line[:2] for line in log(result, rule)]


def test_return_dates_that_differ_are_flagged_in_all_surveys_of_the_returnee(desk):
    rows = (
        at("2019-05-20"),
        at("2019-09-20", return_date="2018-12-01"),
        at("2019-10-20", return_date=""),
        {},
    )
    flagged = desk.take_rows(*rows)
    assert lines(flagged, "contradictory_date") == [[2, "return_date"], [3, "return_date"]]
    assert set(flagged.cleaning_log["change_type"]) == {"no_action"}
    blanked = desk.take_rows(*rows, rules=BLANK)
    assert [value(blanked, row, "return_date") is None for row in (2, 3, 4, 5)] == [
        *(True, True, True, False)
    ]
    assert left(blanked) == [2, 3, 4, 5]


def test_a_row_that_is_out_contradicts_nothing(desk):
    rows = (at("2019-05-20"), at("2019-05-31", return_date="2019-06-30"))
    result = desk.take_rows(*rows)  # interview before the return: rejected
    assert log(result, "contradictory_date") == []


@pytest.mark.parametrize(("date", "wrong"), [("2018-11-19", True), ("2018-11-20", False)])
@pytest.mark.parametrize("name", ["assistance_training", "orion"])
def test_assistance_and_mentoring_begin_with_the_return(desk, date, wrong, name):
    rows = ({name: "yes", f"{name}_date": date}, {})
    assert lines(desk.take_rows(*rows), "contradictory_date") == wrong * [[2, f"{name}_date"]]
    blanked = desk.take_rows(*rows, rules=BLANK)
    assert (value(blanked, 2, name) is None) == wrong  # yes, without a date: not recorded


def test_an_interview_does_not_end_before_it_begins(desk):
    begin = "2019-05-20T10:00:00"
    rows = (
        {"interview_start": begin, "interview_end": "2019-05-20T09:59:00"},
        {"interview_start": begin, "interview_end": "2019-05-20T10:31:00"},
        {"interview_start": begin, "interview_end": ""},
    )
    assert lines(desk.take_rows(*rows), "contradictory_date") == [[2, "interview_end"]]
    blanked = desk.take_rows(*rows, rules=BLANK)
    assert sorted(lines(blanked, "contradictory_date")) == [
        [2, "interview_end"],
        [2, "interview_start"],
    ]


@pytest.mark.parametrize(
    ("start", "wrong"),
    [
        ("2019-05-27T23:59:00", False),
        ("2019-05-28T00:00:00", True),
        ("2019-05-13T00:00:00", False),
        ("2019-05-12T23:59:00", True),
    ],
)
def test_a_form_is_opened_about_the_day_of_the_interview(desk, start, wrong):
    result = desk.take_rows({"interview_start": start}, {})
    assert lines(result, "contradictory_date") == wrong * [[2, "interview_start"]]


def test_a_baseline_comes_first(desk):
    rows = (
        at("2019-05-20", round="follow_up"),
        at("2019-09-20", round="baseline"),
        {"round": "follow_up"},  # its baseline may be in another file
        {"round": "baseline"},
    )
    assert lines(desk.take_rows(*rows), "contradictory_date") == [[3, "round"]]
    assert left(desk.take_rows(*rows, rules=BLANK)) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("ages", "wrong"),
    [
        ((27, 27), False),  # taken over from registration
        ((27, 28), False),
        ((27, 30), False),  # one year later, give or take two
        ((27, 31), True),
        ((27, 25), False),
        ((27, 24), True),
    ],
)
def test_ages_move_as_time_passes(desk, ages, wrong):
    rows = (at("2018-12-20", age=ages[0]), at("2019-12-21", age=ages[1]), {"age": 60})
    assert lines(desk.take_rows(*rows), "contradictory_age") == wrong * [[2, "age"], [3, "age"]]
    blanked = desk.take_rows(*rows, rules=BLANK)
    assert [value(blanked, row, "age") is None for row in (2, 3, 4)] == [wrong, wrong, False]


def test_ages_are_compared_over_all_surveys_not_only_neighbours(desk):
    """Each step is within the tolerance, first to last is not."""
    rows = (
        at("2019-01-01", age=30),
        at("2019-06-01", age=28.5),
        at("2019-10-01", age=27),
        at("2019-12-01", age=""),
    )
    result = desk.take_rows(*rows)
    assert lines(result, "contradictory_age") == [[2, "age"], [3, "age"], [4, "age"]]


@pytest.mark.parametrize(
    ("birth_year", "wrong"),
    [(1988, True), (1989, False), (1991, False), (1992, False), (1994, False), (1995, True)],
)
def test_age_and_birth_year_add_up_to_the_year_of_the_interview(desk, birth_year, wrong):
    """27 in 2019: born in 1992 or 1991, give or take two."""
    rows = ({"birth_year": birth_year}, {"birth_year": ""})
    assert lines(desk.take_rows(*rows), "contradictory_age") == wrong * [[2, "age"]]
    blanked = desk.take_rows(*rows, rules=BLANK)
    assert sorted(lines(blanked, "contradictory_age")) == wrong * [[2, "age"], [2, "birth_year"]]
    assert (value(blanked, 2, "age") is None) == wrong


def test_a_contradiction_shows_no_date_and_no_age(desk):
    result = desk.take_rows(at("2019-05-20", age=20), at("2019-06-20", age=70))
    shown = result.cleaning_log[["old_value", "new_value"]]
    assert pd.isna(shown.replace("", None)).all(axis=None)
