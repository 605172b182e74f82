"""The grammar of terms and filters: small, our own, and never evaluated as Python.

    term    part | part:part | part:part:part          stranded, stranded:sex
    part    name | log(name) | exp(name) | sqrt(name) | name^2 | name^3      (in tables)
    name    letters, digits, _ and . , or anything in backquotes: `Sepal Length`
    filter  is_last == 1 and country in (GIN, SEN)
            age >= 18 and not (mode == phone or stranded is missing)
            survey_date < "2020-03-01"

    filter     = and_part { "or" and_part }
    and_part   = not_part { "and" not_part }
    not_part   = "not" not_part | "(" filter ")" | comparison
    comparison = name ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) value
               | name [ "not" ] "in" "(" value { "," value } ")"
               | name "is" [ "not" ] "missing"
    value      = number | word | "text in quotes"

Names are matched whole. A comparison with a missing value is neither true nor false, `not`
leaves it so, and only rows whose filter is true are kept (Kleene's three-valued logic).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

NAME = re.compile(r"[^\W\d][\w.]*")
_FUNCTION = re.compile(r"(log|exp|sqrt)\((.*)\)")
_OUTSIDE_QUOTES = re.compile(r":(?=(?:[^`]*`[^`]*`)*[^`]*$)")
_POWER = re.compile(r"(.*)\^([23])")
_TOKEN = re.compile(
    r"""\s*(?: (?P<text>"[^"]*"|'[^']*') | (?P<quoted>`[^`]+`)
             | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![A-Za-z0-9_.]))
             | (?P<word>[^\W\d][\w.]*)
             | (?P<symbol>==|!=|<=|>=|<|>|\(|\)|,) )""",
    re.VERBOSE,
)
ORDERED = ("<", "<=", ">", ">=")
_KEYWORDS = {"and", "or", "not", "in", "is", "missing"}
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
EXACT = 2**53  # floats do not tell whole numbers from here on apart
_LONGEST = 500  # tokens; a longer filter belongs into a column


class GrammarError(ValueError):
    """A term or filter that the grammar does not know; the text says what was expected."""


@dataclass(frozen=True)
class Term:
    """One variable, or the interaction of several."""

    variables: tuple[str, ...]

    def __str__(self) -> str:
        return ":".join(self.variables)


@dataclass(frozen=True)
class Derived:
    """A column made from one other: `log(x)`, `exp(x)`, `sqrt(x)`, `x^2` or `x^3`."""

    column: str
    function: str


def parse_term(text: str, made: dict[str, Derived] | None = None) -> Term:
    """Read a term: a name, or names joined by `:`.

    Parameters
    ----------
    made
        Where functions of a column are allowed: collects them by their name.

    Raises
    ------
    GrammarError
        If it is anything else, for example a formula of another language.
    """
    names = [_part(part.strip(), text, made) for part in _OUTSIDE_QUOTES.split(text)]
    if len(set(names)) < len(names):
        raise GrammarError(f"the term {text!r} names a variable twice")
    return Term(tuple(names))


def _part(part: str, text: str, made: dict[str, Derived] | None) -> str:
    if NAME.fullmatch(part):
        return part
    if len(part) > 2 and part[0] == part[-1] == "`" and "`" not in part[1:-1]:
        return part[1:-1]
    if made is not None:
        for match, place in ((_FUNCTION.fullmatch(part), (2, 1)), (_POWER.fullmatch(part), (1, 2))):
            if match:
                column = _part(match.group(place[0]).strip(), text, None)
                name = re.sub("[`\\s]", "", part) if NAME.fullmatch(column) else part
                made[name] = Derived(column, match.group(place[1]))
                return name
    raise GrammarError(
        f"the term {text!r} is not a name, or names joined by `:`"
        f" ({part!r} is not a name made of letters, digits and _)"
    )


def suggest(name: str, known: Collection[str]) -> str:
    """Say what a misspelt name may have meant: a near name, or all that are known."""
    longer = [other for other in known if name in other.split("_") or other.endswith(f"_{name}")]
    if near := get_close_matches(name, list(known), n=3) or longer[:5]:
        return f"did you mean {' or '.join(near)}?"
    return f"known are {', '.join(sorted(known))}"


@dataclass(frozen=True)
class Comparison:
    """`name operator compared`, where the operator is a sign, `in` or `missing`."""

    name: str
    operator: str
    compared: tuple[float | str, ...] = ()


@dataclass(frozen=True)
class Not:
    """The opposite; unknown stays unknown."""

    part: "Filter"


@dataclass(frozen=True)
class Both:
    """`and` or `or` of two filters."""

    operator: str
    left: "Filter"
    right: "Filter"


Filter = Comparison | Not | Both


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise GrammarError(
                f"the filter {text!r} cannot be read from {text[position:].strip()!r} on"
                " (a comparison looks like `is_last == 1` or `country in (GIN, SEN)`)"
            )
        kind = str(match.lastgroup)
        tokens.append((kind, match.group(kind)))
        position = match.end()
    return tokens


class _Reader:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = _tokens(text)
        self.position = 0
        if len(self.tokens) > _LONGEST:
            raise GrammarError(f"a filter has at most {_LONGEST} words, signs and brackets")

    def peek(self) -> str:
        """Return the next word or symbol, or nothing at the end or before a value in quotes."""
        if self.position == len(self.tokens):
            return ""
        kind, token = self.tokens[self.position]
        return token if kind in ("word", "symbol") else ""

    def take(self, *expected: str) -> bool:
        if self.peek() in expected:
            self.position += 1
            return True
        return False

    def fail(self, expected: str) -> GrammarError:
        rest = " ".join(token for _, token in self.tokens[self.position :]) or "the end"
        return GrammarError(f"the filter {self.text!r}: expected {expected}, found {rest!r}")

    def whole(self) -> Filter:
        parsed = self.any_of()
        if self.position < len(self.tokens):
            raise self.fail("`and`, `or` or the end")
        return parsed

    def any_of(self) -> Filter:
        parsed = self.all_of()
        while self.take("or"):
            parsed = Both("or", parsed, self.all_of())
        return parsed

    def all_of(self) -> Filter:
        parsed = self.one()
        while self.take("and"):
            parsed = Both("and", parsed, self.one())
        return parsed

    def one(self) -> Filter:
        if self.take("not"):
            return Not(self.one())
        if self.take("("):
            parsed = self.any_of()
            if not self.take(")"):
                raise self.fail("`)`")
            return parsed
        return self.comparison()

    def comparison(self) -> Filter:
        name = self.column()
        if self.take("is"):
            opposite = self.take("not")
            if not self.take("missing"):
                raise self.fail("`missing` or `not missing`")
            missing = Comparison(name, "missing")
            return Not(missing) if opposite else missing
        opposite = self.take("not")
        if self.take("in"):
            within = Comparison(name, "in", self.value_list())
            return Not(within) if opposite else within
        operator = self.peek()
        if opposite or operator not in ("==", "!=", *ORDERED):
            raise self.fail("==, !=, <, <=, >, >=, `in (...)`, `not in (...)` or `is missing`")
        self.position += 1
        value = self.value()
        if operator in ORDERED and isinstance(value, str) and not DATE.fullmatch(value):
            raise GrammarError(
                f"the filter {self.text!r}: {operator} needs a number,"
                f' or a date such as "2020-03-01", not {value!r}'
            )
        return Comparison(name, operator, (value,))

    def column(self) -> str:
        kind, name = (*self.tokens[self.position : self.position + 1], ("", ""))[0]
        if kind == "quoted":
            name = name[1:-1]
        elif kind != "word" or name in _KEYWORDS:
            raise self.fail("the name of a column")
        self.position += 1
        return name

    def value_list(self) -> tuple[float | str, ...]:
        if not self.take("("):
            raise self.fail("`(` and a list of values")
        values = [self.value()]
        while self.take(","):
            values.append(self.value())
        if not self.take(")"):
            raise self.fail("`,` or `)`")
        return tuple(values)

    def value(self) -> float | str:
        if self.position == len(self.tokens):
            raise self.fail("a value")
        kind, token = self.tokens[self.position]
        if kind in ("symbol", "quoted") or (kind == "word" and token in _KEYWORDS):
            raise self.fail("a value (put it in quotes if it is a text)")
        self.position += 1
        if kind == "number":
            number = float(token)
            large = abs(number) >= EXACT and token.lstrip("+-").isdigit()
            return int(token) if large else number
        return token[1:-1] if kind == "text" else token


def truth_of(value: float | str) -> float | str:
    """Read `true` and `FALSE` as the 1 and 0 that truth columns hold; leave anything else."""
    return (
        {"true": 1.0, "false": 0.0}.get(value.lower(), value) if isinstance(value, str) else value
    )


def parse_filter(text: str) -> Filter:
    """Read a filter.

    Raises
    ------
    GrammarError
        With what was expected and what was found.
    """
    if not text.strip():
        raise GrammarError("the filter is empty; leave the key out to use all rows")
    return _Reader(text).whole()


def comparisons(parsed: Filter) -> Iterator[Comparison]:
    """List the comparisons of a filter, from left to right."""
    if isinstance(parsed, Comparison):
        yield parsed
    elif isinstance(parsed, Not):
        yield from comparisons(parsed.part)
    else:
        yield from comparisons(parsed.left)
        yield from comparisons(parsed.right)
