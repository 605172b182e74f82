"""`reintegration add-source` on whole files: the YAML, the screen, and what comes after."""

import shutil
import string

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from reintegration.cli import app
from reintegration.errors import StudyError
from reintegration.ingest.columns import find_columns, wanted_columns
from reintegration.ingest.intake import take_in
from reintegration.ingest.mapping import map_table
from reintegration.ingest.propose.add import add_source
from reintegration.ingest.propose.screen import lines
from reintegration.ingest.propose.writing import source_text, write_source
from reintegration.ingest.pseudonym import DEMO_KEY
from reintegration.ingest.readers import look, read_raw
from reintegration.ingest.source import Source, check_confirmed, load_sources, read_source
from reintegration.plan import read_plan

from .conftest import ROOT
from .offices import FIRST, LAST, ethiopia, honduras, household, make, mali, togo


@pytest.fixture
def study_folder(tmp_path):
    """A folder with a configuration that studies its own files."""
    shutil.copytree(ROOT / "data/instruments", tmp_path / "data/instruments")
    shutil.copytree(ROOT / "data/claims", tmp_path / "data/claims")
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config["data"]["world"] = None
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for folder in ("inbox", "data/raw", "data/sources"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def written(office, path, **options):
    frame = make(office)
    frame.columns = [name for name, _, _ in office.columns]
    if path.suffix == ".xlsx":
        with pd.ExcelWriter(path) as writer:
            frame.to_excel(writer, sheet_name="Données", index=False, startrow=3)
            writer.sheets["Données"].write(0, 0, "Enquête 2019")
            pd.DataFrame({"Instructions": ["lire"]}).to_excel(writer, sheet_name="Lisez-moi")
    else:
        frame.to_csv(path, index=False, **options)
    return path


def run(folder, *arguments):
    config = ["--config", str(folder / "config.yaml")]
    return CliRunner().invoke(app, ["add-source", *map(str, arguments), *config])


def test_a_french_workbook_from_file_to_answers(study_folder, codebook):
    file = written(mali(), study_folder / "inbox/RSS Mali 2020.xlsx")
    result = run(study_folder, file, "--country", "MLI")
    assert result.exit_code == 3, result.output
    path = study_folder / "data/sources/RSS_Mali_2020.yaml"
    source = read_source(path)
    assert (source.sheet, source.header_row) == ("Données", 4)
    assert (study_folder / "data/raw/RSS Mali 2020.xlsx").read_bytes() == file.read_bytes()
    with pytest.raises(
        StudyError, match=r"unsure\.columns\.return_date: .Identification/Date d'arr"
    ):
        check_confirmed(load_sources(study_folder / "data/raw", study_folder / "data/sources"))
    waiting = source.unsure.columns
    accepted = [f"--accept={name}={next(iter(found), '')}" for name, found in waiting.items()]
    result = run(study_folder, file, "--country", "MLI", "--replace", *accepted)
    assert result.exit_code == 0, result.output
    source = read_source(path)
    assert source.not_asked == ["q5", "q8", "q10", "q14", "q27", "q30"]
    raw = read_raw(source, file, wanted_columns(source, codebook))
    mapped = map_table(raw, find_columns(source, codebook, raw.names, file), source, codebook, file)
    assert mapped.unread == {}
    assert (
        mapped.frame["q12"].astype("str").isin([*codebook.items["q12"].scores, "dont_know"]).all()
    )
    assert mapped.frame["survey_date"].notna().all()


def test_what_waits_stops_the_study_or_is_left_out_and_named(study_folder, codebook):
    run(study_folder, written(mali(), study_folder / "inbox/mali.csv"), "--country", "MLI")
    path = study_folder / "config.yaml"
    with pytest.raises(StudyError, match="must confirm"):
        read_plan(path)
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["data"]["on_bad_source"] = "leave_out"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    plan = read_plan(path)
    source = Source.model_validate(plan.sources["mali"])
    parts = (plan.config.cleaning, plan.config.assistance, DEMO_KEY, "leave_out")
    result = take_in(source, study_folder / "data/raw", codebook, *parts)
    assert result.account["status"] == "left_out"
    assert "unsure.columns.return_date" in result.account["reason"]
    assert result.surveys.empty


def test_encoding_delimiter_and_language_are_found(study_folder):
    path = study_folder / "inbox/hnd.csv"
    written(honduras(), path, sep=";", encoding="latin-1")
    result = run(study_folder, path, "--country", "HND", "--name", "honduras")
    assert "cp1252, delimiter ;, Spanish, dates dmy" in " ".join(result.output.split())
    source = read_source(study_folder / "data/sources/honduras.yaml")
    assert (source.encoding, source.delimiter) == ("cp1252", ";")


def test_a_labelled_file_needs_nothing_more(study_folder):
    office = ethiopia()
    frame = make(office)
    frame.columns = [name.replace("enum", "enu") for name, _, _ in office.columns]
    for name in [*office.value_labels, "age"]:
        frame[name] = frame[name].astype(int)
    path = study_folder / "inbox/eth.dta"
    titles = dict(zip(frame.columns, (title[:80] for title in office.titles), strict=True))
    frame.to_stata(
        path, write_index=False, variable_labels=titles, value_labels=office.value_labels
    )
    assert run(study_folder, path, "--country", "ETH").exit_code == 0
    source = read_source(study_folder / "data/sources/eth.yaml")
    assert source.columns["q12"] == ["so_hstd"]
    assert source.select_multiple["q8"]["land"] == "ec_land"
    assert source.answers == {"q1": {"98": "refused"}}


def test_nothing_of_a_persons_data_is_written_or_shown(study_folder):
    for office, name in ((togo(), "a.csv"), (honduras(), "b.csv"), (household(), "c.csv")):
        file = written(office, study_folder / "inbox" / name)
        shown = run(study_folder, file, "--country", "TGO").output
        shown += (study_folder / f"data/sources/{name[0]}.yaml").read_text(encoding="utf-8")
        frame = make(office)
        for number, (_, truth, kind) in enumerate(office.columns):
            personal = truth in ("case_number", "person_name", "phone")
            if personal or kind in ("name", "phone", "text", "gps", "uuid"):
                assert not [cell for cell in frame[number] if cell in shown]
    assert not any(f"{first} {last}" in shown for first in FIRST for last in LAST)


def test_what_lies_there_is_not_overwritten(study_folder):
    file = written(togo(), study_folder / "inbox/t.csv")
    run(study_folder, file, "--country", "TGO")
    again = run(study_folder, file, "--country", "TGO")
    assert again.exit_code == 1 and "--replace" in again.output
    assert run(study_folder, file, "--country", "TGO", "--replace").exit_code == 0
    twice = run(study_folder, file, "--country", "TGO", "--name", "again")
    assert twice.exit_code == 1 and "reads 't.csv' already" in twice.output
    assert (study_folder / "data/raw/t.csv").stat().st_mode & 0o077 == 0
    file.write_text("other")
    other = run(study_folder, file, "--country", "TGO", "--name", "t2")
    assert other.exit_code == 1 and "another file of that name" in other.output
    assert "--replace" in other.output


def test_a_new_version_takes_the_place_of_the_old_one_and_keeps_what_was_confirmed(study_folder):
    file = written(mali(), study_folder / "inbox/mali.csv")
    assert run(study_folder, file, "--country", "MLI").exit_code == 3
    path, raw = study_folder / "data/sources/mali.yaml", study_folder / "data/raw/mali.csv"
    waiting = read_source(path).unsure.columns
    accepted = [f"--accept={name}={next(iter(found), '')}" for name, found in waiting.items()]
    assert run(study_folder, file, "--replace", *accepted).exit_code == 0
    frame = pd.read_csv(file, dtype="str")
    used = {one for several in read_source(path).columns.values() for one in several}
    dropped = next(name for name in frame if name not in used)
    by_hand = {"priority": 3, "missing_codes": [77], "drop": [dropped]}
    text = path.read_text(encoding="utf-8") + yaml.safe_dump(by_hand, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    before = read_source(path)
    gone = before.columns["q1"][0]
    (study_folder / "new").mkdir()
    frame.drop(columns=[gone]).iloc[::2].to_csv(study_folder / "new/mali.csv", index=False)
    result = run(study_folder, study_folder / "new/mali.csv", "--replace")
    after = read_source(path)
    assert result.exit_code == 3, result.output
    assert set(after.unsure.columns) == {"q1"}
    assert {**after.columns, "q1": [gone]} == before.columns
    assert (after.not_asked, after.country, after.priority) == (before.not_asked, "MLI", 3)
    assert after.missing_codes == ["77"] and dropped in after.drop
    assert f"no longer in the file, and so not kept: q1 ('{gone}')" in " ".join(
        result.output.split()
    )
    assert raw.read_bytes() == (study_folder / "new/mali.csv").read_bytes()
    assert raw.stat().st_mode & 0o077 == 0
    assert [one.name for one in raw.parent.iterdir()] == ["mali.csv"]


def test_answers_may_be_decided_without_an_editor(study_folder):
    file = study_folder / "inbox/t.csv"
    frame = make(togo())
    frame.columns = [name for name, _, _ in togo().columns]
    place = next(n for n, (_, truth, _) in enumerate(togo().columns) if truth == "q1")
    frame.iloc[:20, place] = "Voir au verso"
    frame.to_csv(file, index=False)
    waits = run(study_folder, file, "--country", "TGO")
    assert waits.exit_code == 3 and "NAME:ANSWER=CODE" in waits.output
    assert "codes: " in (study_folder / "data/sources/t.yaml").read_text(encoding="utf-8")
    wrong = run(study_folder, file, "--replace", "--accept", "q1:Voir au verso=klingon")
    assert wrong.exit_code == 1 and "no code of the codebook; allowed are" in wrong.output
    absent = run(study_folder, file, "--replace", "--accept", "q1:Autre=ok")
    assert absent.exit_code == 1 and "no column of q1 holds this answer" in absent.output
    unsure = read_source(study_folder / "data/sources/t.yaml").unsure.columns
    rest = [f"--accept={name}={next(iter(found), '')}" for name, found in unsure.items()]
    done = run(study_folder, file, "--replace", "--accept", "q1:Voir au verso=", *rest)
    assert done.exit_code == 0, done.output
    assert run(study_folder, file, "--replace").exit_code == 0  # and it stays decided
    source = read_source(study_folder / "data/sources/t.yaml")
    assert source.answers["q1"]["Voir au verso"] is None


def test_what_comes_next_can_be_typed_and_names_the_simulated_world(study_folder):
    file = written(togo(), study_folder / "inbox/t.csv")
    shown = run(study_folder, file, "--country", "TGO").output
    assert ".venv/bin/reintegration check t" in shown and "world: null" not in shown
    path = study_folder / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["data"]["world"] = "worlds/demo.yaml"
    shutil.copytree(ROOT / "worlds", study_folder / "worlds")
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    shown = run(study_folder, file, "--replace").output
    assert "set `world: null` under `data:`" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--country", "Togo"], "must be an ISO 3166-1 alpha-3 code"),
        (["--country", "TGO", "--encoding", "klingon"], "klingon"),
        (["--country", "TGO", "--name", "a/b"], "may hold only letters"),
        (["--country", "TGO", "--accept", "q1"], "write name=column"),
        (["--country", "TGO", "--accept", "q99=x"], "not in the codebook"),
        (["--country", "TGO", "--header-row", "3000"], "has no row 3000"),
    ],
)
def test_wrong_requests_end_in_one_message(arguments, message, study_folder):
    file = written(togo(), study_folder / "inbox/t.csv")
    result = run(study_folder, file, *arguments)
    assert result.exit_code == 1
    assert message in " ".join(result.output.split())
    assert not [*(study_folder / "data/sources").iterdir(), *(study_folder / "data/raw").iterdir()]


