import re
from html.parser import HTMLParser

import pytest
import yaml
from typer.testing import CliRunner

from reintegration.cli import app
from reintegration.config import Cleaning
from reintegration.errors import StudyError
from reintegration.ingest.check import TOGETHER, WHAT_TO_DO, check_study, expectation
from reintegration.ingest.flow import REPEATED, UNUSABLE_ROWS
from reintegration.report.check import MEANINGS, lines, write_page

from .conftest import CASE, ITEMS, NAME, PHONE, PLACE, ROOT, VARIABLES


@pytest.fixture
def office(tmp_path, desk, monkeypatch):
    """A study of real files, as its configuration; raw files are written with `desk`."""
    monkeypatch.setenv("REINTEGRATION_KEY_FILE", str(tmp_path / "key" / "file"))
    (tmp_path / "sources").mkdir()
    choices = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    choices["data"] |= {"world": None, "raw": "raw", "sources": "sources"}
    choices["instrument"] |= {
        "items": str(ITEMS),
        "variables": str(VARIABLES),
        "claims": str(ROOT / "data/claims/key_messages.yaml"),
    }
    path = tmp_path / "study" / "config.yaml"
    path.parent.mkdir()
    for name in ("raw", "sources"):
        choices["data"][name] = str(tmp_path / name)
    path.write_text(yaml.safe_dump(choices), encoding="utf-8")
    return path


def mapping(office, name, **keys):
    folder = office.parent.parent / "sources"
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(keys), encoding="utf-8")


def said(report, width=100):
    return re.sub(r"\x1b\[\d+m", "", "\n".join(lines(report, width)))


def found(report, rule):
    return [f for source in report.sources for f in source.findings if f.rule == rule]


def problems(report):
    return [f.expectation for s in report.sources for f in s.findings if f.severity == "error"]


def test_nothing_fails_in_a_good_file(office, desk):
    desk.csv(desk.rows({}, {}))
    report = check_study(office)
    assert not report.fails("flag")
    assert [source.rows_read for source in report.sources] == [2]
    assert "1 source checked: all usable." in said(report)


def test_everything_that_keeps_a_file_out_is_said_at_once(office, desk):
    """Columns, country, order of dates, a wrong column, case numbers; and its rows all the same."""
    rows = [{"q5": f"text {n}", "survey_date": "03/04/2019"} for n in range(12)]
    frame = desk.rows(*rows, {"q5": "none", "q7": "maybe", "survey_date": "05/06/2019"})
    frame["case_number"] = "1.23E+12"
    frame = frame.drop(columns="q8").assign(return_date="2018-01-01")
    desk.csv(frame.rename(columns={"country": "Pays"}).assign(Pays="Guinée"))
    mapping(office, "sen", file="sen.csv", country="SEN")
    report = check_study(office)
    errors = "\n".join(problems(report))
    for word in ("no column for q8", "another country", "day and month", "column for q5", "1.23E"):
        assert word in errors
    unknown = {finding.question: finding for finding in found(report, "unknown_answer")}
    assert unknown["q7"].rows == (14,)
    assert report.fails("error")


def test_rows_and_answers_are_named_and_what_was_allowed(office, desk):
    desk.csv(desk.rows({"q5": "77"}, {"q5": "77"}, {"q5": NAME}, {"age": "7"}, {"q10": "need"}))
    report = check_study(office)
    finding = next(f for f in found(report, "unknown_answer") if f.question == "q5")
    assert (finding.severity, finding.count, finding.rows) == ("cell", 3, (2, 3, 4))
    assert [(d.text, d.count) for d in finding.details] == [("77", 2), ("(not shown)", 1)]
    assert "no_debt, spending_larger" in finding.allowed
    assert "`answers`" in finding.what_to_do
    assert [f.question for f in found(report, "out_of_range")] == ["age"]
    assert "2 x 77: rows 2, 3" in said(report)
    assert not report.fails("error")
    assert report.fails("cell")


def test_a_missing_column_is_said_once(office, desk):
    desk.csv(desk.rows({}, {"q7": "99"}).drop(columns="case_number"))
    report = check_study(office)
    assert [p for p in problems(report) if "case_number" in p]
    assert not found(report, "no_case_number")
    assert [f.question for f in found(report, "unknown_answer")] == ["q7"]


def test_wrong_mappings_do_not_hide_the_others(office, desk):
    desk.csv(desk.rows({}), "good.csv")
    desk.csv(desk.rows({}).drop(columns="q3"), "bad.csv")
    mapping(office, "bad", file="bad.csv", columns={"qq9": "x"})
    mapping(office, "typo", file="t.csv", colums={})
    report = check_study(office)
    assert {source.source for source in report.sources} == {"good", "bad"}
    assert report.sources[0].source == "bad"
    assert any("'qq9' is not in the codebook" in problem for problem in problems(report))
    assert any("no column for q3" in problem for problem in problems(report))
    assert any("colums" in problem for problem in report.problems)
    assert report.fails("error")
    assert not check_study(office, ["good"]).fails("error")


