"""Clean data against mapped data: what changed is what the log says, and nothing else can."""

import numpy as np
import pandas as pd
import pytest

from reintegration.config import Assistance, Cleaning, Matching
from reintegration.ingest import intake
from reintegration.ingest.cleaning import RULES as CLEANING_RULES
from reintegration.ingest.diff import as_answered, check_log, diff
from reintegration.ingest.intake import read_result, write_result
from reintegration.ingest.ledger import HIDDEN, Ledger, coded_questions
from reintegration.ingest.mapping import Mapped, Unread
from reintegration.ingest.pool import pool
from reintegration.ingest.pseudonym import DEMO_KEY
from reintegration.ingest.source import load_sources
from reintegration.simulation.run import run_simulate
from reintegration.simulation.world import load_world
from reintegration.tables_io import write_csv, write_parquet

from .conftest import ITEMS, ROOT, RULES, SCORING, STUDY, VARIABLES

WORLD = ROOT / "worlds/small.yaml"
ROWS = np.arange(2, 8)


@pytest.fixture(scope="module")
def taken(tmp_path_factory, codebook):
    """All sources of a small world, each with what was compared when its log was checked."""
    folder = tmp_path_factory.mktemp("small")
    run_simulate(WORLD, folder, ITEMS, VARIABLES)
    compared = []
    patch = pytest.MonkeyPatch()
    patch.setattr(intake, "check_log", lambda *given: compared.append(given))
    assistance = Assistance(
        types=[*codebook.assistance], undated="not_recorded", not_recorded="own_category"
    )
    cleaning = Cleaning.model_validate(RULES)
    results = [
        intake.take_in(source, folder / "raw", codebook, cleaning, assistance, DEMO_KEY, "stop")
        for source in load_sources(folder / "raw", folder / "sources")
    ]
    patch.undo()
    return results, compared


def test_the_log_is_the_diff_for_every_simulated_source(taken, codebook):
    """Line by line: rows, questions, values as shown, and what was done."""
    coded = coded_questions(codebook)
    changes = set()
    for result, (mapped, cleaned, ledger) in zip(*taken, strict=True):
        found = diff(mapped, cleaned, ledger.excluded)
        whole = found["change_type"] == "remove_survey"
        shown = found["question"].isin(coded)
        found["row"] = ledger.rows[found["place"].to_numpy(dtype=int)]
        found[["old_value", "new_value"]] = found[["old_value", "new_value"]].where(shown, "")
        log = result.cleaning_log.astype({"source": "str", "question": "str"})
        log = log[log["change_type"] != "no_action"].astype(object)
        log.loc[log["change_type"] == "remove_survey", ["question", "old_value", "new_value"]] = ""
        out = ledger.rows[ledger.excluded != ""]
        log = log[(log["change_type"] == "remove_survey") | ~log["row"].isin(out)]
        columns = ["row", "question", "new_value", "change_type"]
        told = sorted(map(tuple, log[columns].to_numpy().tolist()))
        assert told == sorted(map(tuple, found[columns].to_numpy().tolist()))
        old = log[log["old_value"] != HIDDEN].set_index(["row", "question"])["old_value"]
        before = found[~whole].set_index(["row", "question"])["old_value"]
        both = old.index.intersection(before.index)
        assert (old[both] == before[both]).all()
        changes |= set(log["change_type"])
        check_log(mapped, cleaned, ledger)
    assert changes == {"blank_response", "change_response", "remove_survey"}


def test_pool_takes_no_row_without_an_account(taken, codebook):
    """Rows are out by the log, as too few answers in `rejected`, or by the study's choices."""
    results, _ = taken
    study = STUDY.model_copy(update={"countries": list(load_world(WORLD).countries)})
    pooled = pool(results, codebook, study, SCORING)
    log = pooled.cleaning_log
    removed = log[log["change_type"] == "remove_survey"]
    place = ["source", "row"]
    told = set(map(tuple, removed[place].astype(object).to_numpy()))
    told |= set(map(tuple, pooled.rejected[place].astype(object).to_numpy()))
    assert len(removed) == len(removed[place].drop_duplicates())
    selected = pooled.flow.set_index("step")["surveys_removed"].reindex(
        ["country_not_studied", "outside_window"], fill_value=0
    )
    rows = pooled.flow["surveys"].iloc[0]
    assert rows == len(pooled.surveys) + len(told) + selected.sum()


