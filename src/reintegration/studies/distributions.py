"""How scores are distributed, by country: counts in steps and quartiles, never single surveys."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from reintegration.disclosure import SUPPRESSED, protect
from reintegration.estimation.results import DISTRIBUTION_COLUMNS, OK, table
from reintegration.estimation.rows import ALL
from reintegration.estimation.specs import RETURNEE

BINS = 20
QUANTILES = {"q25": 0.25, "median": 0.5, "q75": 0.75}


def distributions(
    frame: pd.DataFrame,
    scores: Sequence[str],
    cells: Sequence[tuple[str, np.ndarray]],
    minimum: int,
) -> pd.DataFrame:
    """Count surveys in steps of each score, and give quartiles; small steps suppressed.

    A step counts surveys, but whether it may be shown is decided by its returnees. A step
    that could be worked out from the others and their total is suppressed too.
    """
    edges = np.linspace(0, 1, BINS + 1)
    people = pd.factorize(frame[RETURNEE])[0]
    rows = []
    for country, here in cells:
        for score in scores:
            values = frame[score].to_numpy(dtype=float, na_value=np.nan)[here]
            known = ~np.isnan(values)
            values, persons = values[known], people[here][known]
            base: dict[str, Any] = {
                "country": country,
                "outcome": score,
                "n_obs": len(values),
                "n_returnees": len(np.unique(persons)),
                "status": OK,
            }
            # A score of 0.3 may be held as 0.29999999999999993.
            step = np.clip(np.floor(values * BINS + 1e-9).astype(int), 0, BINS - 1)
            rows += [
                base
                | {
                    "statistic": "count",
                    "low": edges[k],
                    "high": edges[k + 1],
                    "value": int((step == k).sum()),
                    "held_by": len(np.unique(persons[step == k])),
                }
                for k in range(BINS)
            ]
            few = base["n_returnees"] < minimum
            rows += [
                base
                | {
                    "statistic": name,
                    "low": np.nan,
                    "high": np.nan,
                    "value": np.nan if few else float(np.quantile(values, share)),
                    "held_by": np.nan,
                    "status": SUPPRESSED if few else OK,
                }
                for name, share in QUANTILES.items()
            ]
    counted = table(rows, (*DISTRIBUTION_COLUMNS, "held_by"))
    steps = counted["statistic"] == "count"
    named = counted[steps].assign(step=counted.index[steps].astype(str))
    done = protect(
        named,
        minimum,
        count="held_by",
        values=["value"],
        lines=[["country", "outcome"], ["outcome", "low"]],
        total=(named["country"] == ALL),
        identifier="step",
    )
    hidden = done.cells[SUPPRESSED] != ""
    counted["value"] = counted["value"].astype(float)
    counted.loc[hidden.index[hidden], "value"] = np.nan
    counted.loc[hidden.index[hidden], "status"] = SUPPRESSED
    return counted[list(DISTRIBUTION_COLUMNS)]
