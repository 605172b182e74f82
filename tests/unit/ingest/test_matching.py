"""The same returnee twice: candidates that tell, decisions that hold, one rule that is careful."""

import itertools

import numpy as np
import pandas as pd
import pytest

from reintegration.config import Matching
from reintegration.errors import StudyError
from reintegration.ingest import matching
from reintegration.ingest.decisions import MATCH_COLUMNS, MATCHES, Decisions, load_decisions
from reintegration.ingest.flow import check_identity
from reintegration.ingest.matching import CANDIDATE_COLUMNS, find_matches
from reintegration.ingest.pool import pool

from .test_decisions import SIGNED, lines_of

pytestmark = pytest.mark.filterwarnings("ignore:no survey of GIN")
RULE = Matching(rule="all_keys_unique")
PLACES = ["Kindia", "Labé", "Boké", "Mamou"]


def person(number: int, **more) -> dict[str, str]:
    """One of some returnees who differ in all that could tell them apart."""
    return {
        "case_number": f"SN-{number:04}",
        "return_date": f"2018-0{number % 9 + 1}-1{number % 7}",
        "location": PLACES[number % 4],
        "age": str(20 + 3 * number),
        "sex": ("man", "woman")[number % 2],
        "returned_from": ("libya", "niger", "algeria")[number % 3],
        "months_abroad": str(number),
        "dependants": str(number),
        **more,
    }


OTHERS = [person(number) for number in range(1, 13)]
LATER = {"survey_date": "2019-12-01", "q1": "ok"}
WITHOUT = person(3, case_number="", **LATER)  # number 3 again, later
MISTYPED = person(5, case_number="SN-0050", **LATER)
OFFICE = [*OTHERS, WITHOUT, MISTYPED]


@pytest.fixture
def take(take_decided):
    return take_decided


@pytest.fixture
def decide(tmp_path, codebook):
    def decide(*lines, sources=("sen", "other")):
        rows = [{**SIGNED, "decision": "same", **line} for line in lines]
        frame = pd.DataFrame(rows, columns=MATCH_COLUMNS, dtype=object).fillna("")
        frame.to_csv(tmp_path / MATCHES, index=False)
        return load_decisions(tmp_path, codebook, sources)

    return decide


@pytest.fixture
def pooled(codebook, study, scoring):
    def pooled(*results, rule=None, decisions=None):
        rule, decisions = rule or Matching(rule="none"), decisions or Decisions()
        return pool(results, codebook, study, scoring, rule, decisions)

    return pooled


def test_candidates_are_listed_and_never_merged_without_a_rule(take, pooled):
    found = pooled(take(Decisions(), *OFFICE))
    assert list(found.matches.columns) == CANDIDATE_COLUMNS
    pairs = found.matches.set_index("row")
    assert sorted(pairs.index) == [14, 15]
    assert pairs.loc[14, "returnee_id"].startswith("U")
    assert pairs["same_as"].str.startswith("R").all()
    assert pairs["same_as_row"].to_dict() == {14: 4, 15: 6}
    agree = "return_date location birth_year sex returned_from months_abroad"
    assert (pairs["agree"] == agree).all()
    assert (pairs["candidates"] == 1).all() and (pairs["merged"] == "").all()
    assert found.flow.set_index("step")["surveys_removed"]["no_case_number"] == 1
    assert found.surveys["returnee_id"].nunique() == 13


def test_no_value_of_anybody_is_in_the_list(take, pooled):
    listed = pooled(take(Decisions(), *OFFICE)).matches.to_csv()
    for secret in [*PLACES, "SN-0", "2018-0", "libya", "algeria", "woman"]:
        assert secret not in listed


def test_the_rule_merges_who_agrees_on_everything_with_nobody_else(take, pooled):
    found = pooled(take(Decisions(), *OFFICE), rule=RULE)
    surveys = found.surveys
    assert surveys["returnee_id"].nunique() == 12 and len(surveys) == 14
    assert sorted(surveys.groupby("returnee_id").size()) == [1] * 10 + [2] * 2
    assert (surveys.loc[surveys["survey_date"] == "2019-12-01", "round"] == 2).all()
    assert set(found.matches["merged"]) == {"all_keys_unique"}
    log = found.cleaning_log[found.cleaning_log["rule"] == "all_keys_unique"]
    assert log["row"].tolist() == [14, 15]
    assert set(log["change_type"]) == {"change_response"}
    assert set(log["new_value"]) <= set(surveys["returnee_id"])
    assert "no_case_number" not in set(found.cleaning_log["rule"])
    assert found.rejected.empty
    check_identity(found.flow)
    (notes,) = found.sources["notes"]
    assert "2 surveys joined another returnee by the rule all_keys_unique" in notes