def test_two_runs_write_the_same_bytes(taken, codebook, tmp_path):
    results, _ = taken
    study = STUDY.model_copy(update={"countries": "all"})
    for name in ("one", "two"):
        folder = tmp_path / name
        for number, result in enumerate(results):
            write_result(result, folder / str(number))
        again = [read_result(folder / str(number)) for number in range(len(results))]
        pooled = pool(again, codebook, study, SCORING, Matching(rule="all_keys_unique"))
        write_parquet(pooled.surveys, folder / "surveys.parquet")
        for table in ("cleaning_log", "rejected", "flow", "sources", "matches"):
            write_csv(getattr(pooled, table), folder / f"{table}.csv")
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")]
    assert len(files) == 4 * len(results) + 6
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    surveys = pd.read_parquet(tmp_path / "one/surveys.parquet")
    assert not len(surveys.select_dtypes("category").columns)
    assert len(surveys) > 1000


def hand_made(codebook):
    """Six rows of a few questions, and their account."""
    frame = pd.DataFrame(
        {
            "q5": pd.Categorical(["no_debt", None, "debt_larger"] * 2),
            "age": [20.0, 30, np.nan] * 2,
            "return_date": pd.to_datetime(["2019-01-01", None, "2019-02-01"] * 2),
            "returnee_id": pd.array(["Ra", "Rb", None] * 2, dtype="str"),
        }
    )
    unread = {"age": Unread(np.array([2]), np.array(["?"], object), np.array(["bad"], object))}
    ids = pd.Series([f"S{n}" for n in range(6)], dtype="str")
    return Mapped(frame, unread, [], []), Ledger("a", ROWS, ids, codebook)


def test_changes_of_hand_made_frames_are_found(codebook):
    mapped, ledger = hand_made(codebook)
    cleaned = mapped.frame.copy()
    cleaned.loc[0, "q5"] = "debt_larger"
    cleaned.loc[1, "age"] = np.nan
    cleaned.loc[3, "return_date"] = pd.NaT
    cleaned.loc[4, "returnee_id"] = "Ra"
    excluded = np.array(["", "", "", "", "", "decision"], dtype=object)
    found = diff(mapped, cleaned, excluded)
    assert sorted(map(tuple, found.to_numpy().tolist())) == [
        (0, "q5", "no_debt", "debt_larger", "change_response"),
        (1, "age", "30", "", "blank_response"),
        (2, "age", "?", "", "blank_response"),
        (3, "return_date", "2019-01-01", "", "blank_response"),
        (4, "returnee_id", "Rb", "Ra", "change_response"),
        (5, "", "", "", "remove_survey"),
    ]
    at = np.array
    ledger.change(at([0]), "q5", "change_response", "r", "i", "no_debt", "debt_larger")
    ledger.change(at([1]), "age", "blank_response", "r", "i", np.array([30.0]))
    ledger.change(at([2]), "age", "blank_response", "r", "i", np.array(["?"], object))
    ledger.change(at([3]), "return_date", "blank_response", "r", "i")
    ledger.change(at([4]), "returnee_id", "change_response", "r", "i", "Rb", "Ra")
    ledger.remove(at([5]), "decision", "")
    check_log(mapped, cleaned, ledger)
    log = ledger.log()
    assert log["old_value"].tolist() == ["no_debt", "", "", "", "Rb", ""]
    assert log["new_value"].tolist() == ["debt_larger", "", "", "", "Ra", ""]


