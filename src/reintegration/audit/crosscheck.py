"""The regressions of the study fitted again by R, and compared number by number."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from reintegration.audit.code.compare import NO_R, compare, found_by_script
from reintegration.audit.code.engine import installed, run_scripts
from reintegration.audit.code.facts import Facts
from reintegration.audit.code.files import study_code
from reintegration.audit.crosscheck_words import OUT
from reintegration.config import Config, check_config, load_config
from reintegration.errors import StudyError
from reintegration.estimation.results import table
from reintegration.estimation.specs import COUNTRY, Specification, Vcov
from reintegration.studies.frames import read_survey_frame
from reintegration.studies.regressions import ALL, study_frames, study_specifications
from reintegration.tables_io import read_csv, write_csv

COLUMNS = (
    *("estimate_id", "engine", "estimate", "std_error", "diff_in_std_errors"),
    *("rel_diff_std_error", "agrees"),
    # extra
    *("ours", "ours_std_error", "tolerance", "status", "reason"),
    *("spec_id", "estimator", "vcov"),
)
# Tables whose rows are estimates of regressions; one names its numbers otherwise.
TABLES = (
    "results/models/estimates.csv",
    "results/orion/effects.csv",
    "results/orion/means.csv",
    "results/orion/changes.csv",
    "results/trends/slopes.csv",
)
VALUE, SLOPE = "estimate", "slope_per_year"
SURVEYS, SCORES = "results/clean/surveys.parquet", "results/scores/scores.parquet"
CODE = "results/audit/code"


def crosscheck(
    specs: Sequence[Specification],
    frames: Mapping[str, pd.DataFrame],
    tables: Iterable[pd.DataFrame],
    folder: str | Path,
    countries: Sequence[str] = (),
) -> pd.DataFrame:
    """Write the code of every regression, run that in R, and compare.

    Parameters
    ----------
    specs, frames
        The regressions, and the rows that they name by `data`.
    tables
        Tables of estimates.
    folder
        Where the code goes.
    """
    code = study_code(specs, frames, folder, countries)
    numbers = {
        str(row["estimate_id"]): (row.get(SLOPE, row.get(VALUE)), row["std_error"], row["status"])
        for of_study in tables
        for row in of_study.to_dict("records")
    }
    there = bool(installed())
    # Scripts of the same packages follow one another: R loads and unloads them less often.
    scripts = sorted((path for facts, path in code.values() if not facts.problem), key=_packages)
    found = found_by_script(run_scripts(scripts)) if there else {}
    rows: list[dict[str, Any]] = []
    for facts, path in code.values():
        ours = list(_ours(facts, numbers))
        of_r = found.get(str(path.resolve()))
        absent = facts.problem or ("R said nothing" if there else NO_R)
        rows += compare(facts, of_r, ours, absent)
    return table(rows, COLUMNS)


def _packages(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return " ".join(line for line in lines if line.startswith("library("))


def _ours(facts: Facts, numbers: Mapping[str, tuple]) -> Iterable[dict[str, Any]]:
    """The study's own numbers of a specification, under each covariance."""
    spec = facts.spec
    terms = [one.term for one in facts.reported()]
    terms += [name for name, _ in spec.contrasts]
    for vcov in spec.vcovs:
        for term in terms:
            name = spec.estimate_id(term, vcov)
            if name in numbers:
                estimate, std_error, status = numbers[name]
                yield _own(name, term, vcov, estimate, std_error, status)


def _own(
    name: str, term: str, vcov: Vcov, estimate: float, std_error: float, status: str
) -> dict[str, Any]:
    return {
        "estimate_id": name,
        "term": term,
        "vcov": vcov,
        "estimate": float(estimate),
        "std_error": float(std_error),
        "status": status,
    }


def run_crosscheck(
    surveys: str | Path,
    scores: str | Path,
    tables: Sequence[str | Path],
    folder: str | Path,
    out: str | Path,
    choices: Config | Mapping[str, Any],
) -> pd.DataFrame:
    """Read rows and results, compare with R, write `out`.

    Parameters
    ----------
    tables
        Files of estimates: `TABLES`.
    choices
        The whole configuration.
    """
    config = choices if isinstance(choices, Config) else check_config(dict(choices), Path())
    frame = read_survey_frame(surveys, scores)
    countries = sorted(frame[COUNTRY].dropna().astype("str").unique())
    compared = crosscheck(
        study_specifications(config, countries if config.study.countries == ALL else None),
        study_frames(frame, config),
        [read_csv(path) for path in tables],
        folder,
        countries,
    )
    write_csv(compared, out)
    return compared


def check_folder(root: Path) -> pd.DataFrame:
    """Compare the results in a study's folder with R, anew.

    Raises
    ------
    StudyError
        If the study has not been run.
    """
    if absent := [name for name in (SURVEYS, SCORES, *TABLES) if not (root / name).exists()]:
        raise StudyError("There is no finished study to check: run `make study` first.", absent)
    return run_crosscheck(
        root / SURVEYS,
        root / SCORES,
        [root / name for name in TABLES],
        root / CODE,
        root / OUT,
        load_config(root / "config.yaml"),
    )
