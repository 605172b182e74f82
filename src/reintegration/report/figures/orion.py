"""ORION: scores of the mentored and of the others, from the first survey to the last."""

from collections.abc import Mapping
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from reintegration.report.figures.common import INTERVAL, empty_words, without_small_cells
from reintegration.report.figures.style import (
    BLUE,
    FAINT,
    VERMILION,
    Drawn,
    add_legend,
    empty_figure,
    new_figure,
    panel_title,
)
from reintegration.report.language import ALL
from reintegration.report.select import good, shown_scores
from reintegration.report.settings import Settings

NAME = "orion_first_last"
GROUPS: dict[str, tuple[str, str, Literal["-", "--"], float]] = {
    "mentored": (VERMILION, "o", "-", 0.04),
    "others": (BLUE, "s", "--", -0.04),
}
SURVEYS = ["first", "last"]


def draw(frames: Mapping[str, pd.DataFrame], settings: Settings) -> Drawn:
    """Draw a panel per country and score with the first and last mean of both groups."""
    language = settings.language
    title = language.plain(f"figures.{NAME}.title")
    columns = [
        *("estimate_id", "group", "survey", "outcome", "country", "estimate", "std_error"),
        *(*INTERVAL, "vcov", "n_returnees", "status", "warnings"),
    ]
    protected = without_small_cells(
        frames["means"][columns], settings.minimum_cell, ["estimate", "std_error", *INTERVAL]
    )
    data = protected.cells
    usable = good(data).dropna(subset=["estimate"])
    scores = shown_scores(settings.codebook, set(usable["outcome"]))
    if not scores or "mentored" not in set(usable["group"]):
        why = "no_mentored" if scores else "no_follow_up"
        figure = empty_figure(empty_words(why, data, settings))
        return Drawn(figure, title, data, protected.record)
    countries = _countries(usable, settings)
    across = [scores[-1], *scores[:-1]]
    figure = new_figure(1.2 + 1.2 * len(countries), legend=True)
    grid = figure.subplots(len(countries), len(across), sharex=True, sharey=True, squeeze=False)
    for line, country in zip(grid, countries, strict=True):
        for axes, score in zip(line, across, strict=True):
            here = (usable["country"] == country) & (usable["outcome"] == score)
            _panel(axes, usable[here])
        name = "words.pilot_countries" if country == ALL else ""
        line[0].set_ylabel(language.plain(name) if name else language.country(country),
                           fontweight="bold")  # fmt: skip
    for axes, score in zip(grid[0], across, strict=True):
        axes.set_title(panel_title(language.score(score), len(across)))
    labels = [language.plain(f"figures.{NAME}.{survey}") for survey in SURVEYS]
    grid[-1][0].set_xticks([0, 1], labels)
    grid[-1][0].set_xlim(-0.3, 1.3)
    figure.supylabel(language.plain("words.score_points"), fontsize=8.5)
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle=dash, markersize=4.5,
               label=language.plain(f"figures.{NAME}.{group}"))
        for group, (colour, marker, dash, _) in GROUPS.items()
    ]  # fmt: skip
    add_legend(figure, handles)
    return Drawn(figure, title, data, protected.record)


def _countries(usable: pd.DataFrame, settings: Settings) -> list[str]:
    present = set(usable["country"])
    order = [code for code in settings.orion.countries if code in present]
    order += sorted(present - set(order) - {ALL})
    return [*order, ALL] if ALL in present and len(order) != 1 else order


def _panel(axes: Axes, part: pd.DataFrame) -> None:
    for group, (colour, marker, dash, shift) in GROUPS.items():
        rows = part[part["group"] == group].set_index("survey").reindex(SURVEYS)
        x = [place + shift for place in range(len(SURVEYS))]
        axes.vlines(x, rows["conf_low"], rows["conf_high"], color=colour, linewidth=1.3)
        axes.plot(x, rows["estimate"], color=colour, marker=marker, markersize=4.2,
                  linestyle=dash, linewidth=1.4)  # fmt: skip
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
