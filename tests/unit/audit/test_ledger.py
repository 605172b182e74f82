import datetime
import json
import subprocess

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from reintegration.audit.freeze import freeze, verify
from reintegration.audit.frozen import frozen_settings
from reintegration.audit.ledger import LEDGER, canonical, mark, read_ledger
from reintegration.audit.marks import run_ledger
from reintegration.cli import app
from reintegration.config import load_config
from reintegration.errors import StudyError
from reintegration.studies.regressions import study_specifications
from reintegration.tables_io import read_csv

DAY = datetime.date(2026, 3, 1)


@pytest.fixture
def folder(tmp_path, root):
    """A folder with a configuration, and nothing frozen in it."""
    for name in ("data", "worlds"):
        (tmp_path / name).mkdir()
    for name in ("data/instruments", "data/claims"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "worlds/demo.yaml").write_text((root / "worlds/demo.yaml").read_text())
    (tmp_path / "config.yaml").write_text((root / "config.yaml").read_text())
    return tmp_path


def configure(folder, change):
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    change(config)
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def declared(config, name):
    return next(spec for spec in config["specifications"] if spec["id"] == name)


def marks(folder):
    choices = load_config(folder / "config.yaml")
    settings = frozen_settings(choices, choices.instrument.codebook(folder))
    return mark(study_specifications(choices), read_ledger(folder / LEDGER), settings)


def without_age(config):
    declared(config, "levels")["controls"].remove("age")


def withdraw(config):
    config["specifications"].remove(declared(config, "tension"))


def add(config):
    config["specifications"].append({**declared(config, "network"), "id": "network_last"})


