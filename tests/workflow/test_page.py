"""The page as a reader gets it: one file, whole, marked, readable at two widths."""

import re
from html.parser import HTMLParser
from pathlib import Path

import browser
import pytest
from made_up_results import config, make_results

from reintegration.report.figures import run_figures
from reintegration.report.page import run_page
from reintegration.report.tables import run_tables
from reintegration.tables_io import read_csv

needs_browser = pytest.mark.skipif(browser.programs() is None, reason=browser.NO_BROWSER)


def make_page(folder: Path, choices: dict, **world) -> Path:
    inputs = make_results(folder / "results", **world)
    figures, tables = folder / "figures", folder / "tables"
    run_figures(inputs, figures, choices)
    run_tables(inputs, tables, choices)
    page = folder / "study.html"
    run_page(inputs, page, folder / "uses.csv", choices, figures=figures, tables=tables)
    return page


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Path:
    return make_page(tmp_path_factory.mktemp("full"), config())


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """A real study of one country without follow-ups and mentoring."""
    world = {"countries": ["NGA"], "follow_ups": False, "mentored": False}
    return make_page(tmp_path_factory.mktemp("bare"), config(world=None), **world)


@pytest.fixture(scope="module", params=["full", "bare"])
def page(request) -> Path:
    return request.getfixturevalue(request.param)


