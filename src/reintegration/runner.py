"""The whole study in one call: run Snakemake, show progress, say in a few lines what came out."""

import csv
import fcntl
import os
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reintegration.audit.crosscheck_words import in_words, read_rows
from reintegration.config import Config, load_config
from reintegration.countries import country_name
from reintegration.errors import StudyError

if TYPE_CHECKING:
    from reintegration.audit.swap import Changes, Past

PAGE = "reports/study.html"
AUDIT = "reports/audit.html"
FLOW = "results/clean/flow.csv"
SOURCES = "results/clean/sources.csv"
DESCRIBED = "results/descriptives/descriptives.csv"
CLAIMS = "results/audit/claims.csv"
MODELS = "results/models/models.csv"
LEAVE_OUT = (
    "mend these files, or study the others alone: `data: on_bad_source: leave_out` in config.yaml"
)


# A line that may belong to an error which Snakemake reports outside any job.
_ERROR_TEXT = r"(?!\[|Exiting|Complete log|Elapsed time)."


@dataclass
class Progress:
    """What Snakemake has said so far."""

    total: int = 0
    done: int = 0
    running: dict[str, str] = field(default_factory=dict)  # jobid -> what it is called
    failed: dict[str, Path | None] = field(default_factory=dict)  # what failed -> its log
    fatal: list[str] = field(default_factory=list)  # lines of an error outside any job


def environment(base: Mapping[str, str] | None = None, root: Path | None = None) -> dict[str, str]:
    """The environment of the study's processes.

    One thread per job (two jobs that share threads are slower, and threads move the last
    bits), caches in the checkout, and nothing that keeps Python from writing bytecode.
    """
    cache = (root or Path.cwd()) / ".cache"
    result = dict(os.environ if base is None else base)
    result.pop("PYTHONDONTWRITEBYTECODE", None)
    result["PYTHONUNBUFFERED"] = "1"
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        result[name] = "1"
    result["XDG_CACHE_HOME"] = str(cache / "xdg")
    result["MPLCONFIGDIR"] = str(cache / "matplotlib")
    return result


@contextmanager
def one_at_a_time(root: Path) -> Iterator[int]:
    """Hold the folder for one study; a killed study lets it go by itself.

    Yields the lock's file descriptor, for the child that outlives a killed parent.
    """
    folder = root / ".cache"
    folder.mkdir(exist_ok=True)
    with (folder / "study.lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StudyError(
                "Another study is running in this folder; wait for it, or stop it."
            ) from None
        yield stream.fileno()


def _field(block: list[str], name: str) -> str | None:
    for line in block:
        if line.startswith(f"    {name}: "):
            return line.removeprefix(f"    {name}: ").strip()
    return None


def _called(rule: str, wildcards: str | None) -> str:
    values = re.findall(r"\w+=([^,]+)", wildcards or "")
    return " ".join([rule, *values])


def follow(lines: Iterator[str], progress: Progress, tell: Callable[[str], None]) -> None:
    """Read Snakemake's own report line by line into `progress` and pass on each finished step."""
    block: list[str] = []  # the lines of one job's or one error's description
    head = ""

    def end_of_block() -> None:
        nonlocal block, head
        if started := re.match(r"(?:local)?(?:rule|checkpoint) (\w+):", head):
            rule, job = started[1], _field(block, "jobid")
            if job is not None:
                progress.running[job] = _called(rule, _field(block, "wildcards"))
        elif broken := re.match(r"Error in rule (\w+):", head):
            job = _field(block, "jobid") or ""
            log = _field(block, "log")
            path = Path(log.split(" (check log file")[0]) if log else None
            progress.failed[progress.running.pop(job, broken[1])] = path
        elif re.match(r"\w*(Error|Exception)\b.*:$", head) and not head.startswith("RuleExc"):
            progress.fatal += [head, *block]
        block, head = [], ""

    for raw in lines:
        line = raw.rstrip("\n")
        if line.startswith("    ") and head:
            block.append(line)
            continue
        if re.match(r"\w*(Error|Exception)", head) and re.match(_ERROR_TEXT, line):
            block.append(line)
            continue
        end_of_block()
        if total := re.match(r"total\s+(\d+)$", line):
            progress.total = int(total[1]) - 1  # `all` does no work
        elif ended := re.match(r"Finished jobid: (\d+) \(Rule: (\w+)\)", line):
            called = progress.running.pop(ended[1], ended[2])
            if ended[2] != "all":
                progress.done += 1
                tell(f"[{progress.done:>2}/{progress.total}] {called}")
        else:
            head = line
    end_of_block()