def fake_results(folder):
    for name in ("results/models/estimates.csv", "results/clean/surveys.parquet"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def test_without_a_ledger_nothing_is_frozen(folder):
    assert {one.mark for one in marks(folder).values()} == {"not_frozen"}


def test_what_is_frozen_is_as_planned_until_it_changes(folder):
    said = freeze(folder, by="Ada", note="before fieldwork", today=DAY)
    assert "Ada" in said[0] and "2026-03-01" in said[0]
    assert said[1] == "Results had been seen: no."
    assert {one.mark for one in marks(folder).values()} == {"as_planned"}
    for change in (without_age, withdraw, add):
        configure(folder, change)
    found = marks(folder)
    assert found["levels.economic"][:3] == ("amended", "2026-03-01", "controls: without age")
    assert found["changes.change_social"].mark == "as_planned"
    assert found["network_last.item_q22"][:2] == ("added_later", "")
    assert found["tension.item_q4"][:2] == ("withdrawn", "2026-03-01")


def test_a_mark_says_who_chose_and_when_and_knowing_what(folder):
    fake_results(folder)
    freeze(folder, by="A. Author", note="pilot only", today=DAY)
    one = next(iter(marks(folder).values()))
    said = "frozen 2026-03-01 by A. Author, after results (of simulated data) had been seen"
    assert one.chosen == said + " (note: pilot only)"
    assert one._replace(seen="yes", note="").chosen.endswith("after results had been seen")
    assert one._replace(seen="no", by="").chosen == (
        "frozen 2026-03-01, before results had been seen (note: pilot only)"
    )
    assert one._replace(frozen_on="").chosen == ""


def test_freezing_later_makes_nothing_planned(folder):
    freeze(folder, by="", today=DAY)
    for change in (without_age, add):
        configure(folder, change)
    fake_results(folder)
    freeze(folder, by="", today=DAY + datetime.timedelta(7))
    found = marks(folder)
    assert found["levels.social"].mark == "amended"
    assert "controls: without age; frozen so on 2026-03-08 (results seen: yes" in (
        found["levels.social"].diff
    )
    assert found["network_last.item_q22"][:2] == ("added_later", "2026-03-08")
    assert found["network_last.item_q22"].seen == "yes, of simulated data"


def test_going_back_to_the_plan_is_as_planned(folder):
    text = (folder / "config.yaml").read_text()
    freeze(folder, by="", today=DAY)
    configure(folder, without_age)
    freeze(folder, by="", today=DAY)
    (folder / "config.yaml").write_text(text)
    assert {one.mark for one in marks(folder).values()} == {"as_planned"}


@pytest.mark.parametrize(
    ("change", "diff"),
    [
        (lambda c: c["inference"].update(confidence_level=0.9), "confidence_level: from 0.95 to"),
        (lambda c: c["inference"].update(seed=1), "inference.seed: from 20201231 to 1"),
        (lambda c: c["scoring"].update(minimum_answered=0.5), "scoring.minimum_answered"),
        (lambda c: c["study"]["countries"].remove("SOM"), "study.countries: without SOM"),
        (lambda c: c["cleaning"].update(short_interview="reject"), "from flag to reject"),
    ],
)
def test_a_setting_that_changes_numbers_amends_every_specification(folder, change, diff):
    freeze(folder, by="", today=DAY)
    configure(folder, change)
    found = {
        name: one
        for name, one in marks(folder).items()
        if not (name.startswith("trend.") and name.endswith(".SOM"))  # withdrawn with its country
    }
    assert {one.mark for one in found.values()} == {"amended"}
    assert all(diff in one.diff for one in found.values())


def test_another_weight_of_an_item_amends_and_another_wording_does_not(folder, root):
    (folder / "data/instruments").unlink()
    (folder / "data/instruments").mkdir()
    for path in (root / "data/instruments").glob("*.yaml"):
        (folder / "data/instruments" / path.name).write_text(path.read_text())
    freeze(folder, by="", today=DAY)
    path = folder / "data/instruments/rss.yaml"
    instrument = yaml.safe_load(path.read_text())
    instrument["items"]["q7"]["en"] = "How is it to find work?"
    path.write_text(yaml.safe_dump(instrument, sort_keys=False))
    assert {one.mark for one in marks(folder).values()} == {"as_planned"}
    instrument["items"]["q7"]["weight"] = 3
    path.write_text(yaml.safe_dump(instrument, sort_keys=False))
    assert "items.q7.weight: from 1 to 3.0" in marks(folder)["levels.economic"].diff


def test_titles_and_stars_are_no_amendment(folder):
    freeze(folder, by="", today=DAY)
    configure(folder, lambda c: declared(c, "levels").update(title="Other words"))
    configure(folder, lambda c: c["inference"].update(stars=True))
    assert {one.mark for one in marks(folder).values()} == {"as_planned"}


def test_nothing_is_frozen_twice(folder):
    freeze(folder, by="", today=DAY)
    before = (folder / LEDGER).read_bytes()
    with pytest.raises(StudyError, match="nothing has changed since entry 1 of 2026-03-01"):
        freeze(folder, by="", today=DAY)
    assert (folder / LEDGER).read_bytes() == before


def test_results_that_are_there_cannot_be_denied(folder):
    fake_results(folder)
    with pytest.raises(StudyError, match=r"estimates\.csv is there"):
        freeze(folder, by="", seen=False, today=DAY)
    freeze(folder, by="", today=DAY)
    entry = read_ledger(folder / LEDGER)[0]
    assert entry.results_seen and entry.simulated and len(entry.surveys) == 64
    (folder / "results/models/estimates.csv").unlink()
    configure(folder, without_age)
    with pytest.raises(StudyError, match="entry 1 says that they were seen"):
        freeze(folder, by="", seen=False, today=DAY)


def test_results_seen_elsewhere_can_be_said(folder):
    freeze(folder, by="", seen=True, today=DAY)
    assert read_ledger(folder / LEDGER)[0].results_seen


def test_days_go_forward(folder):
    freeze(folder, by="", today=DAY)
    configure(folder, without_age)
    with pytest.raises(StudyError, match="put its clock right"):
        freeze(folder, by="", today=DAY - datetime.timedelta(1))


# ---------------------------------------------------------------- what does not verify


def three_entries(folder):
    freeze(folder, by="", today=DAY)
    for change in (without_age, withdraw):
        configure(folder, change)
        freeze(folder, by="", today=DAY)
    return (folder / LEDGER).read_text().splitlines(keepends=True)


def resealed(entry):
    """An entry hashed anew, as a forger would."""
    import hashlib

    rest = {key: value for key, value in entry.items() if key != "hash"}
    digest = hashlib.sha256(canonical(rest).encode()).hexdigest()
    return canonical({**rest, "hash": digest}) + "\n"


@pytest.mark.parametrize(
    ("forge", "line", "problem"),
    [
        (lambda a, b, c: [a.replace("2026-03-01", "2026-01-01"), b, c], 1, "was changed"),
        (lambda a, b, c: [a, b.replace('"note":""', '"note": ""'), c], 2, "was changed"),
        (lambda a, b, c: [a, c], 2, "does not follow"),
        (lambda a, b, c: [b, a, c], 1, "does not follow"),
        (lambda a, b, c: [a, a, b, c], 2, "does not follow"),
        (lambda a, b, c: [a, resealed({**json.loads(b), "note": "x"}), c], 3, "does not follow"),
        (lambda a, b, c: [a, resealed({**json.loads(b), "number": 3}), c], 2, "is entry 3"),
        (lambda a, b, c: [a, b, resealed({**json.loads(c), "date": "2020-01-01"})], 3, "before"),
        (lambda a, b, c: [a, b, resealed({**json.loads(c), "date": "soon"})], 3, "is no entry"),
        (lambda a, b, c: [resealed({**json.loads(a), "contents": {}}), b, c], 1, "without their"),
        (lambda a, b, c: [a, "\n", b, c], 2, "is no entry"),
        (lambda a, b, c: [a, b, c, "{}\n"], 4, "is no entry"),
        (lambda a, b, c: [a, b, c[:-20]], 3, "ends in the middle"),
    ],
)
def test_a_ledger_that_was_tampered_with_is_one_message(folder, forge, line, problem):
    lines = three_entries(folder)
    (folder / LEDGER).write_text("".join(forge(*lines)))
    for arguments in (["--verify"], []):
        ran = CliRunner().invoke(app, ["freeze", "--folder", str(folder), *arguments])
        assert ran.exit_code == 1
        assert f"line {line}: " in ran.output and problem in ran.output
        assert "git checkout" in ran.output and "Traceback" not in ran.output


def test_a_whole_ledger_verifies_and_can_be_held_against_a_hash_kept_elsewhere(folder):
    lines = three_entries(folder)
    said = verify(folder, holds=json.loads(lines[1])["hash"])
    assert "3 entries, the chain is whole" in "\n".join(said)
    assert "not a git checkout" in said[-1]
    (folder / LEDGER).write_text("".join(lines[:2]))
    with pytest.raises(StudyError, match="no entry has the hash"):
        verify(folder, holds=json.loads(lines[2])["hash"])


def test_verify_says_that_there_is_none(folder):
    with pytest.raises(StudyError, match="there is none"):
        verify(folder)


# ---------------------------------------------------------------- what git knows


def git(folder, *arguments):
    identity = ["-c", "user.name=Ada", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


@pytest.fixture
def checkout(folder):
    """A git checkout with three entries, each committed."""
    git(folder, "init", "-q")
    freeze(folder, by="", today=DAY)
    for change in (without_age, withdraw, None):
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "x")
        if change:
            configure(folder, change)
            freeze(folder, by="", today=DAY)
    return folder


def test_lines_taken_off_the_end_are_known_to_git(checkout):
    assert "git: 3 committed versions" in "\n".join(verify(checkout))
    lines = (checkout / LEDGER).read_text().splitlines(keepends=True)
    (checkout / LEDGER).write_text("".join(lines[:2]))
    with pytest.raises(StudyError, match="is not the beginning of the file"):
        verify(checkout)
    with pytest.raises(StudyError, match="git checkout COMMIT"):
        freeze(checkout, by="")
    git(checkout, "commit", "-q", "-a", "-m", "shorter")
    with pytest.raises(StudyError, match="is not the beginning of what was committed in"):
        verify(checkout)


def test_a_ledger_written_anew_is_known_to_git(checkout):
    (checkout / LEDGER).unlink()
    with pytest.raises(StudyError, match="is not there any more"):
        freeze(checkout, by="")


def test_a_ledger_begun_anew_in_the_open_is_said(checkout):
    git(checkout, "rm", "-q", str(LEDGER))
    git(checkout, "commit", "-q", "-m", "another study")
    freeze(checkout, by="", today=DAY)
    assert "begun anew" in verify(checkout)[-1]
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "x")
    said = "\n".join(verify(checkout))
    assert "git: 1 committed versions" in said and "begun anew" in said


