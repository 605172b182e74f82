"""Tables that describe: the sample, migration history, assistance, scores and items."""

from collections.abc import Mapping, Sequence

import pandas as pd

from reintegration.codebook import Codebook
from reintegration.report.language import ALL
from reintegration.report.settings import Settings
from reintegration.report.tables.model import (
    COUNT,
    MEAN,
    POINTS,
    SHARE,
    SHORT,
    Cell,
    Column,
    Line,
    Maker,
    Table,
)

Key = tuple[str, str, str]  # statistic, variable, answer

# Columns of the sample table; those that the results do not hold are left out.
SAMPLE: dict[Key, str] = {
    ("n", "surveys", ""): COUNT,
    ("n", "returnees", ""): COUNT,
    ("n", "follow_ups", ""): COUNT,
    ("n", "mentored", ""): COUNT,
    ("share_returnees", "sex", "woman"): SHARE,
    ("mean_returnees", "age", ""): MEAN,
    ("mean_returnees", "dependants", ""): MEAN,
    ("mean_returnees", "months_since_return", ""): MEAN,
    ("share_returnees", "mode", "phone"): SHARE,
}
MIGRATION = ("stranded", "abroad_under_six_months", "return_decision", "returned_from")


class Descriptives:
    """Finds descriptive numbers by what they describe."""

    def __init__(self, frame: pd.DataFrame, settings: Settings):
        self.frame = frame.assign(answer=frame["answer"].fillna("").astype(str))
        self.settings = settings
        columns = ["statistic", "variable", "answer", "country", "estimate_id"]
        self._ids = {tuple(row[:4]): row[4] for row in self.frame[columns].to_numpy().tolist()}

    def find(self, key: Key, country: str) -> str | None:
        """Id of a number; none where the results do not hold it."""
        return self._ids.get((*key, country))

    def has(self, key: Key) -> bool:
        """Whether the results hold this number for any country."""
        return any(name[:3] == key for name in self._ids)

    def keys(self, topic: str, statistic: str) -> list[Key]:
        """What a topic describes, in the order of the results."""
        rows = self.frame[(self.frame["topic"] == topic) & (self.frame["statistic"] == statistic)]
        return list(
            dict.fromkeys(zip(rows["statistic"], rows["variable"], rows["answer"], strict=True))
        )

    @property
    def present(self) -> set[str]:
        """Countries that have a number."""
        return set(self.frame["country"].unique()) - {ALL}

    @property
    def countries(self) -> list[str]:
        """Countries of the study by name, also those without a survey, then all of them."""
        named = sorted(
            self.present | set(self.settings.studied), key=self.settings.language.country
        )
        return [*named, ALL] if len(named) > 1 else named

    def cell(
        self, key: Key, country: str, how: str, maker: Maker, below: Key | None = None
    ) -> Cell:
        """A number of a country, with another one under it."""
        if country != ALL and country not in self.present:
            return maker.absent(self.settings.language.plain("missing.no_survey"))
        under = self.find(below, country) or "" if below else ""
        return maker.cell(self.find(key, country), how, under)


def _by_country(
    name: str,
    columns: Mapping[Key, str],
    groups: Mapping[Key, str],
    data: Descriptives,
    maker: Maker,
    below: Mapping[Key, Key] | None = None,
) -> Table:
    """A row per country, a column per number."""
    language = maker.settings.language
    keys = [key for key in columns if data.has(key) or _in_codebook(key, language.codebook)]
    lines = []
    for country in data.countries:
        cells = tuple(
            data.cell(key, country, columns[key], maker, below[key] if below else None)
            for key in keys
        )
        kind = "total" if country == ALL else "body"
        lines.append(Line(country, language.country(country), cells, kind))
    heads = tuple(
        Column(
            ".".join(filter(None, key)), _heading(key, key in groups, maker), groups.get(key, "")
        )
        for key in keys
    )
    caption = language.plain(f"tables.{name}.caption")
    notes = maker.notes(language.plain(f"tables.{name}.note"))
    stub = language.plain("tables.country")
    return Table(name, caption, heads, tuple(lines), notes, stub)


def _in_codebook(key: Key, codebook: Codebook) -> bool:
    """Whether a number is of a question that is asked, or a count."""
    return key[0] == "n" or key[1] in (*codebook.variables, *codebook.score_names)


def _heading(key: Key, grouped: bool, maker: Maker) -> str:
    _, variable, answer = key
    language = maker.settings.language
    if variable in language.codebook.score_names:
        return language.score(variable)
    if grouped:
        return language.answer(variable, answer)
    if not answer or answer == "yes":
        return language.variable(variable)
    return language.answer(variable, answer)


def sample(data: Descriptives, maker: Maker) -> Table:
    """Who was surveyed, by country."""
    return _by_country("sample", SAMPLE, {}, data, maker)


