import re
from dataclasses import replace
from io import BytesIO

import pandas as pd
import pytest
from docx import Document
from made_up_results import config, make_results
from python_calamine import CalamineWorkbook

from reintegration.config import Cleaning
from reintegration.report import method, tables
from reintegration.report.numbers import Numbers, read_results
from reintegration.report.outputs import RESULTS, table_files, table_names
from reintegration.report.select import described, main_specification
from reintegration.report.settings import Settings
from reintegration.report.tables import make_table
from reintegration.report.tables.excel import to_excel
from reintegration.report.tables.model import Maker
from reintegration.report.tables.render import (
    _body,
    _head,
    fragment,
    latex,
    to_frame,
    to_html,
    to_latex,
)
from reintegration.report.tables.word import to_word
from reintegration.tables_io import read_csv, write_csv

FOOT = [
    *("n_obs", "n_returnees", "n_clusters", "r2", "fixed_effects", "coding", "estimator", "vcov"),
    *("controls", "weights", "sample", "family", "adjustment", "ledger"),
]

DECLARED = config()["specifications"]
TABLES = table_names(DECLARED)
SETTINGS = Settings.from_config(config())


def make(name, frames, settings, hidden=()):
    numbers = Numbers(frames, settings.language, hidden, settings.minimum_cell)
    return make_table(name, frames, numbers, settings)


def test_every_table_is_made_in_every_format_and_marked(made_up, tmp_path):
    tables.run_tables(made_up, tmp_path, config())
    for name in table_files(tmp_path, DECLARED):
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
    assert "CR1S clustered by returnee" in notes
    assert "deviation from the unweighted average country" in notes
    foot = {
        line.key: [cell.text for cell in line.cells] for line in table.lines if line.kind == "foot"
    }
    assert list(foot) == FOOT
    assert set(foot["vcov"]) == {"CR1S clustered by returnee"}
    assert set(foot["coding"]) == {"deviation"}
    assert set(foot["fixed_effects"]) == {"no"}
    training = next(line for line in table.lines if line.key == "training")
    row = frames["estimates"].set_index("estimate_id").loc[training.cells[0].estimate_id]
    assert training.cells[0].text == settings.language.number(row["estimate"], 3, signed=True)
    assert training.cells[0].below == "(0.010)"


def test_an_error_is_labelled_by_the_estimates_not_by_hand(frames, settings):
    estimates = frames["estimates"].assign(vcov="CR0", cluster_var="location_id")
    table = make("levels", {**frames, "estimates": estimates}, settings)
    assert "CR0 clustered by location" in " ".join(table.notes)


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
    shown = {cell.text for line in table.lines for cell in line.cells[:5] if cell.source}
    assert shown == {"(s)"}


def test_mentored_and_others_are_counted_for_the_main_score(frames, settings):
    effects = frames["effects"].assign(n_mentored=216, n_other=1509)
    table = make("orion", {**frames, "effects": effects}, settings)
    assert not any("other numbers" in note for note in table.notes)
    fewer = effects["outcome"] == "economic"
    effects = effects.assign(n_other=effects["n_other"] - 2 * fewer)
    table = make("orion", {**frames, "effects": effects}, settings)
    shown = {line.cells[-1].text for line in table.lines if line.cells}
    assert shown - {"(n.e.)"} == {"1,509"}
    (said,) = [note for note in table.notes if "other numbers" in note]
    assert "counted for the Composite score" in said
    assert "for Economic (" in said


def test_a_column_of_changes_has_one_precision(frames, settings):
    made = frames["columns"].copy()
    part = made.index[made["part"] == "other_rows"]
    made.loc[part, "std_error"] = 0.004
    made.loc[part[0], "std_error"] = 0.000091
    table = make("columns", {**frames, "columns": made}, settings)
    digits = {}
    group = ""
    for line in table.lines:
        group = line.key if line.kind == "group" else group
        for column, cell in zip(table.columns, line.cells, strict=False):
            if cell.value is not None:
                places = {len(part.strip("()").partition(".")[2]) for part in cell.parts}
                digits.setdefault((group, column.key), set()).update(places)
    assert all(len(found) == 1 for found in digits.values())
    assert {6} in digits.values()


