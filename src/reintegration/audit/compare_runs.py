"""Two runs held against each other: which estimates moved, and why where it can be told."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reintegration.audit.compare import (
    APPEARED,
    ESTIMATES,
    INFERENCE,
    MOVED,
    SAME,
    VANISHED,
    Results,
    agree,
    compare_estimates,
    estimates_of,
)
from reintegration.audit.differences import differences
from reintegration.errors import StudyError
from reintegration.tables_io import write_csv

SPECS, MODELS, RUN = "models/specs.csv", "models/models.csv", "audit/run.json"
# The number is the same, its error, p-value or interval is not.
ERROR_MOVED = "error moved"
DATA, SPECIFICATION, CODE, VERSIONS = "data", "specification", "code", "versions"
SEED, SETTINGS, UNKNOWN = "seed", "settings", "cannot be told"
CAUSES = (DATA, SPECIFICATION, CODE, VERSIONS, SEED, SETTINGS, UNKNOWN)
COLUMNS = (
    *("estimate_id", "table", "outcome", "term", "country", "status", "causes", "before"),
    *("after", "std_error_before", "std_error_after", "difference"),
    *("difference_in_std_errors", "reason", "details"),
)
LISTED_DETAILS, LISTED_IDS = 5, 10
SHOWN = 15  # of the largest movements, on the terminal
# Columns of specs.csv that say what a specification is.
_SAYS = (
    *("role", "outcome", "formula", "sample", "estimator", "vcov", "also", "data", "terms"),
    *("controls", "country_coding", "not_recorded", "weights", "fixed_effects"),
)


@dataclass(frozen=True)
class Side:
    """What one run says of itself.

    Attributes
    ----------
    estimated
        Ids of specifications that it has estimates of.
    specs, models
        By `spec_id`, a row each.
    run
        What its numbers were made with, or None where it was not written down.
    """

    name: str
    estimated: frozenset[str]
    specs: dict[str, dict[str, Any]]
    models: dict[str, dict[str, Any]]
    run: dict[str, Any] | None


@dataclass(frozen=True)
class RunsCompared:
    """Every estimate of two runs, with `COLUMNS`, and what is to be said of the comparison."""

    estimates: pd.DataFrame
    notes: list[str] = field(default_factory=list)


def compare_runs(before: Results, after: Results) -> RunsCompared:
    """Match the estimates of two runs by id, and name the causes of each that differs.

    Raises
    ------
    StudyError
        If one of the two holds no estimates.
    """
    there = {
        side.name: [name for name, source in ESTIMATES.items() if side.has(source.file)]
        for side in (before, after)
    }
    if empty := [name for name, tables in there.items() if not tables]:
        raise StudyError(
            f"{', '.join(empty)}: holds no estimates.",
            [f"none of {', '.join(s.file for s in ESTIMATES.values())} is there"],
        )
    earlier, later = (estimates_of(one, there[one.name]) for one in (before, after))
    compared = compare_estimates(earlier, later)
    compared.loc[_error_moved(compared, earlier, later), "status"] = ERROR_MOVED
    sides = _side(before, earlier), _side(after, later)
    spec_of = {**_spec_ids(earlier), **_spec_ids(later)}
    found: dict[str, tuple[list[str], list[str]]] = {}
    causes, details = [], []
    for estimate_id, status in zip(compared["estimate_id"], compared["status"], strict=True):
        spec_id = spec_of.get(estimate_id, "")
        if status == SAME:
            named: tuple[list[str], list[str]] = ([], [])
        else:
            named = found.setdefault(spec_id, _causes(spec_id, *sides))
        causes.append(", ".join(named[0]))
        details.append("; ".join(named[1]))
    compared = compared.assign(causes=causes, details=details)
    rank = {name: i for i, name in enumerate((MOVED, ERROR_MOVED, VANISHED, APPEARED, SAME))}
    compared = compared.sort_values("status", key=lambda s: s.map(rank), kind="stable")
    return RunsCompared(
        compared[list(COLUMNS)].reset_index(drop=True), _notes(before, after, there, sides)
    )


def _error_moved(compared: pd.DataFrame, earlier: pd.DataFrame, later: pd.DataFrame) -> pd.Series:
    """Which estimates are the same and have another error, p-value or interval."""
    columns = ["std_error", *INFERENCE]
    sides = [
        side.set_index("estimate_id")[columns].reindex(compared["estimate_id"])
        for side in (earlier, later)
    ]
    other = np.zeros(len(compared), dtype=bool)
    for column in columns:
        old, new = (side[column].reset_index(drop=True) for side in sides)
        other |= ~agree(old, new) & ~(old.isna() & new.isna()).to_numpy()
    return (compared["status"] == SAME) & other


def _spec_ids(estimates: pd.DataFrame) -> dict[str, str]:
    return dict(zip(estimates["estimate_id"], estimates["spec_id"], strict=True))


def _named(item: tuple[Any, Any]) -> tuple[str, Any]:
    return str(item[0]), item[1]


def _side(results: Results, estimates: pd.DataFrame) -> Side:
    def rows(file: str) -> dict[str, dict[str, Any]]:
        if not results.has(file):
            return {}
        table = results.table(file).astype(object)
        table = table.where(table.notna(), "")
        return {
            str(row["spec_id"]): dict(map(_named, row.items())) for row in table.to_dict("records")
        }

    run = None
    if results.has(RUN):
        try:
            run = json.loads(results.text(RUN))
        except ValueError as error:
            raise StudyError(f"{results.name}: {RUN} cannot be read.", [str(error)]) from None
    estimated = frozenset(estimates["spec_id"])
    return Side(results.name, estimated, rows(SPECS), rows(MODELS), run)


# ---------------------------------------------------------------- causes


def _causes(spec_id: str, before: Side, after: Side) -> tuple[list[str], list[str]]:
    """Name what differs that may have moved a specification's estimates, and say how."""
    found = {
        DATA: _data(spec_id, before, after),
        SPECIFICATION: _specification(spec_id, before, after),
        **_run_causes(before.run, after.run),
    }
    named = {name: text for name, text in found.items() if text}
    if SETTINGS in named and len(named) > 1:
        del named[SETTINGS]  # the configuration differs wherever anything declared does
    if not named:
        return [UNKNOWN], [f"{UNKNOWN}: {_why_unknown(before, after)}"]
    return [*named], [f"{name}: {text}" for name, text in named.items()]


