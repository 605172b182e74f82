import numpy as np
import pandas as pd
import pytest

from reintegration.codebook import Codebook, load_codebook
from reintegration.config import Scoring
from reintegration.errors import StudyError
from reintegration.scoring import score

POLICY = {"dont_know": "missing", "refused": "missing", "not_applicable": "missing"}
RULE = Scoring(nonresponse=POLICY, minimum_answered=0.7)


def answer(code, value):
    return {"code": code, "score": value, "en": code, "fr": code}


def item(dimension, answers, **more):
    return {
        "dimension": dimension,
        "en": "x",
        "fr": "x",
        "answers": [answer(code, value) for code, value in answers.items()],
        "provenance": {"label": "chosen"},
        **more,
    }


YES = {"yes": 1, "no": 0}
GOOD = {"good": 1, "fair": 0.5, "poor": 0}


def small_codebook(**weights):
    label = {"en": "x", "fr": "x"}
    items = {
        "q1": item("body", GOOD),
        "q2": item("body", YES),
        "q3": item("body", {"wish": 0.5, "need": 0}, asked_if={"q2": ["no"]}),
        "q4": item("mind", {"land": 1, "goat": 0.5, "none": 0}, multiple=True),
        "q5": item("mind", YES),
    }
    for name, (weight, composite_weight) in weights.items():
        items[name] |= {"weight": weight, "composite_weight": composite_weight}
    return Codebook.model_validate(
        {
            "instruments": [
                {
                    "instrument": "small",
                    "title": label,
                    "dimensions": {"body": label, "mind": label},
                    "composite": label,
                    "nonresponse": [{"code": code, "en": code, "fr": code} for code in POLICY],
                    "items": items,
                    "weights_provenance": {"label": "chosen"},
                }
            ],
            "variables": {},
            "assistance": {},
        }
    )


def surveys(*rows):
    frame = pd.DataFrame(rows, columns=["q1", "q2", "q3", "q4", "q5"], dtype="str")
    frame.insert(0, "survey_id", [f"S{i}" for i in range(len(frame))])
    return frame


def test_a_score_is_the_mean_of_its_items_and_the_composite_of_all_items():
    result = score(surveys(["good", "no", "wish", "none", "yes"]), small_codebook(), RULE)
    row = result.iloc[0]
    assert row["body"] == pytest.approx((1 + 0 + 0.5) / 3)
    assert row["mind"] == 0.5
    assert row["composite"] == pytest.approx((1 + 0 + 0.5 + 0 + 1) / 5)  # not (0.5 + 0.5) / 2
    assert row["items_answered_body"] == 3
    assert list(result.columns) == [
        "survey_id",
        *["body", "mind", "composite"],
        *["items_answered_body", "items_answered_mind", "items_answered_composite"],
        *["item_q1", "item_q2", "item_q3", "item_q4", "item_q5"],
    ]


def test_weights_of_dimension_and_composite_are_separate():
    codebook = small_codebook(q1=(3, 1), q5=(1, 0))
    row = score(surveys(["good", "no", "need", "none", "yes"]), codebook, RULE).iloc[0]
    assert row["body"] == pytest.approx(3 / 5)
    assert row["composite"] == pytest.approx(1 / 4)  # q5 weighs nothing in the composite
    assert row["items_answered_composite"] == 4


def test_a_question_that_was_not_asked_is_not_in_the_denominator():
    row = score(surveys(["good", "yes", None, "none", "yes"]), small_codebook(), RULE).iloc[0]
    assert row["body"] == 1
    assert row["items_answered_body"] == 2
    # Kept although it was not to be asked: still not scored.
    row = score(surveys(["good", "yes", "need", "none", "yes"]), small_codebook(), RULE).iloc[0]
    assert row["body"] == 1
    # The question before it is blank but it was answered: it was asked.
    row = score(surveys(["good", None, "need", "none", "yes"]), small_codebook(), RULE).iloc[0]
    assert np.isnan(row["body"])  # 2 of 3 answered is less than 0.7
    assert row["items_answered_body"] == 2


def test_too_few_answers_give_a_missing_score_never_zero():
    result = score(surveys(["good", None, None, None, None]), small_codebook(), RULE)
    assert np.isnan(result.loc[0, ["body", "mind", "composite"]].astype(float)).all()
    loose = Scoring(nonresponse=POLICY, minimum_answered=0.5)
    row = score(surveys(["good", None, None, None, None]), small_codebook(), loose).iloc[0]
    assert row["body"] == 1
    assert np.isnan(row["mind"]) and np.isnan(row["composite"])


def test_the_share_that_must_be_answered_is_met_exactly():
    half = Scoring(nonresponse=POLICY, minimum_answered=0.5)
    assert score(surveys([None, None, None, "land", None]), small_codebook(), half)["mind"][0] == 1


