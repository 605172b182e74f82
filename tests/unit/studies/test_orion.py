import numpy as np
import pandas as pd
import pytest
from scipy import stats

from reintegration.estimation.results import CHANGE_COLUMNS, EFFECT_COLUMNS, MEAN_COLUMNS
from reintegration.studies.frames import change_frame
from reintegration.studies.orion import compare_mentored

METHODS = ["last", "change", "adjusted"]


def run(frame: pd.DataFrame, config, **changes):
    """Compare under the errors that effects are known by, unless told otherwise."""
    first = {"vcov": config.orion.each_vcov[0]}
    return compare_mentored(frame, config.orion.model_copy(update=first | changes))


@pytest.fixture(scope="module")
def big(draw) -> pd.DataFrame:
    return draw(people=3000)


@pytest.fixture(scope="module")
def results(big, config):
    return run(big, config, vcov=config.orion.vcov)


def effect(results, name: str) -> pd.Series:
    return results.effects.set_index("estimate_id").loc[f"orion.{name}.hc3"]


def test_every_comparison_is_a_row_with_its_id_under_each_covariance(results, config):
    effects = results.effects
    assert effects.columns.tolist() == list(EFFECT_COLUMNS)
    assert results.changes.columns.tolist() == list(CHANGE_COLUMNS)
    assert results.means.columns.tolist() == list(MEAN_COLUMNS)
    assert len(effects) == 3 * 2 * 4 * 4 * len(config.orion.each_vcov)
    assert effects["estimate_id"].is_unique
    # Most of whom all countries offer for comparison live where nobody was mentored.
    dealt = (effects["vcov"] == "permutation") & (effects["comparator"] == "all_countries")
    assert set(effects[~dealt]["status"]) == {"ok"}
    assert set(effects[dealt]["status"]) == {"not_estimable_under_this_vcov"}
    assert effects[dealt]["warnings"].str.contains("nothing can change places").all()
    ids = set(results.changes["estimate_id"])
    assert "orion_change.mentored.composite.GIN.hc3" in ids
    assert "orion_change.others.composite.SEN.hc3" in ids
    assert "orion_change.others_all_countries.composite.all.hc3" in ids
    assert "orion_mean.others.first.social.all.hc3" in set(results.means["estimate_id"])


def test_the_planted_effect_comes_back_within_each_country(results):
    for country in ("GIN", "MAR", "SEN", "all"):
        row = effect(results, f"adjusted.same_countries.composite.{country}")
        assert row["conf_low"] < 0.06 < row["conf_high"]
        assert row["conf_low"] > 0


def test_last_is_a_difference_of_means_with_welch_like_errors(results, big):
    changes = change_frame(big)
    here = changes[changes["country"] == "GIN"]
    mentored = here.loc[here["orion"] == 1, "last_composite"]
    others = here.loc[here["orion"] == 0, "last_composite"]
    row = effect(results, "last.same_countries.composite.GIN")
    assert row["estimate"] == pytest.approx(mentored.mean() - others.mean())
    # HC3 of two means: squared residuals over (1 - 1/n)^2.
    variance = sum(
        ((x - x.mean()) ** 2).sum() / (1 - 1 / len(x)) ** 2 / len(x) ** 2
        for x in (mentored, others)
    )
    assert row["std_error"] == pytest.approx(np.sqrt(variance))
    assert (row["n_mentored"], row["n_other"]) == (len(mentored), len(others))
    assert row["df"] == len(mentored) + len(others) - 2


def test_change_compares_changes(results, big):
    changes = change_frame(big)
    here = changes[changes["country"].isin(["GIN", "MAR", "SEN"])]
    groups = here.groupby(here["orion"].astype(float))["change_social"].mean()
    row = effect(results, "change.same_countries.social.all")
    assert row["estimate"] == pytest.approx(groups[1.0] - groups[0.0])
    assert row["weighting"].startswith("one coefficient for all countries")
    assert effect(results, "change.same_countries.social.GIN")["weighting"] == ""


def test_all_countries_compares_with_those_where_nobody_was_asked(results, big):
    changes = change_frame(big)
    others = changes[changes["orion"].to_numpy(dtype=float, na_value=0) == 0]
    row = effect(results, "last.all_countries.composite.SEN")
    assert row["n_other"] == len(others)
    mentored = changes[(changes["orion"] == 1) & (changes["country"] == "SEN")]
    assert row["n_mentored"] == len(mentored)
    assert row["estimate"] == pytest.approx(
        mentored["last_composite"].mean() - others["last_composite"].mean()
    )
    assert row["contrast"] == "mentored of SEN minus others of all countries"


def test_effect_size_is_in_standard_deviations_of_the_others_first_score(results, big):
    changes = change_frame(big)
    here = changes[(changes["country"] == "MAR") & (changes["orion"] == 0)]
    row = effect(results, "adjusted.same_countries.economic.MAR")
    spread = here["first_economic"].std()
    assert row["effect_size_sd"] == pytest.approx(spread)
    assert row["effect_size"] == pytest.approx(row["estimate"] / spread)


