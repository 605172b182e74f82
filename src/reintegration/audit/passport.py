"""Passports: for every number of the study, what a reader may ask about it.

`passports.json` is made from the very fits of the study; the rule refuses to write it when a
number of a passport is not the number of the table, or a number has no passport.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reintegration import config
from reintegration.audit.estimate_files import DERIVED, DESCRIPTION, ESTIMATE_FILES, REGRESSION
from reintegration.audit.passport_evidence import evidence
from reintegration.audit.passport_numbers import (
    described,
    entry,
    made_of,
    terms_by_specification,
)
from reintegration.audit.passport_spec import specification_passport
from reintegration.audit.passport_words import (
    FewerControls,
    adjusted,
    compared,
    part_of_change,
    rank,
)
from reintegration.audit.run import describe_run
from reintegration.audit.small import hidden_estimates
from reintegration.codebook import Codebook
from reintegration.errors import StudyError
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.results import OK
from reintegration.estimation.specs import COUNTRY, Specification
from reintegration.estimation.under import RESAMPLED
from reintegration.studies.frames import read_survey_frame
from reintegration.studies.regressions import study_frames, study_specifications
from reintegration.tables_io import SIGNIFICANT_DIGITS, read_csv

SAME = 1e-9  # relative difference between a refitted number and the one written
FLOOR = 1e-12
CLAIMS = "audit/claims.csv"


@dataclass(frozen=True)
class Fitted:
    """A regression of the study as it was fitted again, with the rows it was fitted to."""

    spec: Specification
    fit: Fit
    frame: pd.DataFrame


def refit(frame: pd.DataFrame, choices: config.Config) -> list[Fitted]:
    """Fit every regression of the study to a survey frame."""
    frames = study_frames(frame, choices)
    countries = sorted(frame[COUNTRY].dropna().astype("str").unique())
    confidence = choices.inference.confidence_level
    return [
        Fitted(
            spec,
            fit_specification(
                frames[spec.data],
                _computed(spec),
                confidence=confidence,
                countries=countries,
                seed=choices.inference.seed,
                # Of thousands of small fits the library's is slow; that both agree is checked.
                engine="arrays" if spec.estimator == "within" else "library",
            ),
            frames[spec.data],
        )
        for spec in study_specifications(choices, countries)
    ]


def _computed(spec: Specification) -> Specification:
    """The specification without bootstraps and permutations beside its first errors.

    They take most of the time of a study; their numbers are read from its tables.
    """
    return replace(spec, also=tuple(vcov for vcov in spec.also if vcov.type not in RESAMPLED))


def make_passports(
    fitted: Iterable[Fitted],
    tables: dict[str, pd.DataFrame],
    choices: config.Config,
    codebook: Codebook,
    written: Mapping[str, Any],
) -> dict[str, Any]:
    """Make the passports of specifications and of every number of the tables.

    Parameters
    ----------
    tables
        Tables of estimates by file: `ESTIMATE_FILES`; claims too, where there are any.
    written
        The configuration as it is written, short forms kept.

    Raises
    ------
    StudyError
        If a number that was fitted again is not the number of the table.
    """
    minimum = choices.disclosure.minimum_cell
    known = {
        str(row["estimate_id"]): {str(column): value for column, value in row.items()}
        for file in ESTIMATE_FILES
        for row in tables[file].to_dict("records")
    }
    confidence = choices.inference.confidence_level
    specifications: dict[str, Any] = {}
    rows: dict[str, dict[str, Any]] = {}
    behind: dict[str, dict[str, Any]] = {}
    made: set[str] = set()
    for one in fitted:
        spec = one.spec
        made |= {
            spec.estimate_id(row["term"], vcov) for row in one.fit.estimates for vcov in spec.vcovs
        }
        specifications[spec.spec_id], groups = specification_passport(
            spec, one.fit, one.frame, written, minimum
        )
        rows |= {row["estimate_id"]: row for row in one.fit.estimates}
        found = evidence(
            spec, one.fit, one.frame, groups, confidence, known, minimum, choices.inference.seed
        )
        for term, about in found.items():
            names = [spec.estimate_id(term, vcov) for vcov in spec.vcovs]
            behind[names[0]] = about
            behind |= {name: {"same_as": names[0]} for name in names[1:]}
    hidden = hidden_estimates(tables, minimum, dict(codebook.shares))
    terms = terms_by_specification(tables["models/estimates.csv"])
    fewer = FewerControls(tables, specifications, hidden)
    estimates: dict[str, Any] = {}
    problems = []
    for file, table in ESTIMATE_FILES.items():
        for record in tables[file].to_dict("records"):
            row = {str(column): value for column, value in record.items()}
            name = str(row["estimate_id"])
            parts = made_of(file, row, tables, terms)
            kind = table.kind if parts is None else DERIVED
            passport = entry(file, row, name in hidden, minimum, kind)
            passport["made_of"] = parts or []
            passport["compared"] = compared(kind, passport["vcov_label"])
            if name not in hidden:
                passport |= _sentences(file, row, tables, specifications, choices)
                if kind == REGRESSION:
                    of = fewer.of(passport["spec_id"] or rows.get(name, {}).get("spec_id", ""),
                                  passport["term"])  # fmt: skip
                    passport["fewer_controls"] = of
            if kind == DESCRIPTION:
                passport |= described(row, minimum, name in hidden, codebook)
            if kind == REGRESSION and name not in made:
                problems.append(f"{name}: no specification of the study makes it")
            # A number that its table does not give (a slope on few returnees) has no evidence.
            refused = row["status"] != OK and rows.get(name, {}).get("status") == OK
            if name in behind and name not in hidden and not refused:
                passport |= behind[name]
            if name in rows:
                problems += _differences(name, row, table.value, rows[name])
            estimates[name] = passport
    if problems:
        raise StudyError("Tables and specifications of the study do not fit together.", problems)
    return {"specifications": specifications, "estimates": estimates}


def _sentences(
    file: str,
    row: Mapping[str, Any],
    tables: dict[str, pd.DataFrame],
    specifications: Mapping[str, Any],
    choices: config.Config,
) -> dict[str, Any]:
    """What a row of results says in words: a rank, a part of a change, an adjusted p-value."""
    if file == "models/ranks.csv":
        return rank(row, choices.inference.confidence_level)
    if file == "models/columns.csv":
        return {"says": part_of_change(row, specifications)}
    if found := adjusted(row, tables[file], choices.inference.adjust):
        return {"adjusted": found}
    return {}


def _differences(
    name: str, written: Mapping[str, Any], value: str, fitted: Mapping[str, Any]
) -> list[str]:
    """Say which numbers of a row differ from those fitted again."""
    problems = []
    for column, ours in ((value, "estimate"), ("std_error", "std_error"), ("df", "df")):
        old, new = float(written[column]), float(fitted[ours])
        if math.isnan(old):
            continue
        if not abs(old - new) <= SAME * abs(old) + FLOOR:
            problems.append(f"{name}: {column} is {old:.12g} in the table, {new:.12g} again")
    return problems


def run_passports(
    surveys: str | Path,
    scores: str | Path,
    tables: Iterable[str | Path],
    choices: Mapping[str, Any],
    written: Mapping[str, Any],
    passports: str | Path,
    run: str | Path,
    root: str | Path = ".",
) -> None:
    """Read surveys, scores and tables of estimates; write passports.json and run.json."""
    checked = config.Config.model_validate(dict(choices))
    codebook = checked.instrument.codebook(root)
    read = {_below_results(path): read_csv(path) for path in tables}
    about = describe_run(choices, {"surveys": surveys, "scores": scores}, root)
    fitted = refit(read_survey_frame(surveys, scores), checked)
    made = make_passports(fitted, read, checked, codebook, written)
    write_json(run, about)
    write_passports(passports, {"run": about, **made})


def _below_results(path: str | Path) -> str:
    return "/".join(Path(path).parts[-2:])


def plain(value: Any) -> Any:
    """Turn a value into what JSON holds: floats to 12 significant digits, no NaN."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
        if not math.isfinite(number):
            return None if math.isnan(number) else "inf" if number > 0 else "-inf"
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return value


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def write_json(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write JSON for people: sorted and indented."""
    text = json.dumps(plain(content), ensure_ascii=False, sort_keys=True, indent=2)
    Path(path).write_text(text + "\n", encoding="utf-8")


def write_passports(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write passports: one specification or estimate a line, sorted, so that runs can be diffed."""
    with Path(path).open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f'{{"run":{_line(plain(content["run"]))}')
        for part in ("specifications", "estimates"):
            stream.write(f',\n"{part}":{{\n')
            lines = (
                f"{json.dumps(name, ensure_ascii=False)}:{_line(plain(found))}"
                for name, found in sorted(content[part].items())
            )
            stream.write(",\n".join(lines))
            stream.write("\n}")
        stream.write("}\n")
