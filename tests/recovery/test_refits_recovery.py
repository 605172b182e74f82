"""Each refit of an assistance effect finds what it is for, in surveys whose truth is planted."""

import numpy as np
import pandas as pd
import pytest

from reintegration.config import Assistance, Specification
from reintegration.estimation.declared import expand
from reintegration.estimation.fit import fit_specification
from reintegration.estimation.refits import refit_specifications
from reintegration.studies.refits import refit_frame, refit_frames

EFFECT = 0.05
ASSISTANCE = Assistance(
    types=["training", "cash"],
    undated="not_recorded",
    not_recorded="own_category",
    moves={"training": ["q6"]},
)


def declared(**changes) -> Specification:
    plain = {
        "id": "levels",
        "title": "Levels",
        "role": "published",
        "data": "surveys",
        "outcomes": ["composite"],
        "terms": ["assistance"],
        "controls": ["months_since_return", "sex"],
        "vcov": {"type": "CR1S", "cluster": "returnee_id"},
        "refits": ["without_items", "person_equal", "common_months", "within_between"],
    }
    return Specification.model_validate(plain | changes)


def world(
    people: int = 1500,
    selected: float = 0.0,
    waits: float = 0.0,
    often: float = 0.0,
    gaps: float = 0.0,
    seed: int = 4,
) -> pd.DataFrame:
    """Draw surveys, one to three a returnee, in which training moves the score by `EFFECT`.

    `selected`: who is trained scores higher anyway. `waits`: after half a year the score rises by
    so much, and more are trained. `often`: training moves those surveyed often by so much more.
    `gaps`: share of surveys without a record.
    """
    rng = np.random.default_rng(seed)
    rounds = rng.integers(1, 4, people)
    person = np.repeat(np.arange(people), rounds)
    n = len(person)
    occasion = np.arange(n) - np.repeat(np.cumsum(rounds) - rounds, rounds)
    months = rng.uniform(0, 8, people)[person] + occasion * rng.uniform(4, 9, n)
    kind = rng.normal(size=people)
    chance = rng.uniform(size=people)[person] + (0.12 if selected else 0.0) * kind[person]
    start = 0.75 - (0.5 * (months >= 6) if waits else 0.2 * occasion)
    training = (chance > start).astype(float)
    cash = (rng.random(people)[person] < 0.2 + 0.2 * occasion).astype(float)
    score = 0.4 + (EFFECT + often * (rounds == 3)[person]) * training
    score += selected * kind[person] + waits * (months >= 6) + rng.normal(0, 0.05, n)
    frame = pd.DataFrame(
        {
            "survey_id": [f"S{i}" for i in range(n)],
            "returnee_id": [f"R{i}" for i in person],
            "country": np.array(["GIN", "SEN"])[person % 2],
            "months_since_return": months,
            "sex": np.array(["man", "woman"])[(rng.random(people) < 0.3).astype(int)][person],
            "composite": score,
            "composite_without_training": score - EFFECT * training,
            "assistance_training": training,
            "assistance_cash": cash,
        }
    )
    frame.loc[rng.random(n) < gaps, "assistance_training"] = np.nan
    return frame


def fits(frame: pd.DataFrame, **changes) -> dict[str, dict]:
    one = declared(**changes)
    bases = expand([one], ASSISTANCE)
    refits = refit_specifications([one], bases, {"composite": ["training"]})
    frames = {"surveys": frame}
    frames |= refit_frames(frames, bases, refits)
    found = {}
    for spec in (*bases, *refits):
        fit = fit_specification(frames[spec.data], spec)
        found |= {f"{spec.spec_id}/{row['term']}": row for row in fit.estimates}
    return found


def covers(row: dict, truth: float) -> bool:
    return row["conf_low"] < truth < row["conf_high"]


