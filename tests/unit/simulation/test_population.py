"""Populations: what is exact, what is chance, and what would have been."""

import numpy as np
import pandas as pd
import pytest

from reintegration.ingest.contract import check_surveys
from reintegration.scoring import score
from reintegration.simulation.calibration import expected
from reintegration.simulation.population import SCORING, draw
from reintegration.simulation.world import World


@pytest.fixture
def small(variant) -> World:
    return variant(name="small", size=0.3)


@pytest.fixture
def population(small, codebook, rng):
    return draw(small, rng, codebook=codebook)


def test_surveys_have_the_columns_and_codes_of_clean_surveys(population, codebook):
    check_surveys(population.surveys, codebook)


def test_counts_and_quotas_are_exact(small, population):
    surveys, persons = population.surveys, population.persons
    for iso3, office in small.countries.items():
        assert (surveys["country"] == iso3).sum() == office.surveys
        assert (surveys["country"].eq(iso3) & surveys["is_first"].eq(1)).sum() == office.returnees
    n = len(persons)
    assert (persons["sex"] == "man").sum() == round(0.86 * n)
    assert (persons["stranded"] == "yes").sum() == round(0.27 * n)
    assert persons["true_months_abroad"].lt(6).sum() == round(0.60 * n)


def test_every_survey_can_be_scored(population, codebook):
    assert score(population.surveys, codebook, SCORING)["composite"].notna().all()


def test_surveys_lie_in_the_period_and_after_the_return(small, population):
    dates = population.surveys["survey_date"]
    assert dates.min() >= pd.Timestamp(small.timing.first_day)
    assert dates.max() <= pd.Timestamp(small.timing.last_day)
    assert (population.surveys["return_date"] < dates).all()
    days = population.surveys.groupby("returnee_id")["survey_date"].diff().dropna()
    assert (days.dt.days >= 1).all()


def test_what_was_received_stays_received(population, codebook):
    surveys = population.surveys.sort_values(["returnee_id", "round"])
    for column in (*codebook.assistance_columns, "orion"):
        steps = surveys.groupby("returnee_id")[column].diff().dropna()
        assert (steps >= 0).all(), column


def test_mentoring_is_a_quota_in_the_pilots_locations_after_the_first_survey(small, population):
    surveys, persons = population.surveys, population.persons
    assert (surveys.loc[surveys["round"] == 1, "orion"] == 0).all()
    mentored = persons[persons["mentored"]]
    for iso3, pilot in small.mentoring.countries.items():
        assert (mentored["country"] == iso3).sum() == pilot.mentored
    assert (mentored["location_index"] < small.mentoring.locations).all()
    seen = surveys[surveys["orion"] == 1]["returnee_id"].unique()
    assert sorted(seen) == sorted(mentored["returnee_id"])


def test_types_an_office_does_not_record_are_missing_and_not_zero(population):
    legal = population.surveys["assistance_legal"]
    assert legal[population.surveys["country"] == "CIV"].isna().all()
    assert (
        population.surveys.loc[population.surveys["country"] == "GHA"][
            "assistance_cash_for_work"
        ].dropna()
        == 0
    ).all()
    assert legal[population.surveys["country"] == "GIN"].isna().mean() < 0.1


