"""Draw the returnees of a world, their surveys, and what would have been without mentoring."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook, load_codebook
from reintegration.config import Scoring
from reintegration.ingest.contract import DAYS_PER_MONTH, survey_columns
from reintegration.scoring import score
from reintegration.simulation import persons as people
from reintegration.simulation.answers import Questionnaire, answers_before
from reintegration.simulation.selection import quota, tilt
from reintegration.simulation.world import World

LEVEL_AT_MONTHS = 9.0  # months since return at which `level` of a country holds
ROUNDS = 3
LEAST_GAP_DAYS = 60  # left after the first follow-up for a second one
LATER_SHARE = 0.5  # of the chance between surveys: assistance after the first follow-up,
LATER_DAYS = 270  # within so many days
ITEMS, VARIABLES = Path("data/instruments/rss.yaml"), Path("data/instruments/variables.yaml")
# How the offices and the mentors read a score: non-response is left out.
SCORING = Scoring(
    nonresponse={"dont_know": "missing", "refused": "missing", "not_applicable": "missing"},
    minimum_answered=0.7,
)


@dataclass(frozen=True)
class Population:
    """What was drawn.

    Attributes
    ----------
    surveys
        One row per survey, with the columns of clean/surveys.parquet.
    persons
        One row per returnee: country, what only raw files hold (return_date, location, dates of
        assistance and mentoring, which of them are not recorded), mentored, followed_up, and
        need (SDs, as the mentors saw it).
    potential
        One row per returnee of the pilot's countries: the scores of the last survey, if it
        took place, with mentoring (<score>_1) and without (<score>_0).
    """

    surveys: pd.DataFrame
    persons: pd.DataFrame
    potential: pd.DataFrame


@cache
def _codebook() -> Codebook:
    return load_codebook(ITEMS, VARIABLES)


def draw(
    world: World,
    rng: np.random.Generator,
    scale: float = 1,
    codebook: Codebook | None = None,
) -> Population:
    """Draw a population from a world, `scale` times as large as the world states.

    Counts and the shares of section `persons` are quotas: they come out exactly. Everything
    else is chance. Every returnee has a potential follow-up; whether it took place and whether
    mentoring preceded it is decided after the first survey, from its score or the trait.

    Raises
    ------
    StudyError
        If the world names an item, answer, dimension or assistance the codebook lacks.
    """
    world = world if scale == 1 else world.scaled(scale)
    questionnaire = Questionnaire(world, codebook or _codebook())
    return _Draw(world, questionnaire, rng).population()


class _Draw:
    """One draw: every array has one row per returnee."""

    def __init__(self, world: World, questionnaire: Questionnaire, rng: np.random.Generator):
        self.world, self.questionnaire, self.rng = world, questionnaire, rng
        self.codebook = questionnaire.codebook
        self.points = questionnaire.points_per_sd()
        self.persons = people.draw_persons(world, rng)
        self.n = len(self.persons)
        self.codes = list(world.countries)
        self.country = self.persons["country_index"].to_numpy()
        self.received = pd.DataFrame(
            {kind: np.full(self.n, np.datetime64("NaT", "s")) for kind in world.assistance.types}
        )

    def population(self) -> Population:
        """Run the survey from first contact to last follow-up."""
        world, rng, everyone = self.world, self.rng, np.arange(self.n)
        nobody = np.zeros(self.n, dtype=bool)
        self.stable = self._traits(world.latent.person_variance)
        self._first_dates()
        self.steady = self._steady_effects()
        self.transient = [self._traits(1 - world.latent.person_variance) for _ in range(ROUNDS)]
        self.noise = [self.questionnaire.noise(self.n, rng) for _ in range(ROUNDS)]
        self._before_first()
        answers = [self._survey(0, everyone, nobody)]
        need = self._needs(answers[0])
        self._after_first(need)
        mentored = self._choose_mentored(need)
        followed = self._choose_followed(mentored, need)
        third = self._choose_third(followed)
        self._last_dates()
        self._later()
        answers += [
            self._survey(t, np.flatnonzero(seen), mentored)
            for t, seen in ((1, followed), (2, third))
        ]
        persons = self._finish_persons(mentored, followed, third, need)
        return Population(self._surveys(persons, answers), persons, self._potential(third))

    # traits and dates

    def _traits(self, variance: float) -> np.ndarray:
        """Normal traits, shape (n, dimensions), equally correlated across dimensions."""
        d = len(self.questionnaire.dimensions)
        r = self.world.latent.correlation
        common = self.rng.standard_normal((self.n, 1))
        own = self.rng.standard_normal((self.n, d))
        return np.sqrt(variance) * (np.sqrt(r) * common + np.sqrt(1 - r) * own)

    def _first_dates(self) -> None:
        """Days since the epoch of return, first survey, and the potential follow-up."""
        timing, rng, n = self.world.timing, self.rng, self.n
        low, high = (months * DAYS_PER_MONTH for months in timing.months_between)
        gap = np.rint(rng.uniform(low, high, n)).astype(int)
        since_return = rng.gamma(4, timing.months_to_first_survey / 4, n) * DAYS_PER_MONTH
        first_day, last_day = (
            np.datetime64(day, "D").astype(int) for day in (timing.first_day, timing.last_day)
        )
        latest = np.maximum(last_day - gap - LEAST_GAP_DAYS, first_day)
        first = np.floor(rng.uniform(first_day, latest + 1)).astype(int)
        self.last_day = last_day
        self.returned = first - np.maximum(1, np.rint(since_return).astype(int))
        self.dates = [first, np.minimum(first + gap, last_day)]

    def _last_dates(self) -> None:
        """Day of the potential second follow-up."""
        low, high = (months * DAYS_PER_MONTH for months in self.world.timing.months_between)
        gap = np.rint(self.rng.uniform(low, high, self.n)).astype(int)
        self.dates.append(np.minimum(self.dates[1] + gap, self.last_day))

    # what is planted

    def _steady_effects(self) -> np.ndarray:
        """Effects that do not change between surveys, in SDs, shape (n, dimensions)."""
        offices = [self.world.countries[code] for code in self.codes]
        points = np.array([self._in_order(office.level) for office in offices])[self.country]
        for name, effect in self.world.persons.effects.items():
            points = points + np.outer(people.covariate(self.persons, name), self._in_order(effect))
        return points / self.points

    def _in_order(self, effects: dict[str, float]) -> list[float]:
        return [effects.get(d, 0.0) for d in self.questionnaire.dimensions]

    def _survey(self, t: int, rows: np.ndarray, mentored: np.ndarray) -> pd.DataFrame:
        """Answers of some returnees in round `t`, given who of all is mentored by then."""
        world, country = self.world, self.country[rows]
        offices = [world.countries[code] for code in self.codes]
        slope = np.array([self._in_order(office.slope) for office in offices])[country]
        months = (self.dates[t] - self.returned)[rows] / DAYS_PER_MONTH
        points = slope * ((months - LEVEL_AT_MONTHS) / 12)[:, None]
        day = self.dates[t][rows].astype("datetime64[D]")
        for kind, assistance in world.assistance.types.items():
            by_now = self.received[kind].to_numpy()[rows] <= day
            effect = np.array(self._in_order(assistance.effect)) * world.assistance.strength
            points = points + np.outer(by_now.astype(float), effect)
        if world.mentoring and mentored.any():
            pilot = world.mentoring.countries
            effect = np.array(
                [self._in_order(pilot[c].effect if c in pilot else {}) for c in self.codes]
            )
            by_now = mentored[rows, None]
            points = points + world.mentoring.strength * effect[country] * by_now
        traits = (self.stable + self.transient[t] + self.steady)[rows] + points / self.points
        names = [probit.name for probit in self.questionnaire.probits]
        shift = np.array([[office.items.get(name, 0.0) for name in names] for office in offices])
        answers = self.questionnaire.answers(traits, shift[country], self.noise[t].rows(rows))
        return answers.set_axis(rows, axis="index")

    def _scores(self, answers: pd.DataFrame) -> pd.DataFrame:
        """Scores of answers, by the study's own scoring."""
        numbered = answers.assign(survey_id=np.arange(len(answers)))
        return score(numbered, self.codebook, SCORING)[self.codebook.score_names]

    # who receives what, and who is seen again

    def _needs(self, first: pd.DataFrame) -> dict[str, np.ndarray]:
        """Need in SDs of its country after the first survey, by the way in which it is seen."""
        seen = self._scores(first)[self.codebook.main_score]
        trait = pd.Series((self.stable + self.steady).mean(axis=1))

        def standardised(values: pd.Series) -> np.ndarray:
            by_country = values.groupby(self.country)
            z = (values - by_country.transform("mean")) / by_country.transform("std")
            return z.replace([np.inf, -np.inf], np.nan).fillna(0).to_numpy()

        return {
            "observed_first_score": -standardised(seen),
            "latent_need": -standardised(trait),
            "random": np.zeros(self.n),
        }

    def _dates_within(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """A day after `start` and not after `end`, by chance."""
        length = np.maximum(end - start, 1)
        return start + 1 + np.floor(self.rng.random(self.n) * length).astype(int)

    def _give(self, kind: str, chance: float, log_odds: np.ndarray, days: np.ndarray) -> None:
        """Some who have not yet had it receive a type of assistance on their day."""
        offered = np.array([kind not in self.world.countries[c].not_offered for c in self.codes])
        given = self.rng.random(self.n) < tilt(chance, log_odds) * offered[self.country]
        given &= self.received[kind].isna().to_numpy()
        self.received[kind] = self.received[kind].mask(given, days.astype("datetime64[D]"))

    def _before_first(self) -> None:
        """Assistance between return and first survey, when no score is known yet."""
        plan = self.world.assistance
        need = -(self.stable + self.steady).mean(axis=1)
        strength = plan.selection_strength if plan.selection == "latent_need" else 0.0
        for kind, assistance in plan.types.items():
            days = np.minimum(self._dates_within(self.returned, self.dates[0]), self.dates[0])
            self._give(kind, assistance.before, strength * need, days)

    def _after_first(self, need: dict[str, np.ndarray]) -> None:
        """Assistance between the first survey and the potential follow-up."""
        plan = self.world.assistance
        log_odds = plan.selection_strength * need[plan.selection]
        for kind, assistance in plan.types.items():
            days = self._dates_within(self.dates[0], self.dates[1])
            self._give(kind, assistance.between, log_odds, days)

    def _later(self) -> None:
        """Assistance after the potential follow-up; most of it no survey ever sees."""
        for kind, assistance in self.world.assistance.types.items():
            days = self._dates_within(self.dates[1], self.dates[1] + LATER_DAYS)
            self._give(kind, assistance.between * LATER_SHARE, np.zeros(self.n), days)

    def _choose_mentored(self, need: dict[str, np.ndarray]) -> np.ndarray:
        """The pilot's quota of each country, in its locations, by need."""
        chosen = np.zeros(self.n, dtype=bool)
        pilot = self.world.mentoring
        for iso3, plan in (pilot.countries if pilot else {}).items():
            assert pilot is not None
            here = np.flatnonzero(self.country == self.codes.index(iso3))
            log_odds = pilot.selection_strength * need[pilot.selection][here]
            outside = self.persons["location_index"].to_numpy()[here] >= pilot.locations
            log_odds = np.where(outside, -50.0, log_odds)
            chosen[here] = quota(log_odds, plan.mentored, self.rng)
        return chosen

    def _choose_followed(self, mentored: np.ndarray, need: dict[str, np.ndarray]) -> np.ndarray:
        """The quota of follow-ups of each country, the mentored first."""
        plan, chosen = self.world.follow_up, np.zeros(self.n, dtype=bool)
        log_odds = -plan.log_odds_per_sd * need["observed_first_score"]
        seen_again = self.world.mentoring.seen_again if self.world.mentoring else 0.0
        for c, code in enumerate(self.codes):
            wanted = round(self.world.countries[code].follow_ups * plan.share)
            pilot = np.flatnonzero((self.country == c) & mentored)
            others = np.flatnonzero((self.country == c) & ~mentored)
            of_pilot = min(round(seen_again * len(pilot)), wanted)
            of_pilot = max(of_pilot, wanted - len(others))
            chosen[pilot] = quota(log_odds[pilot], of_pilot, self.rng)
            chosen[others] = quota(log_odds[others], wanted - of_pilot, self.rng)
        return chosen

    def _choose_third(self, followed: np.ndarray) -> np.ndarray:
        """The quota of second follow-ups, likelier the more time is left for one."""
        chosen = np.zeros(self.n, dtype=bool)
        left = (self.last_day - self.dates[1]) / DAYS_PER_MONTH
        for c, code in enumerate(self.codes):
            here = np.flatnonzero((self.country == c) & followed)
            share = self.world.follow_up.share
            wanted = min(round(self.world.countries[code].second_follow_ups * share), len(here))
            chosen[here] = quota(0.5 * left[here], wanted, self.rng)
        return chosen

    # what is known afterwards

    def _potential(self, third: np.ndarray) -> pd.DataFrame:
        """Scores at the last potential survey with and without mentoring, same draws."""
        pilot = self.world.mentoring.countries if self.world.mentoring else {}
        here = np.isin(self.country, [self.codes.index(iso3) for iso3 in pilot])
        rows = np.concatenate([np.flatnonzero(here & ~third), np.flatnonzero(here & third)])
        tables = [pd.DataFrame({"returnee_id": self.persons["returnee_id"].to_numpy()[rows]})]
        for value in (0, 1):
            mentored = np.full(self.n, bool(value))
            last = pd.concat(
                [self._survey(t, rows[third[rows] == (t == 2)], mentored) for t in (1, 2)]
            )
            tables.append(self._scores(last).add_suffix(f"_{value}"))
        return pd.concat(tables, axis=1).sort_values("returnee_id", ignore_index=True)

    def _finish_persons(
        self,
        mentored: np.ndarray,
        followed: np.ndarray,
        third: np.ndarray,
        need: dict[str, np.ndarray],
    ) -> pd.DataFrame:
        """Add to the persons what was decided on the way."""
        rng, plan = self.rng, self.world.assistance
        start = self.dates[0] + np.maximum(
            1, ((self.dates[1] - self.dates[0]) * rng.uniform(0.05, 0.4, self.n)).astype(int)
        )
        seen_as = self.world.mentoring.selection if self.world.mentoring else "random"
        new = {
            "return_date": self.returned.astype("datetime64[D]"),
            "survey_1": self.dates[0].astype("datetime64[D]"),
            "survey_2": self.dates[1].astype("datetime64[D]"),
            "survey_3": self.dates[2].astype("datetime64[D]"),
            "mentored": mentored,
            "followed_up": followed,
            "followed_up_twice": third,
            "need": need[seen_as],
            "orion_date": pd.Series(start.astype("datetime64[D]")).where(mentored),
        }
        for kind in plan.types:
            offices = [self.world.countries[code] for code in self.codes]
            kept = np.array([kind not in office.not_recorded for office in offices])[self.country]
            new[f"date_{kind}"] = self.received[kind].to_numpy()
            new[f"recorded_{kind}"] = kept & (rng.random(self.n) >= plan.unrecorded)
            new[f"dated_{kind}"] = rng.random(self.n) >= plan.undated
        return pd.concat([self.persons, pd.DataFrame(new)], axis=1)

    def _surveys(self, persons: pd.DataFrame, answers: list[pd.DataFrame]) -> pd.DataFrame:
        """The surveys that took place, with the columns of clean/surveys.parquet."""
        took_place = [
            np.ones(self.n, dtype=bool),
            persons["followed_up"].to_numpy(),
            persons["followed_up_twice"].to_numpy(),
        ]
        last = persons["followed_up"].to_numpy(dtype=int) + persons["followed_up_twice"]
        parts = []
        for t, here in enumerate(took_place):
            own = persons[here]
            days = own[f"survey_{t + 1}"].astype("datetime64[us]")
            part = people.survey_columns(self.world, own, days, self.rng)
            part["round"] = t + 1
            part["is_first"] = int(t == 0)
            part["is_last"] = (last[here] == t).astype(int)
            before = answers_before(answers[t], self.codebook)
            part = pd.concat([part, before, answers[t]], axis=1)
            for kind in self.codebook.assistance:
                part[f"assistance_{kind}"] = _received_by(own, kind, days)
            mentored_by = (own["orion_date"] <= days).astype("Int8")
            parts.append(part.assign(orion=mentored_by))
        surveys = pd.concat(parts).sort_values(["person", "round"], ignore_index=True)
        surveys.insert(0, "survey_id", [f"S{i:012x}" for i in range(1, len(surveys) + 1)])
        return surveys[survey_columns(self.codebook)]


def _received_by(persons: pd.DataFrame, kind: str, days: pd.Series) -> pd.Series:
    """Whether assistance was received by a day: 1, 0, or missing when not recorded."""
    if f"date_{kind}" not in persons:
        return pd.Series(0, index=persons.index, dtype="Int8")
    date = persons[f"date_{kind}"]
    unknown = ~persons[f"recorded_{kind}"] | (date.notna() & ~persons[f"dated_{kind}"])
    return (date <= days).astype("Int8").mask(unknown)
