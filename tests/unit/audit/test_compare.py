"""Two sets of results: matched by id, measured in errors of the earlier one, in order."""

import zipfile

import numpy as np
import pandas as pd
import pytest
from made_up_results import make_results

from reintegration.audit.compare import (
    ESTIMATE_COLUMNS,
    FILES,
    Results,
    compare_estimates,
    compare_results,
)
from reintegration.errors import StudyError


def estimates(*rows: tuple[str, float | None, float | None, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["estimate_id", "number", "std_error", "reason"])
    frame = frame.astype({"number": float, "std_error": float})
    return frame.assign(table="estimates", outcome="composite", term="training", country="")


BEFORE = estimates(
    ("near", 0.10, 0.05, ""),
    ("far", 0.10, 0.02, ""),
    ("rank", 3, None, ""),
    ("exact", 0.5, 0.0, ""),
    ("noise", 0.3, 0.01, ""),
    ("gone", 0.2, 0.05, ""),
    ("failed", 0.2, 0.05, ""),
    ("never", None, None, "no returnee has two surveys"),
)
AFTER = estimates(
    ("noise", 0.3 + 1e-13, 0.01, ""),
    ("near", 0.12, 0.06, ""),
    ("far", 0.04, 0.03, ""),
    ("rank", 5, None, ""),
    ("exact", 0.7, 0.0, ""),
    ("failed", None, None, "one country only"),
    ("never", None, None, "no returnee has two surveys"),
    ("new", 0.4, 0.1, ""),
)


@pytest.fixture(scope="module")
def compared() -> pd.DataFrame:
    return compare_estimates(BEFORE, AFTER)


def test_the_largest_movement_in_errors_of_the_earlier_estimate_comes_first(compared):
    assert list(compared.columns) == ESTIMATE_COLUMNS
    assert list(compared["estimate_id"]) == [
        *("far", "near", "rank", "exact"),  # moved; without an error last
        *("failed", "gone", "new", "noise", "never"),
    ]
    rows = compared.set_index("estimate_id")
    assert rows.loc["far", "difference_in_std_errors"] == pytest.approx(-3)
    assert rows.loc["near", "difference_in_std_errors"] == pytest.approx(0.4)


def test_without_an_earlier_error_no_difference_in_errors_is_given(compared):
    rows = compared.set_index("estimate_id")
    assert rows.loc["rank", "difference"] == 2
    assert rows.loc[["rank", "exact", "new", "gone"], "difference_in_std_errors"].isna().all()


def test_what_came_went_or_stayed_says_so_with_its_reason(compared):
    rows = compared.set_index("estimate_id")
    assert rows["status"].to_dict() == {
        **dict.fromkeys(("far", "near", "rank", "exact"), "moved"),
        **{"failed": "vanished", "gone": "vanished", "new": "appeared"},
        **{"never": "same", "noise": "same"},
    }
    assert rows.loc["noise", "difference"] == 0
    assert rows.loc["failed", "reason"] == "one country only"
    assert rows.loc["gone", "reason"] == "not estimated in the later study"
    assert rows.loc["new", "reason"] == "not estimated in the earlier study"
    assert np.isnan(rows.loc["never", "difference"])


def test_results_are_equal_to_themselves_and_to_their_copy_in_an_archive(tmp_path):
    make_results(tmp_path / "results")
    with zipfile.ZipFile(tmp_path / "kept.zip", "w") as archive:
        for file in FILES:
            archive.write(tmp_path / "results" / file, file)
    found = compare_results(Results(tmp_path / "results"), Results(tmp_path / "kept.zip"))
    assert set(found.estimates["status"]) == {"same"}
    assert len(found.estimates) > 500
    assert (found.claims["verdict_before"] == found.claims["verdict_after"]).all()
    assert found.scores["mean_before"].equals(found.scores["mean_after"])


def test_other_countries_and_surveys_stand_side_by_side(tmp_path):
    make_results(tmp_path / "a", countries=["GIN", "SEN"], seed=1)
    make_results(tmp_path / "b", countries=["GIN", "SEN", "MAR"], seed=2)
    found = compare_results(Results(tmp_path / "a"), Results(tmp_path / "b"))
    countries = found.countries.set_index("country")
    assert np.isnan(countries.loc["MAR", "surveys_before"])
    assert countries.loc["MAR", "surveys_after"] > 0
    assert countries.loc["all", "surveys_after"] != countries.loc["all", "surveys_before"]
    new = found.estimates[found.estimates["country"] == "MAR"]
    assert set(new["status"]) == {"appeared"}


def test_a_folder_that_holds_no_results_is_named(tmp_path):
    with pytest.raises(StudyError, match="is not the results of a finished study"):
        compare_results(Results(tmp_path), Results(tmp_path))


def test_the_columns_are_those_that_the_reference_lists(root):
    text = " ".join((root / "docs/reference/results.md").read_text(encoding="utf-8").split())
    assert f"Its columns: {', '.join(ESTIMATE_COLUMNS)}." in text
