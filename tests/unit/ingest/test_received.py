import pandas as pd
import pytest


def received(desk, *answers, column="assistance_training", **options):
    rows = [{column: answer, f"{column}_date": date} for answer, date in answers]
    result = desk.take_rows(*rows, **options)
    values = result.surveys[column]
    assert str(values.dtype) == "Int8"
    return [None if pd.isna(value) else int(value) for value in values], result


@pytest.mark.parametrize("column", ["assistance_training", "orion"])
def test_only_what_came_on_or_before_the_day_of_the_survey_counts(desk, column):
    cases = [
        ("yes", "2019-05-19"),
        ("yes", "2019-05-20"),  # the day of the survey
        ("yes", "2019-05-21"),
        ("no", ""),
        ("no", "2019-06-01"),
        ("", ""),
        ("", "2019-01-01"),
    ]
    assert received(desk, *cases, column=column)[0] == [1, 1, 0, 0, 0, None, 1]


@pytest.mark.parametrize(("policy", "value"), [("not_recorded", None), ("received", 1)])
def test_received_without_a_date_counts_as_the_study_says(desk, policy, value):
    values, result = received(desk, ("yes", ""), ("no", ""), undated=policy)
    assert values == [value, 0]
    assert result.account["notes"] == [f"1 times assistance without a date ({policy})"]


def test_no_with_an_earlier_date_contradicts_itself(desk):
    values, result = received(desk, ("no", "2019-01-01"), ("no", ""))
    assert values == [None, 0]
    line = result.cleaning_log.iloc[0]
    assert (line["rule"], line["old_value"]) == ("contradictory_assistance", "no")
    kept = {"contradictory_assistance": "keep"}
    values, result = received(desk, ("no", "2019-01-01"), ("no", ""), rules=kept)
    assert values == [0, 0]
    assert result.cleaning_log["change_type"].tolist() == ["no_action"]


def test_a_type_without_a_column_is_not_recorded(desk):
    result = desk.take_rows({})
    assert result.surveys["assistance_housing"].isna().all()
    assert "assistance_housing" in result.account["absent"]
