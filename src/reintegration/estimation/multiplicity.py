"""p-values adjusted for how many were looked at: Holm (1979), Benjamini and Hochberg (1995)."""

import numpy as np


def adjust(p_values: np.ndarray, method: str) -> np.ndarray:
    """Adjust the p-values of a family, shape (m,); those missing stay so and are not counted.

    Parameters
    ----------
    method
        `holm` (family-wise error) or `bh` (false discovery rate), as R's `p.adjust`.
    """
    from statsmodels.stats.multitest import multipletests

    adjusted = np.full(len(p_values), np.nan)
    there = np.isfinite(p_values)
    if there.any():
        name = {"holm": "holm", "bh": "fdr_bh"}[method]
        adjusted[there] = multipletests(p_values[there], method=name)[1]
    return adjusted