def _data(spec_id: str, before: Side, after: Side) -> str:
    """How the data differ that a specification is fitted to."""
    parts = []
    hashes = [side.run.get("data", {}) if side.run else {} for side in (before, after)]
    shared = [name for name in hashes[0] if name in hashes[1]]
    parts += [f"other {name}" for name in shared if hashes[0][name] != hashes[1][name]]
    old, new = before.models.get(spec_id), after.models.get(spec_id)
    if not old or not new:
        return ", ".join(parts)
    declared = [side.specs.get(spec_id, {}).get("spec_hash") for side in (before, after)]
    as_declared = declared[0] == declared[1]
    known = shared and not parts  # the files are known to be the same
    if as_declared and not known and old.get("sample_id") != new.get("sample_id"):
        parts.append(f"other rows ({_count(old)} to {_count(new)})")
    elif as_declared and not known and old.get("data_hash") != new.get("data_hash"):
        parts.append("the same rows with other values")
    return ", ".join(parts)


def _count(model: Mapping[str, Any]) -> str:
    n = model.get("n_obs", "")
    return f"{int(n):,}" if n != "" else "none"


def _specification(spec_id: str, before: Side, after: Side) -> str:
    """How a specification differs from what it was."""
    old, new = before.specs.get(spec_id), after.specs.get(spec_id)
    in_both = spec_id in before.estimated and spec_id in after.estimated
    if (old is None and new is None) or ((old is None or new is None) and in_both):
        return ""  # a list of one run that does not know it says nothing
    if old is None or new is None:
        return f"declared in {(after if old is None else before).name} only"
    if old.get("spec_hash") == new.get("spec_hash"):
        return ""
    said = [name for name in _SAYS if name in old and name in new]
    was, now = ({name: _list(row, name) for name in said} for row in (old, new))
    listed = differences(was, now)
    return ", ".join(listed) or "another hash"


def _list(row: Mapping[str, Any], name: str) -> Any:
    text = str(row[name])
    return text.split() if name in ("terms", "controls") else text


def _run_causes(before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, str]:
    """How code, versions, seed and configuration of two runs differ; empty where not known."""
    if before is None or after is None:
        return {}

    def differ(key: str, without: Sequence[str] = ()) -> str:
        old, new = (
            {k: v for k, v in (run.get(key) or {}).items() if k not in without}
            for run in (before, after)
        )
        return ", ".join(differences(old, new))

    code = differ("code", without=("report", "cli"))
    other = {key: [run.get(key) for run in (before, after)] for key in ("seed", "config_sha256")}
    return {
        CODE: f"other code in {_packages(before, after)}{_commits(before, after)}" if code else "",
        VERSIONS: differ("software"),
        SEED: "" if _equal(other["seed"]) else f"from {other['seed'][0]} to {other['seed'][1]}",
        SETTINGS: "" if _equal(other["config_sha256"]) else "config.yaml is another",
    }


