import numpy as np
import pandas as pd
import pytest

from reintegration.studies.frames import change_frame, score_columns, survey_frame


def small() -> pd.DataFrame:
    """Three returnees: A twice, B once, C three times, written in no order."""
    return pd.DataFrame(
        {
            "survey_id": ["S1", "S2", "S3", "S4", "S5", "S6"],
            "returnee_id": ["C", "A", "B", "C", "A", "C"],
            "round": [3, 1, 1, 1, 2, 2],
            "country": ["SEN", "GIN", "GIN", "SEN", "GIN", "SEN"],
            "survey_date": pd.to_datetime(
                ["2020-01-01", "2019-01-01", "2019-01-01", "2019-01-01", "2020-01-01", "2019-06-01"]
            ),
            "return_date": pd.to_datetime(["2018-12-01"] * 6),
            "months_since_return": [13.0, 1, 1, 1, 13, 6],
            "economic": [0.9, 0.2, 0.5, 0.4, 0.3, np.nan],
            "items_answered_economic": [10, 10, 10, 10, 10, 2],
            "orion": pd.array([1, 0, 0, 0, 1, 1], dtype="Int8"),
            "assistance_cash": pd.array([1, 1, 0, 0, 1, 0], dtype="Int8"),
        }
    )


def test_changes_are_last_minus_first_of_who_came_twice():
    changes = change_frame(small()).set_index("returnee_id")
    assert sorted(changes.index) == ["A", "C"]
    assert changes.loc["C", "change_economic"] == pytest.approx(0.5)
    assert changes.loc["C", "first_economic"] == 0.4
    assert changes.loc["C", "last_economic"] == 0.9
    assert changes.loc["C", "survey_id"] == "S1"
    assert changes.loc["A", "months_between"] == pytest.approx(365 / (365.25 / 12))
    assert changes.loc["A", "first_months_since_return"] == 1
    assert changes.loc["C", "orion"] == 1
    assert changes.loc["C", "orion_first"] == 0


@pytest.mark.parametrize(
    ("first", "last", "between"),
    [
        (0, 1, 1),
        (0, 0, 0),
        (1, 1, 0),  # received before the first survey
        (1, None, 0),
        (None, 0, 0),  # never received by the last survey
        (0, None, None),
        (None, 1, None),  # when it was received is not told
        (None, None, None),
    ],
)
def test_assistance_between_two_surveys(first, last, between):
    frame = small().iloc[[1, 4]]
    frame["assistance_cash"] = pd.array([first, last], dtype="Int8")
    found = change_frame(frame)["assistance_cash"].iloc[0]
    assert np.isnan(found) if between is None else found == between


def test_a_missing_score_gives_a_missing_change():
    frame = small().iloc[[3, 5]]
    assert np.isnan(change_frame(frame)["change_economic"].iloc[0])


def test_without_follow_ups_the_frame_is_empty_but_has_its_columns():
    changes = change_frame(small().iloc[[1, 2, 3]])
    assert len(changes) == 0
    assert {"change_economic", "months_between", "assistance_cash"} <= set(changes.columns)


def test_scores_are_those_that_count_their_items():
    frame = small().assign(item_q1=0.5)
    assert score_columns(frame) == ["economic", "item_q1"]


def test_surveys_and_scores_must_be_the_same():
    surveys, scores = small()[["survey_id"]], small()[["survey_id", "economic"]]
    assert survey_frame(surveys, scores.iloc[::-1])["economic"].tolist()[0] == 0.9
    with pytest.raises(ValueError, match="same surveys"):
        survey_frame(surveys, scores.iloc[1:])
    with pytest.raises(ValueError, match="twice"):
        survey_frame(surveys, pd.concat([scores, scores]))
