"""The table of the ledger: specifications that are not as planned, and what differs."""

from collections.abc import Mapping

import pandas as pd

from reintegration.report.tables.model import NOT_APPLICABLE, Cell, Column, Line, Maker, Table
from reintegration.report.tables.terms import word

AMENDED, ADDED, WITHDRAWN = "amended", "added_later", "withdrawn"
WIDTHS = {"frozen_on": 2.2, "results_seen": 3.0, "ledger_diff": 8.0}  # centimetres on paper
NAMED = 3  # of specifications of which the same is said


def ledger(frames: Mapping[str, pd.DataFrame], maker: Maker) -> Table:
    """What is amended, was added later or is withdrawn; of which the same is said, in one row."""
    say = maker.settings.language.plain
    rows = frames["ledger"]
    columns = [
        Column(name, say(f"tables.ledger.{name}"), width=width) for name, width in WIDTHS.items()
    ]
    lines = []
    for mark in (AMENDED, ADDED, WITHDRAWN):
        alike: dict[tuple[str, ...], list[str]] = {}
        for row in rows[rows["ledger"] == mark].to_dict("records"):
            said = tuple(word(row, name) or NOT_APPLICABLE for name in WIDTHS)
            alike.setdefault(said, []).append(str(row["spec_id"]))
        if alike:
            lines.append(Line(mark, say(f"tables.ledger.marks.{mark}"), kind="group"))
        for said, names in alike.items():
            label = ", ".join(names[:NAMED])
            if more := names[NAMED:]:
                label = say("tables.ledger.more", named=label, count=len(more))
            lines.append(Line(names[0], label, tuple(Cell(text, status="ok") for text in said)))
    if not lines:
        frozen = (rows["ledger"] == "as_planned").any()
        words = say(f"tables.ledger.{'all_planned' if frozen else 'not_frozen'}")
        blank = tuple(Cell(NOT_APPLICABLE, status="ok") for _ in WIDTHS)
        lines.append(Line("none", words, blank))
    caption, stub = say("tables.ledger.caption"), say("tables.regressions.specification")
    notes = maker.notes(say("tables.ledger.note"))
    return Table("ledger", caption, tuple(columns), tuple(lines), notes, stub)
