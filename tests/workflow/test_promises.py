"""What docs/reference/results.md promises, against the files of a study."""

import re
from pathlib import Path

import pandas as pd
import pytest

from reintegration.codebook import load_codebook
from reintegration.tables_io import read_csv

DOCUMENT = Path("docs/reference/results.md").read_text(encoding="utf-8")
PROMISES = dict(re.findall(r"^\| (\S+\.(?:csv|parquet)) \| .+? \| (.+?) \|$", DOCUMENT, re.M))


def read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path) if path.suffix == ".parquet" else read_csv(path)


@pytest.mark.parametrize("file", PROMISES)
def test_columns_come_first_and_in_order(finished, file):
    promised = PROMISES[file].split(", ")
    found = list(read(finished[0].folder / "results" / file).columns)
    assert found[: len(promised)] == promised


def test_items_and_assistance_follow(finished):
    codebook = load_codebook("data/instruments/rss.yaml", "data/instruments/variables.yaml")
    surveys = read(finished[0].folder / "results/clean/surveys.parquet")
    after = [*codebook.item_names, *codebook.assistance_columns, "orion"]
    assert list(surveys.columns)[-len(after) :] == after
    scores = read(finished[0].folder / "results/scores/scores.parquet")
    assert list(scores.columns)[-30:] == [f"item_{name}" for name in codebook.item_names]


def tables_of_estimates(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table whose rows are estimates."""
    files = [file for file, columns in PROMISES.items() if columns.startswith("estimate_id")]
    return {file: read(folder / "results" / file) for file in files if file != "audit/uses.csv"}


def test_an_estimate_id_names_one_number_of_the_study(finished):
    tables = tables_of_estimates(finished[0].folder)
    ids = pd.concat([table.estimate_id for table in tables.values()])
    assert ids.notna().all()
    assert ids[ids.duplicated()].tolist() == []


def test_every_number_is_there_or_its_absence_has_a_reason(finished):
    for file, table in tables_of_estimates(finished[0].folder).items():
        value = next(name for name in ("rank", "slope_per_year", "estimate") if name in table)
        fine = table.status == "ok"
        assert table.loc[fine, value].notna().all(), file
        assert table.loc[~fine, value].isna().all(), file
        if not fine.all():
            assert table.loc[~fine, "warnings"].notna().all(), file


def test_every_used_number_exists(finished):
    tables = tables_of_estimates(finished[0].folder)
    known = set(pd.concat([table.estimate_id for table in tables.values()]))
    models = read(finished[0].folder / "results/models/models.csv")
    known |= set("model." + models.spec_id)
    used = read(finished[0].folder / "results/audit/uses.csv")
    assert len(used) > 100
    assert sorted(set(used.estimate_id) - known) == []


def test_labels_say_what_was_computed(finished):
    estimates = read(finished[0].folder / "results/models/estimates.csv")
    fine = estimates[estimates.status == "ok"]
    clustered = fine.vcov.str.startswith("CR")
    assert (fine[clustered].cluster_var == "returnee_id").all()
    assert (fine[clustered].df == fine[clustered].n_clusters - 1).all()
    assert fine[~clustered].cluster_var.isna().all()
    countries = fine[fine.term.str.startswith("country.")]
    assert not (countries.cluster_var == "country").any()
    by_model = countries.groupby("spec_id").estimate
    assert (by_model.sum().abs() < 1e-9).all()  # deviations from the unweighted average


def test_the_row_account_of_every_specification_adds_up(finished):
    rows = read(finished[0].folder / "results/models/rows.csv")
    for _, account in rows.groupby(["spec_id", "country"]):
        by_step = account.groupby("step").rows.sum()
        assert by_step["read"] == by_step["used"] + by_step.get("excluded", 0)
    models = read(finished[0].folder / "results/models/models.csv").set_index("spec_id")
    used = rows[(rows.step == "used") & (rows.country == "all")].set_index("spec_id").rows
    fitted = models[models.status == "ok"]
    assert (used[fitted.index] == fitted.n_obs).all()
