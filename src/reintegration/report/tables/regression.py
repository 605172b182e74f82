"""Tables of the regressions: scores, and changes of scores, on country and assistance."""

import pandas as pd

from reintegration.report.select import is_not_recorded, score_specifications, terms_of
from reintegration.report.tables.model import SIGNED, Column, Line, Maker, Table
from reintegration.report.wording import vcov_label

COUNTRY, ASSISTANCE, RECORD, CONTROLS = "country", "assistance", "not_recorded", "controls"
FOOT = ("n_obs", "n_returnees", "n_clusters", "r2")


def regression(name: str, data: str, frames: dict[str, pd.DataFrame], maker: Maker) -> Table:
    """One column per outcome, one row per term with its standard error below.

    Parameters
    ----------
    name
        Name of the table, `levels` or `changes`.
    data
        What the specification is fitted to: `surveys` or `changes`.
    """
    language = maker.settings.language
    codebook = maker.settings.codebook
    found = score_specifications(frames["specs"], data, codebook)
    specs = pd.concat(found) if found else frames["specs"].iloc[:0]
    terms = terms_of(frames["estimates"], specs)
    terms = terms.assign(part=_parts(terms))
    columns = tuple(
        Column(out, language.score(out), language.instrument(out) if len(found) > 1 else "")
        for out in specs["outcome"]
    )
    ids = terms.set_index(["outcome", "term"])["estimate_id"].to_dict()
    lines = []
    for part in (COUNTRY, ASSISTANCE, RECORD, CONTROLS):
        names = list(dict.fromkeys(terms.loc[terms["part"] == part, "term"]))
        if not names:
            continue
        if part == COUNTRY:
            names.sort(key=language.term)
        lines.append(Line(part, language.plain(f"tables.{part}_group"), kind="group"))
        for term in names:
            cells = tuple(
                maker.cell(ids.get((column.key, term)), SIGNED, "std_error") for column in columns
            )
            label = language.term(term)
            if part == RECORD:
                label = language.term(term.removesuffix(f"_{RECORD}"))
            lines.append(Line(term, label, cells))
    lines += _foot(specs, maker)
    caption = language.plain(f"tables.{name}.caption")
    note = language.plain(
        f"tables.{name}.note", vcov=vcov_label(terms, language), coding=_coding(specs, maker)
    )
    return Table(name, caption, columns, tuple(lines), maker.notes(note))


def _parts(terms: pd.DataFrame) -> list[str]:
    recorded = ~is_not_recorded(terms)
    parts = []
    for group, known in zip(terms["group"], recorded, strict=True):
        assistance = group == ASSISTANCE
        part = ASSISTANCE if assistance and known else RECORD if assistance else CONTROLS
        parts.append(COUNTRY if group == COUNTRY else part)
    return parts


def _coding(specs: pd.DataFrame, maker: Maker) -> str:
    language = maker.settings.language
    coding = str(specs["country_coding"].iloc[0]) if len(specs) else "deviation"
    if coding == "deviation":
        return language.plain("tables.deviation_coding")
    return language.plain("tables.reference_coding", country=language.country(coding))


def _foot(specs: pd.DataFrame, maker: Maker) -> list[Line]:
    """Rows, returnees, clusters and R squared of each model."""
    language = maker.settings.language
    keys = {"n_obs": "n_rows", "n_returnees": "n_returnees", "n_clusters": "clusters", "r2": "r2"}
    lines = []
    for column in FOOT:
        cells = tuple(maker.model(spec, column) for spec in specs["spec_id"])
        if any(cell.text for cell in cells):
            lines.append(Line(column, language.plain(f"tables.{keys[column]}"), cells, "foot"))
    return lines
