"""Single cells: dates, answers and numbers that cannot be."""

import numpy as np

from reintegration.ingest.answers import questions
from reintegration.ingest.cleaning.work import Work


def impossible_date(work: Work) -> None:
    """Dates that no calendar has; without a day of interview a survey has no place in the study."""
    frame, ledger = work.frame, work.ledger
    survey_date = frame["survey_date"]
    undated = ledger.open(survey_date.isna().to_numpy())
    why = np.full(len(frame), "no interview date", dtype=object)
    if "survey_date" in work.unread:
        why[work.unread["survey_date"].rows] = work.unread["survey_date"].why
    ledger.reject(undated, "no_survey_date", "survey_date", why[undated])
    early = ledger.open((survey_date < frame["return_date"]).to_numpy())
    if work.cleaning.impossible_date == "reject":
        ledger.reject(early, "survey_before_return", "survey_date")
    else:
        work.blank(early, "return_date", "impossible_date", "interview before the return")
    for name in work.unread:
        if name in frame and name != "survey_date" and frame[name].dtype.kind == "M":
            work.blank_unread(name, "impossible_date")


def unknown_answer(work: Work) -> None:
    """Answers to coded questions that the codebook does not know."""
    expected = questions(work.codebook)
    for name, aside in work.unread.items():
        if not expected[name].answers:
            continue
        if work.cleaning.unknown_answer == "reject":
            work.ledger.reject(work.ledger.open(aside.rows), "unknown_answer", name)
        else:
            work.blank_unread(name, "unknown_answer")


def out_of_range(work: Work) -> None:
    """Texts where a number belongs, and numbers that the codebook does not allow."""
    frame, ledger = work.frame, work.ledger
    reject = work.cleaning.out_of_range == "reject"
    for name, variable in work.codebook.variables.items():
        if variable.type != "number":
            continue
        if name in work.unread:
            if reject:
                rows = ledger.open(work.unread[name].rows)
                ledger.reject(rows, "out_of_range", name, "not a number")
            else:
                work.blank_unread(name, "out_of_range")
        low, high = variable.range or (-np.inf, np.inf)
        outside = ((frame[name] < low) | (frame[name] > high)).to_numpy()
        where = ledger.open(outside)
        if reject:
            ledger.reject(where, "out_of_range", name)
        else:
            work.blank(where, name, "out_of_range", f"outside {low:g} to {high:g}")
        frame.loc[outside, name] = np.nan  # of rows that are out, too
