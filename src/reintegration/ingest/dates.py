"""Dates as offices write them: declared orders, month names, Excel serials, timestamps."""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass

from reintegration.text import fold

EARLIEST = datetime.date(1990, 1, 1)  # nothing in these data happened before
EXCEL_DAY_ZERO = datetime.date(1899, 12, 30)
# So many year-first dates, all with a day up to 12, are no chance: 12 in 30, ten times over.
TELLING = 10
# Of the dates that fit one order, the share that must fit no other for the file to be believed:
# with days spread over the month it is 18 in 30.
CLEAR_SHARE = 0.3
CONTRADICTING = 3  # dates that are possible in the other order only

_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})(?:[T ].*)?")
_COMPACT = re.compile(r"(19\d\d|20\d\d)(\d\d)(\d\d)")
_NUMERIC = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?:[T ,].*)?")
_SERIAL = re.compile(r"([2-7]\d{4})(?:[.,]\d+)?")
_DAY_MONTH_NAME = re.compile(r"(\d{1,2})(?:er|st|nd|rd|th)?\W*([^\W\d]+)\W*(\d{4}|\d{2})")
_MONTH_NAME_DAY = re.compile(r"([^\W\d]+)\W*(\d{1,2})(?:er|st|nd|rd|th)?\W+(\d{4}|\d{2})")
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_TIME = re.compile(
    r"(.*?)[T ,]+(\d{1,2})[:hH.](\d{2})(?:[:.](\d{2}))?(?:[.,]\d+)?"
    r"\s*([ap])?\.?(?:m\.?)?\s*(?:Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?",
    re.IGNORECASE,
)
_SECONDS_A_DAY = 86_400

_MONTHS = (
    ("january", "jan", "janvier", "janv", "enero", "ene"),
    ("february", "feb", "fevrier", "fev", "fevr", "febrero"),
    ("march", "mar", "mars", "marzo"),
    ("april", "apr", "avril", "avr", "abril", "abr"),
    ("may", "mai", "mayo"),
    ("june", "jun", "juin", "junio"),
    ("july", "jul", "juillet", "juil", "julio"),
    ("august", "aug", "aout", "agosto", "ago"),
    ("september", "sep", "sept", "septembre", "septiembre"),
    ("october", "oct", "octobre", "octubre"),
    ("november", "nov", "novembre", "noviembre"),
    ("december", "dec", "decembre", "diciembre", "dic"),
)
MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}


@dataclass(frozen=True)
class Unusable:
    """A text that is no date that could be used, and why."""

    why: str


IMPOSSIBLE = Unusable("not a possible date")
AMBIGUOUS = Unusable("day and month cannot be told apart")
NO_TIME = Unusable("a day without a time")


def parse_date(text: str, order: str, serials: bool = True) -> datetime.date | Unusable:
    """Read one date.

    Parameters
    ----------
    text
        What stands in the file. Year-first dates, timestamps, month names in English, French or
        Spanish and, with `serials`, Excel day numbers are read whatever the order.
    order
        dmy, mdy or ymd; with mixed a date is read only if one order alone is possible.
    """
    if match := (_YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)):
        return _date(*match.groups())
    if match := _NUMERIC.fullmatch(text):
        first, second, third = match.groups()
        if order == "ymd":
            return _date(first, second, third) if len(third) == 2 else IMPOSSIBLE
        if order == "mixed":
            found = {_date(third, second, first), _date(third, first, second)} - {IMPOSSIBLE}
            return found.pop() if len(found) == 1 else (AMBIGUOUS if found else IMPOSSIBLE)
        day, month = (first, second) if order == "dmy" else (second, first)
        return _date(third, month, day)
    if serials and (match := _SERIAL.fullmatch(text)):
        return EXCEL_DAY_ZERO + datetime.timedelta(days=int(match[1]))
    if match := _DAY_MONTH_NAME.fullmatch(text):
        return _date(match[3], MONTH_OF.get(fold(match[2]), 0), match[1])
    if match := _MONTH_NAME_DAY.fullmatch(text):
        return _date(match[3], MONTH_OF.get(fold(match[1]), 0), match[2])
    return IMPOSSIBLE