def test_two_who_both_agree_are_not_merged(take, pooled):
    twin = person(3, case_number="SN-0300", age="30")
    found = pooled(take(Decisions(), *OFFICE, twin), rule=RULE)
    merged = found.matches[found.matches["merged"] != ""]
    assert merged["row"].tolist() == [15]
    assert found.matches.set_index("row").loc[14, "candidates"].max() == 2


def test_one_who_was_surveyed_on_the_same_day_in_the_same_source_is_left_to_a_person(take, pooled):
    same_day = person(5, case_number="SN-0050")
    result = take(Decisions(), *OTHERS, same_day)
    assert (pooled(result, rule=RULE).matches["merged"] == "").all()
    elsewhere = take(Decisions(), same_day, source="other")
    found = pooled(take(Decisions(), *OTHERS), elsewhere, rule=RULE)
    assert (found.matches["merged"] == "all_keys_unique").all()
    assert found.flow.set_index("step")["surveys_removed"]["survey_in_two_sources"] == 1


def test_a_key_that_is_missing_or_differs_keeps_the_rule_off(take, pooled):
    for odd in ({"months_abroad": ""}, {"months_abroad": "40"}, {"age": "40"}):
        found = pooled(take(Decisions(), *OTHERS, WITHOUT | odd), rule=RULE)
        assert (found.matches["merged"] == "").all()
    one_year = pooled(take(Decisions(), *OTHERS, WITHOUT | {"age": "30"}), rule=RULE)
    assert (one_year.matches["merged"] == "all_keys_unique").all()
    stated = [row | {"birth_year": str(2019 - int(row["age"]))} for row in [*OTHERS, WITHOUT]]
    stated[-1]["birth_year"] = str(int(stated[-1]["birth_year"]) + 1)
    apart = pooled(take(Decisions(), *stated), rule=RULE)
    assert (apart.matches["merged"] == "").all()


def test_a_decision_joins_a_row_without_a_number_and_duplicates_are_found_after(
    take, pooled, decide
):
    plain = pooled(take(Decisions(), *OFFICE)).matches.set_index("row")
    by_row = decide({"source": "sen", "row": 14, "same_as": plain.loc[14, "same_as"]})
    by_id = decide(
        {"returnee_id": plain.loc[14, "returnee_id"], "same_as": plain.loc[14, "same_as"]}
    )
    for decisions in (by_row, by_id):
        result = take(decisions, *OFFICE)
        found = pooled(result, decisions=decisions)
        assert found.matches["row"].tolist() == [15]
        assert found.surveys["returnee_id"].nunique() == 13 and len(found.surveys) == 14
        assert "1 surveys joined another returnee by decision" in found.sources["notes"][0]
        ((row, question, old, new, kind, issue),) = lines_of(result, "match_decision")
        assert (row, question, kind) == (14, "returnee_id", "change_response")
        assert (old, new) == tuple(plain.loc[14, ["returnee_id", "same_as"]])
        assert issue == "AB: asked the office"
    again = WITHOUT | {"survey_date": "2019-05-20", "q1": "very_satisfied"}
    result = take(by_row, *OTHERS, again)
    reasons = result.surveys.set_index("row")["excluded"].fillna("")
    assert reasons[14] in ("duplicate_survey", "rekeyed_survey") or reasons[4] == "rekeyed_survey"


def test_different_people_are_listed_and_merged_no_more(take, pooled, decide):
    plain = pooled(take(Decisions(), *OFFICE)).matches.set_index("row")
    apart = plain.loc[15, ["returnee_id", "same_as"]].to_dict() | {"decision": "different"}
    decisions = decide(apart)
    found = pooled(take(decisions, *OFFICE), rule=RULE, decisions=decisions)
    assert found.matches["row"].tolist() == [14]


R = [f"R{number:012x}" for number in range(4)]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([(R[0], R[1]), (R[1], R[0])], f"{R[0]} is led back to itself"),
        ([(R[0], R[0])], f"{R[0]} is led back to itself"),
        ([(R[0], R[1]), (R[1], R[2]), (R[2], R[0])], "is led back to itself"),
        ([(R[0], R[1]), (R[0], R[2])], f"line 3: {R[0]} is already matched in line 2"),
        ([(R[0], R[1]), (R[0], R[1])], "line 3: .* is already matched in line 2"),
        ([(R[0], R[1]), (R[1], R[2]), (R[0], R[2], "different")], "different here, and the same"),
        ([(R[0], "U0123456789ab")], "same_as: must be the id of a returnee with a case number"),
        ([("SN-0001", R[0])], "returnee_id: must be an id as results/clean/matches.csv has them"),
        ([(R[0], R[1], "maybe")], "decision: 'maybe' is none of same, different"),
        ([("", R[1])], "returnee_id: is needed, or source and row"),
    ],
)
def test_lines_that_contradict_one_another_or_say_nothing_are_refused(decide, lines, says):
    names = ("returnee_id", "same_as", "decision")
    with pytest.raises(StudyError, match=says):
        decide(*(dict(zip(names, line, strict=False)) for line in lines))