def test_latex_is_escaped(frames, settings):
    assert latex("50% of R&D_1 {x} #2 ~ ^ \\ − R²") == (
        r"50\% of R\&D\_1 \{x\} \#2 \textasciitilde{} \textasciicircum{} \textbackslash{} $-$"
        r" R\textsuperscript{2}"
    )
    for name in TABLES:
        text = to_latex(make(name, frames, settings), settings)
        text = text.replace(rf"\label{{tab:{name}}}", "")
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


def test_changes_between_columns_stand_between_the_two_coefficients(frames, settings):
    specs = frames["specs"].assign(
        terms="country assistance_training", controls="age months_since_return"
    )
    whole = {**frames, "specs": specs}
    table = make("columns", whole, settings)
    shown = ["from", "other_rows", "assistance", "time", "person", "to"]
    assert [column.key for column in table.columns] == shown
    lines = {line.key: line for line in table.lines}
    assert lines["country"].label.endswith("from country_only to levels")
    cells = dict(zip(shown, lines["country.country.GIN"].cells, strict=True))
    assert cells["to"].estimate_id == "levels.composite.country.GIN.cr1s-returnee_id"
    assert cells["from"].value is None  # that regression is not in these results
    assert cells["person"].estimate_id.endswith("country.GIN.person.cr1s-returnee_id")
    assert cells["person"].below.startswith("(")
    assert lines["assistance.training"].cells[2].text == "–"  # no part of its own change
    few = frames["columns"].assign(n_identifying=3)
    hidden = make("columns", {**whole, "columns": few}, settings)
    shown = [cell.value for line in hidden.lines for cell in line.cells[1:-1]]
    assert shown and set(shown) == {None}


def test_countries_that_the_study_found_have_their_changes(frames, settings):
    specs = frames["specs"].assign(terms="country assistance_training", controls="age")
    everywhere = settings.study.model_copy(update={"countries": "all"})
    table = make("columns", {**frames, "specs": specs}, replace(settings, study=everywhere))
    held = frames["estimates"]
    held = held[(held["spec_id"] == "levels.composite") & (held["group"] == "country")]["term"]
    assert len(held) and {f"country.{term}" for term in held} <= {line.key for line in table.lines}


def test_without_columns_to_compare_the_table_says_so(frames, settings):
    alone = tuple({**one, "columns": {}} for one in settings.specifications)
    table = make("columns", frames, replace(settings, specifications=alone))
    assert [line.label for line in table.lines] == ["No columns are declared for comparison"]


def test_the_ledger_lists_what_is_not_as_planned_with_what_differs(frames, settings):
    table = make("ledger", frames, settings)
    lines = {line.key: [cell.text for cell in line.cells] for line in table.lines}
    assert list(lines) == [
        *("amended", "levels.composite", "added_later", "late.composite"),
        *("withdrawn", "gone.composite"),
    ]
    assert lines["levels.composite"] == ["2026-03-01", "no", "controls: without age"]
    planned = frames["ledger"].assign(ledger="as_planned")
    said = make("ledger", {**frames, "ledger": planned}, settings).lines[0].label
    assert said == "Every specification is as it was frozen first"
    none = make("ledger", {**frames, "ledger": planned.assign(ledger="not_frozen")}, settings)
    assert none.lines[0].label == "Nothing was frozen"


def test_specifications_of_which_the_ledger_says_the_same_share_a_row(frames, settings):
    rows = frames["ledger"]
    late = rows[rows["ledger"] == "added_later"]
    more = pd.concat([late.assign(spec_id=f"late.{i}") for i in range(5)])
    table = make("ledger", {**frames, "ledger": pd.concat([rows, more])}, settings)
    lines = {line.key: line for line in table.lines}
    assert lines["late.composite"].label == "late.composite, late.0, late.1 and 3 more"
    assert not {f"late.{i}" for i in range(5)} & set(lines)


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
    assert "no_case_number" in rules[len(Cleaning.rules()) :]  # those that hold always
    assert len(set(rules)) == len(rules)
    texts = {line.key: [line.label, *(cell.text for cell in line.cells)] for line in table.lines}
    assert texts["unknown_answer"][1:] == ["the cell is blanked", "0", "1,234", "0"]
    assert texts["impossible_date"][1:] == ["the survey is left out", "0", "0", "40"]
    assert texts["no_case_number"][1:] == ["always", "0", "0", "10"]
    assert texts["broken_row"][1:] == ["always", "0", "0", "0"]  # the results do not name it
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


