"""What clean surveys must be: their columns in order, and a check derived from the codebook."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.errors import StudyError
from reintegration.ingest.received import MENTORING
from reintegration.tables_io import ROWS_AT_ONCE

DAYS_PER_MONTH = 365.25 / 12
# Variables that become something else: a pseudonym, a round, assistance received.
_SPECIAL = ("country", "survey_date", "return_date", "round", MENTORING, f"{MENTORING}_date")


def background_variables(codebook: Codebook) -> list[str]:
    """Variables that stand in clean surveys as they were asked, in the codebook's order."""
    return [
        name
        for name, variable in codebook.variables.items()
        if variable.role is None and name not in _SPECIAL
    ]


def received_columns(codebook: Codebook) -> list[str]:
    """Columns that say what was received on or before the day of the survey."""
    mentoring = [MENTORING] if MENTORING in codebook.variables else []
    return [*codebook.assistance_columns, *mentoring]


def survey_columns(codebook: Codebook) -> list[str]:
    """Columns of clean surveys, in order."""
    return [
        *["survey_id", "returnee_id", "location_id", "source", "country", "round"],
        *["is_first", "is_last", "survey_date", "return_date", "months_since_return"],
        *background_variables(codebook),
        *codebook.items,
        *received_columns(codebook),
    ]


def check_surveys(surveys: pd.DataFrame, codebook: Codebook) -> None:
    """Check clean surveys against the codebook, all columns at once, some rows at a time.

    Raises
    ------
    StudyError
        With every column and, for coded questions, every value that is not allowed.
    """
    import pandera.pandas as pa

    schema = _schema(codebook)
    failures = []
    for part in parts_of(surveys):
        try:
            schema.validate(part, lazy=True)
        except pa.errors.SchemaErrors as error:
            failures.append(error.failure_cases)
    twice = int(surveys["survey_id"].duplicated().sum()) if "survey_id" in surveys else 0
    problems = _explain(pd.concat(failures), codebook) if failures else []
    if twice:
        problems.append(f"survey_id: {twice} value(s) stand twice")
    if problems:
        raise StudyError("Clean surveys do not agree with the codebook.", problems)


def parts_of(surveys: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Surveys in parts of some rows, with plain texts in the place of categories."""
    texts = dict.fromkeys(surveys.select_dtypes("category"), "str")
    for start in range(0, max(len(surveys), 1), ROWS_AT_ONCE):
        yield surveys.iloc[start : start + ROWS_AT_ONCE].astype(texts)


def _schema(codebook: Codebook):
    import pandera.pandas as pa

    columns: dict[str, pa.Column] = {}
    for name in survey_columns(codebook):
        columns[name] = pa.Column(nullable=True)
    for name, letter in (("survey_id", "S"), ("returnee_id", "R"), ("location_id", "L")):
        columns[name] = pa.Column(
            str,
            pa.Check.str_matches(rf"^{letter}[0-9a-f]{{12}}$"),
            nullable=name == "location_id",
        )
    columns["source"] = pa.Column(str)
    columns["country"] = pa.Column(str, pa.Check.str_matches(r"^[A-Z]{3}$"))
    columns["round"] = pa.Column("int64", pa.Check.ge(1))
    for name in ("is_first", "is_last"):
        columns[name] = pa.Column("int64", pa.Check.isin([0, 1]))
    columns["survey_date"] = pa.Column("datetime64[us]")
    columns["return_date"] = pa.Column("datetime64[us]", nullable=True)
    columns["months_since_return"] = pa.Column(float, pa.Check.ge(0), nullable=True)
    for name in background_variables(codebook):
        variable = codebook.variables[name]
        if variable.type == "number":
            low, high = variable.range or (-np.inf, np.inf)
            columns[name] = pa.Column(float, pa.Check.in_range(low, high), nullable=True)
        elif variable.type == "choice":
            codes = [answer.code for answer in variable.answers]
            columns[name] = pa.Column(str, pa.Check.isin(codes), nullable=True)
    for name, item in codebook.items.items():
        codes = [answer.code for answer in codebook.answers_of(name)]
        several = f"^({'|'.join(codes)})( ({'|'.join(codes)}))*$"
        check = pa.Check.str_matches(several) if item.multiple else pa.Check.isin(codes)
        columns[name] = pa.Column(str, check, nullable=True)
    for name in received_columns(codebook):
        columns[name] = pa.Column("Int8", pa.Check.isin([0, 1]), nullable=True)
    return pa.DataFrameSchema(columns, strict=True, ordered=True)


def _explain(failures: pd.DataFrame, codebook: Codebook) -> list[str]:
    """One line per column and kind of failure; values are shown only of coded questions."""
    problems = []
    for (column, check), cases in failures.groupby(["column", "check"], dropna=False, sort=False):
        if column not in survey_columns(codebook):  # a column too many, too few or out of order
            names = ", ".join(sorted(map(str, cases["failure_case"].unique())))
            problems.append(f"columns: {check}: {names}")
            continue
        coded = column in codebook.items or column in background_variables(codebook)
        if coded and str(check).startswith(("isin", "str_matches")):
            values = ", ".join(sorted({repr(value) for value in cases["failure_case"]}))
            codes = ", ".join(answer.code for answer in codebook.answers_of(column))
            problems.append(f"{column}: {values} is not allowed; allowed are {codes}")
        else:
            problems.append(f"{column}: {len(cases)} value(s) fail {check}")
    return problems
