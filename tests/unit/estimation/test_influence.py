"""Estimates without a country, a person or a row equal brute-force refits."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reintegration.estimation.diagnostics import dfbetas
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.influence import (
    OWN,
    combinations,
    leave_out,
    why_not,
    without_country,
)
from reintegration.estimation.kernel.gram import gram
from reintegration.estimation.kernel.resample import leave_one_out
from reintegration.estimation.kernel.single import Equation
from reintegration.estimation.rows import group_codes
from reintegration.estimation.specs import Specification, Vcov

COUNTRIES = ["AAA", "BBB", "CCC", "DDD"]


def surveys(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "survey_id": [f"s{i}" for i in range(n)],
            "returnee_id": [f"r{i // 2}" for i in range(n)],
            "country": np.array(COUNTRIES).repeat(n // 4),
            "score": rng.normal(size=n),
            "x": rng.normal(size=n),
            "weight": rng.uniform(0.5, 2, n),
            "wave": np.arange(n) % 2,
        }
    )


def specification(*terms: str, **more) -> Specification:
    vcov = Vcov("CR1S", "returnee_id")
    parsed = tuple(parse_term(text) for text in terms)
    spec = Specification("s", "", "exploratory", "surveys", "score", parsed, vcov)
    return replace(spec, **more)


def fitted(frame: pd.DataFrame, spec: Specification) -> Fit:
    fit = fit_specification(frame, spec, countries=COUNTRIES)
    assert fit.status == "ok", fit.reason
    return fit


SPECS = {
    "deviations": specification("country", "x"),
    "slopes by country": specification("country", "x", "country:x"),
    "reference": specification("country", "x", coding="BBB"),
    "weighted": specification("country", "x", weights="weight"),
    "within": specification("x", "wave", estimator="within"),
    "effects": specification("x", fixed_effects=("returnee_id",)),
    "contrast": specification(
        "country", "x", contrasts=(("gap", (("country.AAA", 1.0), ("country.DDD", -1.0))),)
    ),
}


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("country", COUNTRIES)
def test_without_a_country_terms_are_those_of_a_refit(name, country):
    frame, spec = surveys(), SPECS[name]
    fit = fitted(frame, spec)
    left = leave_out(fit, group_codes(frame, "country"))
    others = frame[frame["country"] != country]
    if spec.coding == country:
        ours = {t: left.estimate(COUNTRIES.index(country), w) for t, w in combinations(fit).items()}
        assert all(np.isnan(v) for t, v in ours.items() if t.startswith("country."))
        return
    without = fit_specification(others, spec, countries=sorted(set(others["country"])))
    compared = 0
    for term, weights in without_country(fit, country).items():
        if isinstance(weights, str):
            assert weights == OWN
            assert country in term or term == "gap"
            continue
        value = left.estimate(COUNTRIES.index(country), weights)
        expected = without.estimate(term)["estimate"] if f".{country}" not in term else np.nan
        np.testing.assert_allclose(value, expected, rtol=1e-9)
        compared += 1
    assert compared >= 1


@pytest.mark.parametrize("name", ["deviations", "weighted", "within"])
def test_without_a_person_terms_are_those_of_a_refit(name):
    frame, spec = surveys(), SPECS[name]
    fit = fitted(frame, spec)
    left = leave_out(fit, group_codes(frame, "returnee_id"))
    for person in (0, 17, 59):
        without = fitted(frame[frame["returnee_id"] != f"r{person}"], spec)
        for term, weights in combinations(fit).items():
            expected = without.estimate(term)["estimate"]
            assert left.estimate(person, weights) == pytest.approx(expected, rel=1e-9)


def test_the_kernel_leaves_out_the_same():
    frame = surveys()
    fit = fitted(frame, specification("x", "wave"))
    codes = group_codes(frame, "country")
    statistics = gram(frame, ["score", "x", "wave"], clusters=codes)
    refits = leave_one_out(statistics, Equation("score", ("x", "wave")))
    ours = leave_out(fit, codes).coefficients[
        :, [fit.design.columns.index(n) for n in ("x", "wave")]
    ]
    np.testing.assert_allclose(ours, refits.coefficients, rtol=1e-9)


def test_a_term_that_one_country_alone_identifies_is_lost_without_it():
    frame = surveys()
    frame["only"] = np.where(frame["country"] == "CCC", frame["x"] > 0, 0).astype(float)
    fit = fitted(frame, specification("country", "only"))
    left = leave_out(fit, group_codes(frame, "country"))
    weights = combinations(fit)["only"]
    values = [left.estimate(g, weights) for g in range(4)]
    assert [np.isnan(v) for v in values] == [False, False, True, False]


@pytest.mark.parametrize("name", ["deviations", "weighted", "effects"])
def test_dfbetas_are_those_of_refits_without_the_row(name):
    frame, spec = surveys(), SPECS[name]
    fit = fitted(frame, spec)
    weights = combinations(fit)["x"]
    found = dfbetas(fit, weights[None, :])[:, 0]
    classical = replace(spec, vcov=Vcov("classical"))
    for row in (3, 50, 111):
        without = fit_specification(frame.drop(index=row), classical, countries=COUNTRIES)
        assert np.sign(found[row]) == np.sign(
            fit.estimate("x")["estimate"] - without.estimate("x")["estimate"]
        )
        scale = fit_specification(frame, classical, countries=COUNTRIES).estimate("x")["std_error"]
        whole, left = _sigma(fitted(frame, classical)), _sigma(without)
        change = fit.estimate("x")["estimate"] - without.estimate("x")["estimate"]
        assert found[row] == pytest.approx(change / (scale * left / whole), rel=1e-8)


def _sigma(fit: Fit) -> float:
    scaled = fit.solution.residuals if fit.solution.scaled is None else fit.solution.scaled
    return np.sqrt(scaled @ scaled / fit.model["df_resid"])


def test_what_cannot_be_left_out_says_why():
    frame = surveys()
    effects = fitted(frame, specification("x", fixed_effects=("wave",)))
    assert "wave" in why_not(effects, group_codes(frame, "country"))
    one = fitted(frame[frame["country"] == "AAA"], specification("x"))
    assert "one group" in why_not(one, np.zeros(30, dtype=int))
