"""The sample flow: from the rows of the files to the surveys analysed."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from reintegration.ingest.flow import REPEATED, UNUSABLE_ROWS
from reintegration.report.figures.common import empty_words
from reintegration.report.figures.style import (
    FAINT,
    FOOTER,
    HEADER,
    INK,
    MUTED,
    RULE,
    WIDTH,
    Drawn,
    empty_figure,
    new_figure,
)
from reintegration.report.settings import Settings

NAME = "sample_flow"
READ, ANALYSED = "rows_read", "analysed"
# Steps that are told together: what is left after them has one name.
USABLE, DISTINCT = "usable", "distinct"
STAGES = {
    **dict.fromkeys(UNUSABLE_ROWS, USABLE),
    **dict.fromkeys(REPEATED, DISTINCT),
    "too_few_answers": ANALYSED,
}
BOX, LINE, GAP = 0.44, 0.165, 0.2  # inches: height of a box, of a line beside it, least gap
LEFT, RIGHT, NOTES = 0.1, 4.4, 4.85  # inches: edges of the boxes, start of the notes


@dataclass
class Stage:
    """What is left at one point, and what was left out on the way there."""

    name: str
    surveys: float
    returnees: float
    countries: float
    removed: list[tuple[float, str]]


def stages(flow: pd.DataFrame) -> list[Stage]:
    """Put the steps of the flow together into the stages that are drawn."""
    found: list[Stage] = []
    for row in flow.to_dict("records"):
        name = STAGES.get(row["step"], row["step"])
        if not found or found[-1].name != name:
            found.append(Stage(name, 0, 0, 0, []))
        stage = found[-1]
        stage.surveys, stage.returnees = row["surveys"], row["returnees"]
        stage.countries = row["countries"]
        if row["surveys_removed"] > 0:
            reason = row["reason"] if isinstance(row["reason"], str) else ""
            stage.removed.append((row["surveys_removed"], reason))
    return found


def draw(frames: Mapping[str, pd.DataFrame], settings: Settings) -> Drawn:
    """Draw a box per stage, and beside the arrow to it what was left out there and why."""
    language, flow = settings.language, frames["flow"]
    title = language.plain(f"figures.{NAME}.title")
    if flow.empty:
        return Drawn(empty_figure(empty_words("no_data", flow, settings)), title, flow)
    drawn = stages(flow)
    notes = [_notes(stage, settings) for stage in drawn]
    gaps = [0.0, *(max(2 * GAP, LINE * len(lines) + 0.14) for lines in notes[1:])]
    height = sum(gaps) + BOX * len(drawn)
    figure = new_figure(height + HEADER + FOOTER + 0.25)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(-height, 0.04)
    top = 0.0
    for stage, lines, gap in zip(drawn, notes, gaps, strict=True):
        if gap:
            _arrow(axes, top, top - gap, lines)
        top -= gap
        _box(axes, top, stage, settings, last=stage is drawn[-1])
        top -= BOX
    return Drawn(figure, title, flow)


def _notes(stage: Stage, settings: Settings) -> list[str]:
    lines = []
    for count, reason in stage.removed:
        words = settings.language.plain(
            f"figures.{NAME}.removed", surveys=settings.language.number(count), reason=reason
        )
        lines += textwrap.wrap(words, 68, subsequent_indent="    ")
    return lines


def _box(axes: Axes, top: float, stage: Stage, settings: Settings, last: bool) -> None:
    say, number = settings.language.plain, settings.language.number
    middle = top - BOX / 2
    colour = "white" if last else INK
    axes.add_patch(
        FancyBboxPatch(
            (LEFT, top - BOX), RIGHT - LEFT, BOX, boxstyle="round,pad=0,rounding_size=0.07",
            facecolor=INK if last else FAINT, edgecolor=INK if last else RULE, linewidth=0.8,
        )
    )  # fmt: skip
    known = settings.language.has(f"flow.{stage.name}")
    name = say(f"flow.{stage.name}") if known else stage.name.replace("_", " ").capitalize()
    axes.text(LEFT + 0.12, middle, textwrap.fill(name, 26), va="center", fontsize=8.5,
              fontweight="bold", color=colour)  # fmt: skip
    unit = "rows" if stage.name == READ else "box"
    counts = say(f"figures.{NAME}.{unit}", surveys=number(stage.surveys))
    more = ""
    if not pd.isna(stage.returnees) and not pd.isna(stage.countries):
        key = "box_more_one" if stage.countries == 1 else "box_more"
        more = say(f"figures.{NAME}.{key}", returnees=number(stage.returnees),
                   countries=number(stage.countries))  # fmt: skip
    right: dict[str, Any] = {"x": RIGHT - 0.12, "ha": "right", "va": "center", "color": colour}
    axes.text(y=middle + (0.085 if more else 0), s=counts, fontsize=8.5, fontweight="bold", **right)
    if more:
        axes.text(y=middle - 0.1, s=more, fontsize=7.3, **right)


def _arrow(axes: Axes, top: float, bottom: float, lines: list[str]) -> None:
    x, middle = (LEFT + RIGHT) / 2, (top + bottom) / 2
    axes.annotate("", (x, bottom), (x, top),
                  arrowprops={"arrowstyle": "-|>", "color": MUTED, "linewidth": 0.9,
                              "shrinkA": 0, "shrinkB": 0})  # fmt: skip
    if lines:
        axes.plot([x, NOTES - 0.08], [middle, middle], color=MUTED, linewidth=0.7)
        axes.text(NOTES, middle, "\n".join(lines), va="center", fontsize=7.8, color=INK,
                  linespacing=1.3)  # fmt: skip
