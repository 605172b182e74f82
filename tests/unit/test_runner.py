"""What the study command understands of Snakemake's report, and what it says at the end."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_results import make_results

from reintegration.audit.swap import Run, hash_results, keep, last_study
from reintegration.config import load_config
from reintegration.errors import StudyError
from reintegration.runner import (
    LEAVE_OUT,
    PAGE,
    Progress,
    _failure,
    absent_line,
    claims_lines,
    environment,
    failed_lines,
    follow,
    one_at_a_time,
    surveys_line,
    swap_lines,
)
from reintegration.step import step

REPORT = """\
Building DAG of jobs...
Job stats:
job       count
------  -------
ingest        2
all           1
total         3

[Sat Nov 21 19:36:25 2026]
localrule ingest:
    output: results/gin.parquet
    log: results/logs/ingest_gin.log
    jobid: 2
    wildcards: source=gin
[Sat Nov 21 19:36:25 2026]
localrule ingest:
    output: results/sen.parquet
    log: results/logs/ingest_sen.log
    jobid: 3
    wildcards: source=sen
[Sat Nov 21 19:36:25 2026]
Finished jobid: 2 (Rule: ingest)
1 of 3 steps (33%) done
RuleException:
CalledProcessError in file "Snakefile", line 8:
Command 'python script.py' returned non-zero exit status 1.
[Sat Nov 21 19:36:25 2026]
Error in rule ingest:
    message: None
    jobid: 3
    log: results/logs/ingest_sen.log (check log file(s) for error details)
