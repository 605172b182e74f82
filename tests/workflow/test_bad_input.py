"""Bad choices and bad files: one message that says what, where and what to do."""

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
from typer.testing import CliRunner

from reintegration.cli import app
from reintegration.codebook import load_codebook

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


@pytest.fixture
def without(own_files, tmp_path):
    """The same study without the two bad files and their YAMLs."""
    folder = Path(shutil.copytree(own_files.folder, tmp_path / "without"))
    for name in ("gin.yaml", "sen.yaml"):
        (folder / f"data/demo/tiny/sources/{name}").unlink()
    (folder / RAW / "sen.csv").unlink()
    return type(own_files)(folder)


def test_a_bad_source_left_out_is_said_and_the_other_countries_results_stand(own_files, without):
    own_files.configure(lambda config: config["data"].update(on_bad_source="leave_out"))
    own_files.in_one_process(without)
    accounts = own_files.folder.glob("results/clean/sources/*/account.json")
    status = {path.parent.name: json.loads(path.read_text())["status"] for path in accounts}
    assert {name for name, said in status.items() if said == "left_out"} == {"gin", "sen"}
    page = (own_files.folder / "reports/study.html").read_text(encoding="utf-8")
    assert "gin.xlsx" in page
    assert "sen.csv" in page
    assert "SIMULATED" not in page
    numbers = [made_tables(copy.folder) for copy in (own_files, without)]
    assert len(numbers[0]) > 10
    assert numbers[0] == numbers[1]


def made_tables(folder: Path) -> dict[str, str]:
    """Every table of numbers that a study made, by its path."""
    parts = ("descriptives", "models", "orion", "trends", "tables")
    found = [path for part in parts for path in (folder / "results" / part).glob("*.csv")]
    found += [folder / "results/clean/flow.csv", folder / "results/clean/cleaning_log.csv"]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in found}


def good_table(codebook, rows: int = 60) -> pd.DataFrame:
    """Surveys of Senegal in the codebook's own names and codes."""
    row = {name: item.answers[0].code for name, item in codebook.items.items()}
    row |= {"country": "SEN", "survey_date": "2019-05-20", "return_date": "2018-11-20"}
    row |= {"q10": "", "q30": "", "location": "Thiès"}
    frame = pd.DataFrame([row] * rows)
    frame.insert(0, "case_number", [f"SN-{number:05}" for number in range(rows)])
    return frame


def whole_files(frame: pd.DataFrame, folder: Path) -> dict[str, bytes]:
    """The table as a file of each format that can be written here."""
    frame.to_csv(folder / "file.csv", index=False)
    frame.to_excel(folder / "file.xlsx", index=False, engine="xlsxwriter")
    frame.to_parquet(folder / "file.parquet")
    pyreadstat.write_dta(frame, str(folder / "file.dta"))
    pyreadstat.write_sav(frame, str(folder / "file.sav"))
    return {path.suffix[1:]: path.read_bytes() for path in folder.glob("file.*")}