class Reader(HTMLParser):
    """Collects what a page shows and what it points at."""

    EMPTY = frozenset({"meta", "link", "img", "br", "hr", "input"})

    def __init__(self, page: Path):
        super().__init__()
        self.text: list[str] = []
        self.links: list[str] = []
        self.names: list[str] = []
        self.numbers: list[str] = []
        self.images: list[dict[str, str]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        if tag not in self.EMPTY:
            self.open.append(tag)
        self.links += [values[name] for name in ("href", "src") if name in values]
        self.names += [values["id"]] if "id" in values else []
        self.numbers += values.get("data-estimate-id", "").split()
        self.images += [values] if tag == "img" else []

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def test_the_page_is_one_file_that_asks_for_nothing(page):
    read = Reader(page)
    beside = re.compile(
        r"#|data:|audit\.html(#|$)|(\.\./results/)?tables/\w+\.(csv|tex|docx|xlsx)$"
    )
    assert not [link for link in read.links if not beside.match(link)]
    assert "<script" not in page.read_text(encoding="utf-8")
    css = re.findall(r"url\(([^)]*)\)|@import", page.read_text(encoding="utf-8"))
    assert not css


def test_the_page_is_whole(page):
    read = Reader(page)
    assert not read.wrong
    assert not read.open
    assert len(set(read.names)) == len(read.names)
    assert {link[1:] for link in read.links if link.startswith("#")} <= set(read.names)
    assert len(read.images) == 8
    assert all(len(image["alt"]) > 20 for image in read.images)
    for section in ("summary", "question", "data", "method", "results", "claims", "limits",
                    "reproduce", "provenance"):  # fmt: skip
        assert section in read.names


def test_nothing_is_nan_none_or_left_open(page):
    words = Reader(page).words
    for mark in (r"\bnan\b", r"\bNone\b(?! of)", r"\{\w*\}", r"\bNaT\b", "Undefined"):
        assert not re.search(mark, words), mark


def test_every_number_of_the_page_is_in_the_list_of_uses(page):
    uses = read_csv(page.parent / "uses.csv")
    assert list(uses.columns[:2]) == ["estimate_id", "used_in"]
    assert set(Reader(page).numbers) <= set(uses["estimate_id"])
    assert uses["used_in"].str.match(r"(text|figure|table): ").all()
    assert not uses.duplicated(["estimate_id", "used_in"]).any()


def test_a_use_leads_to_the_line_that_holds_the_number(full):
    uses = read_csv(full.parent / "uses.csv")
    for use in uses.sample(40, random_state=1).to_dict("records"):
        lines = (full.parent / "results" / use["file"]).read_text(encoding="utf-8").splitlines()
        name = use["estimate_id"]
        key = name.partition(".")[2] if name.startswith(("model.", "flow.")) else name
        assert lines[use["line"] - 1].split(",")[0] == key


def test_simulated_data_are_marked_everywhere_and_real_data_nowhere(full, bare):
    text = full.read_text(encoding="utf-8")
    captions = re.findall(r"<figcaption.*?</figcaption>", text, flags=re.DOTALL)
    assert len(captions) >= 17
    assert all("SIMULATED DATA" in caption for caption in captions)
    assert 'class="banner"' in text
    assert 'class="print-mark"' in text  # the header of each printed sheet
    assert "SIMULATED" not in Reader(bare).words
    assert "simulated" not in Reader(bare).words.lower()


def test_what_could_not_be_estimated_is_said_with_its_reason(bare):
    words = Reader(bare).words
    assert "Trendlines, within persons: no returnee has two surveys." in words
    assert "Effect of mentoring: no mentored returnee has two surveys." in words
    assert "The study has one country" in words


def test_a_left_out_source_is_stated_in_the_summary(full):
    summary = re.search(r'<section class="summary".*?</section>',
                        full.read_text(encoding="utf-8"), flags=re.DOTALL)  # fmt: skip
    assert summary
    assert "bad.csv (the column q1 is missing)" in summary[0]


def test_the_same_results_make_the_same_page(full, tmp_path):
    folder = full.parent
    inputs = make_results(tmp_path / "results")
    again = folder / "again.html"
    run_page(inputs, again, tmp_path / "uses.csv", config(),
             figures=folder / "figures", tables=folder / "tables")  # fmt: skip
    assert again.read_bytes() == full.read_bytes()
    assert (tmp_path / "uses.csv").read_bytes() == (folder / "uses.csv").read_bytes()


# ---------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as running:
        yield running


@needs_browser
@pytest.mark.parametrize("width", browser.WIDTHS)
def test_the_page_reads_well_in_a_browser(page, chromium, width):
    assert browser.problems_of(chromium, page, width) == []


LONG = "x" * 400
FAULTS = {
    "console": '<script>console.error("broken")</script>',
    "image missing": '<img alt="gone" src="gone.png">',
    "image without words": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "network request": '<img alt="far" src="http://192.0.2.1/far.png">',
    "text wider than its box": f'<p style="width:5rem;overflow-wrap:normal">{LONG}</p>',
    "the page is": '<div style="width:3000px;height:2px"></div>',
    "link to nowhere": '<a href="#nowhere">there</a>',
    "text wider than its cell": (
        '<div style="overflow-x:auto"><table style="table-layout:fixed;width:9rem"><tr>'
        f'<td style="overflow-wrap:normal;white-space:normal">{LONG}</td><td>b</td></tr>'
        "</table></div>"
    ),
}


@needs_browser
@pytest.mark.parametrize("fault", FAULTS)
def test_the_check_finds_what_it_is_for(fault, chromium, tmp_path):
    page = tmp_path / "page.html"
    start = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title></head>'
    page.write_text(f"{start}<body><p>Well.</p></body></html>", encoding="utf-8")
    assert browser.problems_of(chromium, page, 1280) == []
    page.write_text(f"{start}<body><p>Well.</p>{FAULTS[fault]}</body></html>", encoding="utf-8")
    assert any(fault in problem for problem in browser.problems_of(chromium, page, 1280))


@needs_browser
def test_text_that_scrolls_is_no_fault(chromium, tmp_path):
    page = tmp_path / "page.html"
    line = f'<p style="white-space:nowrap">{LONG}</p>'
    page.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title></head>'
        f'<body><div style="overflow-x:auto">{line}</div></body></html>',
        encoding="utf-8",
    )
    assert browser.problems_of(chromium, page, 390) == []
