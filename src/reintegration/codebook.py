"""The instrument and the variables: what was asked, which answers exist, how they score."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reintegration.errors import StudyError
from reintegration.section import NAME, NAMES_IN_WORDS
from reintegration.text import fold
from reintegration.yaml_words import what_is_wrong

# Columns that every study makes, whatever is asked; no part of an instrument may be called so.
FIXED_COLUMNS = (
    *("survey_id", "returnee_id", "location_id", "source", "country", "round", "row"),
    *("is_first", "is_last", "survey_date", "return_date", "months_since_return"),
    *("months_between", "first_months_since_return", "orion", "orion_first", "all", "assistance"),
)
# Columns derived from scores, items and assistance begin so.
PREFIXES = ("item_", "items_answered_", "assistance_", "first_", "last_", "change_")
MOST_NUMBERS = 101  # answers of an item whose answer is a number


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Provenance(_Part):
    """Where a line of the codebook comes from."""

    label: Literal["sourced", "recalled", "chosen"]
    confidence: Literal["H", "M", "L"] | None = None
    note: str | None = None


class Label(_Part):
    """What something is called: in English, French and Spanish, and in spellings met in files."""

    en: str
    fr: str
    es: str | None = None
    also: tuple[str, ...] = ()
    provenance: Provenance | None = None

    def in_language(self, language: str) -> str:
        """Return the label in `en`, `fr` or `es`; in English where there is no other."""
        return {"fr": self.fr, "es": self.es}.get(language) or self.en

    @property
    def spellings(self) -> tuple[str, ...]:
        """All texts by which it may be recognised."""
        return (self.en, self.fr, *([self.es] if self.es else []), *self.also)


class Answer(Label):
    """One answer: its code in clean data, its labels and, for items, its score in [0, 1]."""

    code: str = Field(pattern=NAME)
    score: float | None = Field(default=None, ge=0, le=1)
    # The answer that stands where the question was not to be asked (no children to go to school).
    skipped: bool = False


class Item(Label):
    """A question that scores."""

    dimension: str
    answers: tuple[Answer, ...]
    multiple: bool = False
    asked_if: dict[str, tuple[str, ...]] = {}
    weight: float = Field(default=1, ge=0, allow_inf_nan=False)
    composite_weight: float = Field(default=1, ge=0, allow_inf_nan=False)
    provenance: Provenance

    @property
    def scores(self) -> dict[str, float]:
        """Score of each answer code."""
        return {a.code: a.score for a in self.answers if a.score is not None}

    @property
    def skipped(self) -> str | None:
        """Code of the answer that stands where the question was not to be asked, if any."""
        return next((answer.code for answer in self.answers if answer.skipped), None)

    @property
    def asked_of_some(self) -> bool:
        """Whether it concerns only those who answered a question before it in a certain way."""
        return bool(self.asked_if) and self.skipped is None


class Variable(Label):
    """A question that does not score.

    An `identifier` never passes ingest: it becomes a pseudonym, or is dropped. What is said about
    the `process` (when an interview began, a birth year to match by) serves cleaning and matching,
    and is no column of the surveys that are analysed.
    """

    type: Literal["text", "number", "date", "timestamp", "choice", "country"]
    role: Literal["identifier", "process"] | None = None
    pseudonym: str | None = None
    range: tuple[float, float] | None = None
    answers: tuple[Answer, ...] = ()

    @model_validator(mode="after")
    def _choices_have_answers(self) -> "Variable":
        if (self.type == "choice") != bool(self.answers):
            raise ValueError("a variable of type `choice`, and no other, lists its answers")
        return self


class Composite(Label):
    """The score over all items of an instrument, and its name in results."""

    name: str = Field(default="composite", pattern=NAME)


class Share(Label):
    """A share of answers that a study speaks of: those of one item that count together."""

    item: str
    answers: tuple[str, ...] = Field(min_length=1)


class Instrument(_Part):
    """One questionnaire that scores: its items in order, its dimensions and its composite."""

    instrument: str = Field(pattern=NAME)
    title: Label
    about: Label | None = None
    dimensions: dict[str, Label] = Field(min_length=1)
    composite: Composite
    nonresponse: tuple[Answer, ...] = ()
    items: dict[str, Item] = Field(min_length=1)
    shares: dict[str, Share] = {}
    weights_provenance: Provenance

    @property
    def score_names(self) -> list[str]:
        """The dimensions in order, then the composite."""
        return [*self.dimensions, self.composite.name]

    def items_of(self, score: str) -> dict[str, Item]:
        """Items of a dimension, or all of them for the composite."""
        if score == self.composite.name:
            return dict(self.items)
        return {name: item for name, item in self.items.items() if item.dimension == score}

    def weights_of(self, score: str) -> dict[str, float]:
        """Weight of each item that enters a score."""
        composite = score == self.composite.name
        weights = {
            name: item.composite_weight if composite else item.weight
            for name, item in self.items_of(score).items()
        }
        return {name: weight for name, weight in weights.items() if weight > 0}

    @model_validator(mode="after")
    def _consistent(self) -> "Instrument":
        problems = _wrong_names("dimensions", self.dimensions)
        problems += _wrong_names("items", self.items) + _wrong_names("shares", self.shares)
        for name, item in self.items.items():
            if item.dimension not in self.dimensions:
                problems.append(
                    f"items.{name}.dimension: {item.dimension!r} is none of {[*self.dimensions]}"
                )
            problems += _answer_problems(name, item, self.nonresponse)
        for score in self.score_names:
            if not self.weights_of(score):
                problems.append(f"{score}: no item with a weight above 0 enters this score")
        for name, share in self.shares.items():
            problems += self._share_problems(name, share)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _share_problems(self, name: str, share: Share) -> list[str]:
        item = self.items.get(share.item)
        if item is None:
            return [f"shares.{name}.item: there is no item {share.item!r}"]
        if item.multiple:
            return [f"shares.{name}.item: {share.item} takes several answers, which have no shares"]
        if unknown := sorted(set(share.answers) - set(item.scores)):
            return [f"shares.{name}.answers: {unknown} is none of {sorted(item.scores)}"]
        return []


def _wrong_names(key: str, names: Iterable[str]) -> list[str]:
    return [
        f"{key}.{name}: must be in lower case, letters, digits and _ alone, a letter first"
        for name in names
        if not re.fullmatch(NAME, name)
    ]


def _answer_problems(name: str, item: Item, nonresponse: Sequence[Answer]) -> list[str]:
    """What is wrong with an item's answers."""
    silent = {answer.code for answer in nonresponse}
    codes = [answer.code for answer in item.answers]
    problems = []
    if not codes:
        problems.append(f"items.{name}: has no answers (`answers`, `scale` or `range`)")
    if len(set(codes)) < len(codes):
        problems.append(f"items.{name}: an answer code stands twice in {codes}")
    if clash := silent.intersection(codes):
        problems.append(f"items.{name}: {sorted(clash)} is also a non-response code")
    if missing := [answer.code for answer in item.answers if answer.score is None]:
        problems.append(f"items.{name}: no score for the answers {missing}")
    meant: dict[str, str] = {}
    for answer in (*item.answers, *nonresponse):
        for text in (answer.code, *answer.spellings):
            if meant.setdefault(fold(text), answer.code) != answer.code:
                other = meant[fold(text)]
                problems.append(f"items.{name}: {text!r} may mean {other} and {answer.code}")
    return problems


