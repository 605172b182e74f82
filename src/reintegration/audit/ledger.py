"""The ledger: specifications locked on a day, in a file that only grows.

`ledger/specifications.jsonl` holds one entry per line, in canonical JSON. Each entry carries the
hash of the one before it and of itself, so that a line that was changed, moved or taken out of the
middle is noticed. Lines taken off the end are noticed by git alone (`ledger_history`).
"""

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from reintegration.audit.differences import differences
from reintegration.audit.frozen import (
    amendments,
    locked_as_setting,
    settings_of,
    without_lists_of_trends,
)
from reintegration.errors import StudyError
from reintegration.estimation.specs import Specification

LEDGER = Path("ledger/specifications.jsonl")
AS_PLANNED, AMENDED, ADDED_LATER = "as_planned", "amended", "added_later"
WITHDRAWN, NOT_FROZEN = "withdrawn", "not_frozen"


@dataclass(frozen=True)
class Entry:
    """One freezing.

    Attributes
    ----------
    date
        Day of the freezing, by UTC.
    by, note
        Who froze and what is to be said of it; may be empty.
    results_seen
        Whether results had been seen; `simulated` whether those were of simulated data, and
        `surveys` the hash of the surveys that they were of (empty where there are none).
    settings
        What holds for all specifications (`frozen.frozen_settings`).
    specifications
        Id of each specification -> its hash, all that were declared.
    contents
        Hash -> what it stands for (`frozen.frozen_content`), of hashes in no entry before.
    previous, hash
        Hash of the entry before (empty for the first) and of this one.
    """

    number: int
    date: str
    by: str
    note: str
    results_seen: bool
    simulated: bool
    surveys: str
    settings: dict[str, Any]
    specifications: dict[str, str]
    contents: dict[str, dict[str, Any]]
    previous: str
    hash: str = ""

    @property
    def seen(self) -> str:
        """Whether results had been seen, in a word or four."""
        words = "yes, of simulated data" if self.simulated else "yes"
        return words if self.results_seen else "no"

    def sealed(self) -> "Entry":
        """The same entry with its hash."""
        content = {key: value for key, value in asdict(self).items() if key != "hash"}
        return Entry(**content, hash=hashlib.sha256(canonical(content).encode()).hexdigest())

    @property
    def line(self) -> str:
        """The entry as it stands in the file."""
        return canonical(asdict(self)) + "\n"


class Mark(NamedTuple):
    """How a specification stands to what was frozen.

    `frozen_on` is the day of its first freezing, `seen` whether results had been seen then,
    `diff` what is not as it was frozen first; `by` and `note` who froze and what was said of it.
    """

    mark: str
    frozen_on: str = ""
    diff: str = ""
    seen: str = ""
    by: str = ""
    note: str = ""

    @property
    def chosen(self) -> str:
        """Who chose the specification and when, in a sentence; empty where nobody froze it."""
        if not self.frozen_on:
            return ""
        known = "before results had been seen"
        if self.seen != "no":
            of = ", ".join(self.seen.split(", ")[1:])
            known = f"after results {f'({of}) ' if of else ''}had been seen"
        by = f" by {self.by}" if self.by else ""
        note = f" (note: {self.note})" if self.note else ""
        return f"frozen {self.frozen_on}{by}, {known}{note}"


def canonical(content: Mapping[str, Any]) -> str:
    """Write plain data in the one way that is hashed."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


# ---------------------------------------------------------------- reading, checking, adding


def read_ledger(path: str | Path) -> list[Entry]:
    """Read the ledger and check its chain; no entries where there is no file.

    Raises
    ------
    StudyError
        Naming the first line that is not as it was written.
    """
    path = Path(path)
    if not path.exists():
        return []
    entries: list[Entry] = []
    known: set[str] = set()
    lines = path.read_bytes().decode("utf-8", errors="replace").split("\n")
    for number, line in enumerate(lines[:-1], start=1):
        entry, problem = _read_line(line, number, entries[-1] if entries else None)
        if entry is None:
            raise _broken(path, f"line {number}: {problem}")
        entries.append(entry)
        known |= entry.contents.keys()
        if not known.issuperset(entry.specifications.values()):
            raise _broken(path, f"line {number}: names specifications without their content")
    if lines[-1] or not entries:
        raise _broken(path, f"line {len(lines)}: ends in the middle")
    return entries


def _read_line(line: str, number: int, before: Entry | None) -> tuple[Entry | None, str]:
    try:
        content = json.loads(line)
        wanted = {field.name for field in fields(Entry)}
        if not isinstance(content, dict) or content.keys() != wanted:
            return None, "is no entry of the ledger"
        entry = Entry(**content)
        datetime.date.fromisoformat(entry.date)
    except (ValueError, TypeError):
        return None, "is no entry of the ledger"
    if entry.line != line + "\n" or entry.sealed().hash != entry.hash:
        return None, "was changed after it was written: its content does not have its hash"
    if entry.previous != (before.hash if before else ""):
        return None, "does not follow the line before it: a line was changed, moved or taken out"
    if entry.number != number:
        return None, f"is entry {entry.number}: entries are numbered 1, 2, 3"
    if before and entry.date < before.date:
        return None, f"is dated {entry.date}, before the entry above it ({before.date})"
    return entry, ""


def _broken(path: Path, problem: str) -> StudyError:
    return StudyError(
        f"{path}: the chain of the ledger is broken.",
        [
            f"{problem}; entries are never edited, so take the file as it was committed:"
            f" git checkout -- {LEDGER}"
        ],
    )


def add_entry(path: str | Path, entry: Entry) -> None:
    """Append an entry to the ledger."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(entry.line)


