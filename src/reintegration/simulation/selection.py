"""Who is chosen: quotas filled by log-odds, and probabilities tilted by need."""

import numpy as np


def quota(log_odds: np.ndarray, wanted: int, rng: np.random.Generator) -> np.ndarray:
    """Choose exactly `wanted` of n, each next one with chances in proportion to their odds.

    Returns a boolean array, shape (n,). Adding a standard Gumbel variable to the log-odds and
    taking the largest is sampling without replacement with probability proportional to the
    odds (Yellott 1977, J. Math. Psychology 15, 109-144).
    """
    keys = log_odds + rng.gumbel(size=len(log_odds))
    chosen = np.zeros(len(log_odds), dtype=bool)
    if wanted > 0:
        chosen[np.argsort(-keys, kind="stable")[:wanted]] = True
    return chosen


def tilt(probability: float, log_odds: np.ndarray) -> np.ndarray:
    """Shift a probability by log-odds, shape (n,)."""
    if probability in (0, 1):
        return np.full(len(log_odds), float(probability))
    return 1 / (1 + (1 - probability) / probability * np.exp(-log_odds))
