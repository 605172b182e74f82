"""What a source YAML that is written anew keeps: the lines that a person has confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reintegration.ingest.propose.columns import Column
from reintegration.ingest.source import DateOrder, Source
from reintegration.text import fold

HOW = "kept from its YAML"


@dataclass(frozen=True)
class Kept:
    """Lines of the YAML before that still fit the file.

    Attributes
    ----------
    columns
        Name -> places of its columns in the file.
    options
        Name of a multiple-choice question -> code -> place of its column.
    drop
        Columns of no use, as the file spells them.
    gone
        Name (or `drop`) and column, of lines whose column is no longer in the file.
    """

    columns: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    options: Mapping[str, dict[str, int]] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    answers: Mapping[str, dict[str, str | None]] = field(default_factory=dict)
    date_order: DateOrder | dict[str, DateOrder] | None = None
    gone: tuple[str, ...] = ()

    @property
    def groups(self) -> list[tuple[int, ...]]:
        """Places that belong together as one column."""
        single = [(place,) for found in self.options.values() for place in found.values()]
        return list(dict.fromkeys([*self.columns.values(), *single]))

    @property
    def notes(self) -> list[str]:
        """What a person must know of the lines that are not kept."""
        if not self.gone:
            return []
        return [f"no longer in the file, and so not kept: {', '.join(self.gone)}"]


def keep(before: Source, found: Sequence[Column], accepted: Mapping[str, str]) -> Kept:
    """Find the confirmed lines of a YAML whose columns are in the file.

    What is accepted now goes before what was confirmed: its name, and its column.
    """
    places = {fold(column.name): column for column in found}
    now = {fold(column) for column in accepted.values() if column}
    gone: list[str] = []

    def place_of(name: str, column: str) -> int | None:
        if fold(column) in now:
            return None
        if fold(column) not in places:
            gone.append(f"{name} ({column!r})")
            return None
        return places[fold(column)].place

    columns: dict[str, tuple[int, ...]] = {}
    for name, several in before.columns.items():
        if name not in accepted:
            there = [place for one in several if (place := place_of(name, one)) is not None]
            if there:
                columns[name] = tuple(there)
    options: dict[str, dict[str, int]] = {}
    for name, codes in before.select_multiple.items():
        if name not in accepted:
            seen = {code: place_of(name, column) for code, column in codes.items()}
            if there_are := {code: place for code, place in seen.items() if place is not None}:
                options[name] = there_are
    dropped = [column for column in before.drop if place_of("drop", column) is not None]
    declared = {*before.columns, *before.select_multiple}
    again = {
        name
        for name, column in accepted.items()
        if fold(column) in map(fold, before.columns.get(name, ()))
    }
    answers = {
        name: dict(codes)
        for name, codes in before.answers.items()
        if name in columns or name in options or name in again or name not in declared
    }
    drop = tuple(places[fold(column)].name for column in dropped)
    return Kept(columns, options, drop, answers, before.date_order, tuple(gone))
