"""What is frozen of a study: its specifications, and the settings that hold for all of them.

Kept as plain data, so that later versions of the software can say what differs.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reintegration.audit.differences import differences
from reintegration.codebook import Codebook
from reintegration.config import Config
from reintegration.estimation.specs import Specification
from reintegration.studies.regressions import ALL

# Settings that concern only the specifications whose id begins so.
_OWN = {"orion": "orion", "trends": "trend"}
_LISTS = {"outcomes", "methods"}


def frozen_content(spec: Specification) -> dict[str, Any]:
    """Describe a specification: its title, formula and sample for readers, and its content."""
    return _plain(
        {
            "title": spec.title,
            "formula": spec.formula,
            "sample": spec.sample,
            "content": spec.content,
        }
    )


def frozen_settings(choices: Config, codebook: Codebook) -> dict[str, Any]:
    """Describe what changes numbers and stands in no specification: which surveys are studied, how
    they are cleaned and scored, how intervals and random numbers are made."""
    plain = choices.model_dump(mode="json")
    inference = {key: value for key, value in plain["inference"].items() if key != "stars"}
    return _plain(
        {
            "study": {k: plain["study"][k] for k in ("countries", "first_survey", "last_survey")},
            "cleaning": plain["cleaning"],
            "matching": plain["matching"],
            "scoring": plain["scoring"],
            "assistance": {k: plain["assistance"][k] for k in ("undated", "moves")},
            "inference": inference,
            "orion": {"level_margin": plain["orion"]["level_margin"]},
            "trends": {key: plain["trends"][key] for key in _of_trends(choices)},
            "codebook": _scoring(codebook),
        }
    )


def _of_trends(choices: Config) -> list[str]:
    """Keys of `trends` that stand in no specification: all where the countries are not named."""
    named = choices.study.countries != ALL
    return ["minimum_returnees", *([] if named else ["outcomes", "methods", "vcov"])]


def _scoring(codebook: Codebook) -> dict[str, Any]:
    """What the codebook makes of answers: scores, weights, dimensions; no wording."""
    return {
        part.instrument: {
            "composite": part.composite.name,
            "dimensions": [*part.dimensions],
            "items": {
                name: {
                    "dimension": item.dimension,
                    "scores": item.scores,
                    "weight": item.weight,
                    "composite_weight": item.composite_weight,
                    "asked_if": item.asked_if,
                    "multiple": item.multiple,
                    "skipped": item.skipped,
                }
                for name, item in part.items.items()
            },
        }
        for part in codebook.instruments
    }


def amendments(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Say what differs between a specification's `content` then and now."""
    return differences(_readable(before), _readable(after))


def settings_of(settings: Mapping[str, Any], spec_id: str) -> dict[str, Any]:
    """Keep the settings that concern a specification."""
    return {
        key: value
        for key, value in settings.items()
        if key not in _OWN or spec_id.startswith(_OWN[key])
    }


def locked_as_setting(settings: Mapping[str, Any], spec: Specification) -> bool:
    """Say whether a trendline was locked before the data had said which countries there are."""
    trends = settings.get("trends", {})
    if spec.declared_in != "trends" or not trends.keys() >= _LISTS:
        return False
    _, method, outcome, _ = spec.spec_id.split(".")
    return method in trends["methods"] and outcome in trends["outcomes"]


def without_lists_of_trends(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out which trendlines there are: of one that is there, it is not what it is."""
    trends = {key: value for key, value in settings["trends"].items() if key not in _LISTS}
    return {**settings, "trends": trends}


def _plain(value: Any) -> Any:
    """The value as it is read back from JSON."""
    return json.loads(json.dumps(value, ensure_ascii=False))


def _readable(content: Mapping[str, Any]) -> dict[str, Any]:
    """Write terms as `a:b` and covariances as `CR1S by returnee_id`, as a reader does."""
    return {key: _short(value) for key, value in _plain(content).items()}


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"variables"}:
        return ":".join(value["variables"])
    if "type" in value and "cluster" in value:
        return _covariance(value)
    return {key: _short(part) for key, part in value.items()}


def _covariance(vcov: Mapping[str, Any]) -> str:
    ways: Sequence[str] = [vcov[key] for key in ("cluster", "second") if vcov.get(key)]
    others = [
        f"{key} {value}"
        for key, value in vcov.items()
        if key not in ("type", "cluster", "second") and value is not None
    ]
    by = [f"by {' and '.join(ways)}"] if ways else []
    return ", ".join([" ".join([vcov["type"], *by]), *others])
