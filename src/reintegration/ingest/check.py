"""Check sources: every expectation that a file fails, with its rows and what to do, at once.

No rule is written here a second time. The files are taken in as the study takes them in, as far
as that goes; what is found is read off the errors, the cleaning log and the account.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from reintegration.codebook import Codebook
from reintegration.config import Cleaning, Config, load_config
from reintegration.errors import Gathered, StudyError
from reintegration.ingest.answers import questions
from reintegration.ingest.columns import MANY, needed_names
from reintegration.ingest.decisions import Decisions, load_decisions
from reintegration.ingest.flow import REASONS
from reintegration.ingest.intake import (
    NOTHING_DECIDED,
    SourceResult,
    examine_source,
    left_out,
)
from reintegration.ingest.pool import pool
from reintegration.ingest.pseudonym import find_key
from reintegration.ingest.source import Source, load_sources

# Worst first: the file cannot be used; a row is taken out; a cell is changed; nothing is done
# and a person should look; it is only said.
Severity = Literal["error", "row", "cell", "flag", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
ROWS_SHOWN = 8
DETAILS_SHOWN = 10
MANY_DATES = 0.1  # of the rows of a source: more contradictions than this are no mistakes of rows
_FORM_TIMES = ("interview_start", "interview_end")
_BY_CHANGE: dict[str, Severity] = {"remove_survey": "row", "no_action": "flag"}
_NUMBERED = ("stata", "spss", "parquet")  # files whose rows bear no numbers that a person sees
_IN_THE_FILE = "correct these rows in the file, or by lines in data/decisions/cleaning_log.csv"
_ANSWERS = (
    "say under `answers` in the source YAML what each text means (empty: missing), or correct it "
    "in the file"
)
_PRIORITY = "nothing; which source is kept, `priority` in the source YAMLs says"
_MATCHES = (
    "decide in data/decisions/matches.csv whether they are one; after `make study` "
    "results/clean/matches.csv lists them with what agrees"
)
_COPIES = (
    "look whether one file came in twice, under two names or countries; remove its source YAML"
)
_ABROAD = "{country} is not in study.countries: the study leaves this source out, and names it"
ABSENT = "absent"  # rule of columns that are not there, and need not be
WAITS = "unsure"  # rule of a line of a source YAML that waits to be confirmed
TOGETHER = ("survey_in_two_sources",)  # rules that no source can be checked for alone
# What a person can do about each rule or reason of the cleaning log.
WHAT_TO_DO = {
    "broken_row": "look at these rows in a text editor: a delimiter inside an answer needs quotes",
    "repeated_header": "nothing, unless these rows are surveys: parts of files were joined",
    "no_case_number": "fill in the case numbers in the file, or remove rows that are no surveys",
    "unknown_country": "correct the country in the file, say under `answers: {country: ...}` what "
    "its text means, or set `country` in the source YAML",
    "no_survey_date": "correct the interview dates in the file, or `date_order` in the source YAML",
    "survey_before_return": "correct the dates of these rows in the file; many of them: is "
    "`date_order` right, or are the two columns exchanged?",
    "unknown_answer": _ANSWERS,
    "impossible_date": "correct these dates in the file, or `date_order` in the source YAML",
    "out_of_range": "correct these numbers in the file; codes that mean missing belong under "
    "`missing_codes`, and a range that is too narrow into the codebook",
    "skip_violation": "look whether the question before or this answer is wrong, and correct that",
    "skipped_answer": "nothing, unless the question before was answered in error",
    "duplicate_survey": "nothing, unless they are two interviews: then one date is wrong",
    "duplicate_submission": "nothing: the form was sent twice",
    "duplicate_content": "look whether one of the rows was copied, and remove it from the file",
    "contradictory_date": "see which of the dates is wrong, and correct it in the file",
    "contradictory_assistance": "see whether the answer or the date is wrong",
    "contradictory_age": "see whether the age, the birth year or the case number is wrong",
    "straight_lining": "ask the office about these interviews: their answers are all alike",
    "short_interview": "ask the office about these interviews: nobody answers so fast",
    "test_submission": "nothing, if these are tests; else correct what makes them look so",
    "decision": "nothing: it was decided by hand, in data/decisions/cleaning_log.csv",
    "rekeyed_survey": "see which of the rows is right and remove the others, or set "
    "`cleaning.rekeyed_survey` in config.yaml",
}


@dataclass(frozen=True)
class Detail:
    """One of the things found: a text (an answer, or why), how often, and its first rows."""

    text: str
    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Finding:
    """One expectation that a source fails.

    Attributes
    ----------
    rule
        Rule or reason of the cleaning log, or what the errors and notes are about.
    question
        Codebook name, or empty when the finding is about the file.
    expectation
        What was expected of the file, as a sentence of what failed.
    said
        What is wrong with this question, where that is more than the expectation.
    count
        Rows or cells; 0 when the finding is about the file.
    details
        What was found, most frequent first; values of coded questions only.
    """

    severity: Severity
    rule: str
    question: str
    expectation: str
    said: str = ""
    count: int = 0
    rows: tuple[int, ...] = ()
    details: tuple[Detail, ...] = ()
    more_details: int = 0
    allowed: str = ""
    what_to_do: str = ""


@dataclass(frozen=True)
class Checked:
    """One source and all its findings, worst first."""

    source: str
    file: str
    country: str
    rows_read: int
    places: str  # what a number of a row is called
    findings: tuple[Finding, ...]

    def counts(self) -> dict[Severity, int]:
        """Findings of each severity: problems of the file, and rows, cells or lines of others."""
        counts = dict.fromkeys(SEVERITIES, 0)
        for finding in self.findings:
            counts[finding.severity] += finding.count or 1
        return counts

    @property
    def worst(self) -> Severity | None:
        """The worst severity found."""
        return self.findings[0].severity if self.findings else None


@dataclass(frozen=True)
class Report:
    """All sources checked, by themselves and together, and what is wrong with their list."""

    sources: tuple[Checked, ...]
    together: Checked | None = None
    problems: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def parts(self) -> tuple[Checked, ...]:
        """Each source, and all together."""
        return (*self.sources, *([self.together] if self.together else []))

    def fails(self, fail_on: Severity) -> bool:
        """Whether anything is as bad as `fail_on`, or worse."""
        limit = SEVERITIES.index(fail_on)
        worst = [SEVERITIES.index(s.worst) for s in self.parts if s.worst is not None]
        return bool(self.problems) or any(severity <= limit for severity in worst)


def check_study(config_file: str | Path, names: Sequence[str] = ()) -> Report:
    """Check the sources of a study, or those named.

    Raises
    ------
    StudyError
        If the configuration or the codebook is wrong, a name is no source, or a simulated world
        has not been made.
    """
    config_file = Path(config_file)
    root = config_file.parent
    config = load_config(config_file)
    codebook = config.instrument.codebook(root)
    raw, mappings, decisions = _folders(config_file, config)
    trouble = Gathered()
    sources: list[Source] = trouble.attempt(load_sources, root / raw, root / mappings) or []
    problems = [line for error in trouble.errors for line in error.problems]
    if names:
        problems = [line for line in problems if Path(line.partition(": ")[0]).stem in names]
        _refuse_unknown(names, sources, problems, config_file)
        sources = [source for source in sources if source.source in names]
    trouble = Gathered()
    known = None if names else [source.source for source in sources]
    decided = trouble.attempt(load_decisions, root / decisions, codebook, known)
    key = find_key(config.simulated, root)
    desk = Desk(root / raw, codebook, config, key, decided or NOTHING_DECIDED)
    checked, results = [], []
    for source in sources:
        one, result = check_source(source, desk)
        checked.append(one)
        results.append(result)
    checked.sort(key=lambda one: [-count for count in one.counts().values()])
    together = None
    usable = [result for result in results if result.account["status"] == "ok"]
    if len(usable) > 1 and not names:
        together = trouble.attempt(_check_together, results, desk)
    problems += [" ".join([error.headline, *error.problems]) for error in trouble.errors]
    return Report(tuple(checked), together, tuple(problems), config.simulated)


@dataclass(frozen=True)
class Desk:
    """What every source of a study is checked with."""

    raw: Path
    codebook: Codebook
    config: Config
    key: bytes
    decisions: Decisions = NOTHING_DECIDED


def _refuse_unknown(
    names: Sequence[str], sources: Sequence[Source], problems: Sequence[str], where: Path
) -> None:
    known = {source.source for source in sources}
    if unknown := [name for name in names if name not in known and not problems]:
        raise StudyError(
            f"There is no source {', '.join(unknown)}.",
            [f"the sources of {where} are {', '.join(sorted(known))}"],
        )


def _folders(config_file: Path, config: Config) -> tuple[Path, Path, Path]:
    """Folders of raw files, mappings and decisions, relative to the configuration."""
    if not config.simulated:
        return config.data.raw, config.data.sources, config.data.decisions
    from reintegration.plan import read_plan

    plan = read_plan(config_file)
    if not (config_file.parent / plan.mappings).is_dir():
        raise StudyError(
            "The files of the simulated world have not been made.",
            [f"{plan.mappings}: there is no such folder; `make study` makes it"],
        )
    return plan.raw, plan.mappings, plan.decisions.folder


def check_source(source: Source, desk: Desk) -> tuple[Checked, SourceResult]:
    """Take one source in as far as it can be, and list what was found wrong with it.

    Returns
    -------
    tuple
        The findings, and what the study would make of the source when bad ones are left out.
    """
    result, trouble = examine_source(
        source,
        desk.raw,
        desk.codebook,
        desk.config.cleaning,
        desk.config.assistance,
        desk.key,
        desk.decisions,
    )
    found = [*_errors(source, desk.raw, trouble.errors)]
    if found and source.unsure and source.country not in (None, *desk.config.study.countries):
        found = [replace(finding, severity="flag") for finding in found]
        found.append(Finding("info", "note", "", _ABROAD.format(country=source.country)))
    rows_read = 0
    if result is not None:
        rows_read = result.account["rows_read"]
        found += _from_log(result, desk.codebook, desk.config.cleaning)
        found += _notes(result, needed_names(source, desk.codebook))
        found += _doubtful_dates(result, source)
    if result is None or trouble.errors:
        result = left_out(source, desk.raw, desk.codebook, trouble.errors[0])
    checked = Checked(
        source.source,
        source.file,
        source.country or "",
        rows_read,
        "observations" if source.kind in _NUMBERED else "rows",
        _worst_first(found),
    )
    return checked, result


def _worst_first(found: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda f: (SEVERITIES.index(f.severity), -f.count)))


def _check_together(results: Sequence[SourceResult], desk: Desk) -> Checked:
    """What no source tells alone: surveys in two of them, and who may be one returnee."""
    config = desk.config
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        pooled = pool(
            results, desk.codebook, config.study, config.scoring, config.matching, desk.decisions
        )
    found = [Finding("flag", "note", "", str(warning.message)) for warning in warned]
    found += [
        Finding(
            "flag",
            "duplicate_content",
            "",
            f"source {copy.source}: {copy.said}",
            "under other case numbers",
            len(copy.places),
            what_to_do=_COPIES,
        )
        for copy in pooled.copies
    ]
    log = pooled.cleaning_log
    for rule, lines in log[log["rule"].isin(TOGETHER)].groupby("rule", sort=False):
        by_source = lines["row"].groupby(lines["source"])
        details = [Detail(str(name), len(rows), _first(rows)) for name, rows in by_source]
        said = expectation(str(rule), config.cleaning)
        found.append(
            Finding(
                severity="row",
                rule=str(rule),
                question="",
                expectation=said,
                count=len(lines),
                details=tuple(details),
                what_to_do=_PRIORITY,
            )
        )
    pairs = pooled.matches[pooled.matches["merged"] == ""]
    if len(pairs):
        shown = [
            Detail(f"{p.source} row {p.row} and {p.same_as_source} row {p.same_as_row}", 1, ())
            for p in pairs.head(DETAILS_SHOWN).itertuples()
        ]
        found.append(
            Finding(
                severity="flag",
                rule="match",
                question="",
                expectation="two case numbers that may be one returnee",
                count=len(pairs),
                details=tuple(shown),
                more_details=len(pairs) - len(shown),
                what_to_do=_MATCHES,
            )
        )
    return Checked("all sources together", "", "", 0, "rows", _worst_first(found))


def _errors(source: Source, raw_dir: Path, errors: Sequence[StudyError]) -> list[Finding]:
    """What keeps the file out, a finding for each problem."""
    starts = (f"{raw_dir / source.file}: ", f"source {source.source}: ")
    found = []
    for error in errors:
        for line in error.problems or [error.headline]:
            for start in starts:
                line = line.removeprefix(start)
            if line.startswith(tuple(f"column for {name} (" for name in source.unsure.answers)):
                continue  # its answers wait, which is said already
            waits = line.startswith("unsure.")
            question = line.partition(": ")[0].rpartition(".")[2] if waits else ""
            found.append(Finding("error", WAITS if waits else error.headline, question, line))
    return found


def _from_log(result: SourceResult, codebook: Codebook, cleaning: Cleaning) -> list[Finding]:
    """Findings about rows and cells: lines of the cleaning log that say the same."""
    log = result.cleaning_log
    log = log[~log["question"].isin(result.account["absent"])]  # a missing column is said once
    allowed = _allowed(codebook)
    found = []
    by = ["change_type", "rule", "question"]
    for (change, rule, question), lines in log.groupby(by, sort=False):
        severity = _BY_CHANGE.get(str(change), "cell")
        details = _details(lines)
        found.append(
            Finding(
                severity,
                str(rule),
                str(question),
                expectation(str(rule), cleaning),
                _one(lines["issue"]) or "",
                len(lines),
                _first(lines["row"]),
                tuple(details[:DETAILS_SHOWN]),
                max(len(details) - DETAILS_SHOWN, 0),
                allowed.get(str(question), ""),
                WHAT_TO_DO.get(str(rule), _IN_THE_FILE),
            )
        )
    return found


def _doubtful_dates(result: SourceResult, source: Source) -> list[Finding]:
    """Dates that so many rows contradict that their column may be the wrong one."""
    log, rows = result.cleaning_log, result.account["rows_read"]
    before = log["rule"] == "survey_before_return"
    opened = (log["rule"] == "contradictory_date") & log["question"].isin(_FORM_TIMES)
    found = []
    for name, lines, said in (
        ("return_date", log[before], "have an interview before the return"),
        ("survey_date", log[opened], "have a form that was opened or closed on another day"),
    ):
        count = lines["row"].nunique()
        if count <= MANY_DATES * rows:
            continue
        mapped = source.columns.get(name, name)
        columns = [mapped] if isinstance(mapped, str) else mapped
        found.append(
            Finding(
                "flag",
                "doubtful_column",
                name,
                f"{count} of {rows} rows {said}: is {name} the right column?",
                count=count,
                rows=_first(lines["row"].unique()),
                what_to_do=f"look at {', '.join(map(repr, columns))}, from which {name} is read; "
                "another is named under `columns` in the source YAML",
            )
        )
    return found


def _details(lines: pd.DataFrame) -> list[Detail]:
    """Different answers, or reasons where no answer may be shown, the most frequent first."""
    answers, reasons = lines["old_value"].fillna(""), lines["issue"]
    if _one(reasons):
        texts = answers
    elif _one(answers) == "":
        texts = reasons
    else:
        texts = answers + ": " + reasons
    if _one(texts) == "" or (_one(texts) and texts is reasons):
        return []  # the finding says it all
    found = [
        Detail(str(text), len(rows), _first(rows)) for text, rows in lines["row"].groupby(texts)
    ]
    return sorted(found, key=lambda detail: (-detail.count, detail.rows))


def _one(texts: pd.Series) -> str | None:
    """The text that stands in every line, if there is one."""
    different = texts.unique()
    return str(different[0]) if len(different) == 1 else None


def _first(rows: Iterable[Any]) -> tuple[int, ...]:
    return tuple(int(row) for row in sorted(rows)[:ROWS_SHOWN])


def _allowed(codebook: Codebook) -> dict[str, str]:
    """What may stand in the column of a question: codes of its answers, or a range."""
    allowed = {}
    for name, question in questions(codebook).items():
        if question.answers:
            allowed[name] = ", ".join(question.codes)
        elif question.range:
            allowed[name] = f"{question.range[0]:g} to {question.range[1]:g}"
    return allowed


def expectation(rule: str, cleaning: Cleaning) -> str:
    """What a rule of the cleaning log is about, in the words of the study's choices."""
    if rule in REASONS:
        return REASONS[rule]
    described = type(cleaning).model_fields.get(rule)
    words = described.description if described and described.description else rule
    return (words[0].lower() + words[1:]).rstrip(".").replace("_", " ")


def _notes(result: SourceResult, needed: Sequence[str]) -> list[Finding]:
    """What was found and is only said: columns that are not used, or not there.

    Where many needed columns are not there, the row of names may be a row of answers.
    """
    if len(set(needed) & set(result.account["absent"])) > MANY:
        return []
    found = [Finding("info", "note", "", note) for note in result.account["notes"]]
    if absent := [name for name in result.account["absent"] if name not in needed]:
        said = f"no column for {', '.join(absent)}: taken as not asked"
        found.append(Finding("info", ABSENT, "", said))
    return found
