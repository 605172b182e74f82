"""Adjusted p-values: stepdown by hand, resampling by refits, dependence across outcomes."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from reintegration.estimation.families import (
    adjust_families,
    bootstrap_statistics,
    draw_signs,
)
from reintegration.estimation.fit import fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.multiplicity import adjust, stepdown
from reintegration.estimation.specs import Specification, Vcov

BY_PLACE = Vcov("CR1S", "place")


def spec(outcome: str, terms: str, vcov: Vcov = BY_PLACE, **changes) -> Specification:
    return Specification(
        **{
            "spec_id": outcome,
            "title": "",
            "role": "exploratory",
            "data": "rows",
            "outcome": outcome,
            "terms": tuple(parse_term(term) for term in terms.split()),
            "vcov": vcov,
            "coding": "",
            "family": "all",
        }
        | changes
    )


def data(places: int = 25, seed: int = 2, common: float = 0.0) -> pd.DataFrame:
    """Five outcomes; with `common` of 1 they are one and the same."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(places), rng.integers(3, 9, size=places))
    n = len(place)
    frame = pd.DataFrame(
        {
            "place": [f"p{i}" for i in place],
            "year": [f"y{i}" for i in rng.integers(0, 3, size=n)],
            "x": rng.normal(size=n) + rng.normal(size=places)[place],
            "z": rng.normal(size=n),
            "w": rng.integers(1, 4, size=n).astype(float),
        }
    )
    shared = rng.normal(size=n) + rng.normal(size=places)[place]
    for j in range(5):
        own = rng.normal(size=n) + rng.normal(size=places)[place]
        frame[f"y{j}"] = np.sqrt(common) * shared + np.sqrt(1 - common) * own
    return frame


def fits_of(frame: pd.DataFrame, **changes) -> list:
    return [fit_specification(frame, spec(f"y{j}", "x z", **changes)) for j in range(5)]


def test_stepdown_by_hand():
    statistics = np.array([2.0, 3.0, 1.0])
    resampled = np.array([[1.0, 2.5, 0.5], [3.5, 0.1, 0.2], [0.3, 0.2, 1.5], [0.1, 0.2, 0.3]])
    # 3.0 against the largest of all: 3.5 of four draws; 2.0 against the largest of the first and
    # third: 3.5; 1.0 against the third: 1.5, but none below a larger one's.
    assert stepdown(statistics, resampled).tolist() == [2 / 5, 2 / 5, 2 / 5]
    assert stepdown(np.array([4.0, 1.0, 0.1]), resampled).tolist() == [1 / 5, 3 / 5, 1.0]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"fixed_effects": ("place",)},
        {"fixed_effects": ("place", "year")},
        {"weights": "w"},
        {"vcov": Vcov("CR0", "place")},
        {"vcov": Vcov("HC1")},
        {"contrasts": (("sum", (("x", 1.0), ("z", 1.0))),)},
    ],
    ids=str,
)
def test_resampled_statistics_are_those_of_refits(changes):
    frame = data()
    asked = spec("y0", "x z", **changes)
    fit = fit_specification(frame, asked)
    row = fit.estimate("sum" if asked.contrasts else "x")
    clusters = np.arange(len(frame)) if not asked.vcov.cluster else fit.design.groups["place"]
    rng = np.random.default_rng(1)
    signs = rng.choice([-1.0, 1.0], size=(6, clusters.max() + 1))
    ours = bootstrap_statistics(fit, asked.vcov, [row], signs)[:, 0]
    for draw, t in zip(signs, ours, strict=True):
        residual = fit.solution.residuals
        new = frame.assign(y0=frame["y0"] - residual + draw[clusters] * residual)
        again = fit_specification(new, asked, record=False).estimate(row["term"])
        assert t == pytest.approx((again["estimate"] - row["estimate"]) / again["std_error"], 1e-5)


def test_the_three_adjustments_stand_beside_each_other():
    frame = data()
    frame["y0"] += 0.6 * frame["x"]
    fits = fits_of(frame)
    adjust_families(fits, method="romano_wolf", draws=1999)
    rows = pd.DataFrame([row for fit in fits for row in fit.estimates])
    inside = rows[rows["term"] != "intercept"]
    assert len(inside) == 10
    np.testing.assert_allclose(inside["p_holm"], adjust(inside["p_value"].to_numpy(), "holm"))
    np.testing.assert_allclose(inside["p_bh"], adjust(inside["p_value"].to_numpy(), "bh"))
    assert (inside["p_adjusted"] == inside["p_romano_wolf"]).all()
    # Hardly dependent: near Holm's, and in the order of the statistics.
    assert np.abs(inside["p_romano_wolf"] - inside["p_holm"]).max() < 0.25
    order = inside["statistic"].abs().sort_values(ascending=False).index
    assert inside.loc[order, "p_romano_wolf"].is_monotonic_increasing
    assert inside["p_romano_wolf"].min() >= 1 / 2000
    outside = rows[rows["term"] == "intercept"]
    assert set(outside["family"]) == {""}
    assert outside[["p_holm", "p_bh", "p_romano_wolf", "p_adjusted"]].isna().all(axis=None)


