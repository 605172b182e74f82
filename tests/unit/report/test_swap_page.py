"""The page on what changed: what it says, and what it must not tell."""

import re

import pandas as pd
import pytest
from made_up_results import make_results

from reintegration.audit.compare import ESTIMATE_COLUMNS, Results, compare_results
from reintegration.audit.swap import Changes
from reintegration.report.swap import Swap, few_between, protected, write_swap
from reintegration.tables_io import read_csv, write_csv

CHANGES = Changes(added=["mar"], replaced={"gin": ["raw"]})


def swap_of(before, after, changes=CHANGES) -> Swap:
    old, new = Results(before), Results(after)
    return Swap(old, new, compare_results(old, new), changes)


@pytest.fixture
def folders(tmp_path):
    make_results(tmp_path / "before", countries=["GIN", "SEN"], seed=1)
    make_results(tmp_path / "after", countries=["GIN", "SEN", "MAR"], seed=2)
    return tmp_path / "before", tmp_path / "after"


def written(folders, settings, tmp_path, changes=CHANGES) -> tuple[pd.DataFrame, str]:
    swap = swap_of(*folders, changes)
    write_swap(swap, settings, tmp_path / "swap.csv", tmp_path / "swap.html")
    page = (tmp_path / "swap.html").read_text(encoding="utf-8")
    return read_csv(tmp_path / "swap.csv"), page


def test_table_and_page_say_what_moved(folders, settings, tmp_path):
    table, page = written(folders, settings, tmp_path)
    assert list(table.columns) == ESTIMATE_COLUMNS
    assert table["estimate_id"].is_unique
    assert {"moved", "appeared"} <= set(table["status"])
    first = table.iloc[0]["estimate_id"]
    assert f"<code>{first}</code>" in page
    assert "<strong>Added:</strong> mar" in page
    assert "gin (its file)" in page
    assert "Nothing else that makes results was changed" in page
    assert page.count("SIMULATED DATA") >= 2
    assert not re.search(r"(src|href)=\"https?:|url\(|<script", page)


def test_other_causes_are_said_and_nothing_is_put_down_to_the_source(
    folders, real_settings, tmp_path
):
    changes = Changes(added=["mar"], others=["config.yaml, scoring.minimum_answered"])
    _, page = written(folders, real_settings, tmp_path, changes)
    assert "config.yaml, scoring.minimum_answered" in page
    assert "cannot be put down to the sources" in page
    assert "SIMULATED" not in page
    _, page = written(folders, real_settings, tmp_path, None)
    assert "Causes are not known" in page


def test_text_of_files_is_escaped(folders, settings, tmp_path):
    sources = folders[1] / "clean/sources.csv"
    write_csv(read_csv(sources).assign(reason="<img src=x onerror=alert(1)>"), sources)
    _, page = written(folders, settings, tmp_path)
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_estimates_on_few_returnees_are_hidden_on_both_sides(folders, settings):
    path = folders[0] / "models/estimates.csv"
    table = read_csv(path)
    name = table.loc[0, "estimate_id"]
    table.loc[0, "n_identifying"] = 3
    write_csv(table, path)
    shown = protected(swap_of(*folders), settings).estimates.set_index("estimate_id")
    assert shown.loc[name, "status"] == "suppressed"
    assert shown.loc[name, ["before", "after", "difference"]].isna().all()
    assert shown.index.get_loc(name) > 0


def test_a_few_returnees_between_two_large_numbers_are_not_told():
    columns = ["estimate_id", "statistic", "variable", "country", "estimate", "n_returnees"]
    before = pd.DataFrame(
        [
            ("share.q1.a.GIN", "share", "q1", "GIN", 0.50, 40),
            ("share.q1.b.GIN", "share", "q1", "GIN", 0.50, 40),
            ("share.q1.a.SEN", "share", "q1", "SEN", 0.50, 40),
            ("n.returnees.GIN", "n", "returnees", "GIN", 40, 40),
            ("n.returnees.SEN", "n", "returnees", "SEN", 40, 40),
            ("n.returnees.all", "n", "returnees", "all", 80, 80),
        ],
        columns=columns,
    ).assign(returnees_with=[20, 20, 20, None, None, None])
    after = before.assign(
        estimate=[0.45, 0.55, 0.5, 50, 60, 110],
        n_returnees=[50, 50, 60, 50, 60, 110],
        returnees_with=[22, 28, 30, None, None, None],
    )
    # Two of ten came with answer a: both answers are hidden, as one tells the other.
    assert few_between(before, after, 5) == {"share.q1.a.GIN", "share.q1.b.GIN"}
    after.loc[3, ["estimate", "n_returnees"]] = 43
    after.loc[5, ["estimate", "n_returnees"]] = 103
    # The total less Senegal would tell of Guinea.
    assert {"n.returnees.GIN", "n.returnees.all"} <= few_between(before, after, 5)
    assert "n.returnees.SEN" not in few_between(before, after, 5)


def test_sources_do_not_tell_what_is_hidden_of_a_country(folders, settings):
    counts = ["rows_read_after", "rows_rejected_after", "surveys_before", "surveys_after"]
    assert protected(swap_of(*folders), settings).sources[counts].notna().all(axis=None)
    for folder, size in zip(folders, (100, 103), strict=True):
        path = folder / "descriptives/descriptives.csv"
        table = read_csv(path)
        named = table["estimate_id"] == "n.surveys.GIN"
        assert named.sum() == 1
        table.loc[named, "estimate"] = size
        write_csv(table, path)
    shown = protected(swap_of(*folders), settings)
    guinea = shown.countries.set_index("country").loc["GIN"]
    assert guinea[["surveys_before", "surveys_after"]].isna().all()
    assert shown.sources[counts].isna().all(axis=None)
