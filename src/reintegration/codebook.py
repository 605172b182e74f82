"""The instrument and the variables: what was asked, which answers exist, how they score."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reintegration.errors import StudyError

COMPOSITE = "composite"


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

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    score: float | None = Field(default=None, ge=0, le=1)
    # The answer that stands where the question was not to be asked (no children to go to school).
    skipped: bool = False


class Item(Label):
    """A question that scores."""

    dimension: str
    answers: tuple[Answer, ...]
    multiple: bool = False
    asked_if: dict[str, tuple[str, ...]] = {}
    weight: float = Field(default=1, ge=0)
    composite_weight: float = Field(default=1, ge=0)
    provenance: Provenance

    @property
    def scores(self) -> dict[str, float]:
        """Score of each answer code."""
        return {a.code: a.score for a in self.answers if a.score is not None}


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


class Codebook(_Part):
    """An instrument with the variables asked beside it."""

    instrument: str
    title: Label
    dimensions: dict[str, Label]
    composite: Label
    nonresponse: tuple[Answer, ...]
    items: dict[str, Item]
    variables: dict[str, Variable]
    assistance: dict[str, Label]
    weights_provenance: Provenance

    @model_validator(mode="after")
    def _consistent(self) -> "Codebook":
        silent = {answer.code for answer in self.nonresponse}
        problems = []
        for name, item in self.items.items():
            codes = [answer.code for answer in item.answers]
            if item.dimension not in self.dimensions:
                problems.append(
                    f"items.{name}.dimension: {item.dimension!r} is none of {[*self.dimensions]}"
                )
            if len(set(codes)) < len(codes):
                problems.append(f"items.{name}: an answer code stands twice in {codes}")
            if clash := silent.intersection(codes):
                problems.append(f"items.{name}: {sorted(clash)} is also a non-response code")
            if missing := [answer.code for answer in item.answers if answer.score is None]:
                problems.append(f"items.{name}: no score for the answers {missing}")
            for asked, allowed in item.asked_if.items():
                known = self._known_codes(asked)
                if not known:
                    problems.append(
                        f"items.{name}.asked_if: there is no item or coded variable {asked!r}"
                    )
                elif unknown := set(allowed) - known:
                    problems.append(
                        f"items.{name}.asked_if.{asked}: {sorted(unknown)} is none of its answers"
                        f" {sorted(known)}"
                    )
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _known_codes(self, name: str) -> set[str]:
        """Codes of an item or variable, non-response apart; none when it is not coded."""
        part = self.items.get(name) or self.variables.get(name)
        return {answer.code for answer in part.answers} if part else set()

    @property
    def score_names(self) -> list[str]:
        """The dimensions in order, then the composite."""
        return [*self.dimensions, COMPOSITE]

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

    def items_of(self, score: str) -> dict[str, Item]:
        """Items of a dimension, or all of them for the composite."""
        if score == COMPOSITE:
            return dict(self.items)
        return {name: item for name, item in self.items.items() if item.dimension == score}

    def answers_of(self, name: str) -> tuple[Answer, ...]:
        """All answers that may stand in a column of clean data, non-response included."""
        if name in self.items:
            return (*self.items[name].answers, *self.nonresponse)
        return self.variables[name].answers

    def label(self, name: str, language: str = "en") -> str:
        """Name a score, an item, a variable or a type of assistance for readers.

        Raises
        ------
        KeyError
            If the codebook knows no such name.
        """
        if name == COMPOSITE:
            return self.composite.in_language(language)
        bare = name.removeprefix("assistance_").removeprefix("item_")
        for part in (self.dimensions, self.items, self.variables, self.assistance):
            for key in (name, bare):
                if key in part:
                    return part[key].in_language(language)
        raise KeyError(name)


def describe_problems(error: ValidationError, prefix: str = "") -> list[str]:
    """Say for each failure of a pydantic model which key it is, what stood there and why not."""
    lines = []
    for failure in error.errors():
        where = ".".join([*([prefix] if prefix else []), *map(str, failure["loc"])])
        given = failure.get("input")
        if failure["type"] == "extra_forbidden":
            lines.append(f"{where}: there is no such key (it is misspelt, or in the wrong place)")
        elif failure["type"] == "missing":
            lines.append(f"{where}: this key is missing")
        else:
            shown = f" (found: {given!r})" if isinstance(given, str | int | float | bool) else ""
            message = failure["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {message}{shown}" if where else f"{message}{shown}")
    return lines


class _UniqueKeyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without tags, in which a key that stands twice is an error rather than lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {', '.join(twice)} stands twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file that holds one mapping.

    Raises
    ------
    StudyError
        If the file is missing, is not UTF-8 text, is not YAML, or holds no mapping.
    """
    path = Path(path)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: cannot be read as UTF-8 text ({error}).") from None
    except yaml.YAMLError as error:
        raise StudyError(f"{path}: is not valid YAML.", [" ".join(str(error).split())]) from None
    if not isinstance(content, dict):
        raise StudyError(f"{path}: must hold `key: value` lines.")
    return content


def _spread_scales(raw: dict[str, Any], where: Path) -> dict[str, Any]:
    """Replace `scale: name` in each item by that scale's answers."""
    scales = raw.pop("scales", {})
    items = raw.get("items")
    if not isinstance(items, dict):
        raise StudyError(f"{where}: `items` is missing.")
    problems = []
    spread = {}
    for name, item in items.items():
        item = dict(item)
        if "scale" in item:
            scale = item.pop("scale")
            if scale not in scales:
                problems.append(f"items.{name}.scale: {scale!r} is none of {sorted(scales)}")
            item["answers"] = scales.get(scale, [])
        spread[name] = item
    if problems:
        raise StudyError(f"{where}: the instrument cannot be used.", problems)
    return {**raw, "items": spread}


def load_codebook(items: str | Path, variables: str | Path) -> Codebook:
    """Load and check an instrument (items) and the variables asked beside it.

    Raises
    ------
    StudyError
        With every problem of the two files.
    """
    raw = _spread_scales(read_yaml(items), Path(items))
    try:
        return Codebook.model_validate({**read_yaml(variables), **raw})
    except ValidationError as error:
        raise StudyError(
            f"{items} and {variables}: the codebook cannot be used.", describe_problems(error)
        ) from None


def codes(answers: Iterable[Answer]) -> list[str]:
    """Codes of answers, in order."""
    return [answer.code for answer in answers]