def test_what_is_hidden_is_listed_once_for_each_table(made_up, tmp_path):
    inputs = dict(made_up)
    inputs["effects"] = tmp_path / "effects.csv"
    effects = read_csv(made_up["effects"]).assign(n_mentored=3)
    write_csv(effects, inputs["effects"])
    tables.run_tables(inputs, tmp_path, config())
    hidden = read_csv(tmp_path / "suppressed.csv")
    assert set(effects["estimate_id"]) <= set(hidden["estimate_id"])
    assert {"orion", "inference"} <= set(hidden["exhibit"])


# ---------------------------------------------------------------- layout and data


def without_a_country(frames):
    def fewer(frame):
        for column in ("country", "level"):
            if column in frame:
                frame = frame[frame[column] != "CIV"]
        return frame

    return {name: fewer(frame) for name, frame in frames.items()}


def blank(frame, rows):
    """Rows of results as they are when nothing could be computed."""
    numbers = [
        *("estimate", "slope_per_year", "std_error", "p_value", "p_adjusted", "r2", "n_clusters"),
        *("conf_low", "conf_high"),
    ]
    held = [name for name in numbers if name in frame]
    changed = frame.assign(warnings=frame["warnings"].astype("object"))
    changed[held] = changed[held].astype(float)
    changed.loc[rows, held] = float("nan")
    changed.loc[rows, "status"] = "failed"
    changed.loc[rows, "warnings"] = "the rows do not suffice"
    return changed


def with_a_failed_specification(frames):
    return frames | {
        name: blank(frames[name], frames[name]["spec_id"] == "levels.social")
        for name in ("estimates", "models")
    }


def with_nothing_estimated(frames):
    return frames | {
        name: blank(frame, frame.index)
        for name, frame in frames.items()
        if name in ("descriptives", "estimates", "models", "effects", "slopes")
    }


def without_follow_ups(frames, tmp_path):
    made = make_results(tmp_path, follow_ups=False)
    return read_results(made, RESULTS) | {"specs": frames["specs"]}


CHANGES_OF_DATA = {
    "a country has no survey": without_a_country,
    "a specification failed": with_a_failed_specification,
    "nothing could be estimated": with_nothing_estimated,
    "nobody was surveyed twice": without_follow_ups,
}


def layout(table, settings):
    """Rows and columns of a table as each kind of file has them."""
    frame = to_frame(table, settings)
    tex = to_latex(table, settings)
    head = tex[tex.index(r"\begin{longtable}") : tex.index(r"\endfirsthead")]
    body = tex[tex.index(r"\endlastfoot") :]
    labels = [row.split(" & ")[0] for row in body.splitlines() if not row.startswith(" & ")]
    html = _figure_of(table, settings)
    document = Document(BytesIO(to_word(table, settings)))
    sheet = CalamineWorkbook.from_filelike(BytesIO(to_excel(table, settings)))
    words = [row.cells[0].text for row in document.tables[0].rows]
    first = [row[0] for row in sheet.get_sheet_by_index(0).to_python() if row[0] != ""]
    return {
        "csv": list(frame[["row", "row_label", "column", "column_label"]].itertuples(index=False)),
        "tex": (head, labels),
        "html": re.findall(r"<th [^>]*>([^<]*)</th>", html),
        "docx": words,
        "xlsx": first[: len(table.lines) + 2],
    }


def _figure_of(table, settings):
    """The grid, also of a table of which nothing was estimated."""
    return str(_head(table)) + str(_body(table))


