"""Files of offices that asked the invented instrument of eight items, with planted effects."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from reintegration.codebook import Codebook

ITEMS = "tests/instruments/wellbeing.yaml"
RSS, VARIABLES = "data/instruments/rss.yaml", "data/instruments/variables.yaml"
COUNTRIES = {"GIN": -0.12, "SEN": 0.0, "MAR": 0.06, "ETH": 0.06}
TRAINING = 0.12
SCORES = ["rest", "ties", "wellbeing"]


def answers_near(
    codebook: Codebook, item: str, target: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Codes of the answers whose scores lie nearest to a noisy target."""
    scores = codebook.items[item].scores
    codes, values = np.array(list(scores)), np.array(list(scores.values()))
    noisy = target + rng.normal(0, 0.2, len(target))
    return codes[np.abs(values[None, :] - noisy[:, None]).argmin(axis=1)]


def draw_surveys(codebook: Codebook, seed: int = 8) -> pd.DataFrame:
    """Surveys in codebook names: country and training move the answers to every item."""
    rng = np.random.default_rng(seed)
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


def configure(config: dict[str, Any], items: str | list[str], scores: list[str]) -> None:
    """Study own files with these instruments and scores, and compare with no published study."""
    config["study"]["countries"] = list(COUNTRIES)
    config["data"] |= {"world": None, "raw": "own/raw", "sources": "own/sources"}
    config["instrument"] |= {"items": items, "claims": None}
    config["assistance"] |= {"types": ["training", "cash"], "moves": {}}
    levels, changes = config["specifications"][:2]
    levels["refits"] = ["person_equal", "common_months", "within_between"]
    levels["outcomes"] = scores
    changes["outcomes"] = [f"change_{name}" for name in scores]
    config["specifications"] = [levels, changes]
    config["orion"]["outcomes"] = config["trends"]["outcomes"] = scores


def write_files(folder: Path, files: dict[str, pd.DataFrame]) -> None:
    """Write files of offices with their source YAMLs into a checkout, whose ledger goes.

    It is the demo's; docs/how-to/freeze.md says so of a study of one's own.
    """
    (folder / "ledger/specifications.jsonl").unlink()
    for name, frame in files.items():
        path = folder / f"own/raw/{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(path, index=False)
        mapping = folder / f"own/sources/{name}.yaml"
        mapping.parent.mkdir(parents=True, exist_ok=True)
        mapping.write_text(yaml.safe_dump({"file": path.name, "format": "csv"}), encoding="utf-8")
