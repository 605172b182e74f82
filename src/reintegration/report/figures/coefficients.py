"""Countries and assistance in the regressions of levels."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from reintegration.disclosure import Protected
from reintegration.report.figures.common import (
    INTERVAL,
    empty_words,
    points,
    without_small_cells,
)
from reintegration.report.figures.style import (
    INK,
    Drawn,
    add_legend,
    empty_figure,
    new_figure,
    panel_title,
    rows_of_countries,
    score_colours,
    zero_line,
)
from reintegration.report.select import (
    SURVEYS,
    good,
    is_not_recorded,
    main_specification,
    shown_scores,
    terms_of,
)
from reintegration.report.settings import Settings

NAME = "coefficients"


def draw(frames: Mapping[str, pd.DataFrame], settings: Settings) -> Drawn:
    """Draw country deviations above and assistance terms below, a column per score."""
    language = settings.language
    title = language.plain(f"figures.{NAME}.title")
    specs = main_specification(frames["specs"], SURVEYS, settings.codebook)
    protected = published_terms(terms_of(frames["estimates"], specs), settings)
    data = protected.cells
    usable = good(data).dropna(subset=["estimate", *INTERVAL])
    scores = shown_scores(settings.codebook, set(usable["outcome"]))
    if not scores:
        figure = empty_figure(empty_words("no_estimates", data, settings))
        return Drawn(figure, title, data, protected.record)
    columns = [scores[-1], *scores[:-1]]  # the composite first
    groups = [name for name in ("country", "assistance") if name in set(usable["group"])]
    orders = {group: _order(usable, group, columns[0]) for group in groups}
    heights = [len(orders[group]) for group in groups]
    figure = new_figure(
        1.3 + 0.215 * sum(heights) + 0.55 * len(groups),
        legend=True,
        x_label=language.plain(f"figures.{NAME}.axis"),
    )
    grid = figure.subplots(
        len(groups), len(columns), squeeze=False, sharex="row", sharey="row",
        gridspec_kw={"height_ratios": heights},
    )  # fmt: skip
    colours = score_colours(settings.codebook.instrument_of(scores[-1]).score_names)
    for line, group in zip(grid, orders, strict=True):
        for axes, score in zip(line, columns, strict=True):
            part = usable[(usable["group"] == group) & (usable["outcome"] == score)]
            _panel(axes, part, orders[group], colours[score])
            name = panel_title(language.score(score), len(columns))
            axes.set_title(f"\n{name}")  # the empty line is the heading's
        names = [language.term(term) for term in orders[group]]
        line[0].set_yticks(range(len(names)), names)
        heading = line[0].annotate(
            _heading(group, groups, specs, settings),
            (0.01, 1), (0, 19), xycoords=("figure fraction", "axes fraction"),
            textcoords="offset points", fontsize=9, style="italic", annotation_clip=False,
        )  # fmt: skip
        heading.set_in_layout(False)
    _legend(figure, settings)
    return Drawn(figure, title, data, protected.record)


def published_terms(terms: pd.DataFrame, settings: Settings) -> Protected:
    """Country and assistance terms of the regressions of levels, those on few returnees hidden."""
    chosen = terms[terms["group"].isin(["country", "assistance"]) & ~is_not_recorded(terms)]
    columns = [
        *("estimate_id", "outcome", "group", "term", "estimate", "std_error", *INTERVAL),
        *("p_value", "vcov", "cluster_var", "n_identifying", "n_returnees", "status", "warnings"),
    ]
    return without_small_cells(
        chosen[columns].reset_index(drop=True),
        settings.minimum_cell,
        ["estimate", "std_error", *INTERVAL, "p_value"],
        count="n_identifying",
    )


def _order(usable: pd.DataFrame, group: str, score: str) -> list[str]:
    part = usable[usable["group"] == group]
    by_score = part[part["outcome"] == score].sort_values("estimate", ascending=group == "country")
    return list(dict.fromkeys([*by_score["term"], *part["term"]]))


def _heading(group: str, groups: list[str], specs: pd.DataFrame, settings: Settings) -> str:
    say = settings.language.plain
    if group == "country":
        deviation = str(specs["country_coding"].iloc[0]) == "deviation"
        return say(f"figures.{NAME}.{'countries' if deviation else 'countries_reference'}")
    words = say(f"figures.{NAME}.assistance")
    return words if "country" in groups else f"{words} ({say(f'figures.{NAME}.no_country')})"


def _panel(axes: Axes, part: pd.DataFrame, order: list[str], colour: str) -> None:
    rows_of_countries(axes, len(order))
    zero_line(axes)
    rows = part["term"].map({term: row for row, term in enumerate(order)}).to_numpy(dtype=float)
    holds = ((part["conf_low"] <= 0) & (part["conf_high"] >= 0)).to_numpy()
    points(axes, rows, part, "estimate", colour=colour, hollow=np.asarray(holds))
    axes.tick_params(axis="x", labelbottom=True)


def _legend(figure, settings: Settings) -> None:
    say = settings.language.plain
    shared: dict[str, Any] = {"color": INK, "marker": "o", "linewidth": 1.3, "markersize": 4.2}
    add_legend(
        figure,
        [
            Line2D([], [], **shared, label=say(f"figures.{NAME}.leaves_out")),
            Line2D([], [], **shared, markerfacecolor="white", label=say(f"figures.{NAME}.holds")),
        ],
    )
