"""The truth of a world: what the study's own estimators would find without sampling error.

Two kinds of truth, by `kind`: a `projection` is what an estimator converges to, right or
wrong, computed on a population many times as large; a `potential_outcome` is the effect of
mentoring itself, each person compared with the same person unmentored. Their difference is
the bias of an estimator. Counts are what the world states.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reintegration import config
from reintegration.audit.claims import NOT_TESTABLE, load_claims
from reintegration.audit.verdicts import HOLDS, evaluate, gather_numbers
from reintegration.codebook import Codebook
from reintegration.errors import StudyError
from reintegration.estimation.written import FEWEST_DRAWS, RESAMPLED, FitVcov
from reintegration.ingest.contract import survey_columns
from reintegration.scoring import score
from reintegration.simulation.population import Population, draw
from reintegration.simulation.world import World
from reintegration.studies.assistance import regress
from reintegration.studies.descriptives import describe
from reintegration.studies.frames import survey_frame
from reintegration.studies.orion import compare_mentored
from reintegration.studies.trends import fit_trends

SCALE = 6  # the population is so many times as large as the survey
TRUTH_COLUMNS = ["estimate_id", "kind", "value", "monte_carlo_se"]


@dataclass(frozen=True)
class Choices:
    """The sections of the configuration that say what is estimated."""

    study: config.Study
    instrument: config.Instrument
    scoring: config.Scoring
    specifications: tuple[config.Specification, ...]
    assistance: config.Assistance
    inference: config.Inference
    orion: config.Orion
    trends: config.Trends

    @classmethod
    def of(cls, sections: Mapping[str, Any]) -> "Choices":
        """Build from sections as plain data, as `Config.section` gives them."""
        return cls(
            study=config.Study.model_validate(sections["study"]),
            instrument=config.Instrument.model_validate(sections["instrument"]),
            scoring=config.Scoring.model_validate(sections["scoring"]),
            specifications=tuple(
                config.Specification.model_validate(one) for one in sections["specifications"]
            ),
            assistance=config.Assistance.model_validate(sections["assistance"]),
            inference=config.Inference.model_validate(sections["inference"]),
            orion=config.Orion.model_validate(sections["orion"]),
            trends=config.Trends.model_validate(sections["trends"]),
        )


# What `Choices` needs, in the words of the configuration.
SECTIONS = tuple(Choices.__dataclass_fields__)


@dataclass(frozen=True)
class Truth:
    """The truth of a world.

    Attributes
    ----------
    table
        One row per estimate id, with `TRUTH_COLUMNS`.
    planted
        claim_id, planted (yes or no): whether the world makes a claim true.
    """

    table: pd.DataFrame
    planted: pd.DataFrame


def find_truth(
    world: World,
    choices: Choices,
    codebook: Codebook,
    rng: np.random.Generator,
    scale: float = SCALE,
) -> Truth:
    """Compute the truth on a population `scale` times as large as the survey."""
    population = draw(world, rng, scale, codebook.main_alone)
    # A world answers the main instrument; nobody is asked another one's questions.
    surveys = population.surveys.reindex(columns=survey_columns(codebook))
    if choices.study.countries != "all":
        surveys = surveys[surveys["country"].isin(choices.study.countries)].reset_index(drop=True)
    if surveys.empty:
        raise StudyError(
            f"World {world.name}: the study has none of its countries.",
            [f"study.countries: one or several of {', '.join(world.countries)} are needed, or all"],
        )
    frame = survey_frame(surveys, score(surveys, codebook, choices.scoring))
    tables = estimate(frame, choices, codebook, rng)
    projections = pd.concat([_projections(table, scale) for table in tables], ignore_index=True)
    effects = effects_of_mentoring(population, codebook.main_alone)
    biases = _biases(projections, effects, choices.orion)
    table = pd.concat([projections, effects, biases], ignore_index=True)[TRUTH_COLUMNS]
    return Truth(table, _planted(tables, choices, codebook, scale))


def estimate(
    frame: pd.DataFrame, choices: Choices, codebook: Codebook, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Run every study of the pipeline on a survey frame, for its estimates alone.

    Each regression under its first covariance only, since the others share its estimates; no
    refits, no adjusted p-values, and no more draws than a bootstrap must have.
    """
    level = choices.inference.confidence_level
    alone: dict[str, Any] = {"family": None, "family_terms": None, "refits": []}
    first = [
        one.model_copy(update=alone | {"vcov": _cheapest(one.each_vcov)})
        for one in choices.specifications
    ]
    pilot = choices.orion.model_copy(update={"vcov": _cheapest(choices.orion.each_vcov)})
    trends = choices.trends.model_copy(update={"vcov": _cheapest(choices.trends.each_vcov)})
    regressions = regress(
        frame,
        first,
        choices.assistance,
        confidence=level,
        draws=0,
        rng=rng,
        engine="arrays",
    )
    orion = compare_mentored(frame, pilot, confidence=level, engine="arrays")
    return [
        describe(frame, codebook, confidence=level).descriptives,
        regressions.estimates,
        regressions.ranks,
        regressions.importance,
        orion.effects,
        orion.changes,
        fit_trends(frame, trends, confidence=level, engine="arrays").slopes,
    ]


