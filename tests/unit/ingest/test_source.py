import re
from itertools import pairwise

import pytest

from reintegration.errors import StudyError
from reintegration.ingest.source import (
    Source,
    check_confirmed,
    check_place,
    load_sources,
    read_source,
)

from .conftest import ROOT


@pytest.fixture
def folders(tmp_path):
    raw, sources = tmp_path / "raw", tmp_path / "sources"
    raw.mkdir()
    sources.mkdir()
    return raw, sources


def test_words_that_yaml_misreads_are_texts_again(tmp_path):
    path = tmp_path / "gin.yaml"
    path.write_text(
        "file: gin.xlsx\ncountry: GIN\nmissing_codes: [99, -99]\n"
        "columns: {q1: Q1, q2: [Old, New]}\n"
        "answers:\n  q7: {1: yes, 2: no, 77: }\n  q8: {Rien: none}\n"
    )
    source = read_source(path)
    assert source.source == "gin"
    assert source.kind == "xlsx"
    assert source.columns == {"q1": ["Q1"], "q2": ["Old", "New"]}
    assert source.answers["q7"] == {"1": "yes", "2": "no", "77": None}
    assert source.missing_codes == ["99", "-99"]


@pytest.mark.parametrize(
    "name",
    ["../gin.csv", "/etc/passwd.csv", "a/b.csv", "..\\gin.csv", "..", "C:gin.csv", "a:b.csv"],
)
def test_a_source_cannot_name_a_file_outside_its_folder(name):
    with pytest.raises(ValueError, match="without a path"):
        Source(source="gin", file=name)


def test_values_stand_as_they_are_written(tmp_path):
    path = tmp_path / "gin.yaml"
    path.write_text(
        "file: gin.xlsx\ncountry: NER\nmissing_codes: [010, 1.10, 12:30, 2019-05-03, 1e3]\n"
        "drop:\nunsure:\n  columns:\n"
    )
    source = read_source(path)
    assert source.missing_codes == ["010", "1.10", "12:30", "2019-05-03", "1e3"]
    assert source.drop == [] and not source.unsure


@pytest.mark.parametrize("line", ["header_row: yes", "priority: yes", "label_row: no"])
def test_yes_is_no_number(line, tmp_path):
    path = tmp_path / "gin.yaml"
    path.write_text(f"file: gin.xlsx\n{line}\n")
    with pytest.raises(StudyError, match=line.split(":")[0]):
        read_source(path)
    key, word = line.split(": ")
    with pytest.raises(ValueError, match="whole number"):
        Source.model_validate({"source": "gin", "file": "gin.csv", key: word == "yes"})


def test_a_bomb_and_a_tower_end_in_one_error(tmp_path):
    path = tmp_path / "gin.yaml"
    names = "abcdefghijklmnop"
    bomb = ["a: &a [x, x]"]
    bomb += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise(names)]
    for text in ("\n".join(bomb), "file: " + "[" * 5000 + "]" * 5000, "a:\n\tb: c", "a: 1\na: 2"):
        path.write_text(text)
        with pytest.raises(StudyError) as caught:
            read_source(path)
        assert len(str(caught.value)) < 10_000


def test_what_waits_is_said_line_by_line():
    source = Source.model_validate(
        {
            "source": "gin",
            "file": "gin.csv",
            "unsure": {
                "columns": {"q1": {"A": 0.6, "B": 0.5}, "q2": {}},
                "answers": {"q3": {"Pareil": ["yes", "no"]}},
                "missing_codes": ["99"],
                "date_order": {"survey_date": ["dmy", "mdy"]},
            },
        }
    )
    with pytest.raises(StudyError) as caught:
        check_confirmed([source, Source(source="mli", file="mli.csv")])
    lines = caught.value.problems
    assert len(lines) == 5
    assert all(line.startswith("source gin: unsure.") for line in lines)
    assert "'A' or 'B'" in lines[0] and "no candidate" in lines[1]
    assert "'Pareil' (yes or no)" in lines[2]


def test_a_link_out_of_the_folder_is_no_source_file(folders, tmp_path):
    raw, _ = folders
    (tmp_path / "elsewhere.csv").write_text("x")
    (raw / "own.csv").write_text("x")
    (raw / "inside.csv").symlink_to(raw / "own.csv")
    (raw / "outside.csv").symlink_to(tmp_path / "elsewhere.csv")
    check_place(raw / "own.csv")
    check_place(raw / "inside.csv")
    with pytest.raises(StudyError, match="leads out of"):
        check_place(raw / "outside.csv")


def test_all_problems_of_all_yamls_come_at_once(folders):
    raw, sources = folders
    (sources / "a.yaml").write_text("file: a.csv\ncolums: {}\ncountry: SE\nencoding: klingon\n")
    (sources / "b.yaml").write_text("file: [\n")
    (sources / "c.yaml").write_text("source: d\nfile: c.csv\n")
    (sources / "e.yaml").write_text("file: e.docx\n")
    (sources / "f.yml").write_text("file: f.csv\n")
    (raw / "g.pdf").write_text("x")
    with pytest.raises(StudyError) as caught:
        load_sources(raw, sources)
    message = str(caught.value)
    for part in (
        "a.yaml: colums",
        "allowed keys are source, file",
        "a.yaml: country",
        "klingon",
        "b.yaml: is not valid YAML",
        "call the file d.yaml",
        "e.docx",
        "f.yml: the extension must be .yaml",
        "g.pdf: no reader for '.pdf'",
    ):
        assert part in message


def test_a_raw_file_without_a_yaml_is_a_source_of_its_own(folders):
    raw, sources = folders
    (raw / "Guinée 2019.csv").write_text("x")
    (raw / "gin.csv").write_text("x")
    (raw / "README.md").write_text("x")
    for name in (".gitkeep", "~$gin.xlsx", "desktop.ini", "Thumbs.db"):
        (raw / name).write_text("x")
    (sources / "guinea.yaml").write_text("file: gin.csv\n")
    found = {source.source: source.file for source in load_sources(raw, sources)}
    assert found == {"Guinee_2019": "Guinée 2019.csv", "guinea": "gin.csv"}


def test_a_folder_among_the_raw_files_is_not_passed_over(folders):
    raw, sources = folders
    (raw / "gin.csv").write_text("x")
    (raw / "togo").mkdir()
    with pytest.raises(StudyError, match="togo: is a folder"):
        load_sources(raw, sources)


def test_one_file_is_read_by_one_source(folders):
    raw, sources = folders
    (sources / "a.yaml").write_text("file: x.xlsx\nsheet: one\n")
    (sources / "b.yaml").write_text("file: x.xlsx\nsheet: two\n")
    assert len(load_sources(raw, sources)) == 2
    (sources / "c.yaml").write_text("file: x.xlsx\nsheet: two\n")
    with pytest.raises(StudyError, match="already read by source 'b'"):
        load_sources(raw, sources)


def test_no_source_at_all_is_said(folders):
    with pytest.raises(StudyError, match="put files into"):
        load_sources(*folders)


def test_the_reference_names_every_key():
    text = (ROOT / "docs/reference/source.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)
    assert listed == list(Source.model_fields)


def test_the_example_for_researchers_is_a_source(tmp_path):
    text = (ROOT / "data/sources/README.md").read_text(encoding="utf-8")
    example = re.findall(r"^    (.*)$", text, flags=re.MULTILINE)
    (tmp_path / "togo.yaml").write_text("\n".join(example), encoding="utf-8")
    assert read_source(tmp_path / "togo.yaml").country == "TGO"
