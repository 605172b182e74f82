import numpy as np
import pandas as pd
import pytest

from reintegration.config import Assistance
from reintegration.estimation.results import (
    ESTIMATE_COLUMNS,
    IMPORTANCE_COLUMNS,
    MODEL_COLUMNS,
    RANK_COLUMNS,
    REFIT_COLUMNS,
    ROW_COLUMNS,
    SPEC_COLUMNS,
)
from reintegration.studies.assistance import regress

TABLES = {
    "specs": SPEC_COLUMNS,
    "estimates": ESTIMATE_COLUMNS,
    "models": MODEL_COLUMNS,
    "rows": ROW_COLUMNS,
    "ranks": RANK_COLUMNS,
    "importance": IMPORTANCE_COLUMNS,
    "refits": REFIT_COLUMNS,
}


def run(frame: pd.DataFrame, config, **changes):
    return regress(
        frame,
        changes.pop("specifications", config.specifications),
        changes.pop("assistance", config.assistance),
        rng=np.random.default_rng(1),
        **changes,
    )


def first_errors(results, spec_id: str) -> pd.DataFrame:
    """Estimates of a specification by term, under its first covariance."""
    rows = results.estimates[results.estimates["spec_id"] == spec_id]
    return rows[rows["vcov"] == rows["vcov"].iloc[0]].set_index("term")


@pytest.fixture(scope="module")
def results(frame, config):
    return run(frame, config, draws=99)


def test_tables_hold_the_promised_columns_and_unique_ids(results):
    for name, columns in TABLES.items():
        assert getattr(results, name).columns.tolist() == list(columns), name
    for name in ("estimates", "ranks", "importance"):
        assert getattr(results, name)["estimate_id"].is_unique, name
    ids = set(results.estimates["estimate_id"])
    assert {
        "levels.composite.training.cr1s-returnee_id",
        "levels.composite.country.GIN.cr1s-returnee_id",
        "levels.composite.training_not_recorded.cr1s-returnee_id",
        "changes.change_composite.training.hc3",
        "tension.item_q25.financial_services.cr1s-returnee_id",
    } <= ids
    assert "rank.levels.composite.GIN" in set(results.ranks["estimate_id"])
    assert "importance.levels.composite.country" in set(results.importance["estimate_id"])


def test_planted_effects_come_back(results):
    by_id = results.estimates.set_index("estimate_id")
    training = by_id.loc["levels.composite.training.cr1s-returnee_id"]
    assert training["conf_low"] < 0.05 < training["conf_high"]
    assert training["p_value"] < 0.001
    cash = by_id.loc["levels.composite.cash.cr1s-returnee_id"]
    assert cash["conf_low"] < 0 < cash["conf_high"]
    between = by_id.loc["changes.change_composite.training.hc3"]
    assert between["conf_low"] < 0.05 < between["conf_high"]
    guinea = by_id.loc["levels.composite.country.GIN.cr1s-returnee_id"]
    assert guinea["conf_high"] < -0.05


def test_every_row_is_accounted_for(results, frame):
    rows = results.rows
    for spec_id, part in rows[rows["country"] == "all"].groupby("spec_id"):
        count = part.groupby("step")["rows"].sum()
        assert count["read"] == count["used"] + count.get("excluded", 0), spec_id
        used = results.models.set_index("spec_id").loc[spec_id, "n_obs"]
        assert count["used"] == used
    levels = rows[(rows["spec_id"] == "levels.composite") & (rows["step"] == "read")]
    assert levels[levels["country"] == "all"]["rows"].iloc[0] == len(frame)
    assert levels[levels["country"] != "all"]["rows"].sum() == len(frame)


def test_not_recorded_can_drop_rows(frame, config):
    kept = run(frame, config, specifications=config.specifications[:1])
    dropped = run(
        frame,
        config,
        specifications=config.specifications[:1],
        assistance=Assistance(types=["training"], undated="not_recorded", not_recorded="drop"),
    )
    assert dropped.models["n_obs"].iloc[0] < kept.models["n_obs"].iloc[0]
    reasons = dropped.rows["reason"].unique()
    assert "not recorded: assistance_training" in reasons
    assert not dropped.estimates["term"].str.endswith("not_recorded").any()


