"""From matches to a source: columns, answers, dates and codes for missing, sure and unsure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reintegration.codebook import Codebook
from reintegration.errors import StudyError
from reintegration.ingest.answers import Nothing, Question, answer_key, reading
from reintegration.ingest.columns import check_sources, needed_names, raw_names
from reintegration.ingest.dates import Unusable, find_order, half_converted, parse_date
from reintegration.ingest.propose.columns import Column, FormTexts, join_columns, read_columns
from reintegration.ingest.propose.kept import HOW, Kept, keep
from reintegration.ingest.propose.matching import Match, Matcher, Matches, language_of
from reintegration.ingest.propose.values import (
    STRAY,
    Values,
    candidates,
    is_number,
    labelled_codes,
    looks_missing,
)
from reintegration.ingest.readers import RawTable
from reintegration.ingest.source import Source
from reintegration.text import fold

DAYS_APART = 0.8  # of the surveys, the share that must follow the return


@dataclass
class Proposal:
    """What is proposed for a file.

    Attributes
    ----------
    source
        The source, with what waits for a person under `unsure`.
    comments
        Path of keys in the source -> how the line was found, or what to do with it.
    matches
        Which column was found for which name.
    language
        Of the questions and answers: en, fr, es, or None.
    rows, columns
        Size of the file.
    found
        Sheet, rows of names and labels, encoding, delimiter.
    notes
        What else a person should know.
    """

    source: Source
    comments: dict[tuple[str, ...], str]
    matches: Matches
    language: str | None
    rows: int
    columns: int
    found: Mapping[str, Any]
    notes: list[str] = field(default_factory=list)


def propose(
    raw: RawTable,
    known: Source,
    codebook: Codebook,
    form: Mapping[int, FormTexts] | None = None,
    accepted: Mapping[str, str] | None = None,
    before: Source | None = None,
    decided: Mapping[str, dict[str, str | None]] | None = None,
) -> Proposal:
    """Propose how a file maps to the codebook.

    Parameters
    ----------
    raw
        The file as read.
    known
        What is known of it: its name, file and country, and how it was read.
    form
        Column number -> what a form says of it.
    accepted
        Name -> column that a person has named for it; empty when it was not asked.
    before
        The source as its YAML stands; its lines are kept where their columns are in the file.
    decided
        Name -> raw answer -> code, or None for nothing, as a person has said.

    Raises
    ------
    StudyError
        If an accepted name, column or answer is not there, or the YAML before is wrong.
    """
    accepted = accepted or {}
    single = read_columns(raw, form or {}, frozenset(codebook.items))
    kept = Kept()
    if before is not None:
        check_sources([before], codebook)
        kept = keep(before, single, accepted)
    free = [column for column in single if column.name not in kept.drop]
    columns = join_columns(free, raw, kept.groups)
    named, not_asked = _accepted(accepted, columns, codebook)
    earlier = [name for name in before.not_asked if name not in accepted] if before else []
    known = known.model_copy(update={"not_asked": [*known.not_asked, *earlier, *not_asked]})
    needed = needed_names(known, codebook)
    by_places = {column.numbers: column for column in columns}
    matcher = Matcher(
        columns,
        codebook,
        needed,
        named,
        known.country,
        known.not_asked,
        {name: by_places[places] for name, places in kept.columns.items()},
        {
            name: {code: by_places[place,] for code, place in found.items()}
            for name, found in kept.options.items()
        },
    )
    matches = matcher.run()
    for column in [*matches.left]:
        if any(fold(column.name) == fold(name) for name in known.not_asked):
            matches.personal[column] = "not what its name says"
            matches.left.remove(column)
    writer = _Writer(raw, known, matcher, form or {}, kept, decided or {})
    _check_dates(writer)
    source = writer.source()
    writer.check_decided()
    check_sources([source.model_copy(update={"unsure": known.unsure})], codebook)
    return Proposal(
        source,
        writer.comments,
        matches,
        language_of(columns),
        len(raw.cells) + len(raw.broken),
        len(raw.names),
        raw.found,
        [*kept.notes, *matches.notes, *writer.notes, *_unnameable(raw)],
    )


def _accepted(
    accepted: Mapping[str, str], columns: list[Column], codebook: Codebook
) -> tuple[dict[str, Column], list[str]]:
    known = set(raw_names(codebook))
    by_name = {fold(column.name): column for column in columns}
    problems = [
        f"--accept {name}: is not in the codebook" for name in accepted if name not in known
    ]
    problems += [
        f"--accept {name}: the file has no column {column!r} (or has it twice)"
        for name, column in accepted.items()
        if column and fold(column) not in by_name
    ]
    if problems:
        raise StudyError("What is accepted is not there.", problems)
    named = {name: by_name[fold(column)] for name, column in accepted.items() if column}
    return named, [name for name, column in accepted.items() if not column]


def _unnameable(raw: RawTable) -> Iterator[str]:
    twice = [name for name, count in Counter(raw.names).items() if count > 1 and name.strip()]
    if twice:
        shown = ", ".join(map(repr, twice[:10]))
        yield f"columns of one name cannot be told apart and are not proposed: {shown}"
    if raw.broken:
        yield f"{len(raw.broken)} rows do not fit the header; they will be rejected"


def _check_dates(writer: "_Writer") -> None:
    """Two dates in the wrong order of time are not sure."""
    matches = writer.matcher.matches
    both = [matches.sure.get(name) for name in ("survey_date", "return_date")]
    if any(match is None or match.how in ("named by you", HOW) for match in both):
        return
    survey, back = (writer.dates(match.column) for match in both if match is not None)
    pairs = [(a, b) for a, b in zip(survey, back, strict=True) if a is not None and b is not None]
    if len(pairs) < 10 or sum(a >= b for a, b in pairs) >= DAYS_APART * len(pairs):
        return
    for name in ("survey_date", "return_date"):
        match = matches.sure.pop(name)
        matches.unsure[name] = [Match(match.column, 0.5, "most surveys lie before the return")]


class _Writer:
    """Collects the keys of a source and a comment for each line."""

    def __init__(
        self,
        raw: RawTable,
        known: Source,
        matcher: Matcher,
        form: Mapping[int, FormTexts],
        kept: Kept,
        decided: Mapping[str, dict[str, str | None]],
    ):
        self.raw, self.known, self.matcher, self.form = raw, known, matcher, form
        self.kept, self.decided = kept, decided
        self.comments: dict[tuple[str, ...], str] = {}
        self.notes: list[str] = []
        self.answers = {name: dict(codes) for name, codes in kept.answers.items()}
        for name, codes in decided.items():
            self.answers[name] = self.answers.get(name, {}) | codes
        self.met: set[tuple[str, str]] = set()  # decided answers that stand in the file
        self.unsure_answers: dict[str, dict[str, list[str]]] = {}
        self.missing: Counter[str] = Counter()

    def source(self) -> Source:
        matches = self.matcher.matches
        columns: dict[str, list[str]] = {}
        for name in self.matcher.names:
            if name not in matches.sure:
                continue
            match = matches.sure[name]
            columns[name] = [self.raw.names[number] for number in match.column.numbers]
            self.comments["columns", name] = self._sure_comment(name, match)
            self._answers(name, match.column)
        options = {
            name: {code: match.column.name for code, match in found.items()}
            for name, found in matches.options.items()
        }
        for name in options:
            self.comments["select_multiple", name] = "one column per answer"
        order, unsure_orders = self._orders()
        unsure = {
            "columns": {
                name: {match.column.name: match.confidence for match in found}
                for name, found in matches.unsure.items()
            },
            "answers": self.unsure_answers,
            "missing_codes": sorted(self.missing),
            "date_order": unsure_orders,
        }
        for name, found in matches.unsure.items():
            self.comments["unsure", "columns", name] = _candidates_comment(found)
        plain = self.known.model_dump(exclude_defaults=True)
        plain |= {key: self.raw.found[key] for key in _FOUND if key in self.raw.found}
        plain |= {
            "columns": columns,
            "answers": self.answers,
            "select_multiple": options,
            "not_asked": self.known.not_asked,
            "drop": [*self.kept.drop, *(column.name for column in matches.personal)],
            "unsure": unsure,
        }
        if order is not None and self.known.date_order is None:
            plain["date_order"] = order
            self.comments[("date_order",)] = "as the dates themselves tell"
        for column, what in matches.personal.items():
            self.comments["drop", column.name] = what
        return Source.model_validate(plain)

    def _sure_comment(self, name: str, match: Match) -> str:
        codes = self.matcher.fit(match.column, name).codes.values()
        known = {code for several in codes for code in several.split()}
        read = f"; {len(known)} answers known" if known else ""
        parts = "; renamed half way" if len(match.column.numbers) > 1 else ""
        return f"{match.how}, {match.confidence:.2f}{read}{parts}"

    # answers

    def _answers(self, name: str, column: Column) -> None:
        """Codes of the values that the codebook does not read by itself."""
        question = self.matcher.questions[name]
        values = column.values
        said = {answer_key(text) for text in self.answers.get(name, {})}
        self.met |= {(name, answer_key(text)) for text in values.filled} & {
            (name, key) for key in said
        }
        said |= {answer_key(text) for text in self.known.missing_codes}
        if question.kind == "number":
            self._count_missing(values, question, said)
        if question.kind not in ("choice", "multiple"):
            return
        found = self.matcher.fit(column, name)
        lines = {text: code for text, code in found.added.items() if values.may_show(text)}
        if column.numbers[0] in self.form:
            lines |= self._form_codes(values, question)
        for text, code in lines.items():
            if answer_key(text) in said:
                continue
            self.answers.setdefault(name, {})[text] = code
            if text in values.labels:
                self.comments["answers", name, text] = values.labels[text]
        hidden, strays = 0, []
        for text in found.unread:
            if answer_key(text) in said:
                continue
            if text not in values.labels and looks_missing(text):
                self.missing[text] += 1
                continue
            if not values.may_show(text):
                hidden += values.counts[text]
                continue
            codes = candidates(text, values, question)
            if codes or values.counts[text] >= STRAY * values.total:
                self.unsure_answers.setdefault(name, {})[text] = codes
                self.comments["unsure", "answers", name] = _codes_comment(question)
                if text in values.labels:
                    self.comments["unsure", "answers", name, text] = values.labels[text]
            else:
                strays.append(f"{text!r} ({values.counts[text]} rows)")
        if strays:
            self.notes.append(
                f"{name}: {', '.join(strays)} is no answer; the rule `unknown_answer` decides"
            )
        if hidden:
            self.notes.append(
                f"{name}: {hidden} cells hold rare texts that are no answers and are not shown"
            )

    def _form_codes(self, values: Values, question: Question) -> dict[str, str]:
        """Codes of the form's choices, whose labels the file itself does not hold."""
        read = reading(question, {}, "mixed", False)
        by_key = labelled_codes(values, question)
        lines = {}
        for text in values.labels:
            code = by_key.get(answer_key(text))
            alone = read(text)
            if code is not None and (isinstance(alone, Nothing) or alone != code):
                lines[text] = code
        return lines

    def check_decided(self) -> None:
        """Refuse what was said of an answer that no column of its question holds."""
        problems = [
            f"--accept {name}:{text}=...: no column of {name} holds this answer"
            for name, codes in self.decided.items()
            for text in codes
            if (name, answer_key(text)) not in self.met
        ]
        if problems:
            raise StudyError("What is accepted is not there.", problems)

    def _count_missing(self, values: Values, question: Question, said: set[str]) -> None:
        low, high = question.range or (float("-inf"), float("inf"))
        for text in values.filled:
            if answer_key(text) in said:
                continue
            if looks_missing(text) and is_number(text) and not low <= float(text) <= high:
                self.missing[text] += 1

    # dates

    def dates(self, column: Column) -> list[Any]:
        """Days of a column, row by row; None where there is none that is clear."""
        cells = self.raw.cells[column.place]
        order = find_order(column.values.filled) or "mixed"
        table = {}
        for text in cells.cat.categories if hasattr(cells, "cat") else cells.dropna().unique():
            day = parse_date(str(text).strip(), order)
            table[text] = None if isinstance(day, Unusable) else day
        return [table.get(text) for text in cells]

    def _orders(self) -> tuple[Any, dict[str, list[str]]]:
        """Order of day and month of the dates, and the names where it cannot be told."""
        dates = {
            name: match.column
            for name, match in self.matcher.matches.sure.items()
            if self.matcher.questions[name].kind == "date"
        }
        declared = self.known.date_order
        if isinstance(declared, str):
            return None, {}
        together = find_order(text for column in dates.values() for text in column.values.filled)
        orders: dict[str, str] = {}
        unsure: dict[str, list[str]] = {}
        for name, column in dates.items():
            if half_converted(column.values.filled):
                self.notes.append(
                    f"{name}: a spreadsheet seems to have changed the dates with a day up to 12 "
                    "and left the others; export the file again with dates as text"
                )
            if isinstance(declared, dict) and name in declared:
                continue
            order = together or find_order(column.values.filled) or self._order_before(name)
            if order is None:
                unsure[name] = ["dmy", "mdy"]
            elif order != "mixed":
                orders[name] = order
        if unsure or not orders:
            return (orders or None), unsure
        one = set(orders.values())
        return (one.pop() if len(one) == 1 else orders), unsure

    def _order_before(self, name: str) -> str | None:
        """The order that was said of a date earlier."""
        order = self.kept.date_order
        return order.get(name) if isinstance(order, dict) else order


_FOUND = ("sheet", "header_row", "label_row", "encoding", "delimiter")
_VERDICTS = {
    "fits": "its values fit",
    "silent": "its values do not say",
    "partly": "some of its values are no answers",
    "contradicts": "its values are other answers",
    "empty": "it is empty",
}


def _codes_comment(question: Question) -> str:
    """The codes that an answer may be given, each with its label."""
    return "codes: " + "; ".join(f"{answer.code} = {answer.en}" for answer in question.answers)


def _candidates_comment(found: list[Match]) -> str:
    if not found:
        return "no candidate: name a column, or list the name under not_asked"
    return "; ".join(
        f"{match.confidence:.2f} {_VERDICTS.get(match.how, match.how)}" for match in found
    )
