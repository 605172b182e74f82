"""Whatever the language has can stand in config.yaml: declared, checked, fitted by the study."""

import numpy as np
import pandas as pd
import pytest

from reintegration.config import Specification
from reintegration.errors import StudyError
from reintegration.estimation.declared import check_specifications
from reintegration.estimation.results import OK
from reintegration.studies.assistance import Regressions, regress

BY_RETURNEE = {"type": "CR1S", "cluster": "returnee_id"}
CR2 = {"type": "CR2", "cluster": "returnee_id"}
ANSWERS = ["very_poor", "poor", "fair", "good", "very_good"]
# What is declared beside the outcome and the term, and the scale of its estimates.
WAYS = {
    "logit": ({"threshold": 0.5, "vcov": [BY_RETURNEE, CR2]}, "log-odds"),
    "fractional_logit": ({}, "log-odds"),
    "ordered_logit": ({"outcomes": ["q22"], "categories": {"q22": ANSWERS}}, "log-odds"),
    "mixed": ({"random": {"groups": "country"}, "vcov": {"type": "classical"}}, "score points"),
    "random_effects": ({"random": {"groups": "returnee_id"}}, "score points"),
    "quantile": ({"quantile": 0.25, "vcov": {"type": "HC0"}}, "score points"),
    "within": ({"controls": ["months_since_return"], "vcov": [BY_RETURNEE, CR2]}, "score points"),
    "ols": ({"fixed_effects": ["location_id", "country"], "weights": "dependants"}, "score points"),
}


def declared(**changes) -> Specification:
    entry = {
        "id": "one",
        "title": "One",
        "role": "robustness",
        "data": "surveys",
        "outcomes": ["composite"],
        "terms": ["assistance_training"],
        "controls": ["age", "sex"],
        "vcov": BY_RETURNEE,
    }
    return Specification.model_validate(entry | changes)


@pytest.fixture(scope="module")
def fit(frame, config, codebook):
    """Check specifications against the codebook, then fit them as the study does."""

    def fitted(*specifications: Specification, rows: pd.DataFrame = frame) -> Regressions:
        check_specifications(
            specifications, config.assistance, config.orion, config.trends, codebook
        )
        return regress(
            rows, specifications, config.assistance, draws=99, rng=np.random.default_rng(1)
        )

    return fitted


@pytest.mark.parametrize("estimator", WAYS)
def test_each_estimator_lands_in_the_tables(fit, estimator):
    changes, scale = WAYS[estimator]
    results = fit(declared(estimator=estimator, **changes))
    outcome = changes.get("outcomes", ["composite"])[0]
    assert set(results.estimates["scale"]) == {scale}
    training = results.estimates[results.estimates["term"] == "training"]
    assert (training["status"] == OK).all()
    assert np.isfinite(training[["estimate", "std_error", "p_value", "df"]].to_numpy()).any()
    vcovs = changes.get("vcov", BY_RETURNEE)
    vcovs = vcovs if isinstance(vcovs, list) else [vcovs]
    assert training["vcov"].tolist() == [vcov["type"] for vcov in vcovs]
    assert len(set(training["estimate"])) == 1
    assert results.estimates["estimate_id"].is_unique
    assert results.models["spec_id"].tolist() == [f"one.{outcome}"]
    assert results.models["estimator"].tolist() == [estimator]
    if scale == "score points":  # 0.05 was planted
        first = training.iloc[0]
        assert abs(first["estimate"] - 0.05) < 4 * (first["std_error"] or np.inf)
    rows = results.rows[results.rows["country"] == "all"].groupby("step")["rows"].sum()
    assert rows["read"] == rows["used"] + rows.get("excluded", 0)


@pytest.mark.parametrize("estimator", ["logit", "ordered_logit"])
def test_what_cannot_be_fitted_keeps_its_scale(fit, frame, estimator):
    changes, scale = WAYS[estimator]
    results = fit(declared(estimator=estimator, **changes), rows=frame.iloc[:3])
    assert set(results.estimates["status"]) == {"failed"}
    assert set(results.estimates["scale"]) == {scale}


@pytest.mark.parametrize(
    ("data", "outcome", "scale"),
    [
        ("surveys", "composite", "score points"),
        ("surveys", "item_q22", "score points"),
        ("changes", "change_social", "score points"),
        ("changes", "last_social", "score points"),
        ("surveys", "age", "units of the outcome"),
        ("surveys", "log(composite)", "units of the outcome"),
        ("changes", "months_between", "units of the outcome"),
    ],
)
def test_only_a_score_is_measured_in_score_points(fit, data, outcome, scale):
    estimates = fit(declared(data=data, outcomes=[outcome], controls=["sex"])).estimates
    assert (estimates["status"] == OK).any()
    assert set(estimates["scale"]) == {scale}


def test_a_threshold_is_a_logit_of_what_was_reached(fit, frame):
    reached = frame.assign(composite=(frame["composite"] >= 0.5).astype(float))
    asked = fit(declared(estimator="logit", threshold=0.5)).estimates
    by_hand = fit(declared(estimator="logit"), rows=reached).estimates
    np.testing.assert_allclose(asked["estimate"], by_hand["estimate"], rtol=1e-12)


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({"estimator": "logit", "threshold": 0.5}, "composite < 0.7"),
        ({"estimator": "ordered_logit", "outcomes": ["item_q22"]}, "item_q22 >= 0.5"),
        ({"controls": ["round"], "categories": ["round"]}, "round <= 1"),
        ({"controls": ["log(age)"]}, "age >= 30"),
    ],
    ids=["threshold", "ordered", "category", "function"],
)
def test_a_filter_asks_for_what_was_answered(fit, frame, changes, rows):
    kept = frame.query(rows)
    asked = fit(declared(**changes, filter=rows))
    by_hand = fit(declared(**changes), rows=kept)
    training = asked.estimates["term"] == "training"
    assert (asked.estimates.loc[training, "status"] == OK).all()
    assert len(kept) >= asked.models["n_obs"][0] == by_hand.models["n_obs"][0]


