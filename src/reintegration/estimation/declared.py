"""Specifications that config.yaml declares: read, and checked against the codebook.

Light to import: the plan of a study checks them each time the Snakefile is read.
"""

from collections.abc import Mapping, Sequence

from reintegration import config
from reintegration.codebook import Codebook
from reintegration.errors import StudyError
from reintegration.estimation.columns import ANY, Columns, known_columns
from reintegration.estimation.language import Around, read_one
from reintegration.estimation.refits import refit_problems
from reintegration.estimation.specs import DEVIATION, Specification
from reintegration.estimation.written import FitVcov, Written

DATA = ("surveys", "changes")


def expand(
    specifications: Sequence[config.Specification], assistance: config.Assistance
) -> list[Specification]:
    """Spread the configuration's specifications: one per outcome, one term per assistance type.

    Raises
    ------
    StudyError
        With every term or filter that the grammar does not know.
    """
    expanded, problems = _read(specifications, assistance, dict.fromkeys(DATA, ANY))
    if problems:
        raise StudyError("config.yaml: specifications cannot be read.", problems)
    return expanded


def _read(
    specifications: Sequence[config.Specification],
    assistance: config.Assistance,
    columns: Mapping[str, Columns],
) -> tuple[list[Specification], list[str]]:
    """Read declared specifications against the columns of the data that each is about."""
    expanded, problems = [], []
    named = [(f"specifications.{one.id}", one) for one in specifications]
    for declared in specifications:
        columns_of = f"specifications.{declared.id}.columns"
        named += [(f"{columns_of}.{one.id}", one) for one in declared.shorter]
    for key, declared in named:
        around = Around(
            key,
            tuple(assistance.types),
            assistance.not_recorded,
            DEVIATION,
        )
        for outcome in declared.outcomes:
            spec, wrong = read_one(declared, outcome, columns[declared.data], around)
            expanded.append(spec)
            problems += wrong
    return expanded, list(dict.fromkeys(problems))


def check_specifications(
    specifications: Sequence[config.Specification],
    assistance: config.Assistance,
    orion: config.Orion,
    trends: config.Trends,
    codebook: Codebook,
) -> None:
    """Check every name, filter and cluster of the specifications against the codebook.

    Raises
    ------
    StudyError
        With every problem at once: key, name or text, what is known.
    """
    columns = {data: known_columns(codebook, data) for data in DATA}
    expanded, problems = _read(specifications, assistance, columns)
    problems += refit_problems(specifications, expanded, assistance, codebook)
    change = f"change_{codebook.main_score}"
    problems += _problems("orion", change, orion.controls, orion.each_vcov, columns["changes"])
    problems += _problems("trends", codebook.main_score, [], trends.each_vcov, columns["surveys"])
    if problems:
        raise StudyError(
            "config.yaml: specifications cannot be fitted. Nothing has been run.",
            list(dict.fromkeys(problems)),
        )


def _problems(
    key: str, outcome: str, controls: list[str], vcov: list[FitVcov], columns: Columns
) -> list[str]:
    """Say what is wrong with the controls and covariances of a study of its own."""
    written = Written(id=key, outcome=outcome, controls=controls, vcov=vcov)
    return read_one(written, outcome, columns, Around(key))[1]
