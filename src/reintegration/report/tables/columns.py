"""The table of changes between columns: why a coefficient differs between nested regressions."""

from collections.abc import Mapping

import pandas as pd

from reintegration.report.select import FROM, TO, TOTAL, column_changes, ends_of_columns
from reintegration.report.tables.model import (
    NOT_APPLICABLE,
    SIGNED,
    Cell,
    Column,
    Line,
    Maker,
    Table,
)
from reintegration.report.wording import vcov_label


def columns(frames: Mapping[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per term of country and assistance: the shorter estimate, each part, the longer one."""
    language, settings = maker.settings.language, maker.settings
    say = language.plain
    changes = column_changes(frames["columns"], settings.codebook.main_score)
    ends = ends_of_columns(changes, frames["estimates"])
    rows = pd.concat([changes, ends], ignore_index=True)
    ids = rows.set_index(["term", "shown"])["estimate_id"].to_dict()
    parts = [name for name in dict.fromkeys(changes["shown"]) if name != TOTAL]
    shown = [FROM, *parts, TO]
    heads = [
        Column(
            name,
            say(f"tables.columns.{name}"),
            "" if name in (FROM, TO) else say("tables.columns.change"),
        )
        for name in shown
    ]
    lines = []
    for group in dict.fromkeys(changes["term_group"]):
        part = changes[changes["term_group"] == group]
        lines.append(Line(group, _heading(group, part, maker), kind="group"))
        names = list(dict.fromkeys(part["term"]))
        if group == "country":
            names.sort(key=language.term)
        for term in names:
            cells = tuple(
                maker.cell(ids[term, name], SIGNED, "std_error")
                if (term, name) in ids
                else Cell(NOT_APPLICABLE, status="ok")
                for name in shown
            )
            lines.append(Line(f"{group}.{term}", language.term(term), cells))
    if not lines:
        blank = tuple(Cell(NOT_APPLICABLE, status="ok") for _ in shown)
        lines.append(Line("none", say("tables.columns.none"), blank))
    vcov = vcov_label(changes, language) if len(changes) else say("words.not_estimated")
    outcome = changes["outcome"].iloc[0] if len(changes) else settings.codebook.main_score
    caption = say("tables.columns.caption", score=language.score(outcome))
    notes = maker.notes(say("tables.columns.note", vcov=vcov))
    return Table("columns", caption, tuple(heads), tuple(lines), notes)


def _heading(group: str, changes: pd.DataFrame, maker: Maker) -> str:
    """Name the group of terms and the two specifications between which they change."""
    shorter, longer = (
        str(changes[f"{end}_spec"].iloc[0]).removesuffix(f".{changes['outcome'].iloc[0]}")
        for end in (FROM, TO)
    )
    say = maker.settings.language.plain
    return say(
        "tables.columns.heading", terms=say(f"tables.{group}_group"), shorter=shorter, longer=longer
    )