def test_a_folder_below_the_checkout_has_a_ledger_of_its_own(folder):
    git(folder, "init", "-q")
    below = folder / "below"
    below.mkdir()
    for name in ("data", "worlds", "config.yaml"):
        (below / name).symlink_to(folder / name)
    freeze(below, by="", today=DAY)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    assert "git: 1 committed versions" in "\n".join(verify(below))


# ---------------------------------------------------------------- tables


def test_tables_mark_each_specification_and_list_the_withdrawn(folder, tmp_path, monkeypatch):
    freeze(folder, by="", today=DAY)
    for change in (without_age, withdraw, add):
        configure(folder, change)
    monkeypatch.chdir(folder)
    outputs = {name: tmp_path / f"out/{name}.csv" for name in ("specs", "ledger")}
    run_ledger([LEDGER], outputs, load_config("config.yaml").model_dump(mode="json"))
    specs, ledger = (read_csv(outputs[name]).set_index("spec_id") for name in outputs)
    assert specs.loc["levels.economic", "ledger"] == "amended"
    assert specs.loc["levels.economic", "ledger_diff"] == "controls: without age"
    assert specs.loc["network.item_q22", "ledger"] == "as_planned"
    assert "tension.item_q4" not in specs.index
    gone = ledger.loc["tension.item_q4"]
    assert gone.ledger == "withdrawn" and gone.title.startswith("Family tension")
    changed = ledger.loc["levels.economic"]
    assert changed.spec_hash != changed.frozen_hash and " age" not in changed.ledger
    assert ledger.loc["network_last.item_q22", "ledger"] == "added_later"


