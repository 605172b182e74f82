"""How a variable becomes columns, and which combinations of its columns are reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from reintegration.estimation.grammar import Term
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import (
    COUNTRY,
    DEVIATION,
    PREFIX,
    Specification,
    term_name,
)

NOT_RECORDED = "not_recorded"
PER_UNIT = "per unit"
_LARGEST = 200_000_000  # cells of the columns of one category


@dataclass(frozen=True)
class Level:
    """A reported level of a term: `weights`, shape (m,), combines the term's own columns."""

    term: str
    level: str
    contrast: str
    weights: np.ndarray | None
    carrier: np.ndarray | None
    problem: str = ""


@dataclass(frozen=True)
class Coded:
    """A term as columns: `basis` has shape (n, m), `columns` names them, `levels` are reported."""

    term: Term | None
    variable: str
    columns: tuple[str, ...]
    basis: np.ndarray
    levels: tuple[Level, ...]

    @classmethod
    def single(cls, term: Term | None, name: str, values: np.ndarray, contrast: str) -> "Coded":
        """Code a variable as one column."""
        shown = term_name(name)
        level = Level(shown, "", contrast, np.ones(1), values)
        return cls(term, name, (shown,), values[:, None], (level,))


def is_number(column: pd.Series) -> bool:
    """Say whether a column enters as a number (or 0 and 1) rather than as categories."""
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def known_levels(
    frame: pd.DataFrame, variables: Sequence[str], countries: Sequence[str] = ()
) -> dict[str, list[str]]:
    """List, in order, the levels that each category has anywhere in the frame."""
    levels = {}
    for name in variables:
        if name in frame and not is_number(frame[name]) and not name.startswith(PREFIX):
            found = {str(level) for level in frame[name].dropna().unique()}
            levels[name] = sorted(found | set(countries) if name == COUNTRY else found)
    return levels


def spec_levels(
    frame: pd.DataFrame, spec: Specification, countries: Sequence[str] = ()
) -> dict[str, list[str]]:
    """List the levels of each category of a specification: those it names, or those found."""
    declared = {name: list(order) for name, order in spec.levels}
    found = known_levels(frame, spec.variables, countries)
    return found | {name: order for name, order in declared.items() if name in spec.variables}


def coded_in_full(term: Term, spec: Specification, levels: Mapping[str, Sequence[str]]) -> set[str]:
    """Name the factors of a term that get a column for every level.

    A factor is coded by contrasts where the term without it is in the model, and in full where
    it is not: `a:x` without `x` is a slope for each level of `a`. (R codes by contrasts also
    where an earlier term contains the rest.)
    """
    present = {frozenset(other.variables) for other in spec.right_side}
    present |= {frozenset({name}) for name in spec.absorbed}
    if len(term.variables) > 1:
        return {
            name
            for name in term.variables
            if name in levels and frozenset(term.variables) - {name} not in present
        }
    mains = [other.variables[0] for other in spec.right_side if len(other.variables) == 1]
    first = next((name for name in mains if name in levels), None)
    constant = spec.intercept or spec.absorbed
    return set() if constant else {first or ""} & set(term.variables)


def encode_term(
    sample: pd.DataFrame, term: Term, spec: Specification, levels: Mapping[str, Sequence[str]]
) -> Coded:
    """Code a term: its variables, and for an interaction all products of their columns."""
    full = coded_in_full(term, spec, levels)
    parts = [
        _in_full(name, sample[name], levels[name])
        if name in full
        else _encode(sample, name, spec, levels)
        for name in term.variables
    ]
    if len(parts) == 1:
        return parts[0]
    # The first factor varies fastest, as in R: it decides which of two aliases is the last.
    order = [combination[::-1] for combination in product(*(p.columns for p in parts[::-1]))]
    places = [c[::-1] for c in product(*(range(len(p.columns)) for p in parts[::-1]))]
    n = len(sample)
    basis = np.empty((n, len(places)))
    for j, place in enumerate(places):
        basis[:, j] = np.prod([p.basis[:, i] for p, i in zip(parts, place, strict=True)], axis=0)
    reported = [_cross(c[::-1], places) for c in product(*(p.levels for p in parts[::-1]))]
    columns = tuple(":".join(names) for names in order)
    return Coded(term, str(term), columns, basis, tuple(reported))


def _cross(levels: Sequence[Level], places: Sequence[tuple[int, ...]]) -> Level:
    """Combine one level of each factor of an interaction."""
    problem = "; ".join(dict.fromkeys(level.problem for level in levels if level.problem))
    weights = carrier = None
    if all(level.weights is not None for level in levels):
        own = [level.weights for level in levels if level.weights is not None]
        weights = np.array(
            [np.prod([w[i] for w, i in zip(own, place, strict=True)]) for place in places]
        )
        held = [level.carrier for level in levels if level.carrier is not None]
        carrier = np.prod(held, axis=0)
    return Level(
        term=":".join(level.term for level in levels),
        level=":".join(level.level for level in levels if level.level),
        contrast=" x ".join(f"({level.contrast})" for level in levels),
        weights=weights,
        carrier=carrier,
        problem=problem,
    )