def test_times_of_a_day_are_compared_cell_by_cell(codebook):
    mapped, ledger = hand_made(codebook)
    mapped.unread.clear()
    times = pd.to_datetime(["2019-01-01", "2019-01-01 10:30", None] * 2, format="ISO8601")
    frame = mapped.frame.assign(interview_start=times)
    mapped = Mapped(frame, {}, [], [])
    for place in (0, 1):
        old = frame["interview_start"].to_numpy()[[place]]
        ledger.change(np.array([place]), "interview_start", "blank_response", "r", "i", old)
    cleaned = frame.copy()
    cleaned.loc[[0, 1], "interview_start"] = pd.NaT
    check_log(mapped, cleaned, ledger)
    found = diff(mapped, cleaned, ledger.excluded)
    assert found["old_value"].tolist() == ["2019-01-01", "2019-01-01 10:30:00"]


def test_a_cell_changed_twice_and_one_changed_back(codebook):
    mapped, ledger = hand_made(codebook)
    mapped.unread.clear()
    cleaned = mapped.frame.copy()
    cleaned.loc[0, "age"] = np.nan
    at = np.array
    ledger.change(at([0]), "age", "change_response", "decision", "i", at([20.0]), at([99.0]))
    ledger.change(at([0]), "age", "blank_response", "out_of_range", "i", at([99.0]))
    ledger.change(at([1]), "age", "change_response", "decision", "i", at([30.0]), at([31.0]))
    ledger.change(at([1]), "age", "change_response", "r", "i", at([31.0]), at([30.0]))
    check_log(mapped, cleaned, ledger)


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ([], "q5: 1 cells, first in row 2"),
        ([([0], "q5", "change_response", "no_debt", "spending_larger")], "q5: 1 cells"),
        ([([0], "q5", "change_response", "debt_larger", "debt_larger")], "q5: 1 cells"),
        ([([0, 3], "q5", "change_response", "no_debt", "debt_larger")], "first in row 5"),
        ([([0], "q5", "blank_response", "no_debt", "")], "q5: 1 cells"),
        ([([1], "age", "blank_response", "", "")], "age: 1 cells, first in row 3"),
        ([([1], "q99", "blank_response", "", "")], "q99: 1 cells, first in row 3"),
    ],
)
def test_a_log_that_does_not_say_what_was_done_is_a_fault(codebook, log, says):
    mapped, ledger = hand_made(codebook)
    mapped.unread.clear()
    cleaned = mapped.frame.copy()
    cleaned.loc[0, "q5"] = "debt_larger"
    for where, question, kind, old, new in log:
        ledger.change(np.array(where), question, kind, "r", "i", old, new)
    with pytest.raises(ArithmeticError, match=says):
        check_log(mapped, cleaned, ledger)


def test_rows_out_without_a_line_are_a_fault(codebook):
    mapped, ledger = hand_made(codebook)
    mapped.unread.clear()
    ledger.excluded[3] = "decision"
    with pytest.raises(ArithmeticError, match="0 rows are said to be out, and 1 are"):
        check_log(mapped, mapped.frame, ledger)


def test_an_edit_without_a_line_is_caught_when_a_source_is_taken_in(desk, monkeypatch):
    def careless(work):
        work.frame.loc[0, "q5"] = None

    rules = "reintegration.ingest.cleaning.RULES"
    monkeypatch.setattr(rules, (*CLEANING_RULES, careless))
    with pytest.raises(ArithmeticError, match=r"source sen: .*\nq5: 1 cells, first in row 2"):
        desk.take_rows({"q5": "no_debt"}, {})


def test_a_no_that_a_date_contradicts_is_a_change(desk, codebook):
    torn = {"assistance_training": "no", "assistance_training_date": "2019-01-15"}
    log = desk.take_rows(torn, {}).cleaning_log
    line = log[log["question"] == "assistance_training"].iloc[0]
    assert (line["row"], line["old_value"], line["new_value"]) == (2, "no", "")
    cleaned = pd.DataFrame({"assistance_training": ["no", "no", "yes"]})
    received = pd.DataFrame({"assistance_training": pd.array([0, None, None], dtype="Int8")})
    answered = as_answered(cleaned, received, codebook)["assistance_training"]
    assert answered.fillna("").tolist() == ["no", "", "yes"]
