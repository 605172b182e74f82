"""What docs/reference/results.md promises, against the files of a study."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from reintegration.audit.estimate_files import ESTIMATE_FILES
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
    return {
        file: read(folder / "results" / file) for file in files if not file.startswith("audit/")
    }


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
    clustered = fine.vcov.isin(["CR0", "CR1", "CR1S", "CR3"])
    assert set(fine.vcov) == {"HC3", "CR1S", "CR2", "CR3", "wild"}
    assert (fine[clustered].df == fine[clustered].n_clusters - 1).all()
    assert set(fine[clustered].cluster_var) == {"returnee_id", "country"}
    satterthwaite = fine[fine.vcov == "CR2"]
    assert (satterthwaite.df < satterthwaite.n_clusters).all()
    assert fine[fine.vcov.str.startswith("HC")].cluster_var.isna().all()
    label = fine.vcov + (" by " + fine.cluster_var).fillna("")
    assert all(text.startswith(start) for text, start in zip(fine.vcov_label, label, strict=True))
    countries = fine[fine.term.str.startswith("country.")]
    assert not (countries.cluster_var == "country").any()
    by_model = countries.groupby(["spec_id", "vcov"]).estimate
    assert (by_model.sum().abs() < 1e-9).all()  # deviations from the unweighted average


def test_the_row_account_of_every_specification_adds_up(finished):
    results = finished[0].folder / "results"
    accounts = [read(results / room / "rows.csv") for room in ("models", "orion", "trends")]
    rows = pd.concat(accounts)
    for _, account in rows.groupby(["spec_id", "country"]):
        by_step = account.groupby("step").rows.sum()
        assert by_step["read"] == by_step["used"] + by_step.get("excluded", 0)
    listed = read(results / "models/specs.csv").spec_id
    # Trendlines are listed of the countries that are studied, and drawn of those with surveys.
    assert all(name.startswith("trend.") for name in set(rows.spec_id) ^ set(listed))
    models = read(finished[0].folder / "results/models/models.csv").set_index("spec_id")
    used = rows[(rows.step == "used") & (rows.country == "all")].set_index("spec_id").rows
    fitted = models[models.status == "ok"]
    assert (used[fitted.index] == fitted.n_obs).all()


def test_every_number_has_a_passport_that_holds_it(finished):
    folder = finished[0].folder
    content = json.loads((folder / "results/audit/passports.json").read_text(encoding="utf-8"))
    run = json.loads((folder / "results/audit/run.json").read_text(encoding="utf-8"))
    assert content["run"] == run
    passports, tables = content["estimates"], tables_of_estimates(folder)
    assert set(tables) - set(ESTIMATE_FILES) <= {"audit/crosscheck.csv"}  # whose rows are of others
    passed = {file: table for file, table in tables.items() if file in ESTIMATE_FILES}
    assert set(passports) == {name for table in passed.values() for name in table.estimate_id}
    for file, table in passed.items():
        value = ESTIMATE_FILES[file].value
        for row in table.to_dict("records"):
            passport = passports[row["estimate_id"]]
            assert passport["file"] == file
            if passport["status"] == "suppressed":
                assert passport["estimate"] is None
            elif row[value] == row[value]:
                assert passport["estimate"] == pytest.approx(row[value], rel=1e-9, abs=1e-12)
    specifications = content["specifications"]
    fitted = [one for one in passports.values() if one["file"] == "models/estimates.csv"]
    assert {one["spec_id"] for one in fitted} <= set(specifications)
    assert all(one["declared_in"] and one["written"] for one in specifications.values())
    for one in passports.values():
        assert all(part in passports for part in one["made_of"])


def test_no_count_of_few_returnees_stands_in_a_passport(finished):
    text = (finished[0].folder / "results/audit/passports.json").read_text(encoding="utf-8")
    counted = re.findall(r'"(?:returnees\w*|n_returnees|n_identifying)":(\d+)', text)
    assert len(counted) > 1000
    assert [number for number in counted if 0 < int(number) < 5] == []


def test_explain_answers(finished):
    name = "levels.composite.country.GIN.cr1s-returnee_id"
    ran = finished[0]._run("-m", "reintegration", "explain", name)
    assert ran.returncode == 0, ran.stderr
    assert "UNDER EVERY COVARIANCE" in ran.stdout
    assert re.search(r"table +claims, .*levels", ran.stdout)
