"""Passports of a small made-up study, and what `explain` finds in them."""

import copy
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from reintegration import config
from reintegration.audit import passport
from reintegration.audit.estimate_files import ESTIMATE_FILES
from reintegration.audit.explain import explain
from reintegration.audit.explain_text import lines
from reintegration.audit.passport_evidence import evidence
from reintegration.audit.passport_numbers import described
from reintegration.audit.passport_rows import row_accounts
from reintegration.audit.passport_spec import specification_passport
from reintegration.audit.passport_words import (
    FewerControls,
    adjusted,
    compared,
    part_of_change,
)
from reintegration.audit.run import describe_run, git_state
from reintegration.audit.small import count, words
from reintegration.cli import app
from reintegration.errors import StudyError
from reintegration.estimation.diagnostics import not_least_squares
from reintegration.tables_io import write_csv

ROOT = Path(__file__).parents[3]
SPEC = {
    "id": "levels",
    "title": "Scores on country",
    "role": "published",
    "data": "surveys",
    "outcomes": ["composite"],
    "terms": ["country", "assistance"],
    "controls": ["age"],
    "country_coding": "deviation",
    "estimator": "ols",
    "vcov": {"type": "CR1S", "cluster": "returnee_id"},
}
COUNTRIES = ["ETH", "GIN", "SEN"]


@pytest.fixture(scope="module")
def choices() -> config.Config:
    raw = config.load_config(ROOT / "config.yaml").model_dump(mode="json")
    raw["specifications"] = [SPEC]
    raw["orion"]["outcomes"] = raw["trends"]["outcomes"] = ["composite"]
    return config.Config.model_validate(raw)


