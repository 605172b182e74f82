import numpy as np
import pandas as pd
import pytest

from reintegration.estimation.fit import fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.specs import Specification, Vcov
from reintegration.studies.ranks import rank_intervals, rank_rows


def rng():
    return np.random.default_rng(0)


def test_ranks_count_from_the_lowest():
    rank, low, high = rank_intervals(np.array([0.3, 0.1, 0.2]), np.eye(3) * 1e-8, 100, 0.95, rng())
    assert rank.tolist() == low.tolist() == high.tolist() == [3, 1, 2]


def test_what_cannot_be_told_apart_may_have_any_rank():
    rank, low, high = rank_intervals(np.array([0.3, 0.1, 0.2]), np.eye(3), 100, 0.95, rng())
    assert rank.tolist() == [3, 1, 2]
    assert low.tolist() == [1, 1, 1]
    assert high.tolist() == [3, 3, 3]


def test_two_groups_apart_share_their_ranks():
    estimates = np.array([0.0, 0.01, 1.0, 1.01])
    _, low, high = rank_intervals(estimates, np.eye(4) * 0.01, 100, 0.95, rng())
    assert low.tolist() == [1, 1, 3, 3]
    assert high.tolist() == [2, 2, 4, 4]


def test_two_estimates_are_compared_as_a_t_test_does():
    # With one pair the critical value is that of t, by simulation.
    for gap, told in ((2.1, True), (1.85, False)):
        estimates = np.array([0.0, gap * np.sqrt(2)])
        _, low, _ = rank_intervals(estimates, np.eye(2), 1e6, 0.95, rng())
        assert bool(low[1] == 2) == told, gap
    _, low, _ = rank_intervals(np.array([0.0, 2.1 * np.sqrt(2)]), np.eye(2), 5, 0.95, rng())
    assert low[1] == 1  # t(5) needs 2.57


def test_correlated_errors_cancel():
    covariance = np.full((2, 2), 1.0) + np.eye(2) * 1e-6
    _, low, _ = rank_intervals(np.array([0.0, 0.1]), covariance, 100, 0.95, rng())
    assert low.tolist() == [1, 2]


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_all_true_ranks_are_covered_together(spread):
    draws = np.random.default_rng(1)
    truth = np.linspace(-spread, spread, 6)
    ranks = 1 + (truth[None, :] < truth[:, None]).sum(axis=1)
    highest = 6 - (truth[None, :] > truth[:, None]).sum(axis=1)
    covered = 0
    for _ in range(200):
        estimates = truth + draws.normal(size=6) * 0.3
        _, low, high = rank_intervals(estimates, np.eye(6) * 0.09, 1e6, 0.9, draws)
        # Where countries are equal, each of the ranks they share is true.
        covered += bool(((low <= ranks) & (high >= highest)).all())
    assert covered >= 170  # 90% of 200, less 2.4 binomial standard errors


def survey() -> pd.DataFrame:
    draws = np.random.default_rng(0)
    country = np.repeat(["CIV", "ETH", "GIN", "SEN"], 50)
    y = np.repeat([0.1, 0.5, 0.0, 0.05], 50) + draws.normal(size=200) * 0.1
    ids = [f"R{i}" for i in range(200)]
    return pd.DataFrame({"survey_id": ids, "returnee_id": ids, "country": country, "y": y})


def ranks_of(frame: pd.DataFrame, vcov: Vcov, coding: str = "deviation") -> pd.DataFrame:
    spec = Specification(
        spec_id="levels.y",
        title="",
        role="published",
        data="surveys",
        outcome="y",
        terms=(parse_term("country"),),
        vcov=vcov,
        coding=coding,
    )
    fit = fit_specification(frame, spec, countries=["CIV", "ETH", "GIN", "SEN"])
    return pd.DataFrame(rank_rows(fit, confidence=0.95, rng=rng())).set_index("country")


def test_ranks_of_a_regression_do_not_hang_on_the_coding():
    deviation = ranks_of(survey(), Vcov("HC3"))
    reference = ranks_of(survey(), Vcov("HC3"), coding="SEN")
    for name in ("rank", "rank_low", "rank_high"):
        assert deviation[name].to_dict() == reference[name].to_dict()
    assert deviation.loc["ETH", ["rank", "rank_low", "rank_high"]].tolist() == [4, 4, 4]
    assert deviation.loc["GIN", "rank_low"] == 1
    assert deviation.loc["GIN", "estimate_id"] == "rank.levels.y.GIN"


def test_a_country_without_an_error_is_listed_and_not_ranked():
    frame = survey()
    missing = ranks_of(frame[frame["country"] != "SEN"], Vcov("HC3"))
    assert missing.loc["SEN", "status"] == "not_estimable"
    assert missing.loc["SEN", "warnings"] == "no row of SEN is in the sample"
    assert missing.loc["GIN", "n_countries"] == 3
    assert missing.loc["GIN", "warnings"] == "not ranked: SEN"


def test_clustered_by_country_nothing_is_ranked():
    found = ranks_of(survey(), Vcov("CR1S", "country"))
    assert set(found["status"]) == {"not_estimable_under_this_vcov"}
    assert found["rank"].isna().all()
