"""The R code that is written of specifications gives our numbers when R runs it.

Live where R is installed; what the code looks like is tested in tests/unit/audit/code.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from live_r import need_r
from typer.testing import CliRunner

from reintegration.audit.code.compare import compare, found_by_script
from reintegration.audit.code.engine import PACKAGES, run_scripts
from reintegration.audit.code.files import table_code
from reintegration.audit.code.r import file_name
from reintegration.cli import app

HERE = Path(__file__).parent
PERSON, VILLAGE = {"cluster": "person"}, {"cluster": "village"}
EVERY_CR = [{"type": kind, **VILLAGE} for kind in ("CR0", "CR1", "CR1S", "CR2", "CR3")]
TWO_WAY = [{"type": kind, "cluster": ["village", "year"]} for kind in ("CR0", "CR1", "CR1S")]
EVERY_HC = [{"type": kind} for kind in ("classical", "HC0", "HC1", "HC2", "HC3")]
RESAMPLED = [{"type": kind, "draws": 99, **VILLAGE} for kind in ("wild", "permutation")]
EVERY = [*EVERY_HC, *EVERY_CR, *TWO_WAY]
COUNTED = [
    {"type": "CR1S", "cluster": "country", "count_effects": "all"},
    {"type": "CR1S", "cluster": "year", "count_effects": "none"},
]
FEMALE = 'préfère "l\'autre"'
SPECS: dict[str, dict] = {
    "every covariance": {"terms": ["age", "sexe"], "vcov": EVERY},
    "missing clusters": {
        "terms": ["age", "sexe"],
        "vcov": [{"type": kind, "cluster": "hamlet"} for kind in ("CR1S", "CR2")],
    },
    "clusters missing beside": {
        "terms": ["age", "sexe"],
        "vcov": [{"type": "HC3"}, {"type": "CR2", "cluster": "hamlet"}],
    },
    "weighted": {"terms": ["age", "sexe", "country"], "weights": "w", "vcov": EVERY},
    "deviation": {
        "terms": ["country", "age", "sexe"],
        "coding": {"country": "deviation", "sexe": {"reference": FEMALE}},
        "vcov": EVERY,
    },
    "two deviations that interact": {
        "terms": ["sexe:country", "country", "sexe", "age"],
        "coding": {"country": "deviation", "sexe": "deviation"},
        "vcov": [{"type": "HC1"}, {"type": "CR2", **VILLAGE}],
        "contrasts": {
            "men at home": {"sexe.homme:country.NA": 1, "country.NA": 1},
            "half": {"age": -0.5, "country.SEN": 2},
        },
    },
    "three-way": {
        "terms": ["age", "sexe", "trained", "age:sexe", "age:trained", "age:sexe:trained"],
        "vcov": {"type": "CR1S", **PERSON},
    },
    "slopes by level": {"terms": ["country", "country:age"], "vcov": {"type": "HC3"}},
    "without a constant": {
        "terms": ["age", "country", "sexe", "sexe:age"],
        "intercept": False,
        "coding": {"sexe": "deviation"},
        "vcov": [{"type": "HC0"}, {"type": "CR1", **VILLAGE}],
    },
    "functions": {
        "outcome": "log(wage)",
        "terms": ["age", "age^2", "sqrt(`months since return`)", "age:log(w)"],
        "vcov": EVERY_HC,
    },
    "numbers that are categories": {
        "terms": ["region", "age"],
        "categories": {"region": [100000, 2.5, -1]},
        "coding": {"region": "deviation"},
        "vcov": {"type": "CR1S", **PERSON},
    },
    "aliased": {"terms": ["age", "twice", "months since return", "one", "country"]},
    "odd names": {"terms": ["if", "months since return", "a`b"], "vcov": {"type": "HC2"}},
    "filter": {
        "terms": ["age", "sexe"],
        "filter": "age >= 20 and not (country in (GIN, SEN) or trained == 0)"
        " or day < '2019-06-01' and sexe not in (femme) or mood is missing",
        "vcov": {"type": "HC1"},
    },
    "filter of missing cells": {
        "terms": ["age"],
        "filter": "not (mood == good) and not (`months since return` > 20 and age != 30)",
    },
    "filter on numbers that are categories": {
        "terms": ["region", "age", "log(wage)"],
        "categories": {"region": [-1, 2.5, 100000]},
        "filter": "region <= 2.5 and wage > 1",
        "vcov": {"type": "HC1"},
    },
    "filter on what a threshold makes": {
        "estimator": "logit",
        "outcome": "wage",
        "threshold": 2.5,
        "terms": ["age"],
        "filter": "wage > 1.5 and wage < 5",
    },
    "filter on an ordered outcome": {
        "estimator": "ordered_logit",
        "outcome": "grade",
        "terms": ["age", "trained"],
        "filter": "grade >= 2 or age > 25",
    },
    "one level left": {"terms": ["country", "age"], "filter": "country == GIN"},
    "assistance": {
        "terms": ["assistance_cash", "assistance_housing", "assistance_cash:sexe"],
        "controls": ["sexe", "country"],
        "not_recorded": "own_category",
        "coding": {"country": "deviation"},
        "vcov": {"type": "CR1S", **PERSON},
    },
    "assistance recorded": {"terms": ["assistance_cash", "age"], "vcov": {"type": "HC1"}},
    "few effects": {
        "terms": ["age", "sexe"],
        "fixed_effects": ["village"],
        "vcov": [*EVERY, *COUNTED],
    },
    "few effects, weighted": {
        "terms": ["age", "sexe"],
        "fixed_effects": ["village", "year"],
        "weights": "w",
        "vcov": [*EVERY, *COUNTED],
    },
    "many effects": {
        "terms": ["age", "months since return", "sexe", "trained"],
        "fixed_effects": ["person"],
        "vcov": [*EVERY_HC, *({**one, "cluster": "person"} for one in EVERY_CR), *COUNTED],
    },
    "many effects, two ways": {
        "terms": ["months since return", "sexe", "trained"],
        "fixed_effects": ["person", "year"],
        "vcov": [*EVERY, *COUNTED],
    },
    "many effects, weighted": {
        "terms": ["months since return", "trained"],
        "fixed_effects": ["person"],
        "weights": "w",
        "vcov": [*EVERY, *COUNTED],
    },
    "many effects, two ways, weighted": {
        "terms": ["months since return", "trained"],
        "fixed_effects": ["year", "person"],
        "weights": "w",
        "vcov": [*EVERY, *COUNTED],
    },
    "random effects": {
        "estimator": "random_effects",
        "terms": ["age", "months since return", "sexe"],
        "random": {"groups": "person"},
        "vcov": [
            {"type": "classical"},
            {"type": "HC0"},
            {"type": "HC1"},
            *({**one, "cluster": "person"} for one in EVERY_CR),
            {"type": "CR1S", "cluster": ["person", "village"]},
        ],
    },
    "mixed": {
        "estimator": "mixed",
        "terms": ["months since return", "country"],
        "coding": {"country": "deviation"},
        "random": {"groups": "village", "slopes": ["age"], "correlated": False},
        "vcov": [{"type": "classical"}, *EVERY_CR],
    },
    "mixed slopes": {
        "estimator": "mixed",
        "terms": ["age"],
        "random": {"groups": "village", "slopes": ["age"], "method": "ML"},
    },
    "clusters with dummies of their own": {
        "terms": ["country", "age", "sexe"],
        "coding": {"country": "deviation"},
        "vcov": [{"type": kind, "cluster": "country"} for kind in ("CR1S", "CR2", "CR3")],
    },
    "clusters with dummies of their own, weighted": {
        "terms": ["country", "age", "country:trained"],
        "weights": "w",
        "vcov": {"type": "CR3", "cluster": "country"},
    },
    "a level in one cluster": {
        "terms": ["project", "age", "sexe"],
        "vcov": [{"type": kind, **VILLAGE} for kind in ("CR2", "CR3")],
    },
    "a level in one cluster, few effects": {
        "terms": ["project", "age"],
        "fixed_effects": ["year"],
        "vcov": {"type": "CR3", **VILLAGE},
    },
    "a level in one cluster, many effects": {
        "terms": ["project", "months since return"],
        "fixed_effects": ["person", "year"],
        "vcov": {"type": "CR3", **VILLAGE},
    },
    "a level in one cluster, logit": {
        "estimator": "logit",
        "outcome": "wage",
        "threshold": 2.5,
        "terms": ["project", "age"],
        "vcov": [{"type": kind, **VILLAGE} for kind in ("CR2", "CR3")],
    },
    "a level in one cluster, random effects": {
        "estimator": "random_effects",
        "terms": ["project", "age"],
        "random": {"groups": "person"},
        "vcov": [{"type": kind, **VILLAGE} for kind in ("CR2", "CR3")],
    },
    "a level in one cluster, mixed": {
        "estimator": "mixed",
        "terms": ["project", "age"],
        "random": {"groups": "village"},
        "vcov": [{"type": kind, **VILLAGE} for kind in ("CR2", "CR3")],
    },
    "logit": {
        "estimator": "logit",
        "outcome": "wage",
        "threshold": 2.5,
        "terms": ["age", "country"],
        "coding": {"country": "deviation"},
        "vcov": EVERY,
    },
    "successes of trials": {
        "estimator": "logit",
        "outcome": "share",
        "weights": "trials",
        "terms": ["age", "sexe"],
        "vcov": EVERY,
    },
    "fractional": {
        "estimator": "fractional_logit",
        "outcome": "score",
        "terms": ["age", "country:sexe"],
        "vcov": EVERY,
    },
    "ordered": {
        "estimator": "ordered_logit",
        "outcome": "mood",
        "terms": ["age", "country"],
        "categories": {"mood": ["bad", "fair", "good"]},
        "coding": {"country": "deviation"},
        "vcov": [{"type": "classical"}, {"type": "HC0"}, {"type": "HC1"}, *EVERY_CR[:3], *TWO_WAY],
    },
    "ordered numbers, weighted": {
        "estimator": "ordered_logit",
        "outcome": "grade",
        "terms": ["age", "trained"],
        "weights": "w",
        "vcov": [{"type": "classical"}, {"type": "HC0"}, {"type": "HC1"}, *EVERY_CR[:3], *TWO_WAY],
    },
    "resampled": {"terms": ["trained", "age"], "vcov": [{"type": "CR1S", **VILLAGE}, *RESAMPLED]},
    "quantile": {"estimator": "quantile", "terms": ["age", "sexe"], "quantile": 0.25},
}


def rows() -> pd.DataFrame:
    """Persons asked once to four times, in villages, with all that names and cells may hold."""
    rng = np.random.default_rng(7)
    people = 190
    person = np.repeat(np.arange(people), rng.integers(1, 5, people))
    n = len(person)
    village = rng.integers(0, 14, people)[person]
    wave = pd.Series(person).groupby(person).cumcount().to_numpy()
    age = np.round(rng.normal(28, 6, people))[person] + wave
    sexe = rng.choice(["femme", "homme", FEMALE, "a:b\\c"], people, p=[0.3, 0.3, 0.2, 0.2])[person]
    country = rng.choice(["GIN", "NA", "SEN", "CIV"], people)[person]
    trained = rng.random(n) < 0.4
    months = np.round(rng.uniform(0, 24, n), 2)
    noise = rng.normal(0, 0.5, people)[person] + rng.normal(0, 1, n) * (1 + trained)
    wage = np.maximum(0, 2 + 0.05 * age + 0.3 * trained - 0.02 * months + noise)
    trials = rng.integers(1, 9, n)
    place = 1 / (1 + np.exp(-(noise + 0.02 * (age - 28))))
    frame = pd.DataFrame(
        {
            "person": [f"p{i:03d}" for i in person],
            "village": village,
            "year": 2017 + wave,
            "y": wage + rng.normal(0, 0.5, n) + 0.2 * (sexe == "homme"),
            "wage": np.round(wage, 4),
            "score": np.clip(np.round(place, 4), 0, 1),
            "mood": pd.cut(noise, [-9, -0.8, 0.6, 9], labels=["bad", "fair", "good"]).astype(str),
            "grade": pd.cut(noise, [-9, -0.5, 1, 9], labels=[1, 2, 5]).astype(int),
            "age": age,
            "twice": age * 2,
            "one": 1,
            "sexe": sexe,
            "country": country,
            "region": rng.choice([100000, 2.5, -1], people)[person],
            "trained": np.where(trained, "TRUE", "false"),
            "months since return": months,
            "if": rng.normal(size=n),
            "a`b": rng.normal(size=n),
            "day": np.datetime64("2018-12-01") + rng.integers(0, 400, n),
            "w": rng.integers(0, 4, n) / 2,
            "trials": trials,
            "share": rng.binomial(trials, 0.4) / trials,
            "assistance_cash": rng.choice([0, 1, np.nan], n, p=[0.5, 0.3, 0.2]),
            "assistance_housing": rng.choice([0, 1], n),
        }
    )
    # One level is that of a village alone, and of no other.
    own = np.where(village == 3, "a", rng.choice(["b", "c", "d"], n))
    frame["project"] = np.where((village == 3) & (wave > 0), "b", own)
    frame["hamlet"] = frame["village"]
    for name in ("age", "mood", "sexe", "months since return", "hamlet", "wage"):
        frame.loc[rng.choice(n, 7, replace=False), name] = None
    return frame


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> dict[str, list[dict]]:
    """Every specification fitted here and by R, from one CSV file."""
    need_r(PACKAGES)
    folder = tmp_path_factory.mktemp("code")
    rows().to_csv(folder / "données d'essai.csv", index=False, sep=";")
    return through_r(folder, folder / "données d'essai.csv")


def through_r(folder: Path, data: Path) -> dict[str, list[dict]]:
    spec = folder / "specs.yaml"
    written = [{"outcome": "y", **one, "id": name_of(key)} for key, one in SPECS.items()]
    spec.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    code, out = folder / "code", folder / "out.json"
    said = CliRunner().invoke(
        app,
        ["fit", *("--spec", str(spec)), *("--data", str(data)), *("--out", str(out)),
         *("--code", str(code))],
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    ours = {one["spec_id"]: one for one in json.loads(out.read_text())["results"]}
    facts = table_code(spec, data, code)
    scripts = {one.spec.spec_id: code / file_name(one.spec.spec_id, "R") for one in facts}
    found = found_by_script(run_scripts(list(scripts.values())))
    result = {}
    for one in facts:
        served = {vcov.slug: vcov for vcov in one.spec.vcovs}
        estimates = []
        for row in ours[one.spec.spec_id]["estimates"]:
            slug = row["estimate_id"].rpartition(".")[2]
            if slug not in served:  # a cluster is missing, and the first errors do not need it
                assert row["reason"].startswith("hamlet is missing in")
                continue
            numbers = {n: np.nan if row[n] is None else row[n] for n in ("estimate", "std_error")}
            estimates.append({**row, **numbers, "vcov": served[slug]})
        of_r = found[str(scripts[one.spec.spec_id].resolve())]
        result[one.spec.spec_id] = list(compare(one, of_r, estimates))
    return result


def name_of(key: str) -> str:
    return key.replace(" ", "_").replace(",", "").replace("-", "_")


@pytest.mark.parametrize("key", SPECS)
def test_r_code_gives_our_numbers(compared, key):
    rows = compared[name_of(key)]
    assert rows, "nothing was estimated"
    wrong = [row for row in rows if row["agrees"] != "yes"]
    assert not wrong, wrong[:3]
