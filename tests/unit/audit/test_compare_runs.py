"""Pairs of small folders of results, one for each cause by which an estimate can move."""

import io
import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from reintegration.audit.compare import Results
from reintegration.audit.compare_runs import COLUMNS, compare_runs, in_words
from reintegration.cli import app
from reintegration.tables_io import read_csv, write_csv

RUN = {
    "software": {"numpy": "2.1.0", "python": "3.11"},
    "commit": "a" * 40,
    "code": {"estimation": "e1", "report": "r1"},
    "seed": 1,
    "config_sha256": "c1",
    "data": {"surveys": "s1", "scores": "t1"},
}
SPEC = {"spec_id": "levels", "formula": "y ~ a + b", "sample": "all surveys", "vcov": "HC3"}


def folder(path, estimate=0.1, error=0.02, name="levels", spec=None, model=None, run=RUN, n=2):
    """Results of one specification, with so many estimates."""
    names = [f"{name}.a{i}.hc3" for i in range(n)]
    base = {"spec_id": name, "outcome": "y", "status": "ok", "warnings": ""}
    rows = [
        {"estimate_id": each, "term": "a", "estimate": estimate, "std_error": error, **base}
        for each in names
    ]
    write_csv(pd.DataFrame(rows), path / "models/estimates.csv")
    spec = {**SPEC, "spec_hash": "h1", **(spec or {})}
    write_csv(pd.DataFrame([spec]), path / "models/specs.csv")
    model = {"spec_id": "levels", "n_obs": 100, "sample_id": "m1", "data_hash": "d1"} | (
        model or {}
    )
    write_csv(pd.DataFrame([model]), path / "models/models.csv")
    if run is not None:
        (path / "audit").mkdir(exist_ok=True)
        (path / "audit/run.json").write_text(json.dumps(run))
    return path


@pytest.fixture
def compared(tmp_path):
    """Compare a plain folder with one that differs; gives the first row, and the whole."""

    def compare(before=None, **after):
        old = folder(tmp_path / "old", **(before or {}))
        new = folder(tmp_path / "new", **{"estimate": 0.16, **after})
        found = compare_runs(Results(old), Results(new))
        return found.estimates.iloc[0], found

    return compare


@pytest.mark.parametrize(
    ("after", "causes", "details"),
    [
        (
            {"spec": {"spec_hash": "h2", "formula": "y ~ a", "vcov": "HC3"}},
            "specification",
            "formula: from y ~ a + b to y ~ a",
        ),
        ({"run": {**RUN, "data": {"surveys": "s2", "scores": "t1"}}}, "data", "other surveys"),
        (
            {"run": {**RUN, "code": {"estimation": "e2"}, "commit": "b" * 40}},
            "code",
            "other code in estimation (commit aaaaaaaaaa to bbbbbbbbbb)",
        ),
        (
            {"run": {**RUN, "software": {"numpy": "2.2.0", "python": "3.11"}}},
            "versions",
            "numpy: from 2.1.0 to 2.2.0",
        ),
        ({"run": {**RUN, "seed": 2, "config_sha256": "c2"}}, "seed", "from 1 to 2"),
        ({"run": {**RUN, "config_sha256": "c2"}}, "settings", "config.yaml is another"),
        ({"run": RUN}, "cannot be told", "are the same"),
        ({"run": {**RUN, "code": {"estimation": "e1", "report": "r2"}}}, "cannot be told", "same"),
        (
            {"run": {**RUN, "seed": 2, "data": {"surveys": "s2", "scores": "t1"}}},
            "data, seed",
            "other surveys; seed: from 1 to 2",
        ),
        # Without run.json: by sample and data of the model, or not at all.
        ({"run": None, "model": {"sample_id": "m2", "n_obs": 9}}, "data", "other rows (100 to 9)"),
        ({"run": None, "model": {"data_hash": "d2"}}, "data", "the same rows with other values"),
        ({"run": None}, "cannot be told", "is not known of"),
        # Other columns give another hash of the data: the specification alone is the cause.
        (
            {"run": None, "spec": {"spec_hash": "h2", "sample": "late surveys"},
             "model": {"data_hash": "d2", "sample_id": "m2"}},
            "specification",
            "sample: from all surveys to late surveys",
        ),
    ],
)  # fmt: skip
def test_each_cause_is_told(compared, after, causes, details):
    row, found = compared(**after)
    assert list(found.estimates.columns) == [*COLUMNS]
    assert (row.status, row.causes) == ("moved", causes)
    assert details in row.details
    assert row.difference_in_std_errors == pytest.approx(3)