class Codebook(_Part):
    """One instrument or several asked of the same people, with the variables beside them.

    The first instrument is the main one: its composite decides whether a survey has enough
    answers, and the report tells its scores. Names are unique over all instruments, since each
    becomes a column.
    """

    instruments: tuple[Instrument, ...] = Field(min_length=1)
    variables: dict[str, Variable]
    assistance: dict[str, Label]

    @model_validator(mode="after")
    def _consistent(self) -> "Codebook":
        problems = [*self._clashes(), *self._wrong_conditions()]
        silent = self.nonresponse_codes
        for name, item in self.items.items():
            if clash := sorted(silent.intersection(item.scores)):
                problems.append(f"items.{name}: {clash} is also a non-response code")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _clashes(self) -> Iterator[str]:
        """Names that would become the same column, or the same word in an estimate's id."""
        taken: dict[str, str] = dict.fromkeys(FIXED_COLUMNS, "a column of every study")
        taken |= dict.fromkeys(self.variables, "a variable")
        taken |= dict.fromkeys(self.assistance_columns, "a type of assistance")
        for part in self.instruments:
            kinds = {"a dimension": part.dimensions, "the composite": [part.composite.name]}
            for kind, names in (kinds | {"an item": part.items, "a share": part.shares}).items():
                for name in names:
                    of = f"{kind} of {part.instrument}"
                    if name in taken:
                        yield f"{name} is {of} and {taken[name]}: give one another name"
                    elif reserved := next((p for p in PREFIXES if name.startswith(p)), None):
                        yield f"{name} is {of}: names that begin with {reserved} are derived ones"
                    taken.setdefault(name, of)
        titles = [part.instrument for part in self.instruments]
        for name in sorted({name for name in titles if titles.count(name) > 1}):
            yield f"instrument: {name} is loaded twice"

    def _wrong_conditions(self) -> Iterator[str]:
        """Conditions on what is not asked, or not asked before."""
        asked_before = set(self.variables)
        for name, item in self.items.items():
            for asked, allowed in item.asked_if.items():
                known = self._known_codes(asked)
                where = f"items.{name}.asked_if"
                if not known:
                    yield f"{where}: there is no item or coded variable {asked!r}"
                elif unknown := sorted(set(allowed) - known):
                    yield f"{where}.{asked}: {unknown} is none of its answers {sorted(known)}"
                elif not allowed:
                    yield f"{where}.{asked}: names no answer, so that {name} is never asked"
                elif asked not in asked_before:
                    yield f"{where}: {asked} must be asked before {name}; move it up"
            asked_before.add(name)

    def _known_codes(self, name: str) -> set[str]:
        """Codes of an item or variable, non-response apart; none when it is not coded."""
        part = self.items.get(name) or self.variables.get(name)
        return {answer.code for answer in part.answers} if part else set()

    def lines(self) -> Iterator[tuple[str, Label]]:
        """Every line that is named for readers, with its key: `items.q1.answers.ok`."""
        for part in self.instruments:
            yield "title", part.title
            yield "composite", part.composite
            groups: dict[str, Mapping[str, Label]] = {
                "dimensions": part.dimensions,
                "shares": part.shares,
            }
            for group, named in groups.items():
                yield from ((f"{group}.{name}", label) for name, label in named.items())
            yield from ((f"nonresponse.{answer.code}", answer) for answer in part.nonresponse)
        for group, asked in (("items", self.items), ("variables", self.variables)):
            for name, question in asked.items():
                yield f"{group}.{name}", question
                for answer in question.answers:
                    yield f"{group}.{name}.answers.{answer.code}", answer
        yield from ((f"assistance.{kind}", label) for kind, label in self.assistance.items())

    @property
    def main(self) -> Instrument:
        """The instrument whose composite decides which surveys have enough answers."""
        return self.instruments[0]

    @property
    def main_score(self) -> str:
        """The composite of the main instrument."""
        return self.main.composite.name

    @property
    def main_alone(self) -> "Codebook":
        """The codebook without the instruments beside the main one."""
        return Codebook(
            instruments=self.instruments[:1], variables=self.variables, assistance=self.assistance
        )

    @cached_property
    def items(self) -> dict[str, Item]:
        """The items of all instruments, in order."""
        return {name: item for part in self.instruments for name, item in part.items.items()}

    @cached_property
    def dimensions(self) -> dict[str, Label]:
        """The dimensions of all instruments, in order."""
        return {name: label for part in self.instruments for name, label in part.dimensions.items()}

    @cached_property
    def composites(self) -> dict[str, Label]:
        """The composite of each instrument."""
        return {part.composite.name: part.composite for part in self.instruments}

    @cached_property
    def shares(self) -> dict[str, Share]:
        """The shares of answers that the instruments name."""
        return {name: share for part in self.instruments for name, share in part.shares.items()}

    @cached_property
    def nonresponse(self) -> tuple[Answer, ...]:
        """Answers that say nothing about an item, each code once."""
        found: dict[str, Answer] = {}
        for part in self.instruments:
            for answer in part.nonresponse:
                found.setdefault(answer.code, answer)
        return tuple(found.values())

    @property
    def score_names(self) -> list[str]:
        """Each instrument's dimensions in order, then its composite."""
        return [name for part in self.instruments for name in part.score_names]

    @property
    def item_names(self) -> list[str]:
        """The items in order, q1 first."""
        return list(self.items)

    @property
    def assistance_columns(self) -> list[str]:
        """The columns of clean data that hold assistance received before a survey."""
        return [f"assistance_{kind}" for kind in self.assistance]

    @property
    def identifiers(self) -> list[str]:
        """Variables that never pass ingest."""
        return [name for name, v in self.variables.items() if v.role == "identifier"]

    @cached_property
    def nonresponse_codes(self) -> frozenset[str]:
        """Codes of answers that say nothing about the item."""
        return frozenset(answer.code for answer in self.nonresponse)

    def instrument_of(self, score: str) -> Instrument:
        """The instrument that a score belongs to.

        Raises
        ------
        KeyError
            If there is no such score.
        """
        for part in self.instruments:
            if score in part.score_names:
                return part
        raise KeyError(score)

    def items_of(self, score: str) -> dict[str, Item]:
        """Items of a dimension, or of a composite all items of its instrument."""
        return self.instrument_of(score).items_of(score)

    def answers_of(self, name: str) -> tuple[Answer, ...]:
        """All answers that may stand in a column of clean data, non-response included."""
        if name in self.items:
            return (*self.items[name].answers, *self.nonresponse)
        return self.variables[name].answers

    def label(self, name: str, language: str = "en") -> str:
        """Name a score, an item, a variable, a share or a type of assistance for readers.

        Raises
        ------
        KeyError
            If the codebook knows no such name.
        """
        bare = name.removeprefix("assistance_").removeprefix("item_")
        for part in (
            *(self.composites, self.dimensions, self.items, self.variables),
            *(self.assistance, self.shares),
        ):
            for key in (name, bare):
                if key in part:
                    return part[key].in_language(language)
        raise KeyError(name)


