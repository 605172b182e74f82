"""What a world leads to be expected, on a population so large that chance hardly matters.

The values in worlds/demo.yaml were set by looking at this table, never by choosing a seed:

    python -m reintegration.simulation.calibration worlds/demo.yaml
"""

import sys

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook, load_codebook
from reintegration.scoring import reliability, score
from reintegration.simulation.population import ITEMS, SCORING, VARIABLES, draw
from reintegration.simulation.world import World, load_world
from reintegration.studies.frames import change_frame, survey_frame

SCALE = 10
PUBLIC_ABROAD = 6  # months


def expected(
    world: World, codebook: Codebook, rng: np.random.Generator, scale: float = SCALE
) -> pd.Series:
    """Expected values of a world, indexed by what they are: `mean.composite`, `share.men`, ..."""
    population = draw(world, rng, scale, codebook)
    scores = score(population.surveys, codebook, SCORING)
    frame = survey_frame(population.surveys, scores)
    names = codebook.score_names
    found = {f"mean.{name}": frame[name].mean() for name in names}
    found |= {f"sd.{name}": frame[name].std() for name in names}
    correlations = frame[list(codebook.dimensions)].corr()
    found |= {
        f"correlation.{a}.{b}": correlations[a][b]
        for i, a in enumerate(codebook.dimensions)
        for b in list(codebook.dimensions)[i + 1 :]
    }
    alphas = reliability(scores, codebook).set_index("score")["alpha"]
    found |= {f"alpha.{name}": alphas[name] for name in names}
    found |= _shares(frame)
    by_country = frame.groupby("country")[names].mean()
    for name in names:
        deviations = by_country[name] - by_country[name].mean()
        found |= {f"deviation.{name}.{c}": value for c, value in deviations.items()}
    found |= _changes(frame, world, names)
    found |= _effects(population.potential, names)
    return pd.Series(found, dtype=float)


def _shares(frame: pd.DataFrame) -> dict[str, float]:
    """Shares of returnees (first surveys); of surveys for the network."""
    first = frame[frame["is_first"] == 1]
    known = first["months_abroad"].dropna()
    shares = {
        "share.men": (first["sex"] == "man").mean(),
        "share.stranded": (first["stranded"] == "yes").mean(),
        "share.abroad_under_six_months": (known < PUBLIC_ABROAD).mean(),
        "share.followed_up": (frame.groupby("returnee_id").size() > 1).mean(),
    }
    for decision, share in first["return_decision"].value_counts(normalize=True).items():
        shares[f"share.return_decision.{decision}"] = share
    answered = frame[frame["item_q22"].notna()]
    poor = answered["q22"].isin(["poor", "very_poor"]).groupby(answered["country"]).mean()
    return shares | {f"share.network_poor.{country}": share for country, share in poor.items()}


def _changes(frame: pd.DataFrame, world: World, names: list[str]) -> dict[str, float]:
    """Mean changes from first to last survey in the pilot's countries, and last scores apart."""
    changes = change_frame(frame)
    pilot = changes[changes["country"].isin(world.mentoring.countries if world.mentoring else [])]
    found = {}
    for value, group in ((1, "mentored"), (0, "others")):
        own = pilot[pilot["orion"] == value]
        for name in names:
            found[f"change.{group}.{name}.all"] = own[f"change_{name}"].mean()
            found[f"last.{group}.{name}.all"] = own[f"last_{name}"].mean()
            by_country = own.groupby("country")[f"change_{name}"].mean()
            found |= {f"change.{group}.{name}.{c}": mean for c, mean in by_country.items()}
    return found


def _effects(potential: pd.DataFrame, names: list[str]) -> dict[str, float]:
    return {f"effect.{n}": (potential[f"{n}_1"] - potential[f"{n}_0"]).mean() for n in names}


def main(path: str) -> None:
    """Print the table of one world."""
    world = load_world(path)
    codebook = load_codebook(ITEMS, VARIABLES)
    values = expected(world, codebook, np.random.default_rng(world.seed + 1))
    main = codebook.main_score
    order = [key for key in values.index if main in key or not key.startswith("deviation")]
    print(values[order].round(4).to_string())


if __name__ == "__main__":
    main(sys.argv[1])
