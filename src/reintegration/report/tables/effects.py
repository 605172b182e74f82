"""Tables of the ORION effects and of the slopes."""

import pandas as pd

from reintegration.report.language import ALL
from reintegration.report.select import slopes_of_countries
from reintegration.report.tables.model import SIGNED, Cell, Column, Line, Maker, Table
from reintegration.report.wording import vcov_label


def orion(frames: dict[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per comparison, method and country; a column per score."""
    language, settings = maker.settings.language, maker.settings
    keys = ["comparator", "method", "country", "outcome"]
    effects = frames["effects"].drop_duplicates(keys)
    ids = effects.set_index(keys)["estimate_id"].to_dict()
    scores = [name for name in settings.codebook.score_names if name in set(effects["outcome"])]
    across = language.plain("tables.orion.estimates")
    columns = [Column(name, language.score(name), across) for name in scores]
    columns += [
        Column(name, language.plain(f"tables.orion.{name}"), language.variable("returnees"))
        for name in ("n_mentored", "n_other")
    ]
    lines = []
    pairs = effects[keys[:2]].drop_duplicates().to_numpy().tolist()
    for comparator, method in pairs:
        part = effects[(effects["comparator"] == comparator) & (effects["method"] == method)]
        against = language.plain(f"methods.{comparator}")
        heading = language.plain(
            "tables.orion.heading", method=language.plain(f"methods.{method}"), against=against
        )
        lines.append(Line(f"{comparator}.{method}", heading, kind="group"))
        for country in _countries(part, settings.orion.countries):
            found = [ids.get((comparator, method, country, name)) for name in scores]
            cells = [maker.cell(name, SIGNED, "std_error") for name in found]
            cells += _groups(next((name for name in found if name), None), maker)
            name = "words.pilot_countries"
            label = language.plain(name) if country == ALL else language.country(country)
            kind = "total" if country == ALL else "body"
            lines.append(Line(f"{comparator}.{method}.{country}", label, tuple(cells), kind))
    note = language.plain("tables.orion.note", vcov=vcov_label(effects, language))
    caption = language.plain("tables.orion.caption")
    return Table("orion", caption, tuple(columns), tuple(lines), maker.notes(note))


def _countries(effects: pd.DataFrame, pilot: list[str]) -> list[str]:
    present = list(effects["country"].unique())
    known = [code for code in pilot if code in present]
    rest = sorted(set(present) - set(known) - {ALL})
    return [*known, *rest, *([ALL] if ALL in present else [])]


def _groups(estimate_id: str | None, maker: Maker) -> list[Cell]:
    """Returnees of the two groups; blank where one of them is too small to be told."""
    names = ("n_mentored", "n_other")
    if estimate_id is None:
        return [maker.cell(None, SIGNED)] * 2
    return [maker.group_size(estimate_id, name) for name in names]


def slopes(frames: dict[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per country; for each score the pooled slope and the one within persons."""
    language, settings = maker.settings.language, maker.settings
    rows = slopes_of_countries(frames["slopes"])
    average = slopes_of_countries(frames["slopes"], "average")
    methods = [name for name in settings.trends.methods if name in set(rows["method"])]
    scores = [name for name in settings.codebook.score_names if name in set(rows["outcome"])]
    columns = tuple(
        Column(f"{name}.{method}", language.plain(f"methods.{method}"), language.score(name))
        for name in scores
        for method in methods
    )
    ids = rows.set_index(["country", "outcome", "method"])["estimate_id"].to_dict()
    lines = []
    for country in sorted(rows["country"].unique(), key=language.country):
        cells = tuple(
            maker.cell(ids.get((country, name, method)), SIGNED, "std_error")
            for name in scores
            for method in methods
        )
        lines.append(Line(country, language.country(country), cells))
    if len(average):
        whole = average.set_index(["outcome", "method"])["estimate_id"].to_dict()
        cells = tuple(
            maker.cell(whole.get((name, method)), SIGNED, "std_error")
            for name in scores
            for method in methods
        )
        label = language.plain("words.average_country")
        lines.append(Line("average", label[:1].upper() + label[1:], cells, "total"))
    note = language.plain("tables.slopes.note", vcov=vcov_label(rows, language))
    caption = language.plain("tables.slopes.caption")
    stub = language.plain("tables.country")
    return Table("slopes", caption, columns, tuple(lines), maker.notes(note), stub)
