"""The study on other worlds than the demo: it ends, and says what it could not estimate."""

import csv

import pytest


def statuses(folder, name):
    with (folder / "results" / name).open(encoding="utf-8", newline="") as stream:
        return {row["status"] for row in csv.DictReader(stream)}


WORLDS = {
    "one country": ({"only": ["GIN"]}, {"countries": ["GIN"]}),
    "no follow-ups": ({"follow_up": {"share": 0}}, {}),
    "no mentoring": ({"mentoring": None}, {}),
}


@pytest.mark.parametrize("name", WORLDS)
def test_the_study_ends_on_other_worlds(tiny, name):
    world, study = WORLDS[name]
    tiny.world(**world)
    tiny.configure(lambda config: config["study"].update(study))
    tiny.in_one_process()
    page = (tiny.folder / "reports/study.html").read_text(encoding="utf-8")
    assert "SIMULATED DATA" in page
    if name != "one country":
        assert "ok" in statuses(tiny.folder, "models/estimates.csv")
    if name in ("no follow-ups", "no mentoring"):
        assert "ok" not in statuses(tiny.folder, "orion/effects.csv")
