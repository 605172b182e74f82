"""Declared rules of cleaning: each change follows a rule of the configuration and is logged."""

import pandas as pd

from reintegration.codebook import Codebook
from reintegration.config import Cleaning
from reintegration.ingest.cleaning.cells import impossible_date, out_of_range, unknown_answer
from reintegration.ingest.cleaning.contradictions import contradictory_age, contradictory_date
from reintegration.ingest.cleaning.doubtful import short_interview, straight_lining
from reintegration.ingest.cleaning.duplicates import (
    duplicate_content,
    duplicate_submission,
    same_day,
)
from reintegration.ingest.cleaning.nobody import rows_of_nobody, test_submission
from reintegration.ingest.cleaning.skips import skip_violation, skipped_answer
from reintegration.ingest.cleaning.work import Rule, Work
from reintegration.ingest.ledger import Ledger
from reintegration.ingest.mapping import Mapped

# In this order: first which rows are surveys at all, then their cells, one by one and against
# each other, then surveys against each other. A later rule sees what the earlier ones left.
RULES: tuple[Rule, ...] = (
    test_submission,
    rows_of_nobody,
    duplicate_submission,
    impossible_date,
    unknown_answer,
    out_of_range,
    skipped_answer,
    skip_violation,
    same_day,
    duplicate_content,
    contradictory_date,
    contradictory_age,
    short_interview,
    straight_lining,
)


def clean(mapped: Mapped, codebook: Codebook, cleaning: Cleaning, ledger: Ledger) -> pd.DataFrame:
    """Apply the rules to the rows of one source.

    Parameters
    ----------
    mapped
        Rows in the codebook's names, with returnee_id beside them in the frame.
    ledger
        Takes the account; afterwards its `excluded` says which rows are out.

    Returns
    -------
    pandas.DataFrame
        Same rows, cleaned cells.
    """
    work = Work(mapped.frame.copy(), mapped.unread, mapped.absent, codebook, cleaning, ledger)
    for rule in RULES:
        rule(work)
    return work.frame
