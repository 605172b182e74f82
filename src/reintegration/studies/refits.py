"""The rows of refits: surveys with what only a specification's own sample can tell.

Weights, person's means and common months are computed on exactly the rows that the specification
uses, so that a refit differs from it in one thing only.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from reintegration.estimation.coding import is_number
from reintegration.estimation.prepare import prepare
from reintegration.estimation.refits import (
    BETWEEN,
    EQUAL_WEIGHT,
    IN_COMMON,
    MEAN,
    MONTHS,
    WHOLE_MONTHS,
    WITHIN,
    assistance_terms,
    frame_name,
    varying,
)
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.rows import group_codes, row_account
from reintegration.estimation.specs import PREFIX, RETURNEE, Specification


def refit_frames(
    frames: Mapping[str, pd.DataFrame],
    bases: Sequence[Specification],
    refits: Sequence[Specification],
) -> dict[str, pd.DataFrame]:
    """Make the frames that refits name by `data` and that no other specification has.

    Parameters
    ----------
    frames
        Frames of the study by name.
    bases
        Specifications, those that are refitted among them.
    """
    wanted = {refit.data for refit in refits} - set(frames)
    return {
        frame_name(base): refit_frame(frames[base.data], base)
        for base in bases
        if frame_name(base) in wanted
    }


def refit_frame(frame: pd.DataFrame, base: Specification) -> pd.DataFrame:
    """Add what the refits of a specification need, computed on the rows that it uses.

    Columns: `equal_weight`, 1 over the returnee's surveys; `whole_months` since return;
    `common_months`, 1 in whole months in which at least one type of assistance has both surveys
    that had received it and surveys that had not; for each type `assistance_between_<type>`, the
    mean over the returnee's surveys with a record, missing at those without, and
    `assistance_within_<type>`, the deviation from it, 0 at those without; `mean_<control>` of
    what differs between surveys (of a category: which shares of the returnee's surveys were
    which). Rows that are not used only have months.
    """
    try:
        prepared, spec = prepare(frame, base)
        used, _ = row_account(prepared, spec)
    except NotEstimable:  # a column is not there: every refit will say so
        return frame
    person = group_codes(frame, RETURNEE)
    months = np.floor(_numbers(frame[MONTHS]))
    new: dict[str, np.ndarray | pd.Series] = {
        EQUAL_WEIGHT: np.where(used, 1 / np.maximum(_sums(used * 1.0, person), 1), np.nan),
        WHOLE_MONTHS: months,
    }
    common = np.zeros(len(frame), dtype=bool)
    for term in assistance_terms(base):
        [name] = term.variables
        received = np.where(used, _numbers(frame[name]), np.nan)
        common |= _in_both(months, received)
        known = np.isfinite(received)
        total, count = _sums(np.where(known, received, 0.0), person), _sums(known * 1.0, person)
        mean = np.where(known, total / np.maximum(count, 1), np.nan)
        kind = name.removeprefix(PREFIX)
        new[f"{PREFIX}{BETWEEN}{kind}"] = mean
        new[f"{PREFIX}{WITHIN}{kind}"] = np.where(known, received - mean, 0.0)
    new[IN_COMMON] = np.where(np.isfinite(months), common * 1.0, np.nan)
    for name in varying(base):
        new[f"{MEAN}{name}"] = _person_mean(frame[name], used, person)
    return frame.assign(**new)


def _numbers(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=float, na_value=np.nan)


def _sums(values: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Sum over the surveys of each person, told at each survey."""
    return np.bincount(person, weights=values)[person]


def _in_both(months: np.ndarray, received: np.ndarray) -> np.ndarray:
    """Say which rows lie in a month in which some had received something and some had not."""
    with_it, without_it = np.unique(months[received == 1]), np.unique(months[received == 0])
    return np.isin(months, np.intersect1d(with_it, without_it))


def _person_mean(column: pd.Series, used: np.ndarray, person: np.ndarray) -> np.ndarray | pd.Series:
    """Mean over a person's surveys: of a number, or of each answer of a category."""
    surveys = np.maximum(_sums(used * 1.0, person), 1)
    if is_number(column):
        total = _sums(np.where(used, _numbers(column), 0.0), person)
        return np.where(used, total / surveys, np.nan)
    codes, answers = pd.factorize(column)
    texts = np.full(len(column), "", dtype=object)
    for code, answer in sorted(enumerate(answers), key=lambda pair: str(pair[1])):
        share = _sums((used & (codes == code)) * 1.0, person) / surveys
        shown = np.array([f"{answer} {value:.4g} " if value else "" for value in share], object)
        texts = texts + shown
    return pd.Series(texts, index=column.index).str.strip().where(used).astype("str")
