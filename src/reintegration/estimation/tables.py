"""Any table to fit to: read from CSV or Parquet, with what its columns hold."""

import csv
import hashlib
import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow.parquet import read_schema

from reintegration.errors import StudyError
from reintegration.estimation.columns import DAY, NUMBER, TEXT, TRUTH, Columns
from reintegration.estimation.filters import keep_rows
from reintegration.estimation.grammar import DATE, EXACT, Filter, GrammarError
from reintegration.estimation.language import DECIMAL_COMMA, is_number
from reintegration.estimation.prepare import number_levels
from reintegration.estimation.specs import text_of

# Texts, in small letters, by which other programs write a missing cell.
MISSING_CODES = frozenset({"na", "nan", "null", ".", "n/a", "#n/a"})
_WHOLE = re.compile(r"[-+]?\d+(\.0*)?")
_TRUTHS = {"true": 1.0, "false": 0.0}
_IN_EXCEL = "in Excel: Save as, CSV UTF-8"
_NO_TABLES = {
    ".dta": "in Stata: export delimited",
    ".sav": "in SPSS: Save as, CSV",
    **dict.fromkeys((".xlsx", ".xls", ".ods"), _IN_EXCEL),
}


@dataclass(frozen=True)
class Table:
    """A table as it was read: numbers as floats, texts with their levels in order."""

    path: Path
    frame: pd.DataFrame
    kinds: dict[str, str]
    levels: dict[str, tuple[str, ...]]
    sha256: str

    @property
    def columns(self) -> "TableColumns":
        """The columns that specifications may name."""
        return TableColumns(self.kinds, self.levels, table=self)


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
        raw = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path, missing)
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file.") from None
    except StudyError:
        raise
    except UnicodeDecodeError:
        raise StudyError(
            f"{path}: is not UTF-8 text.",
            [f"{_not_utf8(path)}; write it as UTF-8; {_IN_EXCEL}"],
        ) from None
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


def _read_parquet(path: Path) -> pd.DataFrame:
    """Read Parquet; a category of numbers, of which it keeps no order, is one in their order."""
    frame = pd.read_parquet(path)
    described = json.loads((read_schema(path).metadata or {}).get(b"pandas", b"{}"))
    for column in described.get("columns", ()):
        name = column.get("field_name")
        if column.get("pandas_type") != "categorical" or name not in frame:
            continue
        held = frame[name]
        if pd.api.types.is_bool_dtype(held) or not pd.api.types.is_numeric_dtype(held):
            continue
        levels = [text_of(value) for value in sorted(held.dropna().unique().tolist())]
        texts = [None if missing else text_of(value) for value, missing in _cells(held)]
        frame[name] = pd.Series(pd.Categorical(texts, categories=levels), frame.index)
    return frame


def _cells(column: pd.Series) -> Iterator[tuple[Any, bool]]:
    """Go through the cells of a column, and whether each is missing."""
    return zip(column.tolist(), column.isna(), strict=True)


def _not_utf8(path: Path) -> str:
    """Say where a file stops being UTF-8."""
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"line {line} holds a character in another encoding"
    return "it holds characters in another encoding"


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return file.readline()


def delimiter_of(first_line: str) -> str:
    """Say what stands between the cells of a CSV file: comma, semicolon or tab."""
    return max(",;\t", key=first_line.count)


def _read_csv(path: Path, missing: Sequence[str]) -> pd.DataFrame:
    first = _first_line(path)
    delimiter = delimiter_of(first)
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
    large = [place for place, name in enumerate(frame) if _may_be_large(frame[name])]
    if large:
        codes = dict.fromkeys(["", *missing], pd.NA)
        texts = pd.read_csv(
            path,
            sep=delimiter,
            encoding="utf-8-sig",
            keep_default_na=False,
            usecols=large,
            dtype="str",
        ).replace(codes)
        for name in texts:
            if (whole := _whole(texts[name].where(frame[name].notna()))) is not None:
                frame[name] = whole
    return frame


def _may_be_large(column: pd.Series) -> bool:
    """Say whether cells may be whole numbers that floats, or 64 bits, cannot hold."""
    if pd.api.types.is_float_dtype(column):
        return bool((column.abs() >= EXACT).any())
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_integer_dtype(column):
        return False
    return any(_WHOLE.fullmatch(str(cell)) for cell in column.dropna().head(100))


