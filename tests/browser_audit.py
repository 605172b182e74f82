"""What the audit page must do in a browser: search, sort, filter, open passports, lead back."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from browser import open_page, problems_of, wait_for
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

SHOWN = "return document.querySelector('#passport:not([hidden]) article')?.dataset.estimateId"
TABLE = "return !document.getElementById('tables-of-audit').hidden"
ACTIVE = "return audit.listings.estimates.table.getDataCount('active')"
ROWS = """
return audit.listings.estimates.table.getRows('active').map(row => row.getData()[arguments[0]]);
"""
FILTERED = (
    "return audit.listings.estimates.table.getDataCount('active') < audit.data.estimates.length"
)


def problems_of_audit(
    browser: Any, page: Path, study: Path, widths: tuple[int, ...], trials: str = ""
) -> Iterator[str]:
    """Try everything that a reader does with the page, and say what did not work.

    `trials` names one of the trials to try alone.
    """
    open_page(browser, page)
    first = browser.execute_script(
        "return audit.data.estimates.find(row => typeof row.estimate === 'number')?.id"
    )
    if first is None:
        yield "no estimate to look at"
        return
    for trial in (_rows, _search, _sort, _condition, _export, _click, _keys, _cautions):
        if trials not in ("", trial.__name__):
            continue
        open_page(browser, page)
        try:
            yield from trial(browser)
        except Exception as error:  # whatever breaks the page is a problem of the page
            yield f"{trial.__name__.strip('_')}: {str(error).splitlines()[0]}"
    yield from _addresses(browser, page, first)
    yield from _targets(browser, page, study)
    for part in (first, f"specification:{_specification(browser)}", "specifications", "crosscheck",
                 "run"):  # fmt: skip
        for width in widths:
            yield from (
                f"#{part}: {problem}" for problem in problems_of(browser, page, width, part)
            )


def _cautions(browser: Any) -> Iterator[str]:
    """No note of loading is left; few degrees of freedom and what a large DFBETA is are said."""
    if browser.find_element(By.ID, "loading").is_displayed():
        yield "the page still says that it opens its tables"
    row = "audit.data.estimates.find(row => typeof row.estimate === 'number')"
    for df, said in ((1.6, True), (30, False)):
        text = browser.execute_script(f"return headline({row}, {{ df: {df} }}).textContent")
        if ("hardly be relied on" in text) is not said:
            yield f"{df} degrees of freedom: {text!r}"
    moved = "{ influence: { dfbetas: [{ position: 3, dfbetas: 0.2 }] } }"
    text = browser.execute_script(
        f"return influence({{ rows: null }}, {moved}, {{ model: {{ n_obs: 400 }} }}).textContent"
    )
    if "here 0.100." not in text:
        yield f"how large a DFBETA is notable is not said: {text!r}"


def _specification(browser: Any) -> str:
    return str(browser.execute_script("return audit.data.specifications[0]?.id ?? ''"))


def _rows(browser: Any) -> Iterator[str]:
    """The table holds every estimate, and says how many."""
    every = browser.execute_script("return audit.data.estimates.length")
    listed = browser.execute_script(ACTIVE)
    said = browser.find_element(By.ID, "count-estimates").text
    if listed != every or not every:
        yield f"the table lists {listed} of {every} estimates"
    if not said.replace(",", "").startswith(str(every)):
        yield f"the count says {said!r} of {every} estimates"


def _search(browser: Any) -> Iterator[str]:
    """A search leaves what holds all its words, and clearing brings all back."""
    everything = browser.execute_script("return audit.data.estimates.map(row => row.text)")
    browser.find_element(By.ID, "search-estimates").send_keys("training composite")
    wait_for(browser, FILTERED)
    wanted = sum("training" in text and "composite" in text for text in everything)
    found = browser.execute_script(ROWS, "text")
    if not wanted or len(found) != wanted:
        yield f"a search finds {len(found)} rows, {wanted} hold its words"
    browser.find_element(By.ID, "clear-estimates").click()
    if browser.execute_script(ACTIVE) != len(everything):
        yield "clearing the filters does not bring all rows back"


def _heading(browser: Any, field: str) -> Any:
    chosen = f'#table-estimates .tabulator-col[tabulator-field="{field}"]'
    heading = browser.find_element(By.CSS_SELECTOR, chosen)
    browser.execute_script(
        "arguments[0].scrollIntoView({inline: 'center', block: 'center'})", heading
    )
    return heading


def _sort(browser: Any) -> Iterator[str]:
    """The heading of p sorts, by key as by mouse, and what has no p comes last."""
    title = _heading(browser, "p").find_element(By.CSS_SELECTOR, ".tabulator-col-title")
    title.send_keys(Keys.ENTER)
    found = wait_for(
        browser,
        "return audit.listings.estimates.table.getSorters().length"
        " && audit.listings.estimates.table.getRows('active').map(row => row.getData().p)",
    )
    numbers = [value for value in found or [] if value is not None]
    if not numbers or numbers != sorted(numbers):
        yield "sorting by p leaves it out of order"
    elif found[: len(numbers)] != numbers:
        yield "rows without p stand between those with one"


def _condition(browser: Any) -> Iterator[str]:
    """A condition below the heading of p leaves the rows that meet it."""
    _heading(browser, "p").find_element(By.TAG_NAME, "input").send_keys("< 0.01")
    wait_for(browser, FILTERED)
    found = browser.execute_script(ROWS, "p")
    every = browser.execute_script("return audit.data.estimates.map(row => row.p)")
    wanted = sum(value is not None and value < 0.01 for value in every)
    if len(found) != wanted or any(value is None or value >= 0.01 for value in found):
        yield f"the condition p < 0.01 leaves {len(found)} rows, {wanted} meet it"


def _export(browser: Any) -> Iterator[str]:
    """What is saved are the rows that the filters leave."""
    browser.find_element(By.ID, "search-estimates").send_keys("training")
    wait_for(browser, FILTERED)
    browser.find_element(By.ID, "export-estimates").click()
    saved = browser.execute_script("return audit.listings.estimates.saved") or ""
    kept = browser.execute_script(ACTIVE)
    if not saved.startswith("id,") or saved.count("\n") < kept + 1:
        yield f"the saved table has {saved.count(chr(10))} lines for {kept} rows"


def _opened(browser: Any, name: str, text: str, how: str) -> Iterator[str]:
    """The passport of an estimate is open, with its number, and the page has come to it."""
    shown = wait_for(browser, SHOWN)
    if shown != name:
        yield f"{how} opens {shown!r} instead of {name!r}"
        return
    passport = browser.find_element(By.CSS_SELECTOR, "#passport article")
    if text not in passport.text:
        yield f"{how}: the passport of {name} does not show {text}"
    if browser.execute_script("return document.activeElement.id") != "passport-title":
        yield f"{how}: the passport's title has not the focus"


def _first(browser: Any) -> tuple[Any, str, str]:
    """The first row of the table with an estimate: its element, id and estimate as shown."""
    rows = browser.find_elements(By.CSS_SELECTOR, "#table-estimates .tabulator-row")
    for row in rows:
        cell = row.find_element(By.CSS_SELECTOR, '[tabulator-field="estimate"]')
        if cell.text.strip():
            return row, row.find_element(By.CSS_SELECTOR, "a.id").text, cell.text
    raise ValueError("no row of the table shows an estimate")


def _click(browser: Any) -> Iterator[str]:
    """A click on a row opens its passport; back closes it."""
    row, name, text = _first(browser)
    row.find_element(By.CSS_SELECTOR, '[tabulator-field="term"]').click()
    yield from _opened(browser, name, text, "a click on a row")
    browser.back()
    if not wait_for(browser, TABLE):
        yield "back does not close the passport"
    again = browser.execute_script("return document.activeElement.textContent")
    if again != name:
        yield "back does not return the focus to the row"


def _keys(browser: Any) -> Iterator[str]:
    """Enter on a row's name opens its passport."""
    row, name, text = _first(browser)
    row.find_element(By.CSS_SELECTOR, "a.id").send_keys(Keys.ENTER)
    yield from _opened(browser, name, text, "Enter on a row")


def _addresses(browser: Any, page: Path, name: str) -> Iterator[str]:
    """An address leads to a passport, and one that leads nowhere says so."""
    open_page(browser, page, name)
    text = browser.execute_script(
        "const row = audit.data.byId.get(arguments[0]);"
        "return audit.written(row.estimate, row.how, row.error)", name,
    )  # fmt: skip
    yield from _opened(browser, name, text, "an address")
    open_page(browser, page, "no.such.estimate")
    if not browser.find_element(By.ID, "unknown").is_displayed():
        yield "an address that leads nowhere says nothing"


def _targets(browser: Any, page: Path, study: Path) -> Iterator[str]:
    """Every link of the study's page leads to an estimate."""
    if not study.exists():
        yield f"{study.name} is not beside {page.name}"
        return
    links = re.findall(r'href="audit\.html#([^"]+)"', study.read_text(encoding="utf-8"))
    names = sorted({unquote(html.unescape(link)) for link in links})
    open_page(browser, page)
    known = "return arguments[0].filter(name => !audit.data.byId.has(name))"
    if not names:
        yield f"{study.name} links to no estimate"
    for name in browser.execute_script(known, names):
        yield f"{study.name} links to {name}, which has no passport"
