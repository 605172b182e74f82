"""What differs between two pieces of plain data, in words."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any], key: str = "") -> list[str]:
    """Say which keys differ, from what to what; of lists of names, what came and went."""
    return list(_differences(before, after, key))


def _differences(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        key = f"{prefix}.{name}" if prefix else name
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, key)
        elif words := came_and_went(old, new):
            yield f"{key}: {words}"
        else:
            yield f"{key}: from {_shown(old)} to {_shown(new)}"


def came_and_went(old: Any, new: Any) -> str:
    """Say what came into a list of names, and what went; empty for anything else."""
    lists = [[] if part is None else part for part in (old, new)]
    if not all(isinstance(p, list) and all(isinstance(n, str) for n in p) for p in lists):
        return ""
    before, after = lists
    parts = [f"with {name}" for name in after if name not in before]
    parts += [f"without {name}" for name in before if name not in after]
    return ", ".join(parts or (["in another order"] if before != after else []))


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
