"""How often an interval must cover the truth for a test to pass."""

import numpy as np
import pandas as pd
from scipy.stats import binom


def band(tries: int, chance: float, risk: float = 0.001) -> tuple[float, float]:
    """Shares between which the share of successes lies but for the risk."""
    low, high = binom.ppf([risk / 2, 1 - risk / 2], tries, chance)
    return low / tries, high / tries


def covers(estimates: pd.DataFrame, truth: float) -> pd.Series:
    """Whether each interval holds the truth."""
    return estimates["conf_low"].le(truth) & estimates["conf_high"].ge(truth)


def assert_covered(estimates: pd.DataFrame, truth: float) -> None:
    """The share of 95% intervals that hold the truth lies in its binomial band."""
    assert (estimates["status"] == "ok").all()
    covered = covers(estimates, truth)
    low, high = band(len(estimates), 0.95)
    assert low <= covered.mean() <= high, f"{covered.mean():.3f} of {len(estimates)} cover"


def assert_unbiased(estimates: pd.DataFrame, truth: float) -> None:
    """The mean over worlds lies within four of its standard errors of the truth."""
    error = estimates["estimate"].std() / np.sqrt(len(estimates))
    assert abs(estimates["estimate"].mean() - truth) < 4 * error
