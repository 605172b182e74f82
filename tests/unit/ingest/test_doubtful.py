"""Surveys that may never have been held: tests of the form, too short, one answer throughout."""

import pandas as pd
import pytest

from reintegration.ingest.cleaning.nobody import says_test

from .conftest import left, log

WORDS = ("test", "essai", "prueba", "xxx")


@pytest.mark.parametrize(
    "text",
    ["TEST 01", "test-01", "TEST01", "SN_TEST_1", "Ceci est un essai", "XXX", "Prueba.", "Tést"],
)
def test_a_word_that_says_test(text):
    assert says_test([pd.Series([text, None])], WORDS, 2).tolist() == [True, False]


@pytest.mark.parametrize("text", ["Testa", "Essaouira", "contest", "Xxxa", "Le Testament", "تست"])
def test_a_name_that_begins_like_a_test_is_a_name(text):
    assert not says_test([pd.Series([text], dtype="category")], WORDS, 1)[0]


def test_without_words_or_columns_nothing_says_test():
    assert not says_test([pd.Series(["test"])], (), 1)[0]
    assert says_test([], WORDS, 2).tolist() == [False, False]


@pytest.mark.parametrize(
    ("tests", "others", "found"),
    [
        (2, 0, False),
        (10, 1, True),
        (11, 1, False),
        (11, 99, True),
        (12, 108, True),
        (13, 108, False),
    ],
)
def test_a_column_that_often_says_so_tells_nothing(tests, others, found):
    """Names that must not be told stand as XXX."""
    column = pd.Series(["XXX"] * tests + ["Awa"] * others + [None] * 50)
    assert says_test([column], WORDS, len(column)).sum() == found * tests


@pytest.mark.parametrize(
    "where",
    [
        {"case_number": "TEST 01"},
        {"person_name": "Test, Essai"},
        {"location": "xxx"},
        {"person_name": "prueba", "case_number": ""},
    ],
)
def test_a_test_of_the_form_is_rejected_before_anything_else(desk, where):
    result = desk.take_rows(where, {"person_name": "Marco Testa", "location": "Essaouira"})
    assert left(result) == [3]
    assert result.rejected.to_numpy().tolist() == [
        ["sen", 2, "case_number", "somebody tried the form"]
    ]


def test_a_test_of_the_form_can_be_flagged(desk):
    result = desk.take_rows({"location": "essai"}, {}, rules={"test_submission": "flag"})
    assert left(result) == [2, 3]
    assert log(result, "test_submission") == [[2, "case_number", "", "", "no_action"]]


def lasted(minutes):
    end = pd.Timestamp("2019-05-20 09:00") + pd.Timedelta(minutes=minutes)
    return {
        "interview_start": "2019-05-20T09:00:00.000+00:00",
        "interview_end": end.strftime("%Y-%m-%dT%H:%M:%S.000+00:00"),
    }


def test_an_interview_shorter_than_the_shortest_is_flagged_or_rejected(desk):
    rows = (lasted(9.98), lasted(10), lasted(600), {})
    result = desk.take_rows(*rows)
    assert log(result, "short_interview") == [[2, "interview_end", "", "", "no_action"]]
    assert left(result) == [2, 3, 4, 5]
    rejected = desk.take_rows(*rows, rules={"short_interview": "reject"})
    assert left(rejected) == [3, 4, 5]
    assert rejected.rejected["reason"].tolist() == ["took less than 10 minutes"]


def test_minutes_on_record_come_before_those_of_the_clock(desk):
    rows = (
        lasted(40) | {"interview_minutes": "3"},
        lasted(3) | {"interview_minutes": "40"},
        lasted(3) | {"interview_minutes": ""},
        {"interview_minutes": "9"},
    )
    result = desk.take_rows(*rows)
    assert [line[0] for line in log(result, "short_interview")] == [2, 4, 5]


def test_an_interview_that_ends_before_it_begins_is_not_short(desk):
    assert log(desk.take_rows(lasted(-5), {}), "short_interview") == []


def scale_items(codebook):
    """Items that are answered from very good to very poor."""
    return [n for n, i in codebook.items.items() if "very_poor" in i.scores]


def test_one_answer_throughout_a_scale_is_flagged_or_rejected(desk, codebook):
    items = scale_items(codebook)
    assert len(items) >= 9
    same = dict.fromkeys(items, "fair")
    rows = (
        same,
        same | {items[3]: "good"},
        same | {items[0]: "dont_know", items[1]: ""},
        dict.fromkeys(items, "refused"),
    )
    result = desk.take_rows(*rows)
    assert log(result, "straight_lining") == [
        [2, items[0], "fair", "fair", "no_action"],
        [4, items[0], "fair", "fair", "no_action"],
    ]
    assert result.cleaning_log["issue"].iloc[0].startswith(f"{len(items)} answers")
    rejected = desk.take_rows(*rows, rules={"straight_lining": "reject"})
    assert left(rejected) == [3, 5]


@pytest.mark.parametrize(("answered", "flagged"), [(8, 1), (7, 0)])
def test_a_straight_line_needs_enough_answers(desk, codebook, answered, flagged):
    items = scale_items(codebook)
    same = dict.fromkeys(items, "") | dict.fromkeys(items[:answered], "poor")
    assert len(log(desk.take_rows(same, {}), "straight_lining")) == flagged


def test_yes_throughout_is_no_straight_line(desk, codebook):
    """Of two answers, eight alike are common; and yes is not always the better one."""
    yes = {n: "yes" for n, i in codebook.items.items() if set(i.scores) == {"yes", "no"}}
    assert log(desk.take_rows(yes, {}), "straight_lining") == []
