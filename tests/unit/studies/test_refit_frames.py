"""What a refit within and between returnees equals, and what it does not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reintegration.estimation.fit import fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.refits import _within_between
from reintegration.estimation.specs import Specification, Vcov
from reintegration.studies.refits import refit_frame

CONTROLS = "months_since_return mode sex"


def surveys(seed: int = 0) -> pd.DataFrame:
    """Returnees of one to four surveys, a third of them seen once."""
    rng = np.random.default_rng(seed)
    times = np.where(rng.random(200) < 0.3, 1, rng.integers(2, 5, size=200))
    person = np.repeat(np.arange(200), times)
    n, own = len(person), rng.normal(size=200)[person]
    frame = pd.DataFrame(
        {
            "survey_id": [f"s{i}" for i in range(n)],
            "returnee_id": [f"r{i}" for i in person],
            "months_since_return": rng.uniform(0, 30, size=n),
            "mode": np.where(rng.random(n) < 0.4, "phone", "visit"),
            "sex": np.where(rng.random(200) < 0.5, "man", "woman")[person],
            "assistance_training": (rng.random(n) + 0.3 * own > 0.5).astype(float),
        }
    )
    frame["y"] = own + 0.3 * frame["assistance_training"] + rng.normal(size=n)
    return frame


def gap(frame: pd.DataFrame, controls: str = CONTROLS) -> float:
    """How far `within` is from the estimate with an effect for each returnee."""
    base = Specification(
        spec_id="s",
        title="",
        role="exploratory",
        data="surveys",
        outcome="y",
        terms=(parse_term("assistance_training"),),
        controls=tuple(parse_term(term) for term in controls.split()),
        vcov=Vcov("CR1S", "returnee_id"),
        not_recorded="own_category",
    )
    [refit] = _within_between(base, {})
    ours = fit_specification(refit_frame(frame, base), refit).estimate("within_training")
    effects = replace(base, fixed_effects=("returnee_id",))
    return abs(
        ours["estimate"] - fit_specification(frame, effects).estimate("training")["estimate"]
    )


def test_within_equals_an_effect_for_each_returnee_where_records_are_whole():
    assert gap(surveys()) == pytest.approx(0, abs=1e-12)  # whoever was seen once changes nothing
    whole = surveys()
    unknown = whole["returnee_id"].isin([f"r{i}" for i in range(0, 200, 9)])
    whole.loc[unknown, "assistance_training"] = np.nan
    assert gap(whole) == pytest.approx(0, abs=1e-12)


def test_within_is_another_estimate_where_single_surveys_have_no_record():
    some = surveys()
    some.loc[some.index % 10 == 3, "assistance_training"] = np.nan
    assert gap(some) > 0.005
    assert gap(surveys(), f"{CONTROLS} sex:months_since_return") > 1e-4
