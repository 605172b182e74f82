"""Another instrument, instead of the RSS and beside it, by configuration and YAML alone."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from daily_life import SCORES, TRAINING

from reintegration.tables_io import read_csv


def estimate(copy, name: str) -> pd.Series:
    table = read_csv(copy.folder / "results/models/estimates.csv").set_index("estimate_id")
    row = table.loc[name]
    assert row["status"] == "ok", row["warnings"]
    return row


def words_of(page: Path) -> str:
    text = re.sub(r"<(style|pre|img|code)[^>]*>.*?</\1>|<[^>]+>", " ", page.read_text("utf-8"))
    return " ".join(text.split())


def test_the_planted_effects_come_back_instead_of_the_rss(instead):
    copy, said = instead
    scores = pd.read_parquet(copy.folder / "results/scores/scores.parquet")
    assert list(scores.columns[1:4]) == SCORES
    assert [f"items_answered_{name}" in scores for name in SCORES] == [True] * 3
    assert scores["wellbeing"].notna().all() and scores["wellbeing"].between(0, 1).all()
    training = estimate(copy, "levels.wellbeing.training.cr1s-returnee_id")
    assert training["conf_low"] > 0
    assert training["estimate"] == pytest.approx(TRAINING, abs=0.04)
    assert estimate(copy, "levels.wellbeing.country.GIN.cr1s-returnee_id")["conf_high"] < 0
    assert estimate(copy, "changes.change_wellbeing.training.hc3")["conf_low"] > 0
    slopes = read_csv(copy.folder / "results/trends/slopes.csv")
    assert set(slopes["outcome"]) == set(SCORES)
    assert "Claims: none" in said


def test_the_page_speaks_of_the_instrument_that_was_asked(instead):
    copy, _ = instead
    words = words_of(copy.folder / "reports/study.html")
    for expected in (
        "Invented Survey of Daily Life",
        "Well-being",
        "8 questions score between 0",
        "Few friends or none",
        "No published study is compared here",
    ):
        assert expected in words
    for foreign in ("Sustainability Survey", "Economic", "omposite score", "q22"):
        assert foreign not in words
    figures = sorted(path.stem for path in (copy.folder / "results/figures").glob("*.svg"))
    assert "network" in figures
    assert read_csv(copy.folder / "results/audit/claims.csv").empty


def test_answers_with_ranges_conditions_and_options_score_the_same_from_both_offices(instead):
    copy, _ = instead
    surveys = pd.read_parquet(copy.folder / "results/clean/surveys.parquet")
    scores = pd.read_parquet(copy.folder / "results/scores/scores.parquet")
    for item in ("sleep", "pain", "groups", "friends"):
        assert surveys.groupby("source")[item].apply(lambda column: column.notna().all()).all()
    pain = surveys["pain"].str.removeprefix("n").astype(float)
    np.testing.assert_allclose(scores["item_pain"], 1 - pain / 10)
    unasked = surveys["healer"] == "no"
    assert unasked.any() and surveys.loc[unasked, "healer_near"].isna().all()
    log = read_csv(copy.folder / "results/clean/cleaning_log.csv")
    assert log.empty


def test_both_instruments_score_beside_each_other(beside):
    copy = beside
    surveys = pd.read_parquet(copy.folder / "results/clean/surveys.parquet")
    scores = pd.read_parquet(copy.folder / "results/scores/scores.parquet")
    asked = (surveys["country"] != "ETH").to_numpy()
    assert scores["composite"].notna().all()
    assert scores.loc[asked, "wellbeing"].notna().all()
    assert scores.loc[~asked, "wellbeing"].isna().all()
    training = estimate(copy, "levels.wellbeing.training.cr1s-returnee_id")
    assert training["estimate"] == pytest.approx(TRAINING, abs=0.05)
    assert training["conf_low"] > 0
    effects = read_csv(copy.folder / "results/orion/effects.csv")
    assert {"composite", "wellbeing"} <= set(effects.loc[effects["status"] == "ok", "outcome"])
    words = words_of(copy.folder / "reports/study.html")
    assert "Invented Survey of Daily Life: the well-being score averages" in words
    assert "eth.csv (Invented Survey of Daily Life" in words