@pytest.mark.parametrize("change", CHANGES_OF_DATA)
@pytest.mark.parametrize("name", TABLES)
def test_the_layout_is_the_same_whatever_the_data_are(frames, tmp_path, name, change):
    studied = type(SETTINGS.study).model_validate(
        SETTINGS.study.model_dump() | {"countries": ["GIN", "SEN", "MAR", "CIV", "ETH"]}
    )
    settings = replace(SETTINGS, study=studied)
    types = [f"assistance_{kind}" for kind in ("microbusiness", "training", "cash")]
    specs = frames["specs"].assign(
        terms=" ".join(["country", *types]), controls="age sex", not_recorded="own_category"
    )
    whole = frames | {"specs": specs}
    more = (tmp_path,) if change == "nobody was surveyed twice" else ()
    other = CHANGES_OF_DATA[change](whole, *more)
    before = layout(make(name, whole, settings), settings)
    assert len(before["csv"]) > 3
    assert layout(make(name, other, settings), settings) == before


def test_a_blank_is_explained(frames, settings):
    failed = with_a_failed_specification(frames)
    table = make("levels", failed, settings)
    cells = {line.key: line.cells[1] for line in table.lines if line.cells}
    assert cells["training"].text == "(n.e.)"
    assert cells["r2"].text == "(n.e.)"
    assert any("the rows do not suffice" in note for note in table.notes)
    absent = make("sample", without_a_country(frames), settings)
    assert any("no survey of this country" in note for note in absent.notes)


def test_refits_stand_beside_what_was_published(frames, settings):
    base = frames["estimates"][frames["estimates"]["spec_id"] == "levels.composite"]
    training = base[base["term"] == "training"].iloc[0]
    asked = {
        "levels.composite.without_items.training": "training",
        "levels.composite.person_equal": "training",
        "levels.composite.within_between": "within_training",
    }
    rows = [
        training.to_dict() | {"estimate_id": f"{spec}.x", "spec_id": spec, "term": term,
                              "estimate": 0.01 * place}
        for place, (spec, term) in enumerate(asked.items(), start=1)
    ]  # fmt: skip
    rows.append(rows[-1] | {"estimate_id": "b", "term": "between_training", "status": "failed",
                            "estimate": None, "warnings": "nobody was surveyed twice"})  # fmt: skip
    specs = frames["specs"].assign(refit_of="")
    spec = specs[specs["spec_id"] == "levels.composite"].iloc[0].to_dict()
    more = [spec | {"spec_id": name, "refit_of": "levels.composite"} for name in asked]
    known = frames | {
        "estimates": pd.concat([frames["estimates"], pd.DataFrame(rows)], ignore_index=True),
        "specs": pd.concat([specs, pd.DataFrame(more)], ignore_index=True),
    }
    table = make("refits", known, settings)
    assert table.lines[0].key == "levels.composite"
    line = next(line for line in table.lines if line.key == "levels.composite.training")
    shown = dict(zip((column.key for column in table.columns), line.cells, strict=True))
    assert shown["base"].estimate_id == training["estimate_id"]
    assert [shown[name].text for name in ("without_items", "person_equal", "within")] == [
        *("+0.010", "+0.020", "+0.030")
    ]
    assert shown["common_months"].text == "–"  # not asked for
    assert shown["between"].text == "(n.e.)"
    assert any("nobody was surveyed twice" in note for note in table.notes)
    levels = make("levels", known, settings)  # refits are no columns of the main table
    assert [column.key for column in levels.columns] == [
        *("economic", "social", "psychosocial", "composite")
    ]