def parse_moment(text: str, order: str, serials: bool = True) -> datetime.datetime | Unusable:
    """Read one date with its time of day, as the clock showed it: time zones are dropped.

    Parameters
    ----------
    text, order, serials
        As for `parse_date`. A day without a time is no moment.
    """
    if _ISO_MOMENT.fullmatch(text):
        try:
            moment = datetime.datetime.fromisoformat(text[:19])
        except ValueError:
            return IMPOSSIBLE
        return moment if moment.date() >= EARLIEST else IMPOSSIBLE
    if serials and _SERIAL.fullmatch(text):
        days, _, part = text.replace(",", ".").partition(".")
        seconds = round(float(f"0.{part or 0}") * _SECONDS_A_DAY)
        midnight = datetime.datetime.combine(EXCEL_DAY_ZERO, datetime.time())
        return midnight + datetime.timedelta(days=int(days), seconds=seconds) if part else NO_TIME
    match = _TIME.fullmatch(text)
    date = parse_date(match[1] if match else text, order, serials)
    if isinstance(date, Unusable) or match is None:
        return date if isinstance(date, Unusable) else NO_TIME
    hour, half = int(match[2]), (match[5] or "").lower()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        time = datetime.time(hour, int(match[3]), int(match[4] or 0))
    except ValueError:
        return IMPOSSIBLE
    return datetime.datetime.combine(date, time)


def _date(year: str, month: str | int, day: str) -> datetime.date | Unusable:
    number = int(year) + (2000 if len(year) == 2 else 0)
    try:
        date = datetime.date(number, int(month), int(day))
    except ValueError:
        return IMPOSSIBLE
    return date if date >= EARLIEST else IMPOSSIBLE


def find_order(texts: Iterable[str]) -> str | None:
    """Tell the order of day and month from dates in which only one is possible.

    Returns
    -------
    str or None
        dmy or mdy when the dates leave no doubt, mixed when every date is clear by itself, None
        when a person has to say.
    """
    day_first, month_first, either = _count_orders(texts)
    if not either:
        return "mixed"
    if day_first and not month_first and day_first >= CLEAR_SHARE * (day_first + either):
        return "dmy"
    if month_first and not day_first and month_first >= CLEAR_SHARE * (month_first + either):
        return "mdy"
    return None


def contradicted(texts: Iterable[str], order: str) -> bool:
    """Whether some dates are possible only in the other order of day and month, and none in this.

    A slip or two in a column are no more than that.
    """
    day_first, month_first, _ = _count_orders(texts)
    fits, others = (day_first, month_first) if order == "dmy" else (month_first, day_first)
    return not fits and others >= CONTRADICTING


def _count_orders(texts: Iterable[str]) -> tuple[int, int, int]:
    """How many dates have the day first for sure, the month first for sure, or either."""
    day_first = month_first = either = 0
    for text in texts:
        if match := _NUMERIC.fullmatch(text):
            first, second = int(match[1]), int(match[2])
            day_first += first > 12 >= second
            month_first += second > 12 >= first
            either += first <= 12 and second <= 12 and first != second
    return day_first, month_first, either


def half_converted(texts: Iterable[str]) -> bool:
    """Whether a spreadsheet turned the dates it could misread into others, and left the rest.

    Opened where the month comes first, 03/05/2019 becomes 2019-03-05 even if it meant 3 May,
    and 25/05/2019 stays a text. Then all year-first dates have a day up to 12, and all others
    a first number above 12.
    """
    converted, others = [], []
    for text in texts:
        if match := _YEAR_FIRST.fullmatch(text):
            converted.append(int(match[3]))
        elif match := _NUMERIC.fullmatch(text):
            others.append(int(match[1]))
    if len(converted) < TELLING or len(others) < TELLING:
        return False
    return max(converted) <= 12 < min(others)
