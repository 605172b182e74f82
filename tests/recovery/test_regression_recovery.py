"""Countries, assistance and slopes: what was planted comes back."""

import numpy as np
import pandas as pd
import pytest
from bands import assert_covered, band, covers

from reintegration.studies.assistance import regress
from reintegration.studies.trends import fit_trends

COUNTRIES = ("CIV", "ETH", "GHA", "GIN", "MAR", "SEN")
ASSISTANCE = ("microbusiness", "training", "financial_services", "cash")
DIMENSIONS = ("economic", "social", "psychosocial")


@pytest.fixture(scope="session")
def estimate(config):
    """Estimates of the published regression of composite scores by term, under its first errors."""
    published = next(s for s in config.specifications if s.id == "levels")
    alone = {"outcomes": ["composite"], "refits": [], "columns": {}, "vcov": published.each_vcov[0]}
    specifications = [published.model_copy(update=alone)]
    rng = np.random.default_rng(0)

    def one(frame: pd.DataFrame) -> pd.DataFrame:
        found = regress(frame, specifications, config.assistance, rng=rng, engine="arrays")
        terms = found.estimates["estimate_id"].str.removeprefix("levels.composite.")
        return found.estimates.set_index(terms.str.rpartition(".")[0])

    return one


@pytest.fixture(scope="session")
def terms(make_worlds, number, estimate):
    """Estimates of every small world, the truth from all of them together, and the world."""
    worlds = make_worlds(number, name="by_lot", mentoring=None, assistance={"selection": "random"})
    small = pd.concat([estimate(frame) for frame in worlds.apart])
    return small, estimate(worlds.together)["estimate"], worlds.world


@pytest.mark.parametrize("country", COUNTRIES)
def test_country_deviations_are_covered(terms, country):
    small, truth, _ = terms
    assert_covered(small.loc[f"country.{country}"], truth[f"country.{country}"])


@pytest.mark.parametrize("kind", ASSISTANCE)
def test_assistance_effects_are_covered(terms, kind):
    small, truth, _ = terms
    assert_covered(small.loc[kind], truth[kind])


@pytest.mark.parametrize("kind", ["microbusiness", "training", "financial_services"])
def test_assistance_by_lot_has_the_effect_that_was_planted(terms, kind):
    _, truth, world = terms
    stated = np.mean(list(world.assistance.types[kind].effect.values()))
    assert truth[kind] == pytest.approx(stated, abs=0.008)


@pytest.fixture(scope="session")
def still(make_worlds, number):
    """Worlds in which nothing changes but by the planted slopes."""
    return make_worlds(number, name="still", mentoring=None, assistance={"strength": 0})


@pytest.fixture(scope="session")
def slopes(still, config):
    choices = {"outcomes": ["composite"], "methods": ["within"]}
    trends = config.trends.model_copy(update=choices)
    tables = [fit_trends(frame, trends, engine="arrays").slopes for frame in still.apart]
    small = pd.concat(tables).query("kind == 'slope'").set_index("country")
    assert (small["status"] == "ok").all()
    return small.rename(columns={"slope_per_year": "estimate"})


def planted_slope(world, country):
    """Slope of the composite per year, as the world states it."""
    return np.mean([world.countries[country].slope.get(d, 0.0) for d in DIMENSIONS])


@pytest.mark.parametrize("country", COUNTRIES)
def test_slopes_within_persons_are_those_planted(still, slopes, country):
    planted = planted_slope(still.world, country)
    assert_covered(slopes.loc[country], planted)
    assert slopes.loc[country, "estimate"].mean() == pytest.approx(planted, abs=0.015)


def test_all_intervals_together_cover_more_sharply_than_each(terms, slopes):
    """Eighty intervals of one term miss errors 15% too small; 800 do not.

    Slopes of countries and terms of assistance are (nearly) independent of one another.
    """
    small, truth, world = terms
    held = [covers(small.loc[kind], truth[kind]) for kind in ASSISTANCE]
    held += [covers(slopes.loc[c], planted_slope(world, c)) for c in COUNTRIES]
    together = pd.concat(held)
    low, high = band(len(together), 0.95)
    assert low <= together.mean() <= high, f"{together.mean():.3f} of {len(together)} cover"


def test_countries_lie_where_they_were_planted(still, estimate):
    """Levels hold at nine months since return; compared there, with slopes set aside."""
    stated = {c: np.mean(list(still.world.countries[c].level.values())) for c in COUNTRIES}
    near = still.together[still.together["months_since_return"].between(6, 12)]
    found = estimate(near.reset_index(drop=True))["estimate"]
    for code in COUNTRIES:
        deviation = stated[code] - np.mean(list(stated.values()))
        assert found[f"country.{code}"] == pytest.approx(deviation, abs=0.015)
