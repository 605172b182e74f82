"""Bad choices and bad files: one message that says what, where and what to do."""

import json
import shutil
from pathlib import Path

import pytest

RAW = "data/demo/tiny/raw"


@pytest.fixture
def own_files(tiny, finished, tmp_path, monkeypatch):
    """The raw files of the finished study as a researcher's own, two of them bad."""
    source = finished[0].folder / "data/demo/tiny"
    shutil.copytree(source / "raw", tiny.folder / RAW)
    shutil.copytree(source / "sources", tiny.folder / "data/demo/tiny/sources")
    for name in ("mar.dta", "eth.sav"):
        (tiny.folder / RAW / name).unlink()
        (tiny.folder / f"data/demo/tiny/sources/{Path(name).stem}.yaml").unlink()
    (tiny.folder / RAW / "gin.xlsx").unlink()
    (tiny.folder / RAW / "sen.csv").write_bytes(b"")
    tiny.configure(
        lambda config: config["data"].update(
            world=None, raw=RAW, sources="data/demo/tiny/sources", on_bad_source="stop"
        )
    )
    monkeypatch.setenv("REINTEGRATION_KEY_FILE", str(tmp_path / "key"))
    return tiny


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(inferences={}), ["inferences", "no such key"]),
        (lambda c: c["inference"].update(confidence_level=95), ["confidence_level", "less than 1"]),
        (lambda c: c["data"].update(world="worlds/none.yaml"), ["worlds/none.yaml"]),
        (
            lambda c: c["specifications"][0]["controls"].append("agee"),
            ["specifications", "agee", "age"],
        ),
    ],
)
def test_a_wrong_choice_stops_before_any_work(tiny, change, words):
    tiny.configure(change)
    ran = tiny.study()
    assert ran.returncode == 1
    assert [word for word in words if word not in ran.stderr] == []
    assert "Traceback" not in ran.stdout + ran.stderr
    assert not (tiny.folder / "results").exists()
    assert not (tiny.folder / "data/demo").exists()


def test_every_bad_source_is_named_and_the_study_stops(own_files):
    ran = own_files.study()
    assert ran.returncode == 1
    assert "gin.xlsx" in ran.stderr
    assert "sen.csv" in ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    assert not (own_files.folder / "results/clean/surveys.parquet").exists()


def test_a_bad_source_left_out_is_said_on_the_page(own_files):
    own_files.configure(lambda config: config["data"].update(on_bad_source="leave_out"))
    own_files.in_one_process()
    accounts = own_files.folder.glob("results/clean/sources/*/account.json")
    status = {path.parent.name: json.loads(path.read_text())["status"] for path in accounts}
    assert {name for name, said in status.items() if said == "left_out"} == {"gin", "sen"}
    page = (own_files.folder / "reports/study.html").read_text(encoding="utf-8")
    assert "gin.xlsx" in page
    assert "sen.csv" in page
    assert "SIMULATED" not in page
