"""Who the returnees are, before anything is asked."""

from datetime import datetime

import numpy as np
import pandas as pd

from reintegration.ingest.contract import DAYS_PER_MONTH
from reintegration.simulation.selection import quota
from reintegration.simulation.world import Persons, World

LOCATIONS = (0.34, 0.26, 0.14, 0.11, 0.09, 0.06)  # shares of a country's locations
LONG_ABROAD_MONTHS = 14.0  # mean beyond six months, of those away longer
PHONE_BEFORE, PHONE_AFTER = 0.1, 0.85  # share of interviews by phone
OFFICE_LANGUAGE, OTHER_LANGUAGE = 0.55, 0.4  # shares; the rest in the other of the two


def draw_persons(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Draw every returnee, countries one after the other.

    Sex, being stranded and time abroad are quotas over all countries; being stranded is
    likelier where a country's log-odds say so.
    """
    plan = world.persons
    codes = list(world.countries)
    sizes = [office.returnees for office in world.countries.values()]
    country = np.repeat(np.arange(len(codes)), sizes)
    n = len(country)
    log_odds = np.array([o.stranded_log_odds for o in world.countries.values()])[country]
    even = np.zeros(n)
    man = quota(even, round(plan.men * n), rng)
    stranded = quota(log_odds, round(plan.stranded * n), rng)
    short = quota(even, round(plan.under_six_months_abroad * n), rng)
    age = plan.age_mean + plan.age_sd * (rng.gamma(4, 1, n) - 4) / 2  # skewed as ages are
    abroad = np.where(short, rng.uniform(0, 6, n), 6 + rng.exponential(LONG_ABROAD_MONTHS, n))
    frame = pd.DataFrame(
        {
            "returnee_id": [f"R{i:012x}" for i in range(1, n + 1)],
            "country": np.array(codes, dtype=object)[country],
            "country_index": country,
            "location_index": rng.choice(len(LOCATIONS), n, p=LOCATIONS),
            "sex": np.where(man, "man", "woman"),
            "age": np.rint(age.clip(16, 70)),
            "dependants": rng.poisson(plan.dependants_mean, n).clip(0, 20).astype(float),
            "months_abroad": np.floor(abroad.clip(0, 240)),
            "returned_from": _choose(plan.returned_from, n, rng),
            "stranded": np.where(stranded, "yes", "no"),
            "return_decision": np.where(
                stranded,
                _choose(plan.return_decision["yes"], n, rng),
                _choose(plan.return_decision["no"], n, rng),
            ),
        }
    )
    places = zip(country.tolist(), frame["location_index"].tolist(), strict=True)
    frame["location_id"] = [f"L{c:06x}{place:06x}" for c, place in places]
    return _forget(frame, plan, rng)


def _choose(shares: dict[str, float], n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw answers by their shares, shape (n,)."""
    weights = np.array(list(shares.values()))
    return rng.choice(np.array(list(shares), dtype=object), n, p=weights / weights.sum())


def _forget(frame: pd.DataFrame, plan: Persons, rng: np.random.Generator) -> pd.DataFrame:
    """Blank the share of each variable that nobody wrote down; the truth stays beside it."""
    for name, share in plan.missing.items():
        frame[f"true_{name}"] = frame[name]
        frame[name] = frame[name].mask(rng.random(len(frame)) < share)
    return frame


def covariate(persons: pd.DataFrame, name: str) -> np.ndarray:
    """A person's value by which an effect is multiplied, shape (n,).

    woman, stranded: 1 or 0; age_decade: tens of years away from 27; months_abroad_10: tens of
    months, at most 36 months.
    """

    def true(column: str) -> np.ndarray:
        known = f"true_{column}"
        return persons[known if known in persons else column].to_numpy(dtype=float)

    if name == "woman":
        return (persons["sex"] == "woman").to_numpy(dtype=float)
    if name == "stranded":
        return (persons["stranded"] == "yes").to_numpy(dtype=float)
    if name == "age_decade":
        return (true("age") - 27) / 10
    return true("months_abroad").clip(0, 36) / 10


def survey_columns(
    world: World, persons: pd.DataFrame, days: pd.Series, rng: np.random.Generator
) -> pd.DataFrame:
    """Columns of a survey that are not answered: who, when, where, how."""
    n = len(persons)
    by_phone = np.where(
        days >= datetime.combine(world.timing.phone_from, datetime.min.time()),
        PHONE_AFTER,
        PHONE_BEFORE,
    )
    # The codebook lists two languages of offices, and others together.
    known = {"en": "en", "fr": "fr"}
    own = persons["country"].map(
        {iso3: known.get(o.language, "other") for iso3, o in world.countries.items()}
    )
    u = rng.random(n)
    language = np.where(u < OFFICE_LANGUAGE, own, np.where(own == "en", "fr", "en"))
    language = np.where(
        (u >= OFFICE_LANGUAGE) & (u < OFFICE_LANGUAGE + OTHER_LANGUAGE), "other", language
    )
    returned = persons["return_date"].astype("datetime64[us]")
    return pd.DataFrame(
        {
            "person": persons.index,
            "returnee_id": persons["returnee_id"],
            "location_id": persons["location_id"],
            "source": persons["country"].str.lower(),
            "country": persons["country"],
            "survey_date": days,
            "return_date": returned,
            "months_since_return": (days - returned).dt.days / DAYS_PER_MONTH,
            "mode": np.where(rng.random(n) < by_phone, "phone", "in_person"),
            "language": pd.Series(language, index=persons.index, dtype="str"),
            **{
                name: persons[name]
                for name in (
                    *["sex", "age", "dependants", "months_abroad", "returned_from"],
                    *["stranded", "return_decision"],
                )
            },
        },
        index=persons.index,
    )
