"""Carry out the researcher's corrections on the rows of one source, as they were mapped."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.ingest.answers import Question
from reintegration.ingest.dates import parse_date
from reintegration.ingest.decisions import (
    CORRECTIONS,
    RULE,
    Correction,
    DecisionError,
    Decisions,
    decidable,
    parse_value,
)
from reintegration.ingest.ledger import Ledger, cell_texts
from reintegration.ingest.mapping import Mapped, Unread

ROWS_SHOWN = 5


@dataclass
class _Work:
    """What was decided so far: the cells and rows that lines are about, and what goes there."""

    problems: list[str] = field(default_factory=list)
    cells: dict[tuple[str, int], Correction] = field(default_factory=dict)
    removed: dict[int, Correction] = field(default_factory=dict)


def correct(
    mapped: Mapped,
    decisions: Decisions,
    survey_ids: pd.Series,
    codebook: Codebook,
    ledger: Ledger,
) -> tuple[Mapped, list[int]]:
    """Carry out all corrections that are about a source.

    Every line speaks of the rows as they were mapped, whatever the lines before it did.

    Parameters
    ----------
    survey_ids
        Id of each row, shape (n,); missing where there is none.
    ledger
        Takes a line for every cell and row.

    Returns
    -------
    tuple
        The rows with the corrections made, and the numbers of the lines that were carried out
        (a line that names a survey alone may be about another source).

    Raises
    ------
    DecisionError
        With every line that no longer says what stands there.
    """
    lines = decisions.about(ledger.source)
    if not lines:
        return mapped, []
    asked = decidable(codebook)
    finder = _Finder(mapped, lines, survey_ids, ledger)
    work = _Work()
    done: list[tuple[Correction, np.ndarray]] = []
    for line in lines:
        said, where = finder.rows_of(line, asked)
        if where is None:
            continue  # of another source
        said = said or _collisions(line, where, work, ledger)
        where_from = f"{decisions.folder / CORRECTIONS}: line {line.line}: "
        work.problems += [where_from + problem for problem in said]
        done.append((line, where))
    for line, where in done:
        if line.change_type != "remove_survey" and (gone := _first(where, work.removed)):
            where_from = f"{decisions.folder / CORRECTIONS}: line {line.line}: "
            work.problems.append(
                f"{where_from}the survey is removed by line {gone.line}; keep one of the two"
            )
    if work.problems:
        raise DecisionError("Decisions by hand no longer fit the data.", work.problems)
    return _carried_out(mapped, done, asked, ledger), [line.line for line, _ in done]


class _Finder:
    """Finds the rows that a line is about, and tells whether they still hold its old value."""

    def __init__(
        self, mapped: Mapped, lines: Sequence[Correction], survey_ids: pd.Series, ledger: Ledger
    ):
        self.mapped = mapped
        self.ledger = ledger
        rows = [line.row for line in lines if line.row is not None]
        at = np.flatnonzero(np.isin(ledger.rows, rows))
        self.by_row = {int(ledger.rows[place]): int(place) for place in at}
        wanted = survey_ids.isin([line.survey_id for line in lines if line.survey_id])
        found = survey_ids[wanted.to_numpy()].reset_index(drop=True)
        places = pd.Series(np.flatnonzero(wanted))
        self.by_id = {str(name): part.to_numpy() for name, part in places.groupby(found)}
        self.ids = survey_ids

    def rows_of(
        self, line: Correction, asked: dict[str, Question]
    ) -> tuple[list[str], np.ndarray | None]:
        """Problems of a line, and its rows; no rows when it is about another source."""
        nothing = np.array([], dtype=int)
        if line.new_value and same_value(line.new_value, line.old_value, asked[line.question]):
            return ["new_value is the old value"], nothing
        if not line.of_one:
            where = self._holding(line, asked)
            if len(where) != line.rows_expected:
                return [
                    f"{len(where)} rows of source {line.source} have this old value in "
                    f"{line.question}; rows_expected says {line.rows_expected}"
                ], nothing
            return [], where
        if line.row is not None:
            if line.row not in self.by_row:
                return [f"source {line.source} has no row {line.row} with a survey"], nothing
            where = np.array([self.by_row[line.row]])
            if line.survey_id and self.ids.iloc[where[0]] != line.survey_id:
                return [
                    f"row {line.row} of source {line.source} is no longer survey {line.survey_id}"
                ], nothing
        elif line.survey_id in self.by_id:
            where = self.by_id[line.survey_id]
        elif line.source:
            return [f"source {line.source} holds no survey {line.survey_id}"], nothing
        else:
            return [], None
        return self._misfits(line, where, asked), where

    def _misfits(
        self, line: Correction, where: np.ndarray, asked: dict[str, Question]
    ) -> list[str]:
        """Why the rows found are not those that the line means."""
        rows = ", ".join(str(row) for row in self.ledger.rows[where][:ROWS_SHOWN])
        if (unread := self.ledger.excluded[where] != "").any():
            return [f"row {self.ledger.rows[where][unread][0]} holds no survey"]
        expected = line.rows_expected or 1
        if len(where) != expected:
            return [
                f"this line is about row {rows} alone, and rows_expected says {expected}; write 1 "
                "there, or leave `row` and `survey_id` empty to mean all rows with the old value"
                if len(where) == 1
                else f"{len(where)} rows are meant ({rows}), and not {expected}; name the row"
            ]
        if not line.question or (
            line.change_type in ("remove_survey", "no_action") and not line.old_value
        ):
            return []
        question = asked[line.question]
        return [
            f"row {self.ledger.rows[place]}: {self._said(line, question, place)}"
            for place in where
            if not self._fits(line, question, place)
        ]

    def _text(self, name: str, place: int) -> tuple[str, bool]:
        """What stands in a cell, and whether mapping could read it."""
        aside = self.mapped.unread.get(name)
        if aside is not None and len(at := np.flatnonzero(aside.rows == place)):
            return str(aside.texts[at[0]]), False
        return str(cell_texts(self.mapped.frame[name].iloc[[place]])[0]), True

    def _fits(self, line: Correction, question: Question, place: int) -> bool:
        text, read = self._text(line.question, place)
        return same_value(line.old_value, text, question) if read else _same(line.old_value, text)

    def _said(self, line: Correction, question: Question, place: int) -> str:
        """That a cell holds something else; values are shown of coded questions alone."""
        text, read = self._text(line.question, place)
        if not question.codes:
            return (
                f"{line.question}: line {line.line} expects another value in `old_value` than the "
                "file holds now; look the row up in the file"
            )
        known = not line.old_value or set(line.old_value.split()) <= set(question.codes)
        expected = (
            (repr(line.old_value) if line.old_value else "an empty cell")
            if known
            else f"what line {line.line} has in `old_value`, which is no code of {line.question},"
        )
        stands = repr(text) if read and text else "nothing" if read else "a text that is no answer"
        return f"{line.question}: expected was {expected}, and there stands {stands}"

    def _holding(self, line: Correction, asked: dict[str, Question]) -> np.ndarray:
        """All rows whose cell holds the old value."""
        question, column = asked[line.question], self.mapped.frame[line.question]
        place, uniques = pd.factorize(column)
        texts = cell_texts(pd.Series(uniques))
        same = np.array([same_value(line.old_value, text, question) for text in texts], dtype=bool)
        held = np.append(same, False)[place]
        aside = self.mapped.unread.get(line.question)
        if aside is not None:
            held[aside.rows] = [_same(line.old_value, text) for text in aside.texts]
        return np.flatnonzero(held & (self.ledger.excluded == ""))


def _same(one: str, other: str) -> bool:
    """Whether two raw texts are the same, spacing apart."""
    return one.split() == other.split()


def same_value(written: str, stands: str, question: Question) -> bool:
    """Whether a value that went through a spreadsheet is the one in the data."""
    if not written or not stands:
        return written == stands
    if question.kind in ("choice", "multiple", "country"):
        return sorted(written.casefold().split()) == sorted(stands.casefold().split())
    if question.kind == "number":
        one, other = (parse_value(t, replace(question, range=None))[0] for t in (written, stands))
        return one is not None and one == other
    if question.kind in ("date", "timestamp"):
        days = {str(parse_date(written, order, serials=False)) for order in ("dmy", "mdy")}
        return written == stands or stands in days
    return _same(written, stands)


def _first(where: np.ndarray, lines: dict[int, Correction]) -> Correction | None:
    """The first of the lines that is about one of the rows."""
    return next((lines[place] for place in where.tolist() if place in lines), None)


def _collisions(line: Correction, where: np.ndarray, work: _Work, ledger: Ledger) -> list[str]:
    """Note the cells or rows of a line, and say which another line has already decided on."""
    if line.change_type == "no_action":
        return []
    removal = line.change_type == "remove_survey"
    problems = []
    for place in where.tolist():
        if removal:
            other = work.removed.setdefault(place, line)
        else:
            other = work.cells.setdefault((line.question, place), line)
        if other is not line:
            what = "" if removal else f" {line.question}"
            problems.append(
                f"row {ledger.rows[place]}{what}: already decided on in line {other.line}"
            )
    return problems[:ROWS_SHOWN]


def _carried_out(
    mapped: Mapped,
    done: Sequence[tuple[Correction, np.ndarray]],
    asked: dict[str, Question],
    ledger: Ledger,
) -> Mapped:
    """Change the cells, and note everything."""
    columns: dict[str, pd.Series] = {}
    unread = dict(mapped.unread)
    for line, where in done:
        name, kind = line.question, line.change_type
        issue = f"{line.initials}: {ledger.shown_note(line.note)}"
        if kind == "remove_survey":
            ledger.remove(where, RULE, name, issue)
            continue
        old = _old(mapped, name, where) if name else ""
        if kind == "no_action":
            ledger.change(where, name, kind, RULE, issue, old, old)
            continue
        value = parse_value(line.new_value, asked[name])[0] if line.new_value else None
        column = columns.get(name, mapped.frame[name])
        if column.dtype == "category" and value is not None and value not in column.cat.categories:
            column = column.cat.add_categories(value)
        column = column.copy()
        column.iloc[where] = value
        columns[name] = column
        if name in unread:
            unread[name] = _without(unread[name], where)
        ledger.change(where, name, kind, RULE, issue, old, cell_texts(column.iloc[where]))
    unread = {name: aside for name, aside in unread.items() if len(aside.rows)}
    return replace(mapped, frame=mapped.frame.assign(**columns), unread=unread)


def _old(mapped: Mapped, name: str, where: np.ndarray) -> np.ndarray:
    """What stands in cells: values as texts, and the raw texts of those that could not be read."""
    old = np.array(cell_texts(mapped.frame[name].iloc[where]), dtype=object)
    if name in mapped.unread:
        aside = mapped.unread[name]
        texts = pd.Series(aside.texts, aside.rows).reindex(where)
        old = np.where(texts.notna(), texts.to_numpy(dtype=object), old)
    return old


def _without(aside: Unread, where: np.ndarray) -> Unread:
    """Cells that could not be read, without those that were decided on."""
    rest = ~np.isin(aside.rows, where)
    return Unread(aside.rows[rest], aside.texts[rest], aside.why[rest])
