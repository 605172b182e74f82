"""The answers of one item, in the country of the published finding and elsewhere.

The item is that of the first share of answers that the instruments name: of the RSS, the support
network.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, to_hex
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
from reintegration.report.select import described
from reintegration.report.settings import Settings

NAME = "network"
FOCUS = "GIN"  # the published finding is on Guinea
# From the best answer to the worst; where there are more or fewer than five, colours between.
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


def answer_colours(count: int) -> list[str]:
    """A colour for each answer, best first."""
    if count == len(COLOURS):
        return list(COLOURS)
    between = LinearSegmentedColormap.from_list("answers", COLOURS)
    return [to_hex(colour) for colour in between(np.linspace(0, 1, count))]


def published_answers(descriptives: pd.DataFrame, item: str, settings: Settings) -> Protected:
    """Shares of an item's answers by country, small cells hidden."""
    answers = [answer.code for answer in settings.codebook.items[item].answers]
    done = described(descriptives, settings.minimum_cell, settings.codebook.shares)
    rows = done.cells[
        (done.cells["statistic"] == "share")
        & (done.cells["variable"] == item)
        & done.cells["answer"].isin(answers)
    ]
    columns = ["estimate_id", "country", "answer", "estimate", "n_returnees", SUPPRESSED]
    record = done.record[done.record["estimate_id"].isin(rows["estimate_id"])]
    return Protected(rows[columns].reset_index(drop=True), record)


def draw(frames: Mapping[str, pd.DataFrame], settings: Settings) -> Drawn:
    """Draw one stacked bar per country, from the largest to the smallest share named."""
    language = settings.language
    share = next(iter(settings.codebook.shares.values()), None)
    if share is None:
        why = language.plain("figures.empty.no_share")
        words = language.plain("figures.empty.because", reason=why)
        nothing = pd.DataFrame(columns=["country", "answer", "estimate"])
        return Drawn(empty_figure(words), language.plain("page.results.network"), nothing)
    protected = published_answers(frames["descriptives"], share.item, settings)
    data = protected.cells
    item_answers = settings.codebook.items[share.item].answers
    answers = [answer.code for answer in item_answers]
    colours = answer_colours(len(answers))
    wide = data.pivot_table(
        index="country", columns="answer", values="estimate", dropna=False, observed=False
    ).reindex(columns=answers)
    countries = [code for code in wide.index if code != ALL]
    focus = focus_country(countries, settings)
    item = settings.codebook.items[share.item].in_language(language.code)
    if focus is None:
        title = item
        words = empty_words("no_data", data, settings)
        return Drawn(empty_figure(words), title, data, protected.record)
    key = "title" if len(countries) > 1 else "title_one"
    title = language.plain(f"figures.{NAME}.{key}", item=item, country=language.country(focus))
    part = wide[list(share.answers)].sum(axis=1, min_count=len(share.answers))
    order = sorted(countries, key=lambda code: (-np.nan_to_num(part[code], nan=-1), code))
    order = [focus, *[code for code in order if code != focus]]
    order = [*order, ALL] if len(order) > 1 and ALL in wide.index else order
    figure = new_figure(1.6 + 0.25 * len(order), legend=True)
    axes = figure.add_subplot()
    places = _places(order)
    some_hidden = False
    for row, country in zip(places, order, strict=True):
        left = 0.0
        for answer, colour in zip(answers, colours, strict=True):
            width = wide.loc[country, answer]
            if pd.isna(width):
                continue
            axes.barh(row, width, left=left, height=HEIGHT, color=colour, linewidth=0)
            if width >= 0.045:
                axes.text(
                    left + width / 2, row, language.share(width, 0), ha="center", va="center",
                    fontsize=7.3, color="white" if colour.upper() in LIGHT else INK,
                )  # fmt: skip
            left += width
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
    handles = [
        Patch(color=colour, label=answer.in_language(language.code))
        for colour, answer in zip(colours, item_answers, strict=True)
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
