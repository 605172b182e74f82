"""What is known of a study before any work."""

import shutil
from pathlib import Path

import pytest
import yaml

from reintegration.errors import StudyError
from reintegration.plan import make_plan, read_plan


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    for name in ("data/instruments", "data/claims", "worlds"):
        shutil.copytree(root / name, tmp_path / name)
    shutil.copy(root / "config.yaml", tmp_path)
    (tmp_path / "data/raw").mkdir()
    (tmp_path / "data/sources").mkdir()
    return tmp_path


def choices(checkout: Path, **data) -> dict:
    config = yaml.safe_load((checkout / "config.yaml").read_text())
    config["data"] |= data
    return config


def test_a_world_says_its_files_before_it_is_made(checkout):
    plan = make_plan(choices(checkout, world="worlds/small.yaml"), checkout)
    assert plan.simulated
    assert plan.raw_file("central") == "data/demo/small/raw/central.csv"
    assert plan.mapping_file("gin") == "data/demo/small/sources/gin.yaml"
    assert plan.planted == "data/demo/small/planted.csv"
    assert plan.world_files == ("worlds/small.yaml", "worlds/demo.yaml")
    assert plan.existing(plan.raw_file("gin")) == ["data/demo/small/raw/gin.xlsx"]
    assert not (checkout / "data/demo").exists()


def test_own_files_are_listed_and_a_missing_one_is_no_input(checkout):
    (checkout / "data/raw/togo.csv").write_text("case_number\n")
    (checkout / "data/sources/benin.yaml").write_text("file: benin.csv\ncountry: BEN\n")
    plan = make_plan(choices(checkout, world=None), checkout)
    assert not plan.simulated
    assert plan.planted is None
    assert plan.files == {"benin": "benin.csv", "togo": "togo.csv"}
    assert plan.existing(plan.raw_file("togo")) == ["data/raw/togo.csv"]
    assert plan.existing(plan.raw_file("benin")) == []
    assert plan.sources["benin"]["country"] == "BEN"


def test_a_source_of_a_country_that_is_not_studied_need_not_be_confirmed(checkout):
    wait = "unsure: {columns: {q1: {a: 0.5}}}\n"
    path = checkout / "data/sources/fiji.yaml"
    path.write_text(f"file: fiji.csv\ncountry: FJI\n{wait}")
    plan = make_plan(choices(checkout, world=None), checkout)
    assert plan.on_bad_source("fiji") == "leave_out"
    path.write_text("file: fiji.csv\ncountry: FJI\n")
    assert make_plan(choices(checkout, world=None), checkout).on_bad_source("fiji") == "stop"
    for country in (choices(checkout)["study"]["countries"][0], "null"):
        path.write_text(f"file: fiji.csv\ncountry: {country}\n{wait}")
        with pytest.raises(StudyError, match="must confirm"):
            make_plan(choices(checkout, world=None), checkout)


def test_a_wrong_term_is_found_without_any_data(checkout):
    config = choices(checkout)
    config["specifications"][0]["controls"].append("agee")
    with pytest.raises(StudyError, match="agee"):
        make_plan(config, checkout)


def test_the_choices_of_the_checkout_are_sound(root):
    assert read_plan(root / "config.yaml").simulated


def test_a_wrong_file_of_claims_stops_before_any_work(checkout):
    path = checkout / "data/claims/key_messages.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("test: count", "test: cuont", 1))
    with pytest.raises(StudyError, match=r"key_messages\.yaml: the claims cannot be used") as error:
        make_plan(choices(checkout), checkout)
    assert "claims.0.test" in str(error.value)


def test_a_reference_country_must_be_studied(checkout):
    config = choices(checkout)
    config["specifications"][0]["country_coding"] = {"reference": "TGO"}
    with pytest.raises(StudyError) as error:
        make_plan(config, checkout)
    assert "specifications.levels: the reference country TGO is not in study.countries" in str(
        error.value
    )


def with_instruments(checkout: Path, items: object, **data) -> dict:
    """Choices with other instruments, their non-response and their scores, and no claims."""
    shutil.copytree("tests/instruments", checkout / "tests/instruments")
    config = choices(checkout, **data)
    config["instrument"] |= {"items": items, "claims": None}
    config["scoring"]["nonresponse"]["rather_not"] = "missing"
    config["trends"]["outcomes"] = ["wellbeing"]
    return config


def test_several_instruments_are_inputs_and_without_claims_nothing_is_planted(checkout):
    items = ["data/instruments/rss.yaml", "tests/instruments/wellbeing.yaml"]
    plan = make_plan(with_instruments(checkout, items, world="worlds/small.yaml"), checkout)
    assert plan.codebook["instrument"] == items
    assert (plan.planted, plan.claims) == (None, [])
    assert plan.config.instrument.codebook(checkout).composites.keys() == {"composite", "wellbeing"}


def test_scores_of_an_instrument_that_is_not_loaded_are_unknown(checkout):
    config = with_instruments(checkout, "data/instruments/rss.yaml", world="worlds/small.yaml")
    with pytest.raises(StudyError) as error:
        make_plan(config, checkout)
    assert "trends.outcomes: 'wellbeing' is not in the codebook" in str(error.value)
    assert "scoring.nonresponse: 'rather_not' is not in the codebook" in str(error.value)


def test_a_world_that_answers_another_instrument_is_refused(checkout):
    config = with_instruments(checkout, "tests/instruments/wellbeing.yaml")
    config["scoring"]["nonresponse"] = {"rather_not": "missing"}
    config["orion"]["outcomes"] = ["wellbeing"]
    config["specifications"] = config["specifications"][:1]
    config["specifications"][0] |= {"outcomes": ["rest", "item_trust"], "refits": []}
    config["assistance"]["moves"] = {}
    with pytest.raises(StudyError, match="the simulated world answers another instrument"):
        make_plan(config, checkout)


HEADER = (
    "source,row,survey_id,question,old_value,new_value,change_type,rows_expected,initials,date,note"
)
LINE = "gin,2,,q5,no_debt,,blank_response,,AB,,office confirmed"


def test_decisions_by_hand_are_checked_before_any_work(checkout):
    plan = make_plan(choices(checkout, world="worlds/small.yaml"), checkout)
    assert str(plan.decisions.folder) == "data/demo/small/decisions"
    folder = checkout / plan.decisions.folder
    folder.mkdir(parents=True)
    (folder / "cleaning_log.csv").write_text(f"{HEADER}\n{LINE}\n")
    decided = make_plan(choices(checkout, world="worlds/small.yaml"), checkout)
    assert decided.decided("gin") != plan.decided("gin")
    assert decided.decided("sen") == plan.decided("sen")
    assert "office" not in decided.decided("gin")
    (folder / "cleaning_log.csv").write_text(f"{HEADER}\n{LINE.replace('gin', 'togo')}\n")
    with pytest.raises(StudyError, match=r"cleaning_log\.csv: line 2: source: there is no source"):
        make_plan(choices(checkout, world="worlds/small.yaml"), checkout)


def test_decisions_about_own_files_lie_where_the_configuration_says(checkout):
    (checkout / "data/raw/togo.csv").write_text("case_number\n")
    (checkout / "mine").mkdir()
    (checkout / "mine/cleaning_log.csv").write_text(f"{HEADER}\n{LINE.replace('gin', 'togo')}\n")
    plan = make_plan(choices(checkout, world=None, decisions="mine"), checkout)
    assert [line.source for line in plan.decisions.corrections] == ["togo"]
