"""What a check of sources found, as lines for the terminal and as a page."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reintegration.ingest.check import (
    ABSENT,
    SEVERITIES,
    WAITS,
    Checked,
    Detail,
    Finding,
    Report,
    Severity,
)
from reintegration.private import private_file

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 4  # details of one finding in the terminal; the page shows more
WIDEST = 110
NAMED = 8  # sources in one sentence
WAITING = 3  # lines that wait which are said one by one
# What a severity is called, what is counted by it (one, many), and its colour in a terminal.
WORDS: dict[Severity, tuple[str, str, str, str]] = {
    "error": ("ERROR", "problem that keeps it out", "problems that keep it out", "red"),
    "row": ("ROWS", "row taken out", "rows taken out", "yellow"),
    "cell": ("CELLS", "cell changed", "cells changed", "cyan"),
    "flag": ("LOOK", "line to look at", "lines to look at", "magenta"),
    "info": ("NOTE", "note", "notes", "blue"),
}
# What the study does about each severity.
MEANINGS: dict[Severity, str] = {
    "error": "the file cannot be used: the study stops, or leaves it out",
    "row": "rows that cannot be used or are not needed are taken out",
    "cell": "answers that cannot be used are blanked, or their rows taken out, as `cleaning` says",
    "flag": "nothing is wrong for certain, and a person should look",
    "info": "only said",
}
_INDENT = 7
_MARK = "SIMULATED DATA"


def plain(text: str) -> str:
    """Foreign text on one line, without what could steer a terminal or turn its direction."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def where(places: str, rows: tuple[int, ...], count: int) -> str:
    """Name rows: the first few, and that there are more; nothing when none is named."""
    if not rows:
        return ""
    named = ", ".join(map(str, rows))
    if len(rows) == 1 and count == 1:
        return f"{places[:-1]} {named}"
    return f"{places} {named}{', ...' if count > len(rows) else ''}"


def of_file(checked: Checked) -> str:
    """Name the file of a source, and its rows, in brackets."""
    rows = f", {checked.rows_read:,} {checked.places}" if checked.rows_read else ""
    return f" ({checked.file}{rows})" if checked.file else ""


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
    more = f" and {len(kept_out) - NAMED} more" if len(kept_out) > NAMED else ""
    names = ", ".join(kept_out[:NAMED])
    said = f"{len(kept_out)} cannot be used ({names}{more})" if kept_out else "all usable"
    listed = len(report.problems)
    also = f"; {listed} problem{'s' if listed != 1 else ''} of the list of sources" * bool(listed)
    return f"{sources}: {said}{also}."


def lines(report: Report, width: int) -> Iterator[str]:
    """Lines for a terminal, the worst first: of one source everything, of several the outlines."""
    width = min(width, WIDEST)
    if report.simulated:
        yield typer.style(_MARK, bold=True)
    for problem in report.problems:
        yield from _wrapped("error", problem, width)
    for checked in report.parts:
        title = plain(f"{checked.source}{of_file(checked)}: {summary(checked)}")
        yield ""
        yield from map(_bold, textwrap.wrap(title, width))
        alone = len(report.sources) == 1
        for group in groups(checked.findings if alone else in_short(checked.findings)):
            if alone or group[0].severity == "error":
                yield from _in_full(group, checked.places, width)
            else:
                yield from _outline(group, width)
    without = [one.source for one in report.sources if any(f.rule == ABSENT for f in one.findings)]
    if len(report.sources) > 1 and without:
        more = f" and {len(without) - NAMED} more" if len(without) > NAMED else ""
        yield ""
        said = f"columns that are not there are taken as not asked: {', '.join(without[:NAMED])}"
        yield from _wrapped("info", said + more, width)
    yield ""
    yield from map(_bold, textwrap.wrap(outcome(report), width))
    if len(report.sources) > 1:
        hint = "Rows and answers: name one source, or see the page that --html writes."
        yield from textwrap.wrap(hint, width)


