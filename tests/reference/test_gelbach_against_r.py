"""Changes between columns equal R's, part by part: stored numbers always, a live run with R."""

import json
from pathlib import Path

import pandas as pd
import pytest
from live_r import assert_same, run_r

from reintegration.estimation.grammar import parse_term
from reintegration.estimation.specs import Specification, Vcov
from reintegration.studies.columns import changes_between_columns
from reintegration.studies.nested import Pair
from reintegration.tables_io import read_csv

HERE = Path(__file__).parent
SHORT = "country assistance_training"
LONG = f"{SHORT} assistance_microbusiness months_since_return age stranded sex"


@pytest.fixture(scope="module")
def surveys() -> pd.DataFrame:
    return read_csv(HERE / "surveys.csv").rename(columns={"months": "months_since_return"})


def spec(terms: str, vcov: Vcov) -> Specification:
    parsed = tuple(parse_term(text) for text in terms.split())
    return Specification("one", terms, "robustness", "surveys", "score", parsed, vcov)


@pytest.mark.parametrize("kind", ["CR0", "CR1S"])
def test_each_part_and_its_error_equal_r(surveys, kind):
    stored = json.loads((HERE / "gelbach_reference.json").read_text())
    vcov = Vcov(kind, "returnee_id")
    pair = Pair("c", "short-long", spec(SHORT, vcov), spec(LONG, vcov))
    found = changes_between_columns({"surveys": surveys}, [pair])
    assert set(found["term"]) == set(stored)
    assert (found["status"] == "ok").all()
    for row in found.to_dict("records"):
        wanted = stored[row["term"]][row["group"] or row["part"]]
        # Solved by QR there and here; errors are square roots of sums over 150 clusters.
        assert row["estimate"] == pytest.approx(wanted["estimate"], rel=1e-8, abs=1e-13)
        assert row["std_error"] == pytest.approx(wanted[kind], rel=1e-8)
    assert len(found) == len(stored) * 6


def test_stored_numbers_are_those_of_r(tmp_path):
    out = tmp_path / "gelbach.json"
    run_r(HERE / "gelbach_reference.R", [HERE / "surveys.csv", out], ["jsonlite"])
    stored = json.loads((HERE / "gelbach_reference.json").read_text())
    assert_same(out, stored, rel=1e-9, abs=1e-13)
