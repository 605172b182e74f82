"""Many small worlds at once, and the truth they were drawn from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from reintegration.codebook import Codebook, load_codebook
from reintegration.config import Config, load_config
from reintegration.scoring import score
from reintegration.simulation.population import SCORING, Population, draw
from reintegration.simulation.truth import effects_of_mentoring
from reintegration.simulation.world import World, load_world
from reintegration.studies.frames import survey_frame

SEED = 20180101  # as the demo's; no other was tried
WORLDS = 80
MANY = 400  # behind the marker `coverage`


@dataclass(frozen=True)
class Worlds:
    """Small worlds, and all of them put together: the population they are drawn from.

    Attributes
    ----------
    together
        One row per survey of all worlds.
    apart
        One survey frame per small world.
    effects
        Effects of mentoring by potential outcomes, by id.
    """

    world: World
    together: pd.DataFrame
    apart: list[pd.DataFrame]
    effects: pd.Series


@pytest.fixture(scope="session")
def codebook(root: Path) -> Codebook:
    folder = root / "data" / "instruments"
    return load_codebook(folder / "rss.yaml", folder / "variables.yaml")


@pytest.fixture(scope="session")
def config(root: Path) -> Config:
    return load_config(root / "config.yaml")


@pytest.fixture(scope="session", params=[WORLDS, pytest.param(MANY, marks=pytest.mark.coverage)])
def number(request: pytest.FixtureRequest) -> int:
    """How many small worlds: some in every run of the tests, many in `make coverage`."""
    return request.param


@pytest.fixture(scope="session")
def make_worlds(
    root: Path, codebook: Codebook, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Worlds]:
    """Draw many small worlds from the keys in which they differ from world.yaml."""

    def make(number: int, **keys: Any) -> Worlds:
        base = root / "tests" / "recovery" / "world.yaml"
        path = tmp_path_factory.mktemp("recovery") / "world.yaml"
        path.write_text(yaml.safe_dump({"extends": str(base), **keys}), encoding="utf-8")
        world = load_world(path)
        rng = np.random.default_rng(SEED)
        population = draw(world, rng, scale=number, codebook=codebook)
        frame = survey_frame(population.surveys, score(population.surveys, codebook, SCORING))
        place = deal(population, number, rng)
        dealt = frame["returnee_id"].map(place)
        apart = [part.reset_index(drop=True) for _, part in frame.groupby(dealt)]
        effects = effects_of_mentoring(population, codebook).set_index("estimate_id")["value"]
        return Worlds(world, frame, apart, effects)

    return make


def deal(population: Population, number: int, rng: np.random.Generator) -> pd.Series:
    """Deal the returnees into small worlds, so that each has the quotas of its world.

    Drawing one large population and dealing it out gives the same small worlds as drawing
    each by itself, in a twentieth of the time.
    """
    persons = population.persons.sample(frac=1, random_state=rng)
    group = ["country", "mentored", "followed_up", "followed_up_twice"]
    place = persons.groupby(group).cumcount() % number
    return pd.Series(place.to_numpy(), index=persons["returnee_id"])
