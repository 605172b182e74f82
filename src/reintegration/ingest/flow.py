"""The sample flow: what became of every row, from the raw files to the surveys analysed."""

import pandas as pd

FLOW_COLUMNS = ["step", "surveys", "returnees", "countries", "surveys_removed", "reason"]
READ, ANALYSED = "rows_read", "analysed"
# Why a row is not analysed, in the order in which it is asked: it could not be used, the survey
# stands elsewhere, or it was not needed.
UNUSABLE_ROWS = {
    "broken_row": "the row has not the cells of the header",
    "repeated_header": "the row repeats the header",
    "test_submission": "somebody tried the form",
    "no_case_number": "no case number",
    "unknown_country": "no known country of return",
    "no_survey_date": "no usable interview date",
    "survey_before_return": "interview before the return",
    "unknown_answer": "an answer that is not in the codebook",
    "out_of_range": "a number outside the codebook's range",
    "short_interview": "an interview too short",
    "straight_lining": "one answer throughout",
}
REPEATED = {
    "duplicate_submission": "the same submission twice",
    "duplicate_survey": "same returnee, day and answers as another row",
    "rekeyed_survey": "keyed again for the same returnee and day",
    "duplicate_content": "same answers under another case number",
    "survey_in_two_sources": "the same survey is in a source of higher priority",
}
REASONS = {
    **UNUSABLE_ROWS,
    "decision": "taken out by a decision of the researcher",
    **REPEATED,
    "country_not_studied": "country not studied",
    "outside_window": "interview outside the dates studied",
    "too_few_answers": "too few answers for the composite score",
}
UNUSABLE = frozenset([*UNUSABLE_ROWS, "too_few_answers"])


def sample_flow(rows: pd.DataFrame) -> pd.DataFrame:
    """Count what is left after each step.

    Parameters
    ----------
    rows
        One row per raw row: returnee_id, country, excluded (a key of `REASONS`, or missing when
        the row is analysed).

    Returns
    -------
    pandas.DataFrame
        One row per step that removed a row, between the rows read and the surveys analysed.
    """
    excluded = rows["excluded"]
    if unknown := set(excluded.dropna()) - set(REASONS):
        raise ValueError(f"reasons that the sample flow does not know: {sorted(unknown)}")
    steps = [_count(READ, rows, 0, "")]
    left = rows[["returnee_id", "country", "excluded"]]
    for step, reason in REASONS.items():
        removed = int((excluded == step).sum())
        if removed:
            left = left[left["excluded"] != step]
            steps.append(_count(step, left, removed, reason))
    steps.append(_count(ANALYSED, left, 0, ""))
    flow = pd.DataFrame(steps, columns=FLOW_COLUMNS)
    check_identity(flow)
    return flow


def _count(step: str, rows: pd.DataFrame, removed: int, reason: str) -> list[str | int]:
    return [
        step,
        len(rows),
        rows["returnee_id"].nunique(),
        rows["country"].nunique(),
        removed,
        reason,
    ]


def check_identity(flow: pd.DataFrame) -> None:
    """Check that rows in = rows used + rows excluded, at every step.

    Raises
    ------
    ArithmeticError
        If a row was lost or counted twice.
    """
    expected = flow["surveys"].iloc[0] - flow["surveys_removed"].cumsum()
    if not (expected == flow["surveys"]).all():
        raise ArithmeticError(f"the sample flow does not add up:\n{flow.to_string(index=False)}")