Exiting because a job execution failed. Look above for error messages
WorkflowError:
At least one job did not complete successfully.
"""


def read(text: str) -> tuple[Progress, list[str]]:
    progress, told = Progress(), []
    follow(iter(text.splitlines(keepends=True)), progress, told.append)
    return progress, told


def test_finished_and_failed_steps_are_told_apart():
    progress, told = read(REPORT)
    assert told == ["[ 1/2] ingest gin"]
    assert progress.failed == {"ingest sen": Path("results/logs/ingest_sen.log")}


def test_a_failed_step_is_told_in_its_own_words(tmp_path):
    progress, _ = read(REPORT)
    log = tmp_path / "results/logs/ingest_sen.log"
    log.parent.mkdir(parents=True)
    log.write_text("sen.dta: the column `age` is missing.\n")
    headline, problems = _failure(tmp_path, progress, [])
    assert headline == "The study stopped."
    assert problems == ["ingest sen: sen.dta: the column `age` is missing."]


def test_what_to_do_with_a_bad_source_is_said(tmp_path):
    progress, _ = read(REPORT)
    log = tmp_path / "results/logs/ingest_sen.log"
    log.parent.mkdir(parents=True)
    log.write_text("A source file cannot be read.\n  - sen.dta: is empty\n")
    assert _failure(tmp_path, progress, [])[1][-1] == LEAVE_OUT


def test_an_earlier_page_is_not_taken_for_this_study(tmp_path):
    (tmp_path / "a.log").write_text("It cannot go on.\n")
    progress = Progress(failed={"ingest gin": Path("a.log")})
    assert len(_failure(tmp_path, progress, [])[1]) == 1
    (tmp_path / PAGE).parent.mkdir()
    (tmp_path / PAGE).touch()
    assert "earlier run" in _failure(tmp_path, progress, [])[1][-1]


def test_a_fault_of_the_software_shows_no_traceback(tmp_path):
    progress, _ = read(REPORT)
    log = tmp_path / "results/logs/ingest_sen.log"
    log.parent.mkdir(parents=True)
    log.write_text("Traceback (most recent call last):\n  File ...\nValueError: odd\n")
    _, problems = _failure(tmp_path, progress, [])
    assert "ValueError: odd (a fault of the software" in problems[0]
    assert "Traceback" not in problems[0]


def test_an_error_before_any_step_is_passed_on(tmp_path, monkeypatch):
    monkeypatch.setattr("reintegration.plan.read_plan", lambda path: None)
    progress, _ = read("WorkflowError in file Snakefile, line 3:\nconfig.yaml: no such key\n")
    headline, problems = _failure(tmp_path, progress, [])
    assert headline == "The study could not be planned."
    assert "config.yaml: no such key" in problems


def test_one_study_at_a_time(tmp_path):
    with (
        one_at_a_time(tmp_path),
        pytest.raises(StudyError, match="Another study is running"),
        one_at_a_time(tmp_path),
    ):
        pass
    with one_at_a_time(tmp_path):
        assert (tmp_path / ".cache/study.lock").exists()


def test_jobs_have_one_thread_and_may_write_bytecode(tmp_path):
    made = environment({"PYTHONDONTWRITEBYTECODE": "1", "HOME": "/x"}, tmp_path)
    assert made["OPENBLAS_NUM_THREADS"] == "1"
    assert "PYTHONDONTWRITEBYTECODE" not in made
    assert made["MPLCONFIGDIR"].startswith(str(tmp_path))


def test_a_source_left_out_is_said_at_the_end():
    sources = [
        {"source": "gin", "status": "used", "reason": "", "rows_read": "1200"},
        {"source": "sen", "status": "left_out", "file": "sen.csv", "reason": "is empty"},
    ]
    flow = [{"surveys": "1000", "returnees": "800", "countries": "1"}]
    said = surveys_line(sources, flow)
    assert "1,200 rows read from 1 sources, 1,000 used" in said[0]
    assert said[1] == "LEFT OUT: source sen: sen.csv: is empty"


def test_countries_of_the_study_without_a_survey_are_said():
    described = [{"country": "GIN"}, {"country": "all"}]
    assert absent_line(["GIN", "UGA", "TGO"], described) == ["WITHOUT A SURVEY: Uganda, Togo."]
    assert absent_line(["GIN"], described) == []


CLAIMS = [
    {"claim_id": "a", "verdict": "holds", "planted": "yes"},
    {"claim_id": "b", "verdict": "inconclusive", "planted": "yes"},
    {"claim_id": "c", "verdict": "holds", "planted": "no"},
    {"claim_id": "d", "verdict": "not_testable", "planted": ""},
]


def test_on_simulated_data_planted_findings_come_back_or_not():
    said = "\n".join(claims_lines(CLAIMS, simulated=True))
    assert "SIMULATED DATA" in said
    assert "Planted findings that came back: 1 of 2" in said
    assert "  did not:      b" in said
    assert "Not planted, yet found: 1 of 1.\n  found:        c" in said


def test_on_real_data_claims_hold_or_not():
    said = "\n".join(claims_lines(CLAIMS, simulated=False))
    assert said == (
        "Claims of the published study: 2 of 4 hold, 0 contradicted, 1 inconclusive,"
        " 1 not testable: results/audit/claims.csv"
    )
    assert "SIMULATED" not in said
    assert "planted" not in said.lower()


def test_a_specification_that_failed_as_a_whole_is_said():
    def model(spec_id, status):
        return {"spec_id": spec_id, "status": status, "warnings": "no row is left"}

    models = [model("levels.a", "failed"), model("levels.b", "failed")]
    assert failed_lines(models) == ["NOT ESTIMATED: specification levels: no row is left."]
    assert failed_lines([*models, model("levels.c", "ok")]) == []


def test_a_step_ends_with_the_message_in_its_log(tmp_path, capsys):
    with pytest.raises(SystemExit), step(tmp_path / "logs/x.log"):
        print("noise")
        raise StudyError("gin.csv: is empty.")
    assert (tmp_path / "logs/x.log").read_text() == "noise\ngin.csv: is empty.\n"
    said = capsys.readouterr()
    assert said.err == "gin.csv: is empty.\n"
    assert said.out == ""


@pytest.fixture
def kept_study(root, tmp_path, monkeypatch):
    """A finished study whose causes a test sets; returns what the run says of the sources."""
    make_results(tmp_path / "results")
    config = load_config(root / "config.yaml")
    for name in ("data", "config.yaml", "worlds"):
        (tmp_path / name).symlink_to(root / name)
    monkeypatch.setattr("reintegration.plan.read_plan", lambda path: None)
    run = Run({"gin": {"raw": "1"}}, "", {}, {}, "", "demo", "")

    def finished(seed: int = 3, **causes) -> list[str]:
        make_results(tmp_path / "results", seed=seed)
        now = replace(run, results=hash_results(tmp_path / "results"), **causes)
        monkeypatch.setattr("reintegration.audit.swap.describe_run", lambda plan: now)
        return swap_lines(tmp_path, config)

    return tmp_path, finished


def test_a_first_study_and_one_like_it_have_nothing_to_be_compared_with(kept_study):
    folder, finished = kept_study
    assert finished() == []
    assert finished() == []
    assert finished(seed=4, code="2") == []  # other results from the same sources
    assert not (folder / "results/audit/swap.csv").exists()


def test_a_source_that_was_replaced_is_said_with_what_moved(kept_study):
    folder, finished = kept_study
    finished()
    said = finished(seed=4, sources={"gin": {"raw": "2"}, "sen": {"raw": "1"}})
    assert said[0] == ("SOURCES CHANGED since the last finished study (added: sen; replaced: gin).")
    assert re.match(r"[\d,]+ of [\d,]+ estimates moved: .*/reports/swap.html$", said[1])
    assert (folder / "results/audit/swap.csv").exists()
    assert (folder / "reports/swap.html").exists()
    # The next study with the same sources says nothing; one with another configuration says that
    # the page is not its own.
    same = {"sources": {"gin": {"raw": "2"}, "sen": {"raw": "1"}}}
    assert finished(seed=4, **same) == []
    older = "reports/swap.html is of an earlier change of sources; it does not show this study."
    assert finished(seed=5, **same) == [older]
    assert finished(seed=5, **same) == [older]


def test_other_causes_are_said_too(kept_study):
    _, finished = kept_study
    finished()
    said = " ".join(finished(seed=4, sources={}, code="2"))
    assert "removed: gin" in said
    assert "So did the software: what moved is not of the sources alone." in said


def test_another_world_is_not_compared(kept_study):
    folder, finished = kept_study
    finished()
    said = finished(seed=4, sources={"x": {"raw": "1"}}, world=None)
    assert said == ["Other data than in the last finished study: the two are not compared."]
    assert not (folder / "reports/swap.html").exists()


def test_a_study_that_another_version_kept_does_not_stop_this_one(kept_study):
    folder, finished = kept_study
    finished()
    table = folder / "results/models/estimates.csv"
    table.write_text("estimate_id\nlevels\n", encoding="utf-8")
    keep(folder / "results", last_study(folder / "results").run, "")
    said = finished(seed=4, sources={})
    assert said == ["The last finished study, of another version, cannot be compared with this."]
    assert "SOURCES CHANGED" in finished(seed=4, sources={"gin": {"raw": "7"}})[0]
