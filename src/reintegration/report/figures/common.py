"""What several figures need: order of countries, points with intervals, small numbers hidden."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from reintegration.disclosure import Protected, protect
from reintegration.report.figures.style import INK
from reintegration.report.numbers import GOOD
from reintegration.report.settings import Settings

INTERVAL = ["conf_low", "conf_high"]


def reason(frame: pd.DataFrame) -> str:
    """Why rows hold no number: the first reason given; empty where there is none."""
    if not {"status", "warnings"} <= set(frame.columns):
        return ""
    reasons = frame.loc[frame["status"].fillna(GOOD) != GOOD, "warnings"].dropna()
    return next((str(text).rstrip(".") for text in reasons if text), "")


def empty_words(key: str, frame: pd.DataFrame, settings: Settings) -> str:
    """Say why there is nothing to show: the results' own reason, or the usual one."""
    language = settings.language
    usual = language.plain(f"figures.empty.{key}")
    return language.plain("figures.empty.because", reason=reason(frame) or usual)


def without_small_cells(
    frame: pd.DataFrame, minimum: int, values: Iterable[str], *, count: str = "n_returnees"
) -> Protected:
    """Blank the numbers of rows that rest on too few returnees."""
    return protect(frame, minimum, count=count, values=[*values])


def in_order(frame: pd.DataFrame, value: str) -> list[str]:
    """Countries from the lowest value to the highest, those without a value last."""
    return list(frame.sort_values([value, "country"], na_position="last")["country"])


def points(
    axes: Axes,
    rows: np.ndarray,
    frame: pd.DataFrame,
    value: str,
    *,
    colour: str = INK,
    marker: str = "o",
    size: float = 4.2,
    hollow: np.ndarray | None = None,
    label: str | None = None,
) -> None:
    """Draw estimates with their intervals, one per row of the axis.

    Parameters
    ----------
    rows
        Position on the vertical axis, shape (n,).
    frame
        Estimates with conf_low and conf_high, n rows in the same order.
    hollow
        Points drawn without a filling, shape (n,).
    """
    estimate = frame[value].to_numpy(dtype=float)
    low, high = (frame[end].to_numpy(dtype=float) for end in INTERVAL)
    axes.hlines(rows, low, high, color=colour, linewidth=1.3, zorder=2)
    empty = np.zeros(len(frame), dtype=bool) if hollow is None else hollow
    for part, filling in ((~empty, colour), (empty, "white")):
        axes.plot(
            estimate[part], rows[part], marker, markersize=size, color=colour,
            markerfacecolor=filling, markeredgewidth=1.1, zorder=3,
            label=label if filling == colour else None,
        )  # fmt: skip
