"""A source is replaced in a whole small study: what the run says, and what it compares."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from reintegration.audit.compare import ESTIMATE_COLUMNS
from reintegration.tables_io import read_csv


@pytest.fixture(scope="module")
def replaced(instead, tmp_path_factory, own_key):
    """The study of the invented instrument after an office has sent a corrected file."""
    copy, said = instead
    assert "SOURCES CHANGED" not in said  # a first study has no past
    folder = tmp_path_factory.mktemp("replaced") / "study"
    changed = type(copy)(Path(shutil.copytree(copy.folder, folder)))
    before = read_csv(folder / "results/models/estimates.csv")
    path = folder / "own/raw/other.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[frame["country"] == "MAR", "trust"] = "nobody"
    frame.to_csv(path, index=False)
    ran = changed.study(**own_key)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return changed, ran.stdout, before


def test_the_run_says_that_a_source_was_replaced(replaced):
    copy, said, _ = replaced
    assert "SOURCES CHANGED since the last finished study (replaced: other)." in said
    assert f"estimates moved: {copy.folder}/reports/swap.html" in said
    assert "So did" not in said
    page = (copy.folder / "reports/swap.html").read_text(encoding="utf-8")
    assert "other (its file)" in page
    assert "Nothing else that makes results was changed" in page


def test_every_estimate_stands_before_and_after_in_order(replaced):
    copy, _, before = replaced
    table = read_csv(copy.folder / "results/audit/swap.csv")
    assert list(table.columns) == ESTIMATE_COLUMNS
    moved = table[table["status"] == "moved"]
    sizes = moved["difference_in_std_errors"].abs().dropna()
    assert sizes.is_monotonic_decreasing
    rows = table.set_index("estimate_id")
    name = "levels.ties.country.MAR.cr1s-returnee_id"
    after = read_csv(copy.folder / "results/models/estimates.csv").set_index("estimate_id")
    old, new = before.set_index("estimate_id").loc[name], after.loc[name]
    assert rows.loc[name, "before"] == pytest.approx(old["estimate"], rel=1e-9)
    assert rows.loc[name, "after"] == pytest.approx(new["estimate"], rel=1e-9)
    measured = (new["estimate"] - old["estimate"]) / old["std_error"]
    assert rows.loc[name, "difference_in_std_errors"] == pytest.approx(measured, rel=1e-6)
    assert measured < -3
    # Answers to other questions in other countries are as they were.
    assert rows.loc["mean.rest.GIN", "status"] == "same"


def test_another_run_compares_nothing_anew(replaced, own_key):
    copy, _, _ = replaced
    path = copy.folder / "results/audit/swap.csv"
    first = path.read_bytes()
    again = copy.study(**own_key)
    assert again.returncode == 0
    assert "SOURCES CHANGED" not in again.stdout
    assert path.read_bytes() == first


def test_two_folders_of_results_are_held_against_each_other(replaced, instead, tmp_path):
    copy, _, _ = replaced
    before = instead[0].folder / "results"
    out = tmp_path / "out"
    ran = copy._run("-m", "reintegration", "swap", str(before), "results", "--out", str(out))
    assert ran.returncode == 0, ran.stderr
    table = read_csv(out / "swap.csv")
    pd.testing.assert_frame_equal(table, read_csv(copy.folder / "results/audit/swap.csv"))
    assert "other (its file)" in (out / "swap.html").read_text(encoding="utf-8")
    wrong = copy._run("-m", "reintegration", "swap", str(tmp_path), "results")
    assert wrong.returncode == 1
    assert "is not the results of a finished study" in wrong.stderr
    assert "Traceback" not in wrong.stderr
