"""Make a simulated world: its raw files with their mappings, and its truth beside them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from reintegration.codebook import load_codebook
from reintegration.simulation.population import ITEMS, VARIABLES, Population, draw
from reintegration.simulation.raw import write_raw
from reintegration.simulation.world import World, load_world

# One stream of random numbers per purpose: what one of them draws leaves the others alone.
SURVEY, FILES, TRUTH = 0, 1, 2


def stream(world: World, purpose: int) -> np.random.Generator:
    """The world's own random numbers for one purpose."""
    return np.random.default_rng(np.random.SeedSequence(world.seed, spawn_key=(purpose,)))


def run_simulate(
    world: str | Path,
    out: str | Path,
    items: str | Path = ITEMS,
    variables: str | Path = VARIABLES,
) -> None:
    """Write the raw files of a world (`raw/`), their mappings (`sources/`) and what was drawn.

    Raises
    ------
    StudyError
        If the world cannot be read or does not fit the codebook.
    """
    plan, folder = load_world(world), Path(out)
    codebook = load_codebook(items, variables).main_alone
    population = draw(plan, stream(plan, SURVEY), codebook=codebook)
    files = write_raw(plan, population, stream(plan, FILES), codebook, folder)
    drawn = _drawn(plan, population) | {"files": files.to_dict("records")}
    truth = folder / "truth" / "world.json"
    truth.parent.mkdir(parents=True, exist_ok=True)
    truth.write_text(json.dumps(drawn, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _drawn(world: World, population: Population) -> dict[str, Any]:
    """Counts of the drawn surveys, by country and over all."""
    surveys, persons = population.surveys, population.persons
    by_country = {
        iso3: {
            "surveys": int((surveys["country"] == iso3).sum()),
            "returnees": int((persons["country"] == iso3).sum()),
            "followed_up": int((own := persons[persons["country"] == iso3])["followed_up"].sum()),
            "mentored": int(own["mentored"].sum()),
        }
        for iso3 in world.countries
    }
    total = {k: sum(c[k] for c in by_country.values()) for k in next(iter(by_country.values()))}
    return {
        "world": world.name,
        "seed": world.seed,
        "all": total,
        "countries": by_country,
        "provenance": world.provenance,
    }
