"""Raw files: messy as real ones, and yet nothing planted is lost."""

import filecmp
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reintegration.config import load_config
from reintegration.ingest.intake import ingest_source
from reintegration.ingest.pool import Pool, pool
from reintegration.ingest.pseudonym import DEMO_KEY
from reintegration.ingest.source import load_sources
from reintegration.simulation import rows as raw
from reintegration.simulation.population import draw
from reintegration.simulation.process import PROCESS
from reintegration.simulation.run import FILES, SURVEY, run_simulate, stream
from reintegration.simulation.world import EXTENSIONS, World, load_world

LATER = dict.fromkeys(
    (
        *("test_submissions", "resubmitted", "skipped_blank", "short_interviews"),
        *("wrong_clocks", "wrong_birth_years"),
    ),
    0,
)
NO_DIRT = LATER | dict.fromkeys(
    (
        *("exact_duplicates", "rekeyed", "impossible_dates", "mostly_blank", "skip_violations"),
        *("without_case_number", "unknown_answers", "out_of_range", "trailing_spaces"),
    ),
    0,
)


def clean(folder: Path, world: World, root: Path, codebook) -> Pool:
    config = load_config(root / "config.yaml")
    results = [
        ingest_source(
            source, folder / "raw", codebook, config.cleaning, config.assistance, DEMO_KEY
        )
        for source in load_sources(folder / "raw", folder / "sources")
    ]
    study = config.study.model_copy(update={"countries": list(world.countries)})
    return pool(results, codebook, study, config.scoring)


def same_surveys(found: pd.DataFrame, planted: pd.DataFrame) -> None:
    """Compare all columns but pseudonyms, surveys put in an order that both know."""
    names = {"survey_id", "returnee_id", "location_id", "source"}
    columns = [name for name in planted.columns if name not in names]
    order = ["country", "survey_date", "return_date", "round", "age", *planted.filter(like="q")]
    coded = found.select_dtypes("category").columns
    found = found.astype(dict.fromkeys(coded, "str"))
    one, two = (frame.sort_values(order, ignore_index=True)[columns] for frame in (found, planted))
    pd.testing.assert_frame_equal(one, two, check_dtype=True)


def simulate(root: Path, folder: Path, text: str) -> World:
    path = folder / "world.yaml"
    path.write_text(f"extends: {root / 'worlds' / 'demo.yaml'}\nname: tried\n{text}\n")
    instruments = root / "data" / "instruments"
    run_simulate(path, folder, instruments / "rss.yaml", instruments / "variables.yaml")
    return load_world(path)


@dataclass(frozen=True)
class Made:
    """A world simulated once for several tests, with what ingest made of it."""

    folder: Path
    world: World
    found: Pool
    planted: pd.DataFrame


def make(root: Path, folder: Path, codebook, text: str) -> Made:
    world = simulate(root, folder, text)
    planted = draw(world, stream(world, SURVEY), codebook=codebook).surveys
    return Made(folder, world, clean(folder, world, root, codebook), planted)


@pytest.fixture(scope="module")
def small(root, codebook, tmp_path_factory) -> Made:
    return make(root, tmp_path_factory.mktemp("small"), codebook, "size: 0.2")


FORMS = [(form, language) for form in sorted(EXTENSIONS) for language in ("en", "fr", "es")]
MORE = ["BEN", "BOL", "BWA", "COL", "DOM", "ECU", "GTM", "HND", "MEX", "PER", "SLV"]


@pytest.fixture(scope="module")
def every_form(root, codebook, demo, tmp_path_factory):
    """A world with one country for every form and language; where to look for each."""
    codes = [*demo.countries, *MORE][: len(FORMS)]
    lines = [
        f"  {code}: {{returnees: 30, follow_ups: 12, second_follow_ups: 3, form: {form},"
        f" language: {language}, renamed: [q12, age]}}"
        for code, (form, language) in zip(codes, FORMS, strict=True)
    ]
    text = f"only: {codes}\nmentoring: null\ncountries:\n" + "\n".join(lines)
    text += "\nelsewhere: {countries: [TGO], surveys: 5, outside_window: 5}"
    made = make(root, tmp_path_factory.mktemp("forms"), codebook, text)
    return made, dict(zip(FORMS, codes, strict=True))


