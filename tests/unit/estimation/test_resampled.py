"""Wild bootstrap and permutation of any effect, against the same done row by row."""

from itertools import permutations, product

import numpy as np
import pandas as pd
import plain_specs
import pytest
from plain_specs import UNDER

from reintegration.estimation.fit import fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.specs import Specification, Vcov

WILD = Vcov("wild", "place")


def spec(terms: str, vcov: Vcov = WILD, **changes) -> Specification:
    return plain_specs.spec(terms, vcov, **changes)


def data(places: int = 7, seed: int = 3) -> pd.DataFrame:
    """Places of unequal size, two regions, three kinds, four years."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(places), rng.integers(4, 12, size=places))
    n = len(place)
    frame = pd.DataFrame(
        {
            "place": [f"p{i}" for i in place],
            "region": np.where(place % 2, "east", "west"),
            "year": [f"y{i}" for i in rng.integers(0, 4, size=n)],
            "kind": np.array(["a", "b", "c"])[rng.integers(0, 3, size=n)],
            "x": rng.normal(size=n) + 0.3 * place,
            "z": rng.normal(size=n),
            "w": rng.integers(1, 4, size=n).astype(float),
            "treated": np.isin(place, [0, 1, 4]).astype(float),
        }
    )
    own = rng.normal(size=places)[place]
    frame["y"] = 0.4 * frame["x"] + own + rng.normal(size=n)
    return frame


def dummies(frame: pd.DataFrame, name: str) -> np.ndarray:
    return pd.get_dummies(frame[name]).to_numpy(dtype=float)


def statistic(x, y, weights, clusters, null=0.0):
    """t of a combination, CR1S but for its factor, and the residual under the null."""
    inverse = np.linalg.pinv(x.T @ x)
    b = inverse @ x.T @ y
    e = y - x @ b
    u = x @ inverse @ weights
    scores = np.bincount(clusters, weights=u * e)
    left = e + u / (u @ u) * (weights @ b - null)
    return (weights @ b - null) / np.sqrt(scores @ scores), left


def brute_force(x, y, weights, clusters, null=0.0) -> float:
    """The share of all sign vectors whose t is as extreme, from fits to new outcomes."""
    ours, left = statistic(x, y, weights, clusters, null)
    count, vectors = 0, list(product((1.0, -1.0), repeat=clusters.max() + 1))
    for signs in vectors:
        new = (y - left) + np.array(signs)[clusters] * left
        count += abs(statistic(x, new, weights, clusters, null)[0]) >= abs(ours) * (1 - 1e-9)
    return count / len(vectors)


def designs(frame: pd.DataFrame) -> dict:
    """A specification, its columns (all fixed effects as dummies), the combination, the row."""
    one, x, z = np.ones(len(frame)), frame["x"].to_numpy(), frame["z"].to_numpy()
    kinds, years = dummies(frame, "kind"), dummies(frame, "year")
    plain = np.column_stack([one, x, z])
    deviation = np.column_stack([one, kinds[:, :2] - kinds[:, 2:], x])
    return {
        "plain": (spec("x z"), plain, [0, 1, 0], "x"),
        "constant": (spec("x z"), plain, [1, 0, 0], "intercept"),
        "contrast": (
            spec("x z", contrasts=(("sum", (("x", 1.0), ("z", 2.0))),)),
            plain,
            [0, 1, 2],
            "sum",
        ),
        "deviation": (
            spec("kind x", codings=(("kind", "deviation"),)),
            deviation,
            [0, -1, -1, 0],
            "kind.c",
        ),
        "nested effects": (
            spec("x z", fixed_effects=("place",)),
            np.column_stack([x, z, dummies(frame, "place")]),
            [1, 0, *[0] * 7],
            "x",
        ),
        "crossing effects": (
            spec("x z", fixed_effects=("year",)),
            np.column_stack([x, z, years]),
            [1, 0, 0, 0, 0, 0],
            "x",
        ),
        "two effects": (
            spec("x z", fixed_effects=("place", "year")),
            np.column_stack([x, z, dummies(frame, "place"), years]),
            [1, 0, *[0] * 11],
            "x",
        ),
        "weights": (spec("x z", weights="w"), plain, [0, 1, 0], "x"),
        "weights and effects": (
            spec("x z", weights="w", fixed_effects=("place", "year")),
            np.column_stack([x, z, dummies(frame, "place"), years]),
            [1, 0, *[0] * 11],
            "x",
        ),
    }


@pytest.mark.parametrize("case", designs(data()))
def test_wild_equals_refits_to_every_vector_of_signs(case):
    frame = data()
    asked, x, weights, term = designs(frame)[case]
    y, clusters = frame["y"].to_numpy(), pd.factorize(frame["place"])[0]
    if asked.weights:
        root = np.sqrt(frame["w"].to_numpy())
        x, y = x * root[:, None], y * root
    row = fit_specification(frame, asked).estimate(term)
    weights = np.array(weights, dtype=float)
    assert row["status"] == "ok"
    assert row["p_value"] == pytest.approx(brute_force(x, y, weights, clusters), abs=1e-12)
    # The interval holds what is not refused: inside its bounds p exceeds 0.05, outside not.
    width = row["conf_high"] - row["conf_low"]
    for bound, step in ((row["conf_low"], 1), (row["conf_high"], -1)):
        inside, outside = bound + 1e-5 * step * width, bound - 1e-5 * step * width
        assert brute_force(x, y, weights, clusters, inside) > 0.05
        assert brute_force(x, y, weights, clusters, outside) <= 0.05
    assert row["vcov_label"] == (
        "wild by place, 7 clusters, all 128 sign vectors of the CR1S statistic, null imposed"
    )
    own = fit_specification(
        frame, Specification(**{**vars(asked), "vcov": Vcov("CR1S", "place")})
    ).estimate(term)
    assert row["std_error"] == own["std_error"]
    assert row["statistic"] == pytest.approx(own["statistic"])


def test_few_clusters_say_which_p_values_are_possible():
    frame = data(places=4)
    row = fit_specification(frame, spec("x")).estimate("x")
    assert "no p-value below 0.12 is possible here" in row["warnings"]
    assert "carried by 4 place(s) only" in row["warnings"]
    assert row["p_value"] >= 2 / 2**4
    assert (row["conf_low"], row["conf_high"]) == (-np.inf, np.inf)
    assert "no null is refused on one side" in row["warnings"]
    webb = Vcov("wild", "place", weights="webb", draws=1999)
    found = fit_specification(frame, spec("x", webb)).estimate("x")
    assert found["vcov_label"] == (
        "wild (Webb) by place, 4 clusters, 1,999 draws of the CR1S statistic, null imposed"
    )
    assert "no p-value below" not in found["warnings"]


def test_many_clusters_under_webb_weights_do_not_overflow():
    frame = data(places=500)
    row = fit_specification(
        frame, spec("x", Vcov("wild", "place", weights="webb", draws=99))
    ).estimate("x")
    assert row["status"] == "ok"
    assert row["p_value"] >= 1 / 100


def test_draws_are_the_seeds_and_nobody_elses():
    frame = data(places=20)
    asked = spec("x z", Vcov("wild", "place", draws=199), also=(Vcov("HC1"),))
    one, again = (fit_specification(frame, asked, seed=1).estimate("x") for _ in range(2))
    assert one["p_value"] == again["p_value"]
    assert "20 clusters, 199 draws" in one["vcov_label"]
    apart = fit_specification(frame, spec("x z", asked.vcov), seed=1).estimate("x")
    assert apart["p_value"] == one["p_value"]
    other = fit_specification(frame, asked, seed=2).estimate("x")
    assert other["conf_low"] != one["conf_low"]


@pytest.mark.parametrize("estimator", ["logit", "quantile"])
@pytest.mark.parametrize("vcov", [WILD, Vcov("permutation", "place")])
def test_other_estimators_are_refused(estimator, vcov):
    frame = data().assign(y=lambda f: (f["z"] + np.sin(f["x"] * 9) > 0).astype(float))
    fit = fit_specification(frame, spec("x", vcov, estimator=estimator, also=(Vcov("HC0"),)))
    assert fit.estimate("x")["status"] == UNDER
    assert "least squares" in fit.estimate("x")["warnings"]
    assert fit.estimate("x", Vcov("HC0"))["status"] == "ok"


# ---------------------------------------------------------------- permutation


def t_of(x, y, weights, units) -> float:
    inverse = np.linalg.pinv(x.T @ x)
    b = inverse @ x.T @ y
    scores = np.bincount(units, weights=(x @ inverse @ weights) * (y - x @ b))
    return weights @ b / np.sqrt(scores @ scores)


def test_permutation_goes_through_every_assignment_of_clusters():
    frame = data()
    units = pd.factorize(frame["place"])[0]
    x = np.column_stack([np.ones(len(frame)), frame["treated"], frame["z"]])
    level = frame.groupby(units)["treated"].first().to_numpy()
    weights, y = np.array([0, 1.0, 0]), frame["y"].to_numpy()
    ours = abs(t_of(x, y, weights, units))
    found = []
    for order in {tuple(level[list(p)]) for p in permutations(range(7))}:
        new = x.copy()
        new[:, 1] = np.array(order)[units]
        found.append(abs(t_of(new, y, weights, units)) >= ours * (1 - 1e-9))
    row = fit_specification(frame, spec("treated z", Vcov("permutation", "place"))).estimate(
        "treated"
    )
    assert len(found) == 35
    assert row["p_value"] == pytest.approx(np.mean(found), abs=1e-12)
    assert row["statistic"] == pytest.approx(t_of(x, y, weights, units))
    assert row["vcov_label"] == (
        "permutation by place, 7 clusters, all 35 permutations of the CR0 statistic"
    )
    assert np.isnan(row["conf_low"])
    assert "no interval" in row["warnings"]


@pytest.mark.parametrize("terms", ["one", "one z"])
def test_one_treated_cluster_is_compared_with_every_other_that_could_have_been(terms):
    frame = data(places=9).assign(one=lambda f: (f["place"] == "p4").astype(float))
    units, y = pd.factorize(frame["place"])[0], frame["y"].to_numpy()
    others = [frame[name] for name in terms.split()[1:]]
    t = []
    for place in range(9):
        x = np.column_stack([np.ones(len(frame)), units == place, *others]).astype(float)
        t.append(abs(t_of(x, y, np.eye(x.shape[1])[1], units)))
    vcov = Vcov("permutation", "place")
    row = fit_specification(frame, spec(terms, vcov)).estimate("one")
    assert row["status"] == "ok"
    assert row["p_value"] == pytest.approx(np.mean(np.array(t) >= t[4] * (1 - 1e-9)))
    assert row["n_carrying"] == 1
    assert "9 distinct assignments: p is a multiple of 0.11" in row["warnings"]
    assert "no p-value below 0.11 is possible" in row["warnings"]
    assert "its standard error is no measure of precision (CR0: " in row["warnings"]
    # Other errors still have nothing to compare it with, and a row alone is as a cluster alone.
    assert fit_specification(frame, spec(terms)).estimate("one")["status"] == UNDER
    frame["row"] = (np.arange(len(frame)) == 3).astype(float)
    row = fit_specification(frame, spec("row z", Vcov("permutation"))).estimate("row")
    assert row["status"] == "ok"
    assert f"all {len(frame)} permutations of the HC0 statistic" in row["vcov_label"]


def test_one_treated_of_few_holds_its_level_whatever_the_sizes_of_clusters():
    rng = np.random.default_rng(7)
    frame, below = data(places=10), 0
    units = pd.factorize(frame["place"])[0]
    for _ in range(300):
        y = rng.normal(size=10)[units] + rng.normal(size=len(units))
        dealt = frame.assign(y=y, one=(units == rng.integers(10)).astype(float))
        vcov = Vcov("permutation", "place")
        row = fit_specification(dealt, spec("one", vcov), record=False).estimate("one")
        below += row["p_value"] <= 0.1 + 1e-9
    assert 0.06 < below / 300 < 0.14


@pytest.mark.parametrize(
    ("terms", "reason"),
    [("place x", "tell every place apart"), ("one even", "its CR0 error is zero")],
)
def test_a_statistic_without_an_error_of_its_own_is_not_compared(terms, reason):
    """Where every cluster has its level, residuals of each sum to zero, and t would be rounding."""
    frame = data(places=5 if "place" in terms else 4)
    units = pd.factorize(frame["place"])[0]
    frame = frame.assign(one=(units == 0) * 1.0, even=units % 2, three=(units == 3) * 1.0)
    terms = terms.replace("even", "even three")
    row = fit_specification(frame, spec(terms, Vcov("permutation", "place"))).estimates[1]
    assert row["status"] == UNDER
    assert reason in row["warnings"]


def test_permutation_within_strata_keeps_each_stratum():
    frame = data()
    units = pd.factorize(frame["place"])[0]
    east = np.array([i % 2 == 1 for i in range(7)])
    x = np.column_stack([np.ones(len(frame)), frame["treated"], units % 2])
    level = frame.groupby(units)["treated"].first().to_numpy()
    weights, y = np.array([0, 1.0, 0]), frame["y"].to_numpy()
    ours = abs(t_of(x, y, weights, units))
    found = []
    orders = {tuple(level[list(p)]) for p in permutations(range(7))}
    for order in orders:
        dealt = np.array(order)
        if dealt[east].sum() == level[east].sum():
            new = x.copy()
            new[:, 1] = dealt[units]
            found.append(abs(t_of(new, y, weights, units)) >= ours * (1 - 1e-9))
    vcov = Vcov("permutation", "place", within="region")
    for changes in ({"controls": (parse_term("region"),)}, {"fixed_effects": ("region",)}):
        row = fit_specification(frame, spec("treated", vcov, **changes)).estimate("treated")
        assert row["p_value"] == pytest.approx(np.mean(found), abs=1e-12)
        assert "all 18 permutations" in row["vcov_label"]
    assert len(found) == 18  # 1 of 3 in the east, 2 of 4 in the west


@pytest.mark.parametrize(("west", "status"), [(4, "ok"), (6, "ok"), (7, UNDER)])
def test_units_that_never_change_places_are_told_of_or_are_most(west, status):
    """Six rows of the east are dealt out; those of the west are compared and never treated."""
    treated = np.array([1, 0, 1, 0, 1, 0] + [0] * west)
    place = ["east"] * 6 + ["west"] * west
    y = treated + np.random.default_rng(4).normal(size=len(place))
    frame = pd.DataFrame({"y": y, "treated": treated, "where": place})
    vcov = Vcov("permutation", within="where")
    row = fit_specification(frame, spec("treated", vcov)).estimate("treated")
    assert row["status"] == status
    assert f"{west / (6 + west):.0%} of what it compares stands in a where" in row["warnings"]
    assert np.isfinite(row["p_value"]) == (status == "ok")


def test_rows_are_dealt_where_there_are_no_clusters():
    frame = data().assign(coin=lambda f: (np.arange(len(f)) % 3 == 0).astype(float))
    vcov = Vcov("permutation", draws=499)
    row = fit_specification(frame, spec("coin z", vcov)).estimate("coin")
    assert row["status"] == "ok"
    assert 1 / 500 <= row["p_value"] <= 1
    assert row["vcov_label"] == "permutation, 499 permutations of the HC0 statistic"
    hc0 = fit_specification(frame, spec("coin z", Vcov("HC0"))).estimate("coin")
    assert row["std_error"] == hc0["std_error"]


@pytest.mark.parametrize(
    ("terms", "term", "vcov", "reason"),
    [
        ("x", "x", Vcov("permutation", "place"), "varies within place"),
        ("x", "intercept", Vcov("permutation", "place"), "the constant"),
        ("treated x treated:x", "treated", Vcov("permutation", "place"), "also part of treated:x"),
        ("treated x treated:x", "treated:x", Vcov("permutation", "place"), "an interaction"),
        ("treated", "treated", Vcov("permutation", "place", within="year"), "two values of year"),
        ("odd", "odd", Vcov("permutation", "place", within="region"), "nothing can change"),
    ],
)
def test_what_cannot_be_dealt_to_units_has_its_reason(terms, term, vcov, reason):
    frame = data().assign(odd=lambda f: (f["region"] == "east").astype(float))
    row = fit_specification(frame, spec(terms, vcov)).estimate(term)
    assert row["status"] == UNDER
    assert reason in row["warnings"]
    assert np.isnan(row["p_value"])
    assert np.isnan(row["estimate"])


def test_levels_of_a_factor_are_dealt_together():
    frame = data(places=12)
    frame["arm"] = np.array(["a", "b", "c"])[pd.factorize(frame["place"])[0] % 3]
    vcov = Vcov("permutation", "place", draws=199)
    asked = spec("arm", vcov, codings=(("arm", "deviation"),))
    rows = [fit_specification(frame, asked).estimate(f"arm.{arm}") for arm in "abc"]
    assert [row["status"] for row in rows] == ["ok"] * 3
    renamed = frame.assign(arm=frame["arm"].replace({"a": "z"}))
    again = fit_specification(renamed, asked).estimate("arm.z")
    assert again["statistic"] == pytest.approx(rows[0]["statistic"])
    assert again["p_value"] == pytest.approx(rows[0]["p_value"], abs=0.1)


def test_permutation_holds_its_level_under_the_sharp_null():
    rng = np.random.default_rng(0)
    frame, below = data(places=9), []
    units = pd.factorize(frame["place"])[0]
    for _ in range(200):
        treated = np.zeros(9)
        treated[rng.choice(9, size=3, replace=False)] = 1
        dealt = frame.assign(treated=treated[units])
        row = fit_specification(
            dealt, spec("treated z", Vcov("permutation", "place")), record=False
        ).estimate("treated")
        below.append(row["p_value"] <= 0.1)
    # 84 assignments: p is a multiple of 1/84, at most 0.0952 of it below 0.1.
    assert 0.04 < np.mean(below) < 0.15
