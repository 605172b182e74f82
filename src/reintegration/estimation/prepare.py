"""The rows of a frame made ready for a specification: columns that it needs and nobody wrote."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from reintegration.estimation.coding import is_number
from reintegration.estimation.filters import KEPT, keep_rows
from reintegration.estimation.grammar import (
    Derived,
    Filter,
    GrammarError,
    comparisons,
    parse_filter,
)
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import Specification, text_of

_FUNCTIONS = {"log": np.log, "exp": np.exp, "sqrt": np.sqrt, "2": np.square}
ORDERED = "ordered_logit"


def prepare(frame: pd.DataFrame, spec: Specification) -> tuple[pd.DataFrame, Specification]:
    """Make the frame a specification is fitted to.

    Functions of columns become columns, categories become texts with all their levels named,
    and the outcome of a `threshold` 0 or 1 and of ordered logit the place of its level. Where a
    filter asks for a column that is another now, what it said of the one before is kept beside. A
    frame that needs none of this comes back as it is.

    Raises
    ------
    NotEstimable
        If a column does not hold what the specification says.
    """
    if not (spec.derived or spec.levels or spec.threshold is not None or spec.estimator == ORDERED):
        return frame, spec
    new: dict[str, pd.Series] = {}

    def column(name: str) -> pd.Series:
        return new[name] if name in new else frame[name]

    for name, part in spec.derived:
        if part.column in frame and name not in frame:
            new[name] = _function(column(part.column), part)
    levels = dict(spec.levels)
    if spec.estimator == ORDERED:
        levels.setdefault(spec.outcome, ())
    for name in [name for name in levels if name in frame or name in new]:
        held = column(name)
        found = _found(held, name, spec)
        if is_number(held):
            new[name] = _texts(held)
        listed = levels[name]
        levels[name] = listed or found
        unlisted = [level for level in found if level not in set(levels[name])]
        if unlisted and spec.filter and name in spec.variables:
            texts = _texts(held) if is_number(held) else held.astype("str").where(held.notna())
            left = set(texts[_keep(parse_filter(spec.filter), frame)])
            unlisted = [level for level in unlisted if level in left]
        if unlisted and name in spec.variables:
            raise NotEstimable(f"{name} also holds {', '.join(unlisted[:5])}, which is not listed")
    if spec.outcome in frame or spec.outcome in new:
        if spec.threshold is not None:
            values = _numbers(column(spec.outcome))
            reached = (values >= spec.threshold).astype(float)
            new[spec.outcome] = reached.where(values.notna())
        if spec.estimator == ORDERED:
            order = {level: float(place) for place, level in enumerate(levels[spec.outcome])}
            texts = column(spec.outcome).astype("str")
            new[spec.outcome] = texts.map(order).astype(float)
    if spec.filter and (kept := _kept(spec.filter, frame, new)) is not None:
        new[KEPT] = kept
    return frame.assign(**new), replace(spec, levels=tuple(levels.items()))


def _kept(text: str, frame: pd.DataFrame, new: Mapping[str, pd.Series]) -> pd.Series | None:
    """Filter by columns as they are read; None where the filter asks for none that is changed."""
    parsed = parse_filter(text)
    named = {part.name for part in comparisons(parsed)}
    if not named.intersection(new) or not named.issubset(frame.columns):
        return None
    return pd.Series(_keep(parsed, frame), frame.index)


def _keep(parsed: Filter, frame: pd.DataFrame) -> np.ndarray:
    """Say which rows a filter keeps; all if it names a column that is not there."""
    if not {part.name for part in comparisons(parsed)}.issubset(frame.columns):
        return np.ones(len(frame), dtype=bool)
    try:
        return keep_rows(parsed, frame)
    except GrammarError as error:
        raise NotEstimable(f"filter: {error}") from None


def number_levels(column: pd.Series) -> tuple[str, ...]:
    """List the levels of a column of numbers, in order."""
    if pd.api.types.is_integer_dtype(column):
        return tuple(str(value) for value in sorted(map(int, column.dropna().unique())))
    return tuple(text_of(float(value)) for value in np.sort(_numbers(column).dropna().unique()))


def _found(column: pd.Series, name: str, spec: Specification) -> tuple[str, ...]:
    """List the levels that a column holds, numbers in order and texts sorted."""
    if is_number(column):
        return number_levels(column)
    if name == spec.outcome and not dict(spec.levels).get(name):
        raise NotEstimable(f"{spec.estimator} needs the order of the texts of {name}")
    return tuple(sorted(map(str, column.dropna().unique())))


def _texts(column: pd.Series) -> pd.Series:
    """Write numbers as texts; missing ones stay missing."""
    whole = pd.api.types.is_integer_dtype(column)
    numbers = column.map(int, na_action="ignore").astype(object) if whole else _numbers(column)
    return numbers.map(text_of, na_action="ignore").astype("str").where(numbers.notna())


def _function(column: pd.Series, part: Derived) -> pd.Series:
    values = _numbers(column)
    with np.errstate(all="ignore"):
        return values**3 if part.function == "3" else _FUNCTIONS[part.function](values)


def _numbers(column: pd.Series) -> pd.Series:
    """Return a column as floats, missing as NaN."""
    try:
        return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), column.index)
    except (TypeError, ValueError):
        raise NotEstimable(f"{column.name} does not hold numbers") from None
