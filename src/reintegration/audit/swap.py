"""What a study was made from, and a copy of its tables for the next one to be held against.

The workflow knows the present only: what a rule makes depends on its inputs, and a second run
must change nothing. To say what a new source changed needs the past, so the runner keeps the
tables of the last finished study (aggregated ones, never surveys), with a hash of every source's
file, mapping and decisions.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from reintegration.audit.compare import FILES, Results
from reintegration.audit.differences import came_and_went
from reintegration.plan import Plan

KEPT = "audit/last_study.zip"  # below results/
RUN = "run.json"
# What a source is made of, in words.
PARTS = {"raw": "its file", "mapping": "its mapping", "decisions": "decisions by hand"}
_DATE = (1980, 1, 1, 0, 0, 0)  # of every member, so that the same tables give the same bytes


@dataclass(frozen=True)
class Run:
    """What a finished study was made from.

    Attributes
    ----------
    sources
        Name of each source -> hashes of `PARTS`; empty where there is none.
    decided
        Hash of the decisions by hand that name no source: matches of returnees among them.
    choices
        The configuration, plain.
    files
        Hash of each other file that was read: codebook, claims, world.
    code
        Hash of the software that makes the results.
    world
        The simulated world, or None for real data.
    results
        Hash of the tables that came out.
    """

    sources: dict[str, dict[str, str]]
    decided: str
    choices: dict[str, Any]
    files: dict[str, str]
    code: str
    world: str | None
    results: str


@dataclass(frozen=True)
class Changes:
    """What differs between what two studies were made from."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    replaced: dict[str, list[str]] = field(default_factory=dict)  # source -> which `PARTS`
    decided: bool = False
    others: list[str] = field(default_factory=list)  # causes that are no source, in words

    @property
    def of_sources(self) -> bool:
        """Whether the data studied are others."""
        return bool(self.added or self.removed or self.replaced or self.decided)


@dataclass(frozen=True)
class Past:
    """The last finished study: what it was made from, its tables, and what was compared last.

    `compared` is the hash of the results that the last swap report was about.
    """

    run: Run
    results: Results
    compared: str


# ---------------------------------------------------------------- what a study is made from


def describe_run(plan: Plan) -> Run:
    """Say what the study just finished was made from."""
    root = plan.root
    sources = {
        name: {
            "raw": _hash_file(root / plan.raw_file(name)),
            "mapping": _hash_text(json.dumps(plan.sources[name], sort_keys=True))
            if name in plan.sources
            else _hash_file(root / plan.mapping_file(name)),
            "decisions": _decided(plan, name),
        }
        for name in sorted(plan.files)
    }
    instrument = plan.config.instrument
    named = [*instrument.files, instrument.variables, *filter(None, [instrument.claims])]
    named += [Path(path) for path in plan.world_files]
    package = Path(__file__).parents[1]
    shown = package / "report"  # changes how results look, and no result
    code = [path for path in sorted(package.rglob("*.py")) if not path.is_relative_to(shown)]
    return Run(
        sources=sources,
        decided=_decided_at_large(plan),
        choices=plan.config.model_dump(mode="json"),
        files={str(path): _hash_file(root / path) for path in named},
        code=_hash_text("".join(_hash_file(path) for path in [*code, root / "uv.lock"])),
        world=plan.world.name if plan.world else None,
        results=hash_results(root / "results"),
    )


def hash_results(folder: Path) -> str:
    """Hash the tables that two studies are compared by."""
    return _hash_text("".join(_hash_file(folder / file) for file in FILES))


def _hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _hash_file(path: Path) -> str:
    """Hash a file's content; empty where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _decided(plan: Plan, source: str) -> str:
    """Hash the corrections by hand that name a source, wherever they stand; empty for none."""
    lines = [replace(line, line=0) for line in plan.decisions.corrections if line.source == source]
    return _hash_text(repr(lines)) if lines else ""


def _decided_at_large(plan: Plan) -> str:
    """Hash the matches of returnees, and the corrections that name no source."""
    lines = [replace(line, line=0) for line in plan.decisions.corrections if not line.source]
    matches = [replace(line, line=0) for line in plan.decisions.matches]
    return _hash_text(repr((lines, matches))) if lines or matches else ""


# ---------------------------------------------------------------- what differs


def changes_between(before: Run, after: Run) -> Changes:
    """Say which sources were added, removed or replaced, and what else is not as it was."""
    old, new = before.sources, after.sources
    replaced = {
        name: [part for part in PARTS if old[name].get(part) != new[name].get(part)]
        for name in old.keys() & new.keys()
    }
    others = [
        f"config.yaml, {key}{words}" for key, words in _choices(before.choices, after.choices)
    ]
    files = sorted(before.files.keys() | after.files.keys())
    others += [name for name in files if before.files.get(name) != after.files.get(name)]
    if before.code != after.code:
        others.append("the software")
    return Changes(
        added=sorted(new.keys() - old.keys()),
        removed=sorted(old.keys() - new.keys()),
        replaced={name: parts for name, parts in sorted(replaced.items()) if parts},
        decided=before.decided != after.decided,
        others=others,
    )


def _choices(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys of the configuration that differ; of lists of names, what came and went."""
    for section in dict.fromkeys([*before, *after]):
        old, new = before.get(section), after.get(section)
        if not isinstance(old, Mapping) or not isinstance(new, Mapping):
            if old != new:
                yield section, ""
            continue
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                words = came_and_went(old.get(key), new.get(key))
                yield f"{section}.{key}", f" ({words})" if words else ""


# ---------------------------------------------------------------- the copy that is kept


def keep(results: Path, run: Run, compared: str) -> None:
    """Keep the tables of a finished study and what it was made from, in place of the last one."""
    path = results / KEPT
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = {RUN: json.dumps({"run": asdict(run), "compared": compared}, indent=1).encode()}
    parts |= {file: (results / file).read_bytes() for file in FILES}
    made = path.with_suffix(".part")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)
    made.replace(path)


def run_of(results: Path) -> Run | None:
    """What the results of a folder were made from, if the run that made them kept it."""
    past = last_study(results)
    return past.run if past and past.run.results == hash_results(results) else None


def last_study(results: Path) -> Past | None:
    """The study that was kept, or None: there was none, or another version wrote it."""
    path = results / KEPT
    try:
        with zipfile.ZipFile(path) as archive:
            said = json.loads(archive.read(RUN))
            if archive.testzip() is not None or not {*FILES} <= {*archive.namelist()}:
                return None
        return Past(Run(**said["run"]), Results(path), str(said["compared"]))
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError):
        return None
