import numpy as np
import pytest
from scipy import stats

from reintegration.estimation.results import (
    data_hash,
    estimate_id,
    join_warnings,
    sample_id,
    t_inference,
    table,
)


def test_inference_is_student_t():
    found = t_inference(0.3, 0.1, 16, 0.9)
    assert found.statistic == pytest.approx(3)
    assert found.p_value == pytest.approx(2 * stats.t.sf(3, 16))
    assert found.conf_low == pytest.approx(0.3 - stats.t.ppf(0.95, 16) * 0.1)
    assert found.conf_high == pytest.approx(0.3 + stats.t.ppf(0.95, 16) * 0.1)


def test_without_an_error_there_is_no_test():
    found = t_inference(0.3, 0.0, 16, 0.95)
    assert (found.conf_low, found.conf_high) == (0.3, 0.3)
    assert np.isnan(found.p_value)


def test_ids_join_their_parts():
    assert estimate_id("trend", "within", "", "GIN") == "trend.within.GIN"


def test_a_table_refuses_columns_it_has_not_promised():
    with pytest.raises(KeyError, match="surprise"):
        table([{"a": 1, "surprise": 2}], ["a", "b"])
    assert table([{"a": 1}], ["a", "b"]).columns.tolist() == ["a", "b"]


def test_warnings_stand_once_and_in_order():
    assert join_warnings(["b", "", "a", "b"]) == "b; a"


def test_samples_are_named_by_their_rows_and_data_by_their_numbers():
    assert sample_id(["S2", "S1"]) == sample_id(["S1", "S2"])
    assert sample_id(["S1", "S3"]) != sample_id(["S1", "S2"])
    x = np.array([[1.0, 2.0]])
    assert data_hash(x) == data_hash(x + 1e-13)
    assert data_hash(x) != data_hash(x.T)
