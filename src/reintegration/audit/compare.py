"""Two sets of results held against each other: rows, countries, scores, claims, every estimate.

Estimates are matched by `estimate_id`, which is made of what is estimated and never of the data.
"""

import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reintegration.errors import StudyError
from reintegration.tables_io import read_csv


@dataclass(frozen=True)
class Source:
    """Where a table of estimates is, and how its rows are called."""

    file: str
    value: str
    outcome: str
    term: tuple[str, ...]


# The tables of estimates.
ESTIMATES: dict[str, Source] = {
    "descriptives": Source(
        "descriptives/descriptives.csv", "estimate", "variable", ("statistic", "answer")
    ),
    "estimates": Source("models/estimates.csv", "estimate", "outcome", ("term",)),
    "ranks": Source("models/ranks.csv", "rank", "outcome", ("rank of",)),
    "importance": Source("models/importance.csv", "estimate", "outcome", ("group",)),
    "columns": Source("models/columns.csv", "estimate", "outcome", ("comparison", "term")),
    "effects": Source("orion/effects.csv", "estimate", "outcome", ("method", "comparator")),
    "means": Source("orion/means.csv", "estimate", "outcome", ("group", "survey")),
    "changes": Source("orion/changes.csv", "estimate", "outcome", ("group",)),
    "slopes": Source("trends/slopes.csv", "slope_per_year", "outcome", ("method", "kind")),
}
SOURCES, FLOW, CLAIMS = "clean/sources.csv", "clean/flow.csv", "audit/claims.csv"
FILES = (*(source.file for source in ESTIMATES.values()), SOURCES, FLOW, CLAIMS)

ESTIMATE_COLUMNS = [
    *("estimate_id", "table", "outcome", "term", "country", "before", "after"),
    *("std_error_before", "std_error_after", "difference", "difference_in_std_errors"),
    *("status", "reason"),
]
INFERENCE = ("p_value", "conf_low", "conf_high")  # of an estimate, beside its error
MOVED, VANISHED, APPEARED, SAME = "moved", "vanished", "appeared", "same"
ORDER = (MOVED, VANISHED, APPEARED, SAME)
# Numbers that agree to this are the same: results hold 12 digits, the last of them noise.
RELATIVE, ABSOLUTE = 1e-8, 1e-11
ALL = "all"


@dataclass(frozen=True)
class Comparison:
    """What differs between two sets of results.

    Attributes
    ----------
    estimates
        One row per estimate of either, with `ESTIMATE_COLUMNS`, the largest movement first.
    sources
        One row per source: file, status, rows_read, rows_rejected and surveys, each before and
        after.
    countries
        One row per country: surveys and returnees before and after.
    scores
        One row per country and score: the mean before and after, and their errors.
    claims
        One row per claim of either: verdict before and after.
    """

    estimates: pd.DataFrame
    sources: pd.DataFrame
    countries: pd.DataFrame
    scores: pd.DataFrame
    claims: pd.DataFrame


class Results:
    """Aggregated tables of a study: a folder of results, or a kept copy of one (zip)."""

    def __init__(self, path: str | Path):
        path = Path(path)
        self.name = str(path)
        self._root = zipfile.Path(path) if path.suffix == ".zip" else path

    def has(self, file: str) -> bool:
        """Whether a file is there."""
        return (self._root / file).is_file()

    def text(self, file: str) -> str:
        """Read a file as it stands."""
        return (self._root / file).read_text(encoding="utf-8")

    def table(self, file: str) -> pd.DataFrame:
        """Read a table by its name below the folder of results.

        Raises
        ------
        StudyError
            If it is not there or is no table.
        """
        try:
            with (self._root / file).open("r", encoding="utf-8", newline="") as stream:
                return read_csv(stream)
        except (FileNotFoundError, KeyError, NotADirectoryError):
            raise StudyError(
                f"{self.name}: is not the results of a finished study.", [f"{file} is not there"]
            ) from None
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise StudyError(f"{self.name}: {file} is not a table.", [str(error)]) from None


def compare_results(before: Results, after: Results) -> Comparison:
    """Compare two sets of results.

    Raises
    ------
    StudyError
        If a table of either is missing.
    """
    described = ESTIMATES["descriptives"].file
    earlier, later = before.table(described), after.table(described)
    return Comparison(
        estimates=compare_estimates(estimates_of(before), estimates_of(after)),
        sources=_sources(before.table(SOURCES), after.table(SOURCES)),
        countries=_side_by_side(_counts(earlier), _counts(later), on=["country"]),
        scores=_side_by_side(_means(earlier), _means(later), on=["country", "score"]),
        claims=_claims(before.table(CLAIMS), after.table(CLAIMS)),
    )


# ---------------------------------------------------------------- estimates


def estimates_of(results: Results, there: Collection[str] = ESTIMATES.keys()) -> pd.DataFrame:
    """Every estimate of a study: estimate_id, table, outcome, term, country, its number and error.

    `reason` says why there is no number; beside stand `spec_id` and `INFERENCE`, where a table
    has them.

    Parameters
    ----------
    there
        Tables to read, of `ESTIMATES`.
    """
    return pd.concat(
        [
            _named(results.table(source.file), name, source)
            for name, source in ESTIMATES.items()
            if name in there
        ],
        ignore_index=True,
    )


