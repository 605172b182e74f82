"""Rows that stand for the same survey more than once."""

import numpy as np
import pandas as pd

from reintegration.ingest.answers import questions
from reintegration.ingest.cleaning.work import Work
from reintegration.ingest.contract import background_variables

SUBMISSION = "submission_id"


def duplicate_submission(work: Work) -> None:
    """The same submitted form twice, by its own number: a file that was put together twice."""
    if work.cleaning.duplicate_submission == "keep_all" or SUBMISSION not in work.frame:
        return
    group = pd.factorize(work.frame[SUBMISSION])[0]
    rows = _with_number_first(work, work.ledger.open(group >= 0))
    rows, group = _several(rows, group[rows])
    first = rows[_first(group)]
    again = rows != first
    issue = _with_row("same submission as row {}", work, first[again])
    work.ledger.remove(rows[again], "duplicate_submission", SUBMISSION, issue)


def same_day(work: Work) -> None:
    """Rules `duplicate_survey` and `rekeyed_survey`: one returnee twice on one day.

    Rows with the same answers are one survey, whenever the form was filled in, and the first is
    kept. Of different answers those are kept that were keyed first or last, or none.
    """
    rows = work.ledger.open(work.returnees >= 0)
    rows, group = _several(rows, _pairs(work.returnees[rows], work.days[rows]))
    if not len(rows):
        return
    cleaning, ledger = work.cleaning, work.ledger
    roles = {name: variable.role for name, variable in work.codebook.variables.items()}
    answers = [name for name in questions(work.codebook) if roles.get(name) is None]
    content = pd.util.hash_pandas_object(work.frame[answers].iloc[rows], index=False).to_numpy()
    chosen = _first(group) if cleaning.rekeyed_survey == "keep_first" else _last(group)
    kept = content == content[chosen]
    several = np.bincount(group, weights=~kept)[group] > 0
    if cleaning.rekeyed_survey == "reject":
        out = several
        issue = _with_row("rows differ, row {} among them; none is kept", work, rows[_first(group)])
    else:
        out = ~kept
        issue = _with_row("keyed again with other answers; row {} is kept", work, rows[chosen])
    ledger.remove(rows[out], "rekeyed_survey", "survey_date", issue[out])
    if cleaning.duplicate_survey == "keep_first":
        rows, group = rows[~out], group[~out]
        first = rows[_first(group)]
        again = rows != first
        issue = _with_row("same returnee, day and answers as row {}", work, first[again])
        ledger.remove(rows[again], "duplicate_survey", "survey_date", issue)


def duplicate_content(work: Work) -> None:
    """The same answers under different case numbers, too many of them for chance."""
    items = [name for name in work.codebook.items if work.holds(name)]
    silent = work.codebook.nonresponse_codes
    answered = np.zeros(len(work.frame), dtype="int16")
    for name in items:
        answered += (work.frame[name].notna() & ~work.frame[name].isin(silent)).to_numpy()
    rows = work.ledger.open(answered >= work.cleaning.duplicate_content_items)
    rows = _with_number_first(work, rows)
    names = [n for n in background_variables(work.codebook) if work.holds(n)]
    content = pd.util.hash_pandas_object(work.frame[[*names, *items]], index=False).to_numpy()
    rows, group = _several(rows, pd.factorize(content[rows])[0])
    first = rows[_first(group)]
    again = work.returnees[rows] != work.returnees[first]
    rows, first = rows[again], first[again]
    if work.cleaning.duplicate_content == "keep_first":
        issue = _with_row("same answers as row {}, under another case number", work, first)
        work.ledger.remove(rows, "duplicate_content", items[0] if items else "", issue)
    elif items:
        issue = _with_row("all answers as in row {}, under another case number", work, first)
        work.flag(rows, items[0], "duplicate_content", issue)


def _with_number_first(work: Work, rows: np.ndarray) -> np.ndarray:
    """Rows with those that have no case number last: of two, the other is kept."""
    return rows[np.argsort(work.numberless[rows], kind="stable")]


def _pairs(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Number of each different pair, shape (n,)."""
    codes, different = pd.factorize(right)
    return pd.factorize(left * max(len(different), 1) + codes)[0]


def _several(rows: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose group holds others too, and their groups counted anew."""
    several = np.bincount(group, minlength=1)[group] > 1 if len(group) else np.zeros(0, bool)
    return rows[several], pd.factorize(group[several])[0]


def _first(group: np.ndarray) -> np.ndarray:
    """Place of the first row of each row's group, shape (n,)."""
    return np.unique(group, return_index=True)[1][group] if len(group) else group


def _last(group: np.ndarray) -> np.ndarray:
    """Place of the last row of each row's group, shape (n,)."""
    return len(group) - 1 - _first(group[::-1])[::-1]


def _with_row(words: str, work: Work, rows: np.ndarray) -> np.ndarray:
    """Texts that each name a row of the file, shape (n,)."""
    before, after = words.split("{}")
    numbers = pd.Series(work.ledger.rows[rows]).astype("str")
    return (before + numbers + after).to_numpy(dtype=object)