def test_ingest_finds_every_planted_survey_and_no_other(small):
    assert len(small.found.surveys) == small.world.surveys == len(small.planted)
    same_surveys(small.found.surveys, small.planted)


def test_each_kind_of_damage_is_found_as_often_as_it_was_planted(small):
    flow = small.found.flow.set_index("step")["surveys_removed"]
    dirt, elsewhere = small.world.dirt, small.world.elsewhere
    assert flow["no_case_number"] == dirt.without_case_number
    assert flow["no_survey_date"] + flow["survey_before_return"] == dirt.impossible_dates
    assert flow["duplicate_survey"] == dirt.exact_duplicates
    assert flow["rekeyed_survey"] == dirt.rekeyed
    assert flow["too_few_answers"] == dirt.mostly_blank
    assert flow["test_submission"] == dirt.test_submissions > 0
    assert flow["duplicate_submission"] == dirt.resubmitted > 0
    assert flow["country_not_studied"] == elsewhere.surveys
    assert flow["outside_window"] == elsewhere.outside_window
    assert flow["survey_in_two_sources"] > 0


def test_what_is_flagged_and_filled_is_what_was_planted(small):
    dirt, log = small.world.dirt, small.found.cleaning_log
    flagged = log[log["change_type"] == "no_action"].groupby("rule").size()
    assert flagged["short_interview"] == dirt.short_interviews > 0
    assert flagged["contradictory_date"] == dirt.wrong_clocks > 0
    assert flagged["contradictory_age"] == dirt.wrong_birth_years > 0
    assert "duplicate_content" not in flagged
    broken_off = small.found.rejected[small.found.rejected["question"] == "composite"]
    filled = log[log["rule"] == "skipped_answer"].merge(
        broken_off[["source", "row"]].astype({"row": log["row"].dtype}), how="left", indicator=True
    )
    filled = filled[filled["_merge"] == "left_only"]
    assert len(filled) == dirt.skipped_blank > 0
    assert set(filled["change_type"]) == {"change_response"}
    assert set(filled["new_value"]) == {"no_children"}


def test_what_was_added_later_leaves_the_other_rows_as_they_were(small, codebook):
    """Interviews are held, answered and sent alike, whatever is planted in how they were held."""
    world = small.world
    bare = world.model_copy(update={"dirt": world.dirt.model_copy(update=LATER)})
    population = draw(world, stream(world, SURVEY), codebook=codebook)
    made = [raw.raw_rows(w, population, stream(w, FILES), codebook) for w in (world, bare)]
    names = [name for name in made[1] if name not in (*PROCESS, "q14", "copy")]
    old = made[0][~made[0]["fate"].isin(["test_submission", "resubmitted"])]
    old = old[names].reset_index(drop=True)
    pd.testing.assert_frame_equal(old, made[1][names], check_dtype=False)


@pytest.mark.parametrize(("form", "language"), FORMS)
def test_every_form_in_both_languages_is_read_back(every_form, form, language):
    made, codes = every_form
    country = codes[form, language]
    assert made.world.countries[country].form == form
    found, planted = (
        frame[frame["country"] == country] for frame in (made.found.surveys, made.planted)
    )
    assert (found["source"] == country.lower()).any()
    same_surveys(found, planted)