def _named(table: pd.DataFrame, name: str, source: Source) -> pd.DataFrame:
    term = pd.Series("", table.index)
    for column in source.term:
        words = _text(table[column]) if column in table else column
        term = term + " " + words
    if "country" in table:
        country = _text(table["country"])
    elif {"group", "level"} <= set(table.columns):  # a country is a term of a regression
        own = table["group"] == "country"
        country = _text(table["level"]).where(own, "")
    else:
        country = pd.Series("", table.index)
    fine = table["status"] == "ok"
    return pd.DataFrame(
        {
            "estimate_id": table["estimate_id"].astype(str),
            "table": name,
            "outcome": _text(table[source.outcome]),
            "term": term.str.strip(),
            "country": country,
            "number": table[source.value].astype(float),
            "std_error": table["std_error"].astype(float) if "std_error" in table else np.nan,
            "reason": _text(table["warnings"]).mask(fine, ""),
            "spec_id": _text(table["spec_id"]) if "spec_id" in table else "",
            **{k: table[k].astype(float) if k in table else np.nan for k in INFERENCE},
        }
    )


def _text(column: pd.Series) -> pd.Series:
    """Texts of a column, empty where there is none; a column without any is read as numbers."""
    return column.astype(object).fillna("").astype(str)


def compare_estimates(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Match estimates by id and say how far each moved, in standard errors of the earlier one.

    Where the earlier estimate has no error (a rank, a count, a share of variance, an exact fit)
    the difference in errors is missing, and so it is where there is no number before or after.

    Returns
    -------
    pandas.DataFrame
        `ESTIMATE_COLUMNS`; `status` is moved, vanished (a number before only), appeared (after
        only) or same (equal numbers, or none in both). In this order, and within it by the
        absolute difference in standard errors, those without one last.
    """
    both = before.merge(
        after, on="estimate_id", how="outer", suffixes=("_before", "_after"), validate="1:1"
    )
    result = pd.DataFrame({"estimate_id": both["estimate_id"]})
    for name in ("table", "outcome", "term", "country"):
        result[name] = both[f"{name}_after"].fillna(both[f"{name}_before"])
    result["before"], result["after"] = both["number_before"], both["number_after"]
    result["std_error_before"] = both["std_error_before"]
    result["std_error_after"] = both["std_error_after"]
    result["difference"] = result["after"] - result["before"]
    equal = agree(result["before"], result["after"])
    result.loc[equal, "difference"] = 0.0
    error = result["std_error_before"].where(result["std_error_before"] > 0)
    result["difference_in_std_errors"] = result["difference"] / error
    there = [result[side].notna() for side in ("before", "after")]
    result["status"] = np.select(
        [equal | (~there[0] & ~there[1]), there[0] & there[1], there[0]],
        [SAME, MOVED, VANISHED],
        APPEARED,
    )
    result["reason"] = np.select(
        [
            result["status"] == MOVED,
            both["table_before"].isna(),
            both["table_after"].isna(),
            result["status"] == APPEARED,
        ],
        ["", "not estimated in the earlier study", "not estimated in the later study",
         both["reason_before"].fillna("")],
        both["reason_after"].fillna(""),
    )  # fmt: skip
    return _sorted(result)[ESTIMATE_COLUMNS]


def agree(before: pd.Series, after: pd.Series) -> np.ndarray:
    """Say which numbers are the same before and after; a missing one agrees with none."""
    return np.isclose(after.astype(float), before.astype(float), rtol=RELATIVE, atol=ABSOLUTE)


def _sorted(result: pd.DataFrame) -> pd.DataFrame:
    keys = pd.DataFrame(
        {
            "status": result["status"].map({name: place for place, name in enumerate(ORDER)}),
            "in_errors": -result["difference_in_std_errors"].abs(),
            "by": -result["difference"].abs(),
            "id": result["estimate_id"],
        }
    )
    order = keys.sort_values([*keys.columns], na_position="last", kind="stable").index
    return result.loc[order].reset_index(drop=True)


# ---------------------------------------------------------------- rows, countries, scores, claims


def _side_by_side(before: pd.DataFrame, after: pd.DataFrame, on: Sequence[str]) -> pd.DataFrame:
    """Rows of two tables with the same key; what only one of them has is missing in the other."""
    both = before.merge(after, on=list(on), how="outer", suffixes=("_before", "_after"))
    return both.sort_values(list(on), kind="stable", ignore_index=True)


def _sources(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    columns = ["source", "file", "status", "reason", "rows_read", "rows_rejected", "surveys"]
    return _side_by_side(before[columns], after[columns], on=["source"])


def _counts(described: pd.DataFrame) -> pd.DataFrame:
    """Surveys and returnees of each country, and of all."""
    counted = described[
        (described["statistic"] == "n") & described["variable"].isin(["surveys", "returnees"])
    ]
    wide = counted.pivot_table(index="country", columns="variable", values="estimate")
    return wide.reset_index()[["country", "surveys", "returnees"]]


def _means(described: pd.DataFrame) -> pd.DataFrame:
    """Mean of each score in each country, with its error and the returnees it rests on."""
    rows = described[(described["topic"] == "scores") & (described["statistic"] == "mean")]
    columns = {"variable": "score", "estimate": "mean"}
    kept = ["estimate_id", "country", "variable", "estimate", "std_error", "n_returnees"]
    return rows[kept].rename(columns=columns)


def _claims(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    columns = ["claim_id", "claim_en", "verdict"]
    both = _side_by_side(before[columns], after[columns], on=["claim_id"])
    both["claim_en"] = both["claim_en_after"].fillna(both["claim_en_before"])
    return both[["claim_id", "claim_en", "verdict_before", "verdict_after"]]
