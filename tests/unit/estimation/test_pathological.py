"""Samples on which nothing should be fitted, under every estimator and covariance."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from reintegration.estimation.fit_table import _plain, fit_table
from reintegration.estimation.language import expand
from reintegration.estimation.tables import read_table
from reintegration.estimation.written import COVARIANCES, Written

N = 40
NUMBERS = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")


def sound() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    g = np.arange(N) % 8
    frame = pd.DataFrame(
        {
            "g": [f"g{i}" for i in g],
            "s": [f"s{i}" for i in g % 2],
            "x": rng.normal(size=N).round(3),
            "d": (g < 3).astype(float),
            "f": np.array(["a", "b", "c"])[np.arange(N) % 3],
            "share": rng.random(N).round(3),
        }
    )
    level = frame["x"] + rng.normal(size=8)[g] + rng.logistic(size=N)
    frame["y"] = level.round(3)
    frame["bin"] = (level > 0).astype(float)
    frame["rank"] = np.digitize(level, [-1, 1]).astype(float)
    return frame


def but(**columns):
    return lambda frame: frame.assign(**columns)


def outcomes(value):
    return but(y=value, bin=value, rank=value, share=value)


SAMPLES = {
    "sound": lambda frame: frame,
    "no rows": lambda frame: frame.iloc[:0],
    "one row": lambda frame: frame.iloc[:1],
    "three rows": lambda frame: frame.iloc[:3],
    "as many rows as columns": lambda frame: frame.iloc[:5],
    "constant outcome": outcomes(1.0),
    "missing outcome": outcomes(np.nan),
    "constant regressor": but(x=2.0),
    "missing regressor": but(x=np.nan),
    "aliased regressors": but(d=lambda f: 2 * f["x"] + 1),
    "one cluster": but(g="g0", s="s0"),
    "two clusters": but(g=lambda f: f["s"]),
    "each row its own cluster": but(g=[f"g{i}" for i in range(N)]),
    "a clusters own indicator": but(d=lambda f: (f["g"] == "g0").astype(float)),
    "separated": but(
        bin=lambda f: (f["x"] > 0).astype(float),
        rank=lambda f: np.digitize(f["x"], [-0.5, 0.5]).astype(float),
    ),
    "exact": but(
        y=lambda f: 1 + f["x"],
        share=lambda f: 1 / (1 + np.exp(-f["x"])),
    ),
    "huge": but(y=lambda f: f["y"] * 1e200, x=lambda f: f["x"] * 1e150),
    "tiny": but(y=lambda f: f["y"] * 1e-200, x=lambda f: f["x"] * 1e-150),
    "one factor level": but(f="a"),
    "an outlier at the end": lambda frame: frame.assign(
        x=np.where(np.arange(N) == N - 1, 1e9, frame["x"])
    ),
}
ESTIMATORS = {
    "ols": {"outcome": "y"},
    "ols, effects": {"outcome": "y", "fixed_effects": ["g"]},
    "ols, two effects": {"outcome": "y", "fixed_effects": ["g", "s"]},
    "ols, weights": {"outcome": "y", "weights": "w"},
    "random_effects": {"outcome": "y", "random": {"groups": "g"}},
    "mixed": {"outcome": "y", "random": {"groups": "g"}},
    "logit": {"outcome": "bin"},
    "fractional_logit": {"outcome": "share"},
    "ordered_logit": {"outcome": "rank"},
    "quantile": {"outcome": "y"},
}


def covariances(estimator: str) -> list[dict]:
    clustered = [
        {"type": kind} | ({} if kind[:2] not in ("CR", "wi", "pe") else {"cluster": "g"})
        for kind in COVARIANCES[estimator]
    ]
    if "CR1S" in COVARIANCES[estimator]:
        clustered.append({"type": "CR1S", "cluster": ["g", "s"]})
    if "wild" in COVARIANCES[estimator]:
        clustered.append({"type": "wild", "cluster": "g", "weights": "webb", "draws": 99})
    return [one | ({"draws": 99} if one["type"] == "permutation" else {}) for one in clustered]


@pytest.mark.parametrize("how", ESTIMATORS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_every_term_has_a_row_and_every_missing_number_its_reason(sample, how, tmp_path):
    estimator = how.split(",")[0]
    frame = SAMPLES[sample](sound())
    frame = frame.assign(w=1.0 + np.arange(len(frame)) % 3)
    frame.to_csv(tmp_path / "t.csv", index=False)
    table = read_table(tmp_path / "t.csv")
    vcovs = covariances(estimator)
    written = Written.model_validate(
        {
            "id": "s",
            "estimator": estimator,
            "terms": ["x", "d", "f"],
            "categories": {"f": ["a", "b", "c"]},
            "vcov": vcovs,
            "contrasts": {"c": {"x": 1, "d": -1}},
            "family": "all",
            **ESTIMATORS[how],
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        [result] = fit_table(expand([written], table), table)
    json.dumps(_plain(result), allow_nan=False)
    ids = [row["estimate_id"] for row in result["estimates"]]
    assert len(set(ids)) == len(ids)
    for vcov in vcovs:
        rows = [
            row
            for row in result["estimates"]
            if row["vcov"] == vcov["type"]
            and row["cluster_var"] == " ".join(np.atleast_1d(vcov.get("cluster", [])))
            and ("webb" in row["estimate_id"]) == ("weights" in vcov)
        ]
        shown = {row["term"] for row in rows}
        assert {"x", "d", "c"} <= shown, vcov
        assert any(term.startswith("f.") for term in shown), vcov
        for row in rows:
            if row["status"] != "ok":
                assert row["reason"], row
                known = estimator == "quantile" and "density" in row["reason"]
                assert np.isfinite(row["estimate"]) == known, row
                assert all(np.isnan(row[name]) for name in NUMBERS[1:]), row
            elif row["group"] != "variance":
                assert np.isfinite(row["estimate"]), row
                assert np.isfinite(row["std_error"]), row
                exact = "exact" in row["warnings"]
                assert exact or np.isfinite(row["p_value"]), row
                assert vcov["type"] == "permutation" or not np.isnan(row["conf_low"]), row
    if result["status"] != "ok":
        assert result["reason"]
