"""What became of a new file, on one screen: matched, unsure, missing, left over, and what next."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from reintegration import COMMAND
from reintegration.ingest.propose.add import Added
from reintegration.ingest.source import Source

UNSURE_SHOWN, NOTES_SHOWN, NAMES_SHOWN = 14, 5, 8
WIDEST = 110
_LANGUAGES = {"en": "English", "fr": "French", "es": "Spanish"}
_DELIMITERS = {"\t": "tab", " ": "space"}


def lines(added: Added, width: int = 80) -> list[str]:
    """Lines of the report, none wider than the screen."""
    width = max(40, min(width, WIDEST))
    found: list[str] = []
    for head, body in _parts(added):
        indent = " " * 10
        first = f"{head:<10}" if len(head) < 10 else f"{head} "
        found += textwrap.wrap(
            _printable(body),
            width,
            initial_indent=first,
            subsequent_indent=indent,
            break_on_hyphens=False,
        ) or [""]
    return found


def _parts(added: Added) -> Iterator[tuple[str, str]]:
    proposal = added.proposal
    source = proposal.source
    yield "File", f"{added.raw}" + (" (copied there)" if added.copied else "")
    yield "Found", _found(added)
    yield "Sure", _sure(added)
    if source.answers:
        count = sum(map(len, source.answers.values()))
        yield "", f"{count} answers that are written otherwise, of {len(source.answers)} questions"
    unsure = list(unsure_lines(source))
    missing = [name for name, likely in source.unsure.columns.items() if not likely]
    if unsure:
        yield "Unsure", "confirm one candidate of each, with its confidence:"
        for line in unsure[:UNSURE_SHOWN]:
            yield "", line
        if len(unsure) > UNSURE_SHOWN:
            yield "", f"... and {len(unsure) - UNSURE_SHOWN} more in the YAML"
    if missing:
        yield "Missing", f"needed, and no column is like it: {', '.join(missing)}"
    if source.not_asked:
        yield "Not asked", ", ".join(source.not_asked)
    if source.drop:
        yield "Dropped", f"{len(source.drop)} that identify people: {_some(source.drop)}"
    if left := [column.name for column in proposal.matches.left]:
        yield "Left over", f"{len(left)} columns that no name is like: {_some(left)}"
    for note in proposal.notes[:NOTES_SHOWN]:
        yield "Note", note
    if len(proposal.notes) > NOTES_SHOWN:
        yield "", f"... and {len(proposal.notes) - NOTES_SHOWN} more notes"
    yield "Written", str(added.path)
    if source.unsure:
        yield (
            "Next",
            (
                f"move what stands under `unsure` in {added.path.name} up, or run this again with "
                f"--replace and {_accept(source)}; then"
            ),
        )
    if added.simulated:
        yield (
            "" if source.unsure else "Next",
            "set `world: null` under `data:` in config.yaml, which studies a simulated world; then",
        )
    first = not source.unsure and not added.simulated
    yield "Next" if first else "", f"{COMMAND} check {source.source}"


def _accept(source: Source) -> str:
    """The form of --accept for what waits."""
    forms = []
    if source.unsure.columns:
        forms.append("--accept NAME=COLUMN (NAME= when it was not asked)")
    if source.unsure.answers or source.unsure.missing_codes:
        forms.append('--accept "NAME:ANSWER=CODE" (no CODE when it means nothing)')
    if source.unsure.date_order:
        forms.append("--date-order dmy or mdy")
    return ", ".join(forms) + (", as often as needed" if "accept" in "".join(forms) else "")


def _found(added: Added) -> str:
    proposal = added.proposal
    found, source = proposal.found, proposal.source
    parts = [f"{proposal.rows} rows, {proposal.columns} columns"]
    if "sheet" in found:
        parts.append(f"sheet {found['sheet']!r}")
    for key, words in (("header_row", "names in row"), ("label_row", "questions in row")):
        if key in found:
            parts.append(f"{words} {found[key]}")
    if "encoding" in found:
        parts.append(str(found["encoding"]))
    if "delimiter" in found:
        parts.append(f"delimiter {_DELIMITERS.get(found['delimiter'], found['delimiter'])}")
    if proposal.language:
        parts.append(_LANGUAGES[proposal.language])
    if source.date_order:
        order = source.date_order
        parts.append(f"dates {order if isinstance(order, str) else 'in several orders'}")
    return ", ".join(parts)


def _sure(added: Added) -> str:
    matches = added.proposal.matches
    ways = Counter(match.how for match in matches.sure.values())
    ways.update("one column per answer" for _ in matches.options)
    total = sum(ways.values())
    if not total:
        return "nothing"
    shown = ", ".join(f"{count} {way}" for way, count in ways.most_common())
    return f"{total} of the codebook's names: {shown}"


def unsure_lines(source: Source) -> Iterator[str]:
    """A line for each name that has candidates; questions with the same doubts share one."""
    unsure = source.unsure
    for name, likely in unsure.columns.items():
        if likely:
            yield f"{name}: " + " | ".join(
                f"{_short(column)} ({score:.2f})" for column, score in likely.items()
            )
    alike: dict[str, list[str]] = {}
    for name, answers in unsure.answers.items():
        shown = ", ".join(
            f"{raw} = {' or '.join(codes) if 0 < len(codes) <= 3 else '?'}"
            for raw, codes in answers.items()
        )
        alike.setdefault(shown, []).append(name)
    for shown, names in alike.items():
        yield f"answers of {', '.join(names)}: {shown}"
    if unsure.missing_codes:
        yield f"codes for missing: {', '.join(unsure.missing_codes)}"
    for name, orders in unsure.date_order.items():
        yield f"order of day and month in {name}: {' or '.join(orders)}"


def _printable(text: str) -> str:
    """A text without the signs by which a terminal could be commanded."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _short(name: str) -> str:
    return textwrap.shorten(name, 60, placeholder="...")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(map(_short, names[:NAMES_SHOWN]))
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
