"""The frames that every study starts from: one row per survey, or one per returnee."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from reintegration.moved import without

RETURNEE = "returnee_id"
ASSISTANCE = "assistance_"
COUNTED = "items_answered_"
# Known in both surveys but not differenced: they name the row or are read off the last survey.
_DATES = ("survey_date", "return_date")


def survey_frame(surveys: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Join surveys and their scores: one row per survey, in the order of `surveys`.

    Raises
    ------
    ValueError
        If the two tables do not hold the same surveys, each once.
    """
    if not surveys["survey_id"].is_unique or not scores["survey_id"].is_unique:
        raise ValueError("a survey_id stands twice in surveys or in scores")
    joined = surveys.merge(scores, on="survey_id", how="left", validate="one_to_one")
    if len(scores) != len(surveys) or not surveys["survey_id"].isin(scores["survey_id"]).all():
        raise ValueError("surveys and scores do not hold the same surveys")
    return joined


def read_survey_frame(surveys: str | Path, scores: str | Path) -> pd.DataFrame:
    """Read the two tables (Parquet) and join them."""
    return survey_frame(pd.read_parquet(surveys), pd.read_parquet(scores))


def with_years(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the years since return, in which slopes are told."""
    return frame.assign(years_since_return=_number(frame["months_since_return"]) / 12)


def mentoring_frame(changes: pd.DataFrame, countries: Sequence[str]) -> pd.DataFrame:
    """Say of returnees with two surveys who was mentored, as the pilot's effect needs it.

    `pilot` is 1 in the pilot's countries, else 0. `mentored` is 1 if mentored there by the last
    survey and 0 if not; elsewhere, where the question was not asked, it is 0. It is missing where
    mentoring is not recorded in the pilot's countries, and where somebody was mentored outside
    of them.

    Parameters
    ----------
    changes
        As `change_frame` gives it.
    countries
        Countries of the pilot.
    """
    pilot = changes["country"].isin(countries).to_numpy()
    known = changes["orion"].to_numpy(dtype=float, na_value=np.nan)
    elsewhere = np.where(known == 1, np.nan, 0.0)
    return changes.assign(pilot=pilot.astype(float), mentored=np.where(pilot, known, elsewhere))


def change_frame(frame: pd.DataFrame, scores: list[str] | None = None) -> pd.DataFrame:
    """Reduce surveys to one row per returnee with at least two surveys.

    Columns: the returnee's last survey as it stands, and beside it `first_<score>`,
    `last_<score>`, `change_<score>` (last minus first), `months_between`,
    `first_months_since_return`, and `orion_first` (already mentored at the first survey).
    `assistance_<type>` becomes "received between the first and the last survey": 1 if not
    received by the first and received by the last, 0 if received by the first or not by
    the last, missing where the record does not tell. `orion` stays "mentored by the last".

    Parameters
    ----------
    frame
        As `survey_frame` gives it. First and last are by `round`, then by date.
    scores
        Columns to difference; default: the scores and item scores in the frame.
    """
    ordered = frame.sort_values([RETURNEE, "round", "survey_date"], kind="stable")
    counts = ordered.groupby(RETURNEE, sort=False)["survey_id"].transform("size")
    repeated = ordered[counts >= 2]
    first = repeated.groupby(RETURNEE, sort=False).head(1).reset_index(drop=True)
    last = repeated.groupby(RETURNEE, sort=False).tail(1).reset_index(drop=True)
    if scores is None:
        scores = score_columns(frame)
    new: dict[str, pd.Series] = {}
    for score in scores:
        before, after = _number(first[score]), _number(last[score])
        new |= {f"first_{score}": before, f"last_{score}": after, f"change_{score}": after - before}
    new["first_months_since_return"] = _number(first["months_since_return"])
    new["months_between"] = _number(last["months_since_return"]) - new["first_months_since_return"]
    if set(_DATES) <= set(frame.columns):
        days = (last["survey_date"] - first["survey_date"]).dt.days
        new["months_between"] = days / (365.25 / 12)
    if "orion" in frame:
        new["orion_first"] = first["orion"]
    for column in [name for name in frame.columns if name.startswith(ASSISTANCE)]:
        new[column] = _between(_number(first[column]), _number(last[column]))
    kept = last.drop(columns=[name for name in new if name in last.columns])
    return pd.concat([kept, pd.DataFrame(new)], axis=1)


def score_columns(frame: pd.DataFrame) -> list[str]:
    """Scores and item scores of a frame: what `items_answered_*` counts, then `item_q*`.

    Scores without some of their items (`composite_without_training`) follow the scores.
    """
    counted = [name for name in frame.columns if name.startswith(COUNTED)]
    scores = [name.removeprefix(COUNTED) for name in counted]
    scores = [name for name in scores if name in frame.columns]
    scores += [name for less in moved_in(frame, scores).values() for name in less.values()]
    return scores + [name for name in frame.columns if name.startswith("item_")]


def moved_in(frame: pd.DataFrame, scores: Sequence[str]) -> dict[str, dict[str, str]]:
    """Name for each score its columns without the items of a type of assistance, by type."""
    found = {}
    for score in scores:
        start = without(score, "")
        columns = [str(name) for name in frame.columns if str(name).startswith(start)]
        found[score] = {name.removeprefix(start): name for name in columns}
    return found


def _number(column: pd.Series) -> pd.Series:
    """Return a column as floats, missing as NaN."""
    return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), index=column.index)


def _between(first: pd.Series, last: pd.Series) -> pd.Series:
    """Say whether something was received after the first and by the last survey."""
    received = pd.Series(np.nan, index=first.index)
    received[(first == 0) & (last == 1)] = 1.0
    received[(first == 1) | (last == 0)] = 0.0
    return received