def test_an_adjusted_p_value_stands_below_the_error_with_its_family(frames, settings):
    estimates = frames["estimates"]
    estimates = estimates.assign(family=estimates["family"].astype("object"))
    tested = (estimates["spec_id"] == "levels.social") & (estimates["group"] == "assistance")
    estimates.loc[tested, "family"] = "effects_of_assistance"
    estimates.loc[tested, "p_adjusted"] = 0.0123
    for column, value in {"p_holm": 0.0123, "p_bh": 0.0101, "p_romano_wolf": 0.0002}.items():
        estimates[column] = pd.Series(value, estimates.index).where(tested)
    specs = frames["specs"].assign(
        family=[
            "effects_of_assistance" if name == "levels.social" else None
            for name in frames["specs"]["spec_id"]
        ]
    )
    known = frames | {"estimates": estimates, "specs": specs}
    table = make("levels", known, settings)
    training = next(line for line in table.lines if line.key == "training")
    assert [cell.adjusted for cell in training.cells] == ["", "[0.012]", "", ""]
    assert any("(Holm) within “effects of assistance”" in note for note in table.notes)
    foot = {line.key: [cell.text for cell in line.cells] for line in table.lines}
    assert foot["adjustment"] == ["–", "Holm", "–", "–"]
    assert "[0.012]" in to_latex(table, settings)
    assert "[0.012]" in to_html(table, settings)
    frame = to_frame(table, settings).set_index(["row", "column"])
    assert frame.loc[("training", "social"), "p_adjusted"] == 0.0123
    tests = make("adjusted", known, settings)
    line = next(line for line in tests.lines if line.key == "levels.social.training")
    assert [cell.text for cell in line.cells[2:]][1:] == ["0.012", "0.010", "<0.001"]
    none = make("adjusted", frames, settings)
    assert [line.label for line in none.lines] == ["No family of tests is declared"]


def test_every_covariance_of_mentoring_is_one_line(frames, settings):
    """The strata of a permutation stand in no column of the effects, but in its line."""
    first, *beside = [one.vcov for one in settings.orion.each_vcov]
    assert any(vcov.within for vcov in beside)
    effects = frames["effects"]
    effects = effects[effects["estimate_id"].str.endswith(f".{first.slug}")]
    more = [
        effects.assign(
            estimate_id=effects["estimate_id"].str.removesuffix(first.slug) + vcov.slug,
            vcov=vcov.type,
            cluster_var=" ".join(vcov.clusters),
        )
        for vcov in beside
    ]
    known = frames | {"effects": pd.concat([effects, *more], ignore_index=True)}
    table = make("inference", known, settings)
    score = settings.codebook.main_score
    start = f"orion.adjusted.same_countries.{score}"
    lines = [line for line in table.lines if line.key.startswith(f"{start}.")]
    assert len(lines) == 1 + len(beside)
    shown = [line.cells[0].estimate_id for line in lines]
    assert shown == [f"{start}.all.{vcov.slug}" for vcov in (first, *beside)]
    assert {line.cells[0].text for line in lines} == {lines[0].cells[0].text}
    # Tables and text show the first one alone.
    orion = make("orion", known, settings)
    names = [cell.estimate_id for line in orion.lines for cell in line.cells if cell.estimate_id]
    assert names and all(name.endswith(first.slug) for name in names)


def test_every_covariance_of_an_effect_is_a_line(frames, settings):
    specs = frames["specs"].assign(
        vcov="CR1S by returnee_id", also="CR2 by country; wild by country"
    )
    estimates = frames["estimates"]
    effect = estimates[estimates["estimate_id"] == "levels.composite.training.cr1s-returnee_id"]
    second = effect.assign(
        estimate_id="levels.composite.training.cr2-country", vcov="CR2", std_error=0.02
    )
    third = effect.assign(
        estimate_id="levels.composite.training.wild-country",
        vcov="wild",
        estimate=None,
        status="not_estimable_under_this_vcov",
        warnings="its variation is carried by 1 country only",
    )
    # Rows of another covariance first: the tables show the one the specification names.
    estimates = pd.concat([second, third, estimates], ignore_index=True)
    known = frames | {"specs": specs, "estimates": estimates}
    table = make("inference", known, settings)
    lines = {line.key: line for line in table.lines}
    start = "levels.composite.training"
    assert [key for key in lines if key.startswith(start)] == [
        *(start, f"{start}.cr1s-returnee_id", f"{start}.cr2-country", f"{start}.wild-country")
    ]
    assert [
        lines[f"{start}.{end}"].cells[1].text for end in ("cr1s-returnee_id", "cr2-country")
    ] == [*("0.010", "0.020")]
    unserved = lines[f"{start}.wild-country"]
    assert unserved.label == "wild cluster bootstrap clustered by country"
    assert unserved.cells[0].text == "(n.e.)"
    assert unserved.cells[-1].text == (
        "this covariance cannot serve it: its variation is carried by 1 country only"
    )
    levels = make("levels", known, settings)
    shown = next(line for line in levels.lines if line.key == "training").cells[3]
    assert shown.estimate_id == f"{start}.cr1s-returnee_id"


