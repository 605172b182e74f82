import re

import pytest
from made_up_results import config

from reintegration.config import Cleaning
from reintegration.report import tables
from reintegration.report.numbers import Numbers
from reintegration.report.outputs import TABLES, table_files
from reintegration.report.select import described, main_specification
from reintegration.report.tables import make_table
from reintegration.report.tables.model import Maker
from reintegration.report.tables.render import fragment, latex, to_frame, to_html, to_latex
from reintegration.tables_io import read_csv


def make(name, frames, settings, hidden=()):
    numbers = Numbers(frames, settings.language, hidden, settings.minimum_cell)
    return make_table(name, frames, numbers, settings)


def test_every_table_is_made_in_every_format_and_marked(made_up, tmp_path):
    tables.run_tables(made_up, tmp_path, config())
    for name in table_files(tmp_path):
        assert (tmp_path / name).stat().st_size > 0
    for name in TABLES:
        assert set(read_csv(tmp_path / f"{name}.csv")["data"]) == {"simulated"}
        assert r"\textbf{SIMULATED DATA.}" in (tmp_path / f"{name}.tex").read_text("utf-8")
        assert "SIMULATED DATA" in (tmp_path / f"{name}.html").read_text("utf-8")


def test_a_bare_study_has_every_table_without_nan_or_blank(bare, tmp_path):
    tables.run_tables(bare, tmp_path, config())
    for name in TABLES:
        frame = read_csv(tmp_path / f"{name}.csv")
        assert frame.empty or frame["shown"].notna().all(), name
        assert not frame["shown"].astype(str).str.contains("nan").any(), name
        html = (tmp_path / f"{name}.html").read_text("utf-8")
        assert not re.search(r">\s*nan\s*<", html), name
    empty = (tmp_path / "orion.html").read_text()
    assert "Nothing could be estimated: no mentored returnee" in empty
    assert "<table" not in empty


@pytest.mark.parametrize("name", ["migration", "assistance"])
def test_a_table_of_what_was_not_recorded_is_one_sentence(frames, settings, name):
    described = frames["descriptives"]
    blank = described.assign(estimate=float("nan"), status="not_estimable", warnings="no answer")
    page = to_html(make(name, frames | {"descriptives": blank}, settings), settings)
    assert "recorded in these data" in page
    assert "<table" not in page
    assert "<table" in to_html(make(name, frames, settings), settings)


def test_real_data_are_not_marked(frames, real_settings):
    table = make("levels", frames, real_settings)
    assert "SIMULATED" not in to_html(table, real_settings) + to_latex(table, real_settings)
    assert set(to_frame(table, real_settings)["data"]) == {"survey"}


def test_a_regression_table_states_errors_coding_and_size(frames, settings):
    table = make("levels", frames, settings)
    notes = " ".join(table.notes)
    assert "CR1S, clustered by returnee" in notes
    assert "deviation from the unweighted average country" in notes
    assert [line.key for line in table.lines if line.kind == "foot"] == [
        "n_obs",
        "n_returnees",
        "n_clusters",
        "r2",
    ]
    training = next(line for line in table.lines if line.key == "training")
    row = frames["estimates"].set_index("estimate_id").loc[training.cells[0].estimate_id]
    assert training.cells[0].text == settings.language.number(row["estimate"], 3, signed=True)
    assert training.cells[0].below == "(0.010)"


def test_an_error_is_labelled_by_the_estimates_not_by_hand(frames, settings):
    estimates = frames["estimates"].assign(vcov="CR0", cluster_var="location_id")
    table = make("levels", {**frames, "estimates": estimates}, settings)
    assert "CR0, clustered by location" in " ".join(table.notes)


def test_a_reference_country_is_named(frames, settings):
    specs = frames["specs"].assign(country_coding="SEN")
    table = make("levels", {**frames, "specs": specs}, settings)
    assert "Countries: difference from Senegal." in " ".join(table.notes)


def test_small_errors_get_the_digits_that_tell(frames, settings):
    estimates = frames["estimates"].copy()
    age = estimates["term"] == "age"
    estimates.loc[age, ["estimate", "std_error"]] = (0.00123, 0.00046)
    table = make("levels", {**frames, "estimates": estimates}, settings)
    cell = next(line for line in table.lines if line.key == "age").cells[0]
    assert (cell.text, cell.below) == ("+0.00123", "(0.00046)")


def test_stars_only_on_request_and_with_their_legend(frames, settings):
    plain = make("levels", frames, settings)
    assert not any("*" in cell.text for cell in plain.cells)
    starred = type(settings).from_config(config(inference={"stars": True}))
    table = make("levels", frames, starred)
    assert any("*" in cell.text for cell in table.cells)
    assert any("two-sided" in note for note in table.notes)


