"""`reintegration fit`: specifications fitted to any table, with the code the study uses."""

import json
import math
import platform
import shlex
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reintegration.errors import StudyError
from reintegration.estimation.blank import ADJUSTED
from reintegration.estimation.columns import TEXT
from reintegration.estimation.design import INTERCEPT
from reintegration.estimation.families import adjust_families
from reintegration.estimation.filters import kept_rows
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.grammar import GrammarError
from reintegration.estimation.language import Wanted, expand
from reintegration.estimation.results import FAILED, NOT_ESTIMABLE_UNDER_VCOV, OK, join_warnings
from reintegration.estimation.rows import needed_columns
from reintegration.estimation.specs import Specification
from reintegration.estimation.tables import MISSING_CODES, Table, read_table
from reintegration.estimation.written import read_specifications
from reintegration.tables_io import SIGNIFICANT_DIGITS

_LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels", "linearmodels")
SMALLEST_P = 0.001
_ESTIMATE = (
    *("estimate_id", "term", "contrast", "group", "variable", "level", "scale"),
    *("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "df"),
    *("confidence_level", "vcov", "vcov_label", "cluster_var", "n_clusters", "clusters"),
    *("inference",),
    *("effective_clusters", "n_carrying"),
    *("family", "p_holm", "p_bh", "p_romano_wolf", "status", "reason", "warnings"),
)


def run_fit(
    spec: str | Path, data: str | Path, out: str | Path, missing: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Fit the specifications of a file to a table and write what came of it as JSON.

    Raises
    ------
    StudyError
        If specification or data cannot be read, with every problem.
    """
    written = read_specifications(spec)
    table = read_table(data, missing)
    results = fit_table(expand(written, table), table)
    content = {
        "data": {
            "file": table.path.name,
            "sha256": table.sha256,
            "rows": len(table.frame),
            "columns": table.kinds,
        },
        "software": {
            "reintegration": version("reintegration"),
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "results": results,
    }
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False)
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StudyError(f"{out}: cannot be written ({error.strerror}).") from None
    return results


def in_words(result: dict[str, Any]) -> list[str]:
    """The estimates of a result as lines of a table for the terminal, and its warnings."""
    warned = [f"  Warning: {result['warnings']}"] if result["warnings"] else []
    shown = [row for row in result["estimates"] if row["status"] == OK]
    if not shown:
        return warned
    numbers = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
    widest = max(len(row["term"]) for row in shown)
    lines = []
    label = None
    for row in shown:
        if row["vcov_label"] != label:
            label = row["vcov_label"]
            level = f"{row['confidence_level']:.0%} CI"
            lines += [
                f"  N = {result['rows']['used']:,}; {label}",
                f"  {'term':<{widest}}{'estimate':>12}{'std. error':>12}{'p':>8}{level:>24}",
            ]
        estimate, error, p, low, high = (_short(row[name]) for name in numbers)
        p = "" if p == "" else _p_value(row["p_value"])
        span = f"[{low}, {high}]" if low and high else ""
        lines.append(f"  {row['term']:<{widest}}{estimate:>12}{error:>12}{p:>8}{span:>24}")
    return lines + warned


def _p_value(p: float) -> str:
    """A p-value to three decimals, and none that reads as zero."""
    return f"<{SMALLEST_P}" if p < SMALLEST_P else f"{p:.3f}"


def _short(value: float | None) -> str:
    """A number to four digits; nothing where there is none."""
    return "" if value is None or math.isnan(value) else f"{value:.4g}"


def fit_table(wanted: Sequence[Wanted], table: Table) -> list[dict[str, Any]]:
    """Fit specifications to a table: a result for each of their outcomes, p-values adjusted."""
    fits = []
    for one in wanted:
        (spec,) = one.specs
        written = one.written
        fits.append(_fit(table.frame, spec, written.confidence_level, written.seed))
    seeds = {one.written.family: one.written.seed for one in wanted if one.written.family}
    level = max((one.written.confidence_level for one in wanted), default=0.95)
    adjust_families(fits, seed=seeds, every_covariance=True, confidence=level)
    return [_result(one, fitted, table) for one, fitted in zip(wanted, fits, strict=True)]


def _result(one: Wanted, fitted: Fit, table: Table) -> dict[str, Any]:
    """Write down what came of one outcome."""
    written, (spec,) = one.written, one.specs
    estimates = _rows(fitted, written.confidence_level)
    status, reason = fitted.model["status"], fitted.reason
    if status == OK:
        failures = (row["reason"] for row in estimates if row["status"] == FAILED)
        reason = join_warnings(failures)
    served = [row for row in estimates if row["group"] not in (INTERCEPT, "variance")]
    if served and all(r["status"] == NOT_ESTIMABLE_UNDER_VCOV for r in served):
        status, reason = NOT_ESTIMABLE_UNDER_VCOV, join_warnings(r["reason"] for r in served)
    lacking = _unnamed(one, estimates)
    return {
        "spec_id": spec.spec_id,
        "title": spec.title,
        "role": spec.role,
        "spec_hash": spec.spec_hash,
        "status": status,
        "reason": reason,
        "warnings": join_warnings(
            [fitted.model["warnings"] if status == OK else "", *lacking, *_codes(one, table)]
        ),
        "specification": written.model_dump(mode="json", exclude_unset=True),
        "formula": spec.formula,
        "estimator": spec.estimator,
        "estimates": estimates,
        "model": _model(fitted),
        "rows": _rows_account(fitted, len(table.frame)),
        "dropped": [
            {"column": name, "explained_by": list(by)}
            for name, by in (fitted.design.dropped if fitted.design else {}).items()
        ],
    }


def _fit(frame: pd.DataFrame, spec: Specification, confidence: float, seed: int) -> Fit:
    """Fit; whatever a library does not survive becomes a failed specification with its reason."""
    try:
        with np.errstate(all="ignore"):
            return fit_specification(frame, spec, confidence=confidence, seed=seed)
    except (np.linalg.LinAlgError, ArithmeticError, ValueError, MemoryError) as error:
        return fit_specification(frame, spec, failed=f"numerical failure: {error}")


def _unnamed(one: Wanted, estimates: list[dict[str, Any]]) -> list[str]:
    known = {row["term"] for row in estimates}
    return [
        f"family_terms: there is no term {term}"
        for term in one.written.family_terms or ()
        if term not in known
    ]


def _codes(one: Wanted, table: Table) -> list[str]:
    """Say which columns of text have cells that may stand for a missing one; listed levels not."""
    written, (spec,) = one.written, one.specs
    ordered = written.categories if isinstance(written.categories, dict) else {}
    frame = table.frame
    if spec.filter:
        try:
            frame = frame[kept_rows(spec.filter, frame)]
        except GrammarError:
            return []  # the fit says so
    found = []
    for name in needed_columns(spec):
        if table.kinds.get(name) != TEXT or ordered.get(name) is not None:
            continue
        for code, cells in frame[name].value_counts().sort_index().items():
            if str(code).lower() in MISSING_CODES:
                hold = f"cell of {name} holds" if cells == 1 else f"cells of {name} hold"
                found.append(
                    f"{cells:,} {hold} the text {code}, taken as a level;"
                    f" for missing: --missing {shlex.quote(str(code))}"
                )
    return found


def _rows(fitted: Fit, confidence: float) -> list[dict[str, Any]]:
    """Make the rows of every covariance."""
    rows = []
    groups = fitted.design.groups if fitted.design else {}
    for vcov, estimates in fitted.under.items():
        clusters = {n: int(groups[n].max()) + 1 for n in vcov.clusters if n in groups}
        for made in estimates:
            ok = made["status"] == OK
            without = made["std_error"] != made["std_error"]
            rows.append(
                {name: made.get(name) for name in _ESTIMATE}
                | {
                    **{name: _or_none(made[name]) for name in ADJUSTED},
                    "confidence_level": confidence,
                    "clusters": clusters,
                    "vcov_label": vcov.label if without else made["vcov_label"],
                    "reason": "" if ok else made["warnings"],
                    "warnings": made["warnings"] if ok else "",
                }
            )
    return rows


def _or_none(value: float) -> float | None:
    return value if value == value else None


def _model(fitted: Fit) -> dict[str, Any]:
    model = fitted.model
    statistics = dict(fitted.solution.statistics) if fitted.solution else {}
    keys = ("n_obs", "n_columns", "df_resid", "r2", "r2_within", "sample_id", "data_hash")
    names = ("r2_adj", "sigma", "loglik", "r2_mcfadden", "r1", "theta")
    return {key: model[key] for key in keys} | {key: statistics.get(key) for key in names}


def _rows_account(fitted: Fit, read: int) -> dict[str, Any]:
    """Account for rows: read, filtered, missing by variable, weight of zero, used."""
    account: dict[str, Any] = {"read": read, "filtered": 0, "missing": {}, "weight_zero": 0}
    used = 0
    for row in fitted.rows:
        if row["country"] != "all":
            continue
        kind, _, name = row["reason"].partition(": ")
        if row["step"] == "used":
            used = row["rows"]
        elif kind == "filter":
            account["filtered"] += row["rows"]
        elif kind == "weight of zero":
            account["weight_zero"] += row["rows"]
        elif row["step"] == "excluded":
            account["missing"][name or kind] = row["rows"]
    return account | {"used": used}


def _plain(value: Any) -> Any:
    """Make a value JSON: numbers to 12 digits, what is not a number null."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if value == value else None
    return value
