"""Questions asked of some: answers that should not be there, and those that follow."""

import pandas as pd
import pytest

from reintegration.ingest.pool import pool
from reintegration.scoring import score

from .conftest import log, value

NONE, SOME = {"school_age_children": "no"}, {"school_age_children": "yes"}


def test_no_children_follows_from_the_question_before(desk):
    rows = (
        NONE | {"q14": ""},
        NONE | {"q14": "no_children"},
        NONE | {"q14": "dont_know"},
        SOME | {"q14": ""},
        {"school_age_children": "", "q14": ""},
    )
    result = desk.take_rows(*rows)
    found = [value(result, row, "q14") for row in range(2, 7)]
    assert found == ["no_children", "no_children", "dont_know", None, None]
    assert log(result, "skipped_answer") == [[2, "q14", "", "no_children", "change_response"]]
    left_blank = desk.take_rows(*rows, rules={"skipped_answer": "leave"})
    assert value(left_blank, 2, "q14") is None
    assert left_blank.cleaning_log.empty


def test_nothing_follows_in_a_file_that_never_asked(desk):
    """Else the answer would stand for those without children only."""
    desk.csv(desk.rows(NONE, SOME).drop(columns="q14"))
    result = desk.take(not_asked=["q14"])
    assert result.surveys["q14"].isna().all()
    assert result.cleaning_log.empty


@pytest.mark.parametrize(
    ("before", "answer", "issue"),
    [
        (NONE, "some", "not to be asked after this answer to school_age_children"),
        (SOME, "no_children", "contradicts the answer to school_age_children"),
    ],
)
def test_an_answer_against_the_question_before_is_blanked_and_not_replaced(
    desk, before, answer, issue
):
    result = desk.take_rows(before | {"q14": answer}, {})
    assert value(result, 2, "q14") is None
    assert log(result, "skip_violation") == [[2, "q14", answer, "", "blank_response"]]
    assert result.cleaning_log["issue"].tolist() == [issue]
    kept = desk.take_rows(before | {"q14": answer}, {}, rules={"skip_violation": "keep"})
    assert value(kept, 2, "q14") == answer
    assert log(kept, "skip_violation") == [[2, "q14", answer, answer, "no_action"]]


@pytest.mark.parametrize(
    ("before", "answer", "counts", "known"),
    [
        ("yes", "some", True, True),
        ("yes", None, True, False),
        ("no", "no_children", True, True),  # an answer of the codebook, with a score
        ("no", None, False, False),
        ("no", "all", False, False),  # kept against the question before
        (None, "all", True, True),
        (None, None, True, False),  # not recorded who has children: it concerns everybody
        (None, "not_applicable", False, False),
    ],
)
def test_scoring_agrees_on_whom_the_question_concerns(
    desk, codebook, scoring, before, answer, counts, known
):
    """With all other social items unanswered but the fewest that are needed, q14 decides."""
    items = list(codebook.items_of("social"))
    row = {name: codebook.items[name].answers[0].code for name in codebook.items}
    row |= {"school_age_children": before, "q14": answer, "q10": None, "q30": None}
    needed = scoring.minimum_answered * (len(items) - (not counts))
    spare = [name for name in items if name != "q14"]
    enough = next(k for k in range(len(items) + 1) if k + known >= needed - 1e-9)
    for answered, scored in ((enough, True), (enough - 1, False)):
        blank = dict.fromkeys(spare[answered:])
        surveys = pd.DataFrame([{"survey_id": "S1", **row, **blank}])
        found = score(surveys, codebook, scoring)
        assert found["items_answered_social"].tolist() == [answered + known]
        assert found["social"].notna().tolist() == [scored]


def test_scoring_without_the_question_before_concerns_everybody(codebook, scoring):
    row = {name: item.answers[0].code for name, item in codebook.items.items()}
    surveys = pd.DataFrame([{"survey_id": "S1", **row, "q14": "no_children"}])
    items = list(codebook.items_of("social"))
    found = score(surveys, codebook, scoring)
    assert found["items_answered_social"].tolist() == [len(items)]


def test_the_answer_that_follows_reaches_the_scores(desk, codebook, study, scoring):
    results = [desk.take_rows(NONE | {"q14": ""}, {})]
    pooled = pool(results, codebook, study, scoring)
    assert sorted(pooled.surveys["q14"]) == ["all", "no_children"]