def test_an_items_score_has_its_order_in_itself(fit, frame):
    by_score = fit(declared(estimator="ordered_logit", outcomes=["item_q22"])).estimates
    assert [t for t in by_score["term"] if t.startswith("threshold")] == [
        *("threshold.0|0.25", "threshold.0.25|0.5", "threshold.0.5|0.75", "threshold.0.75|1"),
    ]
    words = dict(zip([0, 0.25, 0.5, 0.75, 1.0], ANSWERS, strict=True))
    texts = frame.assign(q22=frame["item_q22"].map(words).astype("category"))
    order = {"estimator": "ordered_logit", "outcomes": ["q22"], "categories": {"q22": ANSWERS}}
    by_text = fit(declared(**order), rows=texts).estimates
    np.testing.assert_allclose(by_score["estimate"], by_text["estimate"], rtol=1e-9)


def test_answers_that_say_nothing_are_missing_from_an_ordered_item(fit, frame):
    results = fit(declared(estimator="ordered_logit", **WAYS["ordered_logit"][0]))
    rows = results.rows[results.rows["country"] == "all"].set_index("reason")["rows"]
    silent = ~frame["q22"].isin(ANSWERS)
    assert silent.any()
    assert rows["missing: q22"] == silent.sum()


def test_within_is_fixed_effects_without_returnees_seen_once(fit, frame):
    within = fit(declared(estimator="within", controls=["months_since_return"]))
    effects = fit(declared(fixed_effects=["returnee_id"], controls=["months_since_return"]))
    ours, theirs = (
        table.estimates.set_index("term").loc["training", "estimate"] for table in (within, effects)
    )
    assert ours == pytest.approx(theirs, rel=1e-9)
    once = frame.groupby("returnee_id")["survey_id"].transform("size") < 2
    reasons = within.rows[within.rows["country"] == "all"].set_index("reason")["rows"]
    assert reasons["one survey of the returnee only"] >= once.sum() > 0


def test_functions_categories_codings_and_contrasts(fit, frame):
    results = fit(
        declared(
            terms=["log(months_abroad)", "age^2", "round"],
            controls=["age", "sex"],
            categories=["round"],
            coding={"round": "deviation", "sex": {"reference": "woman"}},
            contrasts={"rounds": {"round.2": 1, "round.1": -1}},
        )
    ).estimates.set_index("term")
    assert {"log(months_abroad)", "age^2", "round.1", "round.2", "sex.man"} <= set(results.index)
    twice = 2 * results.loc["round.2", "estimate"]
    assert results.loc["rounds", "estimate"] == pytest.approx(twice, rel=1e-9)
    made = frame.assign(months_abroad=np.log(frame["months_abroad"].where(lambda x: x > 0)))
    by_hand = fit(declared(terms=["months_abroad"], controls=["age", "sex"]), rows=made)
    function = fit(declared(terms=["log(months_abroad)"], controls=["age", "sex"]))
    np.testing.assert_allclose(
        function.estimates["estimate"], by_hand.estimates["estimate"], rtol=1e-12
    )


def test_levels_that_the_codebook_lets_pass_and_the_data_hold_are_said(fit, frame):
    listed = declared(controls=["source"], categories={"source": ["bureau", "desk"]})
    results = fit(listed)
    assert set(results.estimates["status"]) == {"failed"}
    assert "source also holds office, which is not listed" in results.estimates["warnings"].iloc[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"estimator": "logit", "threshold": 0.5},
        {"estimator": "ordered_logit", "outcomes": ["item_q22"]},
        {"estimator": "quantile", "vcov": {"type": "HC0"}},
        {"weights": "dependants"},
        {"intercept": False},
        {"fixed_effects": ["mode"]},
        {"terms": ["country", "country:age"], "controls": ["age"]},
        {"vcov": [BY_RETURNEE, {"type": "CR2", "cluster": "country"}]},
    ],
)
def test_ranks_and_shares_of_what_is_published(fit, changes):
    """Countries are ranked under the first covariance; shares are of least squares only."""
    results = fit(declared(**{"terms": ["country"], "role": "published"} | changes))
    assert (results.ranks["status"] == OK).all()
    assert len(results.ranks) == 6
    estimates = results.estimates.drop_duplicates("term").set_index("term")["estimate"]
    for row in results.ranks.itertuples():
        if f"country.{row.country}" in estimates:
            assert row.estimate == pytest.approx(estimates[f"country.{row.country}"], rel=1e-9)
    if "outcomes" not in changes:  # scores differ between countries, answers do not
        assert (results.ranks["rank_high"] - results.ranks["rank_low"] < 5).any()
    plain = set(changes) <= {"terms", "controls", "vcov"}
    assert set(results.importance["status"]) == ({OK} if plain else {"not_estimable"})
    assert results.importance["warnings"].str.contains("least squares").all() != plain


def test_a_wrong_name_of_any_key_stops_before_anything_is_fitted(fit):
    with pytest.raises(StudyError) as error:
        fit(
            declared(id="a", fixed_effects=["locaton_id"]),
            declared(id="b", estimator="mixed", random={"groups": "contry"}),
            declared(id="c", terms=["log(agee)"]),
        )
    for part in ("a.fixed_effects", "b.random.groups", "c.terms", "did you mean"):
        assert part in "\n".join(error.value.problems)
