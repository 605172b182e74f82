"""Rows that are no survey of anybody: tests of the form, rows without returnee or country."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from reintegration.ingest.cleaning.work import Work
from reintegration.ingest.columns import RETURNEE, identifier
from reintegration.text import fold

MOST_TESTS, MOST_SHARE = 10, 0.1  # rows of a column that say test; more are its way to say nothing
TEST = "test_submission"  # column of the frame: made where identifiers still stand
_BETWEEN = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")  # TEST01 is TEST 01


def test_submission(work: Work) -> None:
    """Somebody tried the form: case number, name, phone or place says so in a word of its own."""
    if TEST not in work.frame:
        return
    where = work.ledger.open(work.frame[TEST].to_numpy())
    name = identifier(work.codebook, RETURNEE) or RETURNEE
    if work.cleaning.test_submission == "reject":
        work.ledger.reject(where, TEST, name)
    else:
        issue = "an identifier says that the form was tried"
        work.ledger.change(where, name, "no_action", TEST, issue)


test_submission.__test__ = False  # type: ignore[attr-defined]  # no test, though called so


def says_test(columns: Sequence[pd.Series], words: Sequence[str], n: int) -> np.ndarray:
    """Which of `n` rows hold one of the words in one of the columns, shape (n,), boolean.

    Case, accents and punctuation do not count, and only whole words do: `TEST-01` says test,
    Testa and Essaouira do not. A column that says it everywhere, or often, was filled so by its
    office (XXX for a name that must not be told), and tells nothing.
    """
    wanted = [f" {fold(word)} " for word in words]
    anywhere = "|".join(re.escape(word.strip()) for word in wanted)
    found = np.zeros(n, dtype=bool)
    for column in columns if wanted else ():
        codes, different = pd.factorize(column)
        texts = pd.Series(different).astype("str")
        # Folding is slow: only what can say it, in plain letters or with accents.
        maybe = np.flatnonzero(texts.str.contains(anywhere, case=False) | ~texts.str.isascii())
        said = np.zeros(len(texts) + 1, dtype=bool)  # a blank cell has code -1, the last
        for place in maybe:
            padded = f" {_BETWEEN.sub(' ', fold(texts[place]))} "
            said[place] = any(word in padded for word in wanted)
        rows, filled = said[codes], int((codes >= 0).sum())
        everywhere = 1 < filled == rows.sum()
        if not everywhere and rows.sum() <= max(MOST_TESTS, MOST_SHARE * filled):
            found |= rows
    return found


def rows_of_nobody(work: Work) -> None:
    """Rows without a case number or a country are no surveys, whatever the configuration says."""
    frame, ledger = work.frame, work.ledger
    nobody = ledger.open(frame[RETURNEE].isna().to_numpy())
    ledger.reject(nobody, "no_case_number", identifier(work.codebook, RETURNEE) or RETURNEE)
    nowhere = ledger.open(frame["country"].isna().to_numpy())
    ledger.reject(nowhere, "unknown_country", "country")
