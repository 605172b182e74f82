"""The effect of mentoring: recovered where it can be, biased as recorded where it cannot.

Guinea alone, with its pilot: 130 returnees seen again, of whom 50 mentored.
"""

import pandas as pd
import pytest
from bands import assert_covered, assert_unbiased, band

from reintegration import config as cfg
from reintegration.studies.orion import compare_mentored

STRONG = 0.5  # log-odds per SD of need
ATT = "truth.att_followed.composite.GIN"


@pytest.fixture(scope="session")
def compare(config):
    """One method for composite scores within Guinea: the row of a frame's effect."""

    def one(frame: pd.DataFrame, method: str) -> dict:
        choices = {"countries": ["GIN"], "outcomes": ["composite"], "methods": [method]}
        choices |= {"comparators": ["same_countries"]}
        first = {"vcov": config.orion.each_vcov[0]}
        orion: cfg.Orion = config.orion.model_copy(update=first | choices)
        effects = compare_mentored(frame, orion, engine="arrays").effects
        row = effects[effects["country"] == "GIN"].iloc[0].to_dict()
        assert row["status"] == "ok"
        return row

    return one


def guinea(make_worlds, number, selection, strength=1.0, log_odds=STRONG):
    pilot = {"selection": selection, "selection_strength": log_odds, "strength": strength}
    return make_worlds(number, name=selection, only=["GIN"], mentoring=pilot)


@pytest.fixture(scope="session")
def observed(make_worlds, number):
    return guinea(make_worlds, number, "observed_first_score")


def test_adjusted_effect_is_recovered_under_selection_on_the_first_score(observed, compare):
    found = pd.DataFrame([compare(frame, "adjusted") for frame in observed.apart])
    assert_covered(found, observed.effects[ATT])
    assert_unbiased(found, observed.effects[ATT])


@pytest.mark.parametrize(("method", "sign"), [("last", -1), ("change", 1)])
def test_naive_comparisons_are_biased_as_selection_on_need_makes_them(
    observed, compare, method, sign
):
    """Last scores of the needy started lower; their changes regress to the mean."""
    naive = compare(observed.together, method)
    bias = naive["estimate"] - observed.effects[ATT]
    assert sign * bias > 4 * naive["std_error"]


def test_adjusting_does_not_help_against_selection_on_what_no_score_records(
    make_worlds, number, compare
):
    worlds = guinea(make_worlds, number, "latent_need", log_odds=2)
    adjusted = compare(worlds.together, "adjusted")
    assert adjusted["estimate"] - worlds.effects[ATT] < -4 * adjusted["std_error"]


def test_change_recovers_the_effect_when_mentoring_is_by_lot(make_worlds, number, compare):
    worlds = guinea(make_worlds, number, "random")
    found = pd.DataFrame([compare(frame, "change") for frame in worlds.apart])
    assert_covered(found, worlds.effects[ATT])
    assert_unbiased(found, worlds.effects[ATT])


def test_without_effect_five_in_a_hundred_are_significant(make_worlds, number, compare):
    worlds = guinea(make_worlds, number, "observed_first_score", strength=0)
    assert worlds.effects[ATT] == 0
    rejected = pd.Series([compare(frame, "adjusted")["p_value"] < 0.05 for frame in worlds.apart])
    low, high = band(len(rejected), 0.05)
    assert low <= rejected.mean() <= high
