"""A raw folder with small files written out in the tests, and the study's own codebook."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from reintegration.codebook import Codebook, load_codebook, read_yaml
from reintegration.config import Assistance, Cleaning, Scoring, Study
from reintegration.ingest.intake import SourceResult, ingest_source
from reintegration.ingest.pseudonym import DEMO_KEY
from reintegration.ingest.source import Source

ROOT = Path(__file__).parents[3]
ITEMS = ROOT / "data/instruments/rss.yaml"
VARIABLES = ROOT / "data/instruments/variables.yaml"
RULES = read_yaml(ROOT / "config.yaml")["cleaning"]
STUDY = Study.model_validate(
    {
        "title": "t",
        "countries": ["SEN", "GIN"],
        "first_survey": "2018-01-01",
        "last_survey": "2020-12-31",
    }
)
SCORING = Scoring(
    nonresponse=dict.fromkeys(("dont_know", "refused", "not_applicable"), "missing"),
    minimum_answered=0.7,
)
NAME, PHONE, CASE, PLACE = "Awa Testdiallo", "+221 77 123 45 67", "SN-0001", "Ville Cachée"


def base_row() -> dict[str, str]:
    """One good survey of Senegal in the codebook's own names and codes."""
    codebook = load_codebook(ITEMS, VARIABLES)
    answers = {name: item.answers[0].code for name, item in codebook.items.items()}
    answers |= {"q12": "good", "q18": "good"}  # nobody gives one answer throughout
    return {
        "case_number": CASE,
        "person_name": NAME,
        "phone": PHONE,
        "location": PLACE,
        "country": "SEN",
        "survey_date": "2019-05-20",
        "return_date": "2018-11-20",
        "mode": "phone",
        "language": "fr",
        "sex": "man",
        "age": "27",
        "dependants": "4",
        "months_abroad": "5",
        "returned_from": "libya",
        "stranded": "yes",
        "return_decision": "stranded",
        # q9: no, so q10 is not asked; q29: yes, so q30 is not asked
        **answers,
        "q10": "",
        "q30": "",
        "assistance_training": "yes",
        "assistance_training_date": "2019-01-15",
        "orion": "no",
        "orion_date": "",
    }


def log(result, rule):
    """What the log says of one rule."""
    lines = result.cleaning_log[result.cleaning_log["rule"] == rule]
    columns = ["row", "question", "old_value", "new_value", "change_type"]
    return lines[columns].to_numpy().tolist()


def left(result):
    """Rows still in, by their place in the file."""
    return result.surveys.loc[result.surveys["excluded"].isna(), "row"].tolist()


def value(result, row, column):
    found = result.surveys.set_index("row").loc[row, column]
    return None if pd.isna(found) else found


@dataclass
class Desk:
    """Writes raw files into a folder and takes them in."""

    raw: Path
    codebook: Codebook

    def rows(self, *changes: dict[str, str | None]) -> pd.DataFrame:
        """Rows like `base_row`, each another returnee, with changes."""
        numbered = [
            {"case_number": f"SN-{i:04}", "dependants": f"{i}"} | c
            for i, c in enumerate(changes, 1)
        ]
        return pd.DataFrame([base_row() | row for row in numbered])

    def csv(self, frame: pd.DataFrame, name: str = "sen.csv", **options) -> Path:
        path = self.raw / name
        frame.to_csv(path, index=False, **options)
        return path

    def take(
        self, file: str = "sen.csv", undated: str = "not_recorded", rules=None, **more
    ) -> SourceResult:
        source = Source.model_validate({"source": "sen", "file": file, **more})
        cleaning = Cleaning.model_validate(RULES | (rules or {}))
        assistance = Assistance.model_validate(
            {"types": ["training"], "undated": undated, "not_recorded": "drop"}
        )
        return ingest_source(source, self.raw, self.codebook, cleaning, assistance, DEMO_KEY)

    def take_rows(self, *changes: dict[str, str | None], **options) -> SourceResult:
        self.csv(self.rows(*changes))
        return self.take(**options)


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return load_codebook(ITEMS, VARIABLES)


@pytest.fixture
def desk(tmp_path, codebook) -> Desk:
    raw = tmp_path / "raw"
    raw.mkdir()
    return Desk(raw, codebook)


@pytest.fixture
def study() -> Study:
    return STUDY


@pytest.fixture
def scoring() -> Scoring:
    return SCORING


@pytest.fixture
def take_decided(desk):
    """Take in a file of rows with decisions by hand."""

    def take(decisions, *changes, source="sen"):
        desk.csv(desk.rows(*changes), f"{source}.csv")
        return ingest_source(
            Source.model_validate({"source": source, "file": f"{source}.csv"}),
            desk.raw,
            desk.codebook,
            Cleaning.model_validate(RULES),
            Assistance(types=["training"], undated="not_recorded", not_recorded="drop"),
            DEMO_KEY,
            decisions,
        )

    return take
