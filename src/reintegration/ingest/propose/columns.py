"""The columns of an unknown file as they are compared: their texts, groups, numbers and values."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from reintegration.ingest.propose.values import Values, values_of
from reintegration.ingest.propose.words import language, matters, read_text, tokens, word_set
from reintegration.ingest.readers import RawTable
from reintegration.text import fold

MOST_SHARED = 0.5  # what more columns than this share says nothing about one of them
LEAST_PART = 0.05  # of the rows that a renamed column fills
OVERLAP = 0.01  # of the rows of the smaller column that both may fill

# What a form that was changed adds to a question's name.
_VERSION = re.compile(
    r"[\s_.(\[-]*\b_?(?:new form|nouveau formulaire|formulario nuevo|new|nouveau|nouvelle|nuevo|"
    r"nueva|old|ancien|ancienne|v\d|version \d|0\d\d)[)\]]*$",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?:rss|question|item)?[ _.]*([a-z]*)[ _.]*0*(\d{1,3})", re.IGNORECASE)
_DOTTED = re.compile(r"(?:[A-Za-z_]\w*\.(?=[^\W_]))+")  # groups as R writes them
_GROUP = word_set("group groupe grupo grp section")
_BILINGUAL = re.compile(r"\s+[/|]\s+|\s*\n\s*")


@dataclass(frozen=True, eq=False)
class Column:
    """One column, or two that one question was split into when the form was changed.

    Attributes
    ----------
    numbers
        Places in the file; of several the first that is filled counts, row by row.
    name
        As it stands in the file.
    texts
        Wordings of the question: text beside the name or in the form, else the name itself.
    short
        The name without its groups, when a text stands beside it.
    number
        Name of an item that the column's number points to (q11 of "Q11. Access"), or None.
    wordless
        Whether it bears a number and nothing else.
    around
        Other matters that its groups speak of, as bits (see `words.OTHER_MATTERS`).
    """

    numbers: tuple[int, ...]
    name: str
    texts: tuple[str, ...]
    values: Values
    short: str | None = None
    number: str | None = None
    wordless: bool = False
    around: int = 0

    @property
    def place(self) -> int:
        """Place of the (first) column in the file."""
        return self.numbers[0]


@dataclass(frozen=True)
class FormTexts:
    """What a form says of one column: wordings of the question, and labels of its values."""

    texts: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    note: bool = False


def read_columns(
    raw: RawTable, form: Mapping[int, FormTexts], items: frozenset[str]
) -> list[Column]:
    """List the columns of a file that can be named in a YAML."""
    groups = _groups(raw.names)
    repeated = {name for name, count in Counter(raw.names).items() if count > 1}
    usual = _usual_matters(raw.names, groups)
    found = []
    for number, name in enumerate(raw.names):
        if not name.strip() or name in repeated:
            continue
        said = form.get(number, FormTexts())
        if said.note:
            continue
        last = name[len(groups[number]) :].lstrip("/.") if groups[number] else name
        beside = [*said.texts, *([raw.titles[number]] if number in raw.titles else [])]
        texts = tuple(dict.fromkeys(text for text in beside if text.strip())) or (last,)
        claim, wordless = _number(last, texts, items)
        found.append(
            Column(
                (number,),
                name,
                texts,
                values_of(raw, number, said.labels),
                last if beside else None,
                claim,
                wordless,
                _matters_of(groups[number]) & ~usual,
            )
        )
    return found


def join_columns(
    found: Sequence[Column], raw: RawTable, together: Iterable[tuple[int, ...]] = ()
) -> list[Column]:
    """Join versions of one question; the places of `together` as they are said to belong."""
    by_place = {column.place: column for column in found}
    said = []
    for places in together:
        parts = [by_place[place] for place in places]
        said.append(_as_one(parts[0], parts) if len(parts) > 1 else parts[0])
    taken = {place for column in said for place in column.numbers}
    joined = list(_joined([column for column in found if column.place not in taken], raw))
    return sorted([*said, *joined], key=lambda column: column.place) if said else joined


def _groups(names: list[str]) -> list[str]:
    """Group of each column: what stands before its last slash or dot, if others share it."""
    found = []
    for name in names:
        inside = re.sub(r"\([^)]*\)", lambda m: "x" * len(m[0]), name)
        place = inside.rfind("/")
        if place < 0 and (dotted := _DOTTED.match(name)):
            place = dotted.end() - 1
        found.append(name[:place] if place > 0 else "")
    shared = Counter(found)
    return [group if group and shared[group] > 1 else "" for group in found]


def _usual_matters(names: list[str], groups: list[str]) -> int:
    """Matters that most columns' groups speak of: the file's own subject."""
    bits = Counter(bit for group in groups for bit in _bits(_matters_of(group)) if group)
    return sum(1 << bit for bit, count in bits.items() if count > MOST_SHARED * len(names))


def _matters_of(group: str) -> int:
    """Other matters that the name of a group speaks of; that it is a group is none."""
    return matters([word for word in tokens(group) if word not in _GROUP])


def _bits(value: int) -> Iterator[int]:
    return (n for n in range(value.bit_length()) if value >> n & 1)


def _number(name: str, texts: tuple[str, ...], items: frozenset[str]) -> tuple[str | None, bool]:
    """The item that a column's number points to, and whether there is nothing but the number."""
    if (match := _BARE.fullmatch(name.strip())) and (match[1] or match[0][:1].isalpha()):
        claim = f"{match[1].casefold() or 'q'}{int(match[2])}"
        known = claim if claim in items else None
        return known, known is not None and texts == (name,)
    for text in (name, *texts):
        number = read_text(text).number
        if number in items:
            return number, False
    return None, False


def _joined(columns: list[Column], raw: RawTable) -> Iterator[Column]:
    """Join columns of one question that never stand filled in the same row."""
    by_base: dict[str, list[Column]] = {}
    for column in columns:
        base = fold(_VERSION.sub("", column.name)) or fold(column.name)
        by_base.setdefault(base, []).append(column)
    for versions in by_base.values():
        if len(versions) > 1 and _apart(versions, raw):
            first = min(versions, key=lambda column: len(column.name))
            yield _as_one(first, versions)
        else:
            yield from versions


def _apart(versions: list[Column], raw: RawTable) -> bool:
    filled = [raw.cells[column.place].notna().to_numpy() for column in versions]
    counts = [int(rows.sum()) for rows in filled]
    if min(counts) < LEAST_PART * len(raw.cells):
        return False
    both = int((np.sum(filled, axis=0) > 1).sum())
    return both <= OVERLAP * min(counts)


def _as_one(first: Column, versions: list[Column]) -> Column:
    counts: Counter[str] = Counter()
    labels: dict[str, str] = {}
    for column in versions:
        counts.update(column.values.counts)
        labels |= column.values.labels
    missing = frozenset().union(*(column.values.missing for column in versions))
    return Column(
        tuple(column.place for column in versions),
        first.name,
        first.texts,
        Values(counts, labels, missing),
        first.short,
        first.number,
        first.wordless,
        first.around,
    )


def wordings(text: str) -> list[str]:
    """A text's wordings: itself, or the parts of one that says the same in two languages."""
    parts = [part for part in _BILINGUAL.split(text) if len(tokens(part)) > 1]
    return parts if len(parts) == 2 and language([parts[0]]) != language([parts[1]]) else [text]
