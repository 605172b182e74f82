import numpy as np
import pandas as pd
import pytest
from linearmodels.panel import PanelOLS
from statsmodels.datasets import longley

from reintegration.estimation.fit import fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.results import ESTIMATE_COLUMNS, MODEL_COLUMNS, ROW_COLUMNS, table
from reintegration.estimation.specs import Specification, Vcov

BY_RETURNEE = Vcov("CR1S", "returnee_id")


def spec(terms: str, vcov: Vcov = BY_RETURNEE, **changes) -> Specification:
    return Specification(
        **{
            "spec_id": "levels.y",
            "title": "",
            "role": "published",
            "data": "surveys",
            "outcome": "y",
            "terms": tuple(parse_term(term) for term in terms.split()),
            "vcov": vcov,
        }
        | changes
    )


def survey(people: int = 80, rounds: int = 2, seed: int = 0) -> pd.DataFrame:
    """Returnees in four countries, with a planted effect of training of 0.1."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), rounds)
    n = len(person)
    frame = pd.DataFrame(
        {
            "survey_id": [f"S{i}" for i in range(n)],
            "returnee_id": [f"R{i}" for i in person],
            "country": np.array(["CIV", "GIN", "MAR", "SEN"])[person % 4],
            "assistance_training": (rng.random(n) < 0.4).astype(float),
            "x": rng.normal(size=n),
        }
    )
    own = rng.normal(size=people)[person]
    frame["y"] = 0.1 * frame["assistance_training"] + 0.5 * frame["x"] + own
    frame["y"] += rng.normal(size=n) * 0.05
    return frame


def rows(fit) -> pd.DataFrame:
    return pd.DataFrame(fit.estimates).set_index("term")


# ---------------------------------------------------------------- numbers


def test_longley_keeps_its_certified_digits():
    # NIST Statistical Reference Datasets, Longley: normal equations lose half of them.
    data = longley.load_pandas().data
    frame = data.rename(columns={"TOTEMP": "y"}).assign(survey_id=range(16))
    certified = [
        -3482258.63459582, 15.0618722713733, -0.0358191792925910, -2.02022980381683,
        -1.03322686717359, -0.0511041056535807, 1829.15146461355,
    ]  # fmt: skip
    for engine in ("library", "arrays"):
        fit = fit_specification(
            frame, spec("GNPDEFL GNP UNEMP ARMED POP YEAR", Vcov("HC1")), engine=engine
        )
        np.testing.assert_allclose(rows(fit)["estimate"], certified, rtol=2e-9)


def test_the_two_engines_agree():
    frame = survey()
    for terms, estimator in (("country assistance_training x", "ols"), ("x", "within")):
        one = fit_specification(frame, spec(terms, estimator=estimator), engine="library")
        two = fit_specification(frame, spec(terms, estimator=estimator), engine="arrays")
        for name in ("estimate", "std_error", "p_value"):
            np.testing.assert_allclose(rows(one)[name], rows(two)[name], rtol=1e-9, atol=1e-14)


def test_two_surveys_within_are_first_differences():
    frame = survey()
    fit = fit_specification(frame, spec("assistance_training x", estimator="within"))
    first, last = frame.iloc[::2], frame.iloc[1::2]
    names = ["assistance_training", "x"]
    dx = last[names].to_numpy() - first[names].to_numpy()
    dy = last["y"].to_numpy() - first["y"].to_numpy()
    slopes, *_ = np.linalg.lstsq(dx, dy, rcond=None)
    np.testing.assert_allclose(rows(fit)["estimate"], slopes, rtol=1e-10)
    # HC0 of the differences, with the factor that counts 160 surveys, 80 clusters, k + 1.
    residual = dy - dx @ slopes
    bread = np.linalg.inv(dx.T @ dx)
    hc0 = bread @ (dx.T * residual**2) @ dx @ bread
    factor = 80 / 79 * 159 / (160 - 3)
    np.testing.assert_allclose(rows(fit)["std_error"], np.sqrt(np.diag(hc0) * factor), rtol=1e-9)


def test_within_equals_panel_ols_up_to_the_stated_degree_of_freedom():
    frame = survey(rounds=3)
    fit = fit_specification(frame, spec("assistance_training x", estimator="within"))
    panel = frame.assign(time=frame.groupby("returnee_id").cumcount()).set_index(
        ["returnee_id", "time"]
    )
    theirs = PanelOLS(
        panel["y"], panel[["assistance_training", "x"]], entity_effects=True
    ).fit(
        cov_type="clustered", cluster_entity=True, group_debias=True, debiased=True,
        auto_df=False, count_effects=False,
    )  # fmt: skip
    n, k = 240, 2
    np.testing.assert_allclose(rows(fit)["estimate"], theirs.params, rtol=1e-10)
    np.testing.assert_allclose(
        rows(fit)["std_error"], theirs.std_errors * np.sqrt((n - k) / (n - k - 1)), rtol=1e-9
    )
    assert fit.model["df_resid"] == 240 - 80 - 2


def test_deviations_of_all_countries_sum_to_zero_and_do_not_hang_on_the_order_of_names():
    frame = survey()
    fit = fit_specification(frame, spec("country x"))
    deviations = rows(fit).filter(like="country.", axis=0)
    assert len(deviations) == 4
    assert deviations["estimate"].sum() == pytest.approx(0, abs=1e-12)
    # Renaming makes another country the omitted last one.
    renamed = frame.assign(country=frame["country"].replace({"CIV": "TUN"}))
    again = rows(fit_specification(renamed, spec("country x")))
    for name in ("estimate", "std_error"):
        assert again.loc["country.TUN", name] == pytest.approx(
            deviations.loc["country.CIV", name], rel=1e-10
        )
        assert again.loc["country.SEN", name] == pytest.approx(
            deviations.loc["country.SEN", name], rel=1e-10
        )


def test_planted_effect_comes_back():
    fit = fit_specification(survey(people=400), spec("assistance_training x", estimator="within"))
    training = fit.estimate("training")
    assert training["conf_low"] < 0.1 < training["conf_high"]
    assert training["std_error"] < 0.01
    assert training["n_identifying"] < 400  # who was trained in both surveys, or in neither


# ---------------------------------------------------------------- what an error can serve


def test_a_country_term_clustered_by_country_gets_no_number():
    fit = fit_specification(survey(), spec("country assistance_training", Vcov("CR1S", "country")))
    table = rows(fit)
    country = table.filter(like="country.", axis=0)
    assert set(country["status"]) == {"not_estimable_under_this_vcov"}
    assert country[["estimate", "std_error", "p_value", "conf_low"]].isna().all(axis=None)
    assert "carried by 1 country only" in country["warnings"].iloc[0]
    assert table.loc["training", "status"] == "ok"
    assert table.loc["training", "n_clusters"] == 4
    assert "carried by 4 country(s) only" in table.loc["training", "warnings"]


def test_a_term_of_one_cluster_gets_no_number_either():
    frame = survey()
    frame["pilot"] = ((frame["country"] == "GIN") & (frame["x"] > 0)).astype(float)
    fit = fit_specification(frame, spec("pilot x", Vcov("CR1S", "country")))
    assert fit.estimate("pilot")["status"] == "not_estimable_under_this_vcov"
    assert fit.estimate("x")["status"] == "ok"


def test_a_country_of_one_row_gets_no_number_under_hc3_and_spoils_the_average():
    frame = survey(rounds=1)
    frame.loc[0, "country"] = "TUN"
    fit = fit_specification(frame, spec("country x", Vcov("HC3")))
    assert fit.estimate("country.TUN")["status"] == "not_estimable_under_this_vcov"
    assert fit.estimate("country.SEN")["status"] == "not_estimable_under_this_vcov"
    assert "fits exactly" in fit.estimate("country.SEN")["warnings"]
    assert fit.estimate("x")["status"] == "ok"
    robust = fit_specification(frame, spec("country x", Vcov("HC1")))
    assert robust.estimate("country.TUN")["status"] == "not_estimable_under_this_vcov"
    # The average of the countries has most of its variance from that row.
    assert robust.estimate("country.SEN")["status"] == "not_estimable_under_this_vcov"
    assert "1 row(s) that the model fits exactly" in robust.estimate("country.SEN")["warnings"]


def test_within_needs_clusters_that_hold_whole_returnees():
    frame = survey()
    plain = fit_specification(frame, spec("x", Vcov("HC1"), estimator="within"))
    assert plain.estimate("x")["status"] == "not_estimable_under_this_vcov"
    assert "Stock and Watson" in plain.estimate("x")["warnings"]
    moved = frame.assign(place=[f"L{i % 7}" for i in range(len(frame))])
    torn = fit_specification(moved, spec("x", Vcov("CR1S", "place"), estimator="within"))
    assert "stands in two clusters" in torn.estimate("x")["warnings"]
    whole = fit_specification(frame, spec("x", Vcov("CR1S", "country"), estimator="within"))
    assert whole.estimate("x")["status"] == "ok"


def test_within_what_does_not_change_is_absorbed():
    frame = survey()
    frame["woman"] = (frame["country"] == "GIN").astype(float)
    fit = fit_specification(frame, spec("woman x", estimator="within"))
    assert fit.estimate("woman")["status"] == "not_estimable"
    assert fit.model["dropped"] == "woman"
    assert fit.estimate("x")["status"] == "ok"


def test_labels_come_from_what_was_computed():
    fit = fit_specification(survey(), spec("x"))
    row = fit.estimate("x")
    assert row["estimate_id"] == "levels.y.x.cr1s-returnee_id"
    assert (row["vcov"], row["cluster_var"], row["n_clusters"]) == ("CR1S", "returnee_id", 80)
    assert (row["df"], row["inference"], row["n_obs"], row["n_returnees"]) == (
        79,
        "t(G-1)",
        160,
        80,
    )
    plain = fit_specification(survey(), spec("x", Vcov("HC3"))).estimate("x")
    assert plain["estimate_id"] == "levels.y.x.hc3"
    assert (plain["vcov"], plain["cluster_var"]) == ("HC3", "")
    assert np.isnan(plain["n_clusters"])
    assert (plain["df"], plain["inference"]) == (158, "t(n-k)")


def test_sample_and_data_are_named_by_what_is_in_them():
    frame = survey()
    one = fit_specification(frame, spec("x")).model
    shuffled = frame.sample(frac=1, random_state=1)
    assert fit_specification(shuffled, spec("x")).model["sample_id"] == one["sample_id"]
    fewer = fit_specification(frame.iloc[2:], spec("x")).model
    assert fewer["sample_id"] != one["sample_id"]
    changed = fit_specification(frame.assign(x=frame["x"] + 1e-6), spec("x")).model
    assert changed["sample_id"] == one["sample_id"]
    assert changed["data_hash"] != one["data_hash"]


# ---------------------------------------------------------------- several covariances


ALL = (Vcov("HC1"), Vcov("HC3"), Vcov("CR2", "returnee_id"), Vcov("CR1S", "place", "returnee_id"))


def places(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(place=[f"L{i % 11}" for i in range(len(frame))])


def test_one_fit_has_rows_under_every_covariance_equal_to_fits_of_their_own():
    frame = places(survey())
    for changes in ({}, {"fixed_effects": ("country",)}, {"weights": "w"}):
        frame["w"] = 1 + (np.arange(len(frame)) % 3)
        together = fit_specification(frame, spec("assistance_training x", also=ALL, **changes))
        assert list(together.all_errors) == [BY_RETURNEE, *ALL]
        names = ["estimate", "std_error", "df", "p_value"]
        for vcov in (BY_RETURNEE, *ALL):
            apart = fit_specification(frame, spec("assistance_training x", vcov, **changes))
            ours, theirs = pd.DataFrame(together.under[vcov]), pd.DataFrame(apart.estimates)
            assert ours["estimate_id"].tolist() == theirs["estimate_id"].tolist()
            assert ours["vcov_label"].tolist() == theirs["vcov_label"].tolist()
            np.testing.assert_allclose(ours[names], theirs[names], rtol=1e-12)
    assert together.estimates[0]["vcov_label"] == "CR1S by returnee_id, 80 clusters, t(G-1)"
    assert together.estimates[-1]["vcov_label"] == (
        "CR1S by place and returnee_id, 11 and 80 clusters, t(G-1)"
    )
    assert together.errors is together.all_errors[BY_RETURNEE]


def test_an_error_asked_for_beside_moves_no_number():
    """Rows without a place are used under the first errors; those by place have no number."""
    frame = places(survey())
    alone = fit_specification(frame, spec("x"))
    some = frame["place"].where(~frame.index.isin([3, 9]))
    for changed, words in (
        (frame.assign(place=some), "place is missing in 2 of the 160 rows used"),
        (frame.assign(place=None), "place is missing in 160 of the 160 rows used"),
        (frame.drop(columns="place"), "the data have no column place"),
    ):
        fit = fit_specification(changed, spec("x", also=(Vcov("CR1", "place"),)))
        assert (fit.status, fit.rows, fit.under[BY_RETURNEE]) == ("ok", alone.rows, alone.estimates)
        beside = fit.under[Vcov("CR1", "place")]
        assert {row["status"] for row in beside} == {"not_estimable_under_this_vcov"}
        assert {row["warnings"] for row in beside} == {words}
        assert [row["term"] for row in beside] == [row["term"] for row in alone.estimates]


def test_a_row_that_the_first_covariance_cannot_group_is_not_used():
    frame = places(survey())
    frame.loc[[3, 9], "place"] = None
    fit = fit_specification(frame, spec("x", Vcov("CR1", "place"), also=(BY_RETURNEE,)))
    assert {row["n_obs"] for row in fit.estimates} == {158}
    assert next(row["rows"] for row in fit.rows if row["reason"] == "missing: place") == 2


def test_one_covariance_that_fails_leaves_the_others():
    frame = survey().assign(place="L1")
    fit = fit_specification(frame, spec("x", Vcov("CR1", "place"), also=(BY_RETURNEE,)))
    assert (fit.status, fit.model["status"], fit.errors) == ("failed", "ok", None)
    assert fit.estimate("x")["status"] == "failed"
    assert "one cluster only" in fit.estimate("x")["warnings"]
    assert fit.estimate("x", BY_RETURNEE)["status"] == "ok"


# ---------------------------------------------------------------- what cannot be fitted


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda frame: frame.assign(y=1.0), "y does not vary"),
        (lambda frame: frame.assign(y=np.nan), "no row is left"),
        (lambda frame: frame.iloc[:0], "there are no rows"),
        (lambda frame: frame.iloc[:5], "cannot tell"),
        (lambda frame: frame.drop(columns="x"), "no column x"),
    ],
)
def test_what_cannot_be_fitted_is_a_row_for_every_term(change, reason):
    fit = fit_specification(
        change(survey()),
        spec("country assistance_training x"),
        countries=["CIV", "GIN", "MAR", "SEN"],
    )
    assert fit.status == fit.model["status"] == "failed"
    assert reason in fit.reason
    found = rows(fit)
    assert set(found["status"]) == {"failed"}
    assert set(found["warnings"]) == {fit.reason}
    assert found["estimate"].isna().all()
    assert {"intercept", "training", "x", "country.CIV", "country.SEN"} <= set(found.index)


def test_one_country_is_reported_and_the_rest_is_fitted():
    frame = survey()
    fit = fit_specification(frame[frame["country"] == "GIN"], spec("country x"))
    assert fit.status == "ok"
    row = fit.estimate("country.GIN")
    assert row["status"] == "not_estimable"
    assert "only country" in row["warnings"]
    assert fit.estimate("x")["status"] == "ok"


def test_an_exact_fit_has_no_test():
    frame = survey().assign(y=lambda data: 1 + 2 * data["x"])
    row = fit_specification(frame, spec("x")).estimate("x")
    assert row["status"] == "ok"
    assert row["estimate"] == pytest.approx(2)
    assert row["std_error"] == 0
    assert np.isnan(row["p_value"])
    assert "exact" in row["warnings"]


def test_a_single_cluster_fails_with_its_reason():
    frame = survey().assign(place="L1")
    fit = fit_specification(frame, spec("x", Vcov("CR1S", "place")))
    assert fit.status == "failed"
    assert "one cluster only" in fit.reason


@pytest.mark.parametrize("part", ["", "failed"])
def test_no_number_is_missing_without_a_reason_and_tables_take_every_row(part):
    frame = survey().iloc[:3] if part else survey()
    fit = fit_specification(frame, spec("country assistance_training x"), countries=["SOM", "GIN"])
    estimates = table(fit.estimates, ESTIMATE_COLUMNS)
    assert estimates["estimate_id"].is_unique
    blank = estimates[estimates["estimate"].isna()]
    assert (blank["status"] != "ok").all()
    assert (blank["warnings"].str.len() > 0).all()
    table([fit.model], MODEL_COLUMNS)
    table(fit.rows, ROW_COLUMNS)
