"""Whatever is wrong in a file and whatever the rules do: rows in = rows used + rows excluded."""

import numpy as np
import pytest

from reintegration.config import Cleaning
from reintegration.ingest.cleaning import RULES as APPLIED
from reintegration.ingest.flow import REASONS, sample_flow

from .conftest import left

ACTIONS = {
    name: Cleaning.model_fields[name].annotation.__args__ for name in Cleaning.rules()
}  # every rule chooses among a few words
WRONG = {
    "case_number": ["SN-1", "SN-2", "SN-3", "", "TEST 1"],
    "person_name": ["Awa Ba", "essai", "Testa"],
    "submission_id": ["a", "b", "c", ""],
    "survey_date": ["2019-05-20", "2019-05-21", "2019-02-31", "", "2018-01-01"],
    "return_date": ["2018-11-20", "2018-12-01", "", "soon"],
    "interview_start": ["2019-05-20T10:00:00", "2019-05-01T10:00:00", ""],
    "interview_end": ["2019-05-20T10:05:00", "2019-05-20T09:00:00", "2019-05-20T11:00:00", ""],
    "interview_minutes": ["3", "40", "", "long"],
    "round": ["baseline", "follow_up", "", "third"],
    "age": ["27", "40", "199", "", "old"],
    "birth_year": ["1992", "1950", ""],
    "school_age_children": ["yes", "no", "", "maybe"],
    "q1": ["ok", "never", "", "dont_know"],
    "q9": ["yes", "no", ""],
    "q10": ["unemployed", ""],
    "q14": ["some", "no_children", ""],
    "q12": ["good", "very_good"],
    "q18": ["good", "very_good"],
    "orion": ["yes", "no", ""],
    "orion_date": ["2018-01-01", "2019-05-20", ""],
    "dependants": ["2", "3"],
}


@pytest.mark.parametrize("seed", range(12))
def test_every_row_is_used_or_excluded_once(desk, seed):
    rng = np.random.default_rng(seed)
    rows = [
        {name: str(rng.choice(texts)) for name, texts in WRONG.items() if rng.random() < 0.5}
        for _ in range(60)
    ]
    rules = {name: str(rng.choice(words)) for name, words in ACTIONS.items()}
    result = desk.take_rows(*rows, {}, rules=rules)
    surveys, log = result.surveys, result.cleaning_log
    assert len(surveys) == result.account["rows_read"] == 61
    out = surveys["excluded"].notna()
    assert set(surveys.loc[out, "excluded"]) <= set(REASONS)
    removed = log[log["change_type"] == "remove_survey"]
    assert sorted(removed["row"]) == sorted(surveys.loc[out, "row"])  # each once
    assert dict(zip(removed["row"], removed["rule"], strict=True)) == dict(
        surveys.loc[out, ["row", "excluded"]].to_numpy()
    )
    assert {*result.rejected["row"]} <= {*removed["row"]}
    flow = sample_flow(surveys[["returnee_id", "country", "excluded"]])
    assert flow["surveys"].iloc[-1] == len(left(result)) == 61 - flow["surveys_removed"].sum()


def test_every_rule_of_the_configuration_is_applied():
    told = {rule.__name__ for rule in APPLIED} - {"rows_of_nobody", "same_day"}
    told |= {"duplicate_survey", "rekeyed_survey"}  # by same_day
    assert {*Cleaning.rules()} == told | {"contradictory_assistance"}  # by received_before
    assert all(rule.__doc__ for rule in APPLIED)


def test_what_is_blanked_filled_or_flagged_keeps_its_type(desk, codebook):
    """Choices stay categories of the codebook's codes: a million rows fit into little memory."""
    rows = (
        {"q14": "", "school_age_children": "no", "age": "199", "sex": "?"},
        {"return_date": "soon", "q9": "no", "q10": "unemployed"},
    )
    surveys = desk.take_rows(*rows).surveys
    for name in ("q1", "q10", "q14", "sex"):
        codes = [answer.code for answer in codebook.answers_of(name)]
        assert list(surveys[name].cat.categories) == codes
    assert surveys["age"].dtype == float
    assert surveys["return_date"].dtype.kind == "M"
