"""Pool the sources: one row per survey that is analysed, and the account of all others."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from reintegration.codebook import Codebook
from reintegration.config import Matching, Scoring, Study
from reintegration.errors import StudyError
from reintegration.ingest.answers import questions
from reintegration.ingest.cleaning.account import rule_counts
from reintegration.ingest.columns import RETURNEE
from reintegration.ingest.contract import (
    DAYS_PER_MONTH,
    check_surveys,
    received_columns,
    survey_columns,
)
from reintegration.ingest.copies import Copy, copies_log, find_copies
from reintegration.ingest.decisions import CORRECTIONS, DecisionError, Decisions
from reintegration.ingest.flow import REASONS, UNUSABLE, sample_flow
from reintegration.ingest.intake import NOTHING_DECIDED, SourceResult
from reintegration.ingest.ledger import LOG_COLUMNS, REJECTED_COLUMNS
from reintegration.ingest.matching import (
    BY_RULE,
    KEYS,
    LARGEST_BLOCK,
    NUMBERLESS,
    Matched,
    check_found,
    find_matches,
    merge_log,
)
from reintegration.scoring.scores import score
from reintegration.tables_io import ROWS_AT_ONCE

NO_MATCHING = Matching(rule="none")
SURVEY_KEY = ["source", "returnee_id", "survey_date"]
MATCHED_BY = ["source", "row", RETURNEE, "country", "survey_date", "age", *KEYS]

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
    cleaning_log, rules, rejected, flow, sources, matches
        As the CSV files of these names in `results/clean/`.
    said
        Of matching, for the log of the step.
    copies
        Surveys that have the same answers as those of another source.
    """

    surveys: pd.DataFrame
    cleaning_log: pd.DataFrame
    rules: pd.DataFrame
    rejected: pd.DataFrame
    flow: pd.DataFrame
    sources: pd.DataFrame
    matches: pd.DataFrame
    said: tuple[str, ...]
    copies: tuple[Copy, ...] = ()


def pool(
    results: Sequence[SourceResult],
    codebook: Codebook,
    study: Study,
    scoring: Scoring,
    matching: Matching = NO_MATCHING,
    decisions: Decisions = NOTHING_DECIDED,
) -> Pool:
    """Join the sources and keep the surveys that the study analyses.

    Returnees are matched, if the study has a rule for it. A survey that stands in several sources
    is taken from the one of highest priority (of equal ones, the first by name). Then countries
    and dates are those of the study, and surveys without enough answers for the composite score
    are left out. Rounds are counted among the surveys analysed, in the order of their dates.

    Raises
    ------
    StudyError
        If no survey is left, clean surveys disagree with the codebook, or decisions by hand no
        longer fit the data.
    """
    accounts = [result.account for result in results]
    _check_decisions(decisions, accounts)
    rows = _together(results, codebook)
    excluded = rows["excluded"].fillna("").to_numpy(dtype=object)
    before = rows[RETURNEE]
    matched, joined = _match(rows, excluded, matching, decisions)
    entered = joined[excluded[joined] == "no_case_number"]
    excluded[entered] = ""
    twice, kept_in = _in_several_sources(rows.loc[excluded == "", SURVEY_KEY], accounts)
    excluded[twice] = "survey_in_two_sources"
    copies = find_copies(rows, excluded, codebook)
    for step, out in _outside(rows, study).items():
        excluded[out & (excluded == "")] = step
    unscored = _without_score(rows, np.flatnonzero(excluded == ""), codebook, scoring)
    excluded[unscored] = "too_few_answers"
    rows["excluded"] = pd.Series(excluded, dtype="str").where(excluded != "")
    flow = sample_flow(rows[["returnee_id", "country", "excluded"]])
    analysed = np.flatnonzero(excluded == "")
    if not len(analysed):
        raise StudyError("No survey is left to analyse.", _why_none(rows, flow, accounts, study))
    absent = (
        set()
        if study.countries == "all"
        else {*study.countries} - {*rows["country"].iloc[analysed].unique()}
    )
    if absent:
        warnings.warn(f"no survey of {', '.join(sorted(absent))} is analysed", stacklevel=2)
    surveys = _with_rounds(rows, analysed)[survey_columns(codebook)]
    check_surveys(surveys, codebook)
    back = rows.loc[entered, ["source", "row"]]
    logs = [
        *(_without_entered(result.cleaning_log, back) for result in results),
        merge_log(rows, joined, before),
        _duplicate_log(rows, twice, kept_in),
        *copies_log(rows, copies, codebook),
    ]
    unscored_rows = rows.loc[unscored, ["source", "row"]].assign(
        question=codebook.main_score, reason=REASONS["too_few_answers"]
    )
    log = _stacked(logs, LOG_COLUMNS)
    rejected = [*(_without_entered(result.rejected, back) for result in results), unscored_rows]
    return Pool(
        surveys,
        log,
        rule_counts(log, _returnees(rows, log)),
        _stacked(rejected, REJECTED_COLUMNS),
        flow,
        _sources(accounts, rows, joined, copies),
        matched.candidates,
        _said(matched),
        tuple(copies),
    )


def _returnees(rows: pd.DataFrame, log: pd.DataFrame) -> pd.Series:
    """returnee_id of the surveys that a log names, by survey_id."""
    told = log["survey_id"].astype("category").cat.categories
    named = rows.loc[rows["survey_id"].isin(told), ["survey_id", RETURNEE]]
    return named.drop_duplicates("survey_id").set_index("survey_id")[RETURNEE]


