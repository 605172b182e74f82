"""What the values of a column say: whether they fit a question, and which code each may mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

from rapidfuzz import fuzz

from reintegration.codebook import Answer
from reintegration.countries import find_country
from reintegration.ingest.answers import (
    Nothing,
    Question,
    answer_key,
    answer_table,
    is_blank,
    reading,
)
from reintegration.ingest.dates import Unusable, parse_date
from reintegration.ingest.readers import RawTable
from reintegration.text import fold

FITS, CONTRADICTS = 0.8, 0.5  # share of the filled cells that can be read
REPEATED, LONGEST, MOST_DIGITS = 5, 60, 3  # a value that is shown comes this often, ...
STRAY = 0.05  # values that mean no answer, and are so rare, are left to the rules of cleaning
MOST_DIFFERENT = 60  # different values of a coded question; a column with more is free text
TYPED_ALIKE = 88.0
_CODE = re.compile(r"[+-]?\d{1,3}")
_MISSING_CODE = re.compile(r"-\d{1,3}|9{2,4}|8{2,4}|7{2,4}|9[4-8]|99[5-8]")
_BEFORE = re.compile(r"^\s*\(?\s*(?:\d{1,2}|[a-zA-Z])\s*[.):=\-–—_]+\s*(?=\S)")
_AFTER = re.compile(r"\s*[\[(]\s*\d{1,2}\s*[\])]\s*$")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Verdict = Literal["fits", "silent", "partly", "contradicts", "empty"]


@dataclass(frozen=True)
class Values:
    """Different values of one column, how often each stands there, and its label if it has one."""

    counts: Mapping[str, int]
    labels: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()

    @cached_property
    def filled(self) -> dict[str, int]:
        """Values that say something: no blank, no code that the file declares missing."""
        return {
            text: count
            for text, count in self.counts.items()
            if text not in self.missing and not is_blank(self.shown(text))
        }

    @cached_property
    def total(self) -> int:
        """How many cells are filled."""
        return sum(self.filled.values())

    def shown(self, text: str) -> str:
        """A value's label or, without one, the value."""
        return self.labels.get(text, text)

    @cached_property
    def coded(self) -> bool:
        """Whether all values are short numbers without a label: what they mean is not said."""
        return bool(self.filled) and all(
            text not in self.labels and _CODE.fullmatch(answer_key(text)) for text in self.filled
        )

    @cached_property
    def substantive(self) -> list[int]:
        """The numbers of a coded column that do not look like codes for missing, in order."""
        numbers = (int(answer_key(text)) for text in self.filled if is_number(text))
        return sorted({n for n in numbers if not _MISSING_CODE.fullmatch(str(n))})

    def may_show(self, text: str) -> bool:
        """Whether a value of a coded question may be written down: it can be nobody's name."""
        if text in self.labels:
            return True
        return (
            self.counts[text] >= REPEATED
            and len(text) <= LONGEST
            and sum(letter.isdigit() for letter in text) <= MOST_DIGITS
        )


def is_number(text: str) -> bool:
    """Whether a text is a whole number of up to three digits, as codes are."""
    return bool(_CODE.fullmatch(answer_key(text)))


def values_of(raw: RawTable, number: int, labels: Mapping[str, str] | None = None) -> Values:
    """Look at one column; `labels` are those of a form, for files that hold none."""
    cells = raw.cells[number]
    counts: dict[str, int] = {}
    for value, count in cells.value_counts().items():
        text = str(value).replace("\xa0", " ").strip()
        if text and count:
            counts[text] = counts.get(text, 0) + int(count)
    counts = dict(sorted(counts.items(), key=_by_number))
    return Values(
        counts, raw.labels.get(number) or labels or {}, raw.missing.get(number, frozenset())
    )


def _by_number(one: tuple[str, int]) -> tuple[bool, float, int]:
    """Numbers in their order, then texts, the commonest first."""
    text, count = one
    return (False, float(answer_key(text)), 0) if is_number(text) else (True, 0.0, -count)


@dataclass(frozen=True)
class Fit:
    """Whether the values of a column are answers of a question.

    Attributes
    ----------
    verdict
        fits; silent (numbers without labels, whose meaning is not said, or a text question);
        partly; contradicts; empty.
    codes
        Value -> code, of those that the codebook reads by itself.
    added
        Value -> code, of those that are plainly an answer written otherwise.
    unread
        Values that are no answer.
    """

    verdict: Verdict
    codes: Mapping[str, str] = field(default_factory=dict)
    added: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether nothing speaks against the column."""
        return self.verdict in ("fits", "silent", "empty")


def fit(values: Values, question: Question) -> Fit:
    """Judge whether a column's values are answers of a question."""
    if not values.total:
        return Fit("empty")
    if question.kind in ("choice", "multiple"):
        return _fit_answers(values, question)
    readable = {
        "number": lambda text: _in_range(text, question.range),
        "date": _is_date,
        "timestamp": _is_date,
        "country": lambda text: find_country(text) is not None,
    }.get(question.kind)
    if readable is None:
        return Fit("silent")
    share = sum(c for t, c in values.filled.items() if readable(values.shown(t))) / values.total
    if question.kind == "number" and share < FITS:
        rest = {t: c for t, c in values.filled.items() if not _MISSING_CODE.fullmatch(t)}
        share = sum(c for t, c in rest.items() if readable(t)) / max(1, sum(rest.values()))
    return Fit("fits" if share >= FITS else "partly" if share >= CONTRADICTS else "contradicts")


