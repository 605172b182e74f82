"""Generated pages: a JSON schema of the configuration, and references for people."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reintegration.codebook import (
    Answer,
    Codebook,
    Item,
    Label,
    Provenance,
    Variable,
    load_codebook,
)
from reintegration.config import Config

SCHEMA = Path("workflow/schemas/config.schema.json")
REFERENCE = Path("docs/reference/config.md")
CODEBOOK = Path("docs/reference/codebook.md")
INSTRUMENT = (Path("data/instruments/rss.yaml"), Path("data/instruments/variables.yaml"))


def schema_text() -> str:
    """The JSON schema of config.yaml."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


_NESTED = {"FitVcov": "vcov", "FitRandom": "random", "Reference": "coding"}
# Sections that have a page of their own.
_PAGES = {
    "specifications": "What each key does, and what each estimator and covariance equals in R and"
    " Stata: [specification.md](specification.md)."
}


def _resolve(part: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    return definitions[part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part


def _allowed(part: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a key takes, in words."""
    part = _resolve(part, definitions)
    if "enum" in part:
        return " or ".join(f"`{value}`" for value in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    if options := part.get("anyOf") or part.get("oneOf"):
        return ", or ".join(_allowed(option, definitions) for option in options)
    kind = part.get("type")
    if kind == "null":
        return "`null`"
    if kind == "array":
        return f"list of {_allowed(part.get('items', {}), definitions)}"
    if kind == "object":
        if "properties" in part:
            return "mapping of " + ", ".join(f"`{key}`" for key in part["properties"])
        values = part.get("additionalProperties") or next(
            iter(part.get("patternProperties", {}).values())
        )
        return f"mapping of names to {_allowed(values, definitions)}"
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "`true` or `false`",
    }
    word = {"date": "day (YYYY-MM-DD)", "path": "path"}.get(
        part.get("format", ""), words.get(kind or "", "any value")
    )
    limits = [
        f"{sign} {part[name]:g}"
        for name, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if name in part
    ]
    return " ".join([word, ", ".join(limits)]).strip()


def _rows(part: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    yield "| key | takes | meaning |"
    yield "|---|---|---|"
    required = part.get("required", [])
    for key, value in part["properties"].items():
        optional = "" if key in required else " (may be left out)"
        meaning = value.get("description", "") or _resolve(value, definitions).get(
            "description", ""
        )
        cells = [f"`{key}`", _allowed(value, definitions) + optional, meaning]
        yield (
            "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
        )


def reference_text() -> str:
    """The reference of config.yaml, section by section."""
    schema = Config.model_json_schema()
    definitions = schema["$defs"]
    lines = [
        "# config.yaml",
        "",
        "Written by `make docs` from the classes in `src/reintegration/config.py`, which check the",
        "file before any work: a key that is not listed here stops the run.",
    ]
    for name, value in schema["properties"].items():
        part = _resolve(value.get("items", value), definitions)
        each = " (a list; each entry has these keys)" if value.get("type") == "array" else ""
        lines += ["", f"## {name}", "", part.get("description", "") + each, ""]
        lines += [_PAGES[name], ""] if name in _PAGES else []
        lines += _rows(part, definitions)
    for key, heading in _NESTED.items():
        part = definitions[key]
        lines += ["", f"## {heading}", "", part.get("description", ""), ""]
        lines += _rows(part, definitions)
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- the codebook


def codebook_text(folder: Path = Path()) -> str:
    """The codebook as tables: every line with its labels, scores, conditions and provenance."""
    items, variables = (folder / path for path in INSTRUMENT)
    codebook = load_codebook(items, variables)
    instrument = codebook.main
    sets = _answer_sets(codebook)
    lines = [
        "# The codebook",
        "",
        f"Written by `make docs` from `{INSTRUMENT[0]}` and",
        f"`{INSTRUMENT[1]}`, which the study reads; a researcher who knows better",
        "replaces a line there. The last column says where a line is from: *sourced* (a public",
        "document says so), *recalled* (general knowledge of the field, with a confidence: H high,",
        "M medium, L low) or *chosen* by this project because nothing is known.",
        "",
        f"## {instrument.title.en}",
        "",
        f"Weights are {_from(instrument.weights_provenance)}.",
        "",
        *_table(
            ["score", "items", *LANGUAGES, "from"],
            (
                [f"`{name}`", len(instrument.items_of(name)), *_labels(label), _from_of(label)]
                for name, label in _scores(codebook)
            ),
        ),
        "",
        "## Items",
        "",
        "Answers are listed by their sets below. Weights are those in the dimension and in the",
        "composite.",
        "",
        *_table(
            ["item", "dimension", *LANGUAGES, "answers", "asked only if", "weights", "from"],
            (
                [
                    f"`{name}`",
                    item.dimension,
                    *_labels(item),
                    f"{sets[name]}{', several' if item.multiple else ''}",
                    _conditions(item),
                    f"{item.weight:g}, {item.composite_weight:g}",
                    _from_of(item),
                ]
                for name, item in instrument.items.items()
            ),
        ),
        "",
        "## Answers",
        "",
        "Best first within each set. Beside them stand the answers that say nothing about any",
        "item; how each counts is a choice of the study (`scoring.nonresponse`).",
        "",
        *_table(
            ["set", "code", "score", *LANGUAGES, "from"],
            _answer_rows(codebook, sets),
        ),
        "",
        "## Shares of answers",
        "",
        *_table(
            ["share", "of", *LANGUAGES, "from"],
            (
                [
                    f"`{name}`",
                    f"`{share.item}`: {', '.join(share.answers)}",
                    *_labels(share),
                    _from_of(share),
                ]
                for name, share in codebook.shares.items()
            ),
        ),
        "",
        "## Variables",
        "",
        "An *identifier* never passes ingest: it becomes a pseudonym or is dropped. A *process*",
        "variable serves cleaning and matching alone.",
        "",
        *_table(
            ["variable", "type", "valid", *LANGUAGES, "from"],
            (
                [
                    f"`{name}`",
                    f"{variable.type}{f', {variable.role}' if variable.role else ''}",
                    _valid(variable),
                    *_labels(variable),
                    _from_of(variable),
                ]
                for name, variable in codebook.variables.items()
            ),
        ),
        "",
        "## Assistance",
        "",
        *_table(
            ["type", *LANGUAGES, "from"],
            (
                [f"`{kind}`", *_labels(label), _from_of(label)]
                for kind, label in codebook.assistance.items()
            ),
        ),
    ]
    return "\n".join(lines) + "\n"


LANGUAGES = ("English", "French", "Spanish")


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"


def _labels(label: Label) -> list[str]:
    return [label.en, label.fr, label.es or ""]


def _from(provenance: Provenance) -> str:
    """Where a line is from: `recalled H (scores L)`."""
    words = [provenance.label, *([provenance.confidence] if provenance.confidence else [])]
    return " ".join([*words, *([f"({provenance.note})"] if provenance.note else [])])


def _from_of(label: Label) -> str:
    return _from(label.provenance) if label.provenance else ""


def _scores(codebook: Codebook) -> list[tuple[str, Label]]:
    return [*codebook.main.dimensions.items(), (codebook.main_score, codebook.main.composite)]


def _conditions(item: Item) -> str:
    return "; ".join(
        f"`{asked}` is {' or '.join(allowed)}" for asked, allowed in item.asked_if.items()
    )


def _answer_sets(codebook: Codebook) -> dict[str, str]:
    """Name the set of answers of each item by the first item that has it."""
    first: dict[tuple[Answer, ...], str] = {}
    return {
        name: f"as `{first.setdefault(item.answers, name)}`"
        for name, item in codebook.items.items()
    }


def _answer_rows(codebook: Codebook, sets: Mapping[str, str]) -> Iterator[list[object]]:
    for name, item in codebook.items.items():
        if sets[name] == f"as `{name}`":
            for answer in item.answers:
                row = [f"`{name}`", f"`{answer.code}`", f"{answer.score:g}"]
                yield [*row, *_labels(answer), _from_of(answer)]
    for answer in codebook.nonresponse:
        yield ["any", f"`{answer.code}`", "", *_labels(answer), _from_of(answer)]


def _valid(variable: Variable) -> str:
    """The range of a number, or the codes of a choice."""
    if variable.range:
        low, high = variable.range
        return f"{low:g} to {high:g}"
    return ", ".join(f"`{answer.code}`" for answer in variable.answers)


def write_reference(folder: Path) -> list[Path]:
    """Write the files into a checkout and return their paths."""
    written = []
    texts = {
        SCHEMA: schema_text(),
        REFERENCE: reference_text(),
        CODEBOOK: codebook_text(folder),
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
