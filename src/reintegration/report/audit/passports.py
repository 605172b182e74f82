"""What a passport shows beside its row of results, and what of it must not leave."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from reintegration.errors import StudyError
from reintegration.report.audit.blocks import finite
from reintegration.report.audit.rows import whole_row
from reintegration.report.numbers import Row
from reintegration.tables_io import read_csv

NOTHING: dict[str, Any] = {"run": {}, "specifications": {}, "estimates": {}}
CHECKED = ["estimate_id", "engine", "agrees"]
# What a passport may say of a hidden number: where it is, and what it would have been.
_SAFE = ("file", "line_key", "spec_id", "term", "contrast", "group", "outcome", "country", "kind")
LANGUAGES = {".R": "R", ".do": "Stata"}


@dataclass(frozen=True)
class Sources:
    """Files of the audit: passports, comparison with R, folder of code, ledger, claims."""

    passports: str | Path | None = None
    crosscheck: str | Path | None = None
    code: str | Path | None = None
    ledger: str | Path | None = None
    claims: str | Path | None = None


def read_passports(path: str | Path | None) -> dict[str, Any]:
    """Read passports; none when the study made none.

    Raises
    ------
    StudyError
        If the file is not JSON with the parts of passports.
    """
    if path is None or not Path(path).exists():
        return dict(NOTHING)
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise StudyError("Passports cannot be read.", [f"{path}: is not JSON ({error})"]) from None
    missing = [name for name in NOTHING if not isinstance(found, dict) or name not in found]
    if missing:
        raise StudyError("Passports cannot be read.", [f"{path}: no {', '.join(missing)}"])
    return finite(found)


def read_table(path: str | Path | None, columns: list[str]) -> pd.DataFrame:
    """Read a table of the audit; an empty one when it was not made."""
    if path is None or not Path(path).exists():
        return pd.DataFrame(columns=columns)
    try:
        return read_csv(path)
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=columns)


def read_code(folder: str | Path | None, spec_id: str) -> dict[str, str]:
    """The R and Stata code of a specification, where it was written."""
    found = {}
    for ending, language in LANGUAGES.items():
        path = Path(folder or "", f"{spec_id}{ending}")
        # A specification's name is foreign text: it may not lead out of the folder.
        if folder and path.parent == Path(folder) and path.is_file():
            found[language] = path.read_text(encoding="utf-8")
    return found


def specification(passport: Mapping[str, Any], code: Mapping[str, str]) -> dict[str, Any]:
    """A specification's passport for the page: the expanded form as YAML, the code beside it."""
    expanded = yaml.safe_dump(
        passport.get("expanded", {}), sort_keys=False, allow_unicode=True, width=76
    )
    text = expanded if passport.get("expanded") else ""
    return {**passport, "expanded": text, "code": dict(code)}


def estimate(
    row: Row, passport: Mapping[str, Any], more: Mapping[str, Any], minimum: int, *, hidden: bool
) -> dict[str, Any]:
    """An estimate's passport for the page; of a hidden number nothing that rests on few."""
    if hidden:
        return {**{key: passport[key] for key in _SAFE if key in passport}, "uses": more["uses"]}
    return {**passport, **more, "row": whole_row(row, minimum)}


def crosscheck_rows(frame: pd.DataFrame, hidden: set[str]) -> list[dict[str, Any]]:
    """The comparison with R as plain rows, without numbers that are hidden."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [
        finite({str(key): value for key, value in row.items()})
        for row in rows
        if str(row["estimate_id"]) not in hidden
    ]
