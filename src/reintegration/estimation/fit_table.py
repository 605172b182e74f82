"""`reintegration fit`: specifications fitted to any table, with the code the study uses."""

import json
import math
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reintegration.errors import StudyError
from reintegration.estimation.combine import CONTRAST
from reintegration.estimation.design import INTERCEPT
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.language import Wanted, expand
from reintegration.estimation.multiplicity import adjust
from reintegration.estimation.results import NOT_ESTIMABLE_UNDER_VCOV, OK, join_warnings
from reintegration.estimation.specs import Specification
from reintegration.estimation.tables import Table, prepare, read_table
from reintegration.estimation.written import read_specifications
from reintegration.tables_io import SIGNIFICANT_DIGITS

_LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels", "linearmodels")
_ESTIMATE = (
    *("estimate_id", "term", "contrast", "group", "variable", "level", "scale"),
    *("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "df"),
    *("confidence_level", "vcov", "vcov_label", "cluster_var", "n_clusters", "clusters"),
    *("inference",),
    *("family", "p_holm", "p_bh", "status", "reason", "warnings"),
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
    """The estimates of a result as lines of a table for the terminal."""
    shown = [row for row in result["estimates"] if row["status"] == OK]
    if not shown:
        return []
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
        p = "" if p == "" else f"{row['p_value']:.3f}"
        span = f"[{low}, {high}]" if low and high else ""
        lines.append(f"  {row['term']:<{widest}}{estimate:>12}{error:>12}{p:>8}{span:>24}")
    return lines


def _short(value: float | None) -> str:
    """A number to four digits; nothing where there is none."""
    return "" if value is None or math.isnan(value) else f"{value:.4g}"


def fit_table(wanted: Sequence[Wanted], table: Table) -> list[dict[str, Any]]:
    """Fit specifications to a table: a result for each of their outcomes, p-values adjusted."""
    results = [_fit_one(one, table) for one in wanted]
    families: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for one, result in zip(wanted, results, strict=True):
        for row in result["estimates"]:
            if one.written.family and _in_family(one, row):
                key = (one.written.family, row["vcov"], row["cluster_var"])
                families.setdefault(key, []).append(row)
            else:
                row["family"] = ""
    for rows in families.values():
        p_values = np.array([row["p_value"] for row in rows], dtype=float)
        for row, holm, bh in zip(
            rows, adjust(p_values, "holm"), adjust(p_values, "bh"), strict=True
        ):
            row |= {"p_holm": holm, "p_bh": bh}
    return results


def _in_family(one: Wanted, row: dict[str, Any]) -> bool:
    """Say whether a row is one that its specification's family is about."""
    if one.written.family_terms is not None:
        return row["term"] in one.written.family_terms
    if row["group"] == CONTRAST:
        return True
    terms = {str(term) for term in one.specs[0].terms}
    return row["group"] != INTERCEPT and row["variable"] in terms


def _fit_one(one: Wanted, table: Table) -> dict[str, Any]:
    """Fit one outcome under each covariance asked for."""
    written = one.written
    fits = []
    for asked in one.specs:
        frame, spec = prepare(table, asked, one.made, written.threshold)
        fits.append(_fit(frame, spec, written.confidence_level))
    first = next((fitted for fitted in fits if fitted.status == OK), fits[0])
    spec = fits[0].spec
    reasons = join_warnings(fitted.reason for fitted in fits)
    estimates = [row for fitted in fits for row in _rows(fitted, written.confidence_level)]
    served = [row for row in estimates if row["group"] not in (INTERCEPT, "variance")]
    status = first.status
    if status == OK and served and all(r["status"] == NOT_ESTIMABLE_UNDER_VCOV for r in served):
        status, reasons = NOT_ESTIMABLE_UNDER_VCOV, join_warnings(r["reason"] for r in served)
    lacking = _unnamed(one, estimates)
    return {
        "spec_id": spec.spec_id,
        "title": spec.title,
        "role": spec.role,
        "spec_hash": spec.spec_hash,
        "status": status,
        "reason": reasons,
        "warnings": join_warnings([first.model["warnings"] if status == OK else "", *lacking]),
        "specification": written.model_dump(mode="json", exclude_unset=True),
        "formula": spec.formula,
        "estimator": spec.estimator,
        "estimates": estimates,
        "model": _model(first),
        "rows": _rows_account(first, len(table.frame)),
        "dropped": [
            {"column": name, "explained_by": list(by)}
            for name, by in (first.design.dropped if first.design else {}).items()
        ],
    }


def _fit(frame: pd.DataFrame, spec: Specification, confidence: float) -> Fit:
    """Fit; whatever a library does not survive becomes a failed specification with its reason."""
    try:
        with np.errstate(all="ignore"):
            return fit_specification(frame, spec, confidence=confidence)
    except (np.linalg.LinAlgError, ArithmeticError, ValueError, MemoryError) as error:
        return fit_specification(frame, spec, failed=f"numerical failure: {error}")


def _unnamed(one: Wanted, estimates: list[dict[str, Any]]) -> list[str]:
    known = {row["term"] for row in estimates}
    return [
        f"family_terms: there is no term {term}"
        for term in one.written.family_terms or ()
        if term not in known
    ]


def _rows(fitted: Fit, confidence: float) -> list[dict[str, Any]]:
    """Make the rows of one covariance."""
    rows = []
    ways = fitted.design.ways if fitted.design else ()
    clusters = {n: int(w.max()) + 1 for n, w in zip(fitted.spec.vcov.clusters, ways, strict=False)}
    for made in fitted.estimates:
        row = dict.fromkeys(_ESTIMATE) | {k: v for k, v in made.items() if k in _ESTIMATE}
        ok = made["status"] == OK
        label = fitted.spec.vcov.label
        if ok and made["std_error"] == made["std_error"]:
            counted = " and ".join(map(str, clusters.values()))
            label = ", ".join(
                [label, *([f"{counted} clusters"] if clusters else []), made["inference"]]
            )
        row |= {
            "scale": "log-odds" if made["scale"] == "log-odds" else "units of the outcome",
            "confidence_level": confidence,
            "clusters": clusters,
            "vcov_label": label,
            "reason": "" if ok else made["warnings"],
            "warnings": made["warnings"] if ok else "",
        }
        rows.append(row)
    return rows


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
            account["missing"][name] = row["rows"]
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
