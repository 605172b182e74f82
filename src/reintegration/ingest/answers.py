"""Read one text as the codebook's code, number, date or country, or say why it cannot be."""

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reintegration.codebook import Answer, Codebook
from reintegration.countries import find_country
from reintegration.ingest.dates import Unusable, parse_date, parse_moment
from reintegration.text import fold

YES_NO = (
    Answer(code="yes", en="Yes", fr="Oui", es="Sí", also=("Y", "O", "S")),
    Answer(code="no", en="No", fr="Non", es="No", also=("N",)),
)
_TRUE_FALSE = {"true": "yes", "vrai": "yes", "false": "no", "faux": "no"}
_CHOSEN = frozenset(("1", "yes", "oui", "true", "vrai", "x", "selected", "checked"))
_NOT_CHOSEN = frozenset(("0", "no", "non", "false", "faux", "unselected", "unchecked"))
# What programs and people write into a cell that holds nothing.
_BLANK = frozenset(("na", "n a", "nan", "nat", "null", "-", "--", "---", "\u2013", "\u2014", "."))
_LONGEST_BLANK = 8  # with spaces and accents about it
# Errors of a spreadsheet's formulas, in English, French and Spanish.
_ERROR = re.compile(
    r"#[¡¿]?(?:N/A|N/D|NA|DIV/0|REF|VALUE|VALEUR|VALOR|NAME|NOM|NOMBRE|NUM|NULL|NUL|NULO|SPILL"
    r"|CALC|GETTING_DATA|PROPAGATION|DESBORDAMIENTO|ERR:?\d*|ERROR)[!?]?",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"([+-]?\d+)[.,]0+")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_SEPARATOR = re.compile(r"\s*[;,|/\n]\s*")


@dataclass(frozen=True)
class Nothing:
    """A text that holds no value: missing, or not readable, with the reason."""

    why: str = ""


MISSING = Nothing()
SPREADSHEET_ERROR = Nothing("an error of the spreadsheet")
Value = str | float | datetime.date | Nothing
Reading = Callable[[str], Value]


@dataclass(frozen=True)
class Question:
    """What may stand in a column of one codebook name."""

    kind: str  # choice, multiple, number, date, timestamp, country or text
    answers: tuple[Answer, ...] = ()
    range: tuple[float, float] | None = None

    @property
    def codes(self) -> list[str]:
        """Codes of the answers, in order."""
        return [answer.code for answer in self.answers]


def questions(codebook: Codebook) -> dict[str, Question]:
    """Every codebook name that a raw file may hold a column for, in the codebook's order."""
    found = {
        name: Question(variable.type, variable.answers, variable.range)
        for name, variable in codebook.variables.items()
    }
    for name, item in codebook.items.items():
        kind = "multiple" if item.multiple else "choice"
        found[name] = Question(kind, codebook.answers_of(name))
    for name in codebook.assistance_columns:
        found[name] = Question("choice", YES_NO)
        found[f"{name}_date"] = Question("date")
    return found


def answer_key(text: str) -> str:
    """Fold an answer; numbers keep their sign, and 1.0 is 1."""
    text = text.replace("\xa0", " ").strip()
    if match := _WHOLE.fullmatch(text):
        text = match[1]
    return text if _NUMBER.fullmatch(text) else fold(text)


def is_blank(text: str) -> bool:
    """Whether a text, unless it is an answer of the codebook, says only that the cell is empty."""
    return len(text) <= _LONGEST_BLANK and fold(text) in _BLANK


def is_error(text: str) -> bool:
    """Whether a text is what a spreadsheet shows for a formula that failed."""
    return bool(_ERROR.fullmatch(text))


def answer_table(answers: Iterable[Answer]) -> dict[str, str]:
    """Folded code or label -> code. A spelling that two answers share is left out."""
    answers = list(answers)
    table: dict[str, str] = {}
    shared: set[str] = set()
    for answer in answers:
        for text in answer.spellings:
            key = answer_key(text)
            if table.setdefault(key, answer.code) != answer.code:
                shared.add(key)
    table = {key: code for key, code in table.items() if key not in shared}
    if {"yes", "no"} <= {answer.code for answer in answers}:
        table = _TRUE_FALSE | table
    return table | {answer_key(answer.code): answer.code for answer in answers}


def reading(
    question: Question, declared: Mapping[str, str | None], order: str, serials: bool
) -> Reading:
    """Return the function that reads one text of a column.

    Parameters
    ----------
    declared
        Folded raw answer -> code, empty when it means missing; comes before the codebook's own.
    order, serials
        Of dates, as in `reintegration.ingest.dates.parse_date`.
    """
    if question.kind == "choice":
        table: dict[str, str | None] = {**answer_table(question.answers), **declared}

        def read_choice(text: str) -> Value:
            code = table.get(answer_key(text), Nothing("not an answer of the codebook"))
            return code or MISSING

        return read_choice
    if question.kind == "multiple":
        several = {**answer_table(question.answers), **declared}
        return lambda text: _several(text, several, question.codes)
    plain: Reading = {
        "number": _number,
        "date": lambda text: _date(parse_date(text, order, serials)),
        "timestamp": lambda text: _date(parse_moment(text, order, serials)),
        "country": lambda text: find_country(text) or Nothing("not a known country"),
    }.get(question.kind, lambda text: MISSING if is_blank(text) else " ".join(text.split()))

    if not declared:
        return plain

    def read_plain(text: str) -> Value:
        key = answer_key(text)
        if key in declared:
            return plain(code) if (code := declared[key]) else MISSING
        return plain(text)

    return read_plain


def _number(text: str) -> float | Nothing:
    plain = text.replace("\xa0", "").replace(" ", "")
    return float(plain.replace(",", ".")) if _NUMBER.fullmatch(plain) else Nothing("not a number")


def _date(found: datetime.date | Unusable) -> datetime.date | Nothing:
    return Nothing(found.why) if isinstance(found, Unusable) else found


def _several(text: str, table: Mapping[str, str | None], codes: list[str]) -> str | Nothing:
    """Codes of a multiple-choice cell, in codebook order, joined by spaces.

    Answers stand apart by a separator or, in KoboToolbox's XML form, by spaces: then the longest
    known answer is taken each time, so that labels of several words are found too.
    """
    chosen: set[str] = set()
    for part in [text] if answer_key(text) in table else _SEPARATOR.split(text.strip()):
        words = part.split()
        while words:
            for length in range(len(words), 0, -1):
                key = answer_key(" ".join(words[:length]))
                if key in table:
                    chosen.update((table[key] or "").split())
                    words = words[length:]
                    break
            else:
                return Nothing("not answers of the codebook")
    return " ".join(code for code in codes if code in chosen) or MISSING


def read_option(text: str, answer: Answer) -> str | Nothing:
    """Whether one option of a multiple-choice question was chosen: yes or no."""
    key = answer_key(text)
    if key in _CHOSEN or key in {answer_key(form) for form in (answer.code, *answer.spellings)}:
        return "yes"
    return "no" if key in _NOT_CHOSEN else Nothing("neither chosen nor not")
