"""Pool the sources: one row per survey that is analysed, and the account of all others."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.config import Scoring, Study
from reintegration.errors import StudyError
from reintegration.ingest.contract import DAYS_PER_MONTH, check_surveys, survey_columns
from reintegration.ingest.flow import REASONS, UNUSABLE, sample_flow
from reintegration.ingest.intake import SourceResult
from reintegration.ingest.ledger import LOG_COLUMNS, REJECTED_COLUMNS
from reintegration.scoring.scores import score

SOURCE_COLUMNS = [
    *["source", "file", "status", "reason", "rows_read", "rows_rejected", "surveys"],
    *["rows_removed", "rows_not_studied", "absent", "notes"],
]


@dataclass(frozen=True)
class Pool:
    """All sources together.

    Attributes
    ----------
    surveys
        Surveys that are analysed, as `results/clean/surveys.parquet`, sorted by country,
        returnee and round.
    cleaning_log, rejected, flow, sources
        As the CSV files of these names in `results/clean/`.
    """

    surveys: pd.DataFrame
    cleaning_log: pd.DataFrame
    rejected: pd.DataFrame
    flow: pd.DataFrame
    sources: pd.DataFrame


def pool(
    results: Sequence[SourceResult], codebook: Codebook, study: Study, scoring: Scoring
) -> Pool:
    """Join the sources and keep the surveys that the study analyses.

    A survey that stands in several sources is taken from the one of highest priority (of equal
    ones, the first by name). Then countries and dates are those of the study, and surveys
    without enough answers for the composite score are left out. Rounds are counted among the
    surveys analysed, in the order of their dates.

    Raises
    ------
    StudyError
        If no survey is left, or clean surveys disagree with the codebook.
    """
    accounts = [result.account for result in results]
    rows = pd.concat([result.surveys for result in results], ignore_index=True)
    excluded = rows["excluded"].to_numpy(dtype=object)
    excluded = np.where(pd.isna(excluded), "", excluded)
    twice, kept_in = _in_several_sources(rows[excluded == ""], accounts)
    excluded[twice] = "survey_in_two_sources"
    for step, out in _outside(rows, study).items():
        excluded[out & (excluded == "")] = step
    candidates = np.flatnonzero(excluded == "")
    scores = score(rows.loc[candidates], codebook, scoring)
    unscored = candidates[scores[codebook.main_score].isna().to_numpy()]
    excluded[unscored] = "too_few_answers"
    rows["excluded"] = pd.Series(excluded, dtype="str").where(excluded != "")
    flow = sample_flow(rows)
    surveys = rows[rows["excluded"].isna()]
    if surveys.empty:
        raise StudyError("No survey is left to analyse.", _why_none(rows, flow, accounts, study))
    absent = set() if study.countries == "all" else {*study.countries} - {*surveys["country"]}
    if absent:
        warnings.warn(f"no survey of {', '.join(sorted(absent))} is analysed", stacklevel=2)
    surveys = _with_rounds(surveys)[survey_columns(codebook)]
    check_surveys(surveys, codebook)
    logs = [*(result.cleaning_log for result in results), _duplicate_log(rows, twice, kept_in)]
    unscored_rows = rows.loc[unscored, ["source", "row"]].assign(
        question=codebook.main_score, reason=REASONS["too_few_answers"]
    )
    rejected = [*(result.rejected for result in results), unscored_rows]
    return Pool(
        surveys,
        _stacked(logs, LOG_COLUMNS),
        _stacked(rejected, REJECTED_COLUMNS),
        flow,
        _sources(accounts, rows),
    )


def _why_none(
    rows: pd.DataFrame, flow: pd.DataFrame, accounts: Sequence[dict[str, Any]], study: Study
) -> list[str]:
    """What became of all rows and files, and what was looked for."""
    removed = flow[flow["surveys_removed"] > 0]
    problems = [
        f"{n} rows: {why}"
        for n, why in zip(removed["surveys_removed"], removed["reason"], strict=True)
    ]
    found = rows[rows["survey_date"].notna() & rows["country"].notna()]
    if len(found):
        days = found["survey_date"].agg(["min", "max"]).dt.strftime("%Y-%m-%d")
        held = ", ".join(sorted(set(found["country"])))
        asked = study.countries if study.countries == "all" else ", ".join(study.countries)
        problems.append(
            f"the files hold surveys of {held} from {days['min']} to {days['max']}; config.yaml "
            f"asks for study.countries {asked}, study.first_survey {study.first_survey} and "
            f"study.last_survey {study.last_survey}"
        )
    return problems + [
        f"source {account['source']} was left out: {account['file']}: {account['reason']}"
        for account in accounts
        if account["status"] == "left_out"
    ]


def _in_several_sources(
    rows: pd.DataFrame, accounts: Sequence[dict[str, Any]]
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (labels) of surveys that another source holds with priority, and that source."""
    ranking = sorted(accounts, key=lambda account: (-account["priority"], account["source"]))
    ranks = {account["source"]: rank for rank, account in enumerate(ranking)}
    rank = rows["source"].map(ranks).astype(float)
    best = rank.groupby([rows["returnee_id"], rows["survey_date"]]).transform("min")
    twice = (rank > best).to_numpy()
    names = np.array([account["source"] for account in ranking], dtype=object)
    return rows.index[twice].to_numpy(), names[best[twice].astype(int)]


