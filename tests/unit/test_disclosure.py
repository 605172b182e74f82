import numpy as np
import pandas as pd

from reintegration.disclosure import DERIVABLE, SMALL, hidden_cells, protect


def table(counts: dict[tuple[str, str], int]) -> pd.DataFrame:
    rows = [
        {"estimate_id": f"n.{answer}.{country}", "answer": answer, "country": country, "n": n}
        for (answer, country), n in counts.items()
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(share=frame["n"] / 100)


def test_a_cell_below_the_minimum_is_hidden_and_an_empty_one_is_shown():
    reasons = hidden_cells([4, 5, 0, np.nan], [], minimum=5)
    assert reasons.tolist() == [SMALL, "", "", ""]


def test_a_single_hidden_cell_hides_the_next_smallest_of_its_line():
    reasons = hidden_cells([3, 40, 7, 90], [["a"] * 4], minimum=5)
    assert reasons.tolist() == [SMALL, "", DERIVABLE, ""]


def test_two_small_cells_that_together_stay_below_the_minimum_hide_a_third():
    reasons = hidden_cells([1, 2, 30, 90], [["a"] * 4], minimum=5)
    assert reasons.tolist() == [SMALL, SMALL, DERIVABLE, ""]


def test_two_small_cells_that_reach_the_minimum_together_are_enough():
    assert hidden_cells([4, 4, 30], [["a"] * 3], minimum=5).tolist() == [SMALL, SMALL, ""]


def test_an_empty_cell_is_the_last_choice_as_a_cover():
    assert hidden_cells([3, 0, 50], [["a"] * 3], minimum=5).tolist() == [SMALL, "", DERIVABLE]


def test_a_total_is_not_used_as_cover():
    reasons = hidden_cells([3, 20, 23], [["a"] * 3], minimum=5, total=[False, False, True])
    assert reasons.tolist() == [SMALL, DERIVABLE, ""]


def test_no_hidden_cell_can_be_solved_for_in_a_crossed_table():
    rng = np.random.default_rng(7)
    for _ in range(20):
        counts = rng.integers(0, 30, size=(4, 5))
        frame = table({(f"a{i}", f"C{j}"): counts[i, j] for i in range(4) for j in range(5)})
        cells = protect(
            frame, 5, count="n", values=["share"], lines=[["answer"], ["country"]]
        ).cells
        hidden = (cells["suppressed"] != "").to_numpy().reshape(4, 5)
        for line in [*hidden, *hidden.T]:
            assert line.sum() != 1
        assert not ((counts > 0) & (counts < 5) & ~hidden).any()


def test_values_and_counts_are_blank_where_hidden_and_recorded():
    frame = table({("yes", "GIN"): 2, ("no", "GIN"): 50, ("yes", "SEN"): 30, ("no", "SEN"): 9})
    done = protect(frame, 5, count="n", values=["share"], lines=[["answer"], ["country"]])
    assert done.cells["share"].isna().all()
    assert done.cells["n"].isna().all()
    assert done.record["estimate_id"].tolist() == [
        "n.yes.GIN",
        "n.no.GIN",
        "n.yes.SEN",
        "n.no.SEN",
    ]
    assert done.record["reason"].tolist() == [SMALL, DERIVABLE, DERIVABLE, DERIVABLE]


def test_nothing_small_changes_nothing():
    frame = table({("yes", "GIN"): 20, ("no", "GIN"): 50})
    done = protect(frame, 5, count="n", values=["share"], lines=[["country"]])
    assert done.record.empty
    assert done.cells["share"].tolist() == frame["share"].tolist()
