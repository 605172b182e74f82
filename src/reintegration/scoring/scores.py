"""Scores: weighted means of item scores, per dimension and for each composite."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook, Item
from reintegration.config import Scoring
from reintegration.errors import StudyError
from reintegration.moved import moved_scores, without

# The one non-response that says that the question does not concern the returnee.
NOT_APPLICABLE = "not_applicable"
_ROUNDING = 1e-9  # 0.7 * 30 must not ask for a 22nd item


def score(
    surveys: pd.DataFrame,
    codebook: Codebook,
    scoring: Scoring,
    moves: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Score every survey: the dimensions and the composite of each instrument, and each item.

    A score is the weighted mean of the item scores that are known, ``sum(w s) / sum(w)``, if at
    least `scoring.minimum_answered` of the items that apply are known; else it is missing. An
    item that was not to be asked (`asked_if`) does not apply. A composite is a mean over all
    items of its instrument with weights of its own, not the mean of the dimensions.

    Parameters
    ----------
    surveys
        One row per survey: survey_id and the items' answer codes, missing when blank; several
        codes of a multiple-choice item are joined by spaces.
    moves
        Items that a type of assistance moves by itself (`assistance.moves`): each score that
        holds one is also computed without them, by the same rules.

    Returns
    -------
    pandas.DataFrame
        Same rows and order: survey_id; one column per score, in [0, 1]; items_answered_<score>,
        how many items entered it; <score>_without_<type>; item_<item>, the item scores, in
        [0, 1] or missing.

    Raises
    ------
    StudyError
        If an answer is none of the codebook's.
    """
    moves = moves or {}
    known = item_scores(surveys, codebook, scoring)
    applies = applicable(surveys, codebook, scoring)
    answered = known.notna() & applies
    scores: dict[str, Any] = {"survey_id": surveys["survey_id"].to_numpy()}
    counts: dict[str, Any] = {}
    less: dict[str, Any] = {}
    for name in codebook.score_names:
        weights = codebook.instrument_of(name).weights_of(name)
        scores[name], count = _weighted(weights, known, answered, applies, scoring)
        counts[f"items_answered_{name}"] = count
        for kind in moved_scores(codebook, moves)[name]:
            left = {item: w for item, w in weights.items() if item not in moves[kind]}
            less[without(name, kind)] = _weighted(left, known, answered, applies, scoring)[0]
    items = {f"item_{name}": known[name].to_numpy() for name in codebook.items}
    return pd.DataFrame({**scores, **counts, **less, **items})


def _weighted(
    weights: Mapping[str, float],
    known: pd.DataFrame,
    answered: pd.DataFrame,
    applies: pd.DataFrame,
    scoring: Scoring,
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean of items, missing where too few are answered; and how many are."""
    columns = list(weights)
    weight = np.array([weights[column] for column in columns], dtype=float)
    used = answered[columns].to_numpy()
    values = np.where(used, known[columns].to_numpy(), 0.0)
    total = used @ weight
    count = used.sum(axis=1)
    needed = scoring.minimum_answered * applies[columns].to_numpy().sum(axis=1)
    enough = (count >= needed - _ROUNDING) & (total > 0)
    return np.where(enough, values @ weight / np.where(total > 0, total, 1), np.nan), count


def item_scores(surveys: pd.DataFrame, codebook: Codebook, scoring: Scoring) -> pd.DataFrame:
    """Score of each item, in [0, 1], shape (n, items); missing when it is not known.

    A non-response counts as the policy says: missing, or 0. Of several answers of a
    multiple-choice item the best one counts.

    Raises
    ------
    StudyError
        If an answer is none of the codebook's.
    """
    silent = {
        code: 0.0 if policy == "zero" else np.nan for code, policy in scoring.nonresponse.items()
    }
    silent = dict.fromkeys(codebook.nonresponse_codes, np.nan) | silent
    columns: dict[str, np.ndarray] = {}
    problems = []
    for name, item in codebook.items.items():
        place, texts = pd.factorize(surveys[name])  # a blank answer has place -1, the last
        values = [_answer_score(text, item, silent) for text in texts]
        if unknown := sorted(t for t, value in zip(texts, values, strict=True) if value is None):
            allowed = ", ".join([*item.scores, *sorted(silent)])
            problems.append(f"{name}: {', '.join(map(repr, unknown))}; allowed are {allowed}")
        columns[name] = np.array([*values, np.nan], dtype=float)[place]
    if problems:
        raise StudyError("Answers that the codebook cannot score.", problems)
    return pd.DataFrame(columns, index=surveys.index)


def _answer_score(text: str, item: Item, silent: dict[str, float]) -> float | None:
    """Score of one answer; NaN when it says nothing, None when it is not in the codebook."""
    codes = text.split() if item.multiple else [text]
    if not codes or any(code not in item.scores and code not in silent for code in codes):
        return None
    scored = [item.scores[code] for code in codes if code in item.scores]
    return max(scored) if scored else max(silent[code] for code in codes)


def applicable(surveys: pd.DataFrame, codebook: Codebook, scoring: Scoring) -> pd.DataFrame:
    """Whether each item concerns each returnee, shape (n, items), boolean.

    An item with `asked_if` applies when the question before it was answered so, or when that
    question is blank and the item answered all the same. Where the codebook has an answer for
    those who were not to be asked (no children of school age), that answer applies too, and the
    item concerns everybody until the question before it rules it out. The answer "not applicable"
    takes the item out, unless the study counts it as zero.
    """
    columns = {}
    for name, item in codebook.items.items():
        applies = np.ones(len(surveys), dtype=bool)
        answers = surveys[name]
        for asked, allowed in item.asked_if.items():
            if asked not in surveys:  # a variable that no file holds
                applies &= True if item.skipped else answers.notna().to_numpy()
                continue
            before = surveys[asked]
            silent = before.isna() | before.isin(codebook.nonresponse_codes)
            if item.skipped is None:
                otherwise = silent & answers.notna()
            else:
                otherwise = silent | (answers == item.skipped).fillna(False)
            applies &= (before.isin(allowed) | otherwise).to_numpy(dtype=bool)
        if scoring.nonresponse.get(NOT_APPLICABLE) != "zero":
            applies &= (answers != NOT_APPLICABLE).fillna(True).to_numpy(dtype=bool)
        columns[name] = applies
    return pd.DataFrame(columns, index=surveys.index)
