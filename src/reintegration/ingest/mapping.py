"""Raw texts become codebook codes, numbers and dates; what cannot be read is kept aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.errors import StudyError
from reintegration.ingest.answers import (
    MISSING,
    Nothing,
    Question,
    Reading,
    Value,
    answer_key,
    is_blank,
    questions,
    read_option,
    reading,
)
from reintegration.ingest.columns import ALWAYS, Columns
from reintegration.ingest.dates import contradicted, find_order, half_converted
from reintegration.ingest.readers import RawTable
from reintegration.ingest.source import Source

_OTHER_ORDER = {"dmy": "mdy", "mdy": "dmy"}
UNDECIDED = "dmy"  # how dates are read that can be read in two ways: the file is refused anyway
WRONG_COLUMN = 10  # so many answers, and none of them known: it is the wrong column


@dataclass(frozen=True)
class Unread:
    """Cells of one column that could not be read: their rows, their texts, and why."""

    rows: np.ndarray
    texts: np.ndarray
    why: np.ndarray


@dataclass(frozen=True)
class Mapped:
    """A raw table in the codebook's names and codes.

    Attributes
    ----------
    frame
        One row per raw row. Codebook names; codes as text, numbers as float, dates as
        datetime64. Missing when blank or unreadable. Identifiers that become a pseudonym as they
        stand in the file, the others not at all.
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
    serials = source.kind not in ("stata", "spss", "parquet")
    index = pd.RangeIndex(len(raw.cells))
    frame: dict[str, pd.Series] = {}
    unread: dict[str, Unread] = {}
    absent: list[str] = []
    problems: list[str] = []
    for name, question in expected.items():
        if name in columns.options:
            values, aside = _options(raw, columns.options[name], question)
        elif name in columns.single:
            declared = {answer_key(t): code for t, code in source.answers.get(name, {}).items()}
            parts = []
            for number in columns.single[name]:
                read = reading(question, declared, orders.get(number, "mixed"), serials)
                parts.append(_column(raw, number, read, declared, missing_codes, question.range))
            values, aside = _first_filled(parts)
        elif name == "country" and source.country is not None:
            frame[name] = pd.Series(source.country, index=index, dtype="str")
            continue
        else:
            values, aside = pd.Series([None] * len(index), dtype=object), None
            absent.append(name)
        frame[name] = _typed(values, question)
        if aside is None or not len(aside.rows):
            continue
        unread[name] = aside
        if len(aside.rows) >= WRONG_COLUMN and values.isna().all() and name not in ALWAYS:
            problems.append(
                f"{where}: column for {name} ({_title(codebook, name)}): none of its "
                f"{len(aside.rows)} answers is {_wanted(question)}"
            )
    mapped = Mapped(pd.DataFrame(frame, index=index), unread, absent, notes)
    headlines = {
        "Dates of a source file can be read in two ways.": in_two_ways,
        "A source file holds other answers than the codebook.": problems,
    }
    if in_two_ways or problems:
        headline = " ".join(words for words, found in headlines.items() if found)
        raise StudyError(headline, [*in_two_ways, *problems], usable=mapped)
    return mapped


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


def _typed(values: pd.Series, question: Question) -> pd.Series:
    if question.kind == "number":
        return values.astype(float)
    if question.kind == "date":
        return pd.to_datetime(values).astype("datetime64[us]")
    return values.astype("str")


def _column(
    raw: RawTable,
    number: int,
    read: Reading,
    declared: Mapping[str, str | None] | None = None,
    missing_codes: frozenset[str] = frozenset(),
    limits: tuple[float, float] | None = None,
) -> tuple[pd.Series, Unread]:
    """Values of one raw column; every different text is read once."""
    codes, uniques = pd.factorize(raw.cells[number])
    labels = raw.labels.get(number, {})
    own_missing = raw.missing.get(number, frozenset())
    read_as: list[Value] = [MISSING]
    shown: list[str] = [""]
    for unique in uniques:
        text = str(unique).replace("\xa0", " ").strip()
        label = labels.get(text)
        value = _value(text, label, read, declared or {})
        is_missing_code = text in own_missing or (
            bool(missing_codes)
            and any(answer_key(form) in missing_codes for form in (text, label) if form)
        )
        if is_missing_code and not _stands(value, label, read, limits, text in own_missing):
            value = MISSING
        read_as.append(value)
        shown.append(label or text)
    values = np.array([None if isinstance(v, Nothing) else v for v in read_as], dtype=object)
    why = np.array([v.why if isinstance(v, Nothing) else "" for v in read_as], dtype=object)
    place = codes + 1  # a blank cell has code -1
    rows = np.flatnonzero(why[place] != "")
    aside = Unread(rows, np.array(shown, dtype=object)[place[rows]], why[place[rows]])
    return pd.Series(values[place], dtype=object), aside


def _value(
    text: str, label: str | None, read: Reading, declared: Mapping[str, str | None]
) -> Value:
    """Value of one text: as declared for it, else as its label reads, else as it reads itself."""
    if not text:
        return MISSING
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


def _first_filled(parts: list[tuple[pd.Series, Unread]]) -> tuple[pd.Series, Unread]:
    """Of several columns of one question, the first that is filled, row by row."""
    values, aside = parts[0]
    for more, more_aside in parts[1:]:
        filled = values.notna().to_numpy(copy=True)
        filled[aside.rows] = True
        values = values.where(filled, more)
        new = ~filled[more_aside.rows]
        aside = Unread(
            np.concatenate([aside.rows, more_aside.rows[new]]),
            np.concatenate([aside.texts, more_aside.texts[new]]),
            np.concatenate([aside.why, more_aside.why[new]]),
        )
    return values, aside


def _options(
    raw: RawTable, columns: Mapping[str, int], question: Question
) -> tuple[pd.Series, Unread]:
    """Codes of a question with one column per option, joined by spaces in codebook order.

    When every option is answered no, and there is no column for "none", none was chosen.
    """
    joined = np.full(len(raw.cells), "", dtype=object)
    refused = np.ones(len(raw.cells), dtype=bool)
    asides: list[Unread] = []
    for answer in question.answers:
        if answer.code not in columns:
            continue

        def read(text: str, answer=answer) -> str | Nothing:
            return read_option(text, answer)

        values, aside = _column(raw, columns[answer.code], read)
        joined = np.where(values == "yes", joined + f" {answer.code}", joined)
        refused &= (values == "no").to_numpy()
        asides.append(aside)
    if "none" not in columns and "none" in question.codes:
        joined = np.where(refused, "none", joined)
    rows, first = np.unique(np.concatenate([a.rows for a in asides]), return_index=True)
    texts = np.concatenate([a.texts for a in asides])[first]
    why = np.concatenate([a.why for a in asides])[first]
    codes = pd.Series(joined, dtype=object).str.strip()
    # With an option that cannot be read, what was chosen is not known.
    codes[rows] = ""
    return codes.where(codes != "", None), Unread(rows, texts, why)


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
        if name not in expected or expected[name].kind != "date":
            continue
        order = declared.get(name) if isinstance(declared, dict) else declared
        for number in numbers:
            found = [str(text).strip() for text in raw.cells[number].dropna().unique()]
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
