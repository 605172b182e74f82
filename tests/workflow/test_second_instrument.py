"""Another instrument, instead of the RSS and beside it, by configuration and YAML alone."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from reintegration.codebook import Codebook, load_codebook
from reintegration.tables_io import read_csv

ITEMS = "tests/instruments/wellbeing.yaml"
RSS, VARIABLES = "data/instruments/rss.yaml", "data/instruments/variables.yaml"
COUNTRIES = {"GIN": -0.12, "SEN": 0.0, "MAR": 0.06, "ETH": 0.06}
TRAINING = 0.12
SCORES = ["rest", "ties", "wellbeing"]


def answers_near(codebook: Codebook, item: str, target: np.ndarray, rng) -> np.ndarray:
    """Codes of the answers whose scores lie nearest to a noisy target."""
    scores = codebook.items[item].scores
    codes, values = np.array(list(scores)), np.array(list(scores.values()))
    noisy = target + rng.normal(0, 0.2, len(target))
    return codes[np.abs(values[None, :] - noisy[:, None]).argmin(axis=1)]


def draw_surveys(codebook: Codebook, rng) -> pd.DataFrame:
    """Surveys in codebook names: country and training move the answers of the second instrument."""
    people = 280
    twice = rng.random(people) < 0.6
    person = np.repeat(np.arange(people), 1 + twice)
    occasion = pd.Series(person).groupby(person).cumcount().to_numpy()
    country = np.array(list(COUNTRIES))[person % len(COUNTRIES)]
    first = pd.Timestamp("2019-01-10") + pd.to_timedelta(rng.integers(0, 90, people), unit="D")
    date = first[person] + pd.to_timedelta(270 * occasion, unit="D")
    kind = rng.choice(["before", "between", "never"], people, p=[0.35, 0.3, 0.35])[person]
    trained = (kind == "before") | ((kind == "between") & (occasion == 1))
    level = 0.55 + np.array([COUNTRIES[code] for code in country]) + TRAINING * trained
    level = level + rng.normal(0, 0.05, people)[person]
    cash = (rng.random(people) < 0.5)[person]
    pilot = np.isin(country, ["GIN", "SEN", "MAR"]) & (rng.random(people) < 0.3)[person]
    frame = pd.DataFrame(
        {
            "case_number": [
                f"{code}-{number:04d}" for code, number in zip(country, person, strict=True)
            ],
            "country": country,
            "survey_date": date.strftime("%Y-%m-%d"),
            "return_date": "2018-08-15",
            "mode": rng.choice(["in_person", "phone"], len(person)),
            "sex": rng.choice(["man", "woman"], people)[person],
            "age": rng.integers(20, 45, people)[person].astype(str),
            "months_abroad": rng.integers(1, 30, people)[person].astype(str),
            "stranded": rng.choice(["yes", "no"], people)[person],
            "assistance_training": np.where(kind == "never", "no", "yes"),
            "assistance_training_date": np.select(
                [kind == "before", kind == "between"], ["2018-10-01", "2019-08-01"], ""
            ),
            "assistance_cash": np.where(cash, "yes", "no"),
            "assistance_cash_date": np.where(cash, "2018-11-01", ""),
            "school_age_children": "yes",
            "orion": np.where(pilot, "yes", "no"),
            "orion_date": np.where(pilot, "2019-06-01", ""),
        }
    )
    for item, what in codebook.items.items():
        frame[item] = answers_near(codebook, item, level, rng)
        for asked, allowed in what.asked_if.items():
            frame.loc[~frame[asked].isin(allowed), item] = ""
    return frame


def as_office_writes(frame: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """The same answers as French labels; numbers stay numbers."""
    written = frame.copy()
    for item in codebook.items:
        labels = {answer.code: answer.fr for answer in codebook.answers_of(item)}
        written[item] = frame[item].map(labels).fillna("")
    return written


def configure(config: dict, items: str | list[str], scores: list[str]) -> None:
    config["study"]["countries"] = list(COUNTRIES)
    config["data"] |= {"world": None, "raw": "own/raw", "sources": "own/sources"}
    config["instrument"] |= {"items": items, "claims": None}
    config["assistance"]["types"] = ["training", "cash"]
    levels, changes = config["specifications"][:2]
    levels["outcomes"] = scores
    changes["outcomes"] = [f"change_{name}" for name in scores]
    config["specifications"] = [levels, changes]
    config["orion"]["outcomes"] = config["trends"]["outcomes"] = scores


def write_files(folder: Path, files: dict[str, pd.DataFrame]) -> None:
    for name, frame in files.items():
        path = folder / f"own/raw/{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(path, index=False)
        mapping = folder / f"own/sources/{name}.yaml"
        mapping.parent.mkdir(parents=True, exist_ok=True)
        mapping.write_text(yaml.safe_dump({"file": path.name, "format": "csv"}), encoding="utf-8")


@pytest.fixture(scope="session")
def key(tmp_path_factory) -> dict[str, str]:
    return {"REINTEGRATION_KEY_FILE": str(tmp_path_factory.mktemp("key") / "key")}


@pytest.fixture(scope="session")
def instead(unused, tmp_path_factory, key):
    """A study of the second instrument alone."""
    folder = tmp_path_factory.mktemp("instead") / "study"
    copy = type(unused)(Path(shutil.copytree(unused.folder, folder)))
    codebook = load_codebook(folder / ITEMS, folder / VARIABLES)
    frame = draw_surveys(codebook, np.random.default_rng(8))
    west = frame["country"].isin(["GIN", "SEN"])
    offices = {"west": as_office_writes(frame[west], codebook), "other": frame[~west]}
    write_files(folder, offices)
    copy.configure(lambda config: configure(config, ITEMS, SCORES))
    copy.configure(lambda config: config["scoring"].update(nonresponse={"rather_not": "missing"}))
    ran = copy.study(**key)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return copy, ran.stdout


@pytest.fixture(scope="session")
def beside(unused, tmp_path_factory, key):
    """A study of the RSS with the second instrument beside it, which one office did not ask."""
    folder = tmp_path_factory.mktemp("beside") / "study"
    copy = type(unused)(Path(shutil.copytree(unused.folder, folder)))
    codebook = load_codebook([folder / RSS, folder / ITEMS], folder / VARIABLES)
    frame = draw_surveys(codebook, np.random.default_rng(8))
    second = list(codebook.instruments[1].items)
    files = {code.lower(): part for code, part in frame.groupby("country")}
    files["eth"] = files["eth"].drop(columns=second)
    write_files(folder, files)
    scores = ["economic", "composite", *SCORES]
    copy.configure(lambda config: configure(config, [RSS, ITEMS], scores))
    copy.configure(lambda c: c["scoring"]["nonresponse"].update(rather_not="missing"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in key.items():
            patch.setenv(name, value)
        copy.in_one_process()
    return copy


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
