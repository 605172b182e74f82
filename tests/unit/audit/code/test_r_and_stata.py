"""What the R and Stata code of specifications says; that R gives our numbers with it is tested in
tests/reference/test_code_against_r.py."""

import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reintegration.audit.code.facts import DataFile, Facts, kinds_of, look
from reintegration.audit.code.files import study_code
from reintegration.audit.code.names import plain_name
from reintegration.audit.code.r import r_code, r_term
from reintegration.audit.code.r_words import condition
from reintegration.audit.code.stata import stata_code
from reintegration.audit.code.stata_words import condition as stata_condition
from reintegration.estimation.grammar import Term, parse_filter
from reintegration.estimation.language import expand
from reintegration.estimation.specs import Specification, Vcov
from reintegration.estimation.tables import read_table
from reintegration.estimation.written import COVARIANCES, CR, RESAMPLED, Written

ROWS = pd.DataFrame(
    {
        "returnee_id": ["a", "a", "b", "b", "c", "d", "e", "f"],
        "survey_id": [f"s{i}" for i in range(8)],
        "country": ["GIN", "GIN", "SEN", "SEN", "MAR", "MAR", "GIN", "SEN"],
        "score": [0.1, 0.4, 0.3, 0.5, 0.2, 0.6, 0.9, 0.7],
        "age": [20.0, 21, 30, 31, 40, 50, np.nan, 33],
        "sex": ["man", "man", "woman", "woman", "man", "woman", "man", "woman"],
        "assistance_cash": [1.0, 0, np.nan, 1, 0, 1, 0, 1],
        "day": pd.to_datetime(["2020-01-01"] * 4 + ["2020-06-01"] * 4),
    }
)
FILE = DataFile("data/surveys.csv", kinds_of(ROWS))


def spec(*terms: str, **keys) -> Specification:
    named = {
        "spec_id": "levels.score",
        "title": "Scores",
        "role": "published",
        "data": "surveys",
        "outcome": "score",
        "vcov": Vcov("CR1S", "returnee_id"),
        "terms": tuple(Term(tuple(term.split(":"))) for term in terms),
    }
    return Specification(**named | keys)


def facts(*terms: str, **keys) -> Facts:
    return look(spec(*terms, **keys), ROWS, FILE)


def test_r_is_written_as_a_person_would():
    lines = r_code(facts("country", "age", filter="age >= 18")).splitlines()
    assert lines[0] == "# levels.score"
    for line in (
        "library(sandwich)",
        'numerics <- c("score", "age")',
        "d <- subset(d, age >= 18)",
        'd <- d[complete.cases(d[c("score", "country", "age", "returnee_id")]), ]',
        'd$country <- droplevels(factor(d$country, levels = c("GIN", "MAR", "SEN")))',
        "formula <- score ~ country + age",
        "model <- lm(formula, d)",
        'V[["CR1S by returnee_id"]] <- vcovCL(model, cluster = d$returnee_id, type = "HC1")',
    ):
        assert line in lines
    assert any(line.startswith("contrasts(d$country) <- contr.sum(") for line in lines)


def test_stata_is_written_with_the_omitted_level_as_a_sum():
    lines = stata_code(facts("country", "age", "sex", filter="age >= 18")).splitlines()
    for line in (
        "keep if (age >= 18 & !missing(age))",
        "drop if missing(score, country, age, sex, returnee_id)",
        'replace country_n = 3 if country == `"SEN"\'',
        "regress score country_n_1 country_n_2 age ib1.sex_n, vce(cluster returnee_id)",
        "* country.SEN",
        "lincom -country_n_1 - country_n_2",
    ):
        assert line in lines


def test_assistance_without_a_record_is_a_category_in_both():
    known = facts("assistance_cash", "age")
    assert "d[[received]][is.na(d[[received]])] <- 0" in r_code(known)
    assert "assistance_cash + cash_not_recorded" in r_code(known)
    assert "generate byte `type'_not_recorded = missing(assistance_`type')" in stata_code(known)
    assert [one.term for one in known.reported()] == [
        "intercept",
        "cash",
        "cash_not_recorded",
        "age",
    ]


def test_a_category_with_one_level_left_is_not_in_the_formula():
    known = facts("country", "age", filter="country == GIN")
    assert "formula <- score ~ age" in r_code(known)
    assert "# Without country: one level only in these rows." in r_code(known)


def test_interactions_bear_the_name_that_r_gives_them():
    known = facts("sex", "country", "country:sex", "age", codings=(("sex", "man"),))
    names = {one.term: r_term(known, one.parts) for one in known.reported()}
    assert names["country.GIN:sex.woman"] == "sex.woman:country.GIN"
    assert names["intercept"] == "(Intercept)"