def migration(data: Descriptives, maker: Maker) -> Table:
    """What they lived before the return, by country."""
    codebook = maker.settings.codebook
    asked: list[Key] = []
    for variable in MIGRATION:
        codes = ["yes"] if variable not in codebook.variables else [
            answer.code for answer in codebook.variables[variable].answers
        ]  # fmt: skip
        found = [key[2] for key in data.keys("migration", "share_returnees") if key[1] == variable]
        asked += [("share_returnees", variable, code) for code in dict.fromkeys([*codes, *found])]
    keys = [key for key in asked if not (_is_yes_or_no(key[2]) and key[2] != "yes")]
    groups = {
        key: maker.settings.language.variable(key[1]) for key in keys if key[2] not in ("", "yes")
    }
    return _by_country("migration", dict.fromkeys(keys, SHARE), groups, data, maker)


def _is_yes_or_no(answer: str) -> bool:
    return answer in ("yes", "no", "not_recorded")


def assistance(data: Descriptives, maker: Maker) -> Table:
    """Share of surveys before which each type had been received."""
    asked = [("share", name, "yes") for name in maker.settings.codebook.assistance_columns]
    found = [key for key in data.keys("assistance", "share") if key[2] == "yes"]
    keys = list(dict.fromkeys([*asked, *found]))
    rows = [Line(key[1], maker.settings.language.variable(key[1])) for key in keys]
    known = {key[1]: key for key in keys}
    unknown = {key[1]: ("share", key[1], "not_recorded") for key in keys}
    return _by_topic("assistance", rows, known, SHARE, data, maker, last=unknown)


def scores(data: Descriptives, maker: Maker) -> Table:
    """Mean scores, with their standard deviations, by country."""
    names = maker.settings.codebook.score_names
    keys: list[Key] = [("mean", name, "") for name in names]
    below: dict[Key, Key] = {key: ("sd", key[1], "") for key in keys}
    return _by_country("scores", dict.fromkeys(keys, POINTS), {}, data, maker, below)


def items(data: Descriptives, maker: Maker) -> Table:
    """Mean of each item in all countries and the pilot's, and where it is lowest and highest."""
    language, codebook = maker.settings.language, maker.settings.codebook
    rows, found = [], {}
    for score, label in codebook.dimensions.items():
        rows.append(Line(score, label.in_language(language.code), kind="group"))
        for item in codebook.items_of(score):
            rows.append(Line(item, language.variable(item)))
            found[item] = ("mean", f"item_{item}", "")
    return _by_topic("items", rows, found, SHORT, data, maker)


def _by_topic(
    name: str,
    rows: Sequence[Line],
    keys: Mapping[str, Key],
    how: str,
    data: Descriptives,
    maker: Maker,
    last: Mapping[str, Key] | None = None,
) -> Table:
    """A row per topic; all countries, the pilot's, and the countries at both ends."""
    language = maker.settings.language
    pilot = [code for code in maker.settings.orion.countries if code in data.countries]
    whole = [ALL] if ALL in data.countries else []
    shown = list(dict.fromkeys([*whole, *(pilot or data.countries[:1])]))
    many = len(data.countries) > 2
    columns = [Column(code, language.country(code)) for code in shown]
    if many:
        ends = ("lowest", "highest")
        columns += [Column(end, language.plain(f"tables.{end}")) for end in ends]
    if last:
        columns.append(Column("not_recorded", language.plain("tables.not_recorded")))
    lines = []
    for row in rows:
        if row.key not in keys:
            lines.append(row)
            continue
        cells = [data.cell(keys[row.key], code, how, maker) for code in shown]
        if many:
            cells += _ends(keys[row.key], how, data, maker)
        if last:
            cells.append(maker.cell(data.find(last[row.key], shown[0]), how))
        lines.append(Line(row.key, row.label, tuple(cells)))
    caption = language.plain(f"tables.{name}.caption")
    notes = maker.notes(language.plain(f"tables.{name}.note"))
    return Table(name, caption, tuple(columns), tuple(lines), notes)


def _ends(key: Key, how: str, data: Descriptives, maker: Maker) -> Sequence[Cell]:
    """The countries with the lowest and the highest mean."""
    found = []
    for country in data.countries:
        name = data.find(key, country)
        if country != ALL and name and not maker.numbers.why_missing(name):
            found.append((maker.numbers[name].value, country, name))
    if not found:
        return [maker.cell(None, how)] * 2
    cells = []
    for value, country, name in (min(found), max(found)):
        words = maker.settings.language.plain(
            "tables.end",
            number=maker.write(value, how),
            country=maker.settings.language.country(country),
        )
        cells.append(Cell(words, source=maker.numbers[name], status="ok", words=True))
    return cells