def test_the_same_stream_draws_the_same_and_another_another(small, codebook):
    one, two, three = (
        draw(small, np.random.default_rng(seed), codebook=codebook).surveys for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(three)


def test_scale_multiplies_every_count(small, codebook, rng):
    doubled = draw(small, rng, scale=2, codebook=codebook)
    assert len(doubled.surveys) == small.scaled(2).surveys


def test_potential_and_observed_last_scores_agree(population, codebook):
    """Whoever was seen again has the potential score of the mentoring received."""
    scores = score(population.surveys, codebook, SCORING)
    last = population.surveys.merge(scores, on="survey_id").query("is_last == 1 and round > 1")
    joined = last.merge(population.potential, on="returnee_id")
    assert len(joined) > 100
    for name in codebook.score_names:
        hoped = joined[f"{name}_1"].where(joined["orion"] == 1, joined[f"{name}_0"])
        np.testing.assert_allclose(joined[name], hoped)


def test_without_effect_the_potential_scores_are_the_same(variant, codebook, rng):
    world = variant(name="null", size=0.3, mentoring={"strength": 0})
    potential = draw(world, rng, codebook=codebook).potential
    np.testing.assert_array_equal(potential["composite_0"], potential["composite_1"])


def test_mentoring_raises_scores_by_about_what_is_stated(variant, codebook, rng):
    flat = {"economic": 0.05, "social": 0.05, "psychosocial": 0.05}
    pilot = {iso3: {"effect": flat} for iso3 in ("GIN", "MAR", "SEN")}
    world = variant(name="flat", mentoring={"countries": pilot})
    potential = draw(world, rng, scale=3, codebook=codebook).potential
    for name in codebook.score_names:
        gain = (potential[f"{name}_1"] - potential[f"{name}_0"]).mean()
        assert gain == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize("mode", ["observed_first_score", "latent_need", "random"])
def test_selection_goes_by_what_it_says(variant, codebook, rng, mode):
    """Strong selection: seen in the first score, also beyond it, or not at all."""
    world = variant(
        name="selective", only=["GIN"], mentoring={"selection": mode, "selection_strength": 2}
    )
    population = draw(world, rng, scale=6, codebook=codebook)
    first = population.surveys.query("is_first == 1")
    scores = first.merge(score(first, codebook, SCORING), on="survey_id")
    people = population.persons.merge(scores[["returnee_id", "composite"]], on="returnee_id")
    people = people[people["location_index"] < 2]
    mentored = people["mentored"].to_numpy()
    gap = people["composite"][mentored].mean() - people["composite"][~mentored].mean()
    error = people["composite"].std() * np.sqrt(1 / mentored.sum() + 1 / (~mentored).sum())
    if mode == "random":
        assert abs(gap) < 4 * error
    else:
        assert gap < -5 * error
    if mode != "random":
        # Of the same first score, are the mentored still needier on the trait?
        residual = people["need"] - np.poly1d(np.polyfit(people["composite"], people["need"], 3))(
            people["composite"]
        )
        beyond = residual[mentored].mean() - residual[~mentored].mean()
        assert (beyond > 0.2) == (mode == "latent_need")


def test_follow_up_is_not_at_random_unless_the_world_says_so(variant, codebook):
    gaps = {}
    for slope in (-1.0, 0.0):
        keys = {"only": ["ETH"], "size": 8, "mentoring": None}
        world = variant(name="lost", follow_up={"log_odds_per_sd": slope}, **keys)
        surveys = draw(world, np.random.default_rng(3), codebook=codebook).surveys
        first = surveys.merge(score(surveys, codebook, SCORING), on="survey_id").query("round == 1")
        by = first.groupby("is_last")["composite"].mean()
        gaps[slope] = by[0] - by[1]
    assert gaps[-1.0] < -0.05
    assert abs(gaps[0.0]) < 0.02


@pytest.mark.parametrize(
    "keys",
    [
        {"only": ["GIN"]},
        {"only": ["GHA"]},
        {"follow_up": {"share": 0}},
        {"mentoring": None},
        {"rename": {"GIN": "KHM"}},
        {"size": 0.01},
        {"mentoring": {"seen_again": 0.5}},
    ],
)
def test_other_worlds_can_be_drawn(variant, codebook, rng, keys):
    world = variant(name="other", **{"size": 0.2, **keys})
    population = draw(world, rng, codebook=codebook)
    check_surveys(population.surveys, codebook)
    if world.follow_up.share == 0:
        assert (population.surveys["is_last"] == 1).all()
        assert (population.surveys["orion"] == 0).all()
    if world.mentoring is None:
        assert len(population.potential) == 0


@pytest.fixture(scope="module")
def calibrated(demo, codebook):
    return expected(demo, codebook, np.random.default_rng(11), scale=4)


def test_demo_scores_are_of_the_size_met_in_real_surveys(calibrated):
    for name in ("economic", "social", "psychosocial"):
        assert 0.45 < calibrated[f"mean.{name}"] < 0.65
        assert 0.15 <= round(calibrated[f"sd.{name}"], 2) <= 0.22
        assert 0.5 < calibrated[f"alpha.{name}"] < 0.7
    pairs = calibrated[calibrated.index.str.startswith("correlation.")]
    assert pairs.between(0.3, 0.45).all()


def test_demo_agrees_with_what_is_known_of_the_sample(calibrated):
    assert calibrated["share.stranded"] == pytest.approx(0.27, abs=1e-3)
    assert calibrated["share.men"] == pytest.approx(0.86, abs=1e-3)
    assert calibrated["share.abroad_under_six_months"] > 0.5
    assert calibrated["share.return_decision.other"] < 0.06
    assert calibrated["share.network_poor.GIN"] == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("name", ["economic", "social", "psychosocial", "composite"])
def test_demo_puts_three_countries_lowest(calibrated, name):
    deviations = calibrated[calibrated.index.str.startswith(f"deviation.{name}.")].sort_values()
    lowest = [key.rsplit(".", 1)[1] for key in deviations.index[:3]]
    assert set(lowest) == {"GIN", "SEN", "CIV"}
    assert calibrated[f"deviation.{name}.MAR"] < 0


@pytest.mark.parametrize("name", ["economic", "social", "psychosocial"])
def test_demo_mentored_end_better_off_and_others_stay_level(calibrated, name):
    assert calibrated[f"last.mentored.{name}.all"] > calibrated[f"last.others.{name}.all"]
    assert abs(calibrated[f"change.others.{name}.all"]) < 0.03
    assert calibrated[f"change.mentored.{name}.GIN"] > 0.03
    assert calibrated[f"change.mentored.{name}.SEN"] < calibrated[f"change.mentored.{name}.GIN"]
    assert abs(calibrated["change.mentored.composite.SEN"]) < 0.04
    assert calibrated[f"change.others.{name}.SEN"] < 0
    assert 0 < calibrated[f"effect.{name}"] < 0.1
