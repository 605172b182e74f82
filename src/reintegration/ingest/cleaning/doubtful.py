"""Surveys that may never have been held as they should: too short, or one answer throughout."""

import numpy as np
import pandas as pd

from reintegration.ingest.cleaning.work import Work

LEAST_ANSWERS = 3  # of a scale; one answer throughout says nothing where there are only two


def short_interview(work: Work) -> None:
    """An interview of fewer minutes than it takes to read the questions aloud."""
    frame, limit = work.frame, work.cleaning.shortest_interview
    minutes = pd.Series(np.nan, index=frame.index)
    asked = "interview_minutes"
    if work.holds("interview_start", "interview_end"):
        lasted = frame["interview_end"] - frame["interview_start"]
        minutes = lasted.dt.total_seconds() / 60
        asked = "interview_end"
    if work.holds("interview_minutes"):
        minutes = frame["interview_minutes"].fillna(minutes)
        asked = "interview_minutes"
    where = work.ledger.open(((minutes >= 0) & (minutes < limit)).to_numpy())
    issue = f"took less than {limit:g} minutes"
    if work.cleaning.short_interview == "reject":
        work.ledger.reject(where, "short_interview", asked, issue)
    else:
        work.flag(where, asked, "short_interview", issue)


def straight_lining(work: Work) -> None:
    """One answer to every question of one answer scale, whatever the question."""
    least = work.cleaning.straight_lining_items
    for codes, items in answer_scales(work).items():
        answers, same, answered = _run(work, codes, items)
        where = work.ledger.open(same & (answered >= least))
        issue = pd.Series(answered[where]).astype("str") + " answers of one scale, all the same"
        if work.cleaning.straight_lining == "reject":
            words = issue.to_numpy(dtype=object)
            work.ledger.reject(where, "straight_lining", items[0], words)
        else:
            old = np.array(codes, dtype=object)[answers[where]]
            work.ledger.change(
                where,
                items[0],
                "no_action",
                "straight_lining",
                issue.to_numpy(dtype=object),
                old,
                old,
            )


def answer_scales(work: Work) -> dict[tuple[str, ...], list[str]]:
    """Items by the answers they offer, whichever of these is the best one, where items enough
    and answers enough share them."""
    scales: dict[tuple[str, ...], list[str]] = {}
    for name, item in work.codebook.items.items():
        if not item.multiple and len(item.answers) >= LEAST_ANSWERS and work.holds(name):
            codes = tuple(sorted(answer.code for answer in item.answers))
            scales.setdefault(codes, []).append(name)
    least = work.cleaning.straight_lining_items
    return {codes: items for codes, items in scales.items() if len(items) >= least}


def _run(
    work: Work, codes: tuple[str, ...], items: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each row the first answer on a scale (its place in `codes`), whether all others are
    the same, and how many were given; shape (n,) each."""
    n, places = len(work.frame), {code: place for place, code in enumerate(codes)}
    first = np.full(n, -1, dtype="int8")
    same, answered = np.ones(n, dtype=bool), np.zeros(n, dtype="int16")
    for name in items:
        place, texts = pd.factorize(work.frame[name])  # a blank has place -1, the last
        known = np.array([*(places.get(text, -1) for text in texts), -1], dtype="int8")[place]
        given = known >= 0
        new = given & (first < 0)
        first[new] = known[new]
        same &= ~given | (known == first)
        answered += given
    return first, same, answered
