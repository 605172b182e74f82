"""Which rows of results the report shows, by what they are rather than by how they are named."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook, Share
from reintegration.disclosure import Protected, protect
from reintegration.report.language import ALL
from reintegration.report.numbers import GOOD

SURVEYS, CHANGES = "surveys", "changes"
CHANGE = "change_"
NOT_RECORDED = "not_recorded"
PUBLISHED = "published"


def good(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep rows that hold a number."""
    return frame[frame["status"].fillna(GOOD) == GOOD]


def shown_scores(codebook: Codebook, present: Collection[str]) -> list[str]:
    """Scores that figures show: those present of the first instrument that has any.

    The composite, where it is one of them, is the last.
    """
    for part in codebook.instruments:
        if found := [name for name in part.score_names if name in present]:
            return found
    return []


def declared(specs: pd.DataFrame) -> pd.DataFrame:
    """Specifications that `specifications` declares: not their refits, ORION's or trendlines."""
    if "declared_in" in specs:
        specs = specs[~specs["declared_in"].isin(["orion", "trends"])]
    return specs[~is_refit(specs)]


def main_specification(specs: pd.DataFrame, data: str, codebook: Codebook) -> pd.DataFrame:
    """Rows of the specification that the report is about: of the first instrument that has one."""
    found = score_specifications(specs, data, codebook)
    return found[0] if found else specs.iloc[:0]


def score_specifications(specs: pd.DataFrame, data: str, codebook: Codebook) -> list[pd.DataFrame]:
    """The specification of each instrument's scores, for instruments that have one."""
    found = [_specification(specs, data, part.score_names) for part in codebook.instruments]
    return [rows for rows in found if len(rows)]


def _specification(specs: pd.DataFrame, data: str, scores: Sequence[str]) -> pd.DataFrame:
    """Rows of the specification of an instrument's scores.

    The first published specification on `surveys` or on `changes` whose outcomes are scores (or
    changes of scores); a robustness variant stands in when none is published.

    Returns
    -------
    One row per outcome, in the order of the scores; none when there is no such specification.
    """
    wanted = [f"{CHANGE}{name}" if data == CHANGES else name for name in scores]
    rows = declared(specs)
    rows = rows[rows["outcome"].isin(wanted)].copy()
    if "data" in rows and rows["data"].notna().any():
        rows = rows[rows["data"] == data]
    if rows.empty:
        return rows
    names = zip(rows["spec_id"].astype(str), rows["outcome"].astype(str), strict=True)
    rows["declared"] = [spec.removesuffix(outcome).rstrip(".") for spec, outcome in names]
    first = rows.sort_values("role", key=lambda role: role != PUBLISHED, kind="stable").iloc[0]
    chosen = rows[rows["declared"] == first["declared"]]
    return chosen.sort_values("outcome", key=lambda names: names.map(wanted.index))


def is_refit(specs: pd.DataFrame) -> pd.Series:
    """Which specifications are another one fitted again, with something changed."""
    if "refit_of" not in specs:
        return pd.Series(False, specs.index)
    return specs["refit_of"].notna() & (specs["refit_of"].astype(str) != "")


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


def described(descriptives: pd.DataFrame, minimum: int, shares: Mapping[str, Share]) -> Protected:
    """All descriptive numbers, those on few returnees hidden.

    A share rests on the returnees who gave the answer (and, where the other answers are not
    listed, on those who did not, if they are fewer), a count of returnees on itself, any other
    number on the returnees it describes. Answers that make up the whole of a question add up
    to its total, those of a named share (`shares`) to that share, and countries to all countries.
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
    sums = {
        f"part_of_{name}": line.where(
            (frame["variable"] == share.item) & frame["answer"].isin(share.answers), own
        )
        for name, share in shares.items()
    }
    return protect(
        frame.assign(
            resting_on=resting,
            answers_of=line.where(share & whole, own),
            **sums,
        ),
        minimum,
        count="resting_on",
        values=["estimate", "std_error", "conf_low", "conf_high"],
        lines=[["answers_of"], *([name] for name in sums), ["statistic", "variable", "answer"]],
        total=frame["country"] == ALL,
    )


TOTAL, OTHER_CONTROLS = "total", "other_controls"
GROUPS = ("country", "assistance", "time", "person", "interview")  # of controls, in order
GROUPS = ("country", "assistance", "time", "person", "interview")  # of controls, in order
FROM, TO = "from", "to"


def column_changes(columns: pd.DataFrame, score: str) -> pd.DataFrame:
    """Changes of country and assistance terms of a score up to the longest column.

    Each term once: from the shortest column that has it to the longest one.

    Returns
    -------
    Rows of `columns` with the name of the part in `shown`: `other_rows`, a group, or `total`.
    """
    rows = columns[columns["term_group"].isin(["country", "assistance"])]
    rows = rows[~is_not_recorded(rows)]
    present = list(dict.fromkeys(rows["outcome"]))
    rows = rows[rows["outcome"] == (score if score in present else next(iter(present), ""))]
    longest = rows["columns"].astype(str) + "." + rows["outcome"].astype(str)
    first = next(iter(rows["columns"]), "")
    rows = rows[(rows["to_spec"] == longest) & (rows["columns"] == first)]
    last = rows.groupby("term", sort=False)["from_spec"].transform("last")
    rows = rows[(rows["from_spec"] == last) & (rows["part"] != OTHER_CONTROLS)]
    rows = rows.assign(shown=rows["part"].where(rows["part"] != "group", rows["group"]))
    order = {name: place for place, name in enumerate(("other_rows", *GROUPS))}
    keys = pd.DataFrame(
        {
            "group": rows["term_group"] != "country",
            "part": rows["shown"].map(order).fillna(len(order)),
        }
    )
    sorted_rows = keys.sort_values(["group", "part"], kind="stable").index
    return rows.loc[sorted_rows].reset_index(drop=True)


def ends_of_columns(changes: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """The estimates between which terms change, each with `shown` from or to."""
    first = estimates.drop_duplicates(["spec_id", "term"]).set_index(["spec_id", "term"])
    pairs = changes.drop_duplicates("term")
    found = []
    for end in (FROM, TO):
        keys = list(zip(pairs[f"{end}_spec"], pairs["term"], strict=True))
        known = [key for key in keys if key in first.index]
        groups = dict(zip(keys, pairs["term_group"], strict=True))
        rows = first.loc[known].reset_index()
        found.append(rows.assign(shown=end, term_group=[groups[key] for key in known]))
    return pd.concat(found, ignore_index=True)
