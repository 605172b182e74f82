import numpy as np
import pandas as pd
import pytest

from reintegration.estimation.fit import fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.specs import Specification, Vcov
from reintegration.studies.importance import (
    explained_shares,
    group_of,
    importance_rows,
    noise_shares,
    shapley,
)


def spec(terms: str) -> Specification:
    return Specification(
        spec_id="levels.y",
        title="",
        role="published",
        data="surveys",
        outcome="y",
        terms=tuple(parse_term(term) for term in terms.split()),
        vcov=Vcov("CR1S", "returnee_id"),
    )


def survey(people: int, seed: int, country: float = 0.0, age: float = 0.0) -> pd.DataFrame:
    """Two surveys per returnee; country and age explain what is asked for."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), 2)
    n = len(person)
    codes = np.array([f"C{i:02d}" for i in range(12)])
    levels = dict(zip(codes, np.linspace(-1, 1, 12), strict=True))
    frame = pd.DataFrame(
        {
            "survey_id": np.arange(n),
            "returnee_id": [f"R{i}" for i in person],
            "country": rng.choice(codes, people)[person],
            "age": rng.normal(size=people)[person],
            "months_since_return": rng.normal(size=n),
        }
    )
    frame["y"] = country * frame["country"].map(levels) + age * frame["age"]
    frame["y"] += rng.normal(size=people)[person] * 0.7 + rng.normal(size=n) * 0.7
    return frame


def shares_of(frame: pd.DataFrame, terms: str, draws: int = 0, seed: int = 0) -> pd.DataFrame:
    fit = fit_specification(frame, spec(terms))
    rows = importance_rows(fit, confidence=0.95, draws=draws, rng=np.random.default_rng(seed))
    return pd.DataFrame(rows).set_index("group")


def test_shapley_of_two_groups_by_hand():
    gains = {(0,): np.array(0.3), (1,): np.array(0.2), (0, 1): np.array(0.6)}
    np.testing.assert_allclose(shapley(gains, 2), [0.35, 0.25])


def test_shapley_values_sum_to_the_whole_and_uncorrelated_groups_keep_their_own():
    rng = np.random.default_rng(0)
    x = np.linalg.qr(rng.normal(size=(200, 4)) - rng.normal(size=4))[0]
    x -= x.mean(axis=0)
    x = np.linalg.qr(x)[0]
    x -= x.mean(axis=0)
    y = x @ [3.0, 1.0, 2.0, 0.0] + rng.normal(size=200) * 0.1
    data = np.column_stack([np.ones(200), x, y])
    explained = explained_shares(data.T @ data, [[1, 2], [3, 4]])
    values = shapley(explained, 2)
    assert values.sum() == pytest.approx(explained[(0, 1)])
    np.testing.assert_allclose(values, [explained[(0,)], explained[(1,)]], rtol=1e-2)
    fitted = x @ np.linalg.lstsq(x, y - y.mean(), rcond=None)[0]
    total = (y - y.mean()) @ (y - y.mean())
    assert explained[(0, 1)] == pytest.approx(fitted @ fitted / total, rel=1e-6)


def test_many_draws_are_computed_as_one_by_one():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(3, 50, 5))
    grams = np.einsum("dni,dnj->dij", data, data)
    together = explained_shares(grams, [[1], [2, 3]])
    for draw, gram in enumerate(grams):
        alone = explained_shares(gram, [[1], [2, 3]])
        for members, value in alone.items():
            assert together[members][draw] == pytest.approx(float(value))


def test_noise_of_independent_errors_is_what_adjusted_r2_takes_off():
    rng = np.random.default_rng(0)
    n, k = 4000, 6
    x = rng.normal(size=(n, k))
    x -= x.mean(axis=0)
    y = rng.normal(size=n)
    y -= y.mean()
    data = np.column_stack([np.ones(n), x, y])
    scores = x * y[:, None]
    noise = noise_shares(data.T @ data, scores.T @ scores, [range(1, k + 1)])
    assert noise[(0,)] == pytest.approx(k / n, rel=0.05)


def test_noise_is_taken_off_so_that_many_columns_win_nothing_by_their_number():
    # Country explains nothing, but has 11 columns; age explains a quarter.
    shares = [
        shares_of(survey(150, seed, age=0.6), "country age")["r2_points"] for seed in range(60)
    ]
    mean, error = np.mean(shares, axis=0), np.std(shares, axis=0) / np.sqrt(60)
    assert abs(mean[0]) < 3 * error[0]
    assert mean[0] < 0.01  # without the correction it is about 11 / 150 of the variance
    assert mean[1] > 0.2


def test_shares_and_their_intervals_find_what_was_planted():
    truth = shares_of(survey(40_000, 1, country=0.5, age=0.4), "country age months_since_return")
    inside = []
    for seed in range(40):
        found = shares_of(
            survey(300, 100 + seed, country=0.5, age=0.4),
            "country age months_since_return",
            draws=199,
            seed=seed,
        )
        inside.append(
            (found["conf_low"] <= truth["estimate"]) & (truth["estimate"] <= found["conf_high"])
        )
    covered = pd.DataFrame(inside).mean()
    assert covered["country"] > 0.82
    assert covered["person"] > 0.82
    assert covered["country_minus_person"] > 0.82


def test_differences_and_groups_are_named():
    found = shares_of(survey(300, 3, country=0.5), "country age months_since_return", draws=99)
    assert found.index.tolist() == [
        *("country", "time", "person"),
        *("country_minus_time", "country_minus_person"),
    ]
    assert found["estimate"][:3].sum() == pytest.approx(1, abs=0.02)
    assert found.loc["country_minus_time", "estimate"] == pytest.approx(
        found.loc["country", "estimate"] - found.loc["time", "estimate"], abs=0.02
    )
    assert found["share_largest"][:3].sum() == pytest.approx(1)
    assert found.loc["country", "share_largest"] == 1
    assert found.loc["country", "estimate_id"] == "importance.levels.y.country"


def test_without_draws_there_is_no_interval():
    found = shares_of(survey(300, 3, country=0.5), "country age")
    assert found["conf_low"].isna().all()
    assert set(found["inference"]) == {"none"}


def test_nothing_explained_is_not_shared_out():
    for seed in range(20):
        found = shares_of(survey(40, seed), "age", draws=99)
        if found["status"].iloc[0] == "not_estimable":
            assert "nothing is explained" in found["warnings"].iloc[0]
            assert found["estimate"].isna().all()
            return
    raise AssertionError("no sample without anything explained")


@pytest.mark.parametrize(
    ("variable", "group"),
    [
        ("country", "country"),
        ("country:stranded", "country"),
        ("assistance_cash", "assistance"),
        ("months_since_return", "time"),
        ("is_first", "time"),
        ("mode", "interview"),
        ("sex", "person"),
    ],
)
def test_groups_of_variables(variable, group):
    assert group_of(variable) == group


def test_with_one_row_per_returnee_the_whole_is_about_adjusted_r2():
    frame = survey(400, 5, country=0.5, age=0.4).iloc[::2]
    fit = fit_specification(frame, spec("country age"))
    found = shares_of(frame, "country age")
    n, k = 400, 12
    adjusted = 1 - (1 - fit.model["r2"]) * (n - 1) / (n - k - 1)
    assert found["r2"].iloc[0] == pytest.approx(adjusted, abs=0.003)


def test_draws_are_centred_on_the_estimate_although_they_hold_noise_twice():
    places = []
    for seed in range(25):
        found = shares_of(
            survey(120, 200 + seed, country=0.6, age=0.5), "country age", draws=199, seed=seed
        ).loc["country"]
        places.append(
            (found["estimate"] - found["conf_low"]) / (found["conf_high"] - found["conf_low"])
        )
    assert np.mean(places) == pytest.approx(0.5, abs=0.08)


def test_shares_are_of_one_whole_and_none_is_given_where_noise_explains_as_much():
    some = shares_of(survey(300, seed=7, country=0.6), "country age months_since_return", 99)
    groups = some[~some.index.str.contains("_minus_")]
    assert (groups["status"] == "ok").all()
    assert groups["estimate"].sum() == pytest.approx(1)
    assert (groups["r2_points"] < 0).any()  # else the sum says nothing
    none = shares_of(survey(300, seed=7), "country age months_since_return", draws=99)
    assert (none["status"] == "not_estimable").all()
    assert none["estimate"].isna().all()
    assert none["warnings"].str.contains("noise").all()
