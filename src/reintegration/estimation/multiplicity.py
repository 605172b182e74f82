"""p-values adjusted for how many were looked at, from p-values or from resampled statistics."""

import numpy as np
from scipy.stats import false_discovery_control


def adjust(p_values: np.ndarray, method: str) -> np.ndarray:
    """Adjust the p-values of a family, shape (m,); those missing stay so and are not counted.

    Parameters
    ----------
    method
        `holm` (family-wise error) or `bh` (false discovery rate), as R's `p.adjust`.
    """
    adjusted = np.full(len(p_values), np.nan)
    there = np.isfinite(p_values)
    if there.any():
        adjusted[there] = {"holm": _holm, "bh": false_discovery_control}[method](p_values[there])
    return adjusted


def _holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's stepdown; statsmodels' clears all memory at every call, which costs seconds here."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    tests = np.arange(len(p_values), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(tests * p_values[order]))
    return adjusted


def stepdown(
    statistics: np.ndarray, resampled: np.ndarray, floor: np.ndarray | float = 0.0
) -> np.ndarray:
    """Adjust the p-values of a family by Romano and Wolf's stepdown (2005; 2016, algorithm 4.2).

    Parameters
    ----------
    statistics
        Absolute t statistics, shape (m,).
    resampled
        Those of every draw, centred at what is estimated, shape (B, m).
    floor
        What each p-value cannot be below, shape (m,).

    Returns
    -------
    p-values, shape (m,): (1 + draws in which the largest statistic of those not yet refused
    reaches ours) / (1 + B), none below that of a larger statistic.
    """
    order = np.argsort(-statistics, kind="stable")
    largest = np.maximum.accumulate(resampled[:, order[::-1]], axis=1)[:, ::-1]
    reached = (largest >= statistics[order]).sum(axis=0)
    adjusted = np.empty(len(statistics))
    p_values = np.maximum(
        (1 + reached) / (1 + len(resampled)), np.broadcast_to(floor, order.shape)[order]
    )
    adjusted[order] = np.maximum.accumulate(p_values)
    return adjusted
