"""The table of cleaning: each rule, what it is set to, and how many surveys it touched."""

from collections.abc import Mapping

import pandas as pd

from reintegration.config import Cleaning
from reintegration.ingest.cleaning.account import DONE
from reintegration.report.tables.model import COUNT, Cell, Column, Line, Maker, Table

ACTION_WIDTH = 3.2  # centimetres on paper


def cleaning(frames: Mapping[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per rule, in the order in which they are applied; then those that hold always."""
    language = maker.settings.language
    choices = maker.settings.cleaning.model_dump()
    always = [
        rule for rule in language.text("tables.cleaning.rules") if rule not in Cleaning.rules()
    ]
    found = set(frames["rules"]["rule"])
    rules = [*Cleaning.rules(), *always, *frames["rules"]["rule"].unique()]
    lines = []
    for rule in dict.fromkeys(rules):
        key = f"tables.cleaning.rules.{rule}"
        label = language.plain(key, **_limits(maker)) if language.has(key) else _spaced(rule)
        action = language.plain(f"tables.cleaning.actions.{choices.get(rule, 'always')}")
        # A rule that holds always is counted where it did something.
        idle = rule in always and rule not in found
        counts = (
            Cell(maker.write(0, COUNT), status="ok")
            if idle
            else maker.cell(f"cleaning.{rule}.{done}", COUNT)
            for done in DONE
        )
        lines.append(Line(rule, label, (Cell(action, status="ok"), *counts)))
    columns = [Column("action", language.plain("tables.cleaning.action"), width=ACTION_WIDTH)]
    columns += [
        Column(done, language.plain(f"tables.cleaning.{done}"), language.plain("variables.surveys"))
        for done in DONE
    ]
    caption = language.plain("tables.cleaning.caption")
    notes = maker.notes(language.plain("tables.cleaning.note"))
    stub = language.plain("tables.cleaning.rule")
    return Table("cleaning", caption, tuple(columns), tuple(lines), notes, stub)


def _limits(maker: Maker) -> dict[str, str]:
    """The numbers of the configuration that rules go by, as they are written."""
    choices = maker.settings.cleaning
    return {
        name: maker.settings.language.number(value, 0 if value == int(value) else 1)
        for name, value in choices.model_dump().items()
        if isinstance(value, int | float)
    }


def _spaced(rule: str) -> str:
    return rule.replace("_", " ")