def test_stale_pseudonyms_rows_and_other_countries_stop_the_study(take, pooled, decide):
    plain = take(Decisions(), *OFFICE, person(2, case_number="X", country="GIN"))
    ids = plain.surveys.set_index("row")["returnee_id"]
    for line, says in [
        ({"returnee_id": R[0], "same_as": ids[2]}, f"no source holds a survey of {R[0]}"),
        ({"returnee_id": ids[2], "same_as": R[0]}, f"no source holds a survey of {R[0]}"),
        (
            {"returnee_id": ids[16], "same_as": ids[2]},
            "returned to GIN and .* to SEN; they are two",
        ),
        ({"source": "sen", "row": 2, "same_as": ids[3]}, "row 2 has a case number; name its"),
        ({"source": "sen", "row": 99, "same_as": ids[3]}, "source sen has no row 99"),
    ]:
        decisions = decide(line)
        with pytest.raises(StudyError, match=says):
            pooled(
                take(decisions, *OFFICE, person(2, case_number="X", country="GIN")),
                decisions=decisions,
            )


def test_a_row_without_a_number_is_stale_when_the_file_moves(take, pooled, decide):
    plain = pooled(take(Decisions(), *OFFICE)).matches.set_index("row")
    decisions = decide(plain.loc[14, ["returnee_id", "same_as"]].to_dict())
    with pytest.raises(StudyError, match="no source holds a survey of U"):
        pooled(take(decisions, OTHERS[0] | LATER, *OFFICE), decisions=decisions)


def made_up(n: int, seed: int = 1) -> pd.DataFrame:
    """Returnees by chance, the last tenth the same persons as the first."""
    draw = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "return_date": pd.Timestamp("2018-01-01")
            + pd.to_timedelta(draw.integers(0, 900, n), "D"),
            "location_id": draw.integers(0, 200, n).astype(str),
            "sex": draw.choice(["man", "woman"], n),
            "returned_from": draw.choice(["libya", "niger", "europe"], n),
            "months_abroad": draw.integers(0, 60, n).astype(float),
            "age": draw.integers(18, 50, n).astype(float),
            "survey_date": pd.Timestamp("2020-06-01"),
        }
    )
    rows = pd.concat([rows, rows.iloc[: n // 10]], ignore_index=True)
    ids = [f"R{number:012x}" for number in range(len(rows))]
    return rows.assign(returnee_id=ids, country="SEN", source="a", row=np.arange(2, len(rows) + 2))


def test_pairs_are_found_as_by_comparing_everybody_with_everybody():
    rows = made_up(300)
    found = find_matches(rows, "none", Decisions()).candidates
    pairs = {tuple(sorted(pair)) for pair in found[["returnee_id", "same_as"]].to_numpy()}
    planted = {(rows.returnee_id[i], rows.returnee_id[300 + i]) for i in range(30)}
    assert planted <= pairs
    persons = matching._persons(rows)
    weights = matching._Weights(persons)
    every = np.array(list(itertools.combinations(range(len(rows)), 2)))
    agree, known = matching._agreement(persons, *every.T)
    fine = (agree.sum(axis=1) >= 4) & ((known & ~agree).sum(axis=1) <= 1)
    score = weights.score(*every[fine].T, agree[fine], known[fine])
    expected = every[fine][score >= weights.least[0]]
    assert pairs == {tuple(sorted(rows.returnee_id[pair])) for pair in expected}


def test_a_rare_value_weighs_more_than_a_common_one():
    rows = made_up(300)
    persons = matching._persons(rows)
    chance = matching._Weights(persons).chance
    sex, place = matching.KEYS.index("sex"), matching.KEYS.index("location_id")
    assert np.median(chance[:, sex]) > 0.4
    assert np.median(chance[:, place]) < 0.05
    same = (rows["sex"] == rows["sex"][0]).sum()
    assert chance[0, sex] == pytest.approx((same - 1) / len(rows))


def test_blocks_that_are_too_common_are_skipped_and_counted():
    alike = made_up(60).iloc[:1].loc[[0] * 60].reset_index(drop=True)
    alike["returnee_id"] = [f"R{number:012x}" for number in range(60)]
    found = find_matches(alike, "all_keys_unique", Decisions())
    assert found.candidates.empty and not found.returnees
    assert found.skipped[0] >= len(matching.BLOCKS) and found.skipped[1] >= 60


def test_nobody_to_compare_is_nobody_found():
    found = find_matches(made_up(300).iloc[:0], "all_keys_unique", Decisions())
    assert found.candidates.empty
    assert list(found.candidates.columns) == CANDIDATE_COLUMNS