def test_a_file_without_anything_known_shows_nothing_of_it(study_folder):
    path = study_folder / "inbox/x.csv"
    path.write_text("Awa Testdiallo,Lome\n" + "Mamadou Testbah,Kara\n" * 20, encoding="utf-8")
    result = run(study_folder, path, "--country", "TGO")
    assert result.exit_code == 1
    assert "Testdiallo" not in result.output


def test_the_screen_is_as_wide_as_it_may_be_and_plain(study_folder):
    file = written(household(), study_folder / "inbox/h.csv")
    added = add_source(file, study_folder / "config.yaml", "JOR")
    for width in (40, 80, 200):
        shown = lines(added, width)
        assert max(map(len, shown)) <= width
        assert len(shown) < 100
        assert "\x1b" not in "".join(shown)


def test_names_cannot_command_the_terminal(study_folder):
    path = study_folder / "inbox/x.csv"
    frame = pd.DataFrame({"Sex": ["Man", "Woman"] * 9, "a\x1b[31mb\u202ec": ["1", "2"] * 9})
    frame.to_csv(path, index=False)
    shown = "".join(lines(add_source(path, study_folder / "config.yaml", "JOR"), 80))
    assert "[31mb" in shown and "\x1b" not in shown and "\u202e" not in shown


def test_a_source_without_a_country_needs_its_column(study_folder):
    office = togo()
    office.columns.append(("Pays de retour", "country", ["Togo", "Bénin"]))
    file = written(office, study_folder / "inbox/two.csv")
    run(study_folder, file)
    assert read_source(study_folder / "data/sources/two.yaml").columns["country"] == [
        "Pays de retour"
    ]


