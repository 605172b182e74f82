"""Which rows of results the report shows, by what they are rather than by how they are named."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reintegration.disclosure import Protected, protect
from reintegration.report.language import ALL
from reintegration.report.numbers import GOOD

SURVEYS, CHANGES = "surveys", "changes"
CHANGE = "change_"
NOT_RECORDED = "not_recorded"
PUBLISHED = "published"
# The share of poor and very poor networks is shown beside its two parts.
NETWORK_ITEM, NETWORK_POOR = "q22", ("poor", "very_poor")


def good(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep rows that hold a number."""
    return frame[frame["status"].fillna(GOOD) == GOOD]


def main_specification(specs: pd.DataFrame, data: str, scores: Sequence[str]) -> pd.DataFrame:
    """Rows of the specification that the report is about: regressions of the scores.

    The first published specification on `surveys` or on `changes` whose outcomes are scores (or
    changes of scores); a robustness variant stands in when none is published.

    Returns
    -------
    One row per outcome, in the order of the scores; none when there is no such specification.
    """
    wanted = [f"{CHANGE}{name}" if data == CHANGES else name for name in scores]
    rows = specs[specs["outcome"].isin(wanted)].copy()
    if "data" in rows and rows["data"].notna().any():
        rows = rows[rows["data"] == data]
    if rows.empty:
        return rows
    names = zip(rows["spec_id"].astype(str), rows["outcome"].astype(str), strict=True)
    rows["family"] = [spec.removesuffix(outcome).rstrip(".") for spec, outcome in names]
    first = rows.sort_values("role", key=lambda role: role != PUBLISHED, kind="stable").iloc[0]
    chosen = rows[rows["family"] == first["family"]]
    return chosen.sort_values("outcome", key=lambda names: names.map(wanted.index))


def terms_of(estimates: pd.DataFrame, specification: pd.DataFrame) -> pd.DataFrame:
    """Estimates of a specification, each term once per outcome, under its first inference."""
    rows = estimates[estimates["spec_id"].isin(specification["spec_id"])]
    return rows.drop_duplicates(["spec_id", "term"]).reset_index(drop=True)


def is_not_recorded(estimates: pd.DataFrame) -> pd.Series:
    """Whether a term stands for assistance that was not recorded."""
    by_level = estimates["level"].fillna("").astype(str) == NOT_RECORDED
    return by_level | estimates["term"].astype(str).str.endswith(f"_{NOT_RECORDED}")


def slopes_of_countries(slopes: pd.DataFrame, kind: str = "slope") -> pd.DataFrame:
    """Slopes of countries (or their average, or deviations from it)."""
    kinds = slopes["kind"].fillna("slope") if "kind" in slopes else pd.Series("slope", slopes.index)
    rows = slopes[kinds == kind]
    return rows.drop_duplicates(["country", "outcome", "method"]).reset_index(drop=True)


def described(descriptives: pd.DataFrame, minimum: int) -> Protected:
    """All descriptive numbers, those on few returnees hidden.

    A share rests on the returnees who gave the answer (and, where the other answers are not
    listed, on those who did not, if they are fewer), a count of returnees on itself, any other
    number on the returnees it describes. Answers that make up the whole of a question add up
    to its total, and countries to all countries.
    """
    frame = descriptives.reset_index(drop=True)
    share = frame["statistic"].astype(str).str.startswith("share").to_numpy()
    counted = ((frame["statistic"] == "n") & (frame["variable"] != "surveys")).to_numpy()
    people = pd.to_numeric(frame["n_returnees"], errors="coerce")
    given = pd.to_numeric(frame["returnees_with"], errors="coerce")
    given = given.fillna((frame["estimate"] * people).round())
    question = ["topic", "statistic", "variable", "country"]
    whole = (frame.groupby(question)["estimate"].transform("sum") > 1 - 1e-9).to_numpy()
    others = (people - given).where(lambda count: count > 0, given)
    given = given.where(whole, np.minimum(given, others))
    resting = np.where(share, given, np.where(counted, frame["estimate"], people))
    # Countries are counted, not people.
    resting = np.where(frame["variable"] == "countries", np.nan, resting)
    own = pd.Series([f"row {row}" for row in frame.index])
    line = pd.Series("", index=frame.index)
    for column in question:
        line = line + "." + frame[column].astype(str)
    poor = (frame["variable"] == NETWORK_ITEM) & frame["answer"].isin(NETWORK_POOR)
    return protect(
        frame.assign(
            resting_on=resting,
            answers_of=line.where(share & whole, own),
            poor_network=line.where(poor, own),
        ),
        minimum,
        count="resting_on",
        values=["estimate", "std_error", "conf_low", "conf_high"],
        lines=[["answers_of"], ["poor_network"], ["statistic", "variable", "answer"]],
        total=frame["country"] == ALL,
    )
