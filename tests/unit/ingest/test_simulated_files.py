"""Files as offices send them: the surveys that were planted come out, and nothing else."""

import re

import pandas as pd
import pytest

from reintegration.config import Assistance, Cleaning, Scoring
from reintegration.ingest.columns import wanted_columns
from reintegration.ingest.contract import parts_of
from reintegration.ingest.intake import take_in, write_result
from reintegration.ingest.pool import pool
from reintegration.ingest.pseudonym import DEMO_KEY
from reintegration.ingest.readers import read_raw
from reintegration.ingest.source import load_sources
from reintegration.simulation.population import draw
from reintegration.simulation.run import SURVEY, run_simulate, stream
from reintegration.simulation.world import load_world
from reintegration.tables_io import write_csv

from .conftest import ITEMS, ROOT, RULES, SCORING, STUDY, VARIABLES

WORLD = ROOT / "worlds/small.yaml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    run_simulate(WORLD, folder, ITEMS, VARIABLES)
    return folder


@pytest.fixture(scope="module")
def sources(folder):
    return load_sources(folder / "raw", folder / "sources")


@pytest.fixture(scope="module")
def results(folder, sources, codebook):
    cleaning = Cleaning.model_validate(RULES)
    types = list(codebook.assistance)
    assistance = Assistance(types=types, undated="not_recorded", not_recorded="own_category")
    return [
        take_in(source, folder / "raw", codebook, cleaning, assistance, DEMO_KEY, "stop")
        for source in sources
    ]


@pytest.fixture(scope="module")
def pooled(results, codebook):
    study = STUDY.model_copy(update={"countries": list(load_world(WORLD).countries)})
    return pool(results, codebook, study, Scoring.model_validate(SCORING.model_dump()))


def test_exactly_the_planted_surveys_come_out(pooled, codebook):
    world = load_world(WORLD)
    planted = draw(world, stream(world, SURVEY), codebook=codebook).surveys
    order = ["country", "survey_date", "return_date", *codebook.items]
    found = pd.concat(parts_of(pooled.surveys)).sort_values(order, ignore_index=True)
    planted = planted.sort_values(order, ignore_index=True)
    # Pseudonyms and sources differ by nature; every answer, date and round is the planted one.
    compared = [
        name
        for name in found.columns
        if name not in ("survey_id", "returnee_id", "location_id", "source")
    ]
    pd.testing.assert_frame_equal(found[compared], planted[compared], check_dtype=False)
    same_returnee = pd.crosstab(found["returnee_id"], planted["returnee_id"]) > 0
    assert (same_returnee.sum(axis=0) == 1).all() and (same_returnee.sum(axis=1) == 1).all()


def test_the_flow_adds_up_over_all_files(pooled, results):
    rows = sum(result.account["rows_read"] for result in results)
    assert pooled.flow["surveys"].iloc[0] == rows
    assert rows == len(pooled.surveys) + pooled.flow["surveys_removed"].sum()
    parts = ["surveys", "rows_rejected", "rows_removed", "rows_not_studied"]
    assert pooled.sources[parts].sum(axis=1).tolist() == pooled.sources["rows_read"].tolist()


def test_no_planted_identifier_comes_out(folder, sources, results, pooled, codebook, tmp_path):
    for number, result in enumerate(results):
        write_result(result, tmp_path / str(number))
    for name in ("surveys", "cleaning_log", "rejected", "flow", "sources"):
        write_csv(getattr(pooled, name), tmp_path / f"{name}.csv")
    texts = [path.read_bytes() for path in tmp_path.rglob("*.*") if path.suffix != ".parquet"]
    texts += [result.surveys.to_csv().encode() for result in results]
    everything = b"\n".join(texts).decode()
    identifiers = ["case_number", "person_name", "phone", "location", "submission_id"]
    planted: set[str] = set()
    for source in sources:
        named = {column for name in identifiers for column in source.columns.get(name, [name])}
        raw = read_raw(source, folder / "raw" / source.file, wanted_columns(source, codebook))
        for number, name in enumerate(raw.names):
            if name in named or re.split("[/.]", name)[-1] in named:
                planted |= set(raw.cells[number].dropna().str.strip())
    assert len(planted) > 1000
    searched = sorted(text for text in planted if len(text) > 3)[::5]  # each would leak alike
    assert [text for text in searched if text in everything] == []