def describe_problems(error: ValidationError, prefix: str = "") -> list[str]:
    """Say for each failure of a pydantic model which key it is, what stood there and why not."""
    lines = []
    for failure in error.errors():
        keys = [part for part in map(str, failure["loc"]) if not part.startswith("<")]
        where = ".".join([*([prefix] if prefix else []), *keys])
        given = failure.get("input")
        if failure["type"] == "extra_forbidden":
            lines.append(f"{where}: there is no such key (it is misspelt, or in the wrong place)")
        elif failure["type"] == "missing":
            lines.append(f"{where}: this key is missing")
        else:
            shown = f" (found: {given!r})" if isinstance(given, str | int | float | bool) else ""
            message = failure["msg"].removeprefix("Value error, ")
            message = NAMES_IN_WORDS.get(failure.get("ctx", {}).get("pattern", ""), message)
            lines.append(f"{where}: {message}{shown}" if where else f"{message}{shown}")
    return lines


class _UniqueKeyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without tags, in which a key that stands twice is an error rather than lost.

    As in YAML 1.2 only `true` and `false` are truth values: NO is a text (Norway's code).
    """

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, form) for tag, form in found if not tag.endswith(":bool")]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            last = [key for key, _ in node.value if getattr(key, "value", None) == twice[0]][-1]
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {', '.join(twice)} stands twice", last.start_mark
            )
        return super().construct_mapping(node, deep)

    def construct_date(self, node: yaml.ScalarNode) -> Any:
        """Make a date; of one that is in no calendar, say so with its line."""
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            raise yaml.constructor.ConstructorError(
                None, None, f"there is no day {node.value}", node.start_mark
            ) from None


_UniqueKeyLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("true|True|TRUE|false|False|FALSE"), list("tTfF")
)
_UniqueKeyLoader.add_constructor("tag:yaml.org,2002:timestamp", _UniqueKeyLoader.construct_date)


class _TextLoader(_UniqueKeyLoader):
    """YAML in which every value is a text as it stands: yes, 010, 1.10 and 2019-05-03 too."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, form) for tag, form in found if tag.endswith((":null", ":merge"))]
        for first, found in _UniqueKeyLoader.yaml_implicit_resolvers.items()
    }


