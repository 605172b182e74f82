"""Find the rows of column names and of question texts among the first rows of a table."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reintegration.ingest.groups import without_groups
from reintegration.text import fold

HEADER_ROWS = 50  # rows from the top among which the header is looked for
TOP = HEADER_ROWS + 20  # rows by which it is judged what stands below the header
SURE = 3  # so many known names make a row the header, whatever else it holds
FULL = 0.6  # a row of names or of labels fills this share of the columns
DIFFERENT = 0.6  # of names; "Other, specify" may stand there often
DIFFERENT_LABELS = 0.75  # of labels; the answers of one survey are fewer
MOST_DATA = 0.05  # of names or labels that are numbers or dates
FEW = 6  # of fewer columns it is not guessed whether a row holds labels
MOST_LABEL_ROWS = 2  # below the names; survey programs write one or two

_DATUM = re.compile(r"[-+]?\d[\d\s.,:/+%TZ-]*")
_CODE_NAME = re.compile(r"\S+")

Row = Sequence[str | None]


@dataclass(frozen=True)
class Header:
    """Where the column names stand, and what stands beside them.

    Attributes
    ----------
    row
        Row of the names, counted from 0.
    names
        Column names.
    titles
        Column number -> text of the question.
    label_row
        Row of the texts of the questions, counted from 0, if there is one.
    first
        First row of data, counted from 0.
    hits
        How many of the wanted names it holds.
    """

    row: int
    names: list[str]
    titles: dict[int, str]
    label_row: int | None
    first: int
    hits: int


def name_keys(name: str) -> set[str]:
    """Folded forms by which a column is found: its name, and its name without groups."""
    return {fold(part) for part in {name, without_groups(name)}}


def find_header(rows: Sequence[Row], wanted: Collection[str]) -> tuple[int, int]:
    """Find the row that holds most of the wanted column names.

    Returns
    -------
    tuple
        Number of the row, from 0, and how many wanted names it holds (0: there is no header).
    """
    best, most = 0, 0
    wanted = frozenset(wanted)
    numbered = any(map(is_datum, wanted))  # else numbers and dates are no names: this is faster
    for number, row in enumerate(rows[:HEADER_ROWS]):
        cells = {cell for cell in row if cell and (numbered or not is_datum(cell))}
        hits = len({key for cell in cells for key in name_keys(cell)} & wanted)
        if hits > most:
            best, most = number, hits
    return best, most


def place_header(
    top: Sequence[Row],
    wanted: Collection[str],
    header_row: int | None = None,
    label_row: int | None = None,
    guess: bool = False,
) -> Header | None:
    """Find the rows of names and labels, as declared (counted from 1) or by what they hold.

    Parameters
    ----------
    top
        First rows of the table.
    guess
        Take a row that looks like column names when there is none with wanted ones.

    Returns
    -------
    Header or None
        None when no row can be the header, or a declared row is not there.
    """
    if header_row is not None:
        if header_row > len(top):
            return None
        row = header_row - 1
        _, hits = find_header([top[row]], wanted)
    else:
        row, hits = find_header(top, wanted)
        if guess and hits < SURE:
            # One or two known words may stand in a survey: then only looks tell names from data.
            guessed = _guess(top)
            if guessed is None:
                return None
            row = guessed
    if not hits and not guess:
        return None
    labels = [label_row - 1] if label_row is not None else _label_rows(top, row)
    if guess and header_row is None and label_row is None and labels:
        row, labels = _names_first(top, row, labels)
    names = [(cell or "").strip() for cell in top[row]]
    label = labels[0] if labels and labels[0] < len(top) else None
    titles = {} if label is None else _titles(names, top[label])
    return Header(row, names, titles, label, max([row, *labels]) + 1, hits)


def _titles(names: Sequence[str], labels: Row) -> dict[int, str]:
    return {
        number: text.strip()
        for number, (name, text) in enumerate(zip(names, labels, strict=False))
        if text and text.strip() and text.strip() != name
    }


def _filled(row: Row) -> dict[int, str]:
    return {number: cell.strip() for number, cell in enumerate(row) if cell and cell.strip()}


def is_filled(row: Row) -> bool:
    """Whether a row holds anything."""
    return bool(_filled(row))


def is_datum(text: str) -> bool:
    """Whether a text is a number, a date or a time: no name and no label is."""
    return bool(_DATUM.fullmatch(text))


def _is_heading(row: Row, width: int, different: float) -> bool:
    """Whether a row may hold names or labels: many different texts, and no number or date."""
    filled = _filled(row)
    return (
        len(filled) >= max(2, FULL * width)
        and len(set(filled.values())) >= different * len(filled)
        and sum(map(is_datum, filled.values())) <= MOST_DATA * len(filled)
    )


def _guess(top: Sequence[Row]) -> int | None:
    """First row that looks like column names."""
    counts = [len(_filled(row)) for row in top]
    width = sorted(counts)[len(counts) // 2] if counts else 0
    for number, row in enumerate(top[:HEADER_ROWS]):
        if _is_heading(row, width, DIFFERENT):
            return number
    return None


def _label_rows(top: Sequence[Row], header: int) -> list[int]:
    """Rows beside the header that plainly hold the texts of its questions and no survey.

    Below the header such a row fills most columns with texts that all differ, holds no number
    and no date, and none of its texts comes again in its column, while the rows below it hold
    numbers or dates in several columns. Above the header there are no surveys to lose.
    """
    names = _filled(top[header])
    if len(names) < FEW:
        return []
    below = []
    for number in range(header + 1, min(header + 1 + MOST_LABEL_ROWS, len(top))):
        if not _is_label_row(top, number, names):
            break
        below.append(number)
    if below:
        return below
    if header and _is_heading(top[header - 1], len(names), DIFFERENT):
        above = _filled(top[header - 1])
        if sum(" " in text for text in above.values()) >= FULL * len(above):
            return [header - 1]
    return []


def _is_label_row(top: Sequence[Row], number: int, names: dict[int, str]) -> bool:
    if not _is_heading(top[number], len(names), DIFFERENT_LABELS):
        return False
    row = _filled(top[number])
    data = [_filled(other) for other in top[number + 1 :]]
    again = sum(any(other.get(n) == text for other in data) for n, text in row.items())
    typed = sum(any(is_datum(other.get(n, "")) for other in data) for n in row)
    return not again and typed >= 2


def _names_first(top: Sequence[Row], row: int, labels: list[int]) -> tuple[int, list[int]]:
    """Of a row of codes and a row of questions, the codes are the names."""

    def codes(number: int) -> float:
        filled = _filled(top[number])
        return sum(bool(_CODE_NAME.fullmatch(text)) for text in filled.values()) / len(filled)

    if codes(row) < FULL <= codes(labels[0]):
        return labels[0], [row, *labels[1:]]
    return row, labels