def test_the_ledger_of_this_repository_is_whole(root):
    assert "the chain is whole" in "\n".join(verify(root))


def test_trendlines_of_countries_that_only_the_data_will_name_are_locked_as_settings(folder):
    named = freeze(folder, by="A", today=DAY)
    assert not any("Trendlines" in line for line in named)
    configure(folder, lambda config: config["study"].update(countries="all"))
    assert any("Trendlines are locked as settings" in line for line in freeze(folder, today=DAY))
    configure(folder, lambda config: config["trends"].update(outcomes=["composite"]))
    freeze(folder, today=DAY)  # refused if nothing had changed
    settings = [entry.settings["trends"] for entry in read_ledger(folder / LEDGER)]
    assert settings[0].keys() == {"minimum_returnees"}
    assert settings[1]["outcomes"] != settings[2]["outcomes"] == ["composite"]


def test_trendlines_of_all_countries_get_their_marks_when_the_data_name_them(folder):
    configure(folder, lambda config: config["study"].update(countries="all"))
    freeze(folder, today=DAY)
    surveys = folder / "surveys.parquet"
    pd.DataFrame({"country": ["SEN", "GIN", "SEN", None]}).to_parquet(surveys)
    outputs = {name: folder / f"{name}.csv" for name in ("specs", "ledger")}

    def marked() -> pd.DataFrame:
        config = load_config(folder / "config.yaml").model_dump(mode="json")
        run_ledger([folder / LEDGER], outputs, config, [surveys])
        specs = read_csv(outputs["specs"]).set_index("spec_id")
        return specs[specs["declared_in"] == "trends"]

    found = marked()
    assert set(found.index.str[-3:]) == {"GIN", "SEN"}
    assert set(found["ledger"]) == {"as_planned"}
    assert set(found["frozen_on"]) == {DAY.isoformat()}
    # A slope that was not locked is added, one whose errors are others is amended.
    configure(folder, lambda config: config["trends"].update(outcomes=["social", "item_q1"]))
    found = marked()
    assert found.loc["trend.pooled.social.GIN", "ledger"] == "as_planned"
    assert found.loc["trend.pooled.item_q1.GIN", "ledger"] == "added_later"
    configure(
        folder, lambda config: config["trends"].update(vcov={"type": "HC1"}, methods=["pooled"])
    )
    found = marked()
    assert found.loc["trend.pooled.social.SEN", "ledger"] == "amended"
    assert "HC1" in found.loc["trend.pooled.social.SEN", "ledger_diff"]


def test_specs_says_that_the_data_will_name_the_trendlines(folder):
    asked = ["specs", "--config", str(folder / "config.yaml")]
    assert "Not listed" not in CliRunner().invoke(app, asked).output
    configure(folder, lambda config: config["study"].update(countries="all"))
    said = CliRunner().invoke(app, asked)
    assert said.exit_code == 0
    assert "Not listed: a trendline for each country." in said.output
    assert "trend." not in said.output