@pytest.mark.parametrize(
    ("text", "r", "stata"),
    [
        ("age >= 18", "age >= 18", "(age >= 18 & !missing(age))"),
        ("not (age >= 18)", "!(age >= 18)", "(!(age >= 18) & !missing(age))"),
        (
            "country in (GIN, SEN)",
            'country %in% c("GIN", "SEN")',
            '(inlist(country, `"GIN"\', `"SEN"\') & !missing(country))',
        ),
        (
            "country not in (GIN)",
            '!is.na(country) & !(country %in% c("GIN"))',
            '(!inlist(country, `"GIN"\') & !missing(country))',
        ),
        (
            "not (age < 3 and country in (GIN, SEN))",
            '!(age < 3 & (country == "GIN" | country == "SEN"))',
            "((!(age < 3) & !missing(age)) |"
            ' (!inlist(country, `"GIN"\', `"SEN"\') & !missing(country)))',
        ),
        ("sex is not missing", "!is.na(sex)", "!missing(sex)"),
        (
            'day < "2020-03-01"',
            'day < as.Date("2020-03-01")',
            "(day < td(01mar2020) & !missing(day))",
        ),
    ],
)
def test_filters_in_both_languages(text, r, stata):
    assert condition(facts("age"), parse_filter(text)) == r
    assert stata_condition(facts("age"), parse_filter(text)) == stata


def test_names_that_r_would_have_to_quote_are_made_plain():
    assert plain_name("months since return") == "months_since_return_"
    assert plain_name("âge") == "age_"
    assert plain_name("2nd") == "x2nd_"
    assert plain_name("if") == "if_"
    assert plain_name("Sepal.Length") == "Sepal.Length"


OUTCOME = {"ordered_logit": "grade", "logit": "won", "fractional_logit": "share"}


@pytest.mark.parametrize("estimator", COVARIANCES)
def test_every_specification_of_the_language_has_its_code(tmp_path, estimator):
    path = tmp_path / "data.csv"
    rng = np.random.default_rng(1)
    n = 60
    pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "share": rng.random(n),
            "won": rng.integers(0, 2, n),
            "grade": rng.integers(1, 4, n),
            "x": rng.normal(size=n),
            "g": rng.choice(["u", "v", "w"], n),
            "c": rng.integers(0, 9, n),
            "t": rng.integers(0, 4, n),
            "w": rng.integers(1, 4, n),
            "returnee_id": np.arange(n) // 3,
        }
    ).to_csv(path, index=False)
    table = read_table(path)
    covariances = []
    for kind in COVARIANCES[estimator]:
        first = "returnee_id" if estimator == "within" else "c"
        clusters = [first, [first, "t"]] if kind in CR[:3] else [first]
        wanted = clusters if kind in (*CR, *RESAMPLED) else [None]
        covariances += [{"type": kind} | ({"cluster": one} if one else {}) for one in wanted]
    options = {
        "terms": (["x"], ["x", "g"], ["g", "g:x"], ["x^2", "x", "g", "x:g"]),
        "coding": ({}, {"g": "deviation"}, {"g": {"reference": "v"}}),
        "filter": (None, "x > -1 and not (t == 0)"),
        "extra": ({}, {"weights": "w"}, {"fixed_effects": ["c"]}, {"fixed_effects": ["c", "t"]}),
    }
    written = 0
    for terms, coding, kept, extra in itertools.product(*options.values()):
        if coding and "g" not in terms:
            continue
        if extra and (estimator != "ols" if "fixed_effects" in extra else
                      estimator in ("mixed", "random_effects", "quantile", "within")):  # fmt: skip
            continue
        keys = {"id": "s", "outcome": OUTCOME.get(estimator, "y"), "estimator": estimator}
        keys |= {"terms": list(terms), "coding": coding, "vcov": covariances, **extra}
        keys |= {"filter": kept} if kept else {}
        if estimator in ("mixed", "random_effects"):
            keys["random"] = {"groups": "c"}
        [wanted] = expand([Written.model_validate(keys)], table)
        known = look(wanted.specs[0], table.frame, DataFile("data.csv", table.kinds))
        assert not known.problem
        r, stata = r_code(known), stata_code(known)
        for vcov in known.spec.vcovs:
            assert f'V[["{vcov.label}"]] <-' in r
            assert f"* {vcov.label}." in stata
        bare = re.sub(r'"[^"]*"', "", r)
        assert bare.count("(") == bare.count(")")
        assert stata.count("(") == stata.count(")")
        written += 1
    assert written >= 18


def test_rows_for_the_code_are_for_their_owner_and_hold_no_pseudonym(tmp_path):
    one = spec("country", "age")
    study_code([one], {"surveys": ROWS}, tmp_path)
    folder, path = tmp_path / "data", tmp_path / "data/surveys.csv"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    held = pd.read_csv(path)
    assert set(held) == {"returnee_id", "country", "score", "age"}
    assert held["returnee_id"].tolist() == [1, 1, 2, 2, 3, 4, 5, 6]
    assert {p.name for p in Path(tmp_path).iterdir()} == {
        "data",
        "levels.score.R",
        "levels.score.do",
    }
