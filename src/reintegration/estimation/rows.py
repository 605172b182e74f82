"""Which rows a specification uses, and why it does not use the others."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from reintegration.estimation.filters import kept_rows
from reintegration.estimation.grammar import GrammarError, comparisons, parse_filter
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.specs import COUNTRY, PREFIX, RETURNEE, Specification, Vcov

ALL = "all"
FILTER = "filter: "
NO_FOLLOW_UP = "no returnee has two surveys"


def row_account(
    frame: pd.DataFrame, spec: Specification
) -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
    """Say which rows are used and why each other row is not.

    Returns
    -------
    Booleans of shape (n,) for the rows used, and per reason the rows that it took: the
    first reason that applies takes a row, so that rows in = rows used + rows excluded.

    Raises
    ------
    NotEstimable
        If the frame lacks a column.
    """
    needed = needed_columns(spec)
    named = [part.name for part in comparisons(parse_filter(spec.filter))] if spec.filter else []
    if absent := [name for name in dict.fromkeys([*needed, *named]) if name not in frame]:
        raise NotEstimable(f"the data have no column {', '.join(absent)}")
    used = np.ones(len(frame), dtype=bool)
    reasons = []

    def exclude(reason: str, rows: np.ndarray) -> None:
        nonlocal used
        reasons.append((reason, used & rows))
        used = used & ~rows

    if spec.filter:
        try:
            exclude(f"{FILTER}{spec.filter}", ~kept_rows(spec.filter, frame))
        except GrammarError as error:
            raise NotEstimable(f"filter: {error}") from None
    for name in needed:
        if name.startswith(PREFIX) and name != spec.outcome:
            if spec.not_recorded == "drop":
                exclude(f"not recorded: {name}", frame[name].isna().to_numpy())
        else:
            exclude(f"missing: {name}", is_missing(frame[name]))
    if spec.weights:
        weights = frame[spec.weights].to_numpy(dtype=float, na_value=np.nan)
        if (weights[used] < 0).any():
            raise NotEstimable(f"the weights {spec.weights} are negative in some rows")
        exclude(f"weight of zero: {spec.weights}", weights == 0)
    if spec.estimator == "within":
        codes = pd.factorize(frame[RETURNEE])[0]
        surveys = np.bincount(codes[used], minlength=codes.max(initial=-1) + 1)
        exclude("one survey of the returnee only", surveys[codes] < 2)
    return used, [(reason, rows) for reason, rows in reasons if rows.any()]


def needed_columns(spec: Specification) -> list[str]:
    """List the columns whose values every row used must have, each once."""
    needed = [spec.outcome, *spec.variables, *grouping_columns([spec.vcov]), *spec.absorbed]
    needed += [spec.weights] if spec.weights else []
    needed += [spec.random.groups, *spec.random.slopes] if spec.random else []
    return list(dict.fromkeys(needed))


def grouping_columns(vcovs: Iterable[Vcov]) -> list[str]:
    """List the columns that group rows under some covariances, each once."""
    named = [name for vcov in vcovs for name in (*vcov.clusters, vcov.within)]
    return list(dict.fromkeys(name for name in named if name))


def cannot_group(frame: pd.DataFrame, spec: Specification, used: np.ndarray) -> dict[Vcov, str]:
    """Say which further covariances cannot group every row used, and why.

    The first covariance decides, with the variables, which rows are used: no number moves
    because an error is asked for beside it.
    """
    reasons = {}
    for vcov in spec.also:
        columns = grouping_columns([vcov])
        if absent := [name for name in columns if name not in frame]:
            reasons[vcov] = f"the data have no column {', '.join(absent)}"
            continue
        missing = {name: int(is_missing(frame[name])[used].sum()) for name in columns}
        said = [f"{name} is missing in {count}" for name, count in missing.items() if count]
        if said:
            reasons[vcov] = f"{', '.join(said)} of the {used.sum()} rows used"
    return reasons


def account_rows(
    frame: pd.DataFrame, spec: Specification, used: np.ndarray, reasons: list
) -> list[dict]:
    """List the row account by country and over all: rows and returnees read, excluded, used.

    Countries of which the filter keeps no row stand in the account of all only.
    """
    steps = [("read", "", np.ones(len(frame), dtype=bool))]
    steps += [("excluded", reason, rows) for reason, rows in reasons]
    steps.append(("used", "", used))
    codes, names = np.zeros(len(frame), dtype=int), [ALL]
    if COUNTRY in frame:
        codes, found = pd.factorize(frame[COUNTRY], sort=True)
        names = [*map(str, found), *(["missing"] if (codes < 0).any() else [])]
        codes = np.where(codes < 0, len(found), codes)
    persons = group_codes(frame, RETURNEE)
    left = np.ones(len(names), dtype=bool)
    if spec.filter and reasons and reasons[0][0].startswith(FILTER):
        left = np.bincount(codes[~reasons[0][1]], minlength=len(names)) > 0
    account = []
    for step, reason, rows in steps:
        counts = np.bincount(codes[rows], minlength=len(names))
        seen = np.zeros((len(names), persons.max(initial=0) + 1), dtype=bool)
        seen[codes[rows], persons[rows]] = True
        people = seen.sum(axis=1)
        by_country = [(ALL, int(rows.sum()), int(seen.any(axis=0).sum()))]
        by_country += [
            (name, int(counts[i]), int(people[i]))
            for i, name in enumerate(names)
            if name != ALL and left[i] and (counts[i] or step != "excluded")
        ]
        account += [
            {
                "spec_id": spec.spec_id,
                "outcome": spec.outcome,
                "country": name,
                "step": step,
                "reason": reason,
                "rows": rows_of,
                "returnees": people_of,
            }
            for name, rows_of, people_of in by_country
        ]
    return account


def is_missing(column: pd.Series) -> np.ndarray:
    """Say which cells are missing; a number that is not finite is missing too."""
    if pd.api.types.is_float_dtype(column):
        return ~np.isfinite(column.to_numpy(dtype=float, na_value=np.nan))
    return column.isna().to_numpy()


def group_codes(frame: pd.DataFrame, column: str | None) -> np.ndarray:
    """Number the groups of a column from 0; without the column every row is its own group."""
    if column is None or column not in frame:
        return np.arange(len(frame))
    codes = pd.factorize(frame[column])[0]
    unnamed = codes < 0
    codes[unnamed] = codes.max(initial=-1) + 1 + np.arange(unnamed.sum())
    return codes
