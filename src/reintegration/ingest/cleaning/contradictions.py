"""Dates and ages that cannot both be right, whichever of them is wrong.

A contradiction never takes a survey out: its answers are not touched by it, and which of the two
is wrong nobody knows. So either nothing is done, or all cells that take part in it are blanked.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reintegration.ingest.cleaning.work import Work
from reintegration.ingest.contract import received_columns

DAYS_PER_YEAR = 365.25
ROUNDING = 1e-9


def contradictory_date(work: Work) -> None:
    """Dates of a survey, or of a returnee's surveys, that do not go together.

    Return dates that differ between surveys of one returnee; assistance or mentoring before the
    return; an interview that ended before it began; a form opened long before or after the day of
    the interview; a baseline that is not the returnee's first survey.
    """
    frame = work.frame
    returned = frame["return_date"]
    low, high = _of_returnee(work, returned)
    differ = (low < high) & returned.notna()
    _settle(work, differ, ["return_date"], "contradictory_date", "other in another survey")
    for name in received_columns(work.codebook):
        date = f"{name}_date"
        _settle(work, frame[date] < returned, [date], "contradictory_date", "before the return")
    if work.holds("interview_start"):
        start = frame["interview_start"]
        begun = ["interview_start", *(["interview_end"] if work.holds("interview_end") else [])]
        apart = (start.dt.normalize() - frame["survey_date"]).abs().dt.days
        issue = "form opened on another day than the interview"
        late = apart > work.cleaning.form_days
        _settle(work, late, begun, "contradictory_date", issue)
        if work.holds("interview_end"):
            backwards = frame["interview_end"] < start
            issue = "ends before it begins"
            _settle(work, backwards, ["interview_end", *begun[:1]], "contradictory_date", issue)
    if work.holds("round"):
        first, _ = _of_returnee(work, frame["survey_date"])
        late = (frame["round"] == "baseline") & (frame["survey_date"] > first)
        _settle(work, late, ["round"], "contradictory_date", "not the returnee's first survey")


def contradictory_age(work: Work) -> None:
    """Ages that move otherwise than time passes, or do not agree with the year of birth.

    Of two surveys of one returnee, `years` apart, the later age may lie between the earlier one
    (an age taken over from registration) and the earlier one plus `years`, give or take
    `age_tolerance`. Age and year of birth must add up to the year of the interview or the year
    before, give or take the same.
    """
    if not work.holds("age"):
        return
    frame, tolerance = work.frame, work.cleaning.age_tolerance + ROUNDING
    if work.holds("birth_year"):
        off = frame["survey_date"].dt.year - frame["birth_year"] - frame["age"]
        torn = (off < -tolerance) | (off > 1 + tolerance)
        issue = "does not agree with the year of birth"
        _settle(work, torn, ["age", "birth_year"], "contradictory_age", issue)
    rows = work.ledger.open(frame["age"].notna().to_numpy())
    rows = rows[np.lexsort((work.days[rows], work.returnees[rows]))]
    returnee = work.returnees[rows]
    age = pd.Series(frame["age"].to_numpy()[rows])
    at_birth = age - work.days[rows] / DAYS_PER_YEAR
    younger = age < age.groupby(returnee).cummax() - tolerance
    older = at_birth > at_birth.groupby(returnee).cummin() + tolerance
    torn = np.zeros(len(frame), dtype=bool)
    torn[rows] = (younger | older).groupby(returnee).transform("any").to_numpy()
    issue = "moves otherwise than time between the returnee's surveys"
    _settle(work, torn, ["age"], "contradictory_age", issue)


def _of_returnee(work: Work, dates: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Earliest and latest date among the returnee's surveys that are still in."""
    here = (work.ledger.excluded == "") & (work.returnees >= 0)
    by_returnee = dates.where(here).groupby(work.returnees)
    return by_returnee.transform("min"), by_returnee.transform("max")


def _settle(
    work: Work, torn: pd.Series | np.ndarray, names: Sequence[str], rule: str, issue: str
) -> None:
    """Flag the first of the columns where they are torn, or blank all of them."""
    where = work.ledger.open(np.asarray(torn, dtype=bool))
    if getattr(work.cleaning, rule) == "flag":
        work.flag(where, names[0], rule, issue)
        return
    for name in names:
        filled = where[work.frame[name].notna().to_numpy()[where]]
        work.blank(filled, name, rule, issue)
