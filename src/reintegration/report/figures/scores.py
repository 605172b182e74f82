"""Distributions of the scores by country, from aggregated counts."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reintegration.disclosure import SUPPRESSED, Protected, protect
from reintegration.report.figures.common import empty_words, in_order
from reintegration.report.figures.style import (
    FAINT,
    INK,
    Drawn,
    add_legend,
    empty_figure,
    new_figure,
    panel_title,
    score_colours,
)
from reintegration.report.language import ALL
from reintegration.report.select import shown_scores
from reintegration.report.settings import Settings

NAME = "score_distributions"
COUNT, LOWER, MEDIAN, UPPER = "count", "q25", "median", "q75"
# Steps that the results already hide.
HIDDEN_BEFORE, IN_RESULTS = "suppressed", "hidden in descriptives/distributions.csv already"
RIDGE = 0.62  # height of the fullest step, in rows


def draw(frames: Mapping[str, pd.DataFrame], settings: Settings) -> Drawn:
    """Draw a panel per score with a ridge, the middle half and the median of each country."""
    language = settings.language
    title = language.plain(f"figures.{NAME}.title")
    protected = shares(frames["distributions"], settings.minimum_cell)
    data = protected.cells
    medians = data[(data["statistic"] == MEDIAN) & data["value"].notna()]
    scores = shown_scores(settings.codebook, set(medians["outcome"]))
    if not scores:
        words = empty_words("no_data", data, settings)
        return Drawn(empty_figure(words), title, data, protected.record)
    last = medians[(medians["outcome"] == scores[-1]) & (medians["country"] != ALL)]
    countries = in_order(last, "value")
    if len(countries) > 1:
        countries.append(ALL)
    figure = new_figure(
        1.45 + 0.31 * max(3, len(countries)),
        legend=True,
        x_label=language.plain("words.score_points"),
    )
    panels = figure.subplots(1, len(scores), sharey=True, squeeze=False)[0]
    colours = score_colours(settings.codebook.instrument_of(scores[-1]).score_names)
    for axes, score in zip(panels, scores, strict=True):
        part = data[data["outcome"] == score]
        _panel(axes, part, countries, colours[score])
        axes.set_title(panel_title(language.score(score), len(scores)))
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
        axes.grid(axis="x", color=FAINT, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
    panels[0].set_ylim(len(countries) - 0.45, -0.95)
    panels[0].set_yticks(range(len(countries)), [language.country(code) for code in countries])
    if countries[-1] == ALL:
        panels[0].get_yticklabels()[-1].set_fontweight("bold")
    add_legend(
        figure,
        [
            Patch(color=INK, alpha=0.28, label=language.plain(f"figures.{NAME}.shade")),
            Line2D([], [], color=INK, linewidth=3, label=language.plain(f"figures.{NAME}.middle")),
            Line2D([], [], color=INK, marker="|", markersize=8, markeredgewidth=1.6, linewidth=0,
                   label=language.plain(f"figures.{NAME}.median")),
        ],
    )  # fmt: skip
    return Drawn(figure, title, data, protected.record)


def shares(distributions: pd.DataFrame, minimum: int) -> Protected:
    """Turn counts of surveys per step into shares, small steps hidden.

    Returns
    -------
    Protected
        Cells with country, outcome, statistic, low, high, value (quantiles) and share (steps).
    """
    counts = distributions["statistic"] == COUNT
    steps = distributions[counts].assign(returnees=lambda frame: frame["value"])
    steps["share"] = steps["value"] / steps["n_obs"]
    names = steps["country"] + "." + steps["outcome"] + "." + steps["low"].astype(str)
    done = protect(
        steps.assign(cell="distribution." + names),
        minimum,
        count="returnees",
        values=["share", "value"],
        lines=[["country", "outcome"]],
        identifier="cell",
    )
    rest = distributions[~counts].copy()
    rest["value"] = rest["value"].mask(rest["n_returnees"] < minimum)
    rest["share"] = np.nan
    columns = ["country", "outcome", "statistic", "low", "high", "value", "share"]
    cells = pd.concat([done.cells.assign(value=np.nan), rest.assign(**{SUPPRESSED: ""})])
    before = done.cells.loc[done.cells["status"] == HIDDEN_BEFORE, "cell"]
    record = pd.concat(
        [
            done.record.rename(columns={"cell": "estimate_id"}),
            pd.DataFrame({"estimate_id": before, "reason": IN_RESULTS, "minimum": minimum}),
        ]
    )
    return Protected(cells[[*columns, SUPPRESSED]].reset_index(drop=True), record)


def _panel(axes: Axes, part: pd.DataFrame, countries: list[str], colour: str) -> None:
    rows = {country: row for row, country in enumerate(countries)}
    steps = part[(part["statistic"] == COUNT) & part["country"].isin(countries)]
    tallest = steps["share"].max()
    if tallest > 0:
        heights = steps["share"].fillna(0).to_numpy(dtype=float) * RIDGE / tallest
        base = steps["country"].map(rows).to_numpy(dtype=float)
        low, high = steps["low"].to_numpy(dtype=float), steps["high"].to_numpy(dtype=float)
        corners = np.stack(
            [
                np.stack([low, high, high, low], axis=1),
                np.stack([base, base, base - heights, base - heights], axis=1),
            ],
            axis=2,
        )
        axes.add_collection(
            PolyCollection(list(corners[heights > 0]), facecolor=f"{colour}47", linewidth=0)
        )
    quantiles = part[part["country"].isin(countries)].pivot_table(
        index="country", columns="statistic", values="value"
    )
    if {LOWER, MEDIAN, UPPER} <= set(quantiles.columns):
        below = np.array([rows[country] for country in quantiles.index]) + 0.13
        axes.hlines(below, quantiles[LOWER], quantiles[UPPER], color=colour, linewidth=3)
        axes.plot(quantiles[MEDIAN], below, "|", color=INK, markersize=7, markeredgewidth=1.6)
