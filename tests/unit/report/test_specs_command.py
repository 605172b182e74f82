"""`reintegration specs`: what will be fitted, before it is."""

import copy
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from reintegration.cli import app
from reintegration.report.specs import SHOWN, in_full, lines, list_specifications, select


@pytest.fixture
def config(root, tmp_path) -> Path:
    """The study's configuration in a folder of its own, with entries of every kind."""
    raw = copy.deepcopy(yaml.safe_load((root / "config.yaml").read_text(encoding="utf-8")))
    for name in ("data", "worlds"):
        (tmp_path / name).symlink_to(root / name)
    raw["specifications"] = [
        entry | {"vcov": [{"type": "HC3"}, {"type": "CR2", "cluster": "country"}]}
        for entry in raw["specifications"][:2]
    ] + [
        {
            "id": "median",
            "title": "The median",
            "role": "robustness",
            "data": "surveys",
            "outcomes": ["composite"],
            "terms": ["log(age)", "sex"],
            "coding": {"sex": {"reference": "woman"}},
            "categories": {"mode": ["phone", "in_person"]},
            "filter": "is_last == 1",
            "estimator": "quantile",
            "quantile": 0.25,
            "contrasts": {"none": {"log(age)": 2, "sex.man": -1}},
            "vcov": {"type": "HC0"},
        }
    ]
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
    return path


def run(config: Path, *options: str, width: int = 140) -> str:
    command = ["specs", "--config", str(config), *options]
    done = CliRunner().invoke(app, command, env={"COLUMNS": str(width)})
    assert done.exit_code == 0, done.output
    return done.output


def refused(config: Path, *options: str) -> str:
    done = CliRunner().invoke(app, ["specs", "--config", str(config), *options])
    assert done.exit_code == 1
    return done.output


def test_every_regression_of_the_study_is_a_line(config):
    said = run(config, width=900).splitlines()
    listed = list_specifications(config)
    assert said[0].split() == list(SHOWN)
    assert [line.split()[0] for line in said[1 : said.index("")]] == list(listed.rows["spec_id"])
    levels = next(line for line in said if line.startswith("levels.composite"))
    assert "composite ~ country[deviation] + assistance (11) + months_since_return" in levels
    assert levels.endswith(listed.rows.loc["levels.composite", "spec_hash"])


@pytest.mark.parametrize("width", [60, 80, 100, 140, 300])
def test_lines_fit_the_terminal_and_give_way_where_they_may(config, width):
    rows = list_specifications(config).rows
    kept = ("spec_id", "role", "estimator", "spec_hash")
    narrow = [max(len(name), *map(len, rows[name])) for name in kept]
    least = sum(narrow) + 24 + 16 + 12 + 12  # what gives way keeps so much, and six gaps
    for line in lines(rows, SHOWN, width, len(rows)):
        assert len(line) <= max(width, least)
    whole = "\n".join(lines(rows, SHOWN, 2000, len(rows)))
    assert "HC3; CR2 by country" in whole
    assert "months_since_return + is_first + sex + age" in whole


def test_counts_stand_at_the_end(config):
    said = run(config, "--where", "spec_id in (levels.economic, median.composite)", width=200)
    assert said.splitlines()[-1].startswith("2 of ")
    assert "3 with each covariance" in said
    assert "1 published, 1 robustness" in said


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("role == robustness and estimator == quantile", {"median"}),
        ("data == changes and role == published", {"changes"}),
        ("not (estimator == ols) and data == surveys", {"median"}),
        ('vcov == "HC3" and data == surveys', {"levels"}),
        ("outcome == nothing", set()),
    ],
)
def test_filters_speak_the_grammar_of_filters(config, where, kept):
    rows = list_specifications(config).rows
    rows = rows[rows["spec_id"].str.split(".").str[0].isin(["levels", "changes", "median"])]
    assert set(select(rows, where)["spec_id"].str.split(".").str[0]) == kept


def test_one_specification_is_shown_in_full(config):
    said = run(config, "median", width=100)
    for part in (
        "median.composite: The median",
        "as written (config.yaml: specifications.median)",
        "  quantile: 0.25",
        "composite ~ log(age) + sex[woman]",
        "surveys where is_last == 1",
        "mode: phone, in_person",
        "none = +2 log(age) -1 sex.man",
        "HC0 (median.composite.TERM.hc0)",
    ):
        assert part in said, part
    assert "assistance without a record" not in said


def test_an_entry_of_several_outcomes_is_a_table_of_them(config):
    said = run(config, "changes")
    assert said.count("changes.change_") == 4
    assert "levels" not in said


def test_columns_can_be_chosen(config):
    said = run(config, "levels", "--columns", "spec_id, also,family").splitlines()
    assert said[0].split() == ["spec_id", "also", "family"]
    assert said[1].split() == ["levels.economic", "CR2", "by", "country", "assistance"]


def test_the_file_has_the_columns_of_specs_csv(config, tmp_path):
    from reintegration.estimation.results import SPEC_COLUMNS

    run(config, "--where", "role == robustness", "--csv", str(tmp_path / "specs.csv"))
    table = pd.read_csv(tmp_path / "specs.csv")
    assert table.columns.tolist()[: len(SPEC_COLUMNS)] == list(SPEC_COLUMNS)
    row = table.set_index("spec_id").loc["median.composite"]
    assert (row["quantile"], row["ledger"]) == (0.25, "not_frozen")


def test_what_is_not_there_is_said_with_near_names(config):
    assert "did you mean levels.composite" in refused(config, "levels.compsite")
    assert "ids begin with changes, country_only, levels, median" in refused(
        config, "zzzz"
    ).replace("\n", " ")
    assert "did you mean role" in refused(config, "--where", "rol == published")
    assert "cannot be read" in refused(config, "--where", "role = published")
    assert "did you mean formula" in refused(config, "--columns", "formla")
    assert "cannot be written" in refused(config, "--csv", f"{config}/specs.csv")


def test_a_wrong_specification_is_said_before_any_is_listed(config):
    text = config.read_text(encoding="utf-8").replace("- log(age)", "- log(agee)")
    config.write_text(text, encoding="utf-8")
    assert "no column 'agee' of surveys; did you mean age" in refused(config)


def test_looking_imports_no_estimator():
    code = (
        "import sys, reintegration.report.specs;"
        "print(*{'scipy', 'statsmodels', 'linearmodels', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_what_is_shown_in_full_is_what_is_fitted(config):
    listed = list_specifications(config)
    for spec in listed.specifications:
        text = " ".join(" ".join(in_full(spec, listed, 100)).split())
        assert spec.formula in text
        assert spec.spec_hash in text
        for vcov in spec.vcovs:
            assert vcov.label in text