def test_a_hidden_number_leaves_no_trace(frames, settings):
    descriptives = frames["descriptives"].copy()
    cell = descriptives["estimate_id"] == "share_returnees.stranded.yes.GIN"
    descriptives.loc[cell, ["estimate", "returnees_with"]] = (0.0123, 2)
    changed = {**frames, "descriptives": descriptives}
    record = described(descriptives, settings.minimum_cell, settings.codebook.shares).record
    assert "share_returnees.stranded.yes.GIN" in set(record["estimate_id"])
    assert len(record) >= 2  # a second country covers it, since all countries are shown
    table = make("migration", changed, settings, record["estimate_id"])
    frame = to_frame(table, settings).set_index("estimate_id")
    row = frame.loc["share_returnees.stranded.yes.GIN"]
    assert row["shown"] == "(s)"
    assert row["status"] == "suppressed"
    assert row[["value", "conf_low", "conf_high", "n_returnees"]].isna().all()
    for text in (to_html(table, settings), to_latex(table, settings)):
        assert not re.search(r"\b1\.2%", text)
    assert any(note.startswith("(s) suppressed") for note in table.notes)


def test_few_mentored_are_not_counted_aloud(frames, settings):
    effects = frames["effects"].assign(n_mentored=3)
    table = make("orion", {**frames, "effects": effects}, settings)
    shown = {cell.text for line in table.lines for cell in line.cells[:5]}
    assert shown == {"(s)"}


def test_latex_is_escaped(frames, settings):
    assert latex("50% of R&D_1 {x} #2 ~ ^ \\ − R²") == (
        r"50\% of R\&D\_1 \{x\} \#2 \textasciitilde{} \textasciicircum{} \textbackslash{} $-$"
        r" R\textsuperscript{2}"
    )
    for name in TABLES:
        text = to_latex(make(name, frames, settings), settings)
        assert not re.search(r"(?<!\\)[%&#_](?!\s)", text.replace(" & ", " ").split("\n", 1)[1])
        assert text.count(r"\begin{") == text.count(r"\end{")


def test_html_cells_carry_their_estimate(frames, settings):
    html = to_html(make("levels", frames, settings), settings)
    found = re.findall(r'<td data-estimate-id="([^"]+)" title="([^"]+)"', html)
    assert len(found) > 20
    assert all(name in title and "results/models/" in title for name, title in found)


def test_the_page_takes_the_table_and_nothing_else(frames, settings):
    part = fragment(to_html(make("claims", frames, settings), settings))
    assert part.startswith("<figure")
    assert part.endswith("</figure>")


def test_claims_say_planted_only_on_simulated_data(frames, settings, real_settings):
    keys = [column.key for column in make("claims", frames, settings).columns]
    real = [column.key for column in make("claims", frames, real_settings).columns]
    assert "recovered" in keys
    assert "recovered" not in real
    recovered = to_frame(make("claims", frames, settings), settings)
    shown = recovered[recovered["column"] == "recovered"].set_index("row")["shown"]
    assert shown["stranded"] == "planted, recovered"


@pytest.mark.parametrize(("data", "family"), [("surveys", "levels"), ("changes", "changes")])
def test_the_main_specification_is_found_by_what_it_is(frames, settings, data, family):
    specs = frames["specs"].assign(
        data=["changes" if name.startswith("changes") else "surveys"
              for name in frames["specs"]["spec_id"]]
    )  # fmt: skip
    renamed = specs.assign(spec_id=[f"my_{name}" for name in specs["spec_id"]])
    found = main_specification(renamed, data, settings.codebook)
    assert found["spec_id"].str.startswith(f"my_{family}.").all()
    assert len(found) == 4


def test_an_unknown_id_in_a_table_is_said_not_hidden(numbers, settings):
    maker = Maker(numbers, settings)
    cell = maker.cell("mean.composite.XXX", "points")
    assert cell.text == "(n.e.)"
    assert "the results hold no such number" in " ".join(maker.notes())


def test_the_table_of_cleaning_tells_every_rule_with_its_action(frames, settings):
    table = make("cleaning", frames, settings)
    rules = [line.key for line in table.lines]
    assert rules[: len(Cleaning.rules())] == Cleaning.rules()
    assert rules[len(Cleaning.rules()) :] == ["no_case_number"]  # those that hold always
    texts = {line.key: [line.label, *(cell.text for cell in line.cells)] for line in table.lines}
    assert texts["unknown_answer"][1:] == ["the cell is blanked", "0", "1,234", "0"]
    assert texts["impossible_date"][1:] == ["the survey is left out", "0", "0", "40"]
    assert texts["no_case_number"][1] == "always"
    assert texts["short_interview"][0] == "Interview of less than 10 minutes"


def test_few_surveys_touched_by_a_rule_are_not_told(frames, settings):
    table = make("cleaning", frames, settings)
    (line,) = [line for line in table.lines if line.key == "skip_violation"]
    assert [cell.text for cell in line.cells[1:]] == ["0", "(s)", "0"]
    assert "1,234" in to_html(table, settings)
    frame = to_frame(table, settings).set_index("estimate_id")
    assert frame.loc["cleaning.skip_violation.changed", "status"] == "suppressed"
    assert frame.loc["cleaning.skip_violation.changed", "value"] != 4
    assert any("fewer than" in note for note in table.notes)


def test_every_rule_and_action_has_words(settings):
    said = settings.language
    for rule in Cleaning.rules():
        assert said.has(f"tables.cleaning.rules.{rule}")
        for action in Cleaning.model_fields[rule].annotation.__args__:
            assert said.has(f"tables.cleaning.actions.{action}")