def test_a_file_that_cannot_be_read_is_one_finding(office, desk):
    (desk.raw / "sen.xlsx").write_bytes(b"PK\x03\x04 and no more")
    report = check_study(office)
    assert len(problems(report)) == 1
    assert "damaged" in problems(report)[0]


def test_an_unknown_source_is_refused_with_the_known(office, desk):
    desk.csv(desk.rows({}))
    with pytest.raises(StudyError, match=r"the sources of .* are sen"):
        check_study(office, ["mar"])


def test_no_identifier_is_said(office, desk, tmp_path):
    leaks = [{"q5": NAME}, {"sex": PHONE}, {"age": CASE}, {"country": NAME}, {"survey_date": CASE}]
    desk.csv(desk.rows(*leaks, {}).assign(Remarks=NAME))
    report = check_study(office)
    write_page(report, tmp_path / "check.html")
    everything = said(report) + (tmp_path / "check.html").read_text(encoding="utf-8")
    for secret in (NAME, "Testdiallo", PHONE, "123 45", CASE, PLACE, "Cachée"):
        assert secret.lower() not in everything.lower()


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_foreign_text_is_text_on_the_page_and_in_the_terminal(office, desk, tmp_path):
    bad = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{7*7}}</style>\x1b[2J\u202e'
    desk.csv(desk.rows({}).assign(**{bad: "x"}).drop(columns="q3"))
    report = check_study(office)
    write_page(report, tmp_path / "check.html")
    html = (tmp_path / "check.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(html)
    assert not [tag for tag, _ in tags.found if tag in ("script", "img", "link", "iframe")]
    assert not [attrs for _, attrs in tags.found if any(name.startswith("on") for name in attrs)]
    assert [tag for tag, _ in tags.found].count("style") == 1
    assert "{{7*7}}" in html
    for text in (html, said(report)):
        assert "\x1b[2J" not in text
        assert "\u202e" not in text


def test_the_page_says_simulated_data_only_of_simulated_data(office, desk, tmp_path):
    from dataclasses import replace

    desk.csv(desk.rows({}))
    report = check_study(office)
    for simulated in (False, True):
        write_page(replace(report, simulated=simulated), tmp_path / "check.html")
        html = (tmp_path / "check.html").read_text(encoding="utf-8")
        assert ("SIMULATED DATA" in html) == simulated
        assert ("SIMULATED DATA" in said(replace(report, simulated=simulated))) == simulated


def test_exit_codes_for_ci(office, desk, tmp_path):
    def run(*arguments):
        return CliRunner().invoke(app, ["check", "--config", str(office), *arguments])

    desk.csv(desk.rows({"q5": "77"}, {}))
    assert run().exit_code == 0
    assert run("--fail-on", "cell").exit_code == 1
    assert run("--fail-on", "row").exit_code == 0
    assert run("--html", str(tmp_path / "out" / "check.html")).exit_code == 0
    assert (tmp_path / "out" / "check.html").is_file()
    desk.csv(desk.rows({}).drop(columns="q3"))
    ran = run()
    assert ran.exit_code == 1
    assert "no column for q3" in ran.stdout
    assert "\x1b" not in ran.stdout


def test_of_several_sources_the_outlines_fit_one_screen(office, desk):
    for name in ("a", "b"):
        desk.csv(desk.rows({"q5": "77"}, {"q6": "77"}), f"{name}.csv")
    text = said(check_study(office))
    assert text.count("an answer that is not in the codebook: q5 1, q6 1") == 2
    assert "rows 2" not in text
    assert max(map(len, said(check_study(office), width=60).splitlines())) <= 60


def test_what_waits_is_said_once_and_many_lines_in_one(office, desk):
    rows = [{"q5": f"text {n}"} for n in range(12)]
    unsure = {"answers": {"q5": {"text 1": []}}, "columns": {f"q{n}": {} for n in (1, 2, 3, 4)}}
    for name, country in (("a", None), ("b", None), ("fiji", "FJI")):
        desk.csv(desk.rows(*rows), f"{name}.csv")
        mapping(office, name, file=f"{name}.csv", country=country, unsure=unsure)
    report = check_study(office)
    assert not [line for line in problems(report) if line.startswith("column for q5")]
    text = said(report)
    assert text.count("5 lines wait (q1 ... q5)") == 3
    assert said(check_study(office, ["a"])).count("unsure.columns.q") == 4
    assert not check_study(office, ["fiji"]).fails("error")
    assert "FJI is not in study.countries" in " ".join(text.split())


def test_columns_that_are_not_there_are_told_once_of_several_sources(office, desk):
    for name in ("a", "b"):
        desk.csv(desk.rows({}).drop(columns="age"), f"{name}.csv")
    assert "no column for" in said(check_study(office, ["a"]))
    text = said(check_study(office))
    assert "no column for" not in text
    assert text.count("columns that are not there are taken as not asked: a, b") == 1


def test_the_page_says_what_its_words_mean(office, desk, tmp_path):
    desk.csv(desk.rows({}))
    write_page(check_study(office), tmp_path / "check.html")
    html = (tmp_path / "check.html").read_text(encoding="utf-8")
    assert all(meaning in html for meaning in MEANINGS.values())


@pytest.mark.parametrize("rule", sorted({*Cleaning.rules(), *UNUSABLE_ROWS, *REPEATED}))
def test_every_rule_is_told_in_words_with_what_to_do(rule, office):
    words = expectation(rule, Cleaning.model_construct())
    assert words != rule
    assert "_" not in words
    assert rule in WHAT_TO_DO or rule in TOGETHER


def test_what_no_source_tells_alone(office, desk):
    """The same survey in two sources, and one who may be the same under two case numbers."""
    people = [{"age": str(20 + n), "birth_year": str(1999 - n)} for n in range(30)]
    desk.csv(desk.rows(*people), "a.csv")
    desk.csv(desk.rows({}, {"case_number": "SN-0999", **people[7]}), "b.csv")
    report = check_study(office)
    assert report.together is not None
    by_rule = {finding.rule: finding for finding in report.together.findings}
    assert by_rule["survey_in_two_sources"].count == 1
    assert by_rule["survey_in_two_sources"].details[0].text == "b"
    assert check_study(office, ["a"]).together is None


def test_decisions_that_do_not_fit_are_said(office, desk):
    desk.csv(desk.rows({"q5": "77"}))
    folder = office.parent / "data" / "decisions"
    folder.mkdir(parents=True)
    (folder / "cleaning_log.csv").write_text("wrong,header\n1,2\n", encoding="utf-8")
    report = check_study(office)
    assert any("cleaning_log.csv" in problem for problem in report.problems)
    assert report.fails("error")


def test_a_row_of_persons_taken_for_names_is_not_said(office, desk):
    rows = [f"{CASE},{NAME},{PHONE},{PLACE},sex,2019-05-20,yes"] * 4
    (desk.raw / "sen.csv").write_text("\n".join(rows), encoding="utf-8")
    report = check_study(office)
    assert report.fails("error")
    for secret in (NAME, PHONE, CASE, PLACE):
        assert secret not in said(report)


def test_case_numbers_that_are_failed_formulas_are_none(office, desk):
    frame = desk.rows({}, {}, {}, {"case_number": "SN-0004"})
    frame.loc[[0, 1], "case_number"] = "#REF!"
    frame.to_excel(desk.raw / "sen.xlsx", index=False, engine="xlsxwriter")
    assert [f.rows for f in found(check_study(office), "no_case_number")] == [(2, 3)]


def test_many_interviews_before_the_return_make_a_doubtful_column(office, desk):
    wrong = [{"case_number": f"B{n}", "return_date": "2021-01-01"} for n in range(2)]
    frame = desk.rows(*wrong, *({"case_number": f"A{n}"} for n in range(8)))
    desk.csv(frame.rename(columns={"return_date": "Arrival"}))
    mapping(office, "sen", file="sen.csv", country="SEN", columns={"return_date": "Arrival"})
    [finding] = found(check_study(office), "doubtful_column")
    assert finding.severity == "flag"
    assert finding.expectation.startswith("2 of 10 rows have an interview before the return")
    assert "'Arrival'" in finding.what_to_do
    few = desk.rows(wrong[0], *({"case_number": f"A{n}"} for n in range(12)))
    desk.csv(few.rename(columns={"return_date": "Arrival"}))
    assert not found(check_study(office), "doubtful_column")


def test_a_country_of_the_study_without_a_survey_is_to_be_looked_at(office, desk):
    choices = yaml.safe_load(office.read_text(encoding="utf-8"))
    choices["study"]["countries"] = ["SEN", "GIN"]
    office.write_text(yaml.safe_dump(choices), encoding="utf-8")
    for name, number in (("one", "A"), ("two", "B")):
        desk.csv(desk.rows({"case_number": number, "q1": "ok"}), f"{name}.csv")
        mapping(office, name, file=f"{name}.csv", country="SEN")
    together = check_study(office).together
    assert ("flag", "no survey of GIN is analysed") in [
        (finding.severity, finding.expectation) for finding in together.findings
    ]
