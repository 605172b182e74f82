"""Diagnostics equal R's: lmtest for tests, stats for leverage and DFBETAs, GVIF by determinants.

R 4.2 with lmtest and sandwich; `diagnostics_reference.R` made `diagnostics_reference.json`.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from live_r import assert_same, run_r

from reintegration.estimation import diagnostics
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.influence import combinations
from reintegration.estimation.language import expand
from reintegration.estimation.tables import read_table
from reintegration.estimation.written import Written

HERE = Path(__file__).parent
STORED = json.loads((HERE / "diagnostics_reference.json").read_text())
CASES = {
    "factor": {"terms": ["wt", "hp", "cyl"], "categories": ["cyl"], "vcov": {"type": "HC3"}},
    "numbers": {"terms": ["wt", "hp"], "vcov": {"type": "CR1S", "cluster": "carb"}},
    "weighted": {"terms": ["wt", "hp"], "weights": "qsec"},
    "two_values": {"terms": ["wt", "am"], "categories": ["am"]},
}
CLOSED = 1e-9  # closed forms on both sides; White's products are the least well conditioned


def fitted(case: str) -> Fit:
    table = read_table(HERE / "fit/mtcars.csv")
    written = Written.model_validate({"id": case, "outcome": "mpg", **CASES[case]})
    [wanted] = expand([written], table)
    return fit_specification(table.frame, wanted.specs[0])


@pytest.mark.parametrize("case", CASES)
def test_tests_equal_lmtest(case):
    r, fit = STORED[case], fitted(case)
    koenker = diagnostics.breusch_pagan(fit)
    if "bp" in r:
        assert koenker.statistic == pytest.approx(r["bp"][0], rel=CLOSED)
        assert koenker.df == tuple(r["bp_df"])
        assert koenker.p_value == pytest.approx(r["bp_p"][0], rel=CLOSED)
    else:
        assert "weighted" in koenker.says
    form = diagnostics.reset(fit)
    assert form.statistic == pytest.approx(r["reset"][0], rel=CLOSED)
    assert form.df == tuple(r["reset_df"])
    assert form.p_value == pytest.approx(r["reset_p"][0], rel=CLOSED)
    if "white" in r:
        products = diagnostics.white(fit)
        assert products.statistic == pytest.approx(r["white"][0], rel=CLOSED)
        assert products.df == tuple(r["white_df"])
    if "wald" in r:
        robust = diagnostics.reset(fit, robust=True)
        assert robust.statistic == pytest.approx(r["wald"][0], rel=1e-7)
        assert fit.spec.vcov.label in robust.name


@pytest.mark.parametrize("case", CASES)
def test_inflation_leverage_and_dfbetas_equal_r(case):
    r, fit = STORED[case], fitted(case)
    found = diagnostics.inflation(fit)
    np.testing.assert_allclose(
        [one.gvif for one in found], [value[0] for value in r["gvif"].values()], rtol=CLOSED
    )
    if case == "factor":
        assert [one.df for one in found] == [1, 1, 2]
    np.testing.assert_allclose(diagnostics.hat_values(fit), r["hat"], rtol=CLOSED)
    wt = combinations(fit)["wt"]
    ours = diagnostics.dfbetas(fit, wt[None, :])[:, 0]
    np.testing.assert_allclose(ours, r["dfbetas"], rtol=1e-8, atol=1e-12)


def test_live_r_gives_the_stored_numbers(tmp_path):
    (tmp_path / "fit").symlink_to(HERE / "fit")
    run_r(HERE / "diagnostics_reference.R", [tmp_path], ["lmtest", "sandwich", "jsonlite"])
    assert_same(tmp_path / "diagnostics_reference.json", STORED, rel=1e-10, abs=1e-12)