def _fit_answers(values: Values, question: Question) -> Fit:
    if len(values.filled) > MOST_DIFFERENT and question.kind == "choice":
        return Fit("contradicts")
    read = reading(question, labelled_codes(values, question), "mixed", False)
    codes: dict[str, str] = {}
    added: dict[str, str] = {}
    unread: list[str] = []
    for text in values.filled:
        found = [read(form) for form in dict.fromkeys((text, values.shown(text)))]
        code = next((str(c) for c in found if not isinstance(c, Nothing)), None)
        if code is not None:
            codes[text] = code
        elif near := _written_otherwise(values.shown(text), question):
            added[text] = near
        else:
            unread.append(text)
    known = sum(values.filled[text] for text in (*codes, *added))
    if not codes and not added and values.coded:
        return Fit("silent" if _may_number(values, question) else "contradicts", unread=(*unread,))
    rest = values.total - sum(
        values.filled[text] for text in unread if _MISSING_CODE.fullmatch(answer_key(text))
    )
    share = known / rest if rest else 0.0
    verdict: Verdict = (
        "fits" if share >= FITS else "partly" if share > CONTRADICTS else "contradicts"
    )
    return Fit(verdict, codes, added, tuple(unread))


@lru_cache(maxsize=256)
def _table(question: Question) -> dict[str, str]:
    return answer_table(question.answers)


def labelled_codes(values: Values, question: Question) -> dict[str, str]:
    """Folded value -> code, of the values that bear a label which is an answer."""
    table = _table(question)
    found = {}
    for text, label in values.labels.items():
        if answer_key(label) in table:
            found[answer_key(text)] = table[answer_key(label)]
        elif text not in values.counts and (near := _written_otherwise(label, question)):
            found[answer_key(text)] = near
    return found


def _may_number(values: Values, question: Question) -> bool:
    """Whether unlabelled numbers may number the answers of a question."""
    numbers = values.substantive
    real = real_answers(question)
    if not numbers or question.kind == "multiple":
        return question.kind == "multiple" and bool(numbers) and numbers[-1] <= len(real) + 1
    return (
        len(numbers) <= len(real) and numbers[0] >= 0 and numbers[-1] - numbers[0] < len(real)
    ) and numbers[-1] <= len(real)


def real_answers(question: Question) -> list[Answer]:
    """Answers of a question but those that say nothing: of an item, those with a score."""
    scored = [answer for answer in question.answers if answer.score is not None]
    return scored or list(question.answers)


def _in_range(text: str, limits: tuple[float, float] | None) -> bool:
    plain = text.replace("\xa0", "").replace(" ", "").replace(",", ".")
    try:
        number = float(plain)
    except ValueError:
        return False
    return limits is None or limits[0] <= number <= limits[1]


def _is_date(text: str) -> bool:
    return any(not isinstance(parse_date(text, order), Unusable) for order in ("dmy", "mdy"))


@lru_cache(maxsize=65536)
def _written_otherwise(text: str, question: Question) -> str | None:
    """Code of the answer that a text plainly is: with a number before it, or a typing error."""
    if question.kind == "multiple" or not any(map(str.isalpha, text)):
        return None
    table = _table(question)
    plain = _AFTER.sub("", _BEFORE.sub("", text)).strip()
    if (key := answer_key(plain)) in table and any(map(str.isalpha, plain)):
        return table[key]
    near = near_answers(plain, table)
    return near[0] if len(near) == 1 else None


def near_answers(text: str, table: Mapping[str, str]) -> list[str]:
    """Codes of the answers that differ from a text by typing errors alone.

    Every word must be alike to one at its place and begin with the same letters, so that
    "satisfied" is not "dissatisfied" and "very good" not "good".
    """
    words = fold(text).split()
    found = []
    for key, code in table.items():
        others = key.split()
        if len(words) == len(others) and all(map(_same_word, words, others)):
            found.append(code)
    return list(dict.fromkeys(found))


def _same_word(one: str, other: str) -> bool:
    if one == other:
        return True
    return (
        min(len(one), len(other)) >= 4
        and one[:2] == other[:2]
        and fuzz.ratio(one, other) >= TYPED_ALIKE
    )


def candidates(text: str, values: Values, question: Question) -> list[str]:
    """Codes that an unread value may mean, likeliest first; none when there is no clue."""
    real = [answer.code for answer in real_answers(question)]
    silent = [answer.code for answer in question.answers if answer.code not in real]
    if text not in values.labels and is_number(text):
        number = int(answer_key(text))
        if number not in values.substantive:
            return silent
        if set(real) == {"yes", "no"} and values.substantive in ([0, 1], [0], [1]):
            return ["no" if number == 0 else "yes"]
        place = values.substantive.index(number)
        if len(values.substantive) == len(real):
            return list(dict.fromkeys((real[place], real[-1 - place])))
        return real
    words = set(fold(values.shown(text)).split())
    scores: dict[str, float] = {}
    for answer in question.answers:
        for label in answer.spellings:
            score = fuzz.ratio(fold(values.shown(text)), fold(label))
            if score >= 70 or (words and words <= set(fold(label).split())):
                scores[answer.code] = max(score, scores.get(answer.code, 0))
    return sorted(scores, key=lambda code: -scores[code])[:3]


def looks_missing(text: str) -> bool:
    """Whether a value is a number that programs write for nothing (99, -99, 888, ...)."""
    return bool(_MISSING_CODE.fullmatch(answer_key(text)))


def share_of_emails(values: Values) -> float:
    """Share of the filled cells that are e-mail addresses."""
    if not values.total:
        return 0.0
    return sum(c for t, c in values.filled.items() if _EMAIL.fullmatch(t)) / values.total
