"""A whole small study: what it says, what a second run does, and that its bytes are its own."""

import csv
import hashlib
import re
from pathlib import Path

from reintegration.config import load_config
from reintegration.report.outputs import RESULTS, figure_files, table_files

DECLARED = load_config("config.yaml").section("specifications")["specifications"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def digests(folder: Path) -> dict[str, str]:
    """Hash of every CSV that a study made, by its path."""
    made = [*folder.glob("results/**/*.csv"), *folder.glob("data/demo/**/*.csv")]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in made
    }


def test_the_study_ends_with_what_came_out(finished):
    copy, said = finished
    assert re.search(r"^Surveys: [\d,]+ rows read from 5 sources, [\d,]+ used", said, re.M)
    assert re.search(r"^Planted findings that came back: \d+ of \d+", said, re.M)
    assert "SIMULATED DATA" in said
    assert re.search(r"^Time: \d+ s \(\d+ steps\)", said, re.M)
    assert said.rstrip().endswith(f"Open: {copy.folder}/reports/study.html")


def test_every_promised_file_is_there(finished):
    folder = finished[0].folder
    promised = [
        *(f"results/{path}" for path in RESULTS.values()),
        *figure_files("results/figures"),
        *table_files("results/tables", DECLARED),
        *("results/audit/uses.csv", "results/clean/cleaning_log.csv"),
        *("results/clean/rejected.csv", "reports/study.html", "reports/audit.html"),
    ]
    assert [name for name in promised if not (folder / name).is_file()] == []


def test_rows_in_are_rows_used_plus_rows_excluded(finished):
    flow = rows(finished[0].folder / "results/clean/flow.csv")
    counts = [int(step["surveys"]) for step in flow]
    removed = [int(step["surveys_removed"]) for step in flow]
    assert [before - out for before, out in zip(counts, removed[1:], strict=False)] == counts[1:]
    sources = rows(finished[0].folder / "results/clean/sources.csv")
    assert counts[0] == sum(int(source["rows_read"]) for source in sources)
    assert counts[-1] == sum(int(source["surveys"]) for source in sources)


def test_no_rule_reads_the_truth(finished):
    folder = finished[0].folder
    for path in [folder / "Snakefile", *folder.glob("workflow/**/*.smk")]:
        for block in re.findall(r"    input:\n(.*?)\n    +(?:output|log):", path.read_text(), re.S):
            assert "truth" not in block, path
    assert "truth" not in (folder / "results/logs/claims.log").read_text()


def test_a_second_run_does_nothing(finished):
    again = finished[0].study()
    assert again.returncode == 0
    assert "nothing had changed, no step was run" in again.stdout
    assert not re.search(r"^ *\d+ s  \[", again.stdout, re.M)


def test_the_same_inputs_give_the_same_bytes(finished, others):
    """Another folder, one process, another hash seed: every CSV is the same."""
    first, second = digests(finished[0].folder), digests(others("same again").folder)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