def _outside(rows: pd.DataFrame, study: Study) -> dict[str, np.ndarray]:
    """Rows outside the study's countries or dates, by step of the sample flow."""
    first, last = pd.Timestamp(study.first_survey), pd.Timestamp(study.last_survey)
    studied = (
        np.ones(len(rows), dtype=bool)
        if study.countries == "all"
        else rows["country"].isin(study.countries).to_numpy()
    )
    inside = rows["survey_date"].between(first, last).to_numpy()
    return {"country_not_studied": ~studied, "outside_window": ~inside}


def _with_rounds(surveys: pd.DataFrame) -> pd.DataFrame:
    """Add rounds, months since return, and which survey of a returnee is first and last."""
    order = ["country", "returnee_id", "survey_date", "source", "row"]
    surveys = surveys.sort_values(order, kind="stable", ignore_index=True)
    returnee = surveys.groupby("returnee_id", sort=False)["survey_id"]
    place = returnee.cumcount()
    days = (surveys["survey_date"] - surveys["return_date"]).dt.days
    return surveys.assign(
        round=place + 1,
        is_first=(place == 0).astype("int64"),
        is_last=(place + 1 == returnee.transform("size")).astype("int64"),
        months_since_return=days / DAYS_PER_MONTH,
    )


def _duplicate_log(rows: pd.DataFrame, twice: np.ndarray, kept_in: np.ndarray) -> pd.DataFrame:
    step = "survey_in_two_sources"
    return pd.DataFrame(
        {
            **{name: rows.loc[twice, name] for name in ("source", "row", "survey_id")},
            "question": "survey_date",
            "old_value": "",
            "new_value": "",
            "change_type": "remove_survey",
            "rule": step,
            "issue": [f"the same survey is kept from source {name}" for name in kept_in],
        }
    )


def _stacked(parts: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Accounts of several sources below one another, in the order of sources and rows."""
    filled = [part.astype({"row": "int64"}) for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=columns)
    joined = pd.concat(filled, ignore_index=True)[columns]
    return joined.sort_values(["source", "row"], kind="stable", ignore_index=True)


def _sources(accounts: Sequence[dict[str, Any]], rows: pd.DataFrame) -> pd.DataFrame:
    """One row per source: what was read, and what became of it."""
    by_source = rows["excluded"].fillna("").groupby(rows["source"])
    unusable, used, total = (
        by_source.agg(lambda reasons: reasons.isin(UNUSABLE).sum()),
        by_source.agg(lambda reasons: (reasons == "").sum()),
        by_source.size(),
    )
    not_studied = by_source.agg(
        lambda reasons: reasons.isin(["country_not_studied", "outside_window"]).sum()
    )
    table = []
    for account in sorted(accounts, key=lambda account: account["source"]):
        name = account["source"]
        counts = {
            "rows_rejected": int(unusable.get(name, 0)),
            "surveys": int(used.get(name, 0)),
            "rows_not_studied": int(not_studied.get(name, 0)),
        }
        removed = int(total.get(name, 0)) - sum(counts.values())
        table.append(
            {
                "source": name,
                "file": account["file"],
                "status": "used" if account["status"] == "ok" else account["status"],
                "reason": account["reason"],
                "rows_read": account["rows_read"],
                "rows_removed": removed,
                **counts,
                "absent": " ".join(account["absent"]),
                "notes": "; ".join(account["notes"]),
            }
        )
    return pd.DataFrame(table, columns=SOURCE_COLUMNS)
