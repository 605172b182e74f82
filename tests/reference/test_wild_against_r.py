"""The wild bootstrap equals R's `lm` fitted to every vector of signs (wild_reference.R)."""

import json
from pathlib import Path

import pytest
from live_r import assert_same, run_r

from reintegration.estimation.fit_table import fit_table
from reintegration.estimation.language import expand
from reintegration.estimation.tables import read_table
from reintegration.estimation.written import Written

HERE = Path(__file__).parent
STORED = json.loads((HERE / "wild_reference.json").read_text())
CARS = {"data": "mtcars", "outcome": "mpg", "terms": ["wt", "hp"], "cluster": "carb"}
FEW = {
    **{"data": "grunfeld", "outcome": "inv", "terms": ["value", "capital"], "cluster": "firm"},
    "filter": "year < 1940 and firm <= 6",
}
# R has the effects as columns, and counts them all: the p-value does not hang on it.
CASES = {
    "plain": (CARS, "hp"),
    "weights": ({**CARS, "weights": "qsec"}, "wt"),
    "effects": ({**FEW, "fixed_effects": ["firm"]}, "value"),
    "crossing": ({**FEW, "fixed_effects": ["year"]}, "capital"),
}


@pytest.mark.parametrize("case", CASES)
def test_p_values_equal_r(case):
    spec, term = CASES[case]
    spec = {"id": case, **spec}
    table = read_table(HERE / "fit" / f"{spec.pop('data')}.csv")
    spec["vcov"] = {"type": "wild", "cluster": spec.pop("cluster")}
    [result] = fit_table(expand([Written.model_validate(spec)], table), table)
    row = next(row for row in result["estimates"] if row["term"] == term)
    assert row["p_value"] == pytest.approx(STORED[case]["p_value"], abs=1e-12)
    assert f"all {STORED[case]['vectors']} sign vectors" in row["vcov_label"]
    if case != "effects":
        assert row["statistic"] == pytest.approx(STORED[case]["statistic"], rel=1e-9)


def test_live_r_gives_the_stored_numbers(tmp_path):
    (tmp_path / "fit").mkdir()
    (tmp_path / "fit" / "grunfeld.csv").write_bytes((HERE / "fit/grunfeld.csv").read_bytes())
    run_r(HERE / "wild_reference.R", [tmp_path], ["sandwich", "jsonlite"])
    assert_same(tmp_path / "wild_reference.json", STORED, rel=1e-9, abs=1e-12)
