"""The passport of one number: where it stands, what it is made of, what it describes."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from reintegration.audit.estimate_files import ESTIMATE_FILES
from reintegration.audit.small import RESTS_ON, count, words
from reintegration.codebook import Codebook
from reintegration.countries import country_name
from reintegration.estimation.design import INTERCEPT
from reintegration.estimation.rows import ALL
from reintegration.estimation.specs import COUNTRY
from reintegration.studies.importance import group_of

# Columns that tell a reader which row of a file it is.
KEYS = (
    *("spec_id", "method", "comparator", "topic", "variable", "answer", "statistic", "rule"),
    *("done", "group", "survey", "kind", "outcome", "term", "country"),
)
NUMBERS = ("std_error", "p_value", "conf_low", "conf_high", "df")
TEXTS = ("term", "contrast", "group", "outcome", "country", "status")
HIDDEN = "suppressed"
# What codes of descriptions are called.
STATISTICS = {"mean": "mean", "median": "median", "sd": "standard deviation", "share": "share"}
COUNTED = {"follow_ups": "returnees surveyed at least twice", "mentored": "mentored returnees"}
DONE = {"flagged": "flagged", "changed": "changed", "removed": "left out"}


def entry(
    file: str, row: Mapping[str, Any], hidden: bool, minimum: int, kind: str | None = None
) -> dict[str, Any]:
    """Make the part of a passport that every number has, from its row of results."""
    about = ESTIMATE_FILES[file]
    found: dict[str, Any] = {
        "file": file,
        "kind": kind or about.kind,
        "line_key": {key: row[key] for key in KEYS if _text(row.get(key)) == row.get(key) != ""},
        "spec_id": _text(row.get("spec_id")),
        **{key: _text(row.get(key)) for key in TEXTS},
        "estimate": None if hidden else row[about.value],
        **{key: None if hidden else row.get(key) for key in NUMBERS},
        "vcov_label": vcov_label(row),
        "reason": "",
        "warnings": [],
        "made_of": [],
    }
    said = words(_text(row.get("warnings")), minimum)
    warnings = [text for text in said.split("; ") if text]
    status = _text(row.get("status")) or "ok"
    if hidden:
        reason = f"fewer than {minimum} returnees stand behind it, or behind what it would betray"
        return found | {"status": HIDDEN, "reason": reason}
    if status == "ok":
        return found | {"status": status, "warnings": warnings}
    return found | {"status": status, "reason": "; ".join(warnings)}


def vcov_label(row: Mapping[str, Any]) -> str:
    """Name the standard error by what was computed."""
    if _there(row.get("vcov_label")):
        return str(row["vcov_label"])
    parts = [_text(row.get("vcov"))]
    if clusters := _text(row.get("cluster_var")):
        parts[0] += f" by {clusters.replace(' ', ' and ')}"
    if _there(row.get("n_clusters")) and float(row["n_clusters"]) > 0:
        parts.append(f"{int(row['n_clusters']):,} clusters")
    parts.append(_text(row.get("inference")) or _text(row.get("interval")))
    return ", ".join(part for part in parts if part)


def described(
    row: Mapping[str, Any], minimum: int, hidden: bool, codebook: Codebook | None = None
) -> dict[str, Any]:
    """Say in words what a description describes, and on how many it rests unless it is hidden."""
    words = _cleaned(row) if _there(row.get("rule")) else _counted(row, codebook)
    rests = {
        name: count(row[name], minimum)
        for name in (*RESTS_ON, "n_obs", "returnees_with")
        if _there(row.get(name)) and not hidden
    }
    return {"describes": words, "rests_on": rests}


def _cleaned(row: Mapping[str, Any]) -> str:
    done = DONE.get(str(row["done"]), str(row["done"]))
    return f"surveys that the cleaning rule “{_plain(str(row['rule']))}” {done}"


def _counted(row: Mapping[str, Any], codebook: Codebook | None) -> str:
    """A number, share or mean of a variable, over whom and where."""
    statistic, variable = _text(row.get("statistic")), _text(row.get("variable"))
    answer, among = _text(row.get("answer")), _text(row.get("basis"))
    code = _text(row.get("country"))
    where = "all countries" if code == ALL else country_name(code) if code else ""
    if statistic == "n":
        words = f"number of {COUNTED.get(variable, _label(variable, codebook))}"
    elif answer and answer != "yes":
        words = f"share of {among}: {_label(variable, codebook)}"
        words += f" is “{_answer(variable, answer, codebook)}”"
    elif answer:
        words = f"share of {among}: {_label(variable, codebook)}"
    else:
        what = STATISTICS.get(statistic.removesuffix("_returnees"), _plain(statistic))
        words = f"{what} of “{_label(variable, codebook)}” over {among}"
    return ", ".join(part for part in (words, where) if part)


def _label(variable: str, codebook: Codebook | None) -> str:
    """The codebook's name of a variable, or its own in words."""
    try:
        return codebook.label(variable, "en") if codebook else _plain(variable)
    except KeyError:
        return _plain(variable)


def _answer(variable: str, code: str, codebook: Codebook | None) -> str:
    try:
        answers = codebook.answers_of(variable) if codebook else ()
    except KeyError:
        answers = ()
    return next((one.in_language("en") for one in answers if one.code == code), _plain(code))


def _plain(name: str) -> str:
    return name.replace("_", " ")


def made_of(
    file: str,
    row: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    terms: Mapping[str, list[dict[str, Any]]],
) -> list[str] | None:
    """List the estimates that a derived number is made of; None where it is not derived.

    `terms` are those of `terms_by_specification`.
    """
    if file == "models/ranks.csv":
        return [
            one["estimate_id"] for one in terms.get(row["spec_id"], ()) if one["group"] == COUNTRY
        ]
    if file == "models/importance.csv":
        first, minus, second = str(row["group"]).partition("_minus_")
        if minus:
            start = str(row["estimate_id"]).removesuffix(str(row["group"]))
            return [start + first, start + second]
        return [
            one["estimate_id"]
            for one in terms.get(row["spec_id"], ())
            if group_of(one["variable"]) == first
        ]
    if file == "models/columns.csv":
        return [
            one["estimate_id"]
            for key in ("from_spec", "to_spec")
            for one in terms.get(row[key], ())
            if one["term"] == row["term"]
        ]
    if file == "trends/slopes.csv" and row.get("kind", "slope") != "slope":
        slopes = tables[file]
        same = slopes[
            (slopes["method"] == row["method"])
            & (slopes["outcome"] == row["outcome"])
            & (slopes["kind"] == "slope")
            & (slopes["vcov"] == row["vcov"])
        ]
        return list(same.loc[same["status"] == "ok", "estimate_id"])
    return None


def terms_by_specification(estimates: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Rows of the terms of each specification, each once, under its first inference."""
    rows = estimates.loc[
        estimates["group"] != INTERCEPT, ["spec_id", "term", "group", "variable", "estimate_id"]
    ].drop_duplicates(["spec_id", "term"])
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows.to_dict("records"):
        found.setdefault(str(row["spec_id"]), []).append({str(k): v for k, v in row.items()})
    return found


def _there(value: Any) -> bool:
    return value is not None and value != "" and not (isinstance(value, float) and value != value)


def _text(value: Any) -> str:
    return str(value) if _there(value) else ""