def test_the_list_of_regressions_names_every_covariance(frames, settings):
    specs = frames["specs"].assign(vcov="HC1", also="CR2 by country; HC3")
    rows = method.specifications(specs, settings)
    assert rows
    assert {row[-1] for row in rows} == {"HC1; CR2 by country; HC3"}


def disagreeing(effects, p_values):
    """Effects of mentoring on the composite score in Guinea, under further errors."""
    hc3 = effects["estimate_id"] == "orion.adjusted.same_countries.composite.GIN.hc3"
    own = effects.assign(p_value=effects["p_value"].where(~hc3, p_values[0]))
    more = [
        own[hc3].assign(
            estimate_id=f"orion.adjusted.same_countries.composite.GIN.{slug}",
            vcov=vcov, cluster_var="location_id", p_value=p_value,
        )
        for (slug, vcov), p_value in zip(
            [("cr2-location_id", "CR2"), ("wild-location_id", "wild")], p_values[1:], strict=True
        )
    ]  # fmt: skip
    return pd.concat([own, *more], ignore_index=True)


def test_a_table_says_where_the_errors_of_one_effect_disagree(frames, settings):
    known = frames | {"effects": disagreeing(frames["effects"], (0.0001, 0.12, 0.34))}
    table = make("orion", known, settings)
    marked = [cell.estimate_id for cell in table.cells if "†" in cell.text]
    assert marked == ["orion.adjusted.same_countries.composite.GIN.hc3"]
    (note,) = [note for note in table.notes if note.startswith("†")]
    assert "at the 5% level: Guinea, last survey given the first" in note
    assert "p <0.001 (HC3) and 0.340 (wild cluster bootstrap clustered by location)" in note
    assert r"\textdagger{}" in to_latex(table, settings)
    agreed = frames | {"effects": disagreeing(frames["effects"], (0.0001, 0.01, 0.02))}
    table = make("orion", agreed, settings)
    assert not any("†" in text for text in (*table.notes, *(c.text for c in table.cells)))


def test_a_verdict_stands_with_its_error_and_with_what_others_say(frames, settings):
    claims = frames["claims"].assign(error="HC3", otherwise=None)
    claims.loc[0, "otherwise"] = "inconclusive under CR2 by location_id; holds under CR3 by country"
    table = make("claims", frames | {"claims": claims}, settings)
    place = [column.key for column in table.columns].index("verdict")
    lines = table.lines[0].cells[place].text.split("\n")
    assert lines[1:] == [
        "(error: HC3)",
        "inconclusive under CR2 clustered by location",
        "holds under CR3 clustered by country",
    ]


def test_numbers_of_a_claim_are_written_as_in_other_tables_and_named(frames, settings):
    ids = ["levels.social.training.cr1s-returnee_id", "levels.economic.training.cr1s-returnee_id"]
    claims = frames["claims"].assign(estimate_ids=" ".join(ids), computed="0.0123456 [1, 2]; 3")
    table = make("claims", frames | {"claims": claims.iloc[:1]}, settings)
    place = [column.key for column in table.columns].index("computed")
    said = table.lines[0].cells[place].text.split("\n")
    number = r"[+−]?\d\.\d{3}"
    assert re.fullmatch(rf"Social: {number} \({number} to {number}\)", said[0])
    assert said[1].startswith("Economic: ")
    counted = frames["claims"].assign(estimate_ids="n.surveys.all")
    table = make("claims", frames | {"claims": counted.iloc[:1]}, settings)
    assert re.fullmatch(r"[\d,]+", table.lines[0].cells[place].text)
    share = frames["claims"].assign(estimate_ids="share.stranded.yes.all")
    table = make("claims", frames | {"claims": share.iloc[:1]}, settings)
    assert re.fullmatch(r"[\d.]+% \([\d.]+% to [\d.]+%\)", table.lines[0].cells[place].text)
