"""Links between the study's page and the audit page, which lie beside each other."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup, escape

from reintegration.report.language import Language
from reintegration.report.outputs import FIGURES, TABLES

STUDY, AUDIT = "study.html", "audit.html"
# Numbers whose place is a row of another file than one of estimates: they have no passport.
NO_PASSPORT = ("model.", "flow.")
# Sections of the page, by what uses call them.
SECTIONS = {
    "data": "data",
    "results: scores": "results-scores",
    "results: countries": "results-countries",
    "results: assistance": "results-assistance",
    "results: network": "results-network",
    "results: trendlines": "results-trends",
    "results: ORION": "results-orion",
    "claims": "claims",
    "summary": "summary",
}
_CELL = re.compile(r'(<td[^>]*? data-estimate-id="([^" ]+)"[^>]*>)([^<]+)')


def passport(estimate_id: str) -> str:
    """Address of an estimate's passport, from the study's page; empty where it has none."""
    if estimate_id.startswith(NO_PASSPORT):
        return ""
    return f"{AUDIT}#{quote(estimate_id, safe='')}"


def link_cells(table: Markup) -> Markup:
    """Make the number of each cell of a table a link to its passport."""

    def linked(cell: re.Match[str]) -> str:
        opening, name, text = cell.groups()
        there = passport(Markup(name).unescape())
        return f'{opening}<a class="cell" href="{escape(there)}">{text}</a>' if there else cell[0]

    return Markup(_CELL.sub(linked, str(table)))


def use(used_in: str, language: Language, tables: Sequence[str] = TABLES) -> dict[str, str]:
    """Name a place where a number is shown, and lead to it on the study's page.

    Parameters
    ----------
    tables
        All tables in the order of the page: `outputs.numbered_tables`.
    """
    kind, _, name = used_in.partition(": ")
    for names, key, own in ((FIGURES, "figure", "title"), (tables, "table", "caption")):
        if kind == key and name in names:
            word = "page.figure" if kind == "figure" else "page.table_word"
            number = language.plain(word, number=names.index(name) + 1)
            text = f"{kind}s.{name}.{own}"
            # A title that is filled from results, or declared, would need them here.
            title = str(language.text(text)) if language.has(text) else "{}"
            place = number if "{" in title else f"{number} {title}"
            return {"place": place, "href": f"{STUDY}#{kind}-{name}"}
    place = language.plain("audit_page.text_of", section=name)
    anchor = f"#{SECTIONS[name]}" if name in SECTIONS else ""
    return {"place": place, "href": f"{STUDY}{anchor}"}
