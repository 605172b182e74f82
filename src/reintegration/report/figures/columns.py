"""Changes between columns: where each coefficient starts, what moves it, where it ends."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from reintegration.report.figures.common import (
    INTERVAL,
    empty_words,
    points,
    without_small_cells,
)
from reintegration.report.figures.style import (
    INK,
    MUTED,
    SCORE_COLOURS,
    Drawn,
    add_legend,
    empty_figure,
    new_figure,
    panel_title,
    rows_of_countries,
    zero_line,
)
from reintegration.report.language import MINUS
from reintegration.report.select import FROM, TO, TOTAL, column_changes, ends_of_columns, good
from reintegration.report.settings import Settings

NAME = "columns"
# Marks of both coefficients: shapes of their own, as hollow and filled speak of intervals.
ENDS: dict[str, dict[str, Any]] = {
    FROM: {"marker": "|", "markersize": 8.0, "color": MUTED, "markeredgewidth": 1.6},
    TO: {"marker": "D", "markersize": 4.0, "color": INK},
}
KEPT = (
    *("estimate_id", "outcome", "term", "term_group", "shown", "estimate", "std_error"),
    *(*INTERVAL, "vcov", "cluster_var", "n_returnees", "n_identifying", "status", "warnings"),
)


def draw(frames: Mapping[str, pd.DataFrame], settings: Settings) -> Drawn:
    """Draw a row per term: both ends in the first column, then the parts of the change."""
    say = settings.language.plain
    score = settings.language.score(settings.codebook.main_score)
    title = say(f"figures.{NAME}.title")
    protected = without_small_cells(
        _data(frames, settings),
        settings.minimum_cell,
        ["estimate", "std_error", *INTERVAL],
        count="n_identifying",
    )
    data = protected.cells
    usable = good(data).dropna(subset=["estimate"])
    parts = [name for name in dict.fromkeys(usable["shown"]) if name not in (FROM, TO, TOTAL)]
    if not parts:
        figure = empty_figure(empty_words("no_columns", data, settings))
        return Drawn(figure, title, data, protected.record)
    groups = [name for name in ("country", "assistance") if name in set(usable["term_group"])]
    orders = {group: _order(usable, group) for group in groups}
    heights = [len(orders[group]) for group in groups]
    figure = new_figure(
        1.3 + 0.215 * sum(heights) + 0.5 * len(groups),
        legend=True,
        x_label=say(f"figures.{NAME}.axis", score=score),
    )
    grid = figure.subplots(
        len(groups), 1 + len(parts), squeeze=False, sharey="row",
        gridspec_kw={"height_ratios": heights, "width_ratios": [1.6, *[1] * len(parts)]},
    )  # fmt: skip
    for line, group in zip(grid, groups, strict=True):
        rows = usable[usable["term_group"] == group]
        _ends(line[0], rows, orders[group])
        line[0].set_yticks(
            range(len(orders[group])), [settings.language.term(t) for t in orders[group]]
        )
        line[0].set_title(panel_title(say(f"figures.{NAME}.ends"), 1 + len(parts)))
        for place, (axes, part) in enumerate(zip(line[1:], parts, strict=True)):
            own = rows[rows["shown"] == part]
            _part(axes, own, orders[group], SCORE_COLOURS[place % len(SCORE_COLOURS)])
            if len(own):
                axes.set_title(panel_title(say(f"tables.{NAME}.{part}"), 1 + len(parts)))
                _fit_width(axes, own)
    _legend(figure, settings)
    return Drawn(figure, title, data, protected.record)


def _data(frames: Mapping[str, pd.DataFrame], settings: Settings) -> pd.DataFrame:
    changes = column_changes(frames["columns"], settings.codebook.main_score)
    ends = ends_of_columns(changes, frames["estimates"])
    return pd.concat([changes[[*KEPT]], ends[[*KEPT]]], ignore_index=True)


def _order(usable: pd.DataFrame, group: str) -> list[str]:
    rows = usable[usable["term_group"] == group]
    last = rows[rows["shown"] == TO].sort_values("estimate", ascending=group == "country")
    return list(dict.fromkeys([*last["term"], *rows["term"]]))


def _places(rows: pd.DataFrame, order: list[str]) -> np.ndarray:
    return rows["term"].map({term: row for row, term in enumerate(order)}).to_numpy(dtype=float)


def _ends(axes: Axes, rows: pd.DataFrame, order: list[str]) -> None:
    """Both estimates of each term, a line between them."""
    rows_of_countries(axes, len(order))
    zero_line(axes)
    ends = {end: rows[rows["shown"] == end].set_index("term")["estimate"] for end in (FROM, TO)}
    for place, term in enumerate(order):
        if all(term in found.index for found in ends.values()):
            axes.plot(
                [found[term] for found in ends.values()], [place] * 2,
                color=MUTED, linewidth=1.6, zorder=2,
            )  # fmt: skip
    for end, looks in ENDS.items():
        part = rows[rows["shown"] == end]
        axes.plot(part["estimate"], _places(part, order), linewidth=0, zorder=3, **looks)


def _part(axes: Axes, rows: pd.DataFrame, order: list[str], colour: str) -> None:
    """A part of the change of each term, with its interval; nothing where it has no such part."""
    if not len(rows):
        axes.set_axis_off()
        return
    rows_of_countries(axes, len(order))
    zero_line(axes)
    holds = ((rows["conf_low"] <= 0) & (rows["conf_high"] >= 0)).to_numpy()
    points(axes, _places(rows, order), rows, "estimate", colour=colour, hollow=np.asarray(holds))


def _fit_width(axes: Axes, rows: pd.DataFrame) -> None:
    """A scale of its own for each part: on one for all, the smaller would be dots on zero."""
    low, high = min(rows["conf_low"].min(), 0.0), max(rows["conf_high"].max(), 0.0)
    margin = 0.06 * (high - low) or 0.01
    axes.set_xlim(low - margin, high + margin)
    far = low if -low > high else high
    ticks = [0.0, *([float(f"{far * 0.7:.0e}")] if far else [])]  # room for two labels
    axes.set_xticks(ticks, [f"{value:g}".replace("-", MINUS) for value in ticks])


def _legend(figure: Any, settings: Settings) -> None:
    say = settings.language.plain
    bar: dict[str, Any] = {"color": INK, "marker": "o", "markersize": 4.2, "linewidth": 1.3}
    add_legend(
        figure,
        [
            Line2D([], [], linewidth=0, **ENDS[FROM], label=say(f"figures.{NAME}.from")),
            Line2D([], [], linewidth=0, **ENDS[TO], label=say(f"figures.{NAME}.to")),
            Line2D([], [], **bar, label=say(f"figures.{NAME}.leaves_out")),
            Line2D([], [], **bar, markerfacecolor="white", label=say(f"figures.{NAME}.holds")),
        ],
    )