def run_snakemake(root: Path, cores: int, lock: int, tell: Callable[[str], None]) -> Progress:
    """Run the workflow of the folder `root` and return what happened.

    Raises
    ------
    StudyError
        With the messages of every step that failed.
    """
    command = [
        *(sys.executable, "-m", "snakemake"),
        *("--cores", str(cores), "--nocolor", "--nolock", "--rerun-incomplete", "--keep-going"),
    ]
    progress = Progress()
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment(root=root),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=[lock],
    ) as process:
        assert process.stdout is not None
        tail: list[str] = []

        def lines() -> Iterator[str]:
            for line in process.stdout or ():
                tail.append(line)
                del tail[:-30]
                yield line

        follow(lines(), progress, tell)
    if process.returncode:
        raise StudyError(*_failure(root, progress, tail))
    return progress


def _failure(root: Path, progress: Progress, tail: list[str]) -> tuple[str, list[str]]:
    """What to say when Snakemake has failed: the words of the steps, not of Snakemake."""
    if not progress.failed:
        from reintegration.plan import read_plan

        read_plan(root / "config.yaml")  # says what is wrong with the choices, if that is it
        said = [line.strip() for line in progress.fatal or tail if line.strip()]
        return "The study could not be planned.", said
    problems = []
    for called, log in progress.failed.items():
        path = root / log if log else None
        text = path.read_text(encoding="utf-8").strip() if path and path.is_file() else ""
        if "Traceback (most recent call last)" in text:
            text = f"{text.splitlines()[-1]} (a fault of the software: see {log})"
        problems.append(f"{called}: {text or f'failed without a word; see {log}'}")
    if any("source file" in problem for problem in problems):
        problems.append(LEAVE_OUT)
    if (root / PAGE).exists():
        problems.append(f"{PAGE} is what an earlier run left; it does not show this study")
    return "The study stopped.", problems


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _count(value: str) -> int:
    return int(float(value or 0))


def surveys_line(sources: list[dict[str, str]], flow: list[dict[str, str]]) -> list[str]:
    """How many surveys went in and were used, and which sources were left out."""
    used = [source for source in sources if source["status"] == "used"]
    read = sum(_count(source["rows_read"]) for source in used)
    last = flow[-1]
    lines = [
        f"Surveys: {read:,} rows read from {len(used)} sources, {_count(last['surveys']):,} used"
        f" (of {_count(last['returnees']):,} returnees in {_count(last['countries'])} countries)."
    ]
    lines += [
        f"LEFT OUT: source {source['source']}: {source['file']}: {source['reason']}"
        for source in sources
        if source["status"] != "used"
    ]
    return lines


def absent_line(studied: Sequence[str], described: list[dict[str, str]]) -> list[str]:
    """Which countries of the study no survey is of."""
    found = {row["country"] for row in described}
    absent = [country_name(code) for code in studied if code not in found]
    return [f"WITHOUT A SURVEY: {', '.join(absent)}."] if absent else []


def failed_lines(models: list[dict[str, str]]) -> list[str]:
    """Which specifications could not be fitted for any of their outcomes, and why."""
    by_specification: dict[str, list[dict[str, str]]] = {}
    for row in models:
        by_specification.setdefault(row["spec_id"].partition(".")[0], []).append(row)
    lines = []
    for name, rows in by_specification.items():
        if any(row["status"] != "failed" for row in rows):
            continue
        reasons = "; ".join(dict.fromkeys(row["warnings"] for row in rows))
        lines += textwrap.wrap(f"NOT ESTIMATED: specification {name}: {reasons}.", 92)
    return lines


def claims_lines(claims: list[dict[str, Any]], simulated: bool) -> list[str]:
    """Which claims hold; on simulated data, which planted findings came back."""

    def named(label: str, rows: list[dict[str, Any]]) -> list[str]:
        names = ", ".join(row["claim_id"] for row in rows) or "none"
        return textwrap.wrap(f"  {label:<13} {names}", 92, subsequent_indent=" " * 16)

    def having(verdict: str) -> list[dict[str, Any]]:
        return [row for row in claims if row["verdict"] == verdict]

    if not claims:
        return ["Claims: none to test (instrument.claims: null)."]
    if not simulated:
        counts = ", ".join(
            f"{len(having(verdict))} {verdict.replace('_', ' ')}"
            for verdict in ("contradicted", "inconclusive", "not_testable")
        )
        return [
            f"Claims of the published study: {len(having('holds'))} of {len(claims)} hold,"
            f" {counts}: {CLAIMS}"
        ]
    planted = [row for row in claims if row.get("planted") == "yes"]
    back = [row for row in planted if row["verdict"] == "holds"]
    lost = [row for row in planted if row["verdict"] != "holds"]
    others = [row for row in claims if row.get("planted") == "no"]
    false = [row for row in others if row["verdict"] == "holds"]
    lines = [
        "SIMULATED DATA: what follows is about the software, not about returnees.",
        f"Planted findings that came back: {len(back)} of {len(planted)}.",
        *named("came back:", back),
        *named("did not:", lost),
    ]
    if others:
        lines += [f"Not planted, yet found: {len(false)} of {len(others)}."]
    return [*lines, *named("found:", false)] if false else lines


