import re

import pytest
from made_up_results import config
from matplotlib.figure import Figure

from reintegration.report import figures
from reintegration.report.figures import coefficients, columns, flow, network, orion, scores, trends
from reintegration.report.figures.style import save, style
from reintegration.report.outputs import FIGURES, figure_files
from reintegration.tables_io import read_csv


def texts(figure: Figure) -> str:
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()]
        found += [text.get_text() for text in axes.texts]
        found += [label.get_text() for label in axes.get_yticklabels()]
    return "\n".join(found)


def test_every_figure_of_a_study_is_made_in_every_format(bare, tmp_path):
    figures.run_figures(bare, tmp_path, config())
    for name in figure_files(tmp_path):
        assert (tmp_path / name).stat().st_size > 0
    for name in FIGURES:
        data = read_csv(tmp_path / f"{name}.csv")
        assert not {"survey_id", "returnee_id"} & set(data.columns)
        assert set(data["data"]) <= {"simulated"}
        svg = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        assert "<dc:date>" not in svg
        assert not re.search(r'(?:href|src)="https?:', svg)


def test_a_figure_is_the_same_twice_and_says_that_data_are_simulated(frames, settings, tmp_path):
    for place in ("one", "two"):
        with style():
            drawn = trends.draw_slopes(frames, settings)
            save(drawn, tmp_path / place, "slopes", settings)
    assert "SIMULATED DATA" in texts(drawn.figure)
    assert "simulated data, world “demo”" in texts(drawn.figure)
    for kind in ("svg", "csv"):
        one, two = ((tmp_path / place / f"slopes.{kind}").read_bytes() for place in ("one", "two"))
        assert one == two


def test_a_figure_of_real_data_does_not_say_simulated(frames, real_settings, tmp_path):
    with style():
        drawn = flow.draw(frames, real_settings)
        save(drawn, tmp_path, "sample_flow", real_settings)
    assert "SIMULATED" not in texts(drawn.figure)
    assert set(read_csv(tmp_path / "sample_flow.csv")["data"]) == {"survey"}


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (orion.draw, "no mentored returnee has two surveys"),
        (coefficients.draw, "no country terms in a study of one country"),
    ],
)
def test_what_cannot_be_shown_is_said(bare_frames, settings, draw, words):
    assert words in texts(draw(bare_frames, settings).figure)


def test_trendlines_without_follow_ups_are_pooled_and_say_so(bare_frames, settings):
    assert "all surveys pooled" in trends.draw_lines(bare_frames, settings).title


def test_no_slope_at_all_is_said(frames, settings):
    slopes = frames["slopes"].assign(status="failed", warnings="fewer than 20 returnees")
    changed = {**frames, "slopes": slopes, "lines": frames["lines"].head(0)}
    for draw in (trends.draw_lines, trends.draw_slopes):
        assert "Nothing to show: fewer than 20 returnees." in texts(draw(changed, settings).figure)


def test_countries_are_named_and_ordered_by_the_composite(frames, settings):
    drawn = coefficients.draw(frames, settings)
    labels = [label.get_text() for label in drawn.figure.axes[0].get_yticklabels()]
    rows = drawn.data[(drawn.data["group"] == "country") & (drawn.data["outcome"] == "composite")]
    expected = rows.sort_values("estimate")["term"].map(settings.language.term)
    assert labels == expected.tolist()
    assert "Côte d’Ivoire" in labels


def test_a_term_on_few_returnees_is_not_drawn(frames, settings):
    estimates = frames["estimates"].copy()
    few = estimates["term"] == "training"
    estimates.loc[few, "n_identifying"] = 3
    drawn = coefficients.draw({**frames, "estimates": estimates}, settings)
    assert drawn.data.loc[drawn.data["term"] == "training", "estimate"].isna().all()
    assert drawn.hidden is not None
    assert drawn.hidden["estimate_id"].str.contains("training").all()
    assert "Training" not in texts(drawn.figure)


def test_columns_show_both_coefficients_and_each_part(frames, settings):
    drawn = columns.draw(frames, settings)
    titles = [axes.get_title() for axes in drawn.figure.axes]
    assert titles[:4] == ["Coefficients", "other rows", "time", "person"]
    assert set(drawn.data["shown"]) == {"to", "other_rows", "time", "person", "total"}
    assert "of the Composite score" in texts(drawn.figure)
    ends, *parts = drawn.figure.axes
    assert {line.get_marker() for line in ends.lines} >= {"|", "D"}
    assert not any(line.get_marker() == "o" for line in ends.lines)
    assert not {line.get_marker() for axes in parts[:3] for line in axes.lines} & {"|", "D"}
    few = {**frames, "columns": frames["columns"].assign(n_identifying=3)}
    hidden = columns.draw(few, settings)
    assert "no nested regressions" in texts(hidden.figure)
    assert hidden.data.loc[hidden.data["shown"] != "to", "estimate"].isna().all()


def test_a_mean_of_few_mentored_is_not_drawn(frames, settings):
    means = frames["means"].copy()
    few = (means["group"] == "mentored") & (means["country"] == "MAR")
    means.loc[few, "n_returnees"] = 2
    drawn = orion.draw({**frames, "means": means}, settings)
    shown = drawn.data[(drawn.data["group"] == "mentored") & (drawn.data["country"] == "MAR")]
    assert shown[["estimate", "conf_low", "conf_high"]].isna().all().all()


def test_small_steps_of_a_distribution_are_hidden_with_a_cover(frames, settings):
    done = scores.shares(frames["distributions"], settings.minimum_cell)
    hidden = frames["distributions"]["status"] == "suppressed"
    assert hidden.sum() > 0
    assert len(done.record) >= hidden.sum()
    steps = done.cells[done.cells["statistic"] == "count"]
    counts = steps["share"] * steps["n_obs"] if "n_obs" in steps else None
    assert counts is None  # what would give the hidden steps away is not in the figure's data
    assert steps["value"].isna().all()


def test_the_network_figure_hides_pairs_of_answers(frames, settings):
    descriptives = frames["descriptives"].copy()
    here = descriptives["variable"].eq("q22") & descriptives["country"].eq("GIN")
    descriptives.loc[here, "returnees_with"] = 30
    for answer, count in (("very_poor", 2), ("poor", 90)):
        descriptives.loc[here & descriptives["answer"].eq(answer), "returnees_with"] = count
    drawn = network.draw({**frames, "descriptives": descriptives}, settings)
    hidden = drawn.data[drawn.data["country"].eq("GIN") & drawn.data["estimate"].isna()]
    # The share of poor and very poor networks is in the text: one must not give the other away.
    assert {"very_poor", "poor"} <= set(hidden["answer"])
    others = drawn.data[drawn.data["answer"].eq("very_poor") & drawn.data["estimate"].isna()]
    assert len(others) >= 2


def test_the_flow_tells_each_reason_once(frames, settings):
    drawn = flow.draw(frames, settings)
    shown = texts(drawn.figure)
    for reason in frames["flow"]["reason"].dropna():
        assert shown.count(reason) == 1
    assert [stage.name for stage in flow.stages(frames["flow"])] == [
        "rows_read",
        "usable",
        "distinct",
        "country_not_studied",
        "analysed",
    ]
