"""Worlds: what they state, what variants change, and what is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from reintegration.errors import StudyError
from reintegration.simulation.world import EXTENSIONS, World, load_world


def test_demo_has_the_published_counts(demo):
    assert demo.surveys == 5139
    assert len(demo.countries) == 17
    assert len(demo.elsewhere.countries) + len(demo.countries) == 52
    assert sum(pilot.mentored for pilot in demo.mentoring.countries.values()) == 216
    assert set(demo.mentoring.countries) == {"GIN", "MAR", "SEN"}
    assert demo.persons.stranded == 0.27
    assert demo.persons.men == 0.86


def test_demo_studies_the_countries_of_the_configuration(demo, root):
    from reintegration.config import load_config

    assert set(demo.countries) == set(load_config(root / "config.yaml").study.countries)


def test_every_section_of_the_demo_says_what_its_values_rest_on(demo):
    sections = set(World.model_fields) - {"name", "seed", "provenance"}
    assert set(demo.provenance) == sections


def test_demo_files_come_in_every_form_and_both_languages(demo):
    offices = demo.countries.values()
    assert {office.form for office in offices} == set(EXTENSIONS)
    assert {office.language for office in offices} == {"en", "fr"}
    assert any(office.renamed for office in offices)


def test_sources_are_the_central_export_and_one_file_per_country(demo):
    sources = demo.sources()
    assert sources[0] == ("central", "central.csv")
    assert dict(sources[1:])["eth"] == "eth.sav"
    assert len(sources) == len({source.filename for source in sources}) == 18


def test_sources_are_known_without_the_libraries_that_simulate():
    code = (
        "import sys; from reintegration.simulation.world import load_world;"
        "load_world('worlds/demo.yaml').sources();"
        "sys.exit(any(m in sys.modules for m in ('pandas', 'numpy', 'scipy')))"
    )
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_every_world_of_the_checkout_loads_and_variants_are_short(root):
    paths = sorted((root / "worlds").glob("*.yaml"))
    names = [load_world(path).name for path in paths]
    assert names == [path.stem for path in paths]
    for path in paths:
        lines = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
        assert path.stem == "demo" or len(lines) <= 8


def test_a_variant_changes_what_it_states_and_keeps_the_rest(variant, demo):
    world = variant(name="weak", mentoring={"strength": 0.5}, countries={"GIN": {"language": "en"}})
    assert world.mentoring.strength == 0.5
    assert world.mentoring.countries == demo.mentoring.countries
    assert world.countries["GIN"].language == "en"
    assert world.countries["GIN"].level == demo.countries["GIN"].level


def test_null_takes_a_key_away(variant):
    assert variant(name="none", mentoring=None).mentoring is None


def test_only_and_rename_reach_the_pilot_too(variant):
    world = variant(name="two", only=["GIN", "GHA"], rename={"GIN": "ARM"})
    assert list(world.countries) == ["GHA", "ARM"] or list(world.countries) == ["ARM", "GHA"]
    assert list(world.mentoring.countries) == ["ARM"]


def test_size_scales_every_count(variant, demo):
    world = variant(name="half", size=0.5)
    assert world.countries["GIN"].returnees == demo.countries["GIN"].returnees / 2
    assert world.mentoring.countries["GIN"].mentored == 49
    assert world.elsewhere.surveys == 5500
    assert world.dirt.rekeyed == 20
    assert world.dirt.trailing_spaces == demo.dirt.trailing_spaces


def test_scaled_keeps_at_least_one_returnee(demo):
    assert demo.scaled(0.0001).countries["GIN"].returnees == 1


def test_all_problems_are_named_at_once(variant):
    with pytest.raises(StudyError) as caught:
        variant(
            name="Bad Name",
            colour="red",
            persons={"men": 1.4},
            countries={"GIN": {"follow_ups": 9999}, "XXX": {"returnees": 5}},
        )
    text = str(caught.value)
    for expected in ("name", "colour", "persons.men", "countries.GIN", "countries.XXX"):
        assert expected in text


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"only": ["ZZZ"]}, "only: ZZZ is not a country of this world"),
        ({"rename": {"ZZZ": "KEN"}}, "rename: ZZZ"),
        ({"size": -1}, "size: a number above 0"),
        ({"mentoring": {"countries": {"TGO": {"mentored": 3}}}}, "TGO is not among the countries"),
        ({"mentoring": {"countries": {"MAR": {"mentored": 999}}}}, "more mentored than returnees"),
        ({"elsewhere": {"countries": ["GIN"]}}, "GIN also in the study"),
        ({"elsewhere": {"countries": []}}, "elsewhere: surveys need countries"),
        ({"items": {"q3": {"shares": {"yes": 0.9}}}}, "add up to"),
    ],
)
def test_what_cannot_be_is_refused(variant, keys, expected):
    with pytest.raises(StudyError, match=expected):
        variant(name="bad", **keys)


def test_a_world_that_extends_itself_is_refused(tmp_path):
    path = tmp_path / "loop.yaml"
    path.write_text("extends: loop.yaml\nname: loop\n")
    with pytest.raises(StudyError, match="extends itself"):
        load_world(path)
