"""Sentences of passports: adjusted p-values, ranks, parts of a change, what R is asked of."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from reintegration.audit.estimate_files import DERIVED, DESCRIPTION
from reintegration.estimation.design import INTERCEPT
from reintegration.estimation.results import OK
from reintegration.studies.importance import group_of

METHODS = {"holm": "Holm", "bh": "Benjamini-Hochberg", "romano_wolf": "Romano-Wolf"}
NOT_COMPARED = {
    DERIVED: "not compared with R: it is worked out from other numbers of the study",
    DESCRIPTION: "not compared with R: it is counted or averaged, no regression makes it",
}
NO_COLUMNS = "not computed: the specification declares no shorter ones (columns in config.yaml)"
ESTIMATE_ONLY = "estimate compared with R; its error is not: it is drawn at random"
RESAMPLED = ("wild", "permutation")
FEWER = ("estimate", "std_error", "p_value", "conf_low", "conf_high")


def compared(kind: str, label: str) -> str:
    """Say what of a number is not compared with R, and why; empty where all is."""
    if kind in NOT_COMPARED:
        return NOT_COMPARED[kind]
    return ESTIMATE_ONLY if label.startswith(RESAMPLED) else ""


def adjusted(row: Mapping[str, Any], table: pd.DataFrame, method: str) -> dict[str, Any]:
    """The p-values of a row of a family, adjusted for how many it has; empty without a family."""
    family = row.get("family")
    p = row.get("p_adjusted")
    if not isinstance(family, str) or not family or p is None or pd.isna(p):
        return {}
    same = (table["family"] == family) & table["p_adjusted"].notna()
    same &= table["vcov"] == row["vcov"]
    same &= table["cluster_var"].fillna("") == _or(row.get("cluster_var"), "")
    members = int(same.sum())
    others = {key: row.get(key) for key in ("p_holm", "p_bh", "p_romano_wolf")}
    return {
        "p_adjusted": p,
        "method": METHODS[method],
        "family": family,
        "members": members,
        **{key: value for key, value in others.items() if _or(value, "") != ""},
        "says": f"p adjusted {_p(p)}, {METHODS[method]}, family {family} of {members}",
    }


def rank(row: Mapping[str, Any], confidence: float) -> dict[str, Any]:
    """The interval of a rank, and what it says."""
    held = [_or(row.get(key), None) for key in ("rank_low", "rank_high", "n_countries")]
    if None in held:
        return {}
    low, high, of = map(int, held)
    says = (
        f"rank 1 is the lowest score, of {of} countries; with {confidence:.0%} confidence, "
        f"all countries together, {low} to {high}"
    )
    return {"rank_low": low, "rank_high": high, "n_countries": of, "says": says}


def part_of_change(row: Mapping[str, Any], specifications: Mapping[str, Any]) -> str:
    """Say what a part of the change of a coefficient between two columns is."""
    before, after = str(row["from_spec"]), str(row["to_spec"])
    added = [name for name in _variables(specifications, after)
             if name not in _variables(specifications, before)]  # fmt: skip
    group = _or(row.get("group"), "")
    if group:
        added = [name for name in added if group_of(name) == group]
    named = f" ({', '.join(added)})" if added else ""
    what = {
        "total": "the whole change",
        "other_rows": "the part of the change that other rows make",
        "other_controls": f"the part of the change that the further controls make{named}",
    }.get(
        str(row["part"]), f"the part of the change that the controls of group {group} make{named}"
    )
    rows = [f"{int(row[key]):,}" for key in ("n_obs_from", "n_obs_to") if not pd.isna(row[key])]
    count = f", on {rows[0]} and {rows[1]} rows" if len(rows) == 2 else ""
    return f"{what} of {row['term']} ({row['outcome']}) from {before} to {after}{count}"


def _variables(specifications: Mapping[str, Any], spec_id: str) -> list[str]:
    columns = specifications.get(spec_id, {}).get("columns", [])
    return [name for name in dict.fromkeys(c["variable"] for c in columns) if name != INTERCEPT]


class FewerControls:
    """What a coefficient is in the shorter columns of its specification, and why it differs."""

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        specifications: Mapping[str, Any],
        hidden: set[str],
    ) -> None:
        self.hidden, self.specifications = hidden, specifications
        self.parts: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
        self.longer: dict[str, str] = {}
        for row in tables["models/columns.csv"].to_dict("records"):
            if "to_spec" not in row:
                continue
            key = (str(row["to_spec"]), str(row["term"]))
            shorter = self.parts.setdefault(key, {}).setdefault(str(row["from_spec"]), [])
            shorter.append({str(k): value for k, value in row.items()})
            self.longer.setdefault(str(row["from_spec"]), str(row["to_spec"]))
        self.columned = {spec_id for spec_id, _ in self.parts}
        self.first: dict[tuple[str, str], dict[str, Any]] = {}
        for row in tables["models/estimates.csv"].to_dict("records"):
            self.first.setdefault((str(row["spec_id"]), str(row["term"])), row)  # type: ignore[arg-type]

    def of(self, spec_id: str, term: str) -> dict[str, Any]:
        """List the shorter columns with the coefficient; or say why there are none."""
        found = self.parts.get((spec_id, term), {})
        if not found:
            return {"says": self._why_not(spec_id), "columns": []}
        return {
            "says": "",
            "columns": [self._column(shorter, term, rows) for shorter, rows in found.items()],
        }

    def _column(self, shorter: str, term: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        there = self.first.get((shorter, term), {})
        name = str(there.get("estimate_id", ""))
        return {
            "specification": shorter,
            "estimate_id": name,
            "estimate": None if name in self.hidden else there.get("estimate"),
            "n_obs": None if name in self.hidden else there.get("n_obs"),
            "parts": [self._part(row) for row in rows],
        }

    def _part(self, row: Mapping[str, Any]) -> dict[str, Any]:
        hidden = row["estimate_id"] in self.hidden
        return {
            "estimate_id": row["estimate_id"],
            "part": row["part"],
            "group": _or(row.get("group"), ""),
            **{key: None if hidden else row.get(key) for key in FEWER},
            "status": "suppressed" if hidden else _or(row.get("status"), OK),
        }

    def _why_not(self, spec_id: str) -> str:
        if spec_id in self.columned:
            return "not computed: no shorter column of this specification holds this term"
        if spec_id in self.longer:
            return f"this is the shortest column; {self.longer[spec_id]} has more controls"
        where = str(self.specifications.get(spec_id, {}).get("declared_in", ""))
        if "specifications." in where:
            return NO_COLUMNS
        return "not computed: shorter ones are declared with specifications in config.yaml alone"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None or value != value else value
