"""Tables of the ORION effects and of the slopes."""

from collections.abc import Sequence

import pandas as pd

from reintegration.report.language import ALL
from reintegration.report.select import slopes_of_countries
from reintegration.report.settings import Settings
from reintegration.report.tables.model import SIGNED, Cell, Column, Line, Maker, Table
from reintegration.report.wording import vcov_label

GROUP_SIZES = ("n_mentored", "n_other")


def orion(frames: dict[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per comparison, method and country; a column per score."""
    language, settings = maker.settings.language, maker.settings
    keys = ["comparator", "method", "country", "outcome"]
    effects = frames["effects"].drop_duplicates(keys)
    ids = effects.set_index(keys)["estimate_id"].to_dict()
    scores = [name for name in settings.codebook.score_names if name in settings.orion.outcomes]
    counted, others = _counted(effects, scores, settings)
    across = language.plain("tables.orion.estimates")
    columns = [Column(name, language.score(name), across) for name in scores]
    columns += [
        Column(name, language.plain(f"tables.orion.{name}"), language.variable("returnees"))
        for name in GROUP_SIZES
    ]
    lines = []
    pairs = [(c, m) for c in settings.orion.comparators for m in settings.orion.methods]
    found_pairs = effects[["comparator", "method"]].drop_duplicates().to_numpy().tolist()
    for comparator, method in dict.fromkeys([*pairs, *map(tuple, found_pairs)]):
        part = effects[(effects["comparator"] == comparator) & (effects["method"] == method)]
        against = language.plain(f"methods.{comparator}")
        heading = language.plain(
            "tables.orion.heading", method=language.plain(f"methods.{method}"), against=against
        )
        lines.append(Line(f"{comparator}.{method}", heading, kind="group"))
        for country in _countries(part, settings):
            found = [ids.get((comparator, method, country, name)) for name in scores]
            cells = [maker.cell(name, SIGNED, "std_error") for name in found]
            cells += _groups(ids.get((comparator, method, country, counted)), maker)
            name = "words.pilot_countries"
            label = language.plain(name) if country == ALL else language.country(country)
            kind = "total" if country == ALL else "body"
            lines.append(Line(f"{comparator}.{method}.{country}", label, tuple(cells), kind))
    note = language.plain("tables.orion.note", vcov=vcov_label(effects, language))
    differ = ""
    if others:
        listed = language.join([language.score(name) for name in others])
        differ = language.plain(
            "tables.orion.counted", score=language.score(counted), others=listed
        )
    caption = language.plain("tables.orion.caption")
    return Table("orion", caption, tuple(columns), tuple(lines), maker.notes(note, differ))


def _counted(
    effects: pd.DataFrame, scores: Sequence[str], settings: Settings
) -> tuple[str, list[str]]:
    """The score whose returnees the table counts, and the scores of which there are others."""
    present = [name for name in scores if name in set(effects["outcome"])]
    main = settings.codebook.main_score
    counted = main if main in present else next(iter(present), main)
    keys = ["comparator", "method", "country"]
    sizes = {
        name: effects[effects["outcome"] == name].set_index(keys)[[*GROUP_SIZES]]
        for name in (counted, *present)
    }
    own = sizes[counted].sort_index()
    others = [name for name in present if not sizes[name].sort_index().equals(own)]
    return counted, others


def _countries(effects: pd.DataFrame, settings: Settings) -> list[str]:
    """Pilot countries that are studied, others that results hold, and all of them."""
    present = list(effects["country"].unique())
    studied = settings.studied or present
    pilot = [code for code in settings.orion.countries if code in (*studied, *present)]
    return [*pilot, *sorted(set(present) - set(pilot) - {ALL}), ALL]


def _groups(estimate_id: str | None, maker: Maker) -> list[Cell]:
    """Returnees of the two groups; blank where one of them is too small to be told."""
    if estimate_id is None:
        return [maker.cell(None, SIGNED)] * len(GROUP_SIZES)
    return [maker.group_size(estimate_id, name) for name in GROUP_SIZES]


def slopes(frames: dict[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per country; for each score the pooled slope and the one within persons."""
    language, settings = maker.settings.language, maker.settings
    rows = slopes_of_countries(frames["slopes"])
    average = slopes_of_countries(frames["slopes"], "average")
    methods = list(settings.trends.methods)
    scores = [name for name in settings.codebook.score_names if name in settings.trends.outcomes]
    columns = tuple(
        Column(f"{name}.{method}", language.plain(f"methods.{method}"), language.score(name))
        for name in scores
        for method in methods
    )
    ids = rows.set_index(["country", "outcome", "method"])["estimate_id"].to_dict()
    lines = []
    present = set(rows["country"])
    for country in sorted(present | set(settings.studied), key=language.country):
        cells = tuple(
            maker.cell(ids.get((country, name, method)), SIGNED, "std_error")
            if country in present
            else maker.absent(language.plain("missing.no_survey"))
            for name in scores
            for method in methods
        )
        lines.append(Line(country, language.country(country), cells))
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


MADE = {"orion": orion, "slopes": slopes}
