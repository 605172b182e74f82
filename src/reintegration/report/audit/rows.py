"""Rows of the audit page's table: every estimate of the study, as the report may show it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reintegration.audit.estimate_files import DERIVED, DESCRIPTION, REGRESSION
from reintegration.audit.estimate_files import ESTIMATE_FILES as KNOWN_FILES
from reintegration.disclosure import SUPPRESSED
from reintegration.report.language import ALL, Language, is_missing
from reintegration.report.numbers import ESTIMATE_FILES, RESTS_ON, Numbers, Row
from reintegration.report.outputs import RESULTS
from reintegration.report.settings import Settings

KINDS = (REGRESSION, DERIVED, DESCRIPTION)
# Columns that together say what a number without a term is.
_PARTS = (
    "statistic", "kind", "method", "comparator", "comparison", "group", "survey", "part",
    "variable", "answer", "rule", "done",
)  # fmt: skip
# How a number is written: score points, a count, a share of one.
POINTS, COUNT, SHARE = "points", "count", "share"
_NUMBERS = (
    "estimate", "low", "high", "error", "p", "adjusted", "rows", "returnees", "clusters",
)  # fmt: skip
# What a row of the table holds, in order.
COLUMNS = (
    "id", "kind", "file", "line", "spec", "title", "outcome", "term", "country", "how", "estimate",
    "low", "high", "error", "p", "adjusted", "vcov", "rows", "returnees", "clusters", "status",
    "role", "ledger", "crosscheck", "reason", "contrast", "formula", "block",
)  # fmt: skip


@dataclass(frozen=True)
class Joined:
    """What other tables say about estimates and their specifications, by id."""

    specs: Mapping[str, Mapping[str, Any]]
    passports: Mapping[str, Mapping[str, Any]]
    crosscheck: Mapping[str, str]


def estimate_rows(
    frames: Mapping[str, pd.DataFrame], numbers: Numbers, settings: Settings, joined: Joined
) -> Iterator[dict[str, Any]]:
    """Give every estimate its row, regressions first; a hidden number leaves no trace."""
    names = [name for name in ESTIMATE_FILES if "estimate_id" in frames.get(name, ())]
    for name in sorted(names, key=lambda name: KINDS.index(_kind(RESULTS[name]))):
        for estimate_id in frames[name]["estimate_id"].astype(str):
            yield _row(name, numbers[estimate_id], numbers, settings, joined)


def _row(
    name: str, row: Row, numbers: Numbers, settings: Settings, joined: Joined
) -> dict[str, Any]:
    language, passport = settings.language, joined.passports.get(row.estimate_id, {})
    spec_id = row.word("spec_id") or str(passport.get("spec_id") or "")
    spec = joined.specs.get(spec_id, {})
    hidden = numbers.hidden(row.estimate_id)
    found = {
        "id": row.estimate_id,
        "kind": passport.get("kind") or _kind(row.file),
        "file": f"results/{row.file}",
        "line": row.line,
        "spec": spec_id,
        "title": spec.get("title", ""),
        "outcome": outcome_label(row.word("outcome"), language),
        "term": _term(name, row, language),
        "country": _country(row, language),
        "how": _how(name, row),
        "estimate": row.value,
        "low": row.get("rank_low" if name == "ranks" else "conf_low"),
        "high": row.get("rank_high" if name == "ranks" else "conf_high"),
        "error": row.get("std_error"),
        "p": row.get("p_value"),
        "adjusted": row.get("p_adjusted"),
        "vcov": row.word("vcov_label") or passport.get("vcov_label") or _vcov(row, language),
        "rows": row.get("n_obs"),
        "returnees": _returnees(row),
        "clusters": row.get("n_clusters"),
        "status": SUPPRESSED if hidden else row.word("status") or "ok",
        "role": row.word("role") or spec.get("role", ""),
        "ledger": spec.get("ledger", ""),
        "crosscheck": joined.crosscheck.get(row.estimate_id, ""),
        "reason": numbers.why_missing(row.estimate_id) or row.word("warnings"),
        "contrast": row.word("contrast"),
        "formula": row.word("formula") or spec.get("formula", ""),
    }
    if name == "descriptives" and row.word("statistic") == "n":
        found |= dict.fromkeys(("low", "high", "error"))  # a count is not uncertain
    if hidden:
        found |= dict.fromkeys(_NUMBERS)
    return {key: None if is_missing(value) else value for key, value in found.items()}


def whole_row(row: Row, minimum: int) -> dict[str, Any]:
    """Every column of a row of results that holds something, small counts of returnees masked."""
    cells: dict[str, Any] = {}
    for column, value in dict(row.values).items():
        if is_missing(value):
            continue
        few = column in RESTS_ON and 0 < row.get(column) < minimum
        cells[column] = f"<{minimum}" if few else plain(value)
    return cells


def plain(value: Any) -> Any:
    """A cell of a table as JSON holds it."""
    return value.item() if hasattr(value, "item") else value


def outcome_label(outcome: str, language: Language) -> str:
    """Name an outcome: a score, the change of one, or another variable."""
    if not outcome:
        return ""
    label = language.score(outcome)
    return language.variable(outcome) if label == outcome else label


def _kind(file: str) -> str:
    return KNOWN_FILES[file].kind if file in KNOWN_FILES else DERIVED


def _returnees(row: Row) -> float:
    counted = row.get("n_returnees")
    if is_missing(counted) and not is_missing(row.get("n_mentored")):
        return row.get("n_mentored") + row.get("n_other")
    return counted


def _country(row: Row, language: Language) -> str:
    code = row.word("country") or (row.word("level") if row.word("variable") == "country" else "")
    if code == ALL and row.file.startswith("orion/"):
        return language.plain("words.pilot_countries")
    return language.country(code) if code else ""


def _term(name: str, row: Row, language: Language) -> str:
    if name != "descriptives" and row.word("term"):
        return language.term(row.word("term"))
    # `statistic` says what a description is; elsewhere it is the value of a test.
    parts = [
        _part(column, row, language)
        for column in _PARTS
        if column != "statistic" or name == "descriptives"
    ]
    return ", ".join(dict.fromkeys(part for part in parts if part)) or name.replace("_", " ")


def _part(column: str, row: Row, language: Language) -> str:
    value = row.word(column)
    if not value or value == ALL:
        return ""
    if column == "answer":
        return language.answer(row.word("variable"), value)
    if column == "rule" and language.has(f"tables.cleaning.rules.{value}"):
        return value.replace("_", " ")
    if column == "variable":
        label = language.score(value)
        return language.variable(value) if label == value else label
    for key in (f"audit_page.words.{value}", f"methods.{value}"):
        if language.has(key):
            return language.plain(key)
    return language.variable(value)


def _how(name: str, row: Row) -> str:
    statistic = row.word("statistic") if name == "descriptives" else ""
    if name in ("ranks", "rules") or statistic == "n":
        return COUNT
    return SHARE if name == "importance" or statistic.startswith("share") else POINTS


def _vcov(row: Row, language: Language) -> str:
    """Name the covariance by what was computed, where the results do not."""
    vcov = row.word("vcov")
    if not vcov:
        return row.word("inference") or row.word("interval")
    cluster = row.word("cluster_var")
    if cluster and vcov.startswith("CR"):
        vcov = language.plain("tables.vcov", vcov=vcov, cluster=language.variable(cluster))
    return ", ".join(filter(None, [vcov, row.word("inference")]))


# What the table says of a specification, from the first that knows it.
_OF_SPEC = (
    "title", "role", "formula", "sample", "estimator", "vcov", "spec_hash", "refit_of", "family",
    "ledger", "frozen_on", "ledger_diff", "chosen", "status",
)  # fmt: skip


def spec_rows(
    specs: pd.DataFrame,
    ledger: pd.DataFrame,
    passports: Mapping[str, Mapping[str, Any]],
    language: Language,
) -> list[dict[str, Any]]:
    """Every specification: of the table of specifications, of the ledger, of passports."""
    known = [by_spec(specs), by_spec(ledger), passports]
    return [
        _spec_row(spec_id, [source.get(spec_id, {}) for source in known], language)
        for spec_id in dict.fromkeys(name for source in known for name in source)
    ]


def by_spec(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows of a table by `spec_id`, without what is missing."""
    return {
        str(row["spec_id"]): {str(k): plain(v) for k, v in row.items() if not is_missing(v)}
        for row in frame.to_dict("records")
    }


def _spec_row(spec_id: str, sources: list[Mapping[str, Any]], language: Language) -> dict[str, Any]:
    def first(key: str) -> Any:
        return next((one[key] for one in sources if one.get(key) not in (None, "")), "")

    model = first("model") or {}
    return {
        "id": spec_id,
        **{key: first(key) for key in _OF_SPEC},
        "outcome": outcome_label(str(first("outcome")), language),
        "rows": model.get("n_obs"),
        "returnees": model.get("n_returnees"),
        "r2": model.get("r2"),
    }
