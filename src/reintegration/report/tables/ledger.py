"""The table of the ledger: specifications that are not as planned, and what differs."""

from collections.abc import Mapping

import pandas as pd

from reintegration.report.tables.model import NOT_APPLICABLE, Cell, Column, Line, Maker, Table
from reintegration.report.tables.terms import word

AMENDED, ADDED, WITHDRAWN = "amended", "added_later", "withdrawn"
WIDTHS = {"frozen_on": 2.2, "results_seen": 3.0, "ledger_diff": 8.0}  # centimetres on paper


def ledger(frames: Mapping[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per specification that is amended, was added later, or is withdrawn."""
    say = maker.settings.language.plain
    rows = frames["ledger"]
    columns = [
        Column(name, say(f"tables.ledger.{name}"), width=width) for name, width in WIDTHS.items()
    ]
    lines = []
    for mark in (AMENDED, ADDED, WITHDRAWN):
        listed = rows[rows["ledger"] == mark].to_dict("records")
        if listed:
            lines.append(Line(mark, say(f"tables.ledger.marks.{mark}"), kind="group"))
        for row in listed:
            texts = [word(row, name) or NOT_APPLICABLE for name in WIDTHS]
            cells = tuple(Cell(text, status="ok") for text in texts)
            lines.append(Line(str(row["spec_id"]), str(row["spec_id"]), cells))
    if not lines:
        frozen = (rows["ledger"] == "as_planned").any()
        words = say(f"tables.ledger.{'all_planned' if frozen else 'not_frozen'}")
        blank = tuple(Cell(NOT_APPLICABLE, status="ok") for _ in WIDTHS)
        lines.append(Line("none", words, blank))
    caption, stub = say("tables.ledger.caption"), say("tables.regressions.specification")
    notes = maker.notes(say("tables.ledger.note"))
    return Table("ledger", caption, tuple(columns), tuple(lines), notes, stub)
