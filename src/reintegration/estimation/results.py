"""What tables of estimates promise: their columns, ids, statuses, and inference by t."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

OK = "ok"
FAILED = "failed"
NOT_ESTIMABLE = "not_estimable"
NOT_ESTIMABLE_UNDER_VCOV = "not_estimable_under_this_vcov"

# The promised columns come first and in this order; what stands after "extra" may grow.
SPEC_COLUMNS = (
    *("spec_id", "title", "role", "outcome", "formula", "sample", "estimator", "vcov"),
    *("spec_hash",),
    # extra
    *("data", "terms", "controls", "country_coding", "not_recorded", "also", "refit_of"),
    *("family", "weights", "quantile", "declared_in"),
)
ESTIMATE_COLUMNS = (
    *("estimate_id", "spec_id", "outcome", "term", "contrast", "scale"),
    *("estimate", "std_error", "statistic", "p_value", "p_adjusted", "family"),
    *("conf_low", "conf_high", "df", "vcov", "cluster_var", "n_clusters", "inference"),
    *("n_obs", "n_returnees", "n_identifying", "sample_id", "status", "warnings"),
    # extra
    *("role", "group", "variable", "level"),
    *("vcov_label", "effective_clusters", "n_carrying", "p_holm", "p_bh", "p_romano_wolf"),
)
MODEL_COLUMNS = (
    *("spec_id", "outcome", "n_obs", "n_returnees", "n_clusters", "df_resid", "r2"),
    *("r2_within", "sample_id", "data_hash", "status", "warnings"),
    # extra
    *("role", "estimator", "vcov", "cluster_var", "n_columns", "dropped"),
)
ROW_COLUMNS = ("spec_id", "outcome", "country", "step", "reason", "rows", "returnees")
RANK_COLUMNS = (
    *("estimate_id", "spec_id", "outcome", "country", "rank", "rank_low", "rank_high"),
    *("n_countries", "estimate", "vcov", "cluster_var", "n_clusters", "inference"),
    *("status", "warnings"),
)
IMPORTANCE_COLUMNS = (
    *("estimate_id", "spec_id", "outcome", "group", "estimate", "conf_low", "conf_high"),
    *("r2", "r2_points", "share_largest", "columns", "draws", "inference"),
    *("n_obs", "n_returnees", "sample_id", "status", "warnings"),
)
REFIT_COLUMNS = (
    *("outcome", "assistance", "refit", "estimate_id", "spec_id", "estimate", "std_error"),
    *("conf_low", "conf_high", "p_value", "n_obs", "n_returnees", "n_identifying", "status"),
    *("warnings", "base_estimate_id"),
)
EFFECT_COLUMNS = (
    *("estimate_id", "spec_id", "estimand", "method", "comparator", "outcome", "country"),
    *("estimate", "std_error", "conf_low", "conf_high", "p_value", "df", "vcov"),
    *("n_clusters", "inference", "effect_size", "effect_size_sd", "n_mentored", "n_other"),
    *("status", "warnings"),
    # extra
    *("weighting", "contrast", "formula", "statistic", "cluster_var", "sample_id"),
)
CHANGE_COLUMNS = (
    *("estimate_id", "spec_id", "group", "outcome", "country", "estimate", "std_error"),
    *("conf_low", "conf_high", "p_value", "df", "vcov", "n_clusters", "inference"),
    *("n_returnees", "status", "warnings", "cluster_var", "margin", "p_equivalence"),
)
MEAN_COLUMNS = (
    *("estimate_id", "spec_id", "group", "survey", "outcome", "country", "estimate"),
    *("std_error", "conf_low", "conf_high", "df", "vcov", "n_clusters", "inference", "sd"),
    *("n_returnees", "status", "warnings", "cluster_var"),
)
SLOPE_COLUMNS = (
    *("estimate_id", "spec_id", "country", "outcome", "method", "slope_per_year"),
    *("std_error", "conf_low", "conf_high", "p_value", "df", "vcov", "n_clusters"),
    *("n_obs", "n_returnees", "n_identifying", "status", "warnings"),
    # extra: kind is slope, average (the unweighted mean of the slopes) or deviation from it
    *("kind", "contrast", "cluster_var", "inference", "statistic"),
)
LINE_COLUMNS = (
    *("country", "outcome", "method", "months_since_return", "fitted", "conf_low"),
    *("conf_high", "band", "n_returnees"),
)
DESCRIPTIVE_COLUMNS = (
    *("estimate_id", "topic", "variable", "answer", "country", "statistic", "estimate"),
    *("std_error", "conf_low", "conf_high", "n_obs", "n_returnees", "status"),
    # extra: the rows described, the kind of interval, returnees who gave this answer
    *("basis", "interval", "returnees_with", "warnings"),
)
DISTRIBUTION_COLUMNS = (
    *("country", "outcome", "statistic", "low", "high", "value", "n_obs", "n_returnees"),
    *("status",),
)


class NotEstimable(Exception):
    """A specification cannot be fitted to these rows; the text says why."""


class NotServed(NotEstimable):
    """A covariance does not serve an estimator, or these data; the text says why."""


def estimate_id(*parts: str) -> str:
    """Name an estimate by its parts: specification, term, country, inference method."""
    return ".".join(part for part in parts if part)


class NoVariance(Exception):
    """Coefficients are known, and a covariance has no number for them; the text says why."""


@dataclass(frozen=True)
class Inference:
    """An estimate with its error, by Student's t."""

    estimate: float
    std_error: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    df: float


def t_inference(estimate: float, std_error: float, df: float, confidence: float) -> Inference:
    """Test an estimate against zero and give its interval, by Student's t (normal if df is inf).

    Parameters
    ----------
    estimate, std_error
        The estimate and its standard error. An error of zero (an exact fit) gives an
        interval of no width and no test.
    df
        Degrees of freedom of t.
    confidence
        Level of the interval, between 0 and 1.
    """
    if not std_error > 0:
        return Inference(estimate, std_error, np.nan, np.nan, estimate, estimate, df)
    statistic = estimate / std_error
    normal, upper = np.isinf(df), 0.5 + confidence / 2
    half = float(ndtri(upper) if normal else stdtrit(df, upper)) * std_error
    tail = float(ndtr(-abs(statistic)) if normal else stdtr(df, -abs(statistic)))
    return Inference(
        estimate=estimate,
        std_error=std_error,
        statistic=statistic,
        p_value=2 * tail,
        conf_low=estimate - half,
        conf_high=estimate + half,
        df=df,
    )


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Make a table with exactly these columns; a row that names another one is an error."""
    rows = list(rows)
    if unknown := sorted({key for row in rows for key in row} - set(columns)):
        raise KeyError(f"columns that the table does not have: {', '.join(unknown)}")
    return pd.DataFrame(rows, columns=list(columns))


def join_warnings(warnings: Iterable[str]) -> str:
    """Write warnings into one cell, each once, in order."""
    return "; ".join(dict.fromkeys(text for text in warnings if text))


def sample_id(row_ids: Iterable[object]) -> str:
    """Name a sample by the rows in it, whatever their order: 12 hexadecimal digits."""
    text = "\n".join(sorted(map(str, row_ids)))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def data_hash(*arrays: np.ndarray) -> str:
    """Name the numbers a model was fitted to, to 10 decimals: 12 hexadecimal digits."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str(array.shape).encode())
        digest.update(np.round(np.asarray(array, dtype=float), 10).tobytes())
    return digest.hexdigest()[:12]
