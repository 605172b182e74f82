"""A small made-up survey with planted effects, as `survey_frame` gives it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from reintegration.codebook import Codebook
from reintegration.config import Config, load_config
from reintegration.studies.frames import survey_frame

SCORES = ["economic", "social", "psychosocial", "composite"]
LEVELS = {"CIV": -0.08, "ETH": 0.1, "GIN": -0.1, "MAR": 0.05, "SEN": -0.09, "SOM": 0.12}
SLOPES = {"CIV": 0.02, "ETH": 0.04, "GIN": 0.0, "MAR": 0.02, "SEN": -0.06, "SOM": 0.1}
PILOT = ["GIN", "MAR", "SEN"]
MENTORING = 0.06


@pytest.fixture(scope="session")
def config(root) -> Config:
    return load_config(root / "config.yaml")


@pytest.fixture(scope="session")
def codebook(root, config) -> Codebook:
    return config.instrument.codebook(root)


@pytest.fixture(scope="session")
def draw(codebook) -> Callable[..., pd.DataFrame]:
    """Draw a survey frame; every argument changes one thing about the world."""

    def drawn(
        people: int = 600,
        countries: tuple[str, ...] = tuple(LEVELS),
        follow_up: float = 0.5,
        mentored: float = 0.3,
        noise: float = 0.05,
        seed: int = 0,
    ) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        rounds = 1 + (rng.random(people) < follow_up)
        person = np.repeat(np.arange(people), rounds)
        n = len(person)
        occasion = np.arange(n) - np.repeat(np.cumsum(rounds) - rounds, rounds) + 1
        country = np.array(countries)[np.arange(people) % len(countries)][person]
        months = rng.uniform(1, 8, people)[person] + (occasion - 1) * rng.uniform(4, 16, n)
        days = np.round(months * 365.25 / 12)
        start = pd.Timestamp("2018-06-01")
        frame = pd.DataFrame(
            {
                "survey_id": [f"S{i:05d}" for i in range(n)],
                "returnee_id": [f"R{i:05d}" for i in person],
                "location_id": [f"L{i % 30}" for i in person],
                "source": "office",
                "country": country,
                "round": occasion,
                "is_first": (occasion == 1).astype(int),
                "is_last": (occasion == rounds[person]).astype(int),
                "survey_date": start + pd.to_timedelta(days, unit="D"),
                "return_date": start,
                "months_since_return": days / (365.25 / 12),
                "mode": rng.choice(["in_person", "phone"], n),
                "language": "fr",
                "sex": np.where(rng.random(people) < 0.8, "man", "woman")[person],
                "age": np.round(rng.normal(28, 6, people))[person],
                "dependants": rng.poisson(3, people)[person].astype(float),
                "months_abroad": np.round(rng.exponential(7, people), 1)[person],
                "returned_from": rng.choice(["libya", "niger"], people)[person],
                "stranded": np.where(rng.random(people) < 0.3, "yes", "no")[person],
                "return_decision": rng.choice(["stranded", "detention"], people)[person],
            }
        )
        for item in codebook.items:
            codes = [answer.code for answer in codebook.answers_of(item)]
            frame[item] = rng.choice(codes, n)
        value = 0.5 + np.array([LEVELS[name] for name in country])
        value = (
            value
            + np.array([SLOPES[name] for name in country])
            * frame["months_since_return"].to_numpy()
            / 12
        )
        value = value + rng.normal(0, 0.05, people)[person]
        for column in codebook.assistance_columns:
            first = rng.random(people) < 0.15
            later = rng.random(people) < 0.3
            received = (first[person] | (later[person] & (occasion == 2))).astype(float)
            if column == "assistance_training":
                value = value + 0.05 * received
            received[(rng.random(people) < 0.1)[person]] = np.nan
            frame[column] = pd.array(received, dtype="Int8")
        pilot = np.isin(country, PILOT)
        orion = ((rng.random(people) < mentored)[person] & pilot & (occasion == 2)).astype(float)
        value = value + MENTORING * orion
        orion[~pilot] = np.nan
        frame["orion"] = pd.array(orion, dtype="Int8")
        scores = pd.DataFrame({"survey_id": frame["survey_id"]})
        for name in SCORES:
            scores[name] = value + rng.normal(0, noise, n)
            scores[f"items_answered_{name}"] = 10
        for item in codebook.items:
            scores[f"item_{item}"] = rng.choice([0, 0.25, 0.5, 0.75, 1.0], n)
        return survey_frame(frame, scores)

    return drawn


@pytest.fixture(scope="session")
def frame(draw) -> pd.DataFrame:
    return draw()