def read_yaml(path: str | Path, as_text: bool = False) -> dict[str, Any]:
    """Read a YAML file that holds one mapping.

    Parameters
    ----------
    as_text
        Leave every value a text as it stands, empty ones apart.

    Raises
    ------
    StudyError
        If the file is missing, is not UTF-8 text, is not YAML, or holds no mapping.
    """
    content = read_yaml_any(path, as_text)
    if not isinstance(content, dict):
        raise StudyError(f"{path}: must hold `key: value` lines.")
    return content


def read_yaml_any(path: str | Path, as_text: bool = False) -> Any:
    """Read a YAML file, whatever it holds; errors as in `read_yaml`."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        return yaml.load(text, Loader=_TextLoader if as_text else _UniqueKeyLoader)
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: cannot be read as UTF-8 text ({error}).") from None
    except RecursionError:
        raise StudyError(f"{path}: is nested too deeply to be read.") from None
    except yaml.YAMLError as error:
        wrong = f"{path.name}, {what_is_wrong(text, error)}"
        raise StudyError(f"{path}: is not valid YAML.", [wrong]) from None


def _spread_scales(raw: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Replace `scale: name` and `range: [low, high]` in each item by the answers they stand for."""
    raw = dict(raw)
    scales = raw.pop("scales", None) or {}
    items = raw.get("items")
    if not isinstance(items, dict) or not isinstance(scales, dict):
        return raw, [
            "`items` is missing" if not isinstance(items, dict) else "scales: is no mapping"
        ]
    problems = []
    spread = {}
    for name, item in items.items():
        if not isinstance(item, dict):
            problems.append(f"items.{name}: must hold `key: value` lines")
            continue
        item = dict(item)
        given = [key for key in ("answers", "scale", "range") if key in item]
        if len(given) > 1:
            problems.append(f"items.{name}: has {' and '.join(given)}; keep one")
        if "scale" in item:
            scale = item.pop("scale")
            if scale not in scales:
                problems.append(f"items.{name}.scale: {scale!r} is none of {sorted(scales)}")
            item["answers"] = scales.get(scale, [])
        if "range" in item:
            answers = _numbers(item.pop("range"), item.pop("best", "highest"))
            if isinstance(answers, str):
                problems.append(f"items.{name}.range: {answers}")
            item["answers"] = [] if isinstance(answers, str) else answers
        spread[name] = item
    return {**raw, "items": spread}, problems


