"""The ordered probit behind the answers."""

import numpy as np
import pytest

from reintegration.errors import StudyError
from reintegration.scoring import score
from reintegration.simulation.answers import Questionnaire
from reintegration.simulation.population import SCORING

N = 40_000
SILENT = {"dont_know": 0, "refused": 0, "not_applicable": 0, "blank": 0}


@pytest.fixture
def questionnaire(variant, codebook):
    return Questionnaire(variant(name="talkative", nonresponse=SILENT), codebook)


def answer(questionnaire, traits, noise):
    shifts = np.zeros((len(traits), len(questionnaire.probits)))
    return questionnaire.answers(traits, shifts, noise)


def scores(questionnaire, answers):
    return score(answers.assign(survey_id=range(len(answers))), questionnaire.codebook, SCORING)


def test_average_persons_answer_with_the_stated_shares(questionnaire, rng):
    answers = answer(questionnaire, rng.standard_normal((N, 3)), questionnaire.noise(N, rng))
    for name in ("q1", "q7", "q14", "q22"):
        found = answers[name].value_counts(normalize=True)
        for code, share in questionnaire.world.items[name].shares.items():
            assert found[code] == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / N))


def test_a_better_trait_never_gives_a_worse_answer(questionnaire, rng):
    noise = questionnaire.noise(500, rng)
    low, high = (answer(questionnaire, np.full((500, 3), x), noise) for x in (-0.3, 0.3))
    names = [f"item_{p.name}" for p in questionnaire.probits if not p.item.asked_if]
    change = scores(questionnaire, high)[names] - scores(questionnaire, low)[names]
    assert (change.to_numpy() >= 0).all()
    assert (change.to_numpy() > 0).any(axis=0).all()


def test_points_per_sd_is_what_a_score_gains(questionnaire, rng):
    step, traits = 0.2, rng.standard_normal((N, 3))
    noise = questionnaire.noise(N, rng)
    below, above = (
        scores(questionnaire, answer(questionnaire, traits + sign * step / 2, noise))
        for sign in (-1, 1)
    )
    for d, name in enumerate(questionnaire.dimensions):
        gain = (above[name] - below[name]).mean() / step
        assert gain == pytest.approx(questionnaire.points_per_sd()[d], rel=0.03)


def test_conditional_items_are_answered_only_where_asked(questionnaire, rng):
    answers = answer(questionnaire, rng.standard_normal((2000, 3)), questionnaire.noise(2000, rng))
    assert (answers["q10"].notna() == (answers["q9"] == "yes")).all()
    assert (answers["q30"].notna() == (answers["q29"] == "no")).all()


def test_several_answers_stand_in_codebook_order_and_none_stands_alone(questionnaire, rng):
    answers = answer(questionnaire, rng.standard_normal((3000, 3)), questionnaire.noise(3000, rng))
    order = [a.code for a in questionnaire.codebook.items["q8"].answers]
    given = answers["q8"].str.split()
    assert given.map(len).max() > 1
    for codes in given:
        assert codes == sorted(codes, key=order.index)
        assert codes == ["none"] or "none" not in codes


def test_non_response_comes_at_its_rates(variant, codebook, rng):
    rates = {"dont_know": 0.05, "refused": 0.02, "not_applicable": 0.01, "blank": 0.03}
    world = variant(name="silent", nonresponse={**rates, "sensitive": {"q2": 2}})
    questionnaire = Questionnaire(world, codebook)
    answers = answer(questionnaire, np.zeros((N, 3)), questionnaire.noise(N, rng))
    assert (answers["q1"] == "dont_know").mean() == pytest.approx(0.05, abs=0.006)
    assert (answers["q2"] == "dont_know").mean() == pytest.approx(0.10, abs=0.008)
    assert answers["q1"].isna().mean() == pytest.approx(0.03, abs=0.005)
    assert (answers["q7"] == "not_applicable").sum() == 0


def test_everything_that_does_not_fit_the_codebook_is_named(variant, codebook):
    world = variant(
        name="strange",
        items={"q1": None, "q99": {"loading": 0.5, "shares": {"a": 1}}},
        assistance={"types": {"magic": {"before": 0.1, "between": 0.1}}},
        countries={"GIN": {"level": {"spiritual": 1.0}, "not_recorded": ["luck"]}},
    )
    with pytest.raises(StudyError) as caught:
        Questionnaire(world, codebook)
    for expected in ("items.q1", "q99", "magic", "spiritual", "luck"):
        assert expected in str(caught.value)
