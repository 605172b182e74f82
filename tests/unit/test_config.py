"""The configuration: everything wrong is said at once, before any work."""

import copy
from pathlib import Path

import pytest
import yaml

from reintegration.config import check_against_codebook, check_config, load_config
from reintegration.errors import StudyError


@pytest.fixture
def raw():
    return copy.deepcopy(yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8")))


def problems_of(raw):
    with pytest.raises(StudyError) as error:
        check_config(raw, Path())
    return "\n".join(error.value.problems)


def test_the_studys_own_configuration_is_right():
    config = load_config("config.yaml")
    codebook = config.instrument.codebook()
    check_against_codebook(config, codebook)
    assert config.simulated


@pytest.mark.parametrize(
    "section, key, value, said",
    [
        ("study", "countries", ["GIN", "XXX"], "study.countries: ['XXX'] are not ISO"),
        ("study", "countries", ["GIN", "GIN"], "GIN stands twice"),
        ("study", "countries", "everything", "or `all`"),
        ("study", "last_survey", "2017-01-01", "last_survey lies before first_survey"),
        ("study", "first_survey", "soon", "study.first_survey"),
        ("study", "title", "", "study.title"),
        ("disclosure", "minimum_cell", True, "minimum_cell: must be a number (found: True)"),
        ("scoring", "minimum_answered", True, "minimum_answered: must be a number"),
        ("data", "on_bad_source", "ignore", "'stop' or 'leave_out' (found: 'ignore')"),
        ("scoring", "minimum_answered", 70, "less than or equal to 1 (found: 70)"),
        ("scoring", "minimum_anwsered", 0.7, "scoring.minimum_anwsered: there is no such key"),
        ("inference", "confidence_level", 95, "inference.confidence_level"),
        ("orion", "methods", ["last", "first"], "orion.methods.1"),
        ("trends", "vcov", {"type": "CR1S"}, "needs a `cluster`"),
        ("orion", "vcov", {"type": "HC3", "cluster": "returnee_id"}, "takes no `cluster`"),
        ("orion", "vcov", [{"type": "HC3"}, {"type": "CR2"}], "orion.vcov.1: CR2 needs a"),
        ("trends", "vcov", "HC3", "trends.vcov: must be a mapping such as"),
        ("trends", "vcov", [], "trends.vcov: List should have at least 1 item"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(raw, section, key, value, said):
    raw[section][key] = value
    assert said in problems_of(raw)


def test_all_problems_come_in_one_message(raw):
    raw["trendz"] = {}
    del raw["report"]["language"]
    raw["specifications"][0]["vcov"] = {"type": "CR1S"}
    raw["specifications"][1]["controls"] = raw["specifications"][1]["terms"]
    said = problems_of(raw)
    for expected in (
        "trendz: there is no such key",
        "report.language: this key is missing",
        "specifications.0.vcov: CR1S needs a `cluster`",
        "country, assistance stands in `terms` and in `controls`",
    ):
        assert expected in said


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"estimater": "ols"}, "estimater: there is no such key"),
        ({"outcome": "social"}, "outcome: there is no such key"),
        ({"seed": 1}, "seed: there is no such key"),
        ({"estimator": "probit"}, "estimator: Input should be 'ols', 'within', 'random_effects'"),
        ({"outcomes": []}, "outcomes: List should have at least 1 item"),
        ({"terms": ["age", "age"]}, "terms: age stands twice"),
        ({"filter": "age = 3"}, "filter: the filter 'age = 3' cannot be read"),
        ({"quantile": 1}, "quantile: Input should be less than 1 (found: 1)"),
        ({"threshold": True}, "threshold: must be a number (found: True)"),
        ({"vcov": [{"type": "CR1"}, {"type": "HC9"}]}, "vcov.1.type: Input should be 'classical'"),
        ({"vcov": {"type": "wild", "cluster": "country", "draws": 9}}, "equal to 99 (found: 9)"),
        ({"coding": {"sex": "sum"}}, "coding.sex: Input should be 'deviation' (found: 'sum')"),
        ({"country_coding": "sum"}, "country_coding: Input should be 'deviation' (found: 'sum')"),
        ({"coding": {"country": "deviation"}}, "`coding` and `country_coding` both code country"),
        ({"random": {"slopes": ["age"]}}, "random.groups: this key is missing"),
        ({"categories": "mode"}, "categories: must be a list of columns, or a mapping"),
        ({"contrasts": {"none": {}}}, "contrasts.none: Dictionary should have at least 1 item"),
        ({"country_coding": {"reference": "TGO"}}, "reference country TGO is not in study.coun"),
    ],
)
def test_a_wrong_key_of_a_specification_is_named(raw, changes, said):
    raw["specifications"][0] |= {"country_coding": "deviation"} | changes
    found = problems_of(raw)
    assert said in found
    assert "specifications." in found


def test_a_configuration_survives_being_plain_data(raw):
    """Rules hand sections on as plain data, in which every key has been given."""
    raw["specifications"][0] |= {"coding": {"sex": {"reference": "woman"}}, "random": None}
    config = check_config(raw, Path())
    plain = config.section("specifications")["specifications"]
    again = check_config(raw | {"specifications": plain}, Path())
    assert again.specifications == config.specifications


def test_two_specifications_cannot_share_an_id(raw):
    raw["specifications"][1]["id"] = raw["specifications"][0]["id"]
    assert "levels stands twice" in problems_of(raw)


@pytest.mark.parametrize("key", ["items", "variables", "claims"])
def test_a_file_that_is_not_there_is_named(raw, key):
    raw["instrument"][key] = "data/nowhere.yaml"
    assert f"instrument.{key}: there is no data/nowhere.yaml" in problems_of(raw)


def test_without_a_world_the_raw_folder_must_exist(raw, tmp_path):
    raw["data"] |= {"world": None, "raw": "data/rwa"}
    assert "data.raw: there is no data/rwa" in problems_of(raw)


def test_names_unknown_to_the_codebook_are_refused(raw):
    raw["scoring"]["nonresponse"] = {"dont_know": "missing", "dunno": "zero"}
    raw["assistance"]["types"] = ["trainings"]
    raw["trends"]["outcomes"] = ["total"]
    config = check_config(raw, Path())
    codebook = config.instrument.codebook()
    with pytest.raises(StudyError) as error:
        check_against_codebook(config, codebook)
    said = str(error.value)
    for name in ("'dunno'", "refused is missing", "'trainings'", "'total'"):
        assert name in said
