"""`reintegration freeze`: lock the declared specifications, or verify what is locked."""

import datetime
import hashlib
import textwrap
from pathlib import Path

from reintegration.audit.frozen import frozen_content, frozen_settings
from reintegration.audit.ledger import (
    ADDED_LATER,
    AMENDED,
    AS_PLANNED,
    LEDGER,
    WITHDRAWN,
    Entry,
    add_entry,
    mark,
    read_ledger,
)
from reintegration.audit.ledger_history import check_history, git_name
from reintegration.audit.swap import run_of
from reintegration.errors import StudyError
from reintegration.plan import Plan, read_plan
from reintegration.studies.regressions import ALL, study_specifications

RESULTS = Path("results/models/estimates.csv")  # once there, results count as seen
SURVEYS = Path("results/clean/surveys.parquet")


def freeze(
    folder: Path,
    by: str | None = None,
    note: str = "",
    seen: bool | None = None,
    today: datetime.date | None = None,
) -> list[str]:
    """Append an entry that locks the specifications of a folder's config.yaml.

    Parameters
    ----------
    folder
        Folder of config.yaml; the ledger stands below it.
    by
        Who freezes; default: the name by which commits are made here.
    note
        What is to be said of it.
    seen
        Whether results have been seen; default: whether there are any, or an earlier entry says
        so.
    today
        Day of the entry; default: today, by UTC.

    Returns
    -------
    What was locked, in lines.

    Raises
    ------
    StudyError
        If nothing has changed since the last entry, the ledger is not as it was written, or
        `seen` denies results that are there.
    """
    plan = read_plan(folder / "config.yaml")
    path = folder / LEDGER
    entries = read_ledger(path)
    if problem := check_history(folder).problem:
        raise _shortened(problem)
    entry = _entry(plan, entries, seen, by, note, today)
    last = entries[-1] if entries else None
    if last and (last.specifications, last.settings) == (entry.specifications, entry.settings):
        raise StudyError(
            f"{LEDGER}: nothing has changed since entry {last.number} of {last.date}; nothing was"
            " frozen."
        )
    if last and entry.date < last.date:
        raise StudyError(
            f"{LEDGER}: the last entry is dated {last.date}, and this machine says that today is"
            f" {entry.date}: put its clock right."
        )
    add_entry(path, entry)
    return _said(plan, [*entries, entry])


def _entry(
    plan: Plan,
    entries: list[Entry],
    seen: bool | None,
    by: str | None,
    note: str,
    today: datetime.date | None,
) -> Entry:
    folder = plan.root
    there = (folder / RESULTS).exists()
    run = run_of(folder / "results") if there else None
    simulated = plan.simulated if run is None else run.world is not None
    before = [e for e in entries if e.results_seen and (simulated or not e.simulated)]
    if seen is False and (there or before):
        known = (
            f"{RESULTS} is there" if there else f"entry {before[0].number} says that they were seen"
        )
        raise StudyError(
            "--results-seen no: results have been seen.",
            [f"{known}; freeze without --results-seen, and say in --note how they came about"],
        )
    specifications = study_specifications(plan.config)
    contents = {spec.spec_hash: frozen_content(spec) for spec in specifications}
    known_hashes = {name for entry in entries for name in entry.contents}
    surveys = folder / SURVEYS
    return Entry(
        number=len(entries) + 1,
        date=(today or datetime.datetime.now(datetime.UTC).date()).isoformat(),
        by=git_name(folder) if by is None else by,
        note=note,
        results_seen=bool(seen or there or before),
        simulated=simulated,
        surveys=_hash(surveys) if there and surveys.exists() else "",
        settings=frozen_settings(plan.config, plan.config.instrument.codebook(folder)),
        specifications={spec.spec_id: spec.spec_hash for spec in specifications},
        contents={name: c for name, c in contents.items() if name not in known_hashes},
        previous=entries[-1].hash if entries else "",
    ).sealed()


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _said(plan: Plan, entries: list[Entry]) -> list[str]:
    entry = entries[-1]
    marks = mark(study_specifications(plan.config), entries, entry.settings)
    by = f" by {entry.by}" if entry.by else ""
    lines = [
        f"Locked {len(entry.specifications)} specifications: entry {entry.number} of {LEDGER},"
        f" {entry.date}{by}.",
        f"Results had been seen: {entry.seen}.",
        f"Since the first entry: {_counts([m.mark for m in marks.values()])}.",
    ]
    if plan.config.study.countries == ALL:
        lines.append(
            "Trendlines are locked as settings: which countries have one, the data will tell, since"
            " study.countries is `all`. Their marks will stand in results/models/specs.csv."
        )
    for spec_id, one in marks.items():
        if one.mark != AS_PLANNED:
            text = f"  {one.mark.replace('_', ' ')}: {spec_id}"
            lines += textwrap.wrap(
                f"{text} ({one.diff})" if one.diff else text, 92, subsequent_indent="    "
            )
    lines.append(f"Hash of the entry: {entry.hash}")
    lines.append(f"Commit it: git add {LEDGER} && git commit. Whoever holds the hash can verify.")
    return lines


def _counts(marks: list[str]) -> str:
    names = (AS_PLANNED, AMENDED, ADDED_LATER, WITHDRAWN)
    return ", ".join(f"{marks.count(name)} {name.replace('_', ' ')}" for name in names)


def verify(folder: Path, holds: str | None = None) -> list[str]:
    """Check the ledger of a folder, line by line and against git.

    Parameters
    ----------
    holds
        Hash of an entry, noted elsewhere, that must be there.

    Returns
    -------
    What was checked, in lines.

    Raises
    ------
    StudyError
        If the ledger is not there or is not as it was written.
    """
    entries = read_ledger(folder / LEDGER)
    history = check_history(folder)
    if history.problem:
        raise _shortened(history.problem)
    if not entries:
        raise StudyError(f"{LEDGER}: there is none; `reintegration freeze` begins it.")
    if holds is not None and holds not in [entry.hash for entry in entries]:
        raise StudyError(
            f"{LEDGER}: no entry has the hash {holds}.",
            ["entries were taken off the end, or all were written anew; or it is of another study"],
        )
    lines = [
        f"entry {e.number}, {e.date}{f', by {e.by}' if e.by else ''}: {len(e.specifications)}"
        f" specifications, results seen: {e.seen}{f' ({e.note})' if e.note else ''}"
        for e in entries
    ]
    lines.append(f"{LEDGER}: {len(entries)} entries, the chain is whole.")
    if history.checked is not None:
        lines.append(f"git: {history.checked} committed versions, each the beginning of the next.")
    if history.note:
        lines.append(f"Note: {history.note}.")
    return lines


def _shortened(problem: str) -> StudyError:
    return StudyError(
        f"{LEDGER}: is not what was committed.",
        [
            f"{problem}: entries were taken away or changed. Take it as it was committed:"
            f" git checkout COMMIT -- {LEDGER}; to begin anew in the open, commit its removal first"
        ],
    )
