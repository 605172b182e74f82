"""The sample flow: from the rows of the files to the surveys analysed."""

import textwrap
from collections.abc import Mapping

import pandas as pd
from matplotlib.patches import FancyBboxPatch

from reintegration.report.figures.style import (
    FAINT,
    INK,
    MUTED,
    RULE,
    Drawn,
    empty_figure,
    new_figure,
)
from reintegration.report.settings import Settings

NAME = "sample_flow"
BOX, STEP = 0.62, 0.92  # height of a box and distance of two boxes, in row units


def draw(frames: Mapping[str, pd.DataFrame], settings: Settings) -> Drawn:
    """Draw a box per step, and beside the arrow to it what was left out there and why."""
    language, flow = settings.language, frames["flow"]
    title = language.plain(f"figures.{NAME}.title")
    if flow.empty:
        return Drawn(
            empty_figure(
                language.plain(
                    "figures.empty.because", reason=language.plain("figures.empty.no_data")
                )
            ),
            title,
            flow,
        )
    figure = new_figure(1.0 + 0.52 * len(flow))
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0, 10)
    axes.set_ylim(-STEP * (len(flow) - 1) - BOX, BOX)
    for place, row in enumerate(flow.to_dict("records")):
        middle = -STEP * place
        last = place == len(flow) - 1
        axes.add_patch(
            FancyBboxPatch(
                (0.1, middle - BOX / 2), 4.5, BOX, boxstyle="round,pad=0,rounding_size=0.12",
                facecolor=INK if last else FAINT, edgecolor=INK if last else RULE, linewidth=0.8,
            )
        )  # fmt: skip
        _text(axes, 0.3, middle, _step_name(row["step"], settings), last, weight="bold")
        counts = language.plain("figures.sample_flow.box", surveys=_count(row["surveys"], settings))
        more = _more(row, settings)
        across = middle + (0.13 if more else 0)
        _text(axes, 4.45, across, counts, last, ha="right", weight="bold")
        if more:
            _text(axes, 4.45, middle - 0.15, more, last, ha="right", fontsize=7.3)
        if place:
            axes.annotate(
                "", (2.35, middle + BOX / 2), (2.35, middle + STEP - BOX / 2),
                arrowprops={"arrowstyle": "-|>", "color": MUTED, "linewidth": 0.9},
            )  # fmt: skip
            _removal(axes, row, middle + STEP / 2, settings)
    return Drawn(figure, title, flow)


def _step_name(step: str, settings: Settings) -> str:
    key = f"flow.{step}"
    language = settings.language
    name = language.plain(key) if language.has(key) else str(step).replace("_", " ").capitalize()
    return textwrap.fill(name, 26)


def _count(value: float, settings: Settings) -> str:
    return "?" if pd.isna(value) else settings.language.number(value)


def _more(row: dict, settings: Settings) -> str:
    if pd.isna(row["returnees"]) or pd.isna(row["countries"]):
        return ""
    counts = {name: _count(row[name], settings) for name in ("returnees", "countries")}
    key = "box_more_one" if row["countries"] == 1 else "box_more"
    return settings.language.plain(f"figures.sample_flow.{key}", **counts)


def _removal(axes, row: dict, middle: float, settings: Settings) -> None:
    removed = row["surveys_removed"]
    if pd.isna(removed) or not removed:
        return
    words = settings.language.plain(
        "figures.sample_flow.removed",
        surveys=_count(removed, settings),
        reason=row["reason"] if isinstance(row["reason"], str) else "",
    )
    axes.plot([2.35, 5.0], [middle, middle], color=MUTED, linewidth=0.7, zorder=1)
    axes.text(5.1, middle, textwrap.fill(words, 62), fontsize=8, va="center", color=INK)


def _text(axes, x: float, y: float, words: str, light: bool, **more) -> None:
    more = {"va": "center", "fontsize": 8.3, **more}
    axes.text(x, y, words, color="white" if light else INK, zorder=4, linespacing=1.05, **more)
