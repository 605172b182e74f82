"""What a study was made from, what differs, and the copy that is kept."""

from dataclasses import replace
from pathlib import Path

import pytest
from made_up_results import make_results

from reintegration.audit.swap import (
    KEPT,
    Changes,
    Run,
    changes_between,
    describe_run,
    hash_results,
    keep,
    last_study,
    run_of,
)
from reintegration.config import load_config
from reintegration.ingest.decisions import Correction, Decisions
from reintegration.plan import Plan

RUN = Run(
    sources={
        "gin": {"raw": "1", "mapping": "2", "decisions": ""},
        "sen": {"raw": "3", "mapping": "4", "decisions": "5"},
    },
    decided="",
    choices={"study": {"countries": ["GIN", "SEN"]}, "specifications": [{"id": "levels"}]},
    files={"data/instruments/rss.yaml": "6"},
    code="7",
    world=None,
    results="8",
)


TYPED_TWICE = Correction(
    line=2,
    source="sen",
    row=3,
    survey_id="",
    question="q1",
    old_value="ok",
    new_value="satisfied",
    change_type="change_response",
    rows_expected=None,
    initials="AB",
    note="typed twice",
)


def test_sources_that_came_went_or_were_replaced_are_told_apart():
    sources = {
        "gin": {"raw": "9", "mapping": "2", "decisions": "9"},
        "mar": {"raw": "1", "mapping": "2", "decisions": ""},
    }
    changed = changes_between(RUN, replace(RUN, sources=sources))
    assert changed == Changes(["mar"], ["sen"], {"gin": ["raw", "decisions"]})
    assert changed.of_sources


def test_causes_that_are_no_source_are_named():
    choices = {"study": {"countries": ["GIN", "MAR"]}, "specifications": []}
    files = {"data/instruments/rss.yaml": "0"}
    changed = changes_between(RUN, replace(RUN, choices=choices, files=files, code="0"))
    assert not changed.of_sources
    assert changed.others == [
        "config.yaml, study.countries (with MAR, without SEN)",
        "config.yaml, specifications",
        "data/instruments/rss.yaml",
        "the software",
    ]
    assert changes_between(RUN, replace(RUN, decided="1")).of_sources
    assert changes_between(RUN, RUN) == Changes()


@pytest.fixture
def plan(root, tmp_path) -> Plan:
    """A study of two files of the researcher's own."""
    for name in ("gin.csv", "sen.csv"):
        path = tmp_path / "data/raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a", encoding="utf-8")
    config = load_config(root / "config.yaml")
    return Plan(
        config=config,
        root=tmp_path,
        world=None,
        world_files=(),
        raw=Path("data/raw"),
        mappings=Path("data/sources"),
        decisions=Decisions(),
        files={"gin": "gin.csv", "sen": "sen.csv"},
        sources={"gin": {"file": "gin.csv"}, "sen": {"file": "sen.csv"}},
    )


def test_each_part_of_a_source_is_noticed(plan):
    before = describe_run(plan)
    (plan.root / "data/raw/gin.csv").write_text("b", encoding="utf-8")
    mapped = {"gin": {"file": "gin.csv", "country": "GIN"}, "sen": {"file": "sen.csv"}}
    decided = replace(plan, sources=mapped, decisions=Decisions(corrections=(TYPED_TWICE,)))
    after = describe_run(decided)
    assert changes_between(before, after) == Changes(
        replaced={"gin": ["raw", "mapping"], "sen": ["decisions"]}
    )
    elsewhere = Decisions(corrections=(replace(TYPED_TWICE, line=9),))
    assert changes_between(after, describe_run(replace(decided, decisions=elsewhere))) == Changes()
    unnamed = Decisions(corrections=(TYPED_TWICE, replace(TYPED_TWICE, source="")))
    assert changes_between(after, describe_run(replace(decided, decisions=unnamed))).decided
    (plan.root / "data/raw/sen.csv").unlink()  # left out: its file is not there
    assert "sen" in changes_between(after, describe_run(plan)).replaced


def test_the_last_study_is_kept_without_a_survey(tmp_path):
    make_results(tmp_path)
    (tmp_path / "clean/surveys.parquet").write_bytes(b"R0123456789ab")
    run = replace(RUN, results=hash_results(tmp_path))
    keep(tmp_path, run, "x")
    content = (tmp_path / KEPT).read_bytes()
    assert b"surveys.parquet" not in content
    past = last_study(tmp_path)
    assert past is not None
    assert (past.run, past.compared) == (run, "x")
    assert len(past.results.table("models/estimates.csv")) > 10
    keep(tmp_path, run, "x")
    assert (tmp_path / KEPT).read_bytes() == content
    assert run_of(tmp_path) == run


def test_results_changed_since_were_not_made_by_the_run_that_was_kept(tmp_path):
    make_results(tmp_path)
    keep(tmp_path, replace(RUN, results=hash_results(tmp_path)), "")
    make_results(tmp_path, seed=5)
    assert run_of(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_copy_that_cannot_be_read_is_no_copy(tmp_path, content):
    make_results(tmp_path)
    if content is None:
        keep(tmp_path, RUN, "")
        whole = (tmp_path / KEPT).read_bytes()
        content = whole[: len(whole) // 2]
    (tmp_path / KEPT).write_bytes(content)
    assert last_study(tmp_path) is None
