"""The account of cleaning: every change to a cell or row, and every row that cannot be used."""

import re
import unicodedata
from collections.abc import Collection
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
REJECTED_COLUMNS = ["source", "row", "question", "reason"]
HIDDEN = "(not shown)"
LONGEST_SHOWN = 60  # an answer is shorter; a remark may say anything about anybody
DIGITS_SHOWN = 3  # an answer's code has no more; a phone, case or identity number has
SHORTEST_NAME = 3
_ACCENT = re.compile("[\u0300-\u036f]")


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
        self.survey_ids = survey_ids.to_numpy()
        self.excluded = np.full(len(self.rows), "", dtype=object)
        self._coded = coded_questions(codebook)
        self._secrets = secrets
        self._vocabulary = vocabulary(codebook)
        self._labels = frozenset(labels)
        self._changes: list[pd.DataFrame] = []
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
        old: np.ndarray | str = "",
        new: np.ndarray | str = "",
    ) -> None:
        """Note a change to cells of one question; values are shown only of coded questions."""
        if not len(where):
            return
        shown = question in self._coded
        self._changes.append(
            pd.DataFrame(
                {
                    "source": self.source,
                    "row": self.rows[where],
                    "survey_id": self.survey_ids[where],
                    "question": question,
                    "old_value": self._shown(old) if shown else "",
                    "new_value": new if shown else "",
                    "change_type": change_type,
                    "rule": rule,
                    "issue": issue,
                }
            )
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

    def _shown(self, values: np.ndarray | str) -> np.ndarray | str:
        """Values with those hidden that may hold something about a person."""
        if isinstance(values, str):
            return values
        table = {value: self._safe(str(value)) for value in set(values)}
        return np.array([table[value] for value in values], dtype=object)

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
        return _joined(self._changes, LOG_COLUMNS)

    def rejected(self) -> pd.DataFrame:
        """Every row that cannot be used, in the order of the file."""
        return _joined(self._rejected, REJECTED_COLUMNS)


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


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(columns=columns)
    joined = pd.concat(parts, ignore_index=True)
    return joined.sort_values("row", kind="stable", ignore_index=True)[columns]
