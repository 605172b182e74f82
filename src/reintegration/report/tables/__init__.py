"""Tables: each as CSV with one line per number, as LaTeX and as HTML."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from reintegration.disclosure import SMALL
from reintegration.report.numbers import Numbers, read_results
from reintegration.report.outputs import SUPPRESSED, TABLE_INPUTS, TABLES
from reintegration.report.select import CHANGES, SURVEYS, described
from reintegration.report.settings import Settings
from reintegration.report.tables import claims, cleaning, descriptive, effects, regression
from reintegration.report.tables.model import Maker, Table
from reintegration.report.tables.render import to_frame, to_html, to_latex
from reintegration.tables_io import write_csv


def make_table(
    name: str, frames: dict[str, pd.DataFrame], numbers: Numbers, settings: Settings
) -> Table:
    """Make one table of `outputs.TABLES`."""
    maker = Maker(numbers, settings)
    if name in ("levels", "changes"):
        return regression.regression(name, SURVEYS if name == "levels" else CHANGES, frames, maker)
    if name in ("orion", "slopes"):
        return getattr(effects, name)(frames, maker)
    if name == "cleaning":
        return cleaning.cleaning(frames, maker)
    if name == "claims":
        return claims.claims(frames, maker)
    data = descriptive.Descriptives(frames["descriptives"], settings)
    return getattr(descriptive, name)(data, maker)


def run_tables(
    inputs: Mapping[str, str | Path], folder: str | Path, config: Mapping[str, Any]
) -> None:
    """Write every table as CSV, LaTeX and HTML, and a list of what was hidden.

    Parameters
    ----------
    inputs
        Files of results by name: `outputs.TABLE_INPUTS`.
    folder
        Where the files of `outputs.table_files` go.
    config
        Sections of the configuration, plain: `outputs.SECTIONS`.

    Raises
    ------
    StudyError
        If a file of results is missing or is not a table.
    """
    folder = Path(folder)
    settings = Settings.from_config(config)
    frames = read_results(inputs, TABLE_INPUTS)
    protected = described(frames["descriptives"], settings.minimum_cell, settings.codebook.shares)
    hidden = set(protected.record["estimate_id"])
    numbers = Numbers(frames, settings.language, hidden, settings.minimum_cell)
    record = []
    for name in TABLES:
        table = make_table(name, frames, numbers, settings)
        frame = to_frame(table, settings)
        write_csv(frame, folder / f"{name}.csv")
        (folder / f"{name}.tex").write_text(to_latex(table, settings), encoding="utf-8")
        (folder / f"{name}.html").write_text(to_html(table, settings), encoding="utf-8")
        record.append(
            frame.loc[frame["status"] == "suppressed", ["estimate_id"]].assign(exhibit=name)
        )
    listed = pd.concat(record)
    reasons = dict(zip(protected.record["estimate_id"], protected.record["reason"], strict=True))
    listed["reason"] = [reasons.get(name, SMALL) for name in listed["estimate_id"]]
    listed["minimum"] = settings.minimum_cell
    write_csv(listed[["estimate_id", "reason", "minimum", "exhibit"]], folder / SUPPRESSED)