def test_means_and_changes_of_groups(results, big):
    changes = change_frame(big)
    here = changes.loc[(changes["country"] == "SEN") & (changes["orion"] == 0), "change_composite"]
    row = results.changes.set_index("estimate_id").loc["orion_change.others.composite.SEN.hc3"]
    assert row["estimate"] == pytest.approx(here.mean())
    assert row["n_returnees"] == len(here)
    test = stats.ttest_1samp(here, 0)
    # HC3 of a mean has n/(n-1) more variance than the usual standard error.
    usual = here.std() / np.sqrt(len(here))
    assert row["std_error"] == pytest.approx(usual * np.sqrt(len(here) / (len(here) - 1)))
    assert row["p_value"] == pytest.approx(test.pvalue, rel=0.1)
    means = results.means.set_index("estimate_id")
    last = means.loc["orion_mean.others.last.composite.SEN.hc3"]
    first = means.loc["orion_mean.others.first.composite.SEN.hc3"]
    assert last["estimate"] - first["estimate"] == pytest.approx(row["estimate"])
    assert last["sd"] > 0


def test_staying_level_is_tested_against_the_margin(results):
    changes = results.changes
    for _, row in changes.iterrows():
        # Two one-sided tests at 2.5% hold when the 95% interval lies within the margin.
        within = row["conf_low"] > -row["margin"] and row["conf_high"] < row["margin"]
        assert within == (row["p_equivalence"] < 0.025)
    assert (changes["p_equivalence"] < 0.025).any()
    assert (changes["p_equivalence"] > 0.5).any()


def test_who_is_left_out_is_said(big, config):
    gap = big.copy()
    pilot = gap["country"] == "GIN"
    person = gap.loc[pilot, "returnee_id"].iloc[0]
    gap.loc[gap["returnee_id"] == person, "orion"] = pd.NA
    twice = gap.loc[pilot & (gap["round"] == 2), "returnee_id"].iloc[:2]
    gap.loc[gap["returnee_id"].isin(twice), "orion"] = pd.NA
    outside = gap[(gap["country"] == "SOM") & (gap["round"] == 2)]["returnee_id"].iloc[0]
    gap.loc[gap["returnee_id"] == outside, "orion"] = 1
    early = gap[(gap["country"] == "GIN") & (gap["orion"] == 1)]["returnee_id"].iloc[0]
    gap.loc[gap["returnee_id"] == early, "orion"] = 1
    row = effect(run(gap, config), "last.same_countries.composite.GIN")
    assert "returnees of the pilot's countries left out: not recorded" in row["warnings"]
    assert "1 returnees left out: mentored outside" in row["warnings"]
    assert "1 returnees were mentored by their first survey already" in row["warnings"]


def test_missing_answers_are_counted(big, config):
    frame = big.copy()
    frame.loc[frame["country"] == "GIN", "age"] = np.nan
    results = run(frame, config)
    adjusted = effect(results, "adjusted.same_countries.composite.all")
    assert "returnees left out: an answer is missing" in adjusted["warnings"]
    assert (
        adjusted["n_mentored"] < effect(results, "last.same_countries.composite.all")["n_mentored"]
    )
    failed = effect(results, "adjusted.same_countries.composite.GIN")
    assert failed["status"] == "failed"
    assert failed["warnings"].startswith("no row is left in the sample; missing in every row: age")
    assert "`orion: controls`" in failed["warnings"]


@pytest.mark.parametrize(
    ("world", "reason"),
    [
        ({"follow_up": 0.0}, "no returnee has two surveys"),
        ({"mentored": 0.0}, "no mentored returnee of GIN has two surveys"),
        ({"countries": ("ETH", "SOM")}, "no mentored returnee of GIN has two surveys"),
        ({"countries": ("GIN",), "mentored": 1.0}, "no other returnee to compare with"),
    ],
)
def test_worlds_without_a_comparison_fail_with_their_reason(draw, config, world, reason):
    results = run(draw(**world), config)
    rows = results.effects[results.effects["country"] == "GIN"]
    assert set(rows["status"]) == {"failed"}
    assert rows["warnings"].str.startswith(reason).all()
    assert rows[["estimate", "std_error", "effect_size"]].isna().all(axis=None)
    for table in (results.effects, results.means, results.changes):
        blank = table[table["estimate"].isna()]
        assert (blank["status"] != "ok").all()
        assert (blank["warnings"].str.len() > 0).all()


def test_one_country_still_compares(draw, config):
    results = run(draw(countries=("GIN",)), config)
    assert effect(results, "adjusted.same_countries.composite.GIN")["status"] == "ok"
    assert effect(results, "adjusted.same_countries.composite.SEN")["status"] == "failed"
    everyone = effect(results, "adjusted.all_countries.composite.all")
    assert everyone["status"] == "ok"


def test_one_mentored_returnee_has_no_error(draw, config):
    frame = draw(countries=("GIN", "SEN"), mentored=0.0, follow_up=1.0)
    person = frame.loc[frame["country"] == "GIN", "returnee_id"].iloc[0]
    frame.loc[(frame["returnee_id"] == person) & (frame["round"] == 2), "orion"] = 1
    results = run(frame, config)
    row = effect(results, "last.same_countries.composite.GIN")
    assert row["status"] == "not_estimable_under_this_vcov"
    assert np.isnan(row["estimate"])
    means = results.means.set_index("estimate_id")
    assert means.loc["orion_mean.mentored.last.composite.GIN.hc3", "status"] != "ok"


def test_small_and_constant_samples_never_crash(draw, config):
    frame = draw(people=24, mentored=0.8, follow_up=1.0)
    for changed in (frame, frame.iloc[:3], frame.assign(composite=0.5), frame.iloc[:0]):
        results = run(changed, config)
        blank = results.effects[results.effects["estimate"].isna()]
        assert (blank["status"] != "ok").all()
        assert (blank["warnings"].str.len() > 0).all()
