import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from typer.testing import CliRunner

from reintegration.cli import app
from reintegration.errors import StudyError
from reintegration.estimation.filters import kept_rows
from reintegration.estimation.fit_table import fit_table, in_words, run_fit
from reintegration.estimation.language import expand
from reintegration.estimation.tables import read_table
from reintegration.estimation.written import (
    COVARIANCES,
    FitRandom,
    FitVcov,
    Written,
    read_specifications,
)

WILD = {"type": "wild", "weights": "webb", "draws": 999}
CSV = """\
y,x,z,one,g,h,two,gap,b,t,day,sep,w,share,Odd Name
1,1,2,5,a,1,u,,true,NA,2020-01-01,0,1,.1,3
2,3,6,5,a,1,v,,false,3,2020-01-02,0,1,.4,1
4,2,4,5,b,1,u,,true,4,2020-01-03,0,2,.2,4
3,5,10,5,b,1,v,,,5,2020-02-01,1,0,.5,1
7,6,12,5,c,1,u,,true,6,2020-03-01,1,1,.9,5
6,8,16,5,c,1,v,,false,7,2020-04-01,1,1,.6,9
9,9,18,5,d,1,u,,false,8,2020-05-01,1,3,.8,2
,4,8,5,d,1,v,,true,9,2020-06-01,1,1,.7,6
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "data.csv"
    path.write_text(CSV)
    return path


def fit(path, **spec) -> dict:
    table = read_table(path)
    [result] = fit_table(expand([Written.model_validate({"id": "s"} | spec)], table), table)
    return result


def row(result: dict, term: str) -> dict:
    return next(row for row in result["estimates"] if row["term"] == term)


def problems(path, *specs: dict) -> str:
    with pytest.raises(StudyError) as error:
        written = [Written.model_validate({"id": f"s{i}"} | s) for i, s in enumerate(specs)]
        expand(written, read_table(path))
    return "\n".join(error.value.problems)


# ---------------------------------------------------------------- what cannot be fitted


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"outcome": "one"}, "one does not vary"),
        ({"filter": "x > 100"}, "no row is left"),
        ({"terms": ["x", "gap"]}, "no row is left"),
        ({"vcov": {"type": "CR1", "cluster": "h"}}, "h makes one cluster only"),
        ({"vcov": {"type": "CR2", "cluster": "h"}}, "h makes one cluster only"),
        ({"vcov": {"type": "CR1S", "cluster": ["g", "h"]}}, "h makes one cluster only"),
        ({"outcome": "sep", "estimator": "logit"}, "separated: sep is told without error by x"),
        ({"outcome": "sep", "estimator": "ordered_logit"}, "did not converge"),
        ({"estimator": "logit"}, "between 0 and 1"),
        ({"outcome": "share", "estimator": "logit"}, "must be 0 or 1"),
        ({"estimator": "fractional_logit"}, "between 0 and 1"),
        ({"estimator": "mixed", "random": {"groups": "h"}}, "one group only"),
        (
            {"estimator": "mixed", "random": {"groups": "g", "slopes": ["x"]}},
            "cannot tell 8 random effects",
        ),
        ({"estimator": "random_effects", "random": {"groups": "two"}}, "2 groups of 7 rows"),
        ({"fixed_effects": ["t"]}, "cannot tell"),
        ({"outcome": "log(x)", "terms": [], "intercept": False}, "neither a term nor"),
    ],
)
def test_what_cannot_be_fitted_is_a_row_for_each_term_with_its_reason(path, spec, reason):
    result = fit(path, **{"outcome": "y", "terms": ["x"]} | spec)
    assert result["status"] == "failed"
    assert reason in result["reason"]
    shown = {found["term"] for found in result["estimates"]}
    assert set(spec.get("terms", ["x"])) <= shown
    for found in result["estimates"]:
        assert found["status"] == "failed"
        assert reason in found["reason"]
        assert np.isnan(found["estimate"])


def test_one_covariance_can_fail_where_another_does_not(path):
    vcov = [{"type": "CR1", "cluster": "h"}, {"type": "HC1"}]
    result = fit(path, outcome="y", terms=["x"], vcov=vcov)
    status = {(r["vcov"], r["term"]): r["status"] for r in result["estimates"]}
    assert (status["CR1", "x"], status["HC1", "x"]) == ("failed", "ok")
    assert result["status"] == "ok"
    assert "one cluster" in result["reason"]


def test_a_clusters_own_dummy_and_contrasts_of_them_have_no_number(path):
    spec = {"vcov": {"type": "CR1", "cluster": "g"}, "contrasts": {"c": {"g.b": 1, "g.c": -1}}}
    result = fit(path, outcome="y", terms=["g", "x"], **spec)
    for term in ("g.b", "g.c", "c"):
        assert row(result, term)["status"] == "not_estimable_under_this_vcov"
        assert "carried by 1 g only" in row(result, term)["reason"]
        assert np.isnan(row(result, term)["estimate"])
    assert row(result, "x")["status"] == "ok"


def test_a_group_of_the_random_part_must_lie_in_one_cluster(path):
    vcov = {"type": "CR0", "cluster": "two"}
    spec = {"estimator": "mixed", "random": {"groups": "g"}, "vcov": vcov}
    result = fit(path, outcome="y", terms=["x"], **spec)
    assert result["status"] == "not_estimable_under_this_vcov"
    assert "stands in two clusters of two" in result["reason"]


def test_a_two_way_variance_below_zero_is_said(tmp_path):
    a, b = np.meshgrid(range(5), range(5))
    a, b = a.ravel(), b.ravel()
    x = np.sin(7.0 * a + 3 * b)
    y = np.cos(29.0 * a * b)  # neither way has anything in common
    frame = pd.DataFrame({"y": y, "x": x, "a": a, "b": b})
    found = set()
    for shift in range(12):
        frame["y"] = np.cos(29.0 * a * b + shift * x)
        frame.to_csv(tmp_path / "t.csv", index=False)
        vcov = {"type": "CR0", "cluster": ["a", "b"]}
        for made in fit(tmp_path / "t.csv", outcome="y", terms=["x"], vcov=vcov)["estimates"]:
            found.add(made["status"])
            if made["status"] != "ok":
                assert "below zero" in made["reason"]
    assert found == {"ok", "not_estimable_under_this_vcov"}


def test_a_contrast_of_an_unknown_term_says_what_is_known(path):
    result = fit(path, outcome="y", terms=["x"], contrasts={"c": {"xx": 1}})
    assert row(result, "c")["status"] == "not_estimable"
    assert "did you mean x" in row(result, "c")["reason"]


# ---------------------------------------------------------------- the table


def test_kinds_of_columns(path):
    kinds = read_table(path).kinds
    assert kinds["b"] == "truth"
    assert kinds["day"] == "date"
    assert kinds["t"] == "text"
    assert kinds["x"] == kinds["gap"] == "number"
    assert read_table(path, missing=["NA"]).kinds["t"] == "number"


def test_parquet_may_hold_anything(tmp_path):
    frame = pd.DataFrame(
        {
            "list": [[1, 2], [3]],
            "decimal": [Decimal("1.5"), None],
            "zone": pd.date_range("2020-01-01", periods=2, tz="UTC"),
            "duration": pd.to_timedelta([1, 2], unit="D"),
            "maybe": pd.array([True, None], dtype="boolean"),
            "whole": pd.array([1, None], dtype="Int64"),
            "nothing": [None, None],
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert list(table.kinds.values()) == [
        *("text", "number", "date", "text", "truth", "number", "number")
    ]
    assert table.frame["decimal"].tolist()[0] == 1.5


@pytest.mark.parametrize("size", [1e160, 1e-200])
@pytest.mark.parametrize("name", ["y", "x", "w"])
@pytest.mark.parametrize(
    "spec", [{}, {"estimator": "random_effects", "random": {"groups": "g"}, "weights": None}]
)
def test_numbers_whose_squares_cannot_be_computed_fail_with_a_reason(tmp_path, spec, name, size):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.normal(size=40) for name in "yx"}).assign(w=1.0)
    frame["g"] = np.arange(40) % 6
    frame[name] *= size
    frame.to_csv(tmp_path / "t.csv", index=False)
    asked = {"outcome": "y", "terms": ["x"], "vcov": {"type": "HC1"}, "weights": "w"} | spec
    if not asked["weights"] and name == "w":
        return
    result = fit(tmp_path / "t.csv", **asked)
    assert result["status"] == "failed"
    assert f"the largest of {name} is" in result["reason"]
    assert "take another unit" in result["reason"]


@pytest.mark.parametrize(
    "more",
    [{}, {"fixed_effects": ["g"]}, {"weights": "w"}, {"terms": ["z", "far", "near", "twice"]}],
)
def test_a_column_far_from_zero_is_dropped_as_by_r_and_said_to_need_centring(tmp_path, more):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.normal(size=40) for name in "yxz"})
    frame = frame.assign(g=np.arange(40) % 6, w=1.0 + np.arange(40) % 3)
    frame = frame.assign(far=1e12 + frame["x"], near=1e5 + frame["x"], twice=2 * frame["z"] + 1)
    frame["flat"] = 0.1 + 1e-17 * frame["x"]  # rounding of one number is no variation
    frame["flat"] = np.nextafter(frame["flat"], np.where(frame["x"] > 0, 1, 0))
    frame.to_csv(tmp_path / "t.csv", index=False)
    asked = {"outcome": "y", "terms": ["z", "far", "near", "twice", "flat"]} | more
    result = fit(tmp_path / "t.csv", **asked)
    said = {r["term"]: (r["status"], r["reason"]) for r in result["estimates"]}
    assert said["far"][0] == "not_estimable"
    assert "centre it (subtract its mean)" in said["far"][1]
    assert said["near"][0] == "ok"
    assert said["twice"][0] == "not_estimable"
    for term in ("twice", "flat"):
        assert "centre" not in said.get(term, ("", ""))[1]
    centred = frame.assign(far=frame["far"] - 1e12).drop(columns="near")
    centred.to_csv(tmp_path / "t.csv", index=False)
    asked["terms"] = [term for term in asked["terms"] if term != "near"]
    assert row(fit(tmp_path / "t.csv", **asked), "far")["status"] == "ok"


@pytest.mark.parametrize("size", [2.0**200, 2.0**-200])
def test_large_and_small_numbers_give_the_same_but_for_their_unit(tmp_path, size):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.normal(size=40) for name in "yx"}).assign(g=np.arange(40) % 6)
    vcovs = [{"type": "HC1"}, {"type": "CR2", "cluster": "g"}, {"type": "wild", "cluster": "g"}]
    found = []
    for unit in (1.0, size):
        frame.assign(y=frame["y"] * unit, x=frame["x"] * unit).to_csv(tmp_path / "t.csv")
        found.append(fit(tmp_path / "t.csv", outcome="y", terms=["x"], vcov=vcovs)["estimates"])
    for ours, theirs in zip(*found, strict=True):
        if ours["term"] == "x":
            for key in ("estimate", "std_error", "p_value"):
                assert ours[key] == pytest.approx(theirs[key], rel=1e-9)
            assert "exact" not in theirs["warnings"]


def test_truths_dates_and_odd_names_can_be_used(path):
    result = fit(path, outcome="y", terms=["b", "`Odd Name`"], filter='day < "2020-06-01"')
    assert result["rows"]["missing"] == {"b": 1}
    assert result["rows"]["filtered"] == 1
    assert row(result, "Odd Name")["status"] == "ok"


def test_parquet_gives_the_same_and_keeps_the_order_of_categories(path, tmp_path):
    frame = pd.read_csv(path)
    frame["g"] = pd.Categorical(frame["g"], categories=["d", "a", "b", "c"])
    frame.to_parquet(tmp_path / "data.parquet")
    spec = {"outcome": "y", "terms": ["g"]}
    ours = fit(tmp_path / "data.parquet", **spec)
    assert [r["term"] for r in ours["estimates"]] == ["intercept", "g.a", "g.b", "g.c"]
    again = fit(path, **spec, coding={"g": {"reference": "d"}})
    for one, other in zip(ours["estimates"], again["estimates"], strict=True):
        assert one["estimate"] == other["estimate"]


def test_a_parquet_category_of_numbers_is_a_category(path, tmp_path):
    frame = pd.read_csv(path)
    frame["x"] = [10, 2, 3, 10, 2, 3, 10, 2]
    frame["half"] = pd.Categorical([1.5, None, 2.0, 1.5, 2.0, 1.5, 1.5, 2.0])
    frame.assign(x=pd.Categorical(frame["x"])).to_parquet(tmp_path / "data.parquet")
    table = read_table(tmp_path / "data.parquet")
    assert (table.kinds["x"], table.levels["x"]) == ("text", ("2", "3", "10"))
    assert (table.kinds["half"], table.levels["half"]) == ("text", ("1.5", "2"))
    assert table.frame["half"].isna().sum() == 1
    ours = fit(tmp_path / "data.parquet", outcome="y", terms=["x"], filter="x in (2, 3, 10)")
    assert [r["term"] for r in ours["estimates"]] == ["intercept", "x.3", "x.10"]
    frame.to_csv(tmp_path / "data.csv")
    again = fit(tmp_path / "data.csv", outcome="y", terms=["x"], categories=["x"])
    for one, other in zip(ours["estimates"], again["estimates"], strict=True):
        assert one["estimate"] == other["estimate"]


def test_weights_of_zero_are_no_rows(path):
    weighted = fit(path, outcome="y", terms=["x"], weights="w")
    assert weighted["rows"]["weight_zero"] == 1
    assert weighted["model"]["n_obs"] == 6


def test_fixed_effects_equal_dummies(path):
    effects = fit(path, outcome="y", terms=["x"], fixed_effects=["two"], vcov={"type": "HC3"})
    dummies = fit(path, outcome="y", terms=["x", "two"], vcov={"type": "HC3"})
    for name in ("estimate", "std_error", "df"):
        assert row(effects, "x")[name] == pytest.approx(row(dummies, "x")[name], rel=1e-12)


def test_what_fixed_effects_take_up_is_said(path):
    result = fit(path, outcome="y", terms=["x", "g"], fixed_effects=["g"])
    assert row(result, "g.b")["status"] == "not_estimable"
    assert "fixed effects of g take it up" in row(result, "g.b")["reason"]


def test_nested_effects_count_as_one_constant(path):
    vcov = {"type": "CR1S", "cluster": "g"}
    spec = {"outcome": "y", "terms": ["x"], "fixed_effects": ["g"]}
    errors = [
        row(fit(path, **spec, vcov=vcov | {"count_effects": count}), "x")["std_error"]
        for count in ("none", "nested", "all")
    ]
    # n = 7 rows, k = 1, G = 4 effects: (n - 1) / (n - k), / (n - k - 1), / (n - k - G)
    np.testing.assert_allclose(np.square(errors) / errors[0] ** 2, [1, 6 / 5, 6 / 2])


def test_ordered_logit_equals_statsmodels(path):
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(5)
    x = rng.normal(size=300)
    codes = np.digitize(x + rng.logistic(size=300), [-1, 0.5, 2])
    frame = pd.DataFrame({"answer": np.array(["bad", "fair", "good", "best"])[codes], "x": x})
    file = path.parent / "ordered.csv"
    frame.to_csv(file, index=False)
    order = {"answer": ["bad", "fair", "good", "best"]}
    result = fit(file, outcome="answer", terms=["x"], categories=order, estimator="ordered_logit")
    model = OrderedModel(codes, frame[["x"]], distr="logit")
    theirs = model.fit(method="bfgs", disp=False, gtol=1e-9)
    thresholds = model.transform_threshold_params(theirs.params.to_numpy())[1:-1]
    ours = [r["estimate"] for r in result["estimates"]]
    np.testing.assert_allclose(ours, [theirs.params["x"], *thresholds], rtol=1e-6)
    assert [r["term"] for r in result["estimates"]][1:] == [
        "threshold.bad|fair",
        "threshold.fair|good",
        "threshold.good|best",
    ]


def test_quantile_passes_through_as_many_rows_as_coefficients(path):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.normal(size=101)})
    frame["y"] = frame["x"] + rng.normal(size=101)
    frame.to_csv(path.parent / "q.csv", index=False)
    result = fit(path.parent / "q.csv", outcome="y", terms=["x"], estimator="quantile")
    a, b = (row(result, term)["estimate"] for term in ("intercept", "x"))
    residuals = frame["y"] - a - b * frame["x"]
    assert (residuals.abs() < 1e-12).sum() == 2
    assert abs((residuals > 1e-12).sum() - (residuals < -1e-12).sum()) <= 2


@pytest.mark.parametrize("kind", ["classical", "HC0"])
@pytest.mark.parametrize("tau", [0.3, 0.5])
def test_quantile_errors_are_those_of_statsmodels_whatever_the_units(path, kind, tau):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.normal(size=301), "z": rng.exponential(size=301)})
    frame["y"] = 3 + frame["x"] + (1 + frame["z"]) * rng.normal(size=301)
    asked = {"outcome": "y", "terms": ["x", "z"], "estimator": "quantile", "quantile": tau}
    found = {}
    for of_x, of_y in ((1, 1), (1e9, 1), (1e-9, 1), (1, 1e9), (1, 1e-9), (1e40, 1e-40)):
        frame.assign(x=frame["x"] * of_x, y=frame["y"] * of_y).to_csv(path.parent / "q.csv")
        x = row(fit(path.parent / "q.csv", vcov={"type": kind}, **asked), "x")
        found[of_x, of_y] = [x["estimate"] * of_x / of_y, x["std_error"] * of_x / of_y]
        assert found[of_x, of_y] == pytest.approx(found[1, 1], rel=1e-9)
    model = sm.QuantReg(frame["y"], sm.add_constant(frame[["x", "z"]]))
    theirs = model.fit(q=tau, vcov="iid" if kind == "classical" else "robust")
    assert found[1, 1] == pytest.approx([theirs.params["x"], theirs.bse["x"]], rel=0.01)


@pytest.mark.parametrize("kind", ["classical", "HC0"])
def test_quantile_of_ties_is_exact_and_has_no_error_whatever_the_units(path, kind):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.integers(14, 46, size=189), "z": rng.integers(0, 2, size=189)})
    frame["y"] = np.where(rng.random(189) < 0.84, 0, rng.integers(1, 4, size=189))
    for tau, level in ((0.5, 0.0), (0.6, 0.0), (0.5, 3.0)):
        for of_x, of_y in ((1, 1), (1 / 7, 1), (1e9, 1 / 3), (1e-9, 1e9), (1, 1e-9)):
            made = frame.assign(x=frame["x"] * of_x, y=(frame["y"] + level) * of_y)
            made.to_csv(path.parent / "q.csv")
            result = fit(
                path.parent / "q.csv",
                **{"outcome": "y", "terms": ["x", "z"], "vcov": {"type": kind}},
                **{"estimator": "quantile", "quantile": tau, "contrasts": {"c": {"x": 1, "z": -1}}},
            )
            assert result["status"] == "not_estimable_under_this_vcov"
            assert "ties" in result["reason"]
            assert result["model"]["n_obs"] == 189
            for term in ("x", "z", "c"):
                assert row(result, term)["estimate"] == 0.0
            assert row(result, "intercept")["estimate"] == pytest.approx(level * of_y, rel=1e-12)
            for one in result["estimates"]:
                assert one["status"] == "not_estimable_under_this_vcov"
                assert np.isnan([one["std_error"], one["p_value"], one["conf_low"]]).all()


def test_quantile_keeps_small_slopes_beside_a_large_level(path):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.normal(size=101)})
    frame["y"] = frame["x"] * 1e-3 + 1e-3 * rng.normal(size=101)
    found = []
    for level in (0.0, 1e6):
        frame.assign(y=frame["y"] + level).to_csv(path.parent / "q.csv")
        x = row(fit(path.parent / "q.csv", outcome="y", terms=["x"], estimator="quantile"), "x")
        found.append([x["estimate"], x["std_error"]])
    assert found[1] == pytest.approx(found[0], rel=1e-4)


def test_a_random_part_that_the_data_do_not_tell_is_said_to_be_so(path):
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(20), 8)
    frame = pd.DataFrame({"g": [f"g{i}" for i in g], "x": rng.normal(size=160), "one": 2.0})
    frame["double"] = 2 * frame["x"]
    effect = rng.normal(size=20)[g]
    free = rng.normal(size=20)[g]
    noise = rng.normal(size=160)
    frame["y"] = frame["x"] * (1 + free) + effect + noise
    other = np.random.default_rng(2).normal(size=160)
    frame["tied"] = frame["x"] * (1 + effect) + 2 * effect + other
    frame.to_csv(path.parent / "m.csv")

    def said(outcome, *slopes):
        random = {"groups": "g", "slopes": list(slopes)}
        asked = {"outcome": outcome, "terms": ["x"], "estimator": "mixed", "random": random}
        result = fit(path.parent / "m.csv", **asked)
        assert result["status"] == "ok"
        return result["warnings"]

    assert said("y", "x") == ""
    assert "not identified: intercept, one are collinear" in said("y", "one")
    assert "not identified: intercept, x, double are collinear" in said("y", "x", "double")
    assert "correlation.g.intercept.x is one in size" in said("tied", "x")


# ---------------------------------------------------------------- what is refused


def test_every_problem_of_every_specification_is_said_at_once(path):
    text = problems(
        path,
        {"outcome": "yy", "terms": ["xx", "log(g)", "day"], "weights": "t"},
        {"outcome": "t", "terms": ["x"], "vcov": {"type": "CR1", "cluster": "gg"}},
        {"outcome": "y", "terms": ["g"], "coding": {"g": {"reference": "k"}, "x": "deviation"}},
        {"outcome": "y", "terms": ["x"], "estimator": "mixed"},
        {"outcome": "y", "terms": ["x"], "filter": "g > 3"},
        {"outcome": "g", "terms": ["x"], "estimator": "ordered_logit"},
        {"outcome": "y", "terms": ["x"], "estimator": "logit", "vcov": WILD | {"cluster": "g"}},
        {"outcome": "y", "terms": ["x", "y"]},
        {"outcome": "y", "terms": ["x"], "controls": ["x"], "contrasts": {"x": {"x": 1}}},
    )
    for part in (
        "s0.outcome: there is no column 'yy'; did you mean y",
        "s0.terms: there is no column 'xx'",
        "s0.terms: log(g): g does not hold numbers",
        "s0.terms: day holds dates",
        "s0.weights: t must hold numbers and holds texts",
        "--missing NA",
        "s1.vcov.cluster: there is no column 'gg'",
        "s2.coding: g has no level 'k'",
        "s2.coding: x is a number",
        "s3.random: mixed needs",
        "s4.filter: g holds texts",
        "s5.categories: ordered_logit needs the order",
        "s6.vcov.type: logit has no wild; it has classical, HC0",
        "s7.terms: the outcome y stands on the right",
        "s8.terms: x would be the name of two terms",
        "s8.contrasts: x is the name of a term",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{outcom: y, terms: [x]}", "outcom: there is no such key"),
        ("[{outcome: y}, 3]", r"\[2\]: must hold"),
        ("[]", "no specification"),
        ("[{id: a, outcome: y}, {id: a, outcome: x}]", "a stands twice"),
        ("{outcome: y, terms: [x, x]}", "x stands twice"),
        ("{outcome: y, filter: 'x ='}", "cannot be read"),
        ("{outcome: y, vcov: {type: CR9}}", r"vcov.type: Input should be 'classical'"),
        ("{outcome: y, vcov: CR1}", "vcov: must be a mapping such as"),
        ("{outcome: y, vcov: {type: HC1, cluster: g}}", "vcov: HC1 takes no `cluster`"),
        ("{outcome: y, vcov: [{type: CR1}]}", r"vcov.0: CR1 needs a `cluster`"),
        ("{outcome: y, vcov: {type: wild}}", "vcov: wild needs a `cluster`"),
        ("{outcome: y, vcov: {type: CR2, cluster: [g, h]}}", "CR2 has one cluster variable"),
        ("{outcome: y, vcov: {type: wild, cluster: [g, h]}}", "wild has one cluster variable"),
        ("{outcome: y, vcov: {type: CR1, cluster: [g, g]}}", "g stands twice"),
        ("{outcome: y, vcov: {type: CR1, cluster: g, weights: webb}}", "CR1 takes no `weights`"),
        ("{outcome: y, vcov: {type: wild, cluster: g, within: h}}", "wild takes no `within`"),
        ("{outcome: y, vcov: {type: HC1, draws: 99}}", "HC1 takes no `draws`"),
        ("{outcome: y, vcov: {type: wild, cluster: g, draws: 9}}", "vcov.draws: .*99"),
        ("{outcome: y, vcov: {type: permutation, cluster: g, within: g}}", "are one column"),
        ("{outcome: y, coding: {g: dev}}", "coding.g: Input should be 'deviation'"),
        ("{outcome: y, coding: {g: [a]}}", "coding.g: must be `deviation` or"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_wrong_file_of_specifications_ends_in_one_message(tmp_path, text, problem):
    (tmp_path / "spec.yaml").write_text(text)
    with pytest.raises(StudyError, match=problem):
        read_specifications(tmp_path / "spec.yaml")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a,a\n1,2\n", "two columns have the name 'a'"),
        (b"a,b\n1,2,3\n", "more cells"),
        (b"", "no line of column names"),
        (b"\xff\xfea", "not UTF-8"),
    ],
)
def test_a_wrong_table_ends_in_one_message(tmp_path, content, problem):
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(StudyError, match=problem):
        read_table(tmp_path / "data.csv")


def test_the_command_writes_valid_json_and_says_each_status(path, tmp_path):
    (tmp_path / "spec.yaml").write_text(
        "- {id: good, outcome: y, terms: [x], family: f, vcov: [{type: HC1}, {type: HC3}]}\n"
        "- {id: bad, outcome: one, terms: [x], family: f}\n"
    )
    out = tmp_path / "out.json"
    command = ["fit", "--spec", str(tmp_path / "spec.yaml"), "--data", str(path), "--out", str(out)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0
    assert "good: ok" in done.output
    assert "bad: failed: one does not vary in the sample" in done.output
    written = json.loads(out.read_text(), parse_constant=pytest.fail)
    assert written["data"]["rows"] == 8
    assert written["software"]["statsmodels"]
    good, bad = written["results"]
    assert {r["vcov"] for r in good["estimates"]} == {"HC1", "HC3"}
    assert row(good, "x")["vcov_label"] == "HC1, t(n-k)"
    assert row(good, "x")["p_holm"] == row(good, "x")["p_value"]  # missing p-values do not count
    assert row(bad, "x")["estimate"] is None
    assert good["rows"]["read"] == good["rows"]["used"] + sum(good["rows"]["missing"].values())


def test_a_family_is_adjusted_under_each_covariance_apart(path):
    vcov = [{"type": "CR0", "cluster": "g"}, {"type": "CR0", "cluster": "day"}]
    result = fit(path, outcome="y", terms=["x"], family="f", vcov=vcov)
    for found in result["estimates"]:
        if found["term"] == "x":
            assert found["p_holm"] == found["p_value"]


def test_a_family_draws_from_its_own_seed_whoever_stands_before_it(tmp_path):
    frame = pd.DataFrame(np.random.default_rng(3).normal(size=(40, 3)), columns=["y", "x", "w"])
    frame.to_csv(tmp_path / "t.csv", index=False)
    table = read_table(tmp_path / "t.csv")

    def adjusted(*seeds: tuple[str, str, int]) -> float:
        written = [
            Written.model_validate(
                {
                    "id": name,
                    "family": family,
                    "seed": seed,
                    "outcome": "y",
                    "terms": ["x", "w"],
                    "vcov": {"type": "HC1"},
                }
            )
            for name, family, seed in seeds
        ]
        results = fit_table(expand(written, table), table)
        [last] = [result for result in results if result["spec_id"] == "last"]
        return row(last, "w")["p_romano_wolf"]

    alone = adjusted(("last", "f", 3))
    assert adjusted(("first", "g", 1), ("last", "f", 3)) == alone
    assert len({adjusted(("last", "f", seed)) for seed in range(5)}) > 1
    with pytest.raises(StudyError) as error:
        adjusted(("first", "f", 1), ("other", "g", 2), ("last", "f", 3))
    assert error.value.problems == [
        "seed: the members of family f are drawn together, and have 1 (first), 3 (last);"
        " write one seed in all of them"
    ]


def test_the_same_inputs_give_the_same_bytes(path, tmp_path):
    (tmp_path / "spec.yaml").write_text("{outcome: y, terms: [x, g], vcov: {type: HC1}}")
    for name in ("one.json", "two.json"):
        run_fit(tmp_path / "spec.yaml", path, tmp_path / name)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_every_key_estimator_and_covariance_is_documented():
    text = (Path(__file__).parents[3] / "docs/reference/specification.md").read_text()
    keys = [name for kind in (Written, FitVcov, FitRandom) for name in kind.model_fields]
    kinds = [*COVARIANCES, *{name for names in COVARIANCES.values() for name in names}]
    for name in [*keys, *kinds]:
        assert f"`{name}`" in text, name


def test_the_documents_example_can_be_read(tmp_path):
    text = (Path(__file__).parents[3] / "docs/reference/specification.md").read_text()
    example = text.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "spec.yaml").write_text(example)
    rng = np.random.default_rng(3)
    n = 120
    frame = pd.DataFrame(
        {
            **{"wage": rng.uniform(1, 9, n), "training": rng.integers(0, 2, n), "age": 20.0},
            **{"sex": np.array(["man", "woman"])[rng.integers(0, 2, n)], "year": 2019},
            **{"region": rng.integers(1, 4, n), "mode": "visit", "w": rng.uniform(1, 2, n)},
            "village": np.arange(n) % 12,
        }
    )
    frame["age"] += rng.integers(0, 30, n)
    frame.to_csv(tmp_path / "data.csv", index=False)
    [result] = run_fit(tmp_path / "spec.yaml", tmp_path / "data.csv", tmp_path / "out.json")
    assert {r["status"] for r in result["estimates"]} == {"ok"}
    assert {r["term"] for r in result["estimates"]} >= {"effect_on_women", "region.3", "age^2"}


def test_files_of_other_programs_are_refused_with_what_to_do(tmp_path):
    for name, says in (("a.dta", "export delimited"), ("a.sav", "SPSS"), ("a.XLSX", "Excel")):
        (tmp_path / name).write_bytes(b"\x00\x01")
        with pytest.raises(StudyError, match="is no CSV or Parquet file") as caught:
            read_table(tmp_path / name)
        assert says in str(caught.value)


def test_estimates_are_a_table_for_the_terminal(path):
    result = fit(path, outcome="y", terms=["x"], vcov={"type": "CR1", "cluster": "g"})
    lines = in_words(result)
    assert lines[0].startswith("  N = 7; ")
    assert "4 clusters" in lines[0]
    assert lines[1].split() == ["term", "estimate", "std.", "error", "p", "95%", "CI"]
    cells = lines[-1].split()
    assert cells[:2] == ["x", f"{row(result, 'x')['estimate']:.4g}"]
    assert len({len(line) for line in lines[1:]}) == 1


def test_decimal_commas_are_named_with_the_row_of_the_spreadsheet(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("y;x\n1;1\n1,5;2\n2;3\n")
    said = problems(data, {"outcome": "y", "terms": ["x"]})
    assert "the first in row 3 of the file" in said
    assert "1,5 is read as text: write 1.5" in said


def test_a_regressor_with_decimal_commas_is_no_category(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("y;x;z\n1;1;a\n1.5;2,5;b\n2;3;a\n4;4;b\n")
    said = problems(data, {"outcome": "y", "terms": ["x", "z"]})
    assert "x holds numbers with a decimal comma" in said
    assert "z holds" not in said


def test_permutation_without_clusters_is_over_rows(path):
    vcov = {"type": "permutation", "draws": 99}
    result = fit(path, outcome="y", terms=["x"], vcov=vcov)
    assert row(result, "x")["status"] == "ok"
    assert row(result, "x")["vcov_label"] == "permutation, 99 permutations of the HC0 statistic"
    assert row(result, "x")["estimate_id"] == "s.x.permutation"


LOGIT = {"outcome": "y", "estimator": "logit", "threshold": 4}


@pytest.mark.parametrize(
    ("spec", "kept", "used"),
    [
        ({**LOGIT, "terms": ["b2"]}, "y > 1", lambda d: d[d["y"] > 1]),
        ({"outcome": "y", "terms": ["x"], "categories": ["x"]}, "x >= 3", lambda d: d[d["x"] >= 3]),
        ({"outcome": "y", "terms": ["log(x)", "x^2"]}, "x >= 3", lambda d: d[d["x"] >= 3]),
        ({"outcome": "log(y)", "terms": ["b2"]}, "y < 9", lambda d: d[d["y"] < 9]),
        (
            {"outcome": "x", "terms": ["b2"], "estimator": "ordered_logit"},
            "x >= 2 and x != 4",
            lambda d: d[(d["x"] >= 2) & (d["x"] != 4)],
        ),
        (
            {
                "outcome": "said",
                "terms": ["b2"],
                "estimator": "ordered_logit",
                "categories": {"said": ["poor", "fair", "good"]},
            },
            "said != poor or b2 > 0",
            lambda d: d[(d["said"] != "poor") | (d["b2"] > 0)],
        ),
    ],
    ids=["threshold", "categories", "functions", "outcome", "ordered numbers", "ordered texts"],
)
def test_a_filter_asks_for_columns_as_they_are_in_the_file(tmp_path, spec, kept, used):
    rng = np.random.default_rng(4)
    n = 300
    said = rng.choice(["poor", "fair", "good"], n)
    data = pd.DataFrame({"x": rng.integers(1, 6, n), "b2": rng.normal(size=n), "said": said})
    data["y"] = rng.uniform(0.5, 10, n)
    data.to_csv(tmp_path / "all.csv", index=False)
    used(data).to_csv(tmp_path / "used.csv", index=False)
    filtered = fit(tmp_path / "all.csv", **spec, filter=kept)
    by_hand = fit(tmp_path / "used.csv", **spec)
    assert filtered["status"] == "ok"
    assert filtered["model"]["n_obs"] == len(used(data)) < n
    ours, theirs = (
        {
            r["term"]: (r["estimate"], r["std_error"])
            for r in result["estimates"]
            if r["status"] == "ok"  # a level without rows is said not to be estimable
        }
        for result in (filtered, by_hand)
    )
    assert len(ours) > 1
    assert ours == {term: pytest.approx(numbers) for term, numbers in theirs.items()}


@pytest.mark.parametrize(
    ("categories", "where"),
    [
        ({"g": ["a", "b", "c"]}, "g != d"),
        ({"g": ["c", "a", "b"]}, "y < 9 and x is not missing"),  # by whatever column
        ({"two": ["v", "u"], "w": [1, 2]}, "w in (1, 2)"),  # numbers that are categories
        ({"w": [2, 1]}, "not (w == 3 or w == 0)"),
    ],
)
def test_the_filter_acts_before_a_list_of_levels_is_held_against_the_rows(path, categories, where):
    terms = [*categories, "sep"]
    asked = {"outcome": "y", "terms": terms, "categories": categories}
    result = fit(path, filter=where, **asked)
    assert result["status"] == "ok", result["reason"]
    assert result["rows"]["used"] == 6 - ("w" in categories)
    name = list(categories)[-1]
    others = [f"{name}.{level}" for level in categories[name][1:]]
    assert [r["term"] for r in result["estimates"] if r["variable"] == name] == others
    assert "is not listed" in problems(path, asked | {"filter": "y > 0"})


def test_a_filter_that_keeps_nothing_says_so_whatever_was_prepared(path):
    result = fit(path, **LOGIT, terms=["x"], filter="y > 100")
    assert "no row is left" in result["reason"]


# ---------------------------------------------------------------- words for the writer


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("outcome: y\nterms: [x\nvcov: {type: HC1}\n", "line 2: a `[` is not closed"),
        ("outcome: y\nvcov: {type: HC1\n", "line 2: a `{` is not closed"),
        ("terms: [", "line 1: a `[` is not closed"),
        ("outcome: y\nterms: ['x' 'z']\n", "line 2: a comma or a value is missing"),
        ("outcome: 'y\nterms: [x]\n", "line 1: a quote ' is not closed"),
        ("outcome: y\n\tterms: [x]\n", "line 2: begins with a tab; indent with spaces"),
        ("title: a: b\n", "line 1: holds `: ` twice"),
        ("outcome: y\n  terms: [x]\n", "line 2: is indented further than line 1"),
        ("outcome y\nterms: [x]\n", "line 1: there is no `:` after the key"),
        ("outcome: y\nweights: `Odd Name`\n", "line 2: a value cannot begin with `"),
        ("vcov:\n    type: HC1\n  cluster: g\n", "line 3: is not indented"),
        ("outcome: y\n---\noutcome: z\n", "line 2: `---` begins a second document"),
        ("outcome: y\nterms: [x]\noutcome: z\n", "line 3: the key outcome stands twice"),
        ("outcome: y\nfilter: 2020-13-45\n", "line 2: there is no day 2020-13-45"),
        ("outcome: y\ntitle: \x01\n", "line 2: holds a control character"),
        ("outcome: !r y\n", "line 1: a value cannot begin with !"),
        ("outcome: *y\n", "line 1: a value cannot begin with *"),
    ],
)
def test_yaml_that_cannot_be_read_is_told_by_its_line(tmp_path, text, said):
    (tmp_path / "spec.yaml").write_text(text)
    with pytest.raises(StudyError) as caught:
        read_specifications(tmp_path / "spec.yaml")
    [problem] = caught.value.problems
    assert problem.startswith(f"spec.yaml, {said}")
    assert "unicode string" not in problem


@pytest.mark.parametrize("row", ["é,1\n", "a,1\n" * 3 + "é,1\n"])
def test_a_csv_in_another_encoding_says_how_to_save_it(tmp_path, row):
    (tmp_path / "data.csv").write_bytes(f"région,y\n{row}".replace("région", "r").encode("latin-1"))
    with pytest.raises(StudyError, match="is not UTF-8 text") as caught:
        read_table(tmp_path / "data.csv")
    [problem] = caught.value.problems
    assert f"line {row.count(chr(10)) + 1} " in problem
    assert "in Excel: Save as, CSV UTF-8" in problem


def test_names_of_a_csv_in_another_encoding_too(tmp_path):
    (tmp_path / "data.csv").write_bytes("région,y\na,1\n".encode("latin-1"))
    with pytest.raises(StudyError, match="in Excel: Save as, CSV UTF-8"):
        read_table(tmp_path / "data.csv")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("vcov: {type: robust}", "vcov.type: did you mean HC1 (robust in Stata is HC1)?"),
        ("vcov: {type: hc1}", "vcov.type: did you mean HC1?"),
        ("estimator: OLS", "estimator: did you mean ols?"),
        (
            "vcov: {type: cluster, cluster: g}",
            "vcov.type: did you mean CR1S with a `cluster` (cluster-robust of Stata is CR1S)?",
        ),
        ("vcov: [{type: HC1}, {type: cr2, cluster: g}]", "vcov.1.type: did you mean CR2?"),
        (
            "id: région",
            "id: must be letters without accents, digits, _ and -; begins with a letter",
        ),
    ],
)
def test_names_of_other_programs_are_told_by_their_name_here(tmp_path, spec, said):
    (tmp_path / "spec.yaml").write_text(f"outcome: y\n{spec}\n")
    with pytest.raises(StudyError) as caught:
        read_specifications(tmp_path / "spec.yaml")
    [problem] = caught.value.problems
    assert problem.startswith(said)


MISSING_TOLD = "2 cells of sex hold the text NA, taken as a level; for missing: --missing NA"


@pytest.mark.parametrize(
    ("spec", "missing", "said"),
    [
        ({}, [], MISSING_TOLD),
        ({"controls": ["mode"]}, [], "1 cell of mode holds the text ., taken as a level"),
        ({"terms": [], "vcov": {"type": "CR1", "cluster": "sex"}}, [], MISSING_TOLD),
        ({}, ["NA"], None),
        ({"terms": ["x"]}, [], None),  # the column is not used
        ({"filter": "sex != NA"}, [], None),
        ({"categories": {"sex": ["NA", "man", "woman"]}}, [], None),  # listed as a level
    ],
)
def test_texts_that_stand_for_missing_elsewhere_are_warned_of(tmp_path, spec, missing, said):
    data = "y,x,sex,mode\n1,1,man,a\n2,3,woman,a\n4,2,NA,b\n3,5,man,.\n7,6,woman,b\n6,8,NA,b\n"
    (tmp_path / "data.csv").write_text(data)
    table = read_table(tmp_path / "data.csv", missing)
    written = Written.model_validate({"id": "s", "outcome": "y", "terms": ["sex"]} | spec)
    [result] = fit_table(expand([written], table), table)
    if said is None:
        assert "taken as a level" not in result["warnings"]
        return
    assert said in result["warnings"]
    assert any(said in line for line in in_words(result))


def test_a_small_p_value_is_no_zero_in_the_terminal(tmp_path):
    x = np.arange(30.0)
    y = 2 * x + np.sin(x)
    pd.DataFrame({"x": x, "y": y}).to_csv(tmp_path / "data.csv", index=False)
    lines = in_words(fit(tmp_path / "data.csv", outcome="y", terms=["x"]))
    assert " <0.001 " in lines[-1]
    assert not any(" 0.000 " in line for line in lines)


# ---------------------------------------------------------------- numbers that name something


LARGE = 2**53


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("first", [LARGE, 2**63, -LARGE - 20], ids=["53", "64", "negative"])
def test_large_whole_numbers_that_name_groups_are_never_merged(tmp_path, first, ending, gap):
    ids = [first + step for step in range(8)]
    frame = pd.DataFrame({"y": [1.0, 2, 4, 3, 7, 6, 9, 8, 5, 2] * 2, "x": range(20)})
    dtype = "UInt64" if first > 2**62 else "Int64"
    frame["id"] = pd.array([*ids, *ids[:2], *ids, *ids[:2]], dtype=dtype)
    if gap:
        frame.loc[19, "id"] = pd.NA
    frame["y"] += frame["x"] % 3
    path = tmp_path / f"t.{ending}"
    getattr(frame, f"to_{ending}")(path, index=False)
    assert read_table(path).frame["id"].nunique() == 8
    asked = {"outcome": "y", "terms": ["x"]}
    clustered = fit(path, **asked, vcov={"type": "CR1", "cluster": "id"})
    assert row(clustered, "x")["clusters"] == {"id": 8}
    absorbed = fit(path, **asked, fixed_effects=["id"])
    assert absorbed["model"]["df_resid"] == 20 - gap - 8 - 1
    levels = fit(path, **asked | {"terms": ["id"]}, categories=["id"])
    assert [r["level"] for r in levels["estimates"]][1:] == [str(one) for one in ids[1:]]
    mixed = {"estimator": "random_effects", "random": {"groups": "id"}}
    assert fit(path, **asked, **mixed)["status"] == "ok"
    for kept, count in (
        (f"id == {ids[1]}", 4 - gap),
        (f"id != {ids[1]}", 16),
        (f"id in ({ids[0]}, {ids[3]})", 6),
        (f"id <= {ids[1]}", 8 - gap),
        (f"id > {ids[6]}", 2),
        ("id is missing", int(gap)),
    ):
        assert kept_rows(kept, read_table(path).frame).sum() == count
    number = fit(path, **asked | {"terms": ["x"], "controls": ["id"]})
    assert number["model"]["n_obs"] == 20 - gap


def test_decimals_of_parquet_that_are_large_whole_numbers_are_never_merged(tmp_path):
    ids = [Decimal(LARGE + step) for step in range(6)]
    pd.DataFrame({"id": [*ids, None]}).to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert table.frame["id"].nunique() == 6
    longer = [Decimal(10) ** 25 + step for step in range(6)]
    pd.DataFrame({"id": [*longer, None]}).to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").frame["id"].nunique() == 6


def test_levels_of_sixteen_digits_are_never_merged(tmp_path):
    ids = [1234567890123456 + step for step in range(3)] * 4
    frame = pd.DataFrame({"y": [1, 2, 4, 3, 7, 6, 9, 8, 5, 2, 2, 0], "id": ids})
    frame.to_csv(tmp_path / "t.csv", index=False)
    result = fit(tmp_path / "t.csv", outcome="y", terms=["id"], categories=["id"])
    assert [r["level"] for r in result["estimates"]] == ["", str(ids[1]), str(ids[2])]


def test_texts_of_digits_are_compared_with_all_their_digits(tmp_path):
    frame = pd.DataFrame({"y": range(4), "id": ["12345678", "12345679", "x", str(LARGE + 1)]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame = read_table(tmp_path / "t.csv").frame
    assert kept_rows("id == 12345678", frame).tolist() == [True, False, False, False]
    assert kept_rows(f"id == {LARGE + 1}", frame).tolist() == [False, False, False, True]


# ---------------------------------------------------------------- names of two terms


LEVELS = "y,a,a.b,g\n" + "".join(
    f"{y},{a},{b},{g}\n"
    for y, a, b, g in zip(
        (0, 7, 2, 5, 3, 8, 1, 6), ("aa", "b.d") * 4, "ccddccdd", "uuuuvvvv", strict=True
    )
)


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ({"terms": ["a", "a.b"]}, "a.b.d"),
        ({"terms": ["a", "a.b"], "contrasts": {"k": {"a.b.d": 1}}}, "a.b.d"),
        ({"terms": ["a:g", "a.b:g"], "intercept": False}, "a.b.d:g.u, a.b.d:g.v"),
        ({"terms": ["g"], "contrasts": {"g.v": {"g.v": 2}}}, "g.v"),
    ],
)
def test_two_estimates_never_have_one_name(tmp_path, spec, name):
    (tmp_path / "t.csv").write_text(LEVELS)
    result = fit(tmp_path / "t.csv", outcome="y", **spec)
    assert result["status"] == "failed"
    assert f"{name} would be the name of two terms; rename" in result["reason"]
    ids = [r["estimate_id"] for r in result["estimates"]]
    assert len(set(ids)) == len(ids) > 0
    assert all(r["status"] == "failed" and r["reason"] for r in result["estimates"])


def test_names_that_only_look_alike_are_fitted(tmp_path):
    (tmp_path / "t.csv").write_text(LEVELS.replace("b.d", "b.e"))
    result = fit(tmp_path / "t.csv", outcome="y", terms=["a", "a.b"])
    assert [r["term"] for r in result["estimates"]] == ["intercept", "a.b.e", "a.b.d"]
    assert result["status"] == "ok"


# ---------------------------------------------------------------- words of YAML


def test_no_and_yes_are_texts_in_a_specification(tmp_path):
    countries = ["SE", "NO", "DE"] * 4
    frame = pd.DataFrame({"yes": [1, 2, 4, 3, 7, 6, 9, 8, 5, 2, 2, 0], "ctry": countries})
    frame["on"] = range(12)
    frame.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "s.yaml").write_text(
        "{outcome: yes, terms: [ctry, on], categories: {ctry: [SE, NO, DE]},"
        " coding: {ctry: {reference: NO}}, intercept: true, random: null}"
    )
    table = read_table(tmp_path / "t.csv")
    [result] = fit_table(expand(read_specifications(tmp_path / "s.yaml"), table), table)
    assert result["status"] == "ok"
    assert [r["term"] for r in result["estimates"]] == [*("intercept", "ctry.SE", "ctry.DE", "on")]


@pytest.mark.parametrize(("word", "value"), [("true", True), ("False", False), ("TRUE", True)])
def test_true_and_false_are_truths_in_a_specification(tmp_path, word, value):
    (tmp_path / "s.yaml").write_text(f"{{outcome: y, terms: [x], intercept: {word}}}")
    assert read_specifications(tmp_path / "s.yaml")[0].intercept is value


@pytest.mark.parametrize("word", ["no", "off"])
def test_a_key_that_asks_for_a_truth_still_takes_no(tmp_path, word):
    (tmp_path / "s.yaml").write_text(f"{{outcome: y, terms: [x], intercept: {word}}}")
    assert read_specifications(tmp_path / "s.yaml")[0].intercept is False


# ---------------------------------------------------------------- contrasts, truths, returnees


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("{x: .nan}", "contrasts.k.x: Input should be a finite number"),
        ("{x: .inf, z: 1}", "contrasts.k.x: Input should be a finite number"),
        ("{x: 0, z: 0.0}", "contrasts: k: all weights are 0"),
    ],
)
def test_a_contrast_without_usable_weights_is_refused(tmp_path, weights, said):
    (tmp_path / "s.yaml").write_text(
        f"{{outcome: y, terms: [x, z], contrasts: {{k: {weights}, ok: {{x: 1, z: 0}}}}}}"
    )
    with pytest.raises(StudyError) as error:
        read_specifications(tmp_path / "s.yaml")
    [problem] = error.value.problems
    assert problem.startswith(said)


def test_a_contrast_that_names_the_reference_is_told_so(path):
    spec = {"terms": ["g"], "contrasts": {"k": {"g.b": 1, "g.a": -1}, "m": {"g.e": 1}}}
    result = fit(path, outcome="y", **spec)
    assert row(result, "k")["status"] == "not_estimable"
    assert row(result, "k")["reason"].startswith("g.a is the reference, with which")
    assert row(result, "m")["reason"].startswith("there is no term g.e")
    other = fit(path, outcome="y", **spec, coding={"g": {"reference": "c"}})
    assert row(other, "k")["status"] == "ok"


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ("b == TRUE", 4),
        ("b != true", 3),
        ("b in (False)", 3),
        ("not b == 'true'", 3),
        ("b == 1", 4),
        ("b is missing", 1),
    ],
)
def test_a_filter_may_call_booleans_by_their_words(path, asked, rows):
    assert kept_rows(asked, read_table(path).frame).sum() == rows


def test_a_word_that_is_no_truth_is_refused_and_numbers_have_none(path):
    assert "b holds numbers, and 'yes' is none" in problems(
        path, {"outcome": "y", "terms": ["x"], "filter": "b == yes"}
    )
    assert "x holds numbers, and 'TRUE' is none" in problems(
        path, {"outcome": "y", "terms": ["z"], "filter": "x == TRUE"}
    )


def test_returnees_seen_once_have_a_plain_key(tmp_path):
    frame = pd.DataFrame({"returnee_id": [1, 1, 2, 2, 3, 3, 4], "x": [1, 2, 5, 3, 4, 9, 1]})
    frame["y"] = [3, 1, 4, 1, 5, 9, 2]
    frame.to_csv(tmp_path / "t.csv", index=False)
    vcov = {"type": "CR1", "cluster": "returnee_id"}
    result = fit(tmp_path / "t.csv", outcome="y", terms=["x"], estimator="within", vcov=vcov)
    assert result["rows"]["missing"] == {"one survey of the returnee only": 1}
