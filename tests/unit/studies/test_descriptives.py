import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.proportion import proportion_confint

from reintegration.estimation.results import DESCRIPTIVE_COLUMNS, DISTRIBUTION_COLUMNS
from reintegration.studies.descriptives import clustered_means, describe, wilson


@pytest.fixture(scope="module")
def results(frame, codebook):
    return describe(frame, codebook)


def number(results, name: str) -> pd.Series:
    return results.descriptives.set_index("estimate_id").loc[name]


def test_tables_hold_the_promised_columns_and_unique_ids(results):
    assert results.descriptives.columns.tolist() == list(DESCRIPTIVE_COLUMNS)
    assert results.distributions.columns.tolist() == list(DISTRIBUTION_COLUMNS)
    assert results.descriptives["estimate_id"].is_unique
    assert set(results.descriptives["topic"]) == {
        *("sample", "migration", "assistance", "scores", "items", "shares"),
    }
    ids = set(results.descriptives["estimate_id"])
    assert {
        "n.surveys.all",
        "n.countries.all",
        "n.returnees.GIN",
        "n.mentored.all",
        "n.follow_ups.SEN",
        "share.stranded.yes.all",
        "share_returnees.stranded.yes.all",
        "share.abroad_under_six_months.yes.all",
        "share.return_decision.other.all",
        "share.assistance_microbusiness.yes.all",
        "share.assistance_training.not_recorded.GIN",
        "mean.composite.GIN",
        "sd.composite.GIN",
        "median.age.all",
        "mean.item_q22.GIN",
        "share.q22.poor.GIN",
        "share.q8.land.all",
        "share.network_poor.yes.GIN",
    } <= ids


def test_counts_are_counts(results, frame):
    assert number(results, "n.surveys.all")["estimate"] == len(frame)
    guinea = frame[frame["country"] == "GIN"]
    assert number(results, "n.returnees.GIN")["estimate"] == guinea["returnee_id"].nunique()
    again = guinea.loc[guinea["round"] == 2, "returnee_id"].nunique()
    assert number(results, "n.follow_ups.GIN")["estimate"] == again
    mentored = frame.loc[frame["orion"] == 1, "returnee_id"].nunique()
    row = number(results, "n.mentored.all")
    assert row["estimate"] == row["conf_low"] == row["conf_high"] == mentored
    assert number(results, "n.countries.all")["estimate"] == 6


def test_mentored_are_not_counted_where_mentoring_is_not_recorded(frame, codebook):
    silent = frame.assign(orion=frame["orion"].where(frame["country"] != "GIN"))
    rows = describe(silent, codebook)
    row = number(rows, "n.mentored.GIN")
    assert (row["status"], row["warnings"]) == ("not_estimable", "nobody answered")
    assert np.isnan(row["estimate"]) and np.isnan(row["conf_low"])
    assert number(rows, "n.mentored.all")["status"] == "ok"


def test_a_mean_has_the_clustered_error_of_a_regression_on_a_constant(results, frame):
    here = frame[frame["country"] == "SEN"]
    groups = pd.factorize(here["returnee_id"])[0]
    fitted = sm.OLS(here["social"].to_numpy(), np.ones(len(here))).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    row = number(results, "mean.social.SEN")
    assert row["estimate"] == pytest.approx(fitted.params[0])
    assert row["std_error"] == pytest.approx(fitted.bse[0])
    assert (row["conf_low"], row["conf_high"]) == pytest.approx(fitted.conf_int()[0])
    assert number(results, "sd.social.SEN")["estimate"] == pytest.approx(here["social"].std())
    assert number(results, "median.social.SEN")["estimate"] == here["social"].median()


def test_shares_are_among_those_who_answered(results, frame, codebook):
    here = frame[frame["country"] == "GIN"]
    codes = [answer.code for answer in codebook.items["q22"].answers]
    answered = here[here["q22"].isin(codes)]
    assert len(answered) < len(here)  # some said that they do not know
    poor = answered["q22"].isin(["poor", "very_poor"])
    row = number(results, "share.network_poor.yes.GIN")
    assert row["estimate"] == pytest.approx(poor.mean())
    assert row["n_obs"] == len(answered)
    assert row["returnees_with"] == answered.loc[poor, "returnee_id"].nunique()
    both = sum(number(results, f"share.q22.{code}.GIN")["estimate"] for code in codes)
    assert both == pytest.approx(1)


def test_assistance_is_a_share_of_what_is_recorded(results, frame):
    column = frame["assistance_cash"]
    row = number(results, "share.assistance_cash.yes.all")
    assert row["estimate"] == pytest.approx(column.astype(float).mean())
    gap = number(results, "share.assistance_cash.not_recorded.all")
    assert gap["estimate"] == pytest.approx(column.isna().mean())


def test_several_answers_are_each_a_share(draw, codebook):
    frame = draw()
    frame["q8"] = np.where(np.arange(len(frame)) % 2 == 0, "land animals", "land")
    results = describe(frame, codebook)
    assert number(results, "share.q8.land.all")["estimate"] == 1
    assert number(results, "share.q8.animals.all")["estimate"] == pytest.approx(0.5, abs=0.01)
    assert number(results, "share.q8.none.all")["estimate"] == 0


def test_persons_are_described_at_their_first_survey(results, frame):
    first = frame[frame["round"] == 1]
    row = number(results, "share_returnees.stranded.yes.all")
    assert row["estimate"] == pytest.approx((first["stranded"] == "yes").mean())
    assert row["n_obs"] == row["n_returnees"] == len(first)
    assert row["basis"] == "returnees"
    assert row["statistic"] == "share_returnees"


