"""The account of cleaning: every change to a cell or row, and every row that cannot be used."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.ingest.answers import questions
from reintegration.ingest.flow import REASONS
from reintegration.text import fold

LOG_COLUMNS = [
    "source",
    "row",
    "survey_id",
    "question",
    "old_value",
    "new_value",
    "change_type",
    "rule",
    "issue",
]
PSEUDONYMS = ("returnee_id", "location_id")
REJECTED_COLUMNS = ["source", "row", "question", "reason"]
CELL_EDITS = ("change_response", "blank_response")
HIDDEN = "(not shown)"
LONGEST_SHOWN = 60  # an answer is shorter; a remark may say anything about anybody
DIGITS_SHOWN = 3  # an answer's code has no more; a phone, case or identity number has
SHORTEST_NAME = 3
NAME_WORDS = 4  # a name or an address has no more; a remark has
NOTE_DIGITS = 6  # dates apart; a phone number has more
LONGEST_ACRONYM = 4
_ACCENT = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"\w+")
_LONG_NUMBER = re.compile(r"\d{5,}")
_DATE = re.compile(r"\b(?:\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{4})\b")
_FIRST_WORD = re.compile(r"(^|[.!?:]\s+)\w+")
Values = np.ndarray | pd.Series | pd.Categorical | str


@dataclass(frozen=True)
class Change:
    """One kind of change to cells of one question, or to rows."""

    where: np.ndarray
    question: str
    change_type: str
    rule: str
    issue: str | np.ndarray
    old: Values
    new: Values


class Ledger:
    """Keeps the account of one source while its rows are cleaned.

    Attributes
    ----------
    excluded
        Why each row is out, shape (n,); empty for rows still in.
    """

    def __init__(
        self,
        source: str,
        rows: np.ndarray,
        survey_ids: pd.Series,
        codebook: Codebook,
        secrets: pd.Series | None = None,
        labels: Collection[str] = (),
    ):
        self.source = source
        self.rows = np.asarray(rows)
        self.survey_ids = survey_ids.reset_index(drop=True)
        self.excluded = np.full(len(self.rows), "", dtype=object)
        self._coded = coded_questions(codebook)
        self._secrets = secrets
        self._vocabulary = vocabulary(codebook)
        self._labels = frozenset(labels)
        self._changes: list[Change] = []
        self._rejected: list[pd.DataFrame] = []

    def open(self, where: np.ndarray) -> np.ndarray:
        """Those of the rows (positions) that are still in."""
        where = np.asarray(where)
        where = np.flatnonzero(where) if where.dtype == bool else where
        return where[self.excluded[where] == ""]

    def change(
        self,
        where: np.ndarray,
        question: str,
        change_type: str,
        rule: str,
        issue: str | np.ndarray,
        old: Values = "",
        new: Values = "",
    ) -> None:
        """Note a change to cells of one question; values are shown only of coded questions."""
        if len(where):
            self._changes.append(
                Change(np.asarray(where), question, change_type, rule, issue, old, new)
            )

    def remove(
        self, where: np.ndarray, reason: str, question: str, issue: str | np.ndarray = ""
    ) -> None:
        """Take rows out and note why; `reason` is a key of `flow.REASONS`."""
        if not len(where):
            return
        self.excluded[where] = reason
        words = issue if len(issue) else REASONS[reason]
        self.change(where, question, "remove_survey", reason, words)

    def reject(
        self, where: np.ndarray, reason: str, question: str, issue: str | np.ndarray = ""
    ) -> None:
        """Take out rows that cannot be used, and list them with the question to look at."""
        if not len(where):
            return
        self.remove(where, reason, question, issue)
        self._rejected.append(
            pd.DataFrame(
                {
                    "source": self.source,
                    "row": self.rows[where],
                    "question": question,
                    "reason": issue if len(issue) else REASONS[reason],
                }
            )
        )

    def _values(self, change: Change) -> tuple[Values, Values]:
        """Old and new values as they may be shown: of coded questions and pseudonyms alone."""
        if change.question in self._coded:
            old = self._shown(change.old)
            return old, old if change.change_type == "no_action" else cell_texts(change.new)
        if change.question in PSEUDONYMS:
            return cell_texts(change.old), cell_texts(change.new)
        return "", ""

    def edits_of(self, question: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cells of a question that were changed, and their old and new values as texts.

        In the order of the changes; a cell may stand there several times.
        """
        changes = [
            change
            for change in self._changes
            if change.question == question and change.change_type in CELL_EDITS
        ]
        return (
            _places(changes),
            _spread([cell_texts(change.old) for change in changes], changes),
            _spread([cell_texts(change.new) for change in changes], changes),
        )

    @property
    def edited(self) -> frozenset[str]:
        """Questions of which cells were changed."""
        return frozenset(c.question for c in self._changes if c.change_type in CELL_EDITS)

    @property
    def removed(self) -> np.ndarray:
        """Rows that were taken out, in the order of the changes."""
        return _places([c for c in self._changes if c.change_type == "remove_survey"])

    def _shown(self, values: Values) -> np.ndarray | str:
        """Values with those hidden that may hold something about a person."""
        if isinstance(values, str):
            return values
        place, texts = pd.factorize(pd.Series(cell_texts(values), dtype=object))
        return np.array([self._safe(text) for text in texts], dtype=object)[place]

    def shown_note(self, note: str) -> str:
        """A note as it may be shown: not with a name, a number that could be one's, an address.

        Hidden are notes with a word that stands among the identifiers of the file, with a
        capitalised word that is none of the codebook's inside a sentence, with a long number,
        or with an @.
        """
        inside = _WORD.findall(_FIRST_WORD.sub(" ", note))
        named = any(
            word[0].isupper()
            and fold(word) not in self._vocabulary
            and not (word.isupper() and len(word) <= LONGEST_ACRONYM)
            for word in inside
        )
        digits = sum(letter.isdigit() for letter in _DATE.sub("", note))
        if named or "@" in note or digits > NOTE_DIGITS or _LONG_NUMBER.search(note):
            return HIDDEN
        words = {word for word in _WORD.findall(_plain(note)) if len(word) >= SHORTEST_NAME}
        return note if words.isdisjoint(self._names(words)) else HIDDEN

    def _names(self, asked: Collection[str]) -> Iterator[str]:
        """Those of the words that stand among identifiers, or in short texts dropped with them."""
        for line in self._secret_text.split("\n"):
            words = _WORD.findall(line)
            if len(words) <= NAME_WORDS:
                yield from (word for word in words if word in asked)

    def _safe(self, text: str) -> str:
        """A text as it may be shown: free text can name anybody, the codebook's words nobody."""
        plain = _plain(text)
        known = text in self._labels or (
            plain.isascii()
            and all(word.isdigit() or word in self._vocabulary for word in fold(plain).split())
        )
        digits = sum(letter.isdigit() for letter in text)
        unsafe = not known or len(text) > LONGEST_SHOWN or digits > DIGITS_SHOWN
        words = [word for word in plain.split() if len(word) >= SHORTEST_NAME]
        return HIDDEN if unsafe or any(word in self._secret_text for word in words) else text

    @cached_property
    def _secret_text(self) -> str:
        """All texts that must not show, in one."""
        return "" if self._secrets is None else _plain("\n".join(self._secrets.unique()))

    def log(self) -> pd.DataFrame:
        """Every change, in the order of the file."""
        changes = self._changes
        where = _places(changes)
        values = [self._values(change) for change in changes]
        said: dict[str, list[Values]] = {
            "source": [self.source for _ in changes],
            "question": [change.question for change in changes],
            "old_value": [old for old, _ in values],
            "new_value": [new for _, new in values],
            "change_type": [change.change_type for change in changes],
            "rule": [change.rule for change in changes],
            "issue": [change.issue for change in changes],
        }
        order = np.argsort(self.rows[where], kind="stable")
        columns = {
            name: pd.Categorical(_spread(parts, changes)[order]) for name, parts in said.items()
        }
        where = where[order]
        ids = self.survey_ids.iloc[where].reset_index(drop=True)
        return pd.DataFrame(columns | {"row": self.rows[where], "survey_id": ids})[LOG_COLUMNS]

    def rejected(self) -> pd.DataFrame:
        """Every row that cannot be used, in the order of the file."""
        return _joined(self._rejected, REJECTED_COLUMNS)