def _said(matched: Matched) -> tuple[str, ...]:
    """What matching could not compare."""
    blocks, largest = matched.skipped
    if not blocks:
        return ()
    return (
        f"matching: {blocks} groups of more than {LARGEST_BLOCK} returnees with the same keys were "
        f"not compared (the largest of {largest}); their values are too common to tell anybody",
    )


def _check_decisions(decisions: Decisions, accounts: Sequence[dict[str, Any]]) -> None:
    """Check what no source could tell alone: decisions about surveys of any of them."""
    complete = all(account["status"] == "ok" for account in accounts)
    check_found(decisions, [account["matched"] for account in accounts], complete)
    problems = []
    for line in decisions.corrections:
        holders = [a["source"] for a in accounts if line.line in a["decided"]]
        where = f"{decisions.folder / CORRECTIONS}: line {line.line}"
        if not line.source and not holders and complete:
            problems.append(f"{where}: no source holds survey {line.survey_id}")
        elif not line.source and len(holders) > 1:
            held = " and ".join(holders)
            problems.append(f"{where}: survey {line.survey_id} stands in {held}; name the source")
    if problems:
        raise DecisionError("Decisions by hand no longer fit the data.", problems)


def _together(results: Sequence[SourceResult], codebook: Codebook) -> pd.DataFrame:
    """Surveys of all sources below one another; each choice keeps the codebook's categories."""
    choices = {
        name: pd.CategoricalDtype(question.codes)
        for name, question in questions(codebook).items()
        if question.kind == "choice"
    }
    tables = []
    for result in results:
        here = {name: kind for name, kind in choices.items() if name in result.surveys}
        received = set(received_columns(codebook)).intersection(here)
        tables.append(result.surveys.astype({n: k for n, k in here.items() if n not in received}))
    return pd.concat(tables, ignore_index=True)


def _match(
    rows: pd.DataFrame, excluded: np.ndarray, matching: Matching, decisions: Decisions
) -> tuple[Matched, np.ndarray]:
    """Look for returnees who are the same, and give their surveys one returnee_id.

    Returns the places of the surveys that the rule gave another one. Afterwards who has no case
    number, and was not matched, has no returnee_id.
    """
    before = rows[RETURNEE]
    numberless = before.str.startswith(NUMBERLESS, na=False).to_numpy(dtype=bool)
    compared = (excluded == "") | ((excluded == "no_case_number") & numberless)
    names = [name for name in MATCHED_BY if name in rows]
    matched = find_matches(rows.loc[compared, names], matching.rule, decisions)
    joined = np.flatnonzero(before.isin(list(matched.returnees)).to_numpy() & compared)
    after = before.copy()
    after.iloc[joined] = before.iloc[joined].map(matched.returnees)
    rows[RETURNEE] = after.mask(after.str.startswith(NUMBERLESS, na=False))
    return matched, joined


def _without_score(
    rows: pd.DataFrame, places: np.ndarray, codebook: Codebook, scoring: Scoring
) -> np.ndarray:
    """Those of the surveys (places) that have too few answers for the composite score."""
    found = [np.array([], dtype="int64")]
    for start in range(0, len(places), ROWS_AT_ONCE):
        part = places[start : start + ROWS_AT_ONCE]
        found_score = score(rows.iloc[part], codebook, scoring)[codebook.main_score]
        found.append(part[found_score.isna().to_numpy()])
    return np.concatenate(found)


def _without_entered(part: pd.DataFrame, entered: pd.DataFrame) -> pd.DataFrame:
    """An account without the lines that keep out rows for want of a case number."""
    if part.empty or entered.empty:
        return part
    place = pd.MultiIndex.from_frame(part[["source", "row"]].astype({"row": "int64"}))
    out = place.isin(pd.MultiIndex.from_frame(entered))
    return part[~(out & (part["rule"] == "no_case_number" if "rule" in part else True))]


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


def _with_rounds(rows: pd.DataFrame, analysed: np.ndarray) -> pd.DataFrame:
    """Surveys analysed (places), in order, with rounds, months since return, first and last."""
    order = ["country", "returnee_id", "survey_date", "source", "row"]
    ordered = rows[order].iloc[analysed].sort_values(order, kind="stable").index
    surveys = rows.iloc[ordered].reset_index(drop=True)
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
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=columns)
    rows = np.concatenate([part["row"].astype("int64").to_numpy() for part in filled])
    texts = {
        name: union_categoricals([_as_texts(part[name]) for part in filled])
        for name in columns
        if name != "row"
    }
    sources = texts["source"].reorder_categories(sorted(texts["source"].categories))
    order = np.lexsort((rows, sources.codes))
    return pd.DataFrame({"row": rows, **texts})[columns].iloc[order].reset_index(drop=True)


def _as_texts(column: pd.Series) -> pd.Categorical:
    """A column as categories that are texts, also where it holds nothing."""
    found = pd.Categorical(column)
    return pd.Categorical.from_codes(found.codes, pd.Index(found.categories, dtype="str"))


def _sources(
    accounts: Sequence[dict[str, Any]],
    rows: pd.DataFrame,
    joined: np.ndarray,
    copies: Sequence[Copy],
) -> pd.DataFrame:
    """One row per source: what was read, and what became of it."""
    by_rule = rows["source"].iloc[joined].value_counts()
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
        notes = list(account["notes"])
        if name in by_rule:
            notes.append(f"{by_rule[name]} surveys joined another returnee by the rule {BY_RULE}")
        notes += [copy.said for copy in copies if copy.source == name]
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
                "notes": "; ".join(notes),
            }
        )
    return pd.DataFrame(table, columns=SOURCE_COLUMNS)