def groups(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings by rule, in their order; each problem, and each note, by itself."""
    grouped: dict[tuple, list[Finding]] = {}
    for place, finding in enumerate(findings):
        by_itself = None if finding.count else place
        grouped.setdefault((finding.severity, finding.rule, by_itself), []).append(finding)
    return list(grouped.values())


def in_short(findings: Sequence[Finding]) -> list[Finding]:
    """Findings of one source among several: many waiting lines in one, no absent columns."""
    waiting = [finding for finding in findings if finding.rule == WAITS]
    if len(waiting) <= WAITING:
        return [finding for finding in findings if finding.rule != ABSENT]
    said = f"{len(waiting)} lines wait ({waiting[0].question} ... {waiting[-1].question})"
    rest = [finding for finding in findings if finding.rule not in (WAITS, ABSENT)]
    return [replace(waiting[0], expectation=said), *rest]


def total(group: Sequence[Finding]) -> int:
    """Rows or cells of findings of one rule."""
    return sum(finding.count for finding in group)


def _bold(line: str) -> str:
    return typer.style(line, bold=True)


def _outline(group: Sequence[Finding], width: int) -> Iterator[str]:
    first = group[0]
    said = first.expectation
    if first.count:
        asked = ", ".join(f"{f.question} {f.count:,}" for f in group if f.question)
        said += f": {asked}" if asked else f": {total(group):,}"
    yield from _wrapped(first.severity, said, width)


def _in_full(group: Sequence[Finding], places: str, width: int) -> Iterator[str]:
    first = group[0]
    counted = f" ({total(group):,})" if first.count else ""
    yield from _wrapped(first.severity, first.expectation + counted, width)
    for finding in group:
        yield from _finding(finding, places, width)
    if first.what_to_do:
        yield from _wrapped(None, f"-> {first.what_to_do}", width)


def _finding(finding: Finding, places: str, width: int) -> Iterator[str]:
    """Rows of one question, and what was found in them."""
    only = finding.details[0].text if len(finding.details) == 1 else ""
    if finding.rows:
        why = f"{finding.said}, " if finding.said not in ("", finding.expectation) else ""
        question = f"{finding.question}: " if finding.question else ""
        rows = where(places, finding.rows, finding.count)
        found = f"{finding.count:,} in {rows}{': ' if only else ''}{only}"
        yield from _wrapped(None, f"{question}{why}{found}", width)
    for shown in () if only else finding.details[:SHOWN]:
        yield from _wrapped(None, f"  {detail(shown, places)}", width)
    rest = len(finding.details[SHOWN:]) + finding.more_details
    if rest:
        yield from _wrapped(None, f"  and {rest} more, see --html", width)
    if finding.details and finding.allowed:
        yield from _wrapped(None, f"  allowed: {finding.allowed}", width)


def detail(found: Detail, places: str) -> str:
    """Say one thing found, and where."""
    rows = where(places, found.rows, found.count)
    if found.count == 1:
        return f"{rows}: {found.text}" if rows else found.text
    return f"{found.count:,} x {found.text}: {rows}"


def _wrapped(severity: Severity | None, text: str, width: int) -> Iterator[str]:
    """Lines of a text beside its severity; a text that begins with spaces is set in."""
    word, _, _, colour = WORDS[severity] if severity else ("", "", "", "")
    inner = " " * (len(text) - len(text.lstrip()))
    broken = textwrap.wrap(
        plain(text).strip(),
        max(width - _INDENT, 20),
        initial_indent=inner,
        subsequent_indent=f"{inner}  ",
        break_on_hyphens=False,
    )
    first = typer.style(f"{word:<{_INDENT}}", fg=colour) if severity else " " * _INDENT
    yield first + (broken or [""])[0]
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
        groups=groups,
        total=total,
        where=where,
        plain=plain,
        words=WORDS,
        meanings=MEANINGS,
        severities=SEVERITIES,
        css=Markup((TEMPLATES / "check.css").read_text(encoding="utf-8")),
    )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    private_file(path).write_text(html, encoding="utf-8")  # it holds answers, with their rows