def test_wilson_of_independent_answers_is_wilson():
    n = np.array([1e9, 40.0])
    share = np.array([0.3, 0.1])
    error = np.sqrt(share * (1 - share) / n)
    low, high = wilson(share, error, n, np.array([1e9, 1e9]), 0.95)
    assert (low[1], high[1]) == pytest.approx(proportion_confint(4, 40, method="wilson"), rel=1e-6)


def test_wilson_of_pairs_counts_the_pairs():
    # Every returnee gives the same answer twice: the information is that of 40, not of 80.
    share, error = np.array([0.1]), np.sqrt(np.array([0.1 * 0.9 / 40]))
    twice = wilson(share, error, np.array([80]), np.array([1e9]), 0.95)
    assert (twice[0][0], twice[1][0]) == pytest.approx(
        proportion_confint(4, 40, method="wilson"), rel=1e-6
    )


def test_wilson_takes_clusters_for_no_more_than_their_answers():
    # Returnees who answer differently each time give a small error, not more answers.
    share, n = np.array([0.1]), np.array([40])
    low, high = wilson(share, np.array([0.001]), n, np.array([1e9]), 0.95)
    assert (low[0], high[0]) == pytest.approx(proportion_confint(4, 40, method="wilson"), rel=1e-6)


def test_wilson_at_the_ends_counts_returnees_and_stays_inside():
    low, high = wilson(
        np.array([0.0, 1.0]), np.zeros(2), np.array([80, 80]), np.array([40, 40]), 0.95
    )
    assert low[0] == 0
    assert 0.05 < high[0] < 0.13
    assert low[1] == pytest.approx(1 - high[0])
    assert high[1] == pytest.approx(1)


def test_intervals_of_shares_cover():
    # 15% of persons, of whom half are asked twice and nearly always say the same.
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(100), np.repeat([1, 2], 50))
    said = (rng.random((400, 100)) < 0.15)[:, person]
    answers = np.where(rng.random(said.shape) < 0.05, rng.random(said.shape) < 0.15, said)
    moments = clustered_means(answers.T.astype(float), person)
    low, high = wilson(moments.mean, moments.std_error, moments.n, moments.returnees, 0.95)
    covered = ((low <= 0.15) & (high >= 0.15)).mean()
    assert 0.915 < covered < 0.985  # within 3.2 binomial standard errors of 95%
    # Counted as 150 independent answers the interval is too narrow.
    naive = np.sqrt(moments.mean * (1 - moments.mean) / 150)
    low, high = wilson(moments.mean, naive, moments.n, moments.n, 0.95)
    assert ((low <= 0.15) & (high >= 0.15)).mean() < covered


def test_distributions_count_everyone_once_and_hide_small_steps(draw, codebook):
    frame = draw(people=200)
    frame.loc[frame.index[0], "composite"] = 0.999
    shown = describe(frame, codebook, minimum_cell=1).distributions
    steps = shown[(shown["statistic"] == "count") & (shown["outcome"] == "composite")]
    by_country = steps[steps["country"] != "all"].groupby("country")["value"].sum()
    assert by_country.to_dict() == frame["country"].value_counts().to_dict()
    assert steps.loc[steps["country"] == "all", "value"].sum() == len(frame)
    hidden = describe(frame, codebook, minimum_cell=5).distributions
    small = hidden[(hidden["statistic"] == "count") & hidden["value"].between(1, 4)]
    assert len(small) == 0
    assert hidden["value"].isna().equals(hidden["status"] == "suppressed")
    for (_, _), part in hidden[hidden["statistic"] == "count"].groupby(["country", "outcome"]):
        assert (part["status"] == "suppressed").sum() != 1  # else it follows from the total


def test_scores_on_an_edge_belong_to_the_step_they_open(draw, codebook):
    frame = draw(people=60, countries=("GIN",)).assign(composite=0.29999999999999993)
    frame.loc[frame.index[:20], "composite"] = 1.0
    shown = describe(frame, codebook, minimum_cell=1).distributions
    steps = shown[(shown["statistic"] == "count") & (shown["outcome"] == "composite")]
    steps = steps[steps["country"] == "GIN"].reset_index(drop=True)
    assert steps.loc[19, "value"] == 20
    assert steps.loc[6, "value"] == len(frame) - 20
    assert steps.loc[6, "low"] == pytest.approx(0.3)


def test_what_cannot_be_said_says_why(draw, codebook):
    frame = draw(people=30, countries=("GIN", "SEN"))
    frame.loc[frame["country"] == "SEN", "age"] = np.nan
    one = frame["returnee_id"] == frame.loc[frame["country"] == "SEN", "returnee_id"].iloc[0]
    frame = frame[(frame["country"] == "GIN") | one]
    results = describe(frame, codebook)
    age = number(results, "mean.age.SEN")
    assert (age["status"], age["warnings"]) == ("not_estimable", "nobody answered")
    composite = number(results, "mean.composite.SEN")
    assert composite["status"] == "not_estimable"
    assert "one returnee" in composite["warnings"]
    for empty in (frame.iloc[:0], frame.iloc[:1]):
        table = describe(empty, codebook).descriptives
        blank = table[table["estimate"].isna()]
        assert (blank["status"] != "ok").all()
        assert (blank["warnings"].str.len() > 0).all()
