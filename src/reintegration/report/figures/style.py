"""One look for all figures: colours, type, the simulated mark, and how a figure is written."""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from reintegration.report.settings import Settings
from reintegration.tables_io import write_csv

# Okabe and Ito's colours, which stay apart for colour-blind readers.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
INK, MUTED, RULE, FAINT = "#1d2733", "#55606c", "#c9d0d8", "#eef1f4"
# The dimensions in order; the composite is ink.
SCORE_COLOURS = (BLUE, GREEN, VERMILION, PURPLE, ORANGE, SKY, YELLOW)
WIDTH = 9.2  # inches
HEADER, LEGEND, LABEL, FOOTER = 0.42, 0.24, 0.22, 0.3  # inches kept above and below the axes
DPI = 170


def score_colours(names: list[str]) -> dict[str, str]:
    """A colour for each score; the last one, the composite, in ink."""
    return dict(zip(names[:-1], cycle(SCORE_COLOURS), strict=False)) | {names[-1]: INK}


@contextmanager
def style() -> Iterator[None]:
    """Set what all figures share, for the time of drawing only."""
    shared = {
        **sns.axes_style("ticks"),
        **sns.plotting_context("paper"),
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
        "font.size": 8.5,
        "axes.titlesize": 9,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 8.5,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.7,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.major.size": 3,
        "ytick.major.size": 0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "svg.fonttype": "path",
        "svg.hashsalt": "reintegration",
        "figure.facecolor": "white",
    }
    with mpl.rc_context(shared):
        yield


def new_figure(height: float, *, legend: bool = False, x_label: str = "") -> Figure:
    """Make a figure of the common width.

    Parameters
    ----------
    height
        Height in inches, with title and source.
    legend
        Keep a line below the title for a legend (`add_legend`).
    x_label
        One label for all horizontal axes.
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    low = (FOOTER + (LABEL if x_label else 0)) / height
    high = 1 - (HEADER + (LEGEND if legend else 0)) / height
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.set(rect=(0.005, low, 0.99, high - low), w_pad=0.06, h_pad=0.05)  # type: ignore[call-arg]
    if x_label:
        figure.text(0.5, low - 0.02 / height, x_label, ha="center", va="top", fontsize=8.5)
    return figure


def panel_title(label: str, panels: int) -> str:
    """Break the name of a score so that it fits over one of so many panels side by side."""
    return textwrap.fill(label, max(8, int(WIDTH * 10 / panels)))


def add_legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """Put the legend into the line below the title, from the left."""
    top = 1 - (HEADER - 0.06) / figure.get_figheight()
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.002, top), ncols=len(handles),
        borderaxespad=0, columnspacing=1.6, handlelength=1.8,
    ).set_in_layout(False)  # fmt: skip


def empty_figure(words: str) -> Figure:
    """Make a figure that says why there is nothing to show."""
    figure = Figure(figsize=(WIDTH, 2.2))
    figure.text(0.5, 0.5, words, ha="center", va="center", fontsize=10.5, color=MUTED, wrap=True)
    return figure


def zero_line(axes: Axes) -> None:
    """Draw the line from which effects are read."""
    axes.axvline(0, color=MUTED, linewidth=0.8, zorder=1)


def rows_of_countries(axes: Axes, count: int) -> None:
    """Stripe the rows lightly so that the eye keeps to one, and turn the axis downwards."""
    for row in range(0, count, 2):
        axes.axhspan(row - 0.5, row + 0.5, color=FAINT, linewidth=0, zorder=0)
    axes.set_ylim(count - 0.5, -0.5)
    axes.spines["left"].set_visible(False)


def _round_positions(figure: Figure) -> None:
    """Round where things stand: the layout's solver leaves last bits that differ by run."""
    for axes in figure.axes:
        left, bottom, width, height = axes.get_position().bounds
        axes.set_position((round(left, 5), round(bottom, 5), round(width, 5), round(height, 5)))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((round(x, 5), round(y, 5)))


@dataclass(frozen=True)
class Drawn:
    """A figure with its title, the data behind it, and what was hidden in it."""

    figure: Figure
    title: str
    data: pd.DataFrame
    hidden: pd.DataFrame | None = None


def save(drawn: Drawn, folder: Path, name: str, settings: Settings) -> None:
    """Write a figure as SVG and PNG with its data as CSV, marked and with its source."""
    figure, title = drawn.figure, drawn.title
    height = figure.get_figheight()
    top = 1 - 0.09 / height
    heading = figure.text(0.01, top, title, fontsize=11, fontweight="bold", ha="left", va="top")
    heading.set_in_layout(False)
    if settings.mark:
        mark = figure.text(
            0.99, top, settings.mark, fontsize=8.5, fontweight="bold", color="white",
            ha="right", va="top",
            bbox={"facecolor": "#a33b00", "edgecolor": "none", "boxstyle": "round,pad=0.35"},
        )  # fmt: skip
        mark.set_in_layout(False)
    source = figure.text(
        0.01, 0.07 / height, settings.source_line, fontsize=7, color=MUTED, ha="left", va="bottom"
    )
    source.set_in_layout(False)
    folder.mkdir(parents=True, exist_ok=True)
    # The layout is found once for both formats; `savefig` would find it anew, and draw twice.
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    figure.set_layout_engine("none")
    _round_positions(figure)
    FigureCanvasSVG(figure).print_svg(
        folder / f"{name}.svg", metadata={"Date": None, "Title": title}
    )
    figure.set_dpi(DPI)
    FigureCanvasAgg(figure).print_png(folder / f"{name}.png")
    write_csv(drawn.data.assign(data=settings.data_label), folder / f"{name}.csv")
