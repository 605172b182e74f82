"""Write a source YAML that a person can read and change, with a comment on its lines."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reintegration.ingest.source import Source

CONFIRM = {
    "columns": "the right column: move the line up under `columns`, as name: column; else list the "
    "name under `not_asked` (make that block if there is none)",
    "answers": "what each means: move it up under `answers` (make that block if there is none), "
    "with one code (empty: missing)",
    "missing_codes": "numbers that look like codes for missing: move them up under "
    "`missing_codes`, or say under `answers` what they mean",
    "date_order": "whether the day or the month comes first: move it up under `date_order`",
}
# Texts that need no quotes: they begin with a letter and are no word of YAML.
_PLAIN = re.compile(r"[^\W\d_][\w .()'’°/-]*", re.UNICODE)
_RESERVED = re.compile(
    r"y|n|yes|no|on|off|true|false|null|nan|inf|\d+e\d+|.*\s|[0-9a-f]+", re.IGNORECASE
)

Comments = Mapping[tuple[str, ...], str]


def write_source(source: Source, path: str | Path, comments: Comments | None = None) -> None:
    """Write a source as YAML; `read_source` gives the same source again.

    Parameters
    ----------
    comments
        Path of keys -> remark at the end of that line.
    """
    path = Path(path)
    text = source_text(source, comments or {})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def source_text(source: Source, comments: Comments | None = None) -> str:
    """The YAML of a source."""
    comments = comments or {}
    content = {
        key: value
        for key, value in source.model_dump(exclude_defaults=True).items()
        if value not in ({}, [])
    }
    unsure = content.pop("unsure", {})
    lines = _lines(content, (), comments)
    waiting = {key: value for key, value in unsure.items() if value}
    if waiting:
        lines += ["", "# Nothing of this file is read while a line stands under `unsure`."]
        lines += ["unsure:"]
        for key, value in waiting.items():
            lines += [f"  # Confirm {CONFIRM[key]}."]
            lines += _lines({key: value}, ("unsure",), comments, "  ")
    return "\n".join(lines) + "\n"


def _lines(
    content: Mapping[str, Any], above: tuple[str, ...], comments: Comments, indent: str = ""
) -> list[str]:
    lines = []
    for key, value in content.items():
        here = (*above, key)
        end = f"   # {_one_line(comments[here])}" if here in comments else ""
        shown = f"{indent}{quoted(key)}:"
        nested = (isinstance(value, dict) and here[0] != "unsure") or _is_deep(value)
        if nested and value:
            lines += [shown + end, *_lines(value, here, comments, indent + "  ")]
        elif isinstance(value, list) and here == ("drop",):
            lines += [shown + end]
            for item in value:
                remark = comments.get((*here, item))
                lines += [
                    f"{indent}  - {quoted(item)}" + (f"   # {_one_line(remark)}" if remark else "")
                ]
        else:
            lines += [f"{shown} {_flow(value, one=here[0] == 'columns')}".rstrip() + end]
    return lines


def _is_deep(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(v, dict | list) for v in value.values())


def _flow(value: Any, one: bool = False) -> str:
    """A value on one line; with `one` a list of one is its only value."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)}: {_flow(v)}".rstrip() for k, v in value.items()) + "}"
    if isinstance(value, list):
        if one and len(value) == 1:
            return _flow(value[0])
        return "[" + ", ".join(map(_flow, value)) + "]"
    if value is None:
        return ""
    return quoted(value) if isinstance(value, str) else f"{value}"


def quoted(text: str) -> str:
    """A text as YAML reads it back, in quotes where it could be taken for something else."""
    if _PLAIN.fullmatch(text) and not _RESERVED.fullmatch(text) and "' " not in text:
        return text
    shown = []
    for letter in text:
        if letter in '"\\':
            shown.append(f"\\{letter}")
        elif letter.isprintable():
            shown.append(letter)
        else:
            shown.append(_ESCAPED.get(letter) or f"\\U{ord(letter):08X}")
    return f'"{"".join(shown)}"'


_ESCAPED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
