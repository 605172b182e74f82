"""The support network, as rated in the country of the published finding and elsewhere."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from reintegration.disclosure import SUPPRESSED, Protected
from reintegration.report.figures.common import empty_words
from reintegration.report.figures.style import (
    INK,
    RULE,
    Drawn,
    add_legend,
    empty_figure,
    new_figure,
)
from reintegration.report.language import ALL
from reintegration.report.select import NETWORK_ITEM, described
from reintegration.report.settings import Settings

NAME = "network"
FOCUS = "GIN"  # the published finding is on Guinea
COLOURS = ("#0072B2", "#8fc1e0", "#dfe3e8", "#f0b48a", "#D55E00")
# Answers that may not be shown: the rest of the bar.
HIDDEN: dict[str, Any] = {
    "facecolor": "white", "edgecolor": RULE, "hatch": "/////", "linewidth": 0,
}  # fmt: skip
WHOLE = 1 - 1e-6
HEIGHT = 0.74
LIGHT = {"#0072B2", "#D55E00"}


def focus_country(countries: list[str], settings: Settings) -> str | None:
    """The country in focus: Guinea, else the first pilot country, else the first there is."""
    wanted = [FOCUS, *settings.orion.countries, *sorted(countries)]
    return next((code for code in wanted if code in countries), None)


def published_answers(descriptives: pd.DataFrame, settings: Settings) -> Protected:
    """Shares of the network item's answers by country, small cells hidden."""
    answers = [answer.code for answer in settings.codebook.items[NETWORK_ITEM].answers]
    done = described(descriptives, settings.minimum_cell)
    rows = done.cells[
        (done.cells["statistic"] == "share")
        & (done.cells["variable"] == NETWORK_ITEM)
        & done.cells["answer"].isin(answers)
    ]
    columns = ["estimate_id", "country", "answer", "estimate", "n_returnees", SUPPRESSED]
    record = done.record[done.record["estimate_id"].isin(rows["estimate_id"])]
    return Protected(rows[columns].reset_index(drop=True), record)


def draw(frames: Mapping[str, pd.DataFrame], settings: Settings) -> Drawn:
    """Draw one stacked bar per country, from the least to the most poorly rated network."""
    language = settings.language
    protected = published_answers(frames["descriptives"], settings)
    data = protected.cells
    answers = [answer.code for answer in settings.codebook.items[NETWORK_ITEM].answers]
    wide = data.pivot_table(
        index="country", columns="answer", values="estimate", dropna=False, observed=False
    ).reindex(columns=answers)
    countries = [code for code in wide.index if code != ALL]
    focus = focus_country(countries, settings)
    item = settings.codebook.items[NETWORK_ITEM].in_language(language.code)
    if focus is None:
        title = item
        words = empty_words("no_data", data, settings)
        return Drawn(empty_figure(words), title, data, protected.record)
    key = "title" if len(countries) > 1 else "title_one"
    title = language.plain(f"figures.{NAME}.{key}", item=item, country=language.country(focus))
    poor = wide[answers[-2:]].sum(axis=1, min_count=2)
    order = sorted(countries, key=lambda code: (-np.nan_to_num(poor[code], nan=-1), code))
    order = [focus, *[code for code in order if code != focus]]
    order = [*order, ALL] if len(order) > 1 and ALL in wide.index else order
    figure = new_figure(1.6 + 0.25 * len(order), legend=True)
    axes = figure.add_subplot()
    places = _places(order)
    some_hidden = False
    for row, country in zip(places, order, strict=True):
        left = 0.0
        for answer, colour in zip(answers, COLOURS, strict=True):
            share = wide.loc[country, answer]
            if pd.isna(share):
                continue
            axes.barh(row, share, left=left, height=HEIGHT, color=colour, linewidth=0)
            if share >= 0.045:
                axes.text(
                    left + share / 2, row, language.share(share, 0), ha="center", va="center",
                    fontsize=7.3, color="white" if colour in LIGHT else INK,
                )  # fmt: skip
            left += share
        if left < WHOLE:
            axes.barh(row, 1 - left, left=left, height=HEIGHT, **HIDDEN)
            some_hidden = True
    axes.set_yticks(places, [language.country(code) for code in order])
    for label, code in zip(axes.get_yticklabels(), order, strict=True):
        label.set_fontweight("bold" if code in (focus, ALL) else "normal")
    axes.set_ylim(places[-1] + 0.6, -0.6)
    axes.set_xlim(0, 1)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    axes.set_xticks(ticks, [language.share(tick, 0) for tick in ticks])
    axes.set_xlabel(language.plain(f"figures.{NAME}.axis"))
    axes.spines["left"].set_visible(False)
    item_answers = settings.codebook.items[NETWORK_ITEM].answers
    handles = [
        Patch(color=colour, label=answer.in_language(language.code))
        for colour, answer in zip(COLOURS, item_answers, strict=True)
    ]
    if some_hidden:
        handles.append(Patch(**HIDDEN, label=language.plain("words.suppressed")))
    add_legend(figure, handles)
    return Drawn(figure, title, data, protected.record)


def _places(order: list[str]) -> list[float]:
    """Rows of the bars, with a gap after the country in focus and before all countries."""
    gap = 0.35 if len(order) > 1 else 0.0
    places = [float(row) + (gap if row else 0) for row in range(len(order))]
    if order[-1] == ALL:
        places[-1] += gap
    return places
