"""The truth beside the data: projections, potential outcomes, and the bias between them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import yaml

from reintegration.codebook import load_codebook
from reintegration.config import load_config
from reintegration.errors import StudyError
from reintegration.estimation import families
from reintegration.estimation.fit import fit_specification
from reintegration.estimation.specs import Vcov
from reintegration.simulation.plant import run_plant
from reintegration.simulation.population import draw
from reintegration.simulation.truth import (
    SECTIONS,
    TRUTH_COLUMNS,
    Choices,
    effects_of_mentoring,
    find_truth,
)
from reintegration.studies import assistance, orion, trends

SIZE = 0.4


@pytest.fixture(scope="module")
def choices(root) -> Choices:
    """The study's choices, with one specification and one score, which is enough here."""
    plain = load_config(root / "config.yaml").section(*SECTIONS)
    plain["specifications"] = [s for s in plain["specifications"] if s["id"] == "levels"]
    plain["specifications"][0]["outcomes"] = ["composite"]
    plain["orion"]["outcomes"] = plain["trends"]["outcomes"] = ["composite"]
    plain["instrument"]["claims"] = str(root / plain["instrument"]["claims"])
    return Choices.of(plain)


@pytest.fixture(scope="module")
def truth(demo, choices, codebook):
    rng = np.random.default_rng(5)
    return find_truth(demo.scaled(SIZE), choices, codebook, rng, scale=2)


def test_one_row_per_estimate_each_with_its_kind(truth):
    assert list(truth.table.columns) == TRUTH_COLUMNS
    assert truth.table["estimate_id"].is_unique
    kinds = set(truth.table["kind"])
    assert kinds == {"count", "projection", "potential_outcome", "bias"}


@pytest.mark.parametrize(
    "name",
    [
        "levels.composite.training.cr1s-returnee_id",
        "levels.composite.country.GIN.cr1s-returnee_id",
        "orion.adjusted.same_countries.composite.all.hc3",
        "orion_change.others.composite.SEN.hc3",
        "trend.within.composite.GIN.cr1s-returnee_id",
        "importance.levels.composite.country",
        "rank.levels.composite.GIN",
        "share.stranded.yes.all",
        "truth.att.composite.all",
        "truth.att_followed.composite.GIN",
        "truth.ate.composite.SEN",
        "truth.bias.last.same_countries.composite.all",
    ],
)
def test_every_estimand_has_its_value(truth, name):
    rows = truth.table[truth.table["estimate_id"] == name]
    assert rows["value"].notna().all() and len(rows) == 1


def test_counts_are_those_of_the_survey_and_not_of_the_large_population(truth, demo):
    values = truth.table.set_index("estimate_id")["value"]
    assert values["n.surveys.all"] == demo.scaled(SIZE).surveys
    assert values["n.countries.all"] == 17


def test_bias_is_the_projection_less_the_effect_on_the_mentored(truth):
    values = truth.table.set_index("estimate_id")["value"]
    for method in ("last", "change", "adjusted"):
        estimate = values[f"orion.{method}.same_countries.composite.all.hc3"]
        bias = values[f"truth.bias.{method}.same_countries.composite.all"]
        assert bias == pytest.approx(estimate - values["truth.att_followed.composite.all"])


def test_effects_are_means_of_differences_in_potential_scores(demo, codebook):
    population = draw(demo.scaled(SIZE), np.random.default_rng(2), codebook=codebook)
    effects = effects_of_mentoring(population, codebook).set_index("estimate_id")
    potential = population.potential
    difference = potential["social_1"] - potential["social_0"]
    assert effects.loc["truth.ate.social.all", "value"] == pytest.approx(difference.mean())
    mentored = population.persons.set_index("returnee_id")["mentored"]
    chosen = mentored[potential["returnee_id"]].to_numpy()
    row = effects.loc["truth.att.social.all"]
    assert row["value"] == pytest.approx(difference[chosen].mean())
    assert row["monte_carlo_se"] == pytest.approx(difference[chosen].sem())


def test_effect_on_the_mentored_differs_from_that_on_those_seen_again(variant, codebook):
    world = variant(name="lost", size=0.5, mentoring={"seen_again": 0.5})
    population = draw(world, np.random.default_rng(2), codebook=codebook)
    effects = effects_of_mentoring(population, codebook).set_index("estimate_id")["value"]
    assert effects["truth.att.composite.all"] != effects["truth.att_followed.composite.all"]


def test_claims_are_planted_or_not(truth, choices):
    planted = truth.planted.set_index("claim_id")["planted"]
    assert set(planted) <= {"yes", "no"}
    assert planted["stranded"] == planted["negative_countries"] == "yes"
    assert "trust_in_mentors" not in planted  # no such data could say


def test_a_counted_claim_is_judged_on_the_survey_s_own_count(variant, choices, codebook, tmp_path):
    world = variant(name="counted", size=0.1)
    claim = {
        **{"id": "counted", "message": 0, "claim_en": "a", "claim_fr": "b", "test": "count"},
        **{"estimates": ["n.surveys.all"], "published": "all", "reason": "counted"},
        "value": world.surveys,
    }
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"source": "test", "claims": [claim]}))
    instrument = choices.instrument.model_copy(update={"claims": path})
    own = dataclasses.replace(choices, instrument=instrument)
    truth = find_truth(world, own, codebook, np.random.default_rng(1), scale=2)
    assert truth.planted["planted"].tolist() == ["yes"]


