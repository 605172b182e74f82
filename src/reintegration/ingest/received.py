"""Assistance as received on or before the day of a survey, from the dates on record."""

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.config import Assistance, Cleaning
from reintegration.ingest.ledger import Ledger

MENTORING = "orion"


def received_before(
    frame: pd.DataFrame,
    codebook: Codebook,
    assistance: Assistance,
    cleaning: Cleaning,
    ledger: Ledger,
) -> tuple[pd.DataFrame, int]:
    """Say for each survey and type whether the assistance had been received.

    1 if it was received on or before the day of the survey, 0 if later or never, missing if that
    is not recorded. Received without a date counts as the study says (`assistance.undated`). "No"
    beside a date on or before the survey contradicts itself: it is blanked, so that nothing is
    recorded, or kept (rule `contradictory_assistance`).

    Parameters
    ----------
    frame
        survey_date and, for each type and for mentoring, its answer (yes, no or missing) and
        date.

    Returns
    -------
    tuple
        The columns assistance_<type> and orion as Int8, shape (n, types + 1), and how many
        answers "yes" stand without a date.
    """
    columns = {}
    undated_count = 0
    names = [*codebook.assistance_columns]
    names += [MENTORING] if MENTORING in codebook.variables else []
    for name in names:
        answer, date = frame[name], frame[f"{name}_date"]
        dated = date.notna().to_numpy()
        before = (date <= frame["survey_date"]).to_numpy()
        yes, no = (answer.isin([said]).to_numpy() for said in ("yes", "no"))
        value = np.full(len(frame), np.nan)
        value[dated & ~no] = before[dated & ~no]
        value[no] = 0
        undated = yes & ~dated
        value[undated] = 1 if assistance.undated == "received" else np.nan
        undated_count += int(undated.sum())
        torn = no & before
        where = ledger.open(torn)
        issue = "no, but with a date before the survey"
        old = answer.iloc[where].to_numpy()
        if cleaning.contradictory_assistance == "keep":
            ledger.change(where, name, "no_action", "contradictory_assistance", issue, old, old)
        else:
            value[torn] = np.nan
            ledger.change(where, name, "blank_response", "contradictory_assistance", issue, old)
        columns[name] = pd.array(value, dtype="Float64").astype("Int8")
    return pd.DataFrame(columns, index=frame.index), undated_count
