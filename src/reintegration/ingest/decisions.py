"""Decisions by hand: corrections and matches that a researcher writes down, with initials."""

import csv
import datetime
import hashlib
import io
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reintegration.codebook import Codebook
from reintegration.countries import is_country
from reintegration.errors import StudyError
from reintegration.ingest.answers import Question, questions
from reintegration.ingest.dates import EARLIEST, Unusable, parse_date
from reintegration.private import private_file, private_folder
from reintegration.text import as_it_was

CORRECTIONS, MATCHES = "cleaning_log.csv", "matches.csv"
CORRECTION_COLUMNS = [
    *["source", "row", "survey_id", "question", "old_value", "new_value", "change_type"],
    *["rows_expected", "initials", "date", "note"],
]
MATCH_COLUMNS = ["returnee_id", "source", "row", "same_as", "decision", "initials", "date", "note"]
CHANGE_TYPES = ("change_response", "blank_response", "remove_survey", "no_action")
RULE = "decision"
LONGEST_INITIALS = 5
_WHOLE = re.compile(r"(\d+)(?:[.,]0+)?")
_SURVEY = re.compile(r"S[0-9a-f]{12}")
_RETURNEE = re.compile(r"R[0-9a-f]{12}")
_SOMEBODY = re.compile(r"[RU][0-9a-f]{12}")


class DecisionError(StudyError):
    """A decision that cannot be carried out; it stops the study, whichever source it is about."""


@dataclass(frozen=True)
class Correction:
    """One line of the researcher's cleaning log."""

    line: int
    source: str
    row: int | None
    survey_id: str
    question: str
    old_value: str
    new_value: str
    change_type: str
    rows_expected: int | None
    initials: str
    note: str

    @property
    def of_one(self) -> bool:
        """Whether it names its survey; else it is about all rows with the old value."""
        return self.row is not None or bool(self.survey_id)


@dataclass(frozen=True)
class Match:
    """One line of the researcher's matches: whether two returnees are one person."""

    line: int
    returnee_id: str
    source: str
    row: int | None
    same_as: str
    same: bool
    initials: str
    note: str

    @property
    def who(self) -> str:
        """The returnee, or the row of a source, that the line is about."""
        return self.returnee_id or f"{self.source} row {self.row}"


@dataclass(frozen=True)
class Decisions:
    """All that was decided by hand.

    Attributes
    ----------
    folder
        Where the files lie, for messages.
    """

    folder: Path = Path("data/decisions")
    corrections: tuple[Correction, ...] = ()
    matches: tuple[Match, ...] = ()

    def about(self, source: str) -> list[Correction]:
        """Corrections that may be about a source: those that name it, or name a survey alone."""
        return [line for line in self.corrections if line.source in ("", source)]

    def digest(self, source: str | None = None) -> str:
        """A text that changes when the decisions about a source, or about any, change.

        Where a line stands matters only if it names no source: then its number is told to others.
        """
        lines = list(self.corrections)
        if source is not None:
            lines = [replace(x, line=0) if x.source else x for x in self.about(source)]
        return hashlib.sha256(repr((lines, self.matches)).encode()).hexdigest()


def load_decisions(
    folder: str | Path, codebook: Codebook, sources: Collection[str] | None = None
) -> Decisions:
    """Read the decisions of a folder; a file that is not there decides nothing.

    Parameters
    ----------
    sources
        Names of all sources; without them it is not checked that a line names one.

    Raises
    ------
    StudyError
        With every problem of both files, each with its line.
    """
    folder = Path(folder)
    problems: list[str] = []
    corrections = [
        _correction(line, cells, folder / CORRECTIONS, codebook, sources, problems)
        for line, cells in _lines(folder / CORRECTIONS, CORRECTION_COLUMNS, problems)
    ]
    matches = [
        _match(line, cells, folder / MATCHES, sources, problems)
        for line, cells in _lines(folder / MATCHES, MATCH_COLUMNS, problems)
    ]
    problems += _twice(folder / MATCHES, matches)
    if problems:
        raise DecisionError("Decisions by hand cannot be used.", problems)
    return Decisions(folder, tuple(corrections), tuple(matches))