def test_a_world_without_effect_plants_no_effect(variant, choices, codebook):
    world = variant(name="null", assistance={"strength": 0}, mentoring={"strength": 0})
    truth = find_truth(world.scaled(SIZE), choices, codebook, np.random.default_rng(3), scale=2)
    values = truth.table.set_index("estimate_id")["value"]
    assert (values[values.index.str.startswith(("truth.att", "truth.ate"))] == 0).all()
    planted = truth.planted.set_index("claim_id")["planted"]
    assert planted["orion_regression"] == "no"


@pytest.mark.parametrize(
    "keys",
    [
        {"only": ["GIN"]},
        {"only": ["GHA", "ETH"]},
        {"follow_up": {"share": 0}},
        {"mentoring": None},
    ],
)
def test_worlds_without_pilot_follow_up_or_neighbours_have_a_truth_too(
    variant, choices, codebook, keys
):
    world = variant(name="other", size=0.3, **keys)
    truth = find_truth(world, choices, codebook, np.random.default_rng(4), scale=1)
    assert len(truth.table)
    assert truth.table["value"].notna().all()


def test_a_world_of_other_countries_than_the_study_s_is_refused(variant, choices, codebook):
    world = variant(name="elsewhere", only=["GIN"], rename={"GIN": "KHM"}, size=0.1)
    with pytest.raises(StudyError, match=r"study.countries: one or several of KHM"):
        find_truth(world, choices, codebook, np.random.default_rng(4), scale=1)


def test_plant_writes_the_truth_beside_the_data_and_the_same_bytes_twice(
    root, tmp_path, monkeypatch
):
    monkeypatch.chdir(root)
    world = tmp_path / "world.yaml"
    world.write_text(f"extends: {root / 'worlds' / 'demo.yaml'}\nname: tiny\nsize: 0.03\n")
    plain = load_config("config.yaml").section(*SECTIONS)
    plain["specifications"] = plain["specifications"][:1]
    plain["orion"]["outcomes"] = plain["trends"]["outcomes"] = ["composite"]
    texts = []
    for name in ("one", "two"):
        run_plant(world, tmp_path / name, plain)
        files = (tmp_path / name / "truth" / "truth.csv", tmp_path / name / "planted.csv")
        texts.append([path.read_bytes() for path in files])
    assert texts[0] == texts[1]
    assert pd.read_csv(files[1]).columns.tolist() == ["claim_id", "planted"]


def test_a_world_answers_the_main_instrument_and_nobody_another_one(root, demo, choices, truth):
    files = [root / "data/instruments/rss.yaml", root / "tests/instruments/wellbeing.yaml"]
    both = load_codebook(files, root / "data/instruments/variables.yaml")
    trends = choices.trends.model_copy(update={"outcomes": ["composite", "wellbeing"]})
    asked = dataclasses.replace(choices, trends=trends)
    rng = np.random.default_rng(5)
    beside = find_truth(demo.scaled(SIZE), asked, both, rng, scale=2)
    ids = truth.table["estimate_id"]
    same = beside.table[beside.table["estimate_id"].isin(ids)].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, truth.table)
    assert not beside.table["estimate_id"].str.contains("wellbeing").any()


def test_a_truth_fits_each_regression_once_and_draws_as_little_as_can_be(
    demo, choices, codebook, monkeypatch
):
    by_country = {"cluster": "country", "draws": 9999}
    errors = [{"type": "wild", **by_country}, {"type": "CR1S", "cluster": "country"},
              {"type": "permutation", **by_country}]  # fmt: skip
    declared = choices.specifications[0].model_dump() | {
        **{"terms": ["assistance_training"], "vcov": errors, "family": "aid"},
        **{"refits": ["person_equal", "within_between"], "columns": {}},
    }
    every = dataclasses.replace(
        choices,
        specifications=(type(choices.specifications[0]).model_validate(declared),),
        orion=type(choices.orion).model_validate(
            choices.orion.model_dump() | {"vcov": [{"type": "HC3"}, {"type": "HC1"}]}
        ),
        trends=type(choices.trends).model_validate(
            choices.trends.model_dump() | {"vcov": [errors[1], errors[0]]}
        ),
    )
    fitted = []

    def watch(frame, spec, **options):
        fitted.append((spec, options["engine"]))
        return fit_specification(frame, spec, **options)

    def refuse(*values):
        raise AssertionError("p-values were adjusted")

    for study in (assistance, orion, trends):
        monkeypatch.setattr(study, "fit_specification", watch)
    monkeypatch.setattr(families, "_romano_wolf", refuse)
    table = find_truth(demo.scaled(0.2), every, codebook, np.random.default_rng(5), scale=1).table
    assert {spec.declared_in for spec, _ in fitted} == {
        *("specifications.levels", "orion", "trends")
    }
    for spec, engine in fitted:
        assert engine == "arrays"
        assert not spec.also and not spec.refit_of and not spec.family
        assert spec.vcov.draws == (99 if spec.vcov.type == "wild" else Vcov("HC1").draws)
    assert "levels.composite.training.wild-country" in set(table["estimate_id"])