def edited(workbook: bytes, member: str, old: bytes, new: bytes) -> bytes:
    """A workbook with one text of one of its members changed."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as before,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, content.replace(old, new, 1) if name == member else content)
    return made.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
ROWS_END = b"</sheetData>"
BOMB = b'<row><c t="inlineStr"><is><t>' + b"a" * 1000 + b"</t></is></c></row>"
FAR = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
NO_ROW = b'<row r="4000000000"><c r="A4000000000" t="inlineStr"><is><t>x</t></is></c></row>'


def damaged_files(frame: pd.DataFrame, folder: Path) -> Iterator[tuple[str, bytes, str]]:
    """Files that nobody can use, each with a part of what must be said."""
    whole = whole_files(frame, folder)
    for kind, content in whole.items():
        for share in (0.02, 0.5, 0.97):
            if kind != "csv":
                yield f"cut_{kind}_{share:.0%}.{kind}", content[: int(share * len(content))], "is "
        for other in set(whole) - {kind}:
            yield f"{kind}_as_{other}.{other}", content, "is not a"
        if kind not in ("csv", "sav"):
            third = len(content) // 3
            torn = content[:third] + bytes(third) + content[2 * third :]
            yield f"torn_{kind}.{kind}", torn, "is a damaged"
    text = whole["csv"]
    header, *rows = text.splitlines()
    yield "empty.csv", b"", "is empty"
    yield "header_only.csv", header, "no rows of data"
    yield "no_header.csv", b"\n".join(row[:3] for row in rows), "column name"
    yield "null.csv", text[:4000] + b"\0" + text[4000:], "null bytes"
    accents = text.decode("utf-8")
    half = len(accents) // 2
    mixed = accents[:half].encode("utf-8") + accents[half:].encode("latin-1")
    yield "mixed.csv", mixed, "mixes encodings"
    yield "web.xls", b"<html><body><table></table></body></html>", "web page"
    yield "page.csv", b"<!DOCTYPE html><html></html>", "web page"
    ragged = [row + b",x" if n % 2 else row for n, row in enumerate(rows)]
    yield "ragged.csv", b"\n".join([header, *ragged]), "cells of the header"
    more = b"".join(b",c%d" % number for number in range(100_000))
    wide = [header + more, *(row + b"," * 100_000 for row in rows)]
    yield "wide.csv", b"\n".join(wide), "columns"
    book = whole["xlsx"]
    yield "bomb.xlsx", edited(book, SHEET, ROWS_END, 110_000 * BOMB + ROWS_END), "times its size"
    yield "far.xlsx", edited(book, SHEET, ROWS_END, FAR + ROWS_END), "far outside"
    yield "no_row.xlsx", edited(book, SHEET, ROWS_END, NO_ROW + ROWS_END), "row"
    yield "nothing.xlsx", workbook([]), "column name"
    yield "alike.xlsx", workbook([frame, frame]), "several sheets"


def workbook(tables: list[pd.DataFrame]) -> bytes:
    """A workbook with a sheet for each table, or with two empty ones."""
    made = io.BytesIO()
    with pd.ExcelWriter(made, engine="xlsxwriter") as book:
        for number, table in enumerate(tables or [pd.DataFrame()] * 2):
            table.to_excel(book, sheet_name=f"Data {number}", index=False)
    return made.getvalue()


@pytest.fixture
def damaged(tiny, tmp_path, monkeypatch) -> tuple[Any, dict[str, str]]:
    """A study of damaged files alone, and what must be said of each."""
    codebook = load_codebook(
        tiny.folder / "data/instruments/rss.yaml", tiny.folder / "data/instruments/variables.yaml"
    )
    (tmp_path / "whole").mkdir()
    says = {}
    for name, content, words in damaged_files(good_table(codebook), tmp_path / "whole"):
        (tiny.folder / "data/raw" / name.replace("%", "")).write_bytes(content)
        says[name.replace("%", "")] = words
    tiny.configure(lambda config: config["data"].update(world=None))
    monkeypatch.setenv("REINTEGRATION_KEY_FILE", str(tmp_path / "key"))
    return tiny, says


def test_every_damaged_file_ends_in_one_clear_message(damaged):
    study, says = damaged
    ran = study._run("-m", "reintegration", "check", COLUMNS="100000")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout + ran.stderr
    blocks = said_of(ran)
    assert set(blocks) == set(says)
    assert {name: b for name, b in blocks.items() if b.count("ERROR") != 1} == {}
    assert {name: b for name, b in blocks.items() if says[name] not in b} == {}
    assert ran.seconds < 60
    assert ran.megabytes < 900


def said_of(ran) -> dict[str, str]:
    """What was said of each file."""
    starts = [re.match(r"\S+ \(([^,)]+)[,)].*", part.strip()) for part in ran.stdout.split("\n\n")]
    return {start[1]: start.string for start in starts if start}


def test_a_study_of_damaged_files_names_each_and_makes_nothing(damaged):
    study, says = damaged
    for name in says:
        if not name.startswith(("cut_xlsx", "far", "mixed", "web")):
            (study.folder / "data/raw" / name).unlink()
    left = {path.name for path in (study.folder / "data/raw").iterdir()} & set(says)
    ran = study.study()
    assert ran.returncode == 1
    assert [name for name in left if name not in ran.stderr] == []
    assert "Traceback" not in ran.stdout + ran.stderr
    assert not (study.folder / "results/clean/surveys.parquet").exists()
    assert "Traceback" not in "".join(
        path.read_text() for path in (study.folder / "results/logs").rglob("*.log")
    )


def test_add_source_says_the_same_and_writes_nothing(damaged, monkeypatch):
    study, says = damaged
    monkeypatch.chdir(study.folder)
    wrong = {}
    for name, words in says.items():
        ran = CliRunner().invoke(app, ["add-source", f"data/raw/{name}", "--country", "SEN"])
        said = ran.stdout + ran.stderr
        if ran.exit_code != 1 or name not in said or not isinstance(ran.exception, SystemExit):
            wrong[name] = (ran.exit_code, said, ran.exception)
        elif words not in said and words != "column name":
            wrong[name] = said
    assert wrong == {}
    assert not list((study.folder / "data/sources").glob("*.yaml"))