ODD = [
    "yes", "No", "~", "null", "1", "010", "1.10", "1e5", "2019-05-03", "12:30", "", " a ", "a: b",
    "- a", "#a", "a #b", "'a'", '"a"', "a\\b", "a\tb", "a\nb", "{a}", "[a]", "a, b", "&a", "*a",
    "!a", "%a", "@a", "`a`", "|", ">", "?", "? a", ":", "=", "<<", "Été", "N° dossier", "日本",
    "\u2028x", "\x85", "\xa0", "\ufeffa", "😀", "y", "OFF", "0x1F", "1_000", "-", ".", "...", "---",
]  # fmt: skip


def test_a_written_source_is_read_back_as_it_was(tmp_path):
    rng = np.random.default_rng(7)
    letters = string.printable[:95] + "éÀñ°’\u200b\U0001f600\n\t"
    odd = ODD + ["".join(rng.choice([*letters], size=rng.integers(1, 12))) for _ in range(150)]
    filled = [text for text in odd if text.strip()]
    for number in range(0, len(filled) - 8, 4):
        a, b, c, d, e, f, g, h = filled[number : number + 8]
        source = Source.model_validate(
            {
                "source": "s",
                "file": "s.csv",
                "country": "NER",
                "sheet": a,
                "columns": {"q1": [b], "q2": [c, d]},
                "answers": {"q1": {e: "ok", f: None, "": "ok"}},
                "select_multiple": {"q8": {"land": g}},
                "drop": [h, a],
                "missing_codes": ["99", b],
                "unsure": {"columns": {"q3": {a: 0.5}, "q4": {}}, "answers": {"q5": {b: []}}},
            }
        )
        comments = {("columns", "q1"): a, ("drop", h): b, ("unsure", "columns", "q3"): f}
        write_source(source, tmp_path / "s.yaml", comments)
        assert read_source(tmp_path / "s.yaml") == source


def test_plain_words_stay_without_quotes():
    source = Source(
        source="s", file="s.csv", columns={"q1": ["Q1 Situation"], "q2": ["yes"]}, drop=["A/b c"]
    )
    text = source_text(source)
    assert "q1: Q1 Situation\n" in text
    assert 'q2: "yes"\n' in text
    assert "  - A/b c\n" in text


def test_a_header_of_hundreds_of_thousands_of_letters_is_read(study_folder):
    names = [f"{number}. How much was spent on this item of the household last week?" * 2
             for number in range(1900)]  # fmt: skip
    path = study_folder / "inbox/wide.csv"
    frame = pd.DataFrame([["Man"] + ["1"] * 1900] * 3, columns=["Sex", *names])
    frame.to_csv(path, index=False)
    raw = look(path, None, {"sex"})
    assert len(raw.names) == 1901