def _encode(
    sample: pd.DataFrame, name: str, spec: Specification, levels: Mapping[str, Sequence[str]]
) -> Coded:
    column = sample[name]
    if name.startswith(PREFIX) and name not in levels:
        return _assistance(name, column, spec)
    if name not in levels:
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return Coded.single(Term((name,)), name, values, _unit(values))
    coding = spec.coding_of(name)
    if coding == DEVIATION:
        return _deviation(name, column, levels[name])
    return _treatment(name, column, levels[name], coding)


def _unit(values: np.ndarray) -> str:
    return "1 minus 0" if np.isin(values, (0.0, 1.0)).all() else PER_UNIT


def _assistance(name: str, column: pd.Series, spec: Specification) -> Coded:
    """Received against not received; without a record as a category of its own."""
    values = column.to_numpy(dtype=float, na_value=np.nan)
    missing = np.isnan(values)
    filled = np.where(missing, 0.0, values)
    binary = _unit(filled) != PER_UNIT
    contrast = "received minus not received" if binary else PER_UNIT
    coded = Coded.single(Term((name,)), name, filled, contrast)
    if not missing.any():
        return coded
    gap = f"{term_name(name)}_{NOT_RECORDED}"
    without = missing.astype(float)
    first, last = np.eye(2)
    received = Level(coded.levels[0].term, "", coded.levels[0].contrast, first, coded.basis[:, 0])
    unknown = Level(
        gap,
        NOT_RECORDED,
        "not recorded minus " + ("not received" if binary else "zero"),
        last,
        without,
    )
    basis = np.column_stack([coded.basis, without])
    return Coded(coded.term, name, (*coded.columns, gap), basis, (received, unknown))


def _used(column: pd.Series, levels: Sequence[str]) -> tuple[list[str], dict[str, np.ndarray]]:
    codes, found = pd.factorize(column)
    place = {str(level): code for code, level in enumerate(found)}
    used = [level for level in levels if level in place]
    if len(used) * len(column) > _LARGEST:
        raise NotEstimable(
            f"{column.name} has {len(used)} levels over {len(column)} rows, too many for columns"
            " of their own (`fixed_effects` takes that many)"
        )
    return used, {level: (codes == place[level]).astype(float) for level in used}


def _absent(name: str, level: str) -> Level:
    return Level(f"{name}.{level}", level, "", None, None, f"no row of {level} is in the sample")


def _deviation(name: str, column: pd.Series, levels: Sequence[str]) -> Coded:
    """Sum coding: each level against the unweighted mean of all levels, the last included."""
    used, indicators = _used(column, levels)
    n, m = len(column), len(used)
    basis = np.empty((n, 0))
    if m > 1:
        basis = np.column_stack([indicators[level] - indicators[used[-1]] for level in used[:-1]])
    weights = np.vstack([np.eye(m - 1), -np.ones((1, m - 1))])
    reported = []
    for level in levels:
        if level not in used:
            reported.append(_absent(name, level))
        elif m == 1:
            problem = (
                f"{level} is the only {name} in the sample: there is no average to differ from"
            )
            reported.append(Level(f"{name}.{level}", level, "", None, None, problem))
        else:
            kind = "countries" if name == COUNTRY else "levels"
            contrast = f"{level} minus the unweighted mean of {m} {kind}"
            row = weights[used.index(level)]
            reported.append(Level(f"{name}.{level}", level, contrast, row, indicators[level]))
    columns = tuple(f"{name}.{level}" for level in used[:-1])
    return Coded(Term((name,)), name, columns, basis, tuple(reported))


def _in_full(name: str, column: pd.Series, levels: Sequence[str]) -> Coded:
    """Code each level by its indicator."""
    used, indicators = _used(column, levels)
    unit = dict(zip(used, np.eye(len(used)), strict=True))
    reported = tuple(
        Level(f"{name}.{level}", level, level, unit[level], indicators[level])
        if level in unit
        else _absent(name, level)
        for level in levels
    )
    basis = np.column_stack([np.empty((len(column), 0)), *(indicators[u] for u in used)])
    return Coded(Term((name,)), name, tuple(f"{name}.{u}" for u in used), basis, reported)


def _treatment(name: str, column: pd.Series, levels: Sequence[str], reference: str | None) -> Coded:
    """Treatment coding: each level against the reference, by default the first in order."""
    used, indicators = _used(column, levels)
    if reference is None:
        reference = used[0]
    elif reference not in used:
        raise NotEstimable(f"no row of the reference {name} {reference} is in the sample")
    others = [level for level in used if level != reference]
    unit = dict(zip(others, np.eye(len(others)), strict=True))
    reported = []
    for level in levels:
        term = f"{name}.{level}"
        if level in unit:
            contrast = f"{level} minus {reference}"
            reported.append(Level(term, level, contrast, unit[level], indicators[level]))
        elif level != reference:
            reported.append(_absent(name, level))
    if not reported:
        problem = f"{name} does not vary in the sample"
        reported = [Level(f"{name}.{reference}", reference, "", None, None, problem)]
    basis = np.column_stack([np.empty((len(column), 0)), *(indicators[o] for o in others)])
    columns = tuple(f"{name}.{level}" for level in others)
    return Coded(Term((name,)), name, columns, basis, tuple(reported))
