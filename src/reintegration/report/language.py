"""What the report says, in one language: its texts, names, and how it writes a number."""

import math
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from reintegration.codebook import Codebook, read_yaml
from reintegration.countries import country_name

TEXTS = Path(__file__).parent / "texts"
MINUS = "\N{MINUS SIGN}"
ALL = "all"


@cache
def _texts(code: str) -> dict[str, Any]:
    return read_yaml(TEXTS / f"{code}.yaml")


def in_sentence(label: str) -> str:
    """A label inside a sentence: without its capital, unless it holds others (WHO-5 Index)."""
    return label if any(letter.isupper() for letter in label[1:]) else label.lower()


class Language:
    """Texts of `texts/<code>.yaml`, labels of the codebook and names of countries.

    Parameters
    ----------
    code
        Language of the report, `en`.
    codebook
        Labels of scores, items, variables and assistance.
    """

    def __init__(self, code: str, codebook: Codebook):
        self.code = code
        self.codebook = codebook
        self._texts = _texts(code)

    def text(self, key: str) -> Any:
        """Return what stands under `key` (dots between levels): a text, a list or a mapping.

        Raises
        ------
        KeyError
            If the texts hold no such key.
        """
        found: Any = self._texts
        for part in key.split("."):
            if not isinstance(found, dict) or part not in found:
                raise KeyError(f"no text {key!r} in {self.code}.yaml")
            found = found[part]
        return found

    def has(self, key: str) -> bool:
        """Whether there is a text under `key`."""
        try:
            self.text(key)
        except KeyError:
            return False
        return True

    def say(self, key: str, **values: object) -> Markup:
        """Fill a text for the page; the text may hold HTML, the values are escaped."""
        return Markup(self.text(key).strip()).format(**values)

    def plain(self, key: str, **values: object) -> str:
        """Fill a text for figures, CSV and LaTeX."""
        return str(self.text(key)).strip().format(**values)

    def country(self, code: str) -> str:
        """Name a country, or all of them."""
        return self.plain("words.all_countries") if code == ALL else country_name(code, self.code)

    def score(self, name: str) -> str:
        """Name a score, or the change of one (`change_economic`)."""
        bare = name.removeprefix("change_")
        try:
            label = self.codebook.label(bare, self.code)
        except KeyError:
            return bare
        return label if bare == name else self.plain("words.change_of", score=label)

    def instrument(self, score: str) -> str:
        """Name the instrument that a score, or the change of one, belongs to."""
        part = self.codebook.instrument_of(score.removeprefix("change_"))
        return part.title.in_language(self.code)

    @property
    def instruments(self) -> str:
        """Name all instruments."""
        return self.join([part.title.in_language(self.code) for part in self.codebook.instruments])

    def answer(self, variable: str, code: str) -> str:
        """Name an answer of an item or a variable; a code that is no answer is looked up."""
        try:
            answers = self.codebook.answers_of(variable)
        except KeyError:
            answers = ()
        for answer in answers:
            if answer.code == code:
                return answer.in_language(self.code)
        if self.has(f"answers.{code}"):
            return self.plain(f"answers.{code}")
        return code.replace("_", " ")

    def variable(self, name: str) -> str:
        """Name a variable, an item, a type of assistance, or what the study derives from them."""
        if self.has(f"variables.{name}"):
            return self.plain(f"variables.{name}")
        try:
            return self.codebook.label(name, self.code)
        except KeyError:
            return name.replace("_", " ")

    def term(self, term: str) -> str:
        """Name a term of a regression, such as `training_not_recorded` or `country.GIN`."""
        if self.has(f"variables.{term}"):
            return self.plain(f"variables.{term}")
        if term.startswith("country."):
            return self.country(term.removeprefix("country."))
        name, separator, answer = term.partition(".")
        if separator:
            return f"{self.variable(name)}: {self.answer(name, answer)}"
        if term.endswith("_not_recorded"):
            label = self.variable(term.removesuffix("_not_recorded"))
            return f"{label}: {self.plain('answers.not_recorded')}"
        for name, variable in self.codebook.variables.items():
            for choice in variable.answers:
                if term == f"{name}_{choice.code}":
                    return f"{self.variable(name)}: {choice.in_language(self.code)}"
        return self.variable(term)

    def number(self, value: float, digits: int = 0, *, signed: bool = False) -> str:
        """Write a number with fixed decimals, a true minus sign and thousands apart."""
        if math.isinf(value):  # an interval without a bound on one side
            return f"{MINUS if value < 0 else '+' if signed else ''}\N{INFINITY}"
        text = f"{abs(value):,.{digits}f}"
        zero = not any(character in "123456789" for character in text)
        sign = "" if zero else MINUS if value < 0 else "+" if signed else ""
        thousands, decimal = self.text("numbers.thousands"), self.text("numbers.decimal")
        return sign + text.translate({ord(","): thousands, ord("."): decimal})

    def share(self, value: float, digits: int = 1) -> str:
        """Write a share as a percentage."""
        return self.plain("numbers.percent", number=self.number(100 * value, digits))

    def p_value(self, value: float) -> str:
        """Write a p-value: three decimals, or smaller than what they can show."""
        if value < 0.001:
            return self.plain("numbers.p_below", number=self.number(0.001, 3))
        return self.plain("numbers.p_equals", number=self.number(value, 3))

    def interval(self, low: float, high: float, digits: int = 3, *, signed: bool = False) -> str:
        """Write the two ends of an interval."""
        ends = [self.number(end, digits, signed=signed) for end in (low, high)]
        return self.plain("numbers.interval", low=ends[0], high=ends[1])

    def join(self, names: list[str]) -> str:
        """List names in a sentence: a, b and c."""
        if len(names) < 2:
            return "".join(names)
        last = self.plain("words.and")
        return f"{', '.join(names[:-1])} {last} {names[-1]}"


def is_missing(value: object) -> bool:
    """Whether a cell of a results file holds nothing."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or value == ""