def _numbers(limits: Any, best: Any) -> list[dict[str, Any]] | str:
    """Answers of an item that is answered with a whole number, or what is wrong with its range.

    The code of 7 is `n7`; the score goes from 0 to 1 in equal steps.
    """
    if best not in ("highest", "lowest"):
        return f"best: {best!r} is neither `highest` nor `lowest`"
    whole = isinstance(limits, list) and len(limits) == 2 and all(type(n) is int for n in limits)
    if not whole or not 0 <= limits[0] < limits[1]:
        return f"{limits!r} must be two whole numbers from 0, the lower first"
    low, high = limits
    if high - low >= MOST_NUMBERS:
        return f"{limits!r} holds more than {MOST_NUMBERS} numbers"
    answers = []
    for number in range(low, high + 1):
        score = (number - low) / (high - low)
        text = str(number)
        answers.append(
            {
                "code": f"n{number}",
                "en": text,
                "fr": text,
                "es": text,
                "score": score if best == "highest" else 1 - score,
            }
        )
    return answers


def load_codebook(items: str | Path | Sequence[str | Path], variables: str | Path) -> Codebook:
    """Load and check instruments (items) and the variables asked beside them.

    Parameters
    ----------
    items
        The file of an instrument, or several; the first is the main one.
    variables
        The file of variables and types of assistance.

    Raises
    ------
    StudyError
        With every problem of the files.
    """
    files = [items] if isinstance(items, str | Path) else list(items)
    parts, problems = [], []
    for file in files:
        raw, wrong = _spread_scales(read_yaml(file))
        try:
            if not wrong:
                parts.append(Instrument.model_validate(raw))
        except ValidationError as error:
            wrong = describe_problems(error)
        problems += [f"{file}: {problem}" for problem in wrong]
    if problems:
        raise StudyError("The instrument cannot be used.", problems)
    try:
        return Codebook.model_validate({**read_yaml(variables), "instruments": parts})
    except ValidationError as error:
        named = " and ".join(map(str, [*files, variables]))
        raise StudyError(
            f"{named}: the codebook cannot be used.", describe_problems(error)
        ) from None


def codes(answers: Iterable[Answer]) -> list[str]:
    """Codes of answers, in order."""
    return [answer.code for answer in answers]
