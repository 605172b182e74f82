"""Tables: each as CSV with one line per number, LaTeX, HTML, Word and Excel."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from reintegration.disclosure import SMALL
from reintegration.report.numbers import Numbers, read_results
from reintegration.report.outputs import (
    ALL_TABLES,
    SUPPRESSED,
    TABLE_INPUTS,
    regression_tables,
    table_names,
)
from reintegration.report.select import CHANGES, SURVEYS, described
from reintegration.report.settings import Settings
from reintegration.report.tables import (
    claims,
    cleaning,
    columns,
    crosscheck,
    descriptive,
    effects,
    inference,
    ledger,
    refits,
    regression,
)
from reintegration.report.tables.excel import to_excel, workbook
from reintegration.report.tables.model import Maker, Table
from reintegration.report.tables.render import to_frame, to_html, to_latex
from reintegration.report.tables.word import to_word
from reintegration.tables_io import write_csv


def make_table(
    name: str, frames: dict[str, pd.DataFrame], numbers: Numbers, settings: Settings
) -> Table:
    """Make one table of `outputs.table_names`."""
    maker = Maker(numbers, settings)
    declared = regression_tables(settings.specifications)
    if name in declared:
        return regression.of_specification(name, declared[name], frames, maker)
    if name in ("levels", "changes"):
        return regression.of_scores(name, SURVEYS if name == "levels" else CHANGES, frames, maker)
    for room in (effects, inference, refits):
        if name in room.MADE:
            return room.MADE[name](frames, maker)
    if name == "columns":
        return columns.columns(frames, maker)
    if name == "ledger":
        return ledger.ledger(frames, maker)
    if name == "cleaning":
        return cleaning.cleaning(frames, maker)
    if name == "claims":
        return claims.claims(frames, maker)
    if name == "crosscheck":
        return crosscheck.crosscheck(frames, maker)
    data = descriptive.Descriptives(frames["descriptives"], settings)
    return getattr(descriptive, name)(data, maker)


def run_tables(
    inputs: Mapping[str, str | Path], folder: str | Path, config: Mapping[str, Any]
) -> None:
    """Write every table in every format, all of them as one workbook, and what was hidden.

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
    made = [
        make_table(name, frames, numbers, settings) for name in table_names(settings.specifications)
    ]
    record = []
    for table in made:
        frame = write_table(table, folder, settings)
        record.append(
            frame.loc[frame["status"] == "suppressed", ["estimate_id"]].assign(exhibit=table.name)
        )
    (folder / ALL_TABLES).write_bytes(workbook(made, settings))
    listed = pd.concat(record, ignore_index=True)
    reasons = dict(zip(protected.record["estimate_id"], protected.record["reason"], strict=True))
    listed["reason"] = [reasons.get(name, SMALL) for name in listed["estimate_id"]]
    listed["minimum"] = settings.minimum_cell
    write_csv(listed[["estimate_id", "reason", "minimum", "exhibit"]], folder / SUPPRESSED)


def write_table(table: Table, folder: Path, settings: Settings) -> pd.DataFrame:
    """Write one table in each of `outputs.TABLE_FORMATS`; returns it as its CSV file holds it."""
    frame = to_frame(table, settings)
    write_csv(frame, folder / f"{table.name}.csv")
    (folder / f"{table.name}.tex").write_text(to_latex(table, settings), encoding="utf-8")
    (folder / f"{table.name}.html").write_text(to_html(table, settings), encoding="utf-8")
    (folder / f"{table.name}.docx").write_bytes(to_word(table, settings))
    (folder / f"{table.name}.xlsx").write_bytes(to_excel(table, settings))
    return frame
