import numpy as np
import pandas as pd
import pytest

from reintegration.estimation.filters import keep_rows
from reintegration.estimation.grammar import (
    GrammarError,
    comparisons,
    parse_filter,
    parse_term,
    suggest,
)

FRAME = pd.DataFrame(
    {
        "is_last": pd.array([1, 0, 1, None], dtype="Int8"),
        "country": ["GIN", "SEN", None, "GIN"],
        "age": [20.0, 30.0, 40.0, np.nan],
        "sex": pd.Categorical(["man", "woman", "man", None]),
        "day": pd.to_datetime(["2019-12-31", "2020-03-01", None, "2020-06-01"]),
    }
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("is_last == 1", [1, 0, 1, 0]),
        ("is_last == 1 and country in (GIN, SEN)", [1, 0, 0, 0]),
        ("country == SEN or age >= 40", [0, 1, 1, 0]),
        ("is_last == 1 or country == GIN and age < 25", [1, 0, 1, 0]),  # and binds closer
        ("(is_last == 1 or country == GIN) and age < 25", [1, 0, 0, 0]),
        ("country != GIN", [0, 1, 0, 0]),
        ("country not in (SEN)", [1, 0, 0, 1]),
        ("age > -1.5e0 and age <= 3e1", [1, 1, 0, 0]),
        ("sex == 'woman'", [0, 1, 0, 0]),
        ("country is missing", [0, 0, 1, 0]),
        ("age is not missing", [1, 1, 1, 0]),
        ('day < "2020-03-01"', [1, 0, 0, 0]),
        ('day >= "2020-03-01"', [0, 1, 0, 1]),
    ],
)
def test_filter_keeps_the_rows_it_says(text, kept):
    assert keep_rows(parse_filter(text), FRAME).astype(int).tolist() == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        # Missing is neither true nor false, and `not` leaves it so.
        ("not country == GIN", [0, 1, 0, 0]),
        ("not (country == GIN or age > 35)", [0, 1, 0, 0]),
        ("not (country == GIN and age > 35)", [1, 1, 0, 0]),
        ("country == GIN or age > 35", [1, 0, 1, 1]),
    ],
)
def test_missing_values_follow_three_valued_logic(text, kept):
    assert keep_rows(parse_filter(text), FRAME).astype(int).tolist() == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "is_last = 1",
        "is_last == 1 and",
        "country in GIN",
        "country in ()",
        "(is_last == 1",
        "is_last == 1)",
        "age > old",
        "age == 1x",
        "age is 3",
        "== 1",
        "and == 1",
        "not",
        "__import__('os').system('true')",
        "age.mean() > 3",
        "age > 3; age < 4",
        "@age > 3",
        "(" * 600 + "age == 1" + ")" * 600,
    ],
)
def test_anything_else_is_refused_with_a_reason(text):
    with pytest.raises(GrammarError, match="filter"):
        parse_filter(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("age == old", "age holds numbers"),
        ("country > 3", "country holds texts"),
        ("day == 3", "day holds dates"),
        ('day == "2020-13-01"', "no such day"),
    ],
)
def test_values_that_a_column_cannot_hold_are_refused(text, reason):
    with pytest.raises(GrammarError, match=reason):
        keep_rows(parse_filter(text), FRAME)


def test_names_are_matched_whole():
    frame = pd.DataFrame({"age": [1.0], "wage": [2.0]})
    assert keep_rows(parse_filter("wage == 2"), frame).tolist() == [True]
    assert [part.name for part in comparisons(parse_filter("wage == 2 or not age == 1"))] == [
        "wage",
        "age",
    ]


def test_terms_are_names_joined_by_colons():
    assert parse_term("country").variables == ("country",)
    assert parse_term("stranded : sex").variables == ("stranded", "sex")
    assert str(parse_term("a:b:c")) == "a:b:c"


@pytest.mark.parametrize("text", ["", "a+b", "a*b", "C(country)", "a:", "a:a", "1", "log(age)"])
def test_formulas_of_other_languages_are_no_terms(text):
    with pytest.raises(GrammarError, match="term"):
        parse_term(text)


def test_suggestions_name_what_was_meant():
    known = ["months_since_return", "assistance_training", "age"]
    assert "months_since_return" in suggest("month_since_return", known)
    assert "assistance_training" in suggest("training", known)
    assert "known are" in suggest("xyz", known)
