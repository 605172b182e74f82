"""Generated pages about the configuration: a JSON schema and a reference for people."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reintegration.config import Config

SCHEMA = Path("workflow/schemas/config.schema.json")
REFERENCE = Path("docs/reference/config.md")


def schema_text() -> str:
    """The JSON schema of config.yaml."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _resolve(part: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    return definitions[part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part


def _allowed(part: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a key takes, in words."""
    part = _resolve(part, definitions)
    if "enum" in part:
        return " or ".join(f"`{value}`" for value in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    if options := part.get("anyOf"):
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
        lines += _rows(part, definitions)
    nested = [key for key in ("Vcov", "Reference") if key in definitions]
    for key in nested:
        part = definitions[key]
        lines += ["", f"## {key.lower()}", "", part.get("description", ""), ""]
        lines += _rows(part, definitions)
    return "\n".join(lines) + "\n"


def write_reference(folder: Path) -> list[Path]:
    """Write both files into a checkout and return their paths."""
    written = []
    for name, text in ((SCHEMA, schema_text()), (REFERENCE, reference_text())):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