def _cheapest(vcovs: Sequence[FitVcov]) -> FitVcov:
    """The first covariance, by which estimates are known; drawn as few times as can be."""
    first = vcovs[0]
    return first.model_copy(update={"draws": FEWEST_DRAWS}) if first.type in RESAMPLED else first


def _is_count(ids: pd.Series) -> pd.Series:
    return ids.str.startswith("n.")


def _projections(table: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Values of one table of estimates, with their Monte Carlo errors."""
    name = next(n for n in ("rank", "slope_per_year", "estimate") if n in table)
    table = table[table["status"] == "ok"] if "status" in table else table
    count = _is_count(table["estimate_id"])
    countries = table["estimate_id"].str.startswith("n.countries")
    error = table["std_error"] if "std_error" in table else pd.Series(np.nan, index=table.index)
    return pd.DataFrame(
        {
            "estimate_id": table["estimate_id"],
            "kind": np.where(count, "count", "projection"),
            "value": table[name].astype(float) / np.where(count & ~countries, scale, 1),
            "monte_carlo_se": error.astype(float).mask(count, 0.0),
        }
    )


def effects_of_mentoring(population: Population, codebook: Codebook) -> pd.DataFrame:
    """Average effects of mentoring on the last score, from potential outcomes.

    `att_followed`: on the mentored who were seen again; `att`: on all mentored; `ate`: on all
    returnees of the pilot's countries. Ids: truth.<estimand>.<score>.<country or all>.
    """
    columns = ["returnee_id", "country", "mentored", "followed_up"]
    people = population.potential.merge(population.persons[columns], on="returnee_id")
    groups = {
        "att_followed": people["mentored"] & people["followed_up"],
        "att": people["mentored"],
        "ate": pd.Series(True, index=people.index),
    }
    rows = []
    for name in codebook.score_names:
        effect = people[f"{name}_1"] - people[f"{name}_0"]
        for estimand, chosen in groups.items():
            for country in (*sorted(people["country"].unique()), "all"):
                here = chosen if country == "all" else chosen & (people["country"] == country)
                values = effect[here].dropna()
                error = values.std() / np.sqrt(len(values)) if len(values) > 1 else np.nan
                rows.append((f"truth.{estimand}.{name}.{country}", values.mean(), error))
    table = pd.DataFrame(rows, columns=["estimate_id", "value", "monte_carlo_se"])
    return table.assign(kind="potential_outcome").dropna(subset="value")


def _biases(projections: pd.DataFrame, effects: pd.DataFrame, orion: config.Orion) -> pd.DataFrame:
    """What each comparison of mentored and others converges to, less the effect on the mentored.

    Ids: truth.bias.<method>.<comparator>.<score>.<country or all>. The Monte Carlo error is
    that of the comparison, by far the larger one.
    """
    known = effects.set_index("estimate_id")["value"]
    rows: dict[str, tuple[float, float]] = {}
    columns = projections[["estimate_id", "value", "monte_carlo_se"]]
    for estimate_id, value, error in columns.to_numpy().tolist():
        parts = estimate_id.split(".")
        if parts[0] != "orion" or len(parts) < 5 or parts[1] not in orion.methods:
            continue
        method, comparator, outcome, country = parts[1:5]
        effect = f"truth.att_followed.{outcome}.{country}"
        name = f"truth.bias.{method}.{comparator}.{outcome}.{country}"
        if effect in known.index:  # the first of several covariances: the value is the same
            rows.setdefault(name, (value - known[effect], error))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "monte_carlo_se"])
    return table.rename_axis("estimate_id").reset_index().assign(kind="bias")


def _planted(
    tables: Sequence[pd.DataFrame], choices: Choices, codebook: Codebook, scale: float
) -> pd.DataFrame:
    """Judge the claims on the truth; what it cannot judge is left out."""
    numbers = gather_numbers(tables)
    count = _is_count(numbers.index.to_series()) & (numbers.index != "n.countries.all")
    for column in ("conf_low", "conf_high"):  # a truth without Monte Carlo error is a point
        numbers[column] = numbers[column].fillna(numbers["estimate"])
    values = ["estimate", "conf_low", "conf_high"]
    numbers.loc[count, values] = numbers.loc[count, values] / scale
    claims = load_claims(choices.instrument.claims) if choices.instrument.claims else ()
    judged = evaluate(claims, numbers, codebook.main.score_names)
    judged = judged[judged["verdict"] != NOT_TESTABLE]
    planted = np.where(judged["verdict"] == HOLDS, "yes", "no")
    return pd.DataFrame({"claim_id": judged["claim_id"], "planted": planted})


def plan_choices(sections: Mapping[str, Any] | None) -> tuple[Choices, Codebook]:
    """Choices and codebook of the sections given, or of config.yaml in this folder."""
    if sections is None:
        sections = config.load_config("config.yaml").section(*SECTIONS)
    choices = Choices.of(sections)
    return choices, choices.instrument.codebook()
