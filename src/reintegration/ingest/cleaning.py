"""Declared rules of cleaning: each change follows a rule of the configuration and is logged."""

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.config import Cleaning
from reintegration.ingest.answers import questions
from reintegration.ingest.columns import RETURNEE, identifier
from reintegration.ingest.ledger import Ledger
from reintegration.ingest.mapping import Mapped, Unread


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
    frame = mapped.frame.copy()
    unread = mapped.unread
    _reject_rows_of_nobody(frame, codebook, ledger)
    _impossible_dates(frame, unread, cleaning, ledger)
    _unknown_answers(frame, unread, codebook, cleaning, ledger)
    _out_of_range(frame, unread, codebook, cleaning, ledger)
    _skip_violations(frame, codebook, cleaning, ledger)
    _same_day(frame, codebook, cleaning, ledger)
    return frame


def _reject_rows_of_nobody(frame: pd.DataFrame, codebook: Codebook, ledger: Ledger) -> None:
    """Rows without a returnee or a country are no surveys."""
    nobody = ledger.open(frame[RETURNEE].isna().to_numpy())
    ledger.reject(nobody, "no_case_number", identifier(codebook, RETURNEE) or RETURNEE)
    nowhere = ledger.open(frame["country"].isna().to_numpy())
    ledger.reject(nowhere, "unknown_country", "country")


def _impossible_dates(
    frame: pd.DataFrame, unread: dict[str, Unread], cleaning: Cleaning, ledger: Ledger
) -> None:
    """Rule `impossible_date`. Without an interview date a survey has no place in the study."""
    survey_date = frame["survey_date"]
    why = np.full(len(frame), "no interview date", dtype=object)
    if "survey_date" in unread:
        why[unread["survey_date"].rows] = unread["survey_date"].why
    undated = ledger.open(survey_date.isna().to_numpy())
    ledger.reject(undated, "no_survey_date", "survey_date", why[undated])
    early = ledger.open((survey_date < frame["return_date"]).to_numpy())
    if cleaning.impossible_date == "reject":
        ledger.reject(early, "survey_before_return", "survey_date")
    else:
        _blank(
            frame, early, "return_date", "impossible_date", "interview before the return", ledger
        )
    for name, aside in unread.items():
        if name != "survey_date" and frame[name].dtype.kind == "M":
            _log_unread(aside, name, "impossible_date", ledger)


def _unknown_answers(
    frame: pd.DataFrame,
    unread: dict[str, Unread],
    codebook: Codebook,
    cleaning: Cleaning,
    ledger: Ledger,
) -> None:
    """Rule `unknown_answer`: answers to coded questions that the codebook does not know."""
    expected = questions(codebook)
    for name, aside in unread.items():
        if not expected[name].answers:
            continue
        if cleaning.unknown_answer == "reject":
            ledger.reject(ledger.open(aside.rows), "unknown_answer", name)
        else:
            _log_unread(aside, name, "unknown_answer", ledger)


def _out_of_range(
    frame: pd.DataFrame,
    unread: dict[str, Unread],
    codebook: Codebook,
    cleaning: Cleaning,
    ledger: Ledger,
) -> None:
    """Rule `out_of_range`: texts that are no number, and numbers the codebook does not allow."""
    for name, variable in codebook.variables.items():
        if variable.type != "number":
            continue
        low, high = variable.range or (-np.inf, np.inf)
        outside = ((frame[name] < low) | (frame[name] > high)).to_numpy()
        reject = cleaning.out_of_range == "reject"
        if name in unread:
            if reject:
                rows = ledger.open(unread[name].rows)
                ledger.reject(rows, "out_of_range", name, "not a number")
            else:
                _log_unread(unread[name], name, "out_of_range", ledger)
        where = ledger.open(outside)
        if reject:
            ledger.reject(where, "out_of_range", name)
        else:
            issue = f"outside {low:g} to {high:g}"
            _blank(frame, where, name, "out_of_range", issue, ledger)
        frame.loc[outside, name] = np.nan


def _skip_violations(
    frame: pd.DataFrame, codebook: Codebook, cleaning: Cleaning, ledger: Ledger
) -> None:
    """Rule `skip_violation`: answers to a question that the answer before ruled out."""
    silent = codebook.nonresponse_codes
    for name, item in codebook.items.items():
        for asked, allowed in item.asked_if.items():
            before = frame[asked]
            ruled_out = before.notna() & ~before.isin([*allowed, *silent])
            violates = ruled_out & frame[name].notna() & ~frame[name].isin(silent)
            where = ledger.open(violates.to_numpy())
            issue = f"not to be asked after this answer to {asked}"
            if cleaning.skip_violation == "blank":
                _blank(frame, where, name, "skip_violation", issue, ledger)
            else:
                old = frame[name].to_numpy()[where]
                ledger.change(where, name, "no_action", "skip_violation", issue, old, old)


def _same_day(frame: pd.DataFrame, codebook: Codebook, cleaning: Cleaning, ledger: Ledger) -> None:
    """Rules `duplicate_survey` and `rekeyed_survey`: one returnee twice on one day."""
    key = ["returnee_id", "survey_date"]
    rows = frame.loc[ledger.excluded == ""]
    rows = rows[rows.duplicated(key, keep=False)]
    if rows.empty:
        return
    answers = [name for name in questions(codebook) if name not in codebook.identifiers]
    content = pd.util.hash_pandas_object(rows[answers], index=False)
    keyed = rows[key].assign(content=content.to_numpy(), place=rows.index)
    for _, group in keyed.groupby(key, sort=False):
        _resolve(group, cleaning, ledger)


def _resolve(group: pd.DataFrame, cleaning: Cleaning, ledger: Ledger) -> None:
    """Choose among the rows of one returnee and day, in the order of the file."""
    places, content = group["place"].to_numpy(), group["content"].to_numpy()
    kept = content == content[0 if cleaning.rekeyed_survey == "keep_first" else -1]
    versions = len(np.unique(content))
    if versions > 1 and cleaning.rekeyed_survey == "reject":
        rows = ", ".join(str(row) for row in ledger.rows[places])
        ledger.remove(
            places, "rekeyed_survey", "survey_date", f"rows {rows} differ; none of them is kept"
        )
        return
    if versions > 1:
        row = ledger.rows[places[kept][0]]
        issue = f"keyed again with other answers; row {row} is kept"
        ledger.remove(places[~kept], "rekeyed_survey", "survey_date", issue)
    same = places[kept]
    if cleaning.duplicate_survey == "keep_first" and len(same) > 1:
        issue = f"same returnee, day and answers as row {ledger.rows[same[0]]}"
        ledger.remove(same[1:], "duplicate_survey", "survey_date", issue)


def _blank(
    frame: pd.DataFrame, where: np.ndarray, name: str, rule: str, issue: str, ledger: Ledger
) -> None:
    """Blank cells and log them."""
    if len(where):
        old = frame[name].to_numpy()[where]
        ledger.change(where, name, "blank_response", rule, issue, old)
        frame.loc[where, name] = None


def _log_unread(aside: Unread, name: str, rule: str, ledger: Ledger) -> None:
    """Log cells that mapping could not read, and left blank."""
    still_in = ledger.excluded[aside.rows] == ""
    where = aside.rows[still_in]
    why, old = aside.why[still_in], aside.texts[still_in]
    ledger.change(where, name, "blank_response", rule, why, old)