def content_of(entries: Sequence[Entry], spec_hash: str) -> dict[str, Any]:
    """Look up what a hash stands for."""
    return next(e.contents[spec_hash] for e in entries if spec_hash in e.contents)


# ---------------------------------------------------------------- marks


def mark(
    specifications: Sequence[Specification],
    entries: Sequence[Entry],
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Mark]:
    """Say of each specification how it stands to what was frozen.

    `as_planned`: it stands in the first entry and is what it was there. `amended`: it stands
    there and is another now, by itself or by a setting that concerns it. `added_later`: it
    stands in a later entry, or in none. `withdrawn`: it stands in an entry and is not declared
    any more. `not_frozen`: there is no ledger. Whether results had been seen at its freezing is
    said beside.

    Parameters
    ----------
    specifications
        Those declared now.
    entries
        As `read_ledger` gives them.
    settings
        Those of now (`frozen.frozen_settings`); None compares specifications alone.

    Returns
    -------
    By `spec_id`: those declared, in order, then those withdrawn.
    """
    if not entries:
        return {spec.spec_id: Mark(NOT_FROZEN) for spec in specifications}
    first: dict[str, Entry] = {}
    for entry in entries:
        for spec_id in entry.specifications:
            first.setdefault(spec_id, entry)
    marks = {
        spec.spec_id: _mark(
            spec, next((e for e in entries if _holds(e, spec)), None), entries, settings
        )
        for spec in specifications
    }
    gone = {
        spec_id: _of(entry, WITHDRAWN, "not declared any more")
        for spec_id, entry in first.items()
        if spec_id not in marks
    }
    return marks | gone


def _mark(
    spec: Specification,
    first: Entry | None,
    entries: Sequence[Entry],
    settings: Mapping[str, Any] | None,
) -> Mark:
    if first is None:
        return Mark(ADDED_LATER, "", "frozen in no entry")
    diff = _diff(spec, first, entries, settings)
    if diff:
        diff += [_frozen_so(spec, entry) for entry in _same(spec, entries, settings)[:1]]
    name = AMENDED if diff else AS_PLANNED
    if first.number > 1:
        name = ADDED_LATER
    return _of(first, name, "; ".join(diff))


def _of(entry: Entry, name: str, diff: str) -> Mark:
    return Mark(name, entry.date, diff, entry.seen, entry.by, entry.note)


def _diff(
    spec: Specification,
    entry: Entry,
    entries: Sequence[Entry],
    settings: Mapping[str, Any] | None,
) -> list[str]:
    """What differs between an entry and now."""
    diff, frozen = [], entry.specifications.get(spec.spec_id)
    if frozen and spec.spec_hash != frozen:
        diff += amendments(content_of(entries, frozen)["content"], spec.content)
    if settings is not None:
        before, after = (settings_of(part, spec.spec_id) for part in (entry.settings, settings))
        if not frozen:
            before, after = without_lists_of_trends(before), without_lists_of_trends(after)
        diff += differences(before, after)
    return diff


def _same(
    spec: Specification, entries: Sequence[Entry], settings: Mapping[str, Any] | None
) -> list[Entry]:
    """Entries that hold the specification as it is now."""
    return [
        entry
        for entry in entries
        if _holds(entry, spec) and not _diff(spec, entry, entries, settings)
    ]


def _holds(entry: Entry, spec: Specification) -> bool:
    """Say whether an entry locks a specification: by its id, or as a trendline of all countries."""
    return spec.spec_id in entry.specifications or locked_as_setting(entry.settings, spec)


def _frozen_so(spec: Specification, entry: Entry) -> str:
    return f"frozen so on {entry.date} (results seen: {entry.seen})"
