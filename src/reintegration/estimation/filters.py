"""Which rows of a frame make a filter true."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from reintegration.estimation.grammar import (
    DATE,
    EXACT,
    Both,
    Comparison,
    Filter,
    GrammarError,
    Not,
    parse_filter,
    truth_of,
)
from reintegration.estimation.specs import text_of

KEPT = "filter: kept"  # of a prepared frame: what the filter said of the columns as they were
_COMPARE = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


def keep_rows(parsed: Filter, frame: pd.DataFrame | Mapping[str, pd.Series]) -> np.ndarray:
    """Say which rows of a frame make a filter true: booleans of shape (n,)."""
    return _truth(parsed, frame)[0]


def kept_rows(text: str, frame: pd.DataFrame) -> np.ndarray:
    """Say which rows a specification's filter keeps, of a frame as read or as prepared.

    Raises
    ------
    GrammarError
        If the filter compares a column with what it does not hold.
    """
    return frame[KEPT].to_numpy() if KEPT in frame else keep_rows(parse_filter(text), frame)


def never_kept(parsed: Filter, name: str, value: float | str) -> bool:
    """Say whether a filter is true of no row in which a column holds this value.

    Raises
    ------
    GrammarError
        If the filter compares the column with what it does not hold.
    """
    return not _can_be(parsed, name, value)[0]


def _can_be(parsed: Filter, name: str, value: float | str) -> tuple[bool, bool]:
    """Return whether a filter can be true, and whether it can be false, of such rows."""
    if isinstance(parsed, Not):
        true, false = _can_be(parsed.part, name, value)
        return false, true
    if isinstance(parsed, Both):
        left, right = _can_be(parsed.left, name, value), _can_be(parsed.right, name, value)
        if parsed.operator == "and":
            return left[0] and right[0], left[1] or right[1]
        return left[0] or right[0], left[1] and right[1]
    if parsed.name != name:
        return True, True
    told = _truth(parsed, {name: pd.Series([value])})
    return bool(told[0].item()), bool(told[1].item())


def _truth(
    parsed: Filter, frame: pd.DataFrame | Mapping[str, pd.Series]
) -> tuple[np.ndarray, np.ndarray]:
    """Return where a filter is known to be true and where it is known to be false."""
    if isinstance(parsed, Not):
        true, false = _truth(parsed.part, frame)
        return false, true
    if isinstance(parsed, Both):
        left, right = _truth(parsed.left, frame), _truth(parsed.right, frame)
        if parsed.operator == "and":
            return left[0] & right[0], left[1] | right[1]
        return left[0] | right[0], left[1] & right[1]
    column = frame[parsed.name]
    missing = column.isna().to_numpy()
    if parsed.operator == "missing":
        return missing, ~missing
    true = _compare(parsed, column) & ~missing
    return true, ~true & ~missing


def _compare(parsed: Comparison, column: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(column):
        return _compare_numbers(parsed, column, _dates(parsed))
    numeric = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)
    if not numeric:
        if parsed.operator in _COMPARE:
            raise GrammarError(f"{parsed.name} holds texts, which {parsed.operator} cannot order")
        wanted = [_as_text(value) for value in parsed.compared]
        found = column.astype("str").isin(wanted).to_numpy()
        return ~found if parsed.operator == "!=" else found
    if column.dropna().isin((0, 1)).all():
        parsed = replace(parsed, compared=tuple(map(truth_of, parsed.compared)))
    if texts := [value for value in parsed.compared if isinstance(value, str)]:
        raise GrammarError(f"{parsed.name} holds numbers, and {texts[0]!r} is none")
    if pd.api.types.is_integer_dtype(column):
        return _compare_whole(parsed, column)
    numbers = np.asarray(parsed.compared, dtype=float)
    return _compare_numbers(parsed, pd.to_numeric(column).astype("Float64"), numbers)


def _compare_numbers(parsed: Comparison, column: pd.Series, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "M":
        held = column.to_numpy(dtype="datetime64[s]")
    else:
        held = column.to_numpy(dtype=float, na_value=np.nan)
    if parsed.operator in _COMPARE:
        return _COMPARE[parsed.operator](held, values[0])
    found = np.isin(held, values)
    return ~found if parsed.operator == "!=" else found


def _compare_whole(parsed: Comparison, column: pd.Series) -> np.ndarray:
    """Compare whole numbers as such: floats would merge the large ones."""
    known = column.dropna()
    ends = (known.min(), known.max()) if len(known) else ()
    if all(abs(int(value)) < EXACT for value in ends):
        return _compare_numbers(parsed, column, np.asarray(parsed.compared, dtype=float))
    held = column.to_numpy(dtype=object, na_value=0)  # what is missing is neither true nor false
    if parsed.operator in _COMPARE:
        return _COMPARE[parsed.operator](held, parsed.compared[0]).astype(bool)
    found = np.array([value in parsed.compared for value in held], dtype=bool)
    return ~found if parsed.operator == "!=" else found


def _dates(parsed: Comparison) -> np.ndarray:
    """Read the values compared with a column of dates."""
    for value in parsed.compared:
        if not isinstance(value, str) or not DATE.fullmatch(value):
            raise GrammarError(
                f'{parsed.name} holds dates; write one in quotes, like "2020-03-01", not {value!r}'
            )
    try:
        return np.array(parsed.compared, dtype="datetime64[s]")
    except ValueError:
        raise GrammarError(f"{parsed.name}: no such day among {parsed.compared}") from None


def _as_text(value: float | str) -> str:
    """Write a number as a text column would hold it: 1 and not 1.0."""
    return value if isinstance(value, str) else text_of(value)
