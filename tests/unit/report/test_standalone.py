"""`reintegration fit ... --table`: the tables of the study for anybody's regressions."""

import json
import re

import pandas as pd
import pytest
import yaml
from docx import Document
from typer.testing import CliRunner

from reintegration.cli import app
from reintegration.tables_io import read_csv

SPECS = [
    {"id": "plain", "title": "Pay", "outcome": "pay", "terms": ["x", "part"], "family": "main",
     "vcov": {"type": "CR1S", "cluster": "firm"}},
    {"id": "within", "title": "Pay", "outcome": "pay", "terms": ["x"], "fixed_effects": ["firm"],
     "vcov": {"type": "CR1S", "cluster": "firm"}},
    {"id": "constant", "title": "Pay", "outcome": "pay", "terms": ["same"],
     "vcov": {"type": "HC1"}},
]  # fmt: skip
PAY = [1.0, 2.5, 2.0, 4.5, 3.0, 5.5, 5.0, 4.0, 6.5, 7.0, 6.0, 9.0]


@pytest.fixture
def fit(tmp_path):
    frame = pd.DataFrame(
        {"pay": PAY, "x": range(12), "part": list("aab") * 4, "firm": [1, 2, 3, 4] * 3, "same": 1}
    )
    frame.to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(SPECS), encoding="utf-8")

    def run(table: str):
        files = {"spec": "spec.yaml", "data": "data.csv", "out": "out.json", "table": table}
        options = [text for key, name in files.items() for text in (f"--{key}", tmp_path / name)]
        return CliRunner().invoke(app, ["fit", *map(str, options)]), tmp_path / table

    return run


def test_specifications_stand_across_with_what_they_rest_on(fit):
    ran, path = fit("pay.csv")
    assert ran.exit_code == 0, ran.output
    cells = read_csv(path, dtype=str).set_index(["row", "column"])["shown"].fillna("")
    columns = ["1.plain", "2.within", "3.constant"]
    assert [cells["n_obs", column] for column in columns] == ["12"] * 3
    assert [cells["fixed_effects.firm", column] for column in columns] == ["no", "yes", "no"]
    assert [cells["vcov", column] for column in columns][:2] == ["CR1S clustered by firm"] * 2
    assert re.fullmatch(r"\+0\.\d{3} \(0\.\d{3}\) \[<?0\.\d{3}\]", cells["x", "1.plain"])
    assert re.fullmatch(r"\+0\.\d{3} \(0\.\d{3}\)", cells["x", "2.within"])
    assert cells["part.b", "2.within"] == ""  # no term of this one
    assert cells["same", "3.constant"] == "(n.e.)"
    assert not {"n_returnees", "ledger", "coding"} & {row for row, _ in cells.index}


@pytest.mark.parametrize("ending", ["tex", "html", "docx", "xlsx"])
def test_the_name_says_the_format(fit, ending):
    ran, path = fit(f"pay.{ending}")
    assert ran.exit_code == 0, ran.output
    start = path.read_bytes()[:20]
    assert start.startswith({"tex": b"% Needs", "html": b"<!doctype"}.get(ending, b"PK"))
    if ending == "docx":
        (grid,) = Document(path).tables
        assert [cell.text for cell in grid.rows[1].cells][1:] == ["pay"] * 3


def test_another_ending_is_refused_before_anything_is_fitted(fit):
    ran, path = fit("pay.pdf")
    assert ran.exit_code == 1
    assert "'.pdf' is none of .csv, .tex, .html, .docx, .xlsx" in ran.output
    assert not (path.parent / "out.json").exists()


def test_what_is_in_square_brackets_is_what_the_label_says(fit):
    ran, path = fit("pay.csv")
    assert ran.exit_code == 0, ran.output
    cells = read_csv(path, dtype=str).set_index(["row", "column"])
    shown = cells["shown"].fillna("")
    assert shown["adjustment", "1.plain"] == "Holm"
    assert not re.search("[a-z]", shown["adjustment", "2.within"])  # in no family
    results = json.loads((path.parent / "out.json").read_text())["results"]
    holm = {row["term"]: row["p_holm"] for row in results[0]["estimates"]}
    p_values = sorted(r["p_value"] for r in results[0]["estimates"] if r["term"] in ("x", "part.b"))
    assert holm["x"] == pytest.approx(min(1, 2 * p_values[0]))  # the smaller of two
    for term in ("x", "part.b"):
        adjusted = float(cells["p_adjusted"][term, "1.plain"])
        assert adjusted == pytest.approx(holm[term])


def test_a_table_says_which_of_several_covariances_it_shows(fit, tmp_path):
    several = SPECS[0] | {"vcov": [{"type": "CR1S", "cluster": "firm"}, {"type": "HC1"}]}
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump([several, SPECS[1]]), encoding="utf-8")
    ran, path = fit("pay.html")
    assert ran.exit_code == 0, ran.output
    text = path.read_text(encoding="utf-8")
    assert re.search(r"Column \(1\) shows CR1S by firm.*also holds HC1", text)
    assert "Column (2) shows" not in text


def test_contrasts_follow_the_coefficients_and_each_measure_of_fit_has_its_name(fit, tmp_path):
    first = SPECS[0] | {"contrasts": {"steps": {"x": 1, "part.b": -1}}, "family": None}
    logit = {"id": "odds", "title": "Much", "outcome": "pay", "terms": ["x"],
             "estimator": "logit", "threshold": 5, "vcov": {"type": "HC1"},
             "filter": "x >= 4"}  # fmt: skip
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump([first, logit]), encoding="utf-8")
    ran, path = fit("pay.csv")
    assert ran.exit_code == 0, ran.output
    table = read_csv(path, dtype=str)
    rows = list(dict.fromkeys(table["row"]))
    assert rows.index("steps") > max(rows.index(term) for term in ("intercept", "x", "part.b"))
    shown = table.set_index(["row", "column"])["shown"].fillna("")
    assert re.fullmatch(r"0\.\d{3}", shown["r2_mcfadden", "2.odds"])
    assert (shown["r2", "2.odds"], shown["r2_mcfadden", "1.plain"]) == ("–", "–")


def test_a_table_of_ones_own_file_names_it_and_each_column(fit, tmp_path):
    several = [SPECS[0], SPECS[1] | {"title": "Pay, within firms"}]
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(several), encoding="utf-8")
    ran, path = fit("pay.html")
    assert ran.exit_code == 0, ran.output
    text = path.read_text(encoding="utf-8")
    assert "results/" not in text and "#from-" not in text
    assert "Fitted to data.csv; every number stands in out.json." in text
    assert "Column (2), within: Pay, within firms." in text
    assert re.search(r"<th[^>]*>\(1\) plain</th><th[^>]*>\(2\) within</th>", text)


@pytest.mark.parametrize("ending", ["html", "tex", "docx", "xlsx"])
def test_accents_and_spaces_break_no_table(fit, tmp_path, ending):
    frame = pd.DataFrame({"pay": PAY, "âge": range(12), "région": list("aéà") * 4})
    spec = {"id": "salaire", "title": "Salaire & âge « brut »", "outcome": "pay",
            "terms": ["âge", "région"], "contrasts": {"écart": {"âge": 2}}}  # fmt: skip
    (tmp_path / "data.csv").write_text(frame.to_csv(index=False), encoding="utf-8")
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec, allow_unicode=True), "utf-8")
    ran, path = fit(f"tableau été [1].{ending}")
    assert ran.exit_code == 0, ran.output
    if ending == "html":
        text = path.read_text(encoding="utf-8")
        assert 'id="table-tableau_été_1_"' in text and "écart" in text and "région: é" in text
