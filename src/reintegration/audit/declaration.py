"""A specification as it is written, and as it was expanded; light to import."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from reintegration.estimation.specs import Specification

# First part of the ids of regressions that no entry of `specifications` declares.
SECTIONS = {"orion": "orion", "orion_change": "orion", "orion_mean": "orion", "trend": "trends"}


def declaration(spec: Specification, written: Mapping[str, Any]) -> tuple[str, str]:
    """Say where a specification is declared, and how it is written there (as YAML)."""
    first = spec.spec_id.split(".")[0]
    for entry in written.get("specifications") or ():
        name = str(entry.get("id", ""))
        # A specification declares its columns with fewer terms too, by names of their own.
        if name and first in (name, *(entry.get("columns") or {})):
            return f"config.yaml: specifications.{name}", _yaml(entry)
    section = SECTIONS.get(first, "")
    if section in written:
        return f"config.yaml: {section}", _yaml(written[section])
    return "", ""


def _yaml(content: Any) -> str:
    return _dumped(json.dumps(content, default=str))


@cache
def _dumped(text: str) -> str:
    """One section declares hundreds of regressions."""
    return yaml.safe_dump(json.loads(text), sort_keys=False, allow_unicode=True, width=100)


def expanded(spec: Specification) -> dict[str, Any]:
    """Say everything that a specification says, short forms spread out."""
    coding = {name: spec.coding_of(name) or "first level" for name in spec.variables}
    factors = {*dict(spec.codings), *(["country"] if "country" in spec.variables else [])}
    return {
        "terms": [str(term) for term in spec.terms],
        "controls": [str(term) for term in spec.controls],
        "coding": {name: how for name, how in coding.items() if name in factors},
        "filter": spec.filter or "",
        "fixed_effects": list(spec.absorbed),
        "weights": spec.weights or "",
        "not_recorded": spec.not_recorded,
        "contrasts": {name: dict(parts) for name, parts in spec.contrasts},
        "vcovs": [vcov.label for vcov in spec.vcovs],
    }
