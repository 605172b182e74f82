"""Each effect of assistance as published, and asked again in other ways."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from reintegration.report.select import SURVEYS, is_refit, main_specification
from reintegration.report.tables.model import (
    NOT_APPLICABLE,
    SIGNED,
    Cell,
    Column,
    Line,
    Maker,
    Table,
)
from reintegration.report.tables.regression import error_label
from reintegration.report.tables.terms import ASSISTANCE, expected_terms, present_terms

# Columns: how the specification of the refit ends, and how it names the effect of a type.
REFITS: dict[str, tuple[str, str]] = {
    "base": ("", "{kind}"),
    "without_items": (".without_items.{kind}", "{kind}"),
    "person_equal": (".person_equal", "{kind}"),
    "common_months": (".common_months", "{kind}"),
    "within": (".within_between", "within_{kind}"),
    "between": (".within_between", "between_{kind}"),
}


def refits(frames: Mapping[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per outcome and type of assistance, a column per refit."""
    language, codebook = maker.settings.language, maker.settings.codebook
    specs, estimates = frames["specs"], frames["estimates"]
    again = specs[is_refit(specs)]
    bases = specs[specs["spec_id"].isin(again["refit_of"] if len(again) else [])]
    if bases.empty:
        bases = main_specification(specs, SURVEYS, codebook)
    declared = set(specs["spec_id"].astype(str))
    first = estimates.drop_duplicates(["spec_id", "term"])
    ids = first.set_index(["spec_id", "term"])["estimate_id"].to_dict()
    lines, used = [], []
    for base in bases.to_dict("records"):
        outcome = str(base["outcome"])
        lines.append(Line(str(base["spec_id"]), language.score(outcome), kind="group"))
        terms = expected_terms(base, codebook, ()) or present_terms(estimates, base)
        for kind in (name for name, part in terms.items() if part == ASSISTANCE):
            cells = []
            for end, term in REFITS.values():
                spec = str(base["spec_id"]) + end.format(kind=kind)
                name = ids.get((spec, term.format(kind=kind)))
                used.append(name)
                cells.append(_cell(spec, name, declared, maker))
            lines.append(Line(f"{base['spec_id']}.{kind}", language.term(kind), tuple(cells)))
    columns = tuple(Column(name, language.plain(f"tables.refits.{name}")) for name in REFITS)
    caption = language.plain("tables.refits.caption")
    rows = estimates[estimates["estimate_id"].isin([name for name in used if name])]
    errors = rows[rows["std_error"].notna()]
    notes = [language.plain("tables.refits.note")]
    if len(errors):
        notes.append(language.plain("tables.regression.errors", vcov=error_label(errors, maker)))
    return Table("refits", caption, columns, tuple(lines), maker.notes(*notes))


def _cell(spec: str, name: Any, declared: set[str], maker: Maker) -> Cell:
    """An effect with its error; a dash where this refit is not asked for."""
    if spec not in declared:
        return Cell(NOT_APPLICABLE, status="ok")
    return maker.cell(name, SIGNED, "std_error")


MADE = {"refits": refits}
