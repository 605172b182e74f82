"""Quotas and tilted probabilities."""

import numpy as np
import pytest

from reintegration.simulation.selection import quota, tilt


@pytest.mark.parametrize("wanted", [0, 1, 5, 8])
def test_a_quota_is_exact(rng, wanted):
    assert quota(np.zeros(8), wanted, rng).sum() == wanted


def test_a_quota_larger_than_the_group_takes_all(rng):
    assert quota(np.zeros(3), 9, rng).all()


def test_one_place_goes_in_proportion_to_the_odds(rng):
    log_odds = np.log([1.0, 3.0])
    second = np.mean([quota(log_odds, 1, rng)[1] for _ in range(20_000)])
    assert second == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / 20_000))


def test_tilt_multiplies_the_odds():
    chance = tilt(0.2, np.array([0.0, np.log(2)]))
    assert chance == pytest.approx([0.2, 0.5 / 1.5])


@pytest.mark.parametrize("sure", [0, 1])
def test_what_is_sure_cannot_be_tilted(sure):
    assert (tilt(sure, np.array([-5.0, 5.0])) == sure).all()
