"""What each rule did, counted from the log."""

import pandas as pd

from reintegration.config import Cleaning
from reintegration.ingest.cleaning.account import DONE, rule_counts


def log(*lines):
    columns = ["source", "row", "survey_id", "rule", "change_type"]
    return pd.DataFrame(lines, columns=columns, dtype="str").astype({"row": "int64"})


def counted(lines, returnees=None):
    table = rule_counts(log(*lines), pd.Series(returnees or {}, dtype="str"))
    found = table[table["estimate"] > 0]
    return {
        (row["rule"], row["done"]): (row["estimate"], row["n_returnees"], row["lines"])
        for row in found.to_dict("records")
    }


def test_surveys_are_counted_once_and_returnees_over_sources():
    lines = [
        ("a", 2, "S1", "unknown_answer", "blank_response"),
        ("a", 2, "S1", "unknown_answer", "blank_response"),
        ("b", 2, "S1", "unknown_answer", "blank_response"),
        ("b", 3, "S2", "unknown_answer", "remove_survey"),
        ("b", 3, "S2", "straight_lining", "no_action"),
    ]
    assert counted(lines, {"S1": "R1", "S2": "R1"}) == {
        ("unknown_answer", "changed"): (2, 1, 3),
        ("unknown_answer", "removed"): (1, 1, 1),
        ("straight_lining", "flagged"): (1, 1, 1),
    }


def test_reasons_belong_to_their_rule_and_rows_of_nobody_count_each():
    lines = [
        ("a", 2, "S1", "no_survey_date", "remove_survey"),
        ("a", 3, "S2", "survey_before_return", "remove_survey"),
        ("a", 4, "S3", "impossible_date", "blank_response"),
        ("a", 5, "S4", "no_case_number", "remove_survey"),
        ("a", 6, "S5", "no_case_number", "remove_survey"),
    ]
    assert counted(lines, {"S1": "R1", "S2": "R2", "S3": "R3"}) == {
        ("impossible_date", "removed"): (2, 2, 2),
        ("impossible_date", "changed"): (1, 1, 1),
        ("no_case_number", "removed"): (2, 2, 2),
    }


def test_a_rule_that_did_nothing_is_told():
    table = rule_counts(log(), pd.Series(dtype="str"))
    assert list(table["rule"].unique()) == Cleaning.rules()
    assert len(table) == len(Cleaning.rules()) * len(DONE)
    assert table["estimate"].sum() == 0
    assert table["estimate_id"].is_unique
