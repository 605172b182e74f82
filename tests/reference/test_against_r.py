"""Estimates and errors equal R's: stored numbers always, a live run where R is installed.

R 4.2 with sandwich, clubSandwich and plm; `reference.R` made `reference.json` from
`surveys.csv`, which `make_data.py` made.
"""

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from live_r import assert_same, run_r

from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.specs import Specification, Vcov
from reintegration.tables_io import read_csv

HERE = Path(__file__).parent
ESTIMATE = 1e-9  # relative: both solve by QR, and differ in the order of sums
ERROR = 1e-8  # squares of the above, summed over clusters
FLOOR = 1e-12  # some true values are zero
HC, CR = ("HC0", "HC1", "HC2", "HC3"), ("CR0", "CR1", "CR1S")

TERMS = {
    "deviation": "country assistance_training assistance_microbusiness months age stranded",
    "reference": "country assistance_training months sex",
    "aliased": "country assistance_training visited_senegal age months age_months",
    "interaction": "country stranded assistance_training country:stranded"
    " assistance_training:stranded",
    "within": "assistance_training assistance_microbusiness months",
}


@pytest.fixture(scope="module")
def surveys() -> pd.DataFrame:
    frame = read_csv(HERE / "surveys.csv")
    # R's script fits every model to the rows that have a score and an age.
    return frame.dropna(subset=["score", "age"])


@pytest.fixture(scope="module")
def stored() -> dict:
    return json.loads((HERE / "reference.json").read_text())


def fit(surveys: pd.DataFrame, case: str, vcov: str) -> Fit:
    return fit_specification(
        surveys,
        Specification(
            spec_id=case,
            title=case,
            role="published",
            data="surveys",
            outcome="score",
            terms=tuple(parse_term(text) for text in TERMS[case].split()),
            vcov=Vcov(vcov, "returnee_id" if vcov in CR else None),
            coding="SEN" if case == "reference" else "deviation",
            estimator="within" if case == "within" else "ols",
        ),
    )


def compare(fitted: Fit, expected: dict) -> None:
    rows = pd.DataFrame(fitted.estimates)
    rows = rows[rows["status"] == "ok"].set_index("term")
    assert sorted(rows.index) == sorted(expected["term"])
    rows = rows.loc[expected["term"]]
    for name, tolerance in (
        ("estimate", ESTIMATE),
        ("std_error", ERROR),
        ("conf_low", ERROR),
        ("conf_high", ERROR),
        ("p_value", 1e-7),  # far out in the tail the error of t counts many times over
    ):
        np.testing.assert_allclose(
            rows[name], expected[name], rtol=tolerance, atol=FLOOR, err_msg=name
        )
    assert set(rows["df"]) == {expected["df"]}


@pytest.mark.parametrize("vcov", [*HC, *CR])
@pytest.mark.parametrize("case", ["deviation", "reference", "aliased", "interaction"])
def test_ols_equals_lm_with_sandwich(surveys, stored, case, vcov):
    fitted = fit(surveys, case, vcov)
    compare(fitted, stored[case]["vcov"][vcov])
    assert fitted.model["n_obs"] == stored[case]["n_obs"]
    np.testing.assert_allclose(fitted.model["r2"], stored[case]["r2"], rtol=ESTIMATE)


@pytest.mark.parametrize("vcov", CR)
def test_within_equals_plm_with_the_stated_degrees_of_freedom(surveys, stored, vcov):
    fitted = fit(surveys, "within", vcov)
    compare(fitted, stored["within"]["vcov"][vcov])
    assert fitted.model["n_obs"] == stored["within"]["n_obs"]
    np.testing.assert_allclose(
        fitted.model["r2_within"], stored["within"]["r2_within"], rtol=ESTIMATE
    )


def test_within_differs_from_plm_only_by_one_degree_of_freedom(surveys, stored):
    fitted = fit(surveys, "within", "CR1S")
    ours = np.array([row["std_error"] for row in fitted.estimates])
    n, k = fitted.model["n_obs"], fitted.model["n_columns"]
    np.testing.assert_allclose(
        ours * np.sqrt((n - k - 1) / (n - k)),
        stored["within"]["plm_sss"]["std_error"],
        rtol=ERROR,
    )


def test_aliased_columns_are_dropped_as_lm_drops_them(surveys, stored):
    fitted = fit(surveys, "aliased", "HC1")
    assert fitted.model["dropped"].split() == stored["aliased"]["dropped"]
    for term in stored["aliased"]["dropped"]:
        row = fitted.estimate(term)
        assert row["status"] == "not_estimable"
        assert "combination of" in row["warnings"]
        assert np.isnan(row["estimate"])
    assert "age_months" in fitted.estimate("months")["warnings"]
    assert "visited_senegal" not in fitted.estimate("months")["warnings"]


def test_stored_data_are_those_of_the_script(tmp_path):
    made = runpy.run_path(str(HERE / "make_data.py"))
    made["surveys"]().to_csv(tmp_path / "surveys.csv", index=False, lineterminator="\n")
    assert (tmp_path / "surveys.csv").read_bytes() == (HERE / "surveys.csv").read_bytes()


def test_live_r_gives_the_stored_numbers(tmp_path, stored):
    out = tmp_path / "reference.json"
    packages = ["sandwich", "clubSandwich", "plm", "jsonlite"]
    run_r(HERE / "reference.R", [HERE / "surveys.csv", out], packages)
    assert_same(out, stored, rel=1e-8, abs=FLOOR)