def test_two_runs_write_the_same_bytes(root, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        simulate(root, folder, "size: 0.03\nonly: [GIN, SEN, MAR, NGA, ETH, SOM]")
    names = [p.relative_to(folders[0]) for p in folders[0].rglob("*") if p.is_file()]
    assert len(names) == 15 + 1  # seven raw, seven mappings, what was drawn, and the world
    same, different, missing = filecmp.cmpfiles(*folders, names, shallow=False)
    assert not different and not missing and len(same) == len(names)


def test_the_mess_is_there(small):
    """Every kind of damage the demo promises can be seen in its files."""
    files = small.folder / "raw"
    central = (files / "central.csv").read_text(encoding="utf-8")
    senegal = (files / "sen.csv").read_bytes().decode("latin-1")
    ghana = (files / "gha.csv").read_text(encoding="utf-8")
    ivory = (files / "civ.csv").read_bytes().decode("latin-1")
    assert "Ne sait pas" in senegal and "Numéro de dossier" in senegal and '";"' in senegal
    assert '"-99"' in senegal and '"99"' in central
    assert re.search(r'"\w{3}-\d\d-\d{5} +"', central), "trailing spaces"
    assert re.search(r'"(0[1-9]|1[0-2])/(1[3-9]|2\d)/20\d\d"', ghana), "month first"
    assert re.search(r'"(1[3-9]|2\d)/(0[1-9]|1[0-2])/20\d\d"', senegal), "day first"
    assert "Côte d’Ivoire" in central and "Guinée" in central
    assert "nouveau formulaire" in ivory.splitlines()[0]
    texts = "".join(path.read_bytes().decode("latin-1") for path in files.glob("*.csv"))
    assert any(f'"{date}"' in texts for date in raw.WRONG_DATES)


def test_stata_and_spss_files_hold_value_labels(small):
    import pyreadstat

    _, stata = pyreadstat.read_dta(str(small.folder / "raw" / "mar.dta"))
    _, spss = pyreadstat.read_sav(str(small.folder / "raw" / "eth.sav"))
    assert stata.variable_value_labels["q22"][97] == "Ne sait pas"
    assert spss.variable_value_labels["q22"][1] == "Very good"
    assert stata.column_names_to_labels["q22"] == "22. Réseau de soutien"


def test_workbooks_have_titles_and_kobo_exports_its_columns(small):
    from python_calamine import CalamineWorkbook

    def cells(name: str) -> list[list]:
        path = small.folder / "raw" / name
        return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()

    assert cells("gin.xlsx")[3][0] == "Numéro de dossier"
    header = cells("nga.xlsx")[0]
    for name in ("_uuid", "_submission_time", "economic/q8", "economic/q8/land", "social/q11"):
        assert name in header
    labels, names = cells("irq.xlsx")[:2]
    assert names[:2] == ["case_number", "person_name"] and names[-2] == "orion_date"
    assert labels[0] == "Case number" and labels[names.index("q8_land")].endswith(": Land")
    dotted = (small.folder / "raw" / "cmr.csv").read_text(encoding="utf-8").splitlines()[0]
    for name in ("start", "end", "X_uuid", "economic.8. Possède des biens productifs.land"):
        assert f'"{name}"' in dotted.split(";")
    with zipfile.ZipFile(small.folder / "raw" / "gin.xlsx") as book:
        assert b"2021-01-15" in book.read("docProps/core.xml")


def test_identifiers_are_in_the_files_and_are_all_invented(small, codebook):
    text = (small.folder / "raw" / "central.csv").read_text(encoding="utf-8")
    assert any(f"{given} {family}" in text for given in raw.GIVEN for family in raw.FAMILY)
    assert re.search(r"\+000 \d{3} \d{3} \d{3}", text)
    labels = [label for i in codebook.items.values() for a in i.answers for label in (a.en, a.fr)]
    for name in (*raw.GIVEN, *raw.FAMILY, *raw.PLACES):
        assert not any(name in label for label in labels)


def test_no_identifier_passes_ingest(small):
    for table in vars(small.found).values():
        text = table.to_csv() if isinstance(table, pd.DataFrame) else str(table)
        for name in (*raw.GIVEN, *raw.FAMILY, *raw.PLACES, "+000"):
            assert name not in text


def test_what_was_drawn_is_recorded(small):
    drawn = json.loads((small.folder / "truth" / "world.json").read_text(encoding="utf-8"))
    assert drawn["all"]["surveys"] == small.world.surveys
    fates = pd.DataFrame(drawn["files"]).groupby("fate")["rows"].sum()
    assert fates["rekeyed"] == small.world.dirt.rekeyed
    assert fates["elsewhere"] == small.world.elsewhere.surveys


def test_a_rekeyed_row_comes_before_its_correction(variant, codebook):
    world = variant(name="keyed", size=0.1, dirt={**NO_DIRT, "rekeyed": 50})
    population = draw(world, stream(world, SURVEY), codebook=codebook)
    table = raw.raw_rows(world, population, stream(world, FILES), codebook)
    early = np.flatnonzero(table["fate"] == "rekeyed")
    assert len(early) == 5
    for place in early:
        before, after = table.iloc[place], table.iloc[place + 1]
        assert after["fate"] == "analysed"
        assert before["case_number"] == after["case_number"]
        assert before["survey_date"] == after["survey_date"]
        items = list(codebook.items)
        assert (before[items].fillna("") != after[items].fillna("")).sum() == 3