def _whole(column: pd.Series) -> pd.Series | None:
    """Whole numbers, read as floats for a missing cell among them, as they stand in the file.

    Nothing where some are not whole; texts where 64 bits do not hold them.
    """
    held = column.dropna()
    if not held.map(lambda text: _WHOLE.fullmatch(text) is not None).all():
        return None
    values = held.map(lambda text: int(text.partition(".")[0])).astype(object)
    for kind in (pd.Int64Dtype(), pd.UInt64Dtype()):
        try:
            return values.astype(kind).reindex(column.index)
        except (OverflowError, TypeError, ValueError):
            continue
    return values.map(str).astype("str").reindex(column.index)


def _typed(column: pd.Series) -> tuple[pd.Series, str]:
    """Make a column numbers, days or texts, and say which."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype("Float64").astype(float), TRUTH
    if pd.api.types.is_complex_dtype(column):
        return column.astype("str"), TEXT
    if pd.api.types.is_integer_dtype(column):
        return _floats_or_whole(column), NUMBER
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), column.index), NUMBER
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.tz_localize(None), DAY
    held = column.dropna()
    if held.empty:
        return pd.Series(np.nan, column.index), NUMBER
    if held.map(lambda value: isinstance(value, Decimal)).all():
        if (held.map(abs) >= EXACT).any():
            whole = _whole(column.map("{:f}".format, na_action="ignore"))
            if whole is not None:
                return whole, TEXT if whole.dtype == "str" else NUMBER
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


def _floats_or_whole(column: pd.Series) -> pd.Series:
    """Whole numbers as floats; as they are where floats would merge some."""
    held = column.dropna()
    if len(held) and max(abs(int(held.min())), abs(int(held.max()))) >= EXACT:
        return column
    return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), column.index)


def _levels(column: pd.Series, texts: pd.Series) -> tuple[str, ...]:
    """List the levels of a text column: in the order of a category, else sorted as text."""
    held = set(texts.dropna().unique())
    if isinstance(column.dtype, pd.CategoricalDtype):
        return tuple(text for text in map(str, column.cat.categories) if text in held)
    return tuple(sorted(held))


@dataclass(frozen=True)
class TableColumns(Columns):
    """The columns of a table, whose cells have been seen."""

    table: Table = field(kw_only=True)

    @property
    def seen(self) -> bool:
        """Whether levels are those of the data, and all of them."""
        return True

    def number_levels(self, name: str) -> tuple[str, ...]:
        """List the levels of a column of numbers, in order."""
        return number_levels(self.table.frame[name])

    def left_levels(self, name: str, parsed: Filter) -> tuple[str, ...]:
        """List the levels that a column holds in the rows that a filter keeps, in order."""
        frame = self.table.frame
        column = frame[name][keep_rows(parsed, frame)]
        if self.kinds[name] != TEXT:
            return number_levels(column)
        held = set(column.dropna().unique())
        return tuple(level for level in self.levels[name] if level in held)

    def ordered(self, name: str) -> bool:
        """Say whether the file itself gives texts an order."""
        return list(self.levels[name]) != sorted(self.levels[name])

    def why_text(self, name: str) -> str:
        """Say, in brackets, where a column stops being numbers."""
        column = self.table.frame[name]
        wrong = [not is_number(value) for value in column]
        place = wrong.index(True) if True in wrong else 0
        csv = self.table.path.suffix != ".parquet"
        row = place + (2 if csv else 1)  # the names stand in row 1 of a spreadsheet
        held = map(str, column.dropna().unique())
        codes = sorted(text for text in held if text.lower() in MISSING_CODES)
        hint = f"; for a missing code: --missing {shlex.quote(codes[0])}" if codes else ""
        if len(column) and DECIMAL_COMMA.fullmatch(str(column.iloc[place]).strip()):
            hint += "; 1,5 is read as text: write 1.5"
        counted = "of the file, names being row 1" if csv else "of the data"
        return f" (the first in row {row} {counted}{hint})"

    def no_level(self, name: str, level: str) -> str:
        """Say why a column can never hold a level; nothing, as data hold what they hold."""
        return ""

    def problems_of(self, parsed: Filter) -> list[str]:
        """Say what of a filter, whose columns are known, cannot be compared."""
        try:
            keep_rows(parsed, self.table.frame)
        except GrammarError as error:
            return [str(error)]
        return []
