"""The audit page as a reader gets it: every estimate and specification, each with its passport."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import browser
import browser_audit
import pytest
from made_up_results import config, make_audit, make_results
from markupsafe import Markup

from reintegration.report.audit import page as audit_page
from reintegration.report.audit.passports import Sources
from reintegration.report.figures import run_figures
from reintegration.report.numbers import ESTIMATE_FILES
from reintegration.report.outputs import AUDIT_INPUTS
from reintegration.report.page import run_page
from reintegration.report.settings import Settings
from reintegration.report.tables import run_tables
from reintegration.tables_io import read_csv, write_csv

needs_browser = pytest.mark.skipif(browser.programs() is None, reason=browser.NO_BROWSER)
TRAPS = [
    "</script><script>planted()</script>",
    '"><img src=x onerror=planted()>',
    "<!-- {{7*7}} ${7*7} </style>",
    "\u2028=HYPERLINK(1)",
]
TRAP = " ".join(TRAPS)
FOLDER = "Étude à part (1)"  # spaces and accents in the path


def make_pages(folder: Path, choices: dict, words: str = "plain") -> Path:
    """Both pages of made-up results; returns the audit page."""
    inputs = make_results(folder / "results")
    sources = make_audit(folder / "audit", inputs, words)
    figures, tables = folder / "figures", folder / "tables"
    run_figures(inputs, figures, choices)
    run_tables(inputs, tables, choices)
    uses = folder / "uses.csv"
    run_page(inputs, folder / "study.html", uses, choices, figures=figures, tables=tables)
    write_page(folder, choices, Sources(**sources))
    return folder / "audit.html"


def write_page(folder: Path, choices: dict, sources: Sources) -> None:
    inputs = {name: folder / "results" / path for name, path in AUDIT_INPUTS.items()}
    audit_page.run_audit_page(
        inputs, folder / "audit.html", choices, uses=folder / "uses.csv", sources=sources
    )


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Path:
    return make_pages(tmp_path_factory.mktemp("audit") / FOLDER, config())


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """A page of real data without passports, comparison and code."""
    folder = tmp_path_factory.mktemp("bare")
    choices = config(world=None)
    page = make_pages(folder, choices)
    write_page(folder, choices, Sources())
    return page


def held(page: Path, name: str) -> dict:
    text = page.read_text(encoding="utf-8")
    block = re.search(rf'<script type="text/plain" id="{name}">(.*?)</script>', text)
    return json.loads(gzip.decompress(base64.b64decode(block[1])))


def rows_of(page: Path) -> dict[str, dict]:
    tables = held(page, "tables")
    rows = [dict(zip(tables["columns"], row, strict=True)) for row in tables["estimates"]]
    return {row["id"]: row for row in rows}


def passport(page: Path, name: str) -> dict:
    return held(page, f"block-{rows_of(page)[name]['block']}")["estimates"][name]


def test_every_estimate_and_specification_is_listed_once(full):
    tables = held(full, "tables")
    listed = [row[0] for row in tables["estimates"]]
    files = [path for name, path in AUDIT_INPUTS.items() if name in ESTIMATE_FILES]
    made = [read_csv(full.parent / "results" / path)["estimate_id"] for path in files]
    assert sorted(listed) == sorted(name for column in made for name in column)
    specs = read_csv(full.parent / "results/models/specs.csv")["spec_id"]
    assert [spec["id"] for spec in tables["specifications"]] == list(specs)


def test_a_passport_joins_what_the_study_knows(full):
    found = passport(full, "levels.composite.cash.cr1s-returnee_id")
    assert len(found["covariances"]) == 3
    assert found["row"]["spec_id"] == "levels.composite"
    assert {use["href"] for use in found["uses"]} >= {
        "study.html#figure-coefficients",
        "study.html#table-levels",
    }
    row = rows_of(full)["levels.composite.cash.cr1s-returnee_id"]
    spec = held(full, f"block-{row['block']}")["specifications"]["levels.composite"]
    assert set(spec["code"]) == {"R", "Stata"}
    assert spec["expanded"].startswith("terms:")
    assert row["title"] == "Scores on country and assistance received"


def test_a_row_is_named_by_what_it_is(full):
    rows = rows_of(full)
    assert rows["trend.within.composite.GIN.cr1s-returnee_id"]["term"] == "slope, within persons"
    assert rows["levels.composite.country.GIN.cr1s-returnee_id"]["term"] == "Guinea"
    assert rows["share.stranded.yes.all"]["term"] == "share, Was stranded before return, Yes"
    assert rows["share.stranded.yes.all"]["how"] == "share"


def test_all_countries_of_orion_are_the_pilot_countries(full):
    orion = {row["country"] for row in rows_of(full).values()
             if row["file"].startswith("results/orion/") and ".all." in row["id"]}  # fmt: skip
    assert orion == {"Pilot countries"}


def test_uses_lead_to_places_of_the_study(full):
    study = (full.parent / "study.html").read_text(encoding="utf-8")
    blocks = len(re.findall('id="block-', full.read_text(encoding="utf-8")))
    links = {
        use["href"]
        for number in range(blocks)
        for found in held(full, f"block-{number}")["estimates"].values()
        for use in found["uses"]
    }
    assert len(links) > 10
    for link in links:
        assert f'id="{link.removeprefix("study.html#")}"' in study, link


def test_a_hidden_number_leaves_no_trace(tmp_path):
    page = make_pages(tmp_path, config())
    path = tmp_path / "results/models/estimates.csv"
    estimates = read_csv(path)
    name = "levels.composite.cash.cr1s-returnee_id"
    few = estimates["estimate_id"] == name
    assert few.sum() == 1
    estimates.loc[few, ["estimate", "std_error", "n_identifying"]] = [0.123454321, 0.0987656789, 3]
    write_csv(estimates, path)
    sources = make_audit(
        tmp_path / "audit", {"estimates": path, "specs": path.with_name("specs.csv")}
    )
    write_page(tmp_path, config(), Sources(**sources))
    row = rows_of(page)[name]
    assert row["status"] == "suppressed"
    assert [row[key] for key in ("estimate", "low", "p", "rows", "returnees")] == [None] * 5
    content = json.dumps([passport(page, name), held(page, "tables")])
    assert "0.123454321" not in content
    assert "0.0987656789" not in content


def test_without_passports_the_page_is_whole(bare):
    tables = held(bare, "tables")
    assert not tables["passports"]
    assert tables["crosscheck"] == []
    assert len(tables["estimates"]) > 100
    text = bare.read_text(encoding="utf-8")
    assert "SIMULATED" not in text


def test_foreign_text_is_never_html(tmp_path):
    page = make_pages(tmp_path, config(study={"title": TRAP}), TRAP)
    text = page.read_text(encoding="utf-8")
    for trap in TRAPS[:3]:
        assert trap not in text
    assert len(re.findall("<script", text)) == len(re.findall("</script>", text))


def test_only_the_scripts_of_the_page_are_allowed(full):
    text = full.read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
    assert "default-src &#39;none&#39;" in policy or "default-src 'none'" in policy
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 2
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"sha256-{digest}" in policy


def test_the_same_results_make_the_same_page(full, tmp_path):
    again = make_pages(tmp_path, config())
    assert again.read_bytes() == full.read_bytes()


def test_the_library_is_the_one_that_was_published():
    readme = (audit_page.LIBRARY.parent / "README.md").read_text(encoding="utf-8")
    files = sorted(path for path in audit_page.LIBRARY.iterdir())
    assert len(files) == 3
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() in readme, path.name


# ---------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as running:
        yield running


def tried(chromium, page: Path) -> list[str]:
    return list(
        browser_audit.problems_of_audit(
            chromium, page, page.with_name("study.html"), browser.WIDTHS
        )
    )


@needs_browser
def test_a_reader_finds_and_opens_every_estimate(full, chromium):
    assert tried(chromium, full) == []
    for width in browser.WIDTHS:
        assert browser.problems_of(chromium, full, width) == []


@needs_browser
def test_a_page_without_passports_works_as_well(bare, chromium):
    assert tried(chromium, bare) == []


@needs_browser
def test_claims_and_specifications_have_addresses_too(full, chromium):
    claims = held(full, "tables")["claims"]
    name, ids = next((name, ids) for name, ids in claims.items() if ids)
    browser.open_page(chromium, full, name)
    said = chromium.find_element("id", "unknown").get_attribute("innerHTML")
    assert "study.html#table-claims" in said and ids[0] in said
    browser.open_page(chromium, full, "levels.composite")
    shown = "return document.querySelector('#passport article')?.dataset.specId"
    assert browser.wait_for(chromium, shown) == "levels.composite"


@needs_browser
def test_traps_are_shown_as_they_stand(chromium, tmp_path):
    page = make_pages(tmp_path, config(study={"title": TRAP}), TRAP)
    name = "levels.composite.cash.cr1s-returnee_id"
    for part in ("", name, "specification:levels.composite", "crosscheck", "run"):
        assert browser.problems_of(chromium, page, 1280, part) == []
        assert chromium.execute_script("return document.images.length") == 0
    browser.open_page(chromium, page, name)
    browser.wait_for(chromium, browser_audit.SHOWN)
    shown = chromium.execute_script("return document.querySelector('article').textContent")
    for trap in TRAPS:
        assert shown.count(trap) > 5


@needs_browser
def test_numbers_are_written_as_the_study_writes_them(full, chromium):
    language = Settings.from_config(config()).language
    values = [0, -0.0004, 0.0625, 0.1875, 1234567.5, 2.5, 3.5, -0.0005, 1e-9, 0.9995, 12.3456]
    chromium.execute_cdp_cmd("Emulation.setLocaleOverride", {"locale": "fr-FR"})
    browser.open_page(chromium, full)
    for digits in (0, 1, 3):
        ours = [language.number(value, digits) for value in values]
        theirs = chromium.execute_script(
            "return arguments[0].map(value => audit.number(value, arguments[1]))", values, digits
        )
        assert theirs == ours
    chromium.execute_cdp_cmd("Emulation.setLocaleOverride", {})


# What is broken in the page's scripts, what is then said, and by which trial.
FAULTS = {
    "words.every((one)": ("words.some((one)", "a search finds", "_search"),
    'field, width, hozAlign: "right", headerHozAlign: "right", sorter: "number"': (
        'field, width, hozAlign: "right", headerHozAlign: "right", sorter: "string"',
        "sorting by p",
        "_sort",
    ),
    '"<": found < limit': ('"<": found > limit', "the condition p < 0.01", "_condition"),
    'this.table.on("rowClick"': ('this.table.on("none"', "a click on a row opens", "_click"),
    'addEventListener("hashchange", follow)': ("", "a click on a row opens None", "_click"),
    'holder.querySelector("h2").focus': ("Object.is", "has not the focus", "_click"),
    "(target || plain)?.focus()": ("", "back does not return the focus", "_click"),
    "this.table.clearHeaderFilter()": ("return", "clearing the filters", "_search"),
    'this.table.getRows("active")': ("[]", "the saved table has", "_export"),
    "row ? await showEstimate(row)": (
        "row ? await showEstimate(data.estimates[3])",
        "instead of",
        "_click",
    ),
    "data: this.rows,": ("data: this.rows.slice(1),", "the table lists", "_rows"),
    "const unknown = name": ("const unknown = false && name", "says nothing", "none"),
}


# Two faults with every run of the tests, the others with `make coverage`: each takes seconds.
OFTEN = ("words.every((one)", "row ? await showEstimate(row)")
TRIALS = [
    right if right in OFTEN else pytest.param(right, marks=pytest.mark.coverage) for right in FAULTS
]


@needs_browser
@pytest.mark.parametrize("right", TRIALS)
def test_the_trial_finds_what_it_is_for(right, full, chromium, tmp_path, monkeypatch):
    wrong, said, trial = FAULTS[right]
    code = "\n".join((audit_page.TEMPLATES / name).read_text() for name in audit_page.SCRIPTS)
    assert right in code
    own = audit_page._own

    def broken(names):
        return Markup(str(own(names)).replace(right, wrong))

    monkeypatch.setattr(audit_page, "_own", broken)
    folder = full.parent
    inputs = {name: folder / "results" / path for name, path in AUDIT_INPUTS.items()}
    page = tmp_path / "audit.html"
    audit_page.run_audit_page(
        inputs,
        page,
        config(),
        uses=folder / "uses.csv",
        sources=Sources(folder / "audit/passports.json"),
    )
    (tmp_path / "study.html").write_bytes((folder / "study.html").read_bytes())
    problems = list(
        browser_audit.problems_of_audit(chromium, page, page.with_name("study.html"), (), trial)
    )
    assert any(said in problem for problem in problems), problems


@needs_browser
def test_a_link_without_a_passport_is_found(full, chromium, tmp_path):
    page = tmp_path / "audit.html"
    page.write_bytes(full.read_bytes())
    (tmp_path / "study.html").write_text('<a href="audit.html#gone.away">1</a>', encoding="utf-8")
    problems = list(
        browser_audit.problems_of_audit(chromium, page, page.with_name("study.html"), (), "none")
    )
    assert problems == ["study.html links to gone.away, which has no passport"]


def test_a_count_has_no_interval(full):
    rows = rows_of(full)
    counted = [row for name, row in rows.items() if name.startswith("n.")]
    assert counted
    assert {(row["low"], row["high"], row["error"]) for row in counted} == {(None, None, None)}
