"""Figures: one module per question, one look, each with the aggregated data behind it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from reintegration.report.figures import coefficients, columns, flow, network, orion, scores, trends
from reintegration.report.figures.style import Drawn, save, style
from reintegration.report.numbers import read_results
from reintegration.report.outputs import FIGURE_INPUTS, FIGURES, SUPPRESSED
from reintegration.report.settings import Settings
from reintegration.tables_io import write_csv

Draw = Callable[[Mapping[str, pd.DataFrame], Settings], Drawn]
DRAW: dict[str, Draw] = {
    "sample_flow": flow.draw,
    "score_distributions": scores.draw,
    "coefficients": coefficients.draw,
    "columns": columns.draw,
    "trendlines": trends.draw_lines,
    "slopes": trends.draw_slopes,
    "orion_first_last": orion.draw,
    "network": network.draw,
}


def run_figures(
    inputs: Mapping[str, str | Path], folder: str | Path, config: Mapping[str, Any]
) -> None:
    """Draw every figure: SVG, PNG and the data behind it, and a list of what was hidden.

    Parameters
    ----------
    inputs
        Files of results by name: `outputs.FIGURE_INPUTS`.
    folder
        Where the files of `outputs.figure_files` go.
    config
        Sections of the configuration, plain: `outputs.SECTIONS`.

    Raises
    ------
    StudyError
        If a file of results is missing or is not a table.
    """
    settings = Settings.from_config(config)
    frames = read_results(inputs, FIGURE_INPUTS)
    hidden = []
    with style():
        for name in FIGURES:
            drawn = DRAW[name](frames, settings)
            save(drawn, Path(folder), name, settings)
            if drawn.hidden is not None and len(drawn.hidden):
                hidden.append(drawn.hidden.assign(exhibit=name))
    columns = ["estimate_id", "reason", "minimum", "exhibit"]
    record = pd.concat(hidden) if hidden else pd.DataFrame(columns=columns)
    write_csv(record[columns], Path(folder) / SUPPRESSED)
