"""Tests of a fit where there is nothing to test with."""

import numpy as np
import pandas as pd
import pytest
from plain_specs import spec

from reintegration.estimation.diagnostics import tests as all_tests
from reintegration.estimation.fit import fit_specification
from reintegration.estimation.specs import Vcov


def fitted(frame: pd.DataFrame, vcov: Vcov):
    return fit_specification(frame, spec("x", vcov))


@pytest.mark.parametrize("scale", [1, 1e-30, 1e30])
def test_two_clusters_give_powers_no_joint_variance(scale):
    """Scores of two clusters add to zero: their products have rank one, at any unit."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=30)
    frame = pd.DataFrame({"x": x, "y": scale * (x + rng.normal(size=30)), "place": [0, 1] * 15})
    robust = all_tests(fitted(frame, Vcov("CR1S", "place")))[-1]
    assert robust.says == "CR1S by place gives the powers no variance"
    assert np.isnan(robust.statistic)


def test_squares_that_are_all_equal_have_nothing_to_tell():
    x = np.tile([0.0, 0, 1, 1], 10)
    frame = pd.DataFrame({"x": x, "y": x + np.tile([-1.0, 1], 20)})
    said = {test.name: test for test in all_tests(fitted(frame, Vcov("HC3")))}
    for name in ("Breusch-Pagan (Koenker)", "White"):
        assert said[name].says == "squared residuals are all equal"
        assert np.isnan(said[name].statistic)
