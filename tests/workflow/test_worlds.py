"""The study on other worlds than the demo: it ends, and says what it could not estimate."""

import csv

import pytest


def statuses(folder, name):
    with (folder / "results" / name).open(encoding="utf-8", newline="") as stream:
        return {row["status"] for row in csv.DictReader(stream)}


@pytest.mark.parametrize("name", ["one country", "no follow-ups", "no mentoring"])
def test_the_study_ends_on_other_worlds(others, name):
    folder = others(name).folder
    page = (folder / "reports/study.html").read_text(encoding="utf-8")
    assert "SIMULATED DATA" in page
    if name != "one country":
        assert "ok" in statuses(folder, "models/estimates.csv")
    if name in ("no follow-ups", "no mentoring"):
        assert "ok" not in statuses(folder, "orion/effects.csv")
