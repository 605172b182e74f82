"""Reliability: how far the items of a score agree with one another."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook


@dataclass(frozen=True)
class Alpha:
    """Cronbach's alpha of one set of items."""

    alpha: float
    n_items: int
    n_surveys: int


def cronbach_alpha(items: np.ndarray) -> Alpha:
    """Cronbach's alpha from item scores, shape (n, k), over the complete rows.

    ``k / (k - 1) * (1 - sum of item variances / variance of the sum)``, with n - 1 in the
    variances (Cronbach 1951, Psychometrika 16, eq. 2). Missing when there are fewer than two
    items or complete rows, or when the sum does not vary.
    """
    items = np.asarray(items, dtype=float)
    complete = items[~np.isnan(items).any(axis=1)]
    n, k = complete.shape
    if n < 2 or k < 2:
        return Alpha(np.nan, k, n)
    total = complete.sum(axis=1).var(ddof=1)
    if total <= 0:
        return Alpha(np.nan, k, n)
    parts = complete.var(axis=0, ddof=1).sum()
    return Alpha(float(k / (k - 1) * (1 - parts / total)), k, n)


def reliability(scores: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Cronbach's alpha of every score, one row each: score, alpha, n_items, n_surveys.

    Parameters
    ----------
    scores
        As `reintegration.scoring.score` returns them. Items that are asked only of some are
        left out: they are blank for the others by design.
    """
    rows = []
    for name in codebook.score_names:
        items = [
            f"item_{key}" for key, item in codebook.items_of(name).items() if not item.asked_of_some
        ]
        rows.append({"score": name, **vars(cronbach_alpha(scores[items].to_numpy()))})
    return pd.DataFrame(rows)