def swap_lines(root: Path, config: Config) -> list[str]:
    """What changed since the last finished study, where its sources are others; the study is kept.

    This cannot be a step of the workflow: it needs the past, and a step whose output hung on what
    was there before would not give the same bytes twice.
    """
    from reintegration.audit import swap
    from reintegration.plan import read_plan

    results = root / "results"
    past, run = swap.last_study(results), swap.describe_run(read_plan(root / "config.yaml"))
    if past and past.run == run:
        return _older_swap(root) if past.compared != run.results else []
    compared, lines = past.compared if past else "", []
    if past and past.run.world != run.world:
        lines = ["Other data than in the last finished study: the two are not compared."]
    elif past and (changes := swap.changes_between(past.run, run)).of_sources:
        try:
            lines, compared = _write_swap(root, config, past, changes), run.results
        except (KeyError, StudyError):  # its tables lack what this version compares
            lines = ["The last finished study, of another version, cannot be compared with this."]
    elif compared != run.results:
        lines = _older_swap(root)
    swap.keep(results, run, compared)
    return lines


def _older_swap(root: Path) -> list[str]:
    from reintegration.report.swap import PAGE as SWAP

    if not (root / SWAP).exists():
        return []
    return [f"{SWAP} is of an earlier change of sources; it does not show this study."]


def _write_swap(root: Path, config: Config, past: "Past", changes: "Changes") -> list[str]:
    from reintegration.audit.compare import MOVED, Results, compare_results
    from reintegration.report import swap
    from reintegration.report.settings import Settings

    after = Results(root / "results")
    found = swap.Swap(past.results, after, compare_results(past.results, after), changes)
    settings = Settings.from_config(config.model_dump(mode="json"), root)
    shown = swap.write_swap(found, settings, root / swap.TABLE, root / swap.PAGE)
    parts = {
        "added": changes.added,
        "removed": changes.removed,
        "replaced": list(changes.replaced),
        "decided anew": ["matches of returnees or surveys"] if changes.decided else [],
    }
    named = "; ".join(f"{key}: {', '.join(names)}" for key, names in parts.items() if names)
    moved = shown.estimates[shown.estimates["status"] == MOVED]
    lines = textwrap.wrap(f"SOURCES CHANGED since the last finished study ({named}).", 92)
    if changes.others:
        others = f"So did {'; '.join(changes.others)}: what moved is not of the sources alone."
        lines += textwrap.wrap(others, 92)
    lines.append(f"{len(moved):,} of {len(shown.estimates):,} estimates moved: {root / swap.PAGE}")
    return lines


def closing(
    root: Path, config: Config, progress: Progress, swapped: list[str], seconds: float
) -> list[str]:
    """The few lines at the end of a study."""
    steps = f"{progress.done} steps" if progress.done else "nothing had changed, no step was run"
    studied = config.study.countries if config.study.countries != "all" else []
    return [
        *surveys_line(_rows(root / SOURCES), _rows(root / FLOW)),
        *absent_line(studied, _rows(root / DESCRIBED)),
        *failed_lines(_rows(root / MODELS)),
        *claims_lines(_rows(root / CLAIMS), config.simulated),
        *in_words(read_rows(root)),
        *swapped,
        f"Time: {seconds:.0f} s ({steps}).",
        f"Every estimate, with its passport: {root / AUDIT}",
        f"Open: {root / PAGE}",
    ]


def run_study(root: Path, cores: int, tell: Callable[[str], None]) -> None:
    """Run the study of the folder `root` and tell its progress and outcome line by line.

    Raises
    ------
    StudyError
        When the configuration is wrong or a step failed, with every problem found.
    """
    start = time.monotonic()
    config = load_config(root / "config.yaml")

    def tell_step(line: str) -> None:
        tell(f"{time.monotonic() - start:4.0f} s  {line}")

    with one_at_a_time(root) as lock:
        progress = run_snakemake(root, cores, lock, tell_step)
        swapped = swap_lines(root, config)
    for line in closing(root, config, progress, swapped, time.monotonic() - start):
        tell(line)
