"""Who carries a term once fixed effects are out: the fewest without whom it could not be told."""

import numpy as np
import pandas as pd
import pytest
from plain_specs import UNDER, spec

from reintegration.estimation.fit import fit_specification
from reintegration.estimation.specs import Vcov


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


# ---------------------------------------------------------------- single rows

HC = [Vcov(kind) for kind in ("HC0", "HC1", "HC2", "HC3")]


@pytest.mark.parametrize("vcov", HC, ids=lambda vcov: vcov.type)
@pytest.mark.parametrize("effects", [("place",), ("place", "period")])
def test_what_one_row_tells_has_no_number_with_effects_absorbed_as_with_dummies(vcov, effects):
    frame = panel(12)
    frame["x_in_one"] = frame["one"] * frame["x"]
    alone = (frame["place"] == "p3") & (frame["period"] == "t1")  # two rows of one place
    frame["varies_in_two"] = np.where(alone, frame["x"], 0.0)
    absorbed = fit_specification(frame, spec("one x varies_in_two", vcov, fixed_effects=effects))
    dummies = fit_specification(frame, spec(f"{' '.join(effects)} one x varies_in_two", vcov))
    for fit in (absorbed, dummies):
        assert fit.estimate("one")["status"] == UNDER
        assert "1 row" in fit.estimate("one")["warnings"]
        assert fit.estimate("x")["status"] == "ok"
        assert fit.estimate("varies_in_two")["status"] == "ok"
    for term in ("x", "varies_in_two"):
        ours, theirs = absorbed.estimate(term), dummies.estimate(term)
        assert ours["std_error"] == pytest.approx(theirs["std_error"], rel=1e-9)
    interaction = spec("one x one:x", vcov, fixed_effects=effects)
    assert fit_specification(frame, interaction).estimate("x")["status"] == "ok"


def test_a_number_that_varies_in_two_rows_of_one_group_is_told_by_them_alone():
    """Both rows of a unit of two, whose effect is out, fit themselves."""
    frame = pd.DataFrame(
        {
            "returnee_id": np.repeat([f"u{i}" for i in range(15)], 2),
            "x": np.tile([0.0, 1.0], 15) * 2.5,
        }
    )
    rng = np.random.default_rng(4)
    frame["in_one"] = np.where(frame["returnee_id"] == "u3", [0.3, 1.9] * 15, 0.5)
    frame["y"] = rng.normal(size=30)
    for vcov in HC[:2]:
        row = fit_specification(
            frame, spec("in_one x", vcov, fixed_effects=("returnee_id",))
        ).estimate("in_one")
        assert row["status"] == UNDER
        assert "2 row(s)" in row["warnings"]
        assert vcov.type in row["warnings"]


def test_three_rows_and_one_far_away_keep_their_numbers():
    frame = panel(12)
    frame["few"] = np.isin(np.arange(len(frame)), [3, 30, 50]).astype(float)
    frame.loc[7, "x"] = 40.0  # high leverage, not exact
    for vcov in HC:
        for effects in ((), ("place",), ("place", "period")):
            fit = fit_specification(frame, spec("few x", vcov, fixed_effects=effects))
            assert {fit.estimate(term)["status"] for term in ("few", "x")} == {"ok"}
            assert "carried by 3 row(s) only" in fit.estimate("few")["warnings"]
    # One variance for all rows: none tells it alone.
    fit = fit_specification(frame, spec("one x", Vcov("classical"), fixed_effects=("place",)))
    assert fit.estimate("one")["status"] == "ok"