def test_the_same_folder_moved_nothing(compared):
    _, found = compared(estimate=0.1)
    assert set(found.estimates["status"]) == {"same"}
    assert set(found.estimates["causes"]) == {""}
    assert in_words(found)[-1] == "Nothing moved."


def test_an_error_that_moved_alone_is_told(compared):
    row, _ = compared(estimate=0.1, error=0.03, run={**RUN, "seed": 2})
    assert (row.status, row.causes) == ("error moved", "seed")


def test_estimates_appear_and_vanish_with_their_cause(compared):
    _, found = compared(n=3, estimate=0.1, spec={"spec_hash": "h2", "formula": "y ~ a + b + c"})
    row = found.estimates.iloc[0]
    assert (row.estimate_id, row.status, row.causes) == (
        *("levels.a2.hc3", "appeared"),
        "specification",
    )
    _, found = compared(n=1, estimate=0.1, run={**RUN, "data": {"surveys": "s2"}})
    row = found.estimates.iloc[0]
    assert (row.estimate_id, row.status, row.causes) == ("levels.a1.hc3", "vanished", "data")


def test_a_specification_of_one_run_only_is_told(compared):
    _, found = compared(name="others", spec={"spec_id": "others"})
    assert set(found.estimates["causes"]) == {"specification"}
    assert set(found.estimates["status"]) == {"appeared", "vanished"}
    assert found.estimates["details"].str.contains("declared in").all()


def test_a_list_that_does_not_know_a_specification_is_no_cause(compared):
    row, _ = compared(spec={"spec_id": "others"}, run={**RUN, "seed": 2})
    assert (row.status, row.causes) == ("moved", "seed")


def test_the_command_says_counts_causes_and_movements(tmp_path):
    old = folder(tmp_path / "old")
    new = folder(tmp_path / "new", estimate=0.16, run={**RUN, "seed": 2})
    said = CliRunner().invoke(app, ["compare", str(old), str(new), "--out", str(tmp_path / "c")])
    assert said.exit_code == 0
    assert "2 moved, 0 error moved, 0 vanished, 0 appeared, 0 same." in said.output
    assert "2 seed" in said.output and "+3.00  seed" in said.output
    table = read_csv(tmp_path / "c/compare.csv")
    assert list(table["causes"]) == ["seed", "seed"]
    printed = CliRunner().invoke(app, ["compare", str(old), str(new), "--csv"]).output
    assert list(read_csv(io.StringIO(printed))["estimate_id"]) == list(table["estimate_id"])


def test_a_folder_without_results_is_one_message(tmp_path):
    old = folder(tmp_path / "old")
    said = CliRunner().invoke(app, ["compare", str(old), str(tmp_path)])
    assert said.exit_code == 1
    assert "holds no estimates" in said.output and "Traceback" not in said.output


def test_tables_of_one_run_only_are_noted(tmp_path):
    old, new = folder(tmp_path / "old"), folder(tmp_path / "new")
    effects = read_csv(old / "models/estimates.csv").assign(estimate_id=["x", "y"], method="last")
    write_csv(effects, new / "orion/effects.csv")
    found = compare_runs(Results(old), Results(new))
    assert found.notes == [f"orion/effects.csv is in {new} only"]
    assert found.estimates["status"].value_counts().to_dict() == {"appeared": 2, "same": 2}


def test_what_cannot_be_told_reads_as_no_cause(compared):
    lines = in_words(compared(run=RUN)[1])
    [told] = [line for line in lines if "are the same" in line]
    assert told.split(maxsplit=1)[1].startswith("cannot be told: nothing known differs; ")
    assert not any(" by " in line for line in lines)


@pytest.mark.parametrize(("counts", "title"), [((2, 14), "Appeared:"), ((14, 2), "Vanished:")])
def test_ids_that_appeared_or_vanished_are_listed(tmp_path, counts, title):
    old = folder(tmp_path / "old", n=counts[0])
    new = folder(tmp_path / "new", n=counts[1], run={**RUN, "seed": 2})
    lines = in_words(compare_runs(Results(old), Results(new)))
    listed = lines[lines.index(title) + 1 :]
    assert sum(line.startswith("  levels.a") for line in listed) == 10
    assert listed[10] == "  and 2 more (--out or --csv lists all)"
