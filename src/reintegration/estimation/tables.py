"""Any table to fit to: read from CSV or Parquet, and made ready for one specification."""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from reintegration.errors import StudyError
from reintegration.estimation.grammar import DATE, Derived
from reintegration.estimation.specs import Specification

NUMBER, TRUTH, TEXT, DAY = "number", "truth", "text", "date"
_TRUTHS = {"true": 1.0, "false": 0.0}
_IN_EXCEL = "in Excel: Save as, CSV UTF-8"
_NO_TABLES = {
    ".dta": "in Stata: export delimited",
    ".sav": "in SPSS: Save as, CSV",
    **dict.fromkeys((".xlsx", ".xls", ".ods"), _IN_EXCEL),
}
_FUNCTIONS = {"log": np.log, "exp": np.exp, "sqrt": np.sqrt, "2": np.square}


@dataclass(frozen=True)
class Table:
    """A table as it was read: numbers as floats, texts with their levels in order."""

    path: Path
    frame: pd.DataFrame
    kinds: dict[str, str]
    levels: dict[str, tuple[str, ...]]
    sha256: str


def read_table(path: str | Path, missing: Sequence[str] = ()) -> Table:
    """Read a table; a cell is missing where it is empty, or holds one of the codes given.

    Raises
    ------
    StudyError
        If the file cannot be read, or two columns have one name.
    """
    path = Path(path)
    if path.suffix.lower() in _NO_TABLES:
        raise StudyError(
            f"{path}: is no CSV or Parquet file.",
            [f"write it as CSV first; {_NO_TABLES[path.suffix.lower()]}"],
        )
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        raw = pd.read_parquet(path) if path.suffix == ".parquet" else _read_csv(path, missing)
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file.") from None
    except StudyError:
        raise
    except Exception as error:
        first = str(error).strip().splitlines()[:1]
        raise StudyError(f"{path}: cannot be read as a table.", first) from None
    frame, kinds, levels = {}, {}, {}
    for name in map(str, raw.columns):
        column = raw[name]
        frame[name], kinds[name] = _typed(column)
        if kinds[name] == TEXT:
            levels[name] = _levels(column, frame[name])
    return Table(path, pd.DataFrame(frame, index=raw.index), kinds, levels, digest)


def _read_csv(path: Path, missing: Sequence[str]) -> pd.DataFrame:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
    except UnicodeDecodeError as error:
        raise StudyError(f"{path}: is not UTF-8 text ({error}).") from None
    delimiter = max(",;\t", key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StudyError(f"{path}: two columns have the name {', '.join(map(repr, twice))}.")
    if not names:
        raise StudyError(f"{path}: has no line of column names.")
    frame = pd.read_csv(
        path,
        sep=delimiter,
        encoding="utf-8-sig",
        keep_default_na=False,
        na_values=["", *missing],
        low_memory=False,
    )
    if not isinstance(frame.index, pd.RangeIndex):
        raise StudyError(f"{path}: its rows have more cells than its line of column names.")
    return frame


def _typed(column: pd.Series) -> tuple[pd.Series, str]:
    """Make a column numbers, days or texts, and say which."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype("Float64").astype(float), TRUTH
    if pd.api.types.is_complex_dtype(column):
        return column.astype("str"), TEXT
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), column.index), NUMBER
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.tz_localize(None), DAY
    held = column.dropna()
    if held.empty:
        return pd.Series(np.nan, column.index), NUMBER
    if held.map(lambda value: isinstance(value, Decimal)).all():
        return column.map(float, na_action="ignore").astype(float), NUMBER
    texts = column.map(str, na_action="ignore").astype("str").where(column.notna())
    found = set(texts.dropna().unique())
    if {text.lower() for text in found} <= set(_TRUTHS):
        return texts.str.lower().map(_TRUTHS).astype(float), TRUTH
    if all(DATE.fullmatch(text) for text in found):
        days = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")
        if days.notna().sum() == len(held):
            return days, DAY
    return texts, TEXT


def _levels(column: pd.Series, texts: pd.Series) -> tuple[str, ...]:
    """List the levels of a text column: in the order of a category, else sorted as text."""
    held = set(texts.dropna().unique())
    if isinstance(column.dtype, pd.CategoricalDtype):
        return tuple(text for text in map(str, column.cat.categories) if text in held)
    return tuple(sorted(held))


def text_of(value: object) -> str:
    """Write a level as text: the number 6.0 is `6`."""
    return f"{value:.15g}" if isinstance(value, int | float) else str(value)


def number_levels(column: pd.Series) -> tuple[str, ...]:
    """List the levels of a column of numbers, in order."""
    return tuple(text_of(float(value)) for value in np.sort(column.dropna().unique()))


def prepare(
    table: Table, spec: Specification, made: dict[str, Derived], threshold: float | None
) -> tuple[pd.DataFrame, Specification]:
    """Make the frame a specification is fitted to.

    Functions of columns become columns, categories become texts, and the outcome of a
    `threshold` 0 or 1 and of ordered logit the place of its level.
    """
    frame = table.frame
    with np.errstate(all="ignore"):
        for name, part in made.items():
            values = frame[part.column].to_numpy()
            cube = part.function == "3"
            new = values**3 if cube else _FUNCTIONS[part.function](values)
            frame = frame.assign(**{name: new})
    levels = dict(spec.levels)
    for name in levels:
        if table.kinds.get(name, NUMBER) != TEXT:
            texts = frame[name].map(text_of, na_action="ignore").astype("str")
            frame = frame.assign(**{name: texts.where(frame[name].notna())})
    if threshold is not None:
        reached = (frame[spec.outcome] >= threshold).astype(float)
        frame = frame.assign(**{spec.outcome: reached.where(frame[spec.outcome].notna())})
    if spec.estimator == "ordered_logit":
        order = {level: float(place) for place, level in enumerate(levels[spec.outcome])}
        frame = frame.assign(**{spec.outcome: frame[spec.outcome].map(order).astype(float)})
    for name in spec.variables:
        if table.kinds.get(name) == TEXT and name not in levels:
            levels[name] = table.levels[name]
    return frame, replace(spec, levels=tuple(levels.items()))
