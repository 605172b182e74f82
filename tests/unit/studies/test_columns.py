"""Changes between columns: parts that add up, errors that a bootstrap finds too, statuses."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from reintegration.config import load_config
from reintegration.errors import StudyError
from reintegration.estimation.fit import fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.specs import Specification, Vcov
from reintegration.plan import make_plan
from reintegration.studies.columns import changes_between_columns
from reintegration.studies.nested import Pair, column_pairs
from reintegration.studies.regressions import study_specifications

BY_PERSON = Vcov("CR1S", "returnee_id")
SHORT = "country assistance_cash"
LONG = f"{SHORT} assistance_training months_since_return age sex mode"


def world(seed=1, people=120):
    """Returnees with two surveys; cash goes with age and training, both of which move scores."""
    rng = np.random.default_rng(seed)
    n = 2 * people
    person = np.repeat(np.arange(people), 2)
    age = np.repeat(rng.normal(30, 8, people), 2)
    country = np.repeat(rng.choice(["ETH", "GIN", "MAR"], people), 2)
    training = (rng.random(n) < 0.3).astype(float)
    cash = (rng.random(n) < 0.3 + 0.3 * training + 0.01 * (age - 30)).astype(float)
    months = rng.uniform(1, 30, n)
    error = np.repeat(rng.normal(0, 0.1, people), 2) + rng.normal(0, 0.05, n)
    frame = pd.DataFrame(
        {
            "survey_id": [f"s{i}" for i in range(n)],
            "returnee_id": [f"p{i}" for i in person],
            "country": country,
            "assistance_cash": cash,
            "assistance_training": training,
            "months_since_return": months,
            "age": age,
            "sex": np.repeat(rng.choice(["man", "woman"], people), 2),
            "mode": rng.choice(["in_person", "phone"], n),
            "weight": rng.uniform(0.5, 2, n),
            "score": 0.4 + 0.05 * training + 0.004 * age + 0.002 * months + error,
        }
    )
    frame.loc[rng.random(n) < 0.2, "age"] = np.nan
    return frame


def spec(terms, name="x", **keys):
    parsed = tuple(parse_term(text) for text in terms.split())
    base = {"vcov": BY_PERSON, **keys}
    return Specification(name, name, "robustness", "surveys", "score", parsed, **base)


def changes(frame, short=SHORT, long=LONG, short_keys=None, **keys):
    pair = Pair(
        "c",
        "short-long",
        spec(short, "short", **{**keys, **(short_keys or {})}),
        spec(long, "long", **keys),
    )
    return changes_between_columns({"surveys": frame}, [pair])


def parts_of(table, values="estimate"):
    """Estimates (or errors) by term and part, groups by their own name."""
    names = table["group"].where(table["part"] == "group", table["part"])
    return table.assign(name=names).pivot_table(index="term", columns="name", values=values)


CASES = {
    "clustered": ({}, {}),
    "by row": ({}, {"vcov": Vcov("HC3")}),
    "weighted": ({}, {"weights": "weight"}),
    "reference country": ({}, {"coding": "MAR"}),
    "effects in both": ({}, {"fixed_effects": ("mode",)}),
    "effects added": ({"fixed_effects": ()}, {"fixed_effects": ("sex", "mode")}),
    "other rows by filter": ({"filter": "months_since_return < 20"}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_parts_add_up_and_ends_are_the_published_estimates(case):
    short_keys, keys = CASES[case]
    frame = world()
    long = LONG.replace(" sex mode", "") if "fixed_effects" in keys else LONG
    found = changes(frame, long=long, short_keys=short_keys, **keys)
    assert (found["status"] == "ok").all()
    parts = parts_of(found)
    groups = [name for name in parts if name not in ("total", "other_rows", "other_controls")]
    assert set(groups) >= {"assistance", "time", "person"}
    assert ("fixed_effects" in groups) == (case == "effects added")
    gap = parts["total"] - parts["other_rows"] - parts["other_controls"]
    assert gap.abs().max() < 1e-10
    assert (parts["other_controls"] - parts[groups].sum(axis=1)).abs().max() < 1e-10
    assert parts["other_rows"].abs().min() > 1e-6
    ends = [
        fit_specification(frame, spec(terms, **given))
        for terms, given in ((SHORT, {**keys, **short_keys}), (long, keys))
    ]
    for term in parts.index:
        before, after = (fit.estimate(term)["estimate"] for fit in ends)
        assert parts.loc[term, "total"] == pytest.approx(after - before, abs=1e-10)


def test_parts_add_up_within_persons():
    frame = world()
    within = changes(
        frame, "assistance_cash", "assistance_cash months_since_return mode", estimator="within"
    )
    parts = parts_of(within)
    assert list(parts.index) == ["cash"]
    assert parts["total"]["cash"] == pytest.approx(
        parts["time"]["cash"] + parts["interview"]["cash"] + parts["other_rows"]["cash"], abs=1e-10
    )


def test_one_added_column_is_the_omitted_variable_formula():
    frame = world().dropna()
    found = changes(frame, "assistance_cash", "assistance_cash age").set_index("part")
    long = fit_specification(frame, spec("assistance_cash age"))
    slope = fit_specification(
        frame, replace(spec("assistance_cash"), outcome="age")
    ).estimate("cash")["estimate"]  # fmt: skip
    by_hand = -slope * long.estimate("age")["estimate"]
    assert found.loc["group", "estimate"] == pytest.approx(by_hand, rel=1e-10)
    assert found.loc["other_rows", "estimate"] == pytest.approx(0, abs=1e-15)
    assert found.loc["other_rows", "warnings"] == "both columns use the same rows"


def test_the_order_of_groups_does_not_matter():
    frame = world()
    turned = ["mode", "sex", "age", "months_since_return", "assistance_training"]
    one = parts_of(changes(frame))
    other = parts_of(changes(frame, long=" ".join([SHORT, *turned])))
    pd.testing.assert_frame_equal(one, other, rtol=1e-9)


def test_errors_are_those_of_a_cluster_bootstrap():
    long = LONG.replace(" mode", "")  # neither it nor what goes with it moves anything
    frame = world(people=250)
    found = changes(frame, long=long)
    rng = np.random.default_rng(5)
    rows_of = [rows for _, rows in frame.groupby("returnee_id").indices.items()]
    draws = []
    for _ in range(150):
        picked = rng.integers(len(rows_of), size=len(rows_of))
        drawn = frame.iloc[np.concatenate([rows_of[i] for i in picked])].assign(
            returnee_id=np.repeat(np.arange(len(picked)), 2).astype(str)
        )
        again = parts_of(changes(drawn.reset_index(drop=True), long=long))
        draws.append(again.to_numpy())
    ratio = parts_of(found, "std_error").to_numpy() / np.std(draws, axis=0, ddof=1)
    # 150 draws tell a spread to 6%.
    assert 0.9 < np.median(ratio) < 1.1
    assert (ratio > 0.75).all() and (ratio < 1.3).all(), ratio


def test_two_ways_of_clusters_and_one_give_other_errors():
    frame = world()
    one = changes(frame)
    two = changes(frame, vcov=Vcov("CR1S", "returnee_id", "mode"))
    assert (two["cluster_var"] == "returnee_id mode").all()
    assert (two["n_clusters"] == 2).all()
    assert not np.allclose(one["std_error"], two["std_error"])


@pytest.mark.parametrize(
    ("asked", "computed"),
    [
        (Vcov("HC3"), "HC1"),
        (Vcov("HC0"), "HC0"),
        (Vcov("CR2", "returnee_id"), "CR1S"),
        (Vcov("CR0", "returnee_id"), "CR0"),
    ],
)
def test_the_label_is_what_was_computed(asked, computed):
    found = changes(world(), vcov=asked)
    assert set(found["vcov"]) == {computed}
    slug = replace(asked, type=computed).slug
    assert found["estimate_id"].str.endswith(f".{slug}").all()
    assert found["estimate_id"].is_unique


def test_country_terms_by_country_get_a_status_and_no_number():
    found = changes(world(), vcov=Vcov("CR1S", "country"))
    countries = found[found["term"].str.startswith("country.")]
    assert set(countries["status"]) == {"not_estimable_under_this_vcov"}
    assert countries["estimate"].isna().all() and countries["warnings"].ne("").all()
    assert set(found.loc[found["term"] == "cash", "status"]) == {"ok"}


def test_a_longer_column_that_cannot_be_fitted_is_a_row_with_its_reason():
    found = changes(world().assign(age=np.nan))
    assert list(found["status"]) == ["failed"]
    assert "age" in found["warnings"][0]


def test_a_column_that_the_longer_one_drops_is_a_row_with_its_reason():
    frame = world().assign(total=lambda f: f["assistance_cash"] + f["weight"])
    found = changes(frame, "total", "weight assistance_cash total")
    assert list(found["status"]) == ["failed"]
    assert "drops total" in found["warnings"][0]


# ---------------------------------------------------------------- config.yaml


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda s: s["columns"].update(country_only=["cou"]), "columns.country_only.terms: "),
        (lambda s: s["columns"].update(country_only=[]), "specifications.0.columns.country_only"),
        (lambda s: s["columns"].update(with_assistance=["assistance"]),
         "columns.country_only: is not nested in with_assistance: country is not in it"),
        (lambda s: s["columns"].update(country_only=["country", "dependants"]),
         "dependants is not in it"),
        (lambda s: s["columns"].update(with_assistance=["country"]), "it adds nothing"),
        (lambda s: s.update(estimator="quantile", vcov={"type": "HC0"}, refits=[]),
         "quantile is not linear"),
        (lambda s: s["columns"].update(changes=["country"]), "changes stands twice"),
    ],
)  # fmt: skip
def test_columns_that_are_not_nested_stop_before_any_work(root, change, problem):
    raw = yaml.safe_load((root / "config.yaml").read_text(encoding="utf-8"))
    change(raw["specifications"][0])
    with pytest.raises(StudyError) as caught:
        make_plan(raw, root)
    assert problem in str(caught.value)


def test_shorter_columns_are_like_the_longer_but_for_their_terms(root):
    choices = load_config(root / "config.yaml")
    pairs = column_pairs(choices.specifications, choices.assistance)
    assert {pair.comparison for pair in pairs} == {
        *("country_only-with_assistance", "with_assistance-levels", "country_only-levels"),
    }
    listed = {spec.spec_id for spec in study_specifications(choices)}
    for pair in pairs:
        assert {pair.before.spec_id, pair.after.spec_id} <= listed
        assert set(pair.before.right_side) < set(pair.after.right_side)
        assert pair.before.outcome == pair.after.outcome
        assert pair.before.role == "robustness"