@pytest.mark.parametrize(("policy", "body", "answered"), [("missing", np.nan, 1), ("zero", 0.5, 2)])
def test_nonresponse_counts_as_the_policy_says(policy, body, answered):
    rule = Scoring(nonresponse=POLICY | {"refused": policy}, minimum_answered=0.7)
    row = score(surveys(["good", "refused", None, "none", "yes"]), small_codebook(), rule).iloc[0]
    np.testing.assert_equal(row["body"], body)
    assert row["items_answered_body"] == answered


def test_not_applicable_takes_the_item_out_unless_it_counts_as_zero():
    rows = surveys(["not_applicable", "yes", None, "none", "yes"])
    assert score(rows, small_codebook(), RULE)["body"][0] == 1
    zero = Scoring(nonresponse=POLICY | {"not_applicable": "zero"}, minimum_answered=0.7)
    assert score(rows, small_codebook(), zero)["body"][0] == 0.5


def test_of_several_answers_the_best_counts():
    rows = surveys(
        ["good", "yes", None, "goat none", "yes"],
        ["good", "yes", None, "none land goat", "yes"],
        ["good", "yes", None, "goat dont_know", "yes"],
        ["good", "yes", None, "dont_know", "yes"],
    )
    scored = score(rows, small_codebook(), RULE)["item_q4"].to_list()
    np.testing.assert_equal(scored, [0.5, 1, 0.5, np.nan])


def test_an_answer_outside_the_codebook_is_refused():
    with pytest.raises(StudyError, match=r"q1: 'splendid'; allowed are good, fair, poor"):
        score(surveys(["splendid", "yes", None, "land", "yes"]), small_codebook(), RULE)


def test_no_surveys_give_no_scores():
    assert score(surveys(), small_codebook(), RULE).empty


def test_best_answers_of_the_rss_score_one_and_worst_zero():
    codebook = load_codebook("data/instruments/rss.yaml", "data/instruments/variables.yaml")
    best = {name: max(i.scores, key=i.scores.get) for name, i in codebook.items.items()}
    worst = {name: min(i.scores, key=i.scores.get) for name, i in codebook.items.items()}
    rows = pd.DataFrame([best, worst]).assign(survey_id=["a", "b"])
    result = score(rows, codebook, RULE)
    assert result.loc[0, codebook.score_names].tolist() == [1, 1, 1, 1]
    assert result.loc[1, codebook.score_names].tolist() == [0, 0, 0, 0]
    # 30 items, less the two that are asked only after certain answers.
    assert result["items_answered_composite"].tolist() == [28, 30]


def test_an_instrument_that_was_not_asked_has_no_scores_and_takes_none_away():
    variables = "data/instruments/variables.yaml"
    rss = load_codebook("data/instruments/rss.yaml", variables)
    both = load_codebook(
        ["data/instruments/rss.yaml", "tests/instruments/wellbeing.yaml"], variables
    )
    best = {name: max(i.scores, key=i.scores.get) for name, i in both.items.items()}
    rows = pd.DataFrame([best, best]).assign(survey_id=["a", "b"])
    rows.loc[1, list(both.instruments[1].items)] = None
    rule = Scoring(nonresponse=POLICY | {"rather_not": "missing"}, minimum_answered=0.7)
    result = score(rows, both, rule)
    assert result.loc[0, ["rest", "ties", "wellbeing"]].tolist() == [1, 1, 1]
    assert result.loc[1, ["rest", "ties", "wellbeing"]].isna().all()
    assert result.loc[1, "items_answered_wellbeing"] == 0
    alone = score(rows[["survey_id", *rss.items]], rss, RULE)
    pd.testing.assert_frame_equal(result[alone.columns], alone)


def test_a_score_without_the_items_that_assistance_moves_follows_the_same_rules():
    book = small_codebook(q1=(3, 1))
    frame = surveys(
        ["good", "no", "wish", "none", "yes"],
        ["good", None, None, "land", "yes"],
        [None, "yes", None, "land", "yes"],
    )
    result = score(frame, book, RULE, {"loan": ["q1"], "cash": ["q4", "q5"]})
    assert [name for name in result if "_without_" in name] == [
        "body_without_loan",
        "mind_without_cash",
        "composite_without_loan",
        "composite_without_cash",
    ]
    first = result.iloc[0]
    assert first["body_without_loan"] == pytest.approx((0 + 0.5) / 2)
    assert first["composite_without_cash"] == pytest.approx((1 + 0 + 0.5) / 3)
    # of q2 alone, which was not answered, nothing is left; of q1 and q2, one of two is too few
    assert np.isnan(result.loc[1, "body_without_loan"])
    assert np.isnan(result.loc[2, "body"]) and result.loc[2, "body_without_loan"] == 1
    assert result["mind_without_cash"].isna().all()  # no item is left
    plain = score(frame, book, RULE)
    pd.testing.assert_frame_equal(result[plain.columns], plain)