@pytest.mark.parametrize("effects", [(), ("period",)])
def test_what_rests_a_little_on_one_row_has_a_number_and_a_warning(effects):
    frame = panel(12).assign(region=lambda f: np.where(f.index < 30, "a", "b"))
    frame.loc[[50, 57, 64], "region"] = "c"
    frame.loc[0, "region"] = "d"
    asked = spec("region x", HC[1], codings=(("region", "deviation"),), fixed_effects=effects)
    fit = fit_specification(frame, asked)
    few = fit.estimate("region.c")  # its own three rows weigh more than the one in the average
    assert few["status"] == "ok"
    assert "of its variance stands on 1 row(s)" in few["warnings"]
    assert "too narrow" in few["warnings"]
    for level in ("region.a", "region.b", "region.d"):  # for them it is the other way round
        assert fit.estimate(level)["status"] == UNDER


# ---------------------------------------------------------------- both counts


@pytest.mark.parametrize(
    ("first", "treated", "carrying", "effective", "said"),
    [
        (10, 2, 2, 2.2, "carried by 2 place(s) only, and all place(s) together weigh as 2.2 equal"),
        (10, 20, 20, 40.0, ""),
        (1000, 20, 20, 1.2, "carried by 20 place(s), and all place(s) together weigh as 1.2 equal"),
    ],
)
def test_the_smaller_of_the_two_counts_is_warned_of_and_both_are_said(
    first, treated, carrying, effective, said
):
    place = np.repeat(np.arange(40), [first] + [10] * 39)
    frame = pd.DataFrame({"place": [f"p{i}" for i in place], "t": (place < treated).astype(float)})
    frame["y"] = np.random.default_rng(0).normal(size=len(frame))
    row = fit_specification(frame, spec("t", Vcov("CR1S", "place"))).estimate("t")
    assert row["n_carrying"] == carrying
    assert row["effective_clusters"] == pytest.approx(effective, abs=0.05)
    assert said in row["warnings"]
    assert bool(said) == bool(row["warnings"])


def test_rows_of_little_weight_are_warned_of_under_hc():
    frame = panel(12)
    frame.loc[7, "x"] = 40.0
    row = fit_specification(frame, spec("x", HC[1])).estimate("x")
    assert "carried by 72 row(s), and all row(s) together weigh as 1.1 equal" in row["warnings"]
    assert fit_specification(panel(12), spec("x", HC[1])).estimate("x")["warnings"] == ""


# ---------------------------------------------------------------- what the documents say of CR3


def leaving_out(frame: pd.DataFrame, columns: np.ndarray, clusters: pd.Series) -> float:
    """The root of the summed squared changes of the last coefficient without each cluster."""
    y = frame["y"].to_numpy()
    fits = [clusters.notna().to_numpy(), *(clusters.ne(g).to_numpy() for g in clusters.unique())]
    last = np.array([np.linalg.lstsq(columns[rows], y[rows])[0][-1] for rows in fits])
    return float(np.linalg.norm(last[1:] - last[0]))


def test_cr3_is_the_jackknife_but_for_absorbed_effects_that_cross_clusters():
    ratios = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        frame = panel(12, 5, seed)
        frame["x"] *= rng.exponential(size=60) ** 2
        frame["y"] *= rng.exponential(size=60) ** 2
        dummies = pd.get_dummies(frame["period"]).to_numpy(dtype=float)
        jackknife = leaving_out(frame, np.column_stack([dummies, frame["x"]]), frame["place"])
        columns = fit_specification(frame, spec("period x", Vcov("CR3", "place")))
        assert columns.estimate("x")["std_error"] == pytest.approx(jackknife)
        absorbed = spec("x", Vcov("CR3", "place"), fixed_effects=("period",))
        ratios.append(fit_specification(frame, absorbed).estimate("x")["std_error"] / jackknife)
        units = pd.get_dummies(frame["returnee_id"]).to_numpy(dtype=float)
        nested = spec("x", Vcov("CR3", "place"), fixed_effects=("returnee_id",))
        assert fit_specification(frame, nested).estimate("x")["std_error"] == pytest.approx(
            leaving_out(frame, np.column_stack([units, frame["x"]]), frame["place"])
        )
    assert min(ratios) < 0.95
    assert max(ratios) > 1.05