def write_templates(folder: str | Path) -> list[Path]:
    """Write the two files with their header alone, where there are none; return those written."""
    written = []
    for name, columns in ((CORRECTIONS, CORRECTION_COLUMNS), (MATCHES, MATCH_COLUMNS)):
        path = Path(folder) / name
        if not path.exists():
            private_folder(path.parent)
            private_file(path).write_text(",".join(columns) + "\n", encoding="utf-8-sig")
            written.append(path)
    return written


def _lines(
    path: Path, columns: Sequence[str], problems: list[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of a table as a spreadsheet saves it: number in the file, and column -> text."""
    if not path.exists():
        return
    text = _text(path, problems)
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    if text.startswith("sep="):
        delimiter, text = text[4:5], "\n" + text.split("\n", 1)[-1]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names: list[str] | None = None
    before = 0
    for cells in _records(reader, path, problems):
        line, before = before + 1, reader.line_num
        cells = [as_it_was(cell.replace("\xa0", " ").strip()) for cell in cells]
        if not any(cells):
            continue
        if names is None:
            names = [cell.casefold() for cell in cells]
            wrong = _wrong_names(names, columns)
            problems += [f"{path}: line {line}: {problem}" for problem in wrong]
            if wrong:
                return
            continue
        if len(cells) > len(names) and any(cells[len(names) :]):
            problems.append(
                f"{path}: line {line}: {len(cells)} cells where the header has {len(names)}; put "
                f'a text that holds a {delimiter!r} between quotes (")'
            )
            continue
        cells += [""] * (len(names) - len(cells))
        yield line, dict(zip(names, cells, strict=False))


def _records(reader: Any, path: Path, problems: list[str]) -> Iterator[list[str]]:
    """Rows of a table, as far as it is one."""
    try:
        yield from reader
    except csv.Error as error:
        problems.append(f"{path}: line {reader.line_num}: is no table of texts ({error})")


def _text(path: Path, problems: list[str]) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        problems.append(f"{path}: cannot be read ({error.strerror})")
        return ""
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        problems.append(f"{path}: is an Excel workbook; save it as CSV UTF-8")
        return ""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp1252"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    problems.append(f"{path}: is no text in UTF-8, UTF-16 or Windows-1252; save it as CSV UTF-8")
    return ""


def _wrong_names(names: list[str], columns: Sequence[str]) -> list[str]:
    allowed = ", ".join(columns)
    problems = [
        f"there is no column {name!r}; allowed are {allowed}"
        for name in dict.fromkeys(names)
        if name and name not in columns
    ]
    problems += [f"the column {name!r} is missing" for name in columns if name not in names]
    return problems + [f"the column {n!r} stands twice" for n in columns if names.count(n) > 1]


def _correction(
    line: int,
    cells: Mapping[str, str],
    path: Path,
    codebook: Codebook,
    sources: Collection[str] | None,
    problems: list[str],
) -> Correction:
    """One line, with all its problems said."""
    row, expected = _whole(cells["row"]), _whole(cells["rows_expected"])
    made = Correction(
        line,
        *(cells["source"], row, cells["survey_id"], cells["question"]),
        *(cells["old_value"], cells["new_value"], cells["change_type"].casefold()),
        *(expected, cells["initials"], cells["note"]),
    )
    said = [*_unsigned(cells), *_place(made, cells, sources)]
    asked = decidable(codebook)
    if made.change_type not in CHANGE_TYPES:
        said.append(f"change_type: {made.change_type!r} is none of {', '.join(CHANGE_TYPES)}")
    else:
        said += _incomplete(made, cells)
    if made.question and made.question not in asked:
        kept = (
            "an identifier, which is never changed"
            if made.question in codebook.identifiers
            else ("no question of the codebook")
        )
        said.append(f"question: {made.question!r} is {kept}")
    elif made.change_type == "change_response" and made.question and made.new_value:
        _, why = parse_value(made.new_value, asked[made.question])
        said += [f"new_value: {why}"] if why else []
    problems += [f"{path}: line {line}: {problem}" for problem in said]
    return made


def _unsigned(cells: Mapping[str, str]) -> list[str]:
    """What every line needs: who decided, when and why."""
    problems = []
    if not 0 < len(re.sub(r"[\s.]", "", cells["initials"])) <= LONGEST_INITIALS:
        problems.append(f"initials: write the 1 to {LONGEST_INITIALS} letters of who decided")
    if not cells["note"]:
        problems.append("note: say why")
    if cells["date"] and all(
        isinstance(parse_date(cells["date"], order), Unusable) for order in ("dmy", "mdy")
    ):
        problems.append("date: is no date; write the day of the decision as 2020-05-31")
    return problems


def _place(
    made: Correction, cells: Mapping[str, str], sources: Collection[str] | None
) -> list[str]:
    """What is wrong with the survey or surveys that a line names."""
    problems = _wrong_source(made.source, sources)
    if cells["row"] and made.row is None:
        problems.append("row: must be the number of a row, as the file shows it")
    if cells["rows_expected"] and made.rows_expected is None:
        problems.append("rows_expected: must be a whole number")
    if made.row is not None and not made.source:
        problems.append("source: is needed beside a row")
    if made.survey_id and not _SURVEY.fullmatch(made.survey_id):
        problems.append("survey_id: must be an id as results/clean/surveys.parquet has them")
    return problems


def _incomplete(made: Correction, cells: Mapping[str, str]) -> list[str]:
    """What a line of its change type lacks, or has too much."""
    kind = made.change_type
    problems = []
    if not made.of_one and not cells["row"]:
        if kind == "no_action":
            problems.append(
                "row: a note needs the survey it is about (source and row, or survey_id)"
            )
        elif not (made.source and made.question and made.old_value):
            problems.append(
                "row: name one survey (source and row, or survey_id), or all surveys of a source "
                "in which `question` has `old_value`"
            )
    if kind != "no_action" and (kind == "remove_survey" or not made.of_one):
        if not cells["rows_expected"]:
            problems.append("rows_expected: say how many surveys this line is about")
        elif made.rows_expected == 0:
            problems.append("rows_expected: is 0, and a line about no survey does nothing")
    if kind in ("change_response", "blank_response") and not made.question:
        problems.append("question: say which answer")
    if kind == "change_response" and not made.new_value:
        problems.append("new_value: is needed (to empty a cell, write blank_response)")
    if kind == "blank_response" and not made.old_value:
        problems.append("old_value: say what stands there")
    if kind != "change_response" and made.new_value:
        problems.append(f"new_value: must be empty with {kind}")
    return problems


def _match(
    line: int,
    cells: Mapping[str, str],
    path: Path,
    sources: Collection[str] | None,
    problems: list[str],
) -> Match:
    """One line, with all its problems said."""
    row = _whole(cells["row"])
    decision = cells["decision"].casefold()
    made = Match(
        line,
        *(cells["returnee_id"], cells["source"], row, cells["same_as"], decision == "same"),
        *(cells["initials"], cells["note"]),
    )
    said = [*_unsigned(cells), *_wrong_source(made.source, sources)]
    if made.returnee_id and not _SOMEBODY.fullmatch(made.returnee_id):
        said.append("returnee_id: must be an id as results/clean/matches.csv has them")
    if not made.returnee_id and (row is None or not made.source):
        said.append("returnee_id: is needed, or source and row of a survey without a case number")
    if made.returnee_id and (cells["row"] or cells["source"]):
        said.append("returnee_id: name the returnee, or source and row, not both")
    if not _RETURNEE.fullmatch(made.same_as):
        said.append("same_as: must be the id of a returnee with a case number (R...)")
    if decision not in ("same", "different"):
        said.append(f"decision: {decision!r} is none of same, different")
    problems += [f"{path}: line {line}: {problem}" for problem in said]
    return made


def _wrong_source(source: str, sources: Collection[str] | None) -> list[str]:
    if not source or sources is None or source in sources:
        return []
    return [f"source: there is no source {source!r}; there are {', '.join(sorted(sources))}"]


def _whole(text: str) -> int | None:
    """A whole number, as a spreadsheet may write it (12, 12.0, 12,0)."""
    match = _WHOLE.fullmatch(text)
    return int(match[1]) if match else None


def _twice(path: Path, matches: Iterable[Match]) -> list[str]:
    """Lines that say the same again, or contradict one another."""
    problems = []
    leads: dict[str, Match] = {}
    for match in matches:
        if match.same:
            other = leads.setdefault(match.who, match)
            if other is not match:
                problems.append(
                    f"{path}: line {match.line}: {match.who} is already matched in "
                    f"line {other.line}"
                )
    for match in leads.values():
        seen = {match.who}
        at = match
        while at.same_as not in seen and at.same_as in leads:
            seen.add(at.same_as)
            at = leads[at.same_as]
        if at.same_as == match.who:
            problems.append(f"{path}: line {match.line}: {match.who} is led back to itself")
    if problems:
        return problems
    ends = same_returnees(matches)
    for match in matches:
        if not match.same and ends.get(match.who, match.who) == ends.get(
            match.same_as, match.same_as
        ):
            problems.append(
                f"{path}: line {match.line}: {match.who} and {match.same_as} are different here, "
                "and the same by other lines"
            )
    return problems


def same_returnees(matches: Iterable[Match]) -> dict[str, str]:
    """Who is said to be the same returnee as whom, chains followed to their end."""
    leads = {match.who: match.same_as for match in matches if match.same}
    ends = {}
    for who in leads:
        end = leads[who]
        while end in leads:
            end = leads[end]
        ends[who] = end
    return ends


def decidable(codebook: Codebook) -> dict[str, Question]:
    """Questions that a correction may be about: all but identifiers."""
    return {n: q for n, q in questions(codebook).items() if n not in codebook.identifiers}


def parse_value(text: str, question: Question) -> tuple[Any, str]:
    """A new value as mapped data hold it, or why the codebook does not allow it."""
    if question.kind in ("choice", "multiple"):
        chosen = text.split() if question.kind == "multiple" else [text]
        if unknown := [code for code in chosen if code not in question.codes]:
            return None, f"{unknown[0]!r} is not allowed; allowed are {', '.join(question.codes)}"
        return " ".join(code for code in question.codes if code in chosen), ""
    if question.kind == "number":
        number = _number(text)
        if number is None:
            return None, "must be a number"
        low, high = question.range or (-math.inf, math.inf)
        return (number, "") if low <= number <= high else (None, f"must lie in {low:g} to {high:g}")
    if question.kind in ("date", "timestamp"):
        return _moment(text, timed=question.kind == "timestamp")
    if question.kind == "country" and not is_country(text):
        return None, f"{text!r} is no ISO 3166-1 alpha-3 code such as GIN"
    return text, ""


def _moment(text: str, timed: bool) -> tuple[datetime.datetime | None, str]:
    """A date, or a time of a day, or why it is none."""
    try:
        parsed = datetime.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None, "must be a date as 2020-05-31 (spreadsheets change it: keep it as text)"
    if parsed.date() < EARLIEST:
        return None, f"must be {EARLIEST} or later"
    return parsed if timed else datetime.datetime.combine(parsed, datetime.time()), ""


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(" ", "").replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