def test_one_hypothesis_asked_five_times_is_one_hypothesis():
    fits = fits_of(data(common=1.0), family_terms=("x",))
    adjust_families(fits, draws=1999)
    rows = [fit.estimate("x") for fit in fits]
    assert rows[0]["p_holm"] == pytest.approx(min(1, 5 * rows[0]["p_value"]))
    for row in rows:
        assert row["p_romano_wolf"] == pytest.approx(rows[0]["p_value"], abs=0.04)
        assert row["p_adjusted"] == row["p_holm"]


def test_a_family_draws_clusters_that_are_in_some_members_only():
    frame = data()
    fits = [
        fit_specification(frame, spec("y0", "x")),
        fit_specification(frame[frame["place"] != "p3"], spec("y1", "x")),
        fit_specification(frame.iloc[::-1], spec("y0", "x")),
    ]
    adjust_families(fits)
    found = [fit.estimate("x")["p_romano_wolf"] for fit in fits]
    assert found[0] == found[2]  # draws follow the names of clusters, not their order
    alone = [fit_specification(frame, spec("y0", "x"))]
    adjust_families(alone)
    assert alone[0].estimate("x")["p_romano_wolf"] <= found[0]


def test_rows_under_other_covariances_are_no_members_unless_asked():
    frame = data()
    for every in (False, True):
        fits = fits_of(frame, also=(Vcov("HC1"),))
        adjust_families(fits, every_covariance=every)
        other = fits[0].estimate("x", Vcov("HC1"))
        assert np.isfinite(other["p_holm"]) == every
        assert np.isfinite(fits[0].estimate("x")["p_holm"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([{"vcov": Vcov("CR1S", "place", "year")}] * 2, "clustered in two ways"),
        ([{"vcov": Vcov("HC1")}, {"vcov": Vcov("HC1"), "data": "changes"}], "are not the same"),
        ([{"vcov": Vcov("HC0"), "estimator": "quantile"}] * 2, "no scores"),
    ],
)
def test_what_cannot_share_draws_says_so_and_keeps_the_others(changes, reason):
    frame = data()
    fits = [
        fit_specification(frame, spec(f"y{j}", "x", **change)) for j, change in enumerate(changes)
    ]
    adjust_families(fits)
    for fit in fits:
        row = fit.estimate("x")
        assert reason in row["warnings"]
        assert np.isnan(row["p_romano_wolf"])
        assert np.isfinite(row["p_holm"])


def test_family_wise_error_is_held_where_outcomes_depend_on_one_another():
    wrong = []
    for seed in range(40):
        fits = [
            fit_specification(data(seed=seed, common=0.8), spec(f"y{j}", "x"), record=False)
            for j in range(5)
        ]
        adjust_families(fits, draws=199)
        wrong.append(min(fit.estimate("x")["p_romano_wolf"] for fit in fits) <= 0.1)
    assert np.mean(wrong) < 0.25  # three standard errors above 0.1 of 40


@pytest.mark.parametrize("method", ["holm", "bh"])
def test_adjusted_p_values_are_those_of_statsmodels_and_missing_ones_do_not_count(method):
    p_values = np.random.default_rng(2).random(30) ** 4
    p_values[[3, 9]] = p_values[[4, 10]]  # ties
    expected = multipletests(p_values, method={"holm": "holm", "bh": "fdr_bh"}[method])[1]
    held = np.insert(p_values, 5, np.nan)
    np.testing.assert_allclose(adjust(held, method), np.insert(expected, 5, np.nan), rtol=1e-14)
    assert np.isnan(adjust(np.full(2, np.nan), method)).all()


@pytest.mark.parametrize("clusters", [1, 2, 3, 9])
def test_few_clusters_have_every_pattern_of_signs_once(clusters):
    signs = draw_signs(clusters, 999, np.random.default_rng(0))
    patterns = {tuple(row * row[0]) for row in signs} | {(1.0,) * clusters}
    assert len(signs) + 1 == len(patterns) == 2 ** (clusters - 1)
    assert len(draw_signs(10, 999, np.random.default_rng(0))) == 999


@pytest.mark.parametrize("places", [3, 5, 8])
def test_few_clusters_never_make_a_p_smaller_than_it_was_or_than_they_can(places):
    for seed in range(10):
        frame = data(places=places, seed=seed)
        fits = fits_of(frame, family_terms=("x",))
        adjust_families(fits)
        rows = pd.DataFrame([fit.estimate("x") for fit in fits])
        rows = rows[rows["p_value"].notna()]
        smallest = 2.0 ** (1 - places)
        assert (rows["p_romano_wolf"] >= rows["p_value"]).all()
        assert (rows["p_romano_wolf"] >= smallest).all()
        said = rows["warnings"].str.contains(f"no Romano-Wolf p-value below {smallest:.2g}")
        assert said.all() if smallest > 0.05 else not said.any()
        ordered = rows.sort_values("statistic", key=lambda t: -t.abs())
        assert ordered["p_romano_wolf"].is_monotonic_increasing
