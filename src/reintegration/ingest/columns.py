"""Which raw column holds which codebook name: declared in the source YAML, or of the same name."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reintegration.codebook import Codebook
from reintegration.countries import find_country
from reintegration.errors import StudyError
from reintegration.ingest.groups import is_export, plain_names, without_groups
from reintegration.ingest.source import Source
from reintegration.text import fold

if TYPE_CHECKING:  # planning a study needs the names only, and starts faster without
    import pandas as pd

RETURNEE = "returnee_id"  # the pseudonym without which surveys cannot be joined
LOCATION = "location_id"
SUBMISSION = "submission_id"
# Without these a row is no survey; they cannot be declared as not asked.
ALWAYS = ("survey_date", "country")
MANY = 8  # needed columns that are missing: more than these are said in one line


@dataclass(frozen=True)
class Columns:
    """Where each codebook name stands in a raw table.

    Attributes
    ----------
    single
        Codebook name -> column numbers, the first that is filled counts.
    options
        Name of a multiple-choice item -> answer code -> column number.
    """

    single: dict[str, list[int]]
    options: dict[str, dict[str, int]]


def identifier(codebook: Codebook, pseudonym: str) -> str | None:
    """Name of the identifier that becomes a pseudonym."""
    return next((n for n, v in codebook.variables.items() if v.pseudonym == pseudonym), None)


def raw_names(codebook: Codebook) -> list[str]:
    """Every codebook name that a raw file may hold a column for."""
    assistance = [c for kind in codebook.assistance_columns for c in (kind, f"{kind}_date")]
    return [*codebook.variables, *codebook.items, *assistance]


def needed_names(source: Source, codebook: Codebook, found: Collection[str] = ()) -> list[str]:
    """Codebook names that a file must hold: who, when, where and every item.

    Of an instrument beside the main one, its items are needed only in a file that holds one of
    them (`found`, or declared): elsewhere it was not asked.
    """
    held = {*found, *source.columns, *source.select_multiple}
    items = [
        item
        for part in codebook.instruments
        if part is codebook.main or held.intersection(part.items)
        for item in part.items
    ]
    case_number = identifier(codebook, RETURNEE)
    names = [*([case_number] if case_number else []), "country", "survey_date", "return_date"]
    if source.country is not None:
        names.remove("country")
    return [name for name in [*names, *items] if name not in source.not_asked]


def wanted_columns(source: Source, codebook: Codebook) -> set[str]:
    """Folded column names by which the header row of a file is recognised."""
    declared = [name for names in source.columns.values() for name in names]
    declared += [name for options in source.select_multiple.values() for name in options.values()]
    return {fold(name) for name in [*declared, *source.drop, *raw_names(codebook)]}


def check_sources(sources: Iterable[Source], codebook: Codebook) -> None:
    """Check every codebook name and code that the source YAMLs use.

    Raises
    ------
    StudyError
        With every name or code that the codebook does not know.
    """
    problems = [
        f"source {source.source}: {problem}"
        for source in sources
        for problem in _unknown_names(source, codebook)
    ]
    if problems:
        raise StudyError("Source YAMLs use names that the codebook does not know.", problems)


def _unknown_names(source: Source, codebook: Codebook) -> list[str]:
    problems = []
    known = raw_names(codebook)
    for key in ("columns", "answers", "select_multiple", "not_asked"):
        for name in getattr(source, key):
            if name not in known:
                problems.append(f"{key}: {name!r} is not in the codebook{_hint(name, known)}")
    for name in source.date_order if isinstance(source.date_order, dict) else ():
        if name not in known:
            problems.append(f"date_order: {name!r} is not in the codebook{_hint(name, known)}")
    always = {*ALWAYS, identifier(codebook, RETURNEE)}
    for name in sorted(always.intersection(source.not_asked), key=str):
        problems.append(f"not_asked: {name} is needed; without it a row is no survey")
    declared = {*source.columns, *source.select_multiple}
    for name in sorted(declared.intersection(source.not_asked)):
        problems.append(f"not_asked: {name} has columns of its own in the same YAML")
    for name in source.select_multiple:
        if name in source.columns:
            problems.append(f"select_multiple: {name} stands under `columns` too; keep one")
        if name in codebook.items and not codebook.items[name].multiple:
            problems.append(f"select_multiple: {name} takes one answer, by the codebook")
    for name, code, key in _declared_codes(source):
        allowed = _codes(codebook, name)
        if name in known and allowed is not None and code not in allowed:
            problems.append(
                f"{key}.{name}: {code!r} is no code of the codebook; allowed are "
                f"{', '.join(allowed)}"
            )
    return problems


def _declared_codes(source: Source) -> Iterator[tuple[str, str, str]]:
    for name, answers in source.answers.items():
        yield from ((name, c, "answers") for code in answers.values() for c in (code or "").split())
    for name, options in source.select_multiple.items():
        yield from ((name, code, "select_multiple") for code in options)


def _codes(codebook: Codebook, name: str) -> list[str] | None:
    """Codes that a column may hold, or None when it is not coded."""
    if name in codebook.items:
        return [answer.code for answer in codebook.answers_of(name)]
    if name in codebook.assistance_columns:
        return ["yes", "no"]
    if name in codebook.variables and codebook.variables[name].type == "choice":
        return [answer.code for answer in codebook.variables[name].answers]
    return None


def find_columns(
    source: Source, codebook: Codebook, names: Sequence[str], where: str | Path
) -> Columns:
    """Find the raw column of every codebook name.

    A column is found by its name as declared, else by the codebook's own name; case, accents,
    punctuation and, in KoboToolbox and ODK files, group names do not count. Columns that are not
    found and not needed are simply not there: their answers are missing.

    Parameters
    ----------
    names
        Column names of the raw file.

    Raises
    ------
    StudyError
        With every column that is declared or needed and not there, or there twice.
    """
    finder = _Finder(names, groups=source.kind == "kobo" or is_export(names))
    problems: list[str] = []
    single: dict[str, list[int]] = {}
    options: dict[str, dict[str, int]] = {}
    for name, columns in source.columns.items():
        found = [finder.find(column) for column in columns]
        problems += _trouble(name, columns, found, names)
        single[name] = [place[0] for place in found if len(place) == 1]
    for name, codes in source.select_multiple.items():
        found = [finder.find(column) for column in codes.values()]
        problems += _trouble(name, list(codes.values()), found, names)
        pairs = zip(codes, found, strict=True)
        options[name] = {code: place[0] for code, place in pairs if len(place) == 1}
    problems += _declared_twice(source, single, names)
    taken = {number: name for name, numbers in single.items() for number in numbers}
    dropped = {number for column in source.drop for number in finder.find(column)}
    declared = {*source.columns, *source.select_multiple, *source.not_asked}
    twice: set[str] = set()
    for name in source.not_asked:
        if found_here := [n for n in finder.find(name) if n not in taken and n not in dropped]:
            problems.append(
                f"column {names[found_here[0]]!r} is there, and `not_asked` says that {name} was "
                "not asked; take it from that list, or list the column under `drop`"
            )
    for name in raw_names(codebook):
        if name in declared or (name == "country" and source.country is not None):
            continue
        places = finder.find(name) or finder.find_own(name, codebook)
        found_here = [n for n in places if n not in taken and n not in dropped]
        if len(found_here) > 1:
            twice.add(name)
            shown = {names[number].strip() for number in found_here} - {name}
            also = f" ({', '.join(sorted(shown))}); name the right one under `columns`"
            problems.append(f"column {name!r} stands {len(found_here)} times{also * bool(shown)}")
        elif found_here:
            single[name] = found_here
        elif name in codebook.items and codebook.items[name].multiple:
            options[name], clashes = finder.find_options(name, codebook)
            problems += clashes
    options = {name: codes for name, codes in options.items() if codes}
    there = {*single, *options, *source.select_multiple, *twice}
    lacking = [name for name in needed_names(source, codebook, there) if name not in there]
    if len(lacking) > MANY:
        problems.append(
            f"no column for {', '.join(lacking)}, which are needed; is this the right file, and "
            "the right row of column names (`header_row`)?"
        )
        lacking = []
    for name in lacking:
        hint = _hint(name, names, [*_spellings(codebook, name)])
        if used := [taken[number] for number in finder.find(name) if number in taken]:
            hint = f" (the column of that name is declared for {used[0]})"
        problems.append(f"no column for {name} ({codebook.label(name)}), which is needed{hint}")
    if problems:
        raise StudyError(
            "A source file lacks needed columns, or names are not clear.",
            [f"{where}: {problem}" for problem in problems]
            + [
                f"{where}: name raw columns under `columns` in the source YAML, or list what "
                "was not asked under `not_asked`"
            ],
            usable=Columns({name: found for name, found in single.items() if found}, options),
        )
    return Columns(single, options)


def _declared_twice(
    source: Source, single: dict[str, list[int]], names: Sequence[str]
) -> list[str]:
    """Columns declared for two names; right only where `answers` reads them in two ways."""
    problems = []
    for number in sorted({number for numbers in single.values() for number in numbers}):
        users = [name for name, numbers in single.items() if number in numbers]
        if len(users) > 1 and sum(name in source.answers for name in users) < len(users) - 1:
            problems.append(
                f"column {names[number]!r} is declared for {' and for '.join(users)}; correct one "
                "(or say under `answers` how each reads it)"
            )
    return problems


def check_country(
    source: Source,
    codebook: Codebook,
    columns: Columns,
    names: Sequence[str],
    cells: "pd.DataFrame",
    where: str | Path,
) -> None:
    """Check that a file holds no other country than its YAML says.

    Parameters
    ----------
    names, cells
        Column names and texts of the raw file.

    Raises
    ------
    StudyError
        If a column that bears the codebook's name of the country, or one of its labels, names
        another country.
    """
    if source.country is None:
        return
    meant = {fold(text) for text in ("country", *_spellings(codebook, "country"))}
    used = {number for numbers in columns.single.values() for number in numbers}
    short = plain_names(names) if source.kind == "kobo" or is_export(names) else names
    problems = []
    for number, name in enumerate(names):
        if number in used or fold(short[number]) not in meant or name in source.drop:
            continue
        counts = cells[number].map(find_country, na_action="ignore").value_counts()
        if others := [
            f"{code} in {n} rows" for code, n in counts.items() if code != source.country
        ]:
            problems.append(
                f"{where}: column {name!r} names another country ({', '.join(others)}) than the "
                f"source YAML (`country: {source.country}`); correct it, leave it out to have "
                "the column read, or list the column under `drop`"
            )
    if problems:
        raise StudyError("A source file is of another country than its YAML says.", problems)


class _Finder:
    """Finds columns by name: exactly, then folded, then without group names."""

    def __init__(self, names: Sequence[str], groups: bool):
        self.names = names
        self.groups = groups
        self.exact: dict[str, list[int]] = {}
        self.folded: dict[str, list[int]] = {}
        self.last: dict[str, list[int]] = {}
        short = plain_names(names) if groups else names
        for number, name in enumerate(names):
            if not name.strip():
                continue
            self.exact.setdefault(name.strip(), []).append(number)
            self.folded.setdefault(fold(name), []).append(number)
            if groups:
                self.last.setdefault(fold(short[number]), []).append(number)

    def find(self, name: str) -> list[int]:
        """Numbers of the columns of a name; where one of the two has no groups, without them."""
        found = self.exact.get(name.strip()) or self.folded.get(fold(name))
        if found or not self.groups:
            return found or []
        return self.last.get(fold(name)) or self.folded.get(fold(without_groups(name)), [])

    def find_own(self, name: str, codebook: Codebook) -> list[int]:
        """Number of a column that the program adds to an export by itself: `_uuid`, `start`."""
        variable = codebook.variables.get(name)
        if not self.groups or variable is None:
            return []
        if variable.role != "process" and variable.pseudonym != SUBMISSION:
            return []
        found = (self.folded.get(fold(text)) for text in variable.also)
        return next((numbers for numbers in found if numbers), [])

    def find_options(self, name: str, codebook: Codebook) -> tuple[dict[str, int], list[str]]:
        """Columns of one option each, and what is not clear about them.

        Such are `q8/land`, `q8.land` and `q8_land`, with or without groups before them, with the
        answer's code or its label.
        """
        ends = {
            fold(f"{name} {text}"): answer.code
            for answer in codebook.answers_of(name)
            for text in (*answer.spellings, answer.code)
        }
        found: dict[str, list[int]] = {}
        for folded, numbers in self.folded.items():
            for end, code in ends.items():
                if folded == end or (self.groups and folded.endswith(f" {end}")):
                    found.setdefault(code, []).extend(numbers)
                    break
        clashes = [
            f"columns {' and '.join(repr(self.names[n]) for n in numbers)} stand for the same "
            f"answer of {name}; name the right one under `select_multiple`"
            for numbers in found.values()
            if len(numbers) > 1
        ]
        return {code: numbers[0] for code, numbers in found.items()}, clashes


def _trouble(
    name: str, columns: Sequence[str], found: Sequence[list[int]], names: Sequence[str]
) -> list[str]:
    """What is wrong with the raw columns declared for a name."""
    problems = []
    for column, places in zip(columns, found, strict=True):
        if not places:
            problems.append(f"no column {column!r}, declared for {name}{_hint(column, names)}")
        elif len(places) > 1:
            problems.append(f"column {column!r}, declared for {name}, stands {len(places)} times")
    return problems


def _spellings(codebook: Codebook, name: str) -> tuple[str, ...]:
    for part in (codebook.items, codebook.variables):
        if name in part:
            return part[name].spellings
    return ()


def _hint(name: str, known: Sequence[str], also: Sequence[str] = ()) -> str:
    """A similar name, if there is one; names that are not similar may be data and stay unsaid."""
    by_fold = {fold(one): one for one in known if one.strip()}
    for one in (name, *also):
        if close := difflib.get_close_matches(fold(one), by_fold, n=1, cutoff=0.8):
            return f" (did you mean {by_fold[close[0]]!r}?)"
    return ""
