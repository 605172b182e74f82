from dataclasses import replace

import pandas as pd
import pytest

from reintegration.config import Orion, Trends
from reintegration.estimation.fit import fit_specification
from reintegration.estimation.specs import specs_table
from reintegration.studies.frames import change_frame, mentoring_frame
from reintegration.studies.orion import compare_mentored
from reintegration.studies.regressions import study_frames, study_specifications
from reintegration.studies.trends import fit_trends

COUNTRIES = ["CIV", "ETH", "GIN", "MAR", "SEN", "SOM"]


@pytest.fixture(scope="module")
def specs(config):
    return study_specifications(config, COUNTRIES)


@pytest.fixture(scope="module")
def frames(frame, config):
    return study_frames(frame, config)


def test_every_regression_is_listed_once_and_names_its_rows(specs, frames, config):
    names = [spec.spec_id for spec in specs]
    assert len(set(names)) == len(names)
    assert {
        "levels.composite",
        "changes.change_composite",
        "orion.adjusted.same_countries.composite.all",
        "orion_change.others.composite.GIN",
        "orion_mean.mentored.first.social.SEN",
        "trend.within.composite.SOM",
    } <= set(names)
    assert {spec.data for spec in specs} <= set(frames)
    assert len([name for name in names if name.startswith("trend.")]) == 4 * 2 * len(COUNTRIES)


def test_the_same_numbers_come_from_the_list_as_from_the_studies(specs, frames, frame, config):
    """Whoever loops over the list fits what the study publishes, under the same ids."""
    orion, trends = compare_mentored(frame, config.orion), fit_trends(frame, config.trends)
    published = pd.concat(
        [
            *(getattr(orion, name) for name in ("effects", "changes", "means")),
            trends.slopes.rename(columns={"slope_per_year": "estimate"}),
        ]
    ).set_index("estimate_id")["estimate"]
    looked_at = 0
    for spec in specs:
        if spec.declared_in not in ("orion", "trends"):
            continue
        rows = fit_specification(frames[spec.data], replace(spec, also=())).estimates
        [estimate] = [row["estimate"] for row in rows if row["term"] == spec.single]
        for vcov in spec.vcovs:
            there = published[spec.estimate_id(spec.single, vcov)]
            refused = vcov.type == "permutation" and pd.isna(there)
            assert refused or there == pytest.approx(estimate, nan_ok=True)
            looked_at += 1
    assert looked_at == len(published) - len(COUNTRIES) * 8 - 8  # deviations and averages


def test_without_data_all_countries_have_no_trendline(config):
    everywhere = config.model_copy(
        update={"study": config.study.model_copy(update={"countries": "all"})}
    )
    assert not any(spec.declared_in == "trends" for spec in study_specifications(everywhere))
    found = [s for s in study_specifications(everywhere, COUNTRIES) if s.declared_in == "trends"]
    assert len(found) == 8 * len(COUNTRIES)  # when the data have said which there are
    listed = [spec for spec in study_specifications(config) if spec.declared_in == "trends"]
    assert len(listed) == 8 * len(config.study.countries)


def test_the_table_says_where_each_is_declared(specs):
    by_id = specs_table(specs).set_index("spec_id")
    assert by_id.loc["trend.pooled.social.GIN", "sample"] == "surveys where country == GIN"
    assert by_id.loc["trend.pooled.social.GIN", "declared_in"] == "trends"
    assert by_id.loc["orion_mean.mentored.first.social.SEN", "declared_in"] == "orion"
    assert by_id.loc["levels.social", "declared_in"] == "specifications.levels"


def test_who_counts_as_mentored(frame):
    changes = change_frame(frame, ["composite"])
    outside = changes.index[changes["country"] == "SOM"][0]
    unknown = changes.index[changes["country"] == "GIN"][0]
    changes.loc[outside, "orion"] = 1
    changes.loc[unknown, "orion"] = pd.NA
    made = mentoring_frame(changes, ["GIN", "MAR", "SEN"])
    assert made["mentored"].isna().sum() == 2
    assert made.loc[[outside, unknown], "mentored"].isna().all()
    elsewhere = (made["pilot"] == 0) & (made.index != outside)
    assert (made.loc[elsewhere, "mentored"] == 0).all()
    asked = (made["pilot"] == 1) & (made.index != unknown)
    assert (made.loc[asked, "mentored"] == changes.loc[asked, "orion"].astype(float)).all()


def test_rows_of_other_countries_stand_in_the_account_of_all(frame, config):
    rows = fit_trends(frame, config.trends).rows
    account = rows[rows["spec_id"] == "trend.pooled.composite.GIN"]
    assert set(account["country"]) == {"all", "GIN"}
    total = account[account["country"] == "all"].groupby("step")["rows"].sum()
    assert total["read"] == len(frame) == total["used"] + total["excluded"]
    assert total["used"] == (frame["country"] == "GIN").sum()


def test_further_covariances_are_further_rows_and_leave_the_first(frame, config):
    """The first covariance's rows are what they were; of each key they come first."""
    several = [{"type": "HC3"}, {"type": "CR2", "cluster": "location_id"}]
    plain = config.orion.model_dump() | {"vcov": several[0], "outcomes": ["composite"]}
    alone = compare_mentored(frame, Orion.model_validate(plain))
    both = compare_mentored(frame, Orion.model_validate(plain | {"vcov": several}))
    keys = ["comparator", "method", "country", "outcome"]
    pd.testing.assert_frame_equal(
        both.effects.drop_duplicates(keys).reset_index(drop=True), alone.effects
    )
    assert len(both.effects) == 2 * len(alone.effects)
    assert both.effects["estimate_id"].is_unique
    pd.testing.assert_frame_equal(both.means, alone.means)
    pd.testing.assert_frame_equal(both.changes, alone.changes)
    several = [{"type": "CR1S", "cluster": "returnee_id"}, several[1]]
    plain = config.trends.model_dump() | {"vcov": several[0], "outcomes": ["composite"]}
    alone = fit_trends(frame, Trends.model_validate(plain))
    both = fit_trends(frame, Trends.model_validate(plain | {"vcov": several}))
    first = both.slopes.drop_duplicates(["method", "outcome", "country", "kind"])
    pd.testing.assert_frame_equal(first.reset_index(drop=True), alone.slopes)
    assert len(both.slopes) == 2 * len(alone.slopes)
    assert both.slopes["estimate_id"].is_unique
    pd.testing.assert_frame_equal(both.lines, alone.lines)
