import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from reintegration.estimation.results import LINE_COLUMNS, SLOPE_COLUMNS
from reintegration.estimation.written import FitVcov as Vcov
from reintegration.studies.trends import fit_trends

SLOPES = {"CIV": 0.02, "ETH": 0.04, "GIN": 0.0, "MAR": 0.02, "SEN": -0.06, "SOM": 0.1}


def run(frame: pd.DataFrame, config, **changes):
    return fit_trends(frame, config.trends.model_copy(update=changes))


@pytest.fixture(scope="module")
def plain(draw) -> pd.DataFrame:
    """Without mentoring, which moves the slopes of its countries."""
    return draw(people=1500, mentored=0.0)


@pytest.fixture(scope="module")
def results(plain, config):
    return run(plain, config)


def slope(results, name: str) -> pd.Series:
    return results.slopes.set_index("estimate_id").loc[f"{name}.cr1s-returnee_id"]


def test_every_slope_is_a_row_with_its_id(results):
    slopes = results.slopes
    assert slopes.columns.tolist() == list(SLOPE_COLUMNS)
    assert results.lines.columns.tolist() == list(LINE_COLUMNS)
    assert slopes["estimate_id"].is_unique
    assert slopes["kind"].value_counts().to_dict() == {"slope": 48, "deviation": 48, "average": 8}
    assert set(slopes["status"]) == {"ok"}


def test_planted_slopes_come_back_within_persons(results):
    for country, planted in SLOPES.items():
        row = slope(results, f"trend.within.composite.{country}")
        # Assistance received in between adds to the slope; nothing takes from it.
        assert row["conf_low"] - 0.02 < planted < row["conf_high"] + 0.02, country
    order = [slope(results, f"trend.within.composite.{c}")["slope_per_year"] for c in SLOPES]
    assert np.argmin(order) == list(SLOPES).index("SEN")
    assert np.argmax(order) == list(SLOPES).index("SOM")


def test_pooled_is_a_regression_on_years_clustered_by_returnee(results, plain):
    here = plain[plain["country"] == "ETH"]
    years = sm.add_constant(here["months_since_return"].to_numpy() / 12)
    fitted = sm.OLS(here["social"].to_numpy(), years).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(here["returnee_id"])[0]}, use_t=True
    )
    row = slope(results, "trend.pooled.social.ETH")
    assert row["slope_per_year"] == pytest.approx(fitted.params[1])
    assert row["std_error"] == pytest.approx(fitted.bse[1])
    assert row["p_value"] == pytest.approx(fitted.pvalues[1])
    assert row["n_clusters"] == here["returnee_id"].nunique()
    assert row["n_obs"] == len(here)


def test_within_uses_only_who_came_twice(results, plain):
    here = plain[plain["country"] == "ETH"]
    twice = here[here["returnee_id"].duplicated(keep=False)]
    row = slope(results, "trend.within.social.ETH")
    assert row["n_obs"] == len(twice)
    assert row["n_returnees"] == row["n_identifying"] == twice["returnee_id"].nunique()


def test_the_average_country_is_an_unweighted_mean_of_independent_slopes(results):
    rows = [slope(results, f"trend.within.economic.{country}") for country in SLOPES]
    values = np.array([row["slope_per_year"] for row in rows])
    variances = np.array([row["std_error"] for row in rows]) ** 2
    average = slope(results, "trend.within.economic.average")
    assert average["slope_per_year"] == pytest.approx(values.mean())
    assert average["std_error"] == pytest.approx(np.sqrt(variances.sum()) / 6)
    deviation = slope(results, "trend_deviation.within.economic.SEN")
    assert deviation["slope_per_year"] == pytest.approx(values[4] - values.mean())
    expected = variances[4] * (5 / 6) ** 2 + (variances.sum() - variances[4]) / 36
    assert deviation["std_error"] == pytest.approx(np.sqrt(expected))
    assert deviation["contrast"] == "SEN minus the unweighted mean of 6 countries"
    assert deviation["inference"] == "t(Satterthwaite)"
    assert min(row["df"] for row in rows) < average["df"] < sum(row["df"] for row in rows)


def test_satterthwaite_of_one_dominating_country_is_its_own(draw, config):
    frame = draw(people=600, mentored=0.0)
    noisy = frame["country"] == "CIV"
    frame.loc[noisy, "composite"] += np.random.default_rng(0).normal(size=noisy.sum()) * 50
    results = run(frame, config)
    average = slope(results, "trend.within.composite.average")
    assert average["df"] == pytest.approx(
        slope(results, "trend.within.composite.CIV")["df"], rel=1e-3
    )


def test_deviations_sum_to_zero(results):
    slopes = results.slopes
    deviations = slopes[(slopes["kind"] == "deviation") & (slopes["outcome"] == "composite")]
    for _, part in deviations.groupby("method"):
        assert part["slope_per_year"].sum() == pytest.approx(0, abs=1e-12)