def test_an_item_moved_by_itself_is_all_there_was():
    found = fits(world())
    assert covers(found["levels.composite/training"], EFFECT)
    assert found["levels.composite/training"]["p_value"] < 1e-6
    without = found["levels.composite.without_items.training/training"]
    assert covers(without, 0.0)
    assert without["estimate_id"] == "levels.composite.without_items.training.cr1s-returnee_id"


def test_who_is_chosen_biases_the_comparison_of_persons_and_not_that_within():
    found = fits(world(selected=0.06))
    within = found["levels.composite.within_between/within_training"]
    assert covers(within, EFFECT)
    assert found["levels.composite/training"]["conf_low"] > EFFECT
    assert (
        found["levels.composite.within_between/between_training"]["estimate"]
        > found["levels.composite/training"]["estimate"]
    )


def test_within_is_the_fixed_effect_of_persons():
    """Mundlak (1978): with the persons' means of all that varies, pooled is within."""
    frame = world(selected=0.06)
    within = fits(frame)["levels.composite.within_between/within_training"]
    [base] = expand([declared(controls=["months_since_return"], estimator="within")], ASSISTANCE)
    fixed = fit_specification(frame, base).estimate("training")
    assert within["estimate"] == pytest.approx(fixed["estimate"], rel=1e-9)
    rows = frame.groupby("returnee_id")["assistance_training"].nunique()
    assert within["n_identifying"] == fixed["n_identifying"] == (rows > 1).sum()


def test_surveys_without_a_record_are_a_category_of_their_own():
    found = fits(world(selected=0.06, gaps=0.2))
    assert covers(found["levels.composite.within_between/within_training"], EFFECT)
    gap = found["levels.composite.within_between/between_training_not_recorded"]
    assert (gap["status"], gap["level"]) == ("ok", "not_recorded")
    frame = world(gaps=0.2)
    [base] = expand([declared()], ASSISTANCE)
    made = refit_frame(frame, base)
    blank = frame["assistance_training"].isna()
    assert made.loc[blank, "assistance_between_training"].isna().all()
    assert (made.loc[blank, "assistance_within_training"] == 0).all()
    sums = made["assistance_within_training"].groupby(frame["returnee_id"]).sum()
    assert sums.abs().max() < 1e-12


def test_a_step_in_time_is_taken_out_at_common_months():
    found = fits(world(waits=0.1))
    assert covers(found["levels.composite.common_months/training"], EFFECT)
    assert not covers(found["levels.composite/training"], EFFECT)


def test_months_observed_on_one_side_are_left_out():
    frame = world()
    early = frame["months_since_return"] < 2
    frame.loc[early, ["assistance_training", "assistance_cash"]] = 0.0
    [base] = expand([declared()], ASSISTANCE)
    made = refit_frame(frame, base)
    assert set(made.loc[early, "common_months"]) == {0.0}
    assert made.loc[frame["months_since_return"].between(5, 6), "common_months"].eq(1).all()
    found = fits(frame)
    kept = (made["common_months"] == 1).sum()
    assert found["levels.composite.common_months/training"]["n_obs"] == kept < len(frame)


def test_each_person_counts_once():
    """Those surveyed three times gain more, and count three times where surveys are counted."""
    frame = world(people=4000, often=0.1)
    found = fits(frame)
    surveys, persons = (
        found[f"levels.composite{name}/training"]["estimate"] for name in ("", ".person_equal")
    )
    assert EFFECT < persons < surveys
    [base] = expand([declared()], ASSISTANCE)
    blank = frame.assign(composite=frame["composite"].where(np.arange(len(frame)) % 7 > 0))
    made = refit_frame(blank, base)
    weight = made["equal_weight"].groupby(frame["returnee_id"]).sum()
    seen = blank.groupby("returnee_id")["composite"].count()
    assert weight[seen[weight.index] > 0].to_numpy() == pytest.approx(1)
    assert made.loc[blank["composite"].isna(), "equal_weight"].isna().all()