def _equal(pair: Sequence[Any]) -> bool:
    return pair[0] == pair[1]


def _packages(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    old, new = before.get("code", {}), after.get("code", {})
    names = [n for n in dict.fromkeys([*old, *new]) if old.get(n) != new.get(n) and n != "report"]
    return ", ".join(names)


def _commits(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    commits = [str(run.get("commit") or "")[:10] for run in (before, after)]
    return f" (commit {commits[0]} to {commits[1]})" if all(commits) else ""


def _why_unknown(before: Side, after: Side) -> str:
    silent = [side.name for side in (before, after) if side.run is None]
    if silent:
        return f"what it was made with is not known of {' and '.join(silent)}"
    return "nothing known differs; data, specification, code, versions and seed are the same"


def _notes(
    before: Results, after: Results, there: Mapping[str, list[str]], sides: Sequence[Side]
) -> list[str]:
    notes = []
    for one, other in ((before, after), (after, before)):
        for name in there[one.name]:
            if name not in there[other.name]:
                notes.append(f"{ESTIMATES[name].file} is in {one.name} only")
    notes += [
        f"{RUN} is not in {side.name}: other code, versions or seeds cannot be told"
        for side in sides
        if side.run is None
    ]
    return list(dict.fromkeys(notes))


# ---------------------------------------------------------------- for people


def run_compare(before: Path, after: Path, out: Path | None) -> RunsCompared:
    """Compare two folders of results and write `compare.csv` into `out`, if given."""
    compared = compare_runs(Results(_results_in(before)), Results(_results_in(after)))
    if out is not None:
        write_csv(compared.estimates, out / "compare.csv")
    return compared


def as_csv(compared: RunsCompared) -> str:
    """Write the table as `compare.csv` holds it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "compare.csv"
        write_csv(compared.estimates, path)
        return path.read_text(encoding="utf-8")


def _results_in(folder: Path) -> Path:
    """The folder of results: itself, or the one below a checkout."""
    below = folder / "results"
    return below if below.is_dir() and not (folder / "models").exists() else folder


def in_words(compared: RunsCompared) -> list[str]:
    """Say how many estimates moved and why, and list the largest movements."""
    table = compared.estimates
    counts = table["status"].value_counts()
    names = (MOVED, ERROR_MOVED, VANISHED, APPEARED, SAME)
    lines = [f"Note: {note}." for note in compared.notes]
    lines.append(", ".join(f"{counts.get(name, 0):,} {name}" for name in names) + ".")
    other = table[table["status"] != SAME]
    if other.empty:
        return [*lines, "Nothing moved."]
    lines.append("Causes (an estimate may have several):")
    each = other["causes"].str.split(", ").explode()
    lines += [f"  {int((each == name).sum()):>7,} {name}" for name in CAUSES if name in set(each)]
    details = (
        other.groupby("details", sort=False).size().sort_values(ascending=False, kind="stable")
    )
    lines.append("In detail:")
    lines += [f"  {count:>7,} {text}" for text, count in details.head(LISTED_DETAILS).items()]
    if len(details) > LISTED_DETAILS:
        rest = int(details.iloc[LISTED_DETAILS:].sum())
        lines.append(f"  {rest:>7,} others")
    for status in (VANISHED, APPEARED):
        ids = list(other.loc[other["status"] == status, "estimate_id"])
        lines += [f"{status.capitalize()}:"] if ids else []
        lines += [f"  {each}" for each in ids[:LISTED_IDS]]
        if len(ids) > LISTED_IDS:
            lines.append(f"  and {len(ids) - LISTED_IDS:,} more (--out or --csv lists all)")
    moved = other[other["status"].isin([MOVED, ERROR_MOVED])].head(SHOWN)
    if len(moved):
        lines.append("The largest movements, in standard errors of the first run:")
        width = max(map(len, moved["estimate_id"]))
        lines.append(f"  {'estimate':<{width}} {'before':>10} {'after':>10} {'moved':>8}  causes")
        for row in moved.to_dict("records"):
            by = row["difference_in_std_errors"]
            size = "" if pd.isna(by) else f"{by:+.2f}"
            lines.append(
                f"  {row['estimate_id']:<{width}} {row['before']:>10.4g} {row['after']:>10.4g}"
                f" {size:>8}  {row['causes']}"
            )
    return lines