@pytest.fixture(scope="module")
def frame(choices) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 240
    drawn = pd.DataFrame(
        {
            "survey_id": [f"sid{i}" for i in range(n)],
            "returnee_id": [f"rid{i // 2}" for i in range(n)],
            "location_id": [f"lid{i // 12}" for i in range(n)],
            "country": np.array(COUNTRIES).repeat(n // 3),
            "round": np.arange(n) % 2 + 1,
            "survey_date": pd.Timestamp("2019-01-01") + pd.to_timedelta(np.arange(n), "D"),
            "return_date": pd.Timestamp("2018-06-01"),
            "months_since_return": rng.uniform(1, 24, n),
            "is_first": 1 - np.arange(n) % 2,
            "age": rng.integers(18, 60, n).astype(float),
            "months_abroad": rng.uniform(1, 60, n),
            "sex": rng.choice(["man", "woman"], n),
            "stranded": rng.choice(["yes", "no"], n),
            "mode": rng.choice(["face_to_face", "phone"], n),
            "orion": pd.array((np.arange(n) // 2 % 3 == 0).astype(int), dtype="Int8"),
        }
    )
    for kind in choices.assistance.types:
        drawn[f"assistance_{kind}"] = pd.array(rng.integers(0, 2, n), dtype="Int8")
    for score in ("economic", "social", "psychosocial", "composite"):
        drawn[score] = rng.uniform(0, 1, n)
        drawn[f"items_answered_{score}"] = 10
    drawn.loc[:2, "age"] = np.nan
    return drawn


@pytest.fixture(scope="module")
def tables(frame, choices) -> dict[str, pd.DataFrame]:
    """The tables of estimates, from the refits themselves; those beside them are empty."""
    fitted = passport.refit(frame, choices)
    rows = [row for one in fitted if one.spec.spec_id == "levels.composite"
            for row in one.fit.estimates]  # fmt: skip
    empty = pd.DataFrame(
        columns=["estimate_id", "spec_id", "estimate", "statistic", "variable", "topic", "country",
                 "n_returnees", "returnees_with", "answer", "status", "group", "kind",
                 "std_error", "conf_low", "conf_high"]
    )  # fmt: skip
    made = {file: empty.copy() for file in ESTIMATE_FILES}
    made["models/estimates.csv"] = pd.DataFrame(rows)
    made["models/ranks.csv"] = pd.DataFrame(
        {
            "estimate_id": ["rank.levels.composite.GIN"],
            "spec_id": ["levels.composite"],
            "outcome": ["composite"],
            "country": ["GIN"],
            "rank": [2],
            "rank_low": [1],
            "rank_high": [3],
            "n_countries": [3],
            "status": ["ok"],
        }
    )
    return made


@pytest.fixture(scope="module")
def made(frame, choices, tables) -> dict:
    codebook = choices.instrument.codebook(ROOT)
    fitted = passport.refit(frame, choices)
    return passport.make_passports(fitted, tables, choices, codebook, {"specifications": [SPEC]})


@pytest.fixture
def folder(made, tmp_path) -> Path:
    (tmp_path / "results/audit").mkdir(parents=True)
    run = {"seed": 1, "software": {"numpy": "2"}, "commit": "", "changed_files": None}
    content = {"run": run | {"confidence_level": 0.95}, **made}
    passport.write_passports(tmp_path / "results/audit/passports.json", content)
    uses = {"estimate_id": ["rank.levels.composite.GIN"], "used_in": ["table: levels"]}
    write_csv(pd.DataFrame(uses), tmp_path / "results/audit/uses.csv")
    ledger = {"spec_id": ["levels.composite"], "ledger": ["as_planned"], "chosen": [CHOSEN]}
    write_csv(pd.DataFrame(ledger), tmp_path / "results/audit/ledger.csv")
    return tmp_path


CHOSEN = "frozen 2026-01-01 by us, before results had been seen"
TERM = "levels.composite.country.GIN.cr1s-returnee_id"


def test_every_number_of_the_tables_has_a_passport(made, tables):
    ids = {name for table in tables.values() for name in table["estimate_id"]}
    assert set(made["estimates"]) == ids


def test_a_passport_shows_rows_columns_errors_and_influence(made):
    spec = made["specifications"]["levels.composite"]
    assert spec["declared_in"] == "config.yaml: specifications.levels"
    assert "outcomes:\n- composite" in spec["written"]
    assert "assistance_cash" in spec["expanded"]["terms"]
    whole, ethiopia = spec["rows"][0], spec["rows"][1]
    assert (whole["country"], whole["read"], whole["used"]) == ("all", "≥238", 237)
    assert ethiopia["excluded"] == [{"reason": "missing: age", "rows": "<5", "returnees": "<5"}]
    assert {one["variable"] for one in spec["clusters"]} == {
        "returnee_id",
        "location_id",
        "country",
    }
    assert spec["clusters"][-1]["named"] == {"ETH": "≤79", "GIN": 80, "SEN": 80}
    assert spec["diagnostics"][0]["name"] == "Breusch-Pagan (Koenker)"
    assert spec["leverage"]["mean"] == pytest.approx(len(spec["columns"]) / 237)
    assert all(column["vif"] >= 1 for column in spec["columns"][1:])
    number = made["estimates"][TERM]
    labels = [one["label"] for one in number["covariances"]]
    assert labels[0] == number["vcov_label"]
    assert {"classical", "HC3"} <= {label.split(",")[0] for label in labels}
    first, *others = number["covariances"]
    assert first["estimate_id"] == TERM
    assert first["std_error"] == number["std_error"]
    refused = [one for one in others if one["label"].startswith("CR1S by country")]
    assert refused[0]["status"] == "not_estimable_under_this_vcov"
    assert "std_error" not in refused[0]
    out = {one["country"]: one for one in number["influence"]["leave_one_country_out"]}
    assert out["GIN"]["estimate"] is None and "does not exist" in out["GIN"]["reason"]
    assert out["ETH"]["estimate"] is not None
    assert len(number["influence"]["dfbetas"]) == 5
    assert {one["variable"] for one in number["influence"]["leave_one_cluster_out"]} == {
        "returnee_id",
        "location_id",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"estimator": "fractional_logit"},
        {"estimator": "logit", "threshold": 0.5},
        {"estimator": "quantile", "vcov": {"type": "HC0"}},
        {"estimator": "mixed", "random": {"groups": "returnee_id"}, "vcov": {"type": "classical"}},
        {"fixed_effects": ["location_id"]},
        {"weights": "age"},
        {"vcov": [{"type": "CR1S", "cluster": ["returnee_id", "location_id"]}, {"type": "HC3"}]},
        {"filter": "country == GIN", "terms": ["assistance"]},
        {"filter": "country == XXX"},
    ],
    ids=lambda change: "-".join(map(str, change.values()))[:30],
)
def test_every_kind_of_specification_has_a_passport(frame, choices, change):
    declared = {**SPEC, **change}
    raw = choices.model_dump(mode="json") | {"specifications": [declared]}
    own = config.Config.model_validate(raw)
    [one] = [one for one in passport.refit(frame, own) if one.spec.spec_id == "levels.composite"]
    spec, groups = specification_passport(one.spec, one.fit, one.frame, {}, 5)
    known = {row["estimate_id"]: row for row in one.fit.estimates}
    found = evidence(one.spec, one.fit, one.frame, groups, 0.95, known, 5)
    json.dumps(passport.plain([spec, found]), allow_nan=False)
    if change.get("filter") == "country == XXX":
        assert spec["status"] == "failed" and spec["reason"]
        assert found == {}
        return
    assert spec["status"] == "ok", spec["reason"]
    assert {row["estimate_id"] for term in found.values() for row in term["covariances"]} >= set(
        known
    )
    term = found["cash"]
    assert [row for row in term["covariances"] if row["status"] == "ok"]
    if not_least_squares(one.fit):
        assert all(
            test["says"] and test["p_value"] != test["p_value"] for test in spec["diagnostics"]
        )
        assert "least squares" in term["influence"]["says"]
    else:
        assert len(term["influence"]["dfbetas"]) == 5


def test_a_regression_of_few_returnees_tells_no_more_than_that(frame, choices):
    raw = choices.model_dump(mode="json")
    raw["specifications"] = [SPEC | {"filter": "age < 18.5", "terms": ["age"], "controls": []}]
    own = config.Config.model_validate(raw)
    few = frame.copy()
    few.loc[10:13, "age"] = [18.0, 18.1, 18.2, 18.4]
    few.loc[few["age"].isna() | (few.index > 13) | (few.index < 10), "age"] = 40.0
    [one] = [one for one in passport.refit(few, own) if one.spec.spec_id == "levels.composite"]
    found, _ = specification_passport(one.spec, one.fit, one.frame, {}, 5)
    assert one.fit.model["n_returnees"] == 2
    assert found["model"] == {"n_obs": "<5", "n_returnees": "<5"}
    assert (found["diagnostics"], found["leverage"], found["clusters"]) == ([], {}, [])
    assert found["rows"][0]["used"] == "<5"


def test_derived_numbers_name_what_they_are_made_of(made):
    rank = made["estimates"]["rank.levels.composite.GIN"]
    assert rank["kind"] == "derived"
    assert rank["made_of"] == [TERM.replace("GIN", country) for country in COUNTRIES]


def test_a_rank_says_its_interval(made):
    rank = made["estimates"]["rank.levels.composite.GIN"]
    assert (rank["rank_low"], rank["rank_high"]) == (1, 3)
    assert rank["says"] == (
        "rank 1 is the lowest score, of 3 countries; with 95% confidence, all countries together,"
        " 1 to 3"
    )
    assert rank["compared"].startswith("not compared with R: ")
    assert made["estimates"][TERM]["compared"] == ""
    assert compared("regression", "wild by country, 999 draws").startswith("estimate compared")


def test_an_adjusted_p_value_names_its_family_and_method(made, tables):
    row = {"family": "aid", "p_adjusted": 0.0254, "p_bh": 0.01, "vcov": "HC3"}
    row |= {"cluster_var": "", "p_holm": 0.0254, "p_romano_wolf": np.nan}
    table = pd.DataFrame([row, {**row, "vcov": "CR1S"}, {**row, "family": ""}, row])
    found = adjusted(row, table, "holm")
    assert found["says"] == "p adjusted 0.025, Holm, family aid of 2"
    assert (found["p_bh"], "p_romano_wolf" in found) == (0.01, False)
    assert adjusted({**row, "family": np.nan}, table, "holm") == {}


def test_shorter_columns_stand_beside_a_coefficient(made, tables):
    assert made["estimates"][TERM]["fewer_controls"] == {
        "says": "not computed: the specification declares no shorter ones (columns in config.yaml)",
        "columns": [],
    }
    part = {"estimate_id": "columns.x", "part": "group", "group": "person", "term": "country.GIN"}
    part |= {"from_spec": "short.composite", "to_spec": "levels.composite", "estimate": 0.1}
    part |= {"outcome": "composite", "n_obs_from": 240, "n_obs_to": 237, "status": "ok"}
    changed = {**tables, "models/columns.csv": pd.DataFrame([part])}
    specs = made["specifications"]
    fewer = FewerControls(changed, specs, set())
    [column] = fewer.of("levels.composite", "country.GIN")["columns"]
    assert column["specification"] == "short.composite"
    assert [one["estimate"] for one in column["parts"]] == [0.1]
    assert "no shorter column" in fewer.of("levels.composite", "age")["says"]
    assert "shortest column" in fewer.of("short.composite", "country.GIN")["says"]
    few = FewerControls(changed, specs, {"columns.x"}).of("levels.composite", "country.GIN")
    assert few["columns"][0]["parts"][0]["estimate"] is None
    levels = specs["levels.composite"]
    without = {"columns": [one for one in levels["columns"] if one["variable"] != "age"]}
    assert part_of_change(part, specs | {"short.composite": without}) == (
        "the part of the change that the controls of group person make (age) of country.GIN"
        " (composite) from short.composite to levels.composite, on 240 and 237 rows"
    )


def test_no_person_and_no_place_is_named(made):
    text = json.dumps(passport.plain(made))
    assert not any(name in text for name in ("sid1", "rid1", "lid1"))


def test_a_number_that_is_not_the_refitted_one_stops_the_rule(frame, choices, tables):
    changed = copy.deepcopy(tables)
    changed["models/estimates.csv"].loc[1, "std_error"] *= 1 + 1e-6
    codebook = choices.instrument.codebook(ROOT)
    with pytest.raises(StudyError, match="std_error is"):
        passport.make_passports(passport.refit(frame, choices), changed, choices, codebook, {})


def test_numbers_on_few_returnees_are_hidden(frame, choices, tables):
    changed = copy.deepcopy(tables)
    changed["models/estimates.csv"].loc[1, "n_identifying"] = 3
    name = changed["models/estimates.csv"].loc[1, "estimate_id"]
    codebook = choices.instrument.codebook(ROOT)
    fitted = passport.refit(frame, choices)
    found = passport.make_passports(fitted, changed, choices, codebook, {})["estimates"][name]
    assert (found["status"], found["estimate"], found["std_error"]) == ("suppressed", None, None)
    assert "covariances" not in found and "influence" not in found


def test_counts_of_few_are_not_told():
    assert [count(n, 5) for n in (0, 1, 4, 5)] == [0, "<5", "<5", 5]
    assert count(20, 5, people=3) == "<5"
    assert words(
        "3 returnees left out; carried by 4 returnee_id(s) only; of 1,204 returnees", 5
    ) == ("<5 returnees left out; carried by <5 returnee_id(s) only; of 1,204 returnees")
    account = [
        {"country": "all", "step": "read", "reason": "", "rows": 9, "returnees": 3},
        {"country": "all", "step": "used", "reason": "", "rows": 9, "returnees": 3},
    ]
    assert row_accounts(account, 5)[0]["used"] == "<5"


def test_explain_finds_a_number_in_its_line(folder, made):
    found = explain(TERM, folder)
    assert found["estimate"]["estimate"] == pytest.approx(made["estimates"][TERM]["estimate"])
    assert found["specification"]["outcome"] == "composite"
    assert explain("rank.levels.composite.GIN", folder)["uses"] == [
        {"estimate_id": "rank.levels.composite.GIN", "used_in": "table: levels"}
    ]
    for name in ("levels.composite", "model.levels.composite"):
        assert explain(name, folder)["spec_id"] == "levels.composite"
    last = sorted(made["estimates"])[-1]
    assert explain(last, folder / "results")["estimate"]


def test_explain_says_it_in_aligned_text(folder):
    said = "\n".join(lines(explain(TERM, folder), 90))
    for part in ("NUMBER", "AS WRITTEN", "ROWS", "CLUSTERS", "DIAGNOSTICS", "USED IN", "RUN"):
        assert part in said
    assert "no number  CR0 by country" in said
    assert max(map(len, said.split("\n"))) <= 110


def test_explain_says_who_chose_the_specification_and_when(folder):
    said = "\n".join(lines(explain(TERM, folder), 130))
    assert f"as planned; {CHOSEN}" in said


def test_explain_warns_of_few_degrees_of_freedom_and_gives_no_interval_to_a_count(folder):
    found = explain(TERM, folder)
    said = "\n".join(lines(found, 130))
    assert "above 2/sqrt(n)" in said and "fewer than 4 degrees" not in said
    found["estimate"] |= {"df": 2, "line_key": {"statistic": "n"}}
    found["specification"]["columns"] = found["specification"]["columns"][:1]
    said = "\n".join(lines(found, 130))
    assert "fewer than 4 degrees of freedom" in said
    assert "95% interval" not in said and "DESIGN MATRIX: 1 COLUMN\n" in said


def test_an_unknown_id_is_answered_with_near_ones(folder):
    ran = CliRunner().invoke(app, ["explain", TERM.replace("GIN", "GUI"), "--folder", str(folder)])
    assert ran.exit_code == 1
    assert TERM in ran.output
    assert "An id is made of" in ran.output


def test_a_country_by_its_name_is_near_the_ids_that_hold_its_code(folder):
    ran = CliRunner().invoke(app, ["explain", "guinea", "--folder", str(folder)])
    near = [line for line in ran.output.splitlines() if "near: " in line]
    assert ran.exit_code == 1
    assert "rank.levels.composite.GIN" in {line.split("near: ")[1] for line in near}


def test_a_claim_stands_in_the_table_of_claims(folder):
    claim = {"claim_id": ["lowest"], "estimate_ids": [TERM]}
    write_csv(pd.DataFrame(claim), folder / "results/audit/claims.csv")
    said = "\n".join(lines(explain("lowest", folder)))
    assert "no table" not in said
    assert "table  claims" in said and TERM in said


def test_without_passports_it_says_to_run_the_study(tmp_path):
    ran = CliRunner().invoke(app, ["explain", TERM, "--folder", str(tmp_path)])
    assert ran.exit_code == 1
    assert "run the study" in ran.output


def test_explain_as_json(folder):
    ran = CliRunner().invoke(app, ["explain", TERM, "--json", "--folder", str(folder)])
    assert json.loads(ran.output)["estimate"]["term"] == "country.GIN"


def test_the_commit_is_read_from_the_files_of_git(tmp_path):
    assert git_state(tmp_path) == ("", None)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git/packed-refs").write_text("# pack\nabc123 refs/heads/main\n")
    assert git_state(tmp_path)[0] == "abc123"
    (tmp_path / ".git/HEAD").write_text("def456\n")
    assert git_state(tmp_path)[0] == "def456"


def test_a_run_is_described_without_clock_or_path(tmp_path):
    (tmp_path / "a").write_text("x")
    choices = {"inference": {"seed": 7, "confidence_level": 0.9}}
    found = describe_run(choices, {"surveys": tmp_path / "a"}, tmp_path)
    assert (found["seed"], found["commit"], found["lock_sha256"]) == (7, "", "")
    assert found["data"]["surveys"].startswith("2d711642b726b044")
    assert str(tmp_path) not in json.dumps(found)
    assert found == describe_run(choices, {"surveys": tmp_path / "a"}, tmp_path)


def account_of(**countries):
    """Rows of one person each: used, and left out by reason."""
    rows = []
    reasons = list(dict.fromkeys(name for parts in countries.values() for name in parts))
    whole = {name: sum(parts.get(name, 0) for parts in countries.values()) for name in reasons}
    for country, parts in {"all": whole, **countries}.items():
        left = {name: n for name, n in parts.items() if name != "used" and n}
        steps = [("read", "", sum(parts.values())), ("used", "", parts["used"])]
        steps += [("excluded", name, n) for name, n in left.items()]
        rows += [
            {"country": country, "step": step, "reason": reason, "rows": n, "returnees": n}
            for step, reason, n in steps
        ]
    return rows


def possible(shown, minimum):
    """Numbers that a count as it is shown may be: at least and at most."""
    if isinstance(shown, int):
        return shown, shown
    text = shown.lstrip("<≤≥").replace(",", "")
    if shown.startswith("<"):
        return 1, int(text) - 1
    if shown == "not shown":
        return 1, 10**6
    return (int(text), 10**6) if shown.startswith("≥") else (0, int(text))


@pytest.mark.parametrize(
    "countries",
    [
        {"AAA": {"used": 224, "age": 1, "sex": 2}, "BBB": {"used": 90, "age": 3, "sex": 40}},
        {"AAA": {"used": 224, "age": 1}, "BBB": {"used": 90, "age": 30}, "CCC": {"used": 50}},
        {"AAA": {"used": 324, "filter: x": 4809, "age": 1}},
        {"AAA": {"used": 324, "age": 2}},
    ],
)
def test_no_small_count_of_an_account_can_be_worked_out(countries):
    rows = {row["country"]: row for row in row_accounts(account_of(**countries), 5)}
    truth = {"all": {}, **countries}
    for country, row in rows.items():
        parts = {one["reason"]: one["rows"] for one in row["excluded"]}
        told = {**parts, "used": row["used"]}
        small = [name for name, shown in told.items() if str(shown).startswith("<")]
        low, high = possible(row["read"], 5)
        for name in small:
            others = [possible(shown, 5) for other, shown in told.items() if other != name]
            least = low - sum(top for _, top in others)
            most = high - sum(bottom for bottom, _ in others)
            assert max(least, 1) < min(most, 4), (country, name, row)
        for name, n in truth[country].items():  # and what is told is true
            bottom, top = possible(told[name], 5)
            assert bottom <= n <= top
    for name in {name for parts in countries.values() for name in parts} - {"used"}:
        cells = [
            next((one["rows"] for one in rows[c]["excluded"] if one["reason"] == name), 0)
            for c in countries
        ]
        hidden = [cell for cell in cells if isinstance(cell, str)]
        assert len(hidden) != 1 or isinstance(
            next(one["rows"] for one in rows["all"]["excluded"] if one["reason"] == name), str
        )


def test_what_a_description_describes_is_said_in_words(choices):
    codebook = choices.instrument.codebook(ROOT)

    def said(**row):
        return described(row, 5, False, codebook)["describes"]

    share = {"statistic": "share_returnees", "variable": "stranded", "answer": "yes"}
    assert said(**share, basis="returnees", country="all") == (
        "share of returnees: Was stranded before return, all countries"
    )
    assert said(statistic="sd", variable="age", basis="surveys", country="GIN") == (
        "standard deviation of “Age in years” over surveys, Guinea"
    )
    man = {"statistic": "share", "variable": "sex", "answer": "man", "basis": "surveys"}
    assert said(**man, country="GIN") == "share of surveys: Sex is “Man”, Guinea"
    assert said(statistic="n", variable="follow_ups", basis="returnees", country="all") == (
        "number of returnees surveyed at least twice, all countries"
    )
    assert said(rule="test_submission", done="removed") == (
        "surveys that the cleaning rule “test submission” left out"
    )


def test_explain_says_over_what_an_estimate_is(folder):
    found = explain(TERM, folder)
    for country, file, said in (
        ("all", "orion/effects.csv", "all countries of the pilot"),
        ("all", "models/importance.csv", "all countries"),
        ("GIN", "orion/effects.csv", "Guinea (GIN)"),
    ):
        found["estimate"] |= {"country": country, "file": file}
        text = "\n".join(lines(found, 130))
        assert re.search(rf"^  country +{re.escape(said)}$", text, re.MULTILINE)
        assert "country     all\n" not in text
