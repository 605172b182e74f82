"""Who carries a term once fixed effects are out: the fewest without whom it could not be told."""

import numpy as np
import pandas as pd
import pytest

from reintegration.estimation.fit import fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.specs import Specification, Vcov

UNDER = "not_estimable_under_this_vcov"


def spec(terms: str, vcov: Vcov, **changes) -> Specification:
    return Specification(
        **{
            "spec_id": "s",
            "title": "",
            "role": "exploratory",
            "data": "rows",
            "outcome": "y",
            "terms": tuple(parse_term(term) for term in terms.split()),
            "vcov": vcov,
            "coding": "",
        }
        | changes
    )


def panel(units: int = 40, periods: int = 6, seed: int = 2) -> pd.DataFrame:
    """Units over periods: three are treated late, ten always; twenty places hold two units each."""
    rng = np.random.default_rng(seed)
    unit, period = (part.ravel() for part in np.indices((units, periods)))
    frame = pd.DataFrame(
        {
            "returnee_id": [f"u{i}" for i in unit],
            "place": [f"p{i // 2}" for i in unit],
            "period": [f"t{i}" for i in period],
            "treated": (unit < 3).astype(float),
            "post": (period >= 3).astype(float),
            "x": rng.normal(size=len(unit)),
            "one": ((unit == 5) & (period == 2)).astype(float),
        }
    )
    frame["late"] = frame["treated"] * frame["post"]
    frame["d"] = np.maximum(frame["late"], (unit >= 30).astype(float))
    frame["late_x"] = frame["late"] * frame["x"]
    frame["y"] = rng.normal(size=units)[unit] + rng.normal(size=len(unit))
    return frame


@pytest.mark.parametrize(
    ("terms", "term", "effects", "people", "places"),
    [
        # Demeaning by unit and period moves every row; three units in two places were treated.
        ("treated:post", "treated:post", ("returnee_id", "period"), 3, 2),
        ("late", "late", ("returnee_id", "period"), 3, 2),
        # Ten more hold the value always: within units it is still told by three.
        ("d", "d", ("returnee_id", "period"), 3, 2),
        ("d", "d", ("returnee_id",), 3, 2),
        ("d", "d", ("period",), 13, 7),
        # A number that is zero but among them, and one that everybody has.
        ("late_x", "late_x", ("returnee_id", "period"), 3, 2),
        ("x", "x", ("returnee_id", "period"), 40, 20),
    ],
)
def test_carriers_under_fixed_effects(terms, term, effects, people, places):
    row = fit_specification(
        panel(), spec(terms, Vcov("CR1S", "place"), fixed_effects=effects)
    ).estimate(term)
    assert (row["status"], row["n_identifying"], row["n_carrying"]) == ("ok", people, places)
    assert f"carried by {places} place(s)" in row["warnings"] or places >= 10
