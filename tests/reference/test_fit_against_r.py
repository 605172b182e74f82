"""`reintegration fit` equals R on public data sets: stored numbers always, live where R is.

R 4.2 with sandwich, clubSandwich, plm, lme4, MASS and ordinal; `fit_reference.R` made the data
in `fit/` and `fit_reference.json`, and `fit_cases.yaml` holds the specification of each case.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from live_r import assert_same, run_r

from reintegration.estimation.fit_table import fit_table
from reintegration.estimation.language import expand
from reintegration.estimation.tables import read_table
from reintegration.estimation.written import Written

HERE = Path(__file__).parent
STORED = json.loads((HERE / "fit_reference.json").read_text())
CASES = yaml.safe_load((HERE / "fit_cases.yaml").read_text())
ESTIMATE, ERROR = 1e-10, 1e-9  # closed forms, and Newton's method on both sides
# R's optimisers stop on the deviance, which is flat to its square root, and polr's Hessian is
# one of finite differences; here both end in Newton steps on the exact gradient.
ITERATIVE = {"ordered": (2e-8, 1e-4), "clm": (1e-9, 1e-8), "mixed": (2e-7, 1e-6)}
FLOOR = 1e-12
TABLES: dict = {}


def fit(case: str, **changes) -> dict:
    spec = {"id": case, **CASES[case], **changes}
    data = spec.pop("data")
    if data not in TABLES:
        TABLES[data] = read_table(HERE / "fit" / f"{data}.csv")
    [result] = fit_table(expand([Written.model_validate(spec)], TABLES[data]), TABLES[data])
    return result


def by_term(result: dict) -> dict:
    return {row["term"]: row for row in result["estimates"]}


@pytest.mark.parametrize("case", CASES)
def test_estimates_and_errors_equal_r(case):
    expected = STORED[case]
    estimate, error = ITERATIVE.get(case.split("_")[0], (ESTIMATE, ERROR))
    result = fit(case)
    assert result["status"] == "ok", result["reason"]
    rows = by_term(result)
    df = [np.inf if value == -1 else value for value in expected.get("df", [])]
    wanted = {"estimate": estimate, "std_error": error, "conf_low": error, "conf_high": error}
    for name, tolerance in wanted.items():
        if name in expected:
            ours = np.array([rows[term][name] for term in expected["term"]])
            # A bound of an interval may lie near zero: its error is one of its estimate.
            bound = np.abs(expected["estimate"]) if name.startswith("conf") else 0.0
            limit = tolerance * (np.abs(expected[name]) + bound) + FLOOR
            assert (np.abs(ours - expected[name]) <= limit).all(), name
    if df:
        ours = [rows[term]["df"] for term in expected["term"]]
        np.testing.assert_allclose(ours, df, rtol=error)
    for name in ("r2", "r2_adj", "r2_within", "sigma", "loglik", "n_obs"):
        if name in expected:
            assert result["model"][name] == pytest.approx(expected[name][0], rel=error), name
    if "sdcor" in expected or "sigma2" in expected:
        ours = [row["estimate"] for row in result["estimates"] if row["group"] == "variance"]
        r = expected.get("sdcor") or expected["sigma2"]
        np.testing.assert_allclose(ours, r, rtol=1e-5)


def test_rows_are_accounted_for():
    assert fit("missing")["rows"] == {
        "read": 153,
        "filtered": 0,
        "missing": {"Ozone": 37, "Solar.R": 5},
        "weight_zero": 0,
        "used": 111,
    }
    assert fit("filter")["rows"]["filtered"] == 32 - fit("filter")["rows"]["used"]


def test_aliased_columns_are_reported_and_have_no_number():
    result = fit("aliased")
    assert result["dropped"] == [{"column": "sum", "explained_by": ["wt", "hp"]}]
    row = by_term(result)["sum"]
    assert row["status"] == "not_estimable"
    assert row["estimate"] != row["estimate"]
    assert "combination of wt, hp" in row["reason"]


def test_adjusted_p_values_equal_p_adjust():
    expected = STORED["multiplicity"]
    rows = by_term(fit("missing", vcov={"type": "classical"}, family="weather"))
    for name in ("holm", "bh"):
        ours = [rows[term][f"p_{name}"] for term in expected["term"]]
        np.testing.assert_allclose(ours, expected[name], rtol=1e-10)
    assert rows["intercept"]["p_holm"] is None


def test_live_r_gives_the_stored_numbers(tmp_path):
    (tmp_path / "fit").mkdir()
    packages = ["sandwich", "clubSandwich", "plm", "lme4", "MASS", "ordinal", "jsonlite"]
    run_r(HERE / "fit_reference.R", [tmp_path], packages)
    for file in (tmp_path / "fit").iterdir():
        assert file.read_bytes() == (HERE / "fit" / file.name).read_bytes(), file.name
    assert_same(tmp_path / "fit_reference.json", STORED, rel=1e-4, abs=FLOOR)
