"""Raw texts become codebook codes, numbers and dates; what cannot be read is kept aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from reintegration.codebook import Codebook
from reintegration.errors import StudyError
from reintegration.ingest.answers import (
    MISSING,
    SPREADSHEET_ERROR,
    Nothing,
    Question,
    Reading,
    Value,
    answer_key,
    is_blank,
    is_error,
    questions,
    read_option,
    reading,
)
from reintegration.ingest.columns import ALWAYS, Columns
from reintegration.ingest.dates import contradicted, find_order, half_converted
from reintegration.ingest.readers import RawTable
from reintegration.ingest.source import Source
from reintegration.memory import give_back

_OTHER_ORDER = {"dmy": "mdy", "mdy": "dmy"}
UNDECIDED = "dmy"  # how dates are read that can be read in two ways: the file is refused anyway
RARE_ENCODINGS = ("mac_roman", "cp850")  # of old computers; taken only where their letters fit
WRONG_COLUMN = 10  # so many answers, and none of them known: it is the wrong column
MANY_DIFFERENT = 50_000  # texts of one column, each read by itself: what that took is given back
HOPELESS = 1000  # so many different answers, and none known: the others are not looked at


class Unread(NamedTuple):
    """Cells of one column that could not be read: their rows, their texts, and why."""

    rows: np.ndarray
    texts: np.ndarray
    why: np.ndarray


_NONE = Unread(np.array([], dtype=np.intp), np.array([], dtype=object), np.array([], dtype=object))


@dataclass(frozen=True)
class _Values:
    """One column: for every row the place of its value in the list (-1: missing)."""

    codes: np.ndarray
    listed: list[Any]
    aside: Unread = _NONE

    @property
    def are_missing(self) -> bool:
        """Whether no row has a value."""
        return bool((self.codes < 0).all())


@dataclass(frozen=True)
class Mapped:
    """A raw table in the codebook's names and codes.

    Attributes
    ----------
    frame
        One row per raw row. Codebook names; choices as categories (the question's codes, in
        order), several answers and countries as categories too, numbers as float, dates and
        timestamps as datetime64, the rest as text. Missing when blank or unreadable. Identifiers
        that become a pseudonym as they stand in the file, the others not at all.
    unread
        Name -> cells that could not be read.
    absent
        Names that the file holds no column for.
    notes
        What was found in the file rather than declared.
    """

    frame: pd.DataFrame
    unread: dict[str, Unread]
    absent: list[str]
    notes: list[str]


def map_table(
    raw: RawTable, columns: Columns, source: Source, codebook: Codebook, where: str | Path
) -> Mapped:
    """Map every column that was found.

    Raises
    ------
    StudyError
        If the order of day and month cannot be told, or if a column holds none of the answers
        that the codebook knows; with the table mapped as far as it can be.
    """
    expected = questions(codebook)
    for name in codebook.identifiers:
        if codebook.variables[name].pseudonym is None:
            del expected[name]  # names and phones go no further than the raw table
    missing_codes = frozenset(answer_key(code) for code in source.missing_codes)
    orders, notes, in_two_ways = _date_orders(raw, columns, source, expected, where)
    notes = [*_found(raw, source), *notes]
    serials = source.kind not in ("stata", "spss", "parquet")
    index = pd.RangeIndex(len(raw.cells))
    frame: dict[str, pd.Series] = {}
    unread: dict[str, Unread] = {}
    absent: list[str] = []
    problems: list[str] = []
    for name, question in expected.items():
        if name in columns.options:
            values = _options(raw, columns.options[name], question)
        elif name in columns.single:
            declared = {answer_key(t): code for t, code in source.answers.get(name, {}).items()}
            parts = []
            for number in columns.single[name]:
                read = reading(question, declared, orders.get(number, "mixed"), serials)
                parts.append(_column(raw, number, read, declared, missing_codes, question.range))
            values = _first_filled(parts)
        elif name == "country" and source.country is not None:
            values = _Values(np.zeros(len(index), np.int8), [source.country])
        else:
            values = _Values(np.full(len(index), -1, np.int8), [])
            absent.append(name)
        frame[name] = _typed(values, question)
        if len(values.listed) > MANY_DIFFERENT:
            give_back()
        aside = values.aside
        if not len(aside.rows):
            continue
        if len(aside.rows) >= WRONG_COLUMN and values.are_missing and name not in ALWAYS:
            problems.append(
                f"{where}: column for {name} ({_title(codebook, name)}): none of its "
                f"{len(aside.rows)} answers is {_wanted(question)}"
            )
        else:
            unread[name] = aside
    mapped = Mapped(pd.DataFrame(frame, index=index, copy=False), unread, absent, notes)
    give_back()
    headlines = {
        "Dates of a source file can be read in two ways.": in_two_ways,
        "A source file holds other answers than the codebook.": problems,
    }
    if in_two_ways or problems:
        headline = " ".join(words for words, found in headlines.items() if found)
        raise StudyError(headline, [*in_two_ways, *problems], usable=mapped)
    return mapped


def _found(raw: RawTable, source: Source) -> list[str]:
    """What was found in a file and a person may want to know."""
    notes = []
    if source.label_row is None and "label_row" in raw.found:
        notes.append(f"row {raw.found['label_row']} read as texts of the questions")
    if source.encoding is None and raw.found.get("encoding") in RARE_ENCODINGS:
        notes.append(f"read as {raw.found['encoding']}")
    return notes


def _wanted(question: Question) -> str:
    """What should have stood in a column, and what to do about it."""
    if question.answers:
        return (
            f"known; allowed are {', '.join(question.codes)}, their labels, and what `answers` in "
            "the source YAML says"
        )
    return (
        f"a {question.kind}; correct `columns` in the source YAML, say under `answers` or "
        "`missing_codes` what its texts mean, or list the column under `drop`"
    )


def _title(codebook: Codebook, name: str) -> str:
    return codebook.label(name.removesuffix("_date") if name not in codebook.variables else name)


def _typed(found: _Values, question: Question) -> pd.Series:
    """Write a column in its type."""
    codes, values = found.codes, found.listed
    if question.kind == "choice":
        return pd.Series(_category(_recoded(codes, values, question.codes), question.codes))
    if question.kind in ("multiple", "country"):
        different = sorted(set(values))
        return pd.Series(_category(_recoded(codes, values, different), different))
    if question.kind == "number":
        return pd.Series(np.array([*values, np.nan], dtype=float)[codes])
    if question.kind in ("date", "timestamp"):
        read_as = pa.date32() if question.kind == "date" else pa.timestamp("us")
        times = pa.array([*values, None], read_as).cast(pa.timestamp("us"))
        return pd.Series(times.to_numpy(zero_copy_only=False)[codes])
    places = pa.array(codes, mask=codes < 0)
    texts = pa.DictionaryArray.from_arrays(places, pa.array(values, pa.large_string()))
    return texts.dictionary_decode().to_pandas().astype("str")


def _recoded(codes: np.ndarray, values: list[str], known: list[str]) -> np.ndarray:
    """Codes that point into another list of the values."""
    place = {value: number for number, value in enumerate(known)}
    small = np.min_scalar_type(-1 - len(known))
    return np.array([*(place[value] for value in values), -1], dtype=small)[codes]


def _category(codes: np.ndarray, values: list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, pd.Index(values, dtype="str"))


def _column(
    raw: RawTable,
    number: int,
    read: Reading,
    declared: Mapping[str, str | None] | None = None,
    missing_codes: frozenset[str] = frozenset(),
    limits: tuple[float, float] | None = None,
) -> _Values:
    """Values of one raw column; every different text is read once."""
    cells = raw.cells[number].cat
    labels = raw.labels.get(number, {})
    own_missing = raw.missing.get(number, frozenset())
    values: list[Any] = []
    place = np.full(len(cells.categories) + 1, -1, np.min_scalar_type(-1 - len(cells.categories)))
    unread: dict[int, tuple[str, str]] = {}
    for text_number, raw_text in enumerate(cells.categories.to_numpy(dtype=object)):
        text = raw_text.replace("\xa0", " ").strip()
        label = labels.get(text)
        value = _value(text, label, read, declared or {})
        is_missing_code = text in own_missing or (
            bool(missing_codes)
            and any(answer_key(form) in missing_codes for form in (text, label) if form)
        )
        if is_missing_code and not _stands(value, label, read, limits, text in own_missing):
            value = MISSING
        if not isinstance(value, Nothing):
            place[text_number] = len(values)
            values.append(value)
        elif value.why:
            unread[text_number] = (label or text, value.why)
            if len(unread) > HOPELESS and not values:
                rest = enumerate(cells.categories[text_number + 1 :], text_number + 1)
                unread |= {later: (text, value.why) for later, text in rest}
                break
    codes = cells.codes.to_numpy()  # of a blank cell -1, the last place
    return _Values(place[codes], values, _unread(codes, unread, len(place)))


def _unread(codes: np.ndarray, texts: Mapping[int, tuple[str, str]], places: int) -> Unread:
    """Cells whose texts could not be read, with what is shown of them and why."""
    if not texts:
        return _NONE
    numbers = list(texts)
    aside = np.zeros(places, dtype=bool)
    aside[numbers] = True
    rows = np.flatnonzero(aside[codes])
    which = np.zeros(places, dtype=np.intp)
    which[numbers] = np.arange(len(numbers))
    shown, why = (np.array(words, dtype=object) for words in zip(*texts.values(), strict=True))
    found = which[codes[rows]]
    return Unread(rows, shown[found], why[found])


def _value(
    text: str, label: str | None, read: Reading, declared: Mapping[str, str | None]
) -> Value:
    """Value of one text: as declared for it, else as its label reads, else as it reads itself."""
    if not text:
        return MISSING
    if text[0] == "#" and is_error(text) and answer_key(text) not in declared:
        return SPREADSHEET_ERROR
    value = _read(text, label, read, declared)
    return MISSING if isinstance(value, Nothing) and is_blank(label or text) else value


def _read(text: str, label: str | None, read: Reading, declared: Mapping[str, str | None]) -> Value:
    if label is None or answer_key(text) in declared:
        return read(text)
    value = read(label)
    if isinstance(value, Nothing) and value.why:
        by_text = read(text)
        return value if isinstance(by_text, Nothing) else by_text
    return value


def _stands(
    value: Value,
    label: str | None,
    read: Reading,
    limits: tuple[float, float] | None,
    declared_by_file: bool,
) -> bool:
    """Whether a missing code means something all the same.

    Its label is an answer of the codebook (99 labelled "don't know"), or it is a number that
    lies in the variable's range and only the source YAML, not the file, calls it missing.
    """
    if isinstance(value, float):
        return not declared_by_file and limits is not None and limits[0] <= value <= limits[1]
    return label is not None and not isinstance(read(label), Nothing)


def _first_filled(parts: list[_Values]) -> _Values:
    """Of several columns of one question, the first that is filled, row by row."""
    first = parts[0]
    for more in parts[1:]:
        filled = first.codes >= 0
        filled[first.aside.rows] = True
        values = [*first.listed, *more.listed]
        later = more.codes.astype(np.min_scalar_type(-1 - len(values)))
        later[later >= 0] += len(first.listed)
        new = ~filled[more.aside.rows]
        pairs = zip(first.aside, more.aside, strict=True)
        aside = Unread(*(np.concatenate([old, other[new]]) for old, other in pairs))
        first = _Values(np.where(filled, first.codes, later), values, aside)
    return first


def _options(raw: RawTable, columns: Mapping[str, int], question: Question) -> _Values:
    """Codes of a question with one column per option, joined by spaces in codebook order.

    When every option is answered no, and there is no column for "none", none was chosen.
    """
    chosen = np.zeros(len(raw.cells), dtype=np.intp)
    sets = [""]  # what may be chosen, by its number in `chosen`
    refused = np.ones(len(raw.cells), dtype=bool)
    asides: list[Unread] = []
    for answer in question.answers:
        if answer.code not in columns:
            continue

        def read(text: str, answer=answer) -> str | Nothing:
            return read_option(text, answer)

        option = _column(raw, columns[answer.code], read)
        yes, no = (
            np.array([*(value == word for value in option.listed), False])[option.codes]
            for word in ("yes", "no")
        )
        both, chosen = np.unique(2 * chosen + yes, return_inverse=True)
        sets = [f"{sets[n // 2]} {answer.code}" if n % 2 else sets[n // 2] for n in both]
        refused &= no
        asides.append(option.aside)
    rows, first = np.unique(np.concatenate([a.rows for a in asides]), return_index=True)
    aside = Unread(rows, *(np.concatenate([a[n] for a in asides])[first] for n in (1, 2)))
    values = [joined.strip() for joined in sets]
    nothing = "none" if "none" not in columns and "none" in question.codes else ""
    values.append(nothing)
    chosen[refused] = len(values) - 1
    codes = np.where(np.array([bool(value) for value in values])[chosen], chosen, -1)
    # With an option that cannot be read, what was chosen is not known.
    codes[rows] = -1
    return _Values(codes, values, aside)


def _date_orders(
    raw: RawTable,
    columns: Columns,
    source: Source,
    expected: Mapping[str, Question],
    where: str | Path,
) -> tuple[dict[int, str], list[str], list[str]]:
    """Order of day and month of every date column, what was found, and what is wrong.

    Wrong are columns in which day and month cannot be told apart.
    """
    problems: list[str] = []
    orders: dict[int, str] = {}
    open_columns: dict[int, tuple[str, list[str]]] = {}
    declared = source.date_order
    for name, numbers in columns.single.items():
        if name not in expected or expected[name].kind not in ("date", "timestamp"):
            continue
        order = declared.get(name) if isinstance(declared, dict) else declared
        for number in numbers:
            found = _days(raw.cells[number])
            if order != "mixed" and half_converted(found):
                problems.append(
                    f"{where}: column {raw.names[number]!r} ({name}): a spreadsheet seems to have "
                    "changed the dates with a day up to 12 and left the others; export the file "
                    "again with dates as text (or set `date_order` to mixed if they are right)"
                )
            if order in _OTHER_ORDER and contradicted(found, order):
                other = _OTHER_ORDER[order]
                problems.append(
                    f"{where}: column {raw.names[number]!r} ({name}): `date_order` says {order}, "
                    f"and its dates are possible only as {other}; correct it, for this column "
                    f"alone by `date_order: {{{name}: {other}}}`"
                )
            if order is not None:
                orders[number] = order
            else:
                open_columns[number] = (name, found)
    together = find_order(text for _, texts in open_columns.values() for text in texts)
    notes = []
    for number, (name, texts) in open_columns.items():
        by_file = together or find_order(texts)
        if by_file is None:
            problems.append(
                f"{where}: column {raw.names[number]!r} ({name}): day and month cannot be told "
                "apart; set `date_order` to dmy or mdy in the source YAML"
            )
            orders[number] = UNDECIDED
            continue
        orders[number] = by_file
        if by_file != "mixed":
            notes.append(f"{name} read as {by_file}")
    return orders, notes, problems


def _days(cells: pd.Series) -> list[str]:
    """Different dates of a column; of timestamps the day."""
    texts = cells.cat.categories.to_series()
    days = texts.str.slice(0, 10).where(texts.str.match(r"\d{4}-\d\d-\d\d[T ]"), texts)
    return [day.strip() for day in days.unique()]