def test_a_specification_does_not_hang_on_the_others(frame, config, results):
    alone = run(frame, config, specifications=config.specifications[1:2], draws=99)
    for name in ("estimates", "ranks", "importance"):
        both = getattr(results, name)
        pd.testing.assert_frame_equal(
            getattr(alone, name),
            both[both["spec_id"].str.startswith("changes.")].reset_index(drop=True),
            check_dtype=False,
        )


def test_an_exploratory_specification_gets_no_ranks(results):
    assert results.ranks["spec_id"].str.split(".").str[0].unique().tolist() == ["levels", "changes"]


def test_without_follow_ups_changes_fail_with_their_reason(draw, config):
    results = run(draw(follow_up=0.0), config, draws=99)
    changes = results.estimates[results.estimates["spec_id"] == "changes.change_composite"]
    assert set(changes["status"]) == {"failed"}
    assert set(changes["warnings"]) == {"no returnee has two surveys"}
    assert {"training", "country.GIN", "country.SOM"} <= set(changes["term"])
    levels = first_errors(results, "levels.composite")
    assert (levels.loc[["training", "country.GIN"], "status"] == "ok").all()
    first = levels.loc["is_first"]
    assert (first["status"], first["warnings"]) == (
        "not_estimable",
        "is_first does not vary in the sample",
    )
    for table in (results.ranks, results.importance):
        part = table[table["spec_id"] == "changes.change_composite"]
        assert len(part)
        assert set(part["status"]) == {"failed"}


def test_one_country_only(draw, config):
    results = run(draw(countries=("GIN",)), config, draws=99)
    levels = first_errors(results, "levels.composite")
    assert levels.loc["country.GIN", "status"] == "not_estimable"
    assert "only country" in levels.loc["country.GIN", "warnings"]
    assert levels.loc["training", "status"] == "ok"
    assert set(results.ranks["status"]) == {"not_estimable"}
    assert set(results.ranks["country"]) == {"GIN"}
    shares = results.importance[results.importance["spec_id"] == "levels.composite"]
    assert "country" in set(shares["group"])  # listed, with its reason


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.iloc[:0],
        lambda frame: frame.iloc[:1],
        lambda frame: frame.iloc[:6],
        lambda frame: frame.assign(composite=0.5, economic=np.nan),
        lambda frame: frame.assign(assistance_training=pd.array([None] * len(frame), dtype="Int8")),
    ],
)
def test_degenerate_data_never_crash_and_never_leave_a_number_out_silently(frame, config, change):
    results = run(change(frame), config, draws=99)
    assert set(results.models["spec_id"]) == set(results.specs["spec_id"])
    assert set(results.estimates["spec_id"]) == set(results.specs["spec_id"])
    for name, value in (
        ("estimates", "estimate"),
        ("ranks", "rank"),
        ("importance", "estimate"),
        ("models", "r2"),
    ):
        table = getattr(results, name)
        blank = table[table[value].isna()]
        assert (blank["status"] != "ok").all(), name
        assert (blank["warnings"].fillna("").str.len() > 0).all(), name


def test_refits_stand_beside_what_they_ask_again(frame, config):
    results = run(frame.assign(composite_without_training=frame["composite"] - 0.01), config)
    refits = results.refits[results.refits["outcome"] == "composite"]
    training = refits[refits["assistance"] == "training"].set_index("refit")
    assert training.index.tolist() == [
        *("base", "without_items", "person_equal", "common_months", "within", "between"),
    ]
    assert set(training["base_estimate_id"]) == {"levels.composite.training.cr1s-returnee_id"}
    assert "without_items" not in set(refits.loc[refits["assistance"] == "cash", "refit"])
    numbers = results.estimates.set_index("estimate_id")["estimate"]
    assert (numbers[refits["estimate_id"]].to_numpy() == refits["estimate"].to_numpy()).all()
    # Of a refit only the assistance effects are reported, and truths have none.
    names = results.estimates[results.estimates["spec_id"] == "levels.composite.person_equal"]
    assert set(names["group"]) == {"assistance"}
    assert run(frame, config, engine="arrays").refits.empty