def cell_texts(values: Values) -> np.ndarray | str:
    """Values as a person writes them: codes, plain numbers, ISO dates (and times), blank as ''."""
    if isinstance(values, str):
        return values
    cells = pd.Series(values).reset_index(drop=True)
    if cells.dtype.kind == "M":
        texts = cells.dt.strftime("%Y-%m-%d %H:%M:%S").str.removesuffix(" 00:00:00")
    elif cells.dtype.kind == "f":
        texts = cells.map("{:.12g}".format, na_action="ignore")
    else:
        texts = cells
    return texts.astype(object).where(cells.notna(), "").to_numpy(dtype=object)


def vocabulary(codebook: Codebook) -> frozenset[str]:
    """Folded words of all answers of the codebook, whatever the question."""
    asked = questions(codebook).values()
    spellings = (t for q in asked for a in q.answers for t in (a.code, *a.spellings))
    return frozenset(word for text in spellings for word in fold(text).split())


def coded_questions(codebook: Codebook) -> frozenset[str]:
    """Questions whose answers are codes, which may be shown."""
    choices = [name for name, v in codebook.variables.items() if v.type == "choice"]
    return frozenset([*codebook.items, *choices, *codebook.assistance_columns])


def _plain(text: str) -> str:
    """Text without case and accents."""
    return _ACCENT.sub("", unicodedata.normalize("NFKD", text).casefold())


def _places(changes: list[Change]) -> np.ndarray:
    """Rows of changes, one after another."""
    return np.concatenate([np.array([], dtype="int64"), *(change.where for change in changes)])


def _spread(parts: Sequence[Values], changes: list[Change]) -> np.ndarray:
    """Values of changes, one per row of each: a text stands for all of its rows."""
    columns = [np.array([], dtype=object)]
    for part, change in zip(parts, changes, strict=True):
        alike = isinstance(part, str)
        values = np.full(len(change.where), part, dtype=object) if alike else np.asarray(part)
        columns.append(values.astype(object, copy=False))
    return np.concatenate(columns)


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(columns=columns)
    joined = pd.concat(parts, ignore_index=True)
    return joined.sort_values("row", kind="stable", ignore_index=True)[columns]
