"""Trendlines by country, and their slopes in order."""

from collections.abc import Mapping

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reintegration.report.figures.common import (
    INTERVAL,
    empty_words,
    in_order,
    without_small_cells,
)
from reintegration.report.figures.style import (
    BLUE,
    FAINT,
    ORANGE,
    Drawn,
    add_legend,
    empty_figure,
    new_figure,
    panel_title,
    rows_of_countries,
    score_colours,
    zero_line,
)
from reintegration.report.select import good, shown_scores, slopes_of_countries
from reintegration.report.settings import Settings

WITHIN, POOLED = "within", "pooled"
LINES, SLOPES = "trendlines", "slopes"
ACROSS = 6


def published_slopes(slopes: pd.DataFrame, settings: Settings):
    """Slopes of countries, those on few returnees hidden."""
    columns = [
        *("estimate_id", "country", "outcome", "method", "slope_per_year", "std_error"),
        *(*INTERVAL, "p_value", "vcov", "cluster_var", "n_returnees", "status", "warnings"),
    ]
    return without_small_cells(
        slopes_of_countries(slopes)[columns],
        settings.minimum_cell,
        ["slope_per_year", "std_error", *INTERVAL, "p_value"],
    )


def _shown_method(lines: pd.DataFrame) -> str:
    """The method drawn: within persons, or pooled where no returnee was seen twice."""
    return WITHIN if (lines["method"] == WITHIN).any() else POOLED


def draw_lines(frames: Mapping[str, pd.DataFrame], settings: Settings) -> Drawn:
    """Draw a small panel per country with the trendline of each score."""
    language = settings.language
    title = language.plain(f"figures.{LINES}.title")
    lines = frames["lines"]
    hidden = without_small_cells(lines.assign(estimate_id=""), settings.minimum_cell, ["fitted"])
    lines = hidden.cells.dropna(subset=["fitted"]).drop(columns=["estimate_id", "suppressed"])
    if lines.empty:
        words = empty_words("no_slopes", frames["slopes"], settings)
        return Drawn(empty_figure(words), title, lines)
    method = _shown_method(lines)
    shown = lines[lines["method"] == method].reset_index(drop=True)
    scores = shown_scores(settings.codebook, set(shown["outcome"]))
    slopes = good(published_slopes(frames["slopes"], settings).cells)
    slopes = slopes[(slopes["method"] == method) & (slopes["outcome"] == scores[-1])]
    present = set(shown["country"])
    countries = [code for code in in_order(slopes, "slope_per_year") if code in present]
    countries += sorted(present - set(countries))
    across = min(ACROSS, len(countries))
    down = -(-len(countries) // across)
    figure = new_figure(
        1.3 + 1.35 * down, legend=True, x_label=language.plain(f"figures.{LINES}.x")
    )
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    colours = score_colours(settings.codebook.instrument_of(scores[-1]).score_names)
    panels = list(grid.flat)
    for axes, country in zip(panels, countries, strict=False):
        _country(axes, shown[shown["country"] == country], scores, colours)
        axes.set_title(language.country(country), fontsize=8, pad=3)
    for axes in panels[len(countries) :]:
        axes.set_axis_off()
    for place, axes in enumerate(panels[: len(countries)]):
        # A panel above an empty place carries the axis that the shared one would lose.
        axes.tick_params(axis="x", labelbottom=place + across >= len(countries))
    panels[0].set_xticks(_months(shown["months_since_return"].max()))
    figure.supylabel(language.plain("words.score_points"), fontsize=8.5)
    handles = [
        Line2D([], [], color=colours[name], linewidth=2.2 if name == scores[-1] else 1.3,
               label=language.score(name))
        for name in scores
    ]  # fmt: skip
    add_legend(figure, handles)
    heading = f"{title}, {language.plain(f'methods.{method}')}"
    return Drawn(figure, heading, shown)


def _months(last: float) -> list[int]:
    step = 6 if last <= 26 else 12
    return list(range(0, int(last) + 1, step))


def _country(axes: Axes, part: pd.DataFrame, scores: list[str], colours: dict[str, str]) -> None:
    main = part[part["outcome"] == scores[-1]]
    axes.fill_between(
        main["months_since_return"], main["conf_low"], main["conf_high"],
        color=colours[scores[-1]], alpha=0.18, linewidth=0,
    )  # fmt: skip
    for score in scores:
        line = part[part["outcome"] == score]
        axes.plot(line["months_since_return"], line["fitted"], color=colours[score],
                  linewidth=2.0 if score == scores[-1] else 1.1)  # fmt: skip
    axes.grid(color=FAINT, linewidth=0.8)


def draw_slopes(frames: Mapping[str, pd.DataFrame], settings: Settings) -> Drawn:
    """Draw the slopes of each score by country: pooled and within persons."""
    language = settings.language
    title = language.plain(f"figures.{SLOPES}.title")
    protected = published_slopes(frames["slopes"], settings)
    data = protected.cells
    usable = good(data).dropna(subset=["slope_per_year", *INTERVAL])
    scores = shown_scores(settings.codebook, set(usable["outcome"]))
    if not scores:
        words = empty_words("no_slopes", data, settings)
        return Drawn(empty_figure(words), title, data, protected.record)
    columns = [scores[-1], *scores[:-1]]
    methods = [name for name in (WITHIN, POOLED) if name in set(usable["method"])]
    first = usable[(usable["outcome"] == columns[0]) & (usable["method"] == methods[0])]
    order = list(dict.fromkeys([*in_order(first, "slope_per_year"), *usable["country"]]))
    figure = new_figure(
        1.5 + 0.27 * max(3, len(order)),
        legend=True,
        x_label=language.plain(f"figures.{SLOPES}.axis"),
    )
    panels = figure.subplots(1, len(columns), sharex=True, sharey=True, squeeze=False)[0]
    apart = 0.16 if len(methods) > 1 else 0
    shifts = {WITHIN: -apart, POOLED: apart}
    colours, markers = {WITHIN: BLUE, POOLED: ORANGE}, {WITHIN: "o", POOLED: "s"}
    places = {code: row for row, code in enumerate(order)}
    for axes, score in zip(panels, columns, strict=True):
        rows_of_countries(axes, len(order))
        zero_line(axes)
        part = usable[usable["outcome"] == score]
        rows = part["country"].map(places) + part["method"].map(shifts)
        axes.hlines(rows, part["conf_low"], part["conf_high"], linewidth=1.3, zorder=2,
                    color=part["method"].map(colours).to_list())  # fmt: skip
        sns.scatterplot(
            data=part.assign(row=rows), x="slope_per_year", y="row", ax=axes, legend=False,
            hue="method", palette=colours, style="method", markers=markers, s=20, zorder=3,
            linewidth=0,
        )  # fmt: skip
        axes.set(xlabel="", ylabel="")
        axes.set_title(panel_title(language.score(score), len(columns)))
    panels[0].xaxis.set_major_locator(MaxNLocator(nbins=4))
    panels[0].set_yticks(range(len(order)), [language.country(code) for code in order])
    handles = [
        Line2D([], [], color=colours[name], marker=markers[name], markersize=4,
               label=language.plain(f"methods.{name}"))
        for name in methods
    ]  # fmt: skip
    add_legend(figure, handles)
    return Drawn(figure, title, data, protected.record)