def test_lines_follow_their_slopes(results):
    lines = results.lines
    for method in ("pooled", "within"):
        line = lines[
            (lines["country"] == "SOM")
            & (lines["outcome"] == "composite")
            & (lines["method"] == method)
        ]
        months = line["months_since_return"].to_numpy()
        assert (np.diff(months) == 1).all()
        assert months.min() >= 1
        rise = np.polyfit(months / 12, line["fitted"], 1)[0]
        row = slope(results, f"trend.{method}.composite.SOM")
        assert rise == pytest.approx(row["slope_per_year"])
        assert (line["conf_low"] < line["fitted"]).all()
        assert (line["fitted"] < line["conf_high"]).all()


def test_the_pooled_band_is_that_of_a_prediction(results, plain):
    here = plain[plain["country"] == "ETH"]
    years = sm.add_constant(here["months_since_return"].to_numpy() / 12)
    fitted = sm.OLS(here["social"].to_numpy(), years).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(here["returnee_id"])[0]}, use_t=True
    )
    line = results.lines[
        (results.lines["country"] == "ETH")
        & (results.lines["outcome"] == "social")
        & (results.lines["method"] == "pooled")
    ]
    at = np.column_stack([np.ones(len(line)), line["months_since_return"] / 12])
    band = fitted.get_prediction(at).summary_frame()
    np.testing.assert_allclose(line["fitted"], band["mean"])
    # statsmodels takes t(n-k) here; the clusters are what counts.
    half = stats.t.ppf(0.975, here["returnee_id"].nunique() - 1) * band["mean_se"]
    np.testing.assert_allclose(line["conf_low"], band["mean"] - half, rtol=1e-9)


def test_too_few_returnees_give_no_slope_and_leave_the_average(plain, config):
    few = plain[plain["country"] == "SEN"].drop_duplicates("returnee_id")["returnee_id"].iloc[:19]
    frame = plain[(plain["country"] != "SEN") | plain["returnee_id"].isin(few)]
    results = run(frame, config)
    row = slope(results, "trend.pooled.composite.SEN")
    assert row["status"] == "not_estimable"
    assert row["warnings"] == "19 returnees, fewer than the minimum of 20"
    assert row["n_returnees"] == 19
    assert np.isnan(row["slope_per_year"])
    deviation = slope(results, "trend_deviation.pooled.composite.SEN")
    assert deviation["status"] == "not_estimable"
    average = slope(results, "trend.pooled.composite.average")
    assert average["contrast"] == "unweighted mean of 5 countries"
    assert average["warnings"] == "without SEN"
    assert "SEN" not in set(results.lines.loc[results.lines["method"] == "pooled", "country"])


def test_without_follow_ups_within_fails_and_pooled_stands(draw, config):
    results = run(draw(follow_up=0.0), config)
    within = results.slopes[results.slopes["method"] == "within"]
    assert set(within["status"]) == {"failed"}
    assert set(within["warnings"]) == {"no returnee has two surveys"}
    pooled = results.slopes[results.slopes["method"] == "pooled"]
    assert set(pooled["status"]) == {"ok"}


def test_one_country_has_no_average(draw, config):
    results = run(draw(countries=("GIN",)), config)
    assert slope(results, "trend.within.composite.GIN")["status"] == "ok"
    for name in ("trend.within.composite.average", "trend_deviation.within.composite.GIN"):
        assert slope(results, name)["status"] == "not_estimable"
        assert "fewer than two countries" in slope(results, name)["warnings"]


def test_errors_that_cannot_serve_within_say_so(plain, config):
    results = run(plain, config, vcov=Vcov(type="HC1"))
    within = results.slopes[results.slopes["method"] == "within"]
    assert set(within["status"]) == {"not_estimable_under_this_vcov", "not_estimable"}
    assert within["slope_per_year"].isna().all()
    pooled = results.slopes[results.slopes["method"] == "pooled"]
    assert set(pooled["status"]) == {"ok"}


def test_a_returnee_in_two_countries_is_warned_of(plain, config):
    frame = plain.copy()
    person = frame.loc[frame["round"] == 2, "returnee_id"].iloc[0]
    frame.loc[(frame["returnee_id"] == person) & (frame["round"] == 2), "country"] = "SEN"
    row = slope(run(frame, config), "trend.pooled.composite.average")
    assert "1 of returnee_id have surveys in two countries" in row["warnings"]


def test_degenerate_samples_never_crash(plain, config):
    for frame in (
        plain.iloc[:0],
        plain.iloc[:1],
        plain.assign(composite=0.5),
        plain.assign(months_since_return=6.0),
        plain.assign(social=np.nan),
    ):
        slopes = run(frame, config).slopes
        blank = slopes[slopes["slope_per_year"].isna()]
        assert (blank["status"] != "ok").all()
        assert (blank["warnings"].str.len() > 0).all()
