import numpy as np
import pandas as pd
import pytest

from reintegration.codebook import load_codebook
from reintegration.scoring import cronbach_alpha, reliability


def test_alpha_of_a_table_worked_by_hand():
    # Item variances 1, 1, 1 and variance of the sum 4: 3/2 * (1 - 3/4) = 0.375.
    items = np.array([[1.0, 1, 2], [2, 3, 3], [3, 2, 1]])
    assert items.sum(axis=1).tolist() == [4, 8, 6]
    found = cronbach_alpha(items)
    assert found.alpha == pytest.approx(0.375)
    assert (found.n_items, found.n_surveys) == (3, 3)


def test_equal_items_agree_fully_and_incomplete_rows_are_left_out():
    items = np.array([[1.0, 1], [2, 2], [4, 4], [np.nan, 100]])
    found = cronbach_alpha(items)
    assert found.alpha == pytest.approx(1)
    assert found.n_surveys == 3


@pytest.mark.parametrize("items", [np.ones((5, 3)), np.ones((1, 3)), np.arange(5.0)[:, None]])
def test_alpha_is_missing_when_it_cannot_be_known(items):
    assert np.isnan(cronbach_alpha(items).alpha)


def test_conditional_items_do_not_empty_the_table():
    codebook = load_codebook("data/instruments/rss.yaml", "data/instruments/variables.yaml")
    rng = np.random.default_rng(1)
    scores = pd.DataFrame({f"item_{name}": rng.random(40) for name in codebook.items})
    scores[["item_q10", "item_q30"]] = np.nan
    table = reliability(scores, codebook).set_index("score")
    assert table["n_items"].to_dict() == {
        "economic": 9,
        "social": 10,
        "psychosocial": 9,
        "composite": 28,
    }
    assert (table["n_surveys"] == 40).all()
