"""What a check of sources found, as lines for the terminal and as a page."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reintegration.ingest.check import SEVERITIES, Checked, Detail, Finding, Report, Severity

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 4  # details of one finding in the terminal; the page shows more
WIDEST = 110
# What a severity is called, what is counted by it (one, many), and its colour in a terminal.
WORDS: dict[Severity, tuple[str, str, str, str]] = {
    "error": ("ERROR", "problem that keeps it out", "problems that keep it out", "red"),
    "row": ("ROWS", "row taken out", "rows taken out", "yellow"),
    "cell": ("CELLS", "cell changed", "cells changed", "cyan"),
    "flag": ("LOOK", "line to look at", "lines to look at", "magenta"),
    "info": ("NOTE", "note", "notes", "blue"),
}
_INDENT = 7
_MARK = "SIMULATED DATA"


def plain(text: str) -> str:
    """Foreign text on one line, without what could steer a terminal or turn its direction."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def where(places: str, rows: tuple[int, ...], count: int) -> str:
    """Name rows: the first few, and that there are more."""
    named = ", ".join(map(str, rows))
    if len(rows) == 1 and count == 1:
        return f"{places[:-1]} {named}"
    return f"{places} {named}{', ...' if count > len(rows) else ''}"


def summary(checked: Checked) -> str:
    """Say in one line how a source stands."""
    counts = checked.counts()
    said = [_counted(severity, counts[severity]) for severity in SEVERITIES if counts[severity]]
    return "; ".join(said) or "nothing failed"


def _counted(severity: Severity, count: int) -> str:
    _, one, many, _ = WORDS[severity]
    return f"{count:,} {one if count == 1 else many}"


def outcome(report: Report) -> str:
    """Say in one sentence how all sources stand."""
    kept_out = [one.source for one in report.sources if one.worst == "error"]
    total = len(report.sources)
    sources = f"{total} source{'s' if total != 1 else ''} checked"
    said = f"{len(kept_out)} cannot be used ({', '.join(kept_out)})" if kept_out else "all usable"
    listed = len(report.problems)
    also = f"; {listed} problem{'s' if listed != 1 else ''} of the list of sources" * bool(listed)
    return f"{sources}: {said}{also}."


def lines(report: Report, width: int) -> Iterator[str]:
    """Lines for a terminal, the worst first; without colour where there is none."""
    width = min(width, WIDEST)
    if report.simulated:
        yield typer.style(_MARK, bold=True)
    for problem in report.problems:
        yield from _wrapped("error", problem, width)
    for checked in report.sources:
        rows = f", {checked.rows_read:,} {checked.places}" if checked.rows_read else ""
        title = plain(f"{checked.source} ({checked.file}{rows}): {summary(checked)}")
        yield ""
        yield from map(_bold, textwrap.wrap(title, width))
        for finding in checked.findings:
            yield from _finding(finding, checked.places, width)
    yield ""
    yield from map(_bold, textwrap.wrap(outcome(report), width))


def _bold(line: str) -> str:
    return typer.style(line, bold=True)


def _finding(finding: Finding, places: str, width: int) -> Iterator[str]:
    said = f"{finding.question}: {finding.said}" if finding.question else finding.said
    if finding.count:
        said += f" ({finding.count:,}; {where(places, finding.rows, finding.count)})"
    yield from _wrapped(finding.severity, said, width)
    for detail in finding.details[:SHOWN]:
        yield from _wrapped(None, _detail(detail, places), width)
    rest = len(finding.details[SHOWN:]) + finding.more_details
    if rest:
        yield from _wrapped(None, f"and {rest} more, see --html", width)
    if finding.details and finding.allowed:
        yield from _wrapped(None, f"allowed: {finding.allowed}", width)
    if finding.what_to_do:
        yield from _wrapped(None, f"-> {finding.what_to_do}", width)


def _detail(detail: Detail, places: str) -> str:
    return f"{detail.count:,} x {detail.text}: {where(places, detail.rows, detail.count)}"


def _wrapped(severity: Severity | None, text: str, width: int) -> Iterator[str]:
    word, _, _, colour = WORDS[severity] if severity else ("", "", "", "")
    broken = textwrap.wrap(plain(text), max(width - _INDENT, 20)) or [""]
    first = typer.style(f"{word:<{_INDENT}}", fg=colour) if severity else " " * _INDENT
    yield first + broken[0]
    yield from (" " * _INDENT + line for line in broken[1:])


def write_page(report: Report, path: str | Path) -> None:
    """Write the report as one HTML file that needs no network."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    html = environment.get_template("check.html").render(
        report=report,
        mark=_MARK,
        outcome=outcome(report),
        summary=summary,
        where=where,
        plain=plain,
        words=WORDS,
        severities=SEVERITIES,
        css=Markup((TEMPLATES / "check.css").read_text(encoding="utf-8")),
    )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
