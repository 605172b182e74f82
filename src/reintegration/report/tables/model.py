"""A table before it is written: rows of cells, each cell with the estimate it shows."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from reintegration.disclosure import SUPPRESSED
from reintegration.report.language import is_missing
from reintegration.report.numbers import GOOD, MODEL, Numbers, Row
from reintegration.report.settings import Settings
from reintegration.report.wording import error_of, what_of

SHARE, POINTS, SIGNED, COUNT, MEAN, SHORT = "share", "points", "signed", "count", "mean", "short"
PROBABILITY, FREEDOM = "probability", "freedom"
# Digits of each way to write a number; shares are in percent.
DIGITS = {SHARE: 1, POINTS: 3, SIGNED: 3, COUNT: 0, MEAN: 1, SHORT: 2, PROBABILITY: 3, FREEDOM: 1}
NOT_ESTIMATED = "not_estimated"
NOT_APPLICABLE = "–"
DISPUTED = "†"  # its errors disagree on whether it differs from 0
MOST_DISPUTED = 12  # named in the notes of a table
SMALL_ERROR = 0.001  # a standard error that three decimals would show as one digit or none


@dataclass(frozen=True)
class Cell:
    """One place of a table: what is printed, and the row of results behind it."""

    text: str = ""
    below: str = ""  # printed under the number, such as its standard error in brackets
    source: Row | None = None
    status: str = ""
    reason: str = ""
    column: str = ""  # the column of the results row, where it is not the estimate itself
    ids: tuple[str, ...] = ()  # estimates that the words of the cell hold
    below_value: float | None = None  # the number under the number, not yet rounded
    adjusted: str = ""  # printed under that: a p-value adjusted for its family, in square brackets
    adjusted_value: float | None = None
    words: bool = False  # the text says more than the number of its row

    @property
    def estimate_id(self) -> str:
        """Name of the number shown; empty for words."""
        return self.source.estimate_id if self.source else ""

    @property
    def value(self) -> float | None:
        """The number shown, not yet rounded; none for words and for what is not shown."""
        if self.source is None or self.status != GOOD or self.words:
            return None
        value = self.source.get(self.column or self.source.value_column)
        return None if is_missing(value) else value

    @property
    def parts(self) -> tuple[str, ...]:
        """What is printed, from top to bottom."""
        return tuple(part for part in (self.text, self.below, self.adjusted) if part)


@dataclass(frozen=True)
class Column:
    """A column of a table, below a heading that it may share with its neighbours."""

    key: str
    label: str
    group: str = ""
    width: float = 0  # of a column of text, in centimetres on paper; 0 for numbers

    @property
    def words(self) -> bool:
        """Whether the column holds text to read rather than numbers to compare."""
        return self.width > 0


@dataclass(frozen=True)
class Line:
    """A row of a table; `kind` is body, group (a heading), total or foot."""

    key: str
    label: str
    cells: tuple[Cell, ...] = ()
    kind: str = "body"


@dataclass(frozen=True)
class Table:
    """A table with its caption and notes."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    stub: str = ""  # heading of the row labels

    @property
    def cells(self) -> list[Cell]:
        """All cells, row by row."""
        return [cell for line in self.lines for cell in line.cells]


@dataclass
class Maker:
    """Makes the cells of one table from numbers, and remembers what its notes must explain."""

    numbers: Numbers
    settings: Settings
    reasons: dict[str, None] = field(default_factory=dict)
    suppressed: bool = False
    stars: bool = False
    disputed: dict[str, list[Row]] = field(default_factory=dict)

    def cell(
        self,
        estimate_id: object,
        how: str,
        below: str = "",
        how_below: str = "",
        digits: int | None = None,
    ) -> Cell:
        """Show an estimate, and a second number under it.

        Parameters
        ----------
        estimate_id
            Id of the estimate; missing or unknown to the results gives a cell that says so.
        how
            One of `DIGITS`.
        below
            Column of the same row (`std_error`), or the id of another estimate.
        how_below
            How that is written, if not as the number itself.
        digits
            Digits, where all numbers of a column shall have as many: `digits_of`.
        """
        say = self.settings.language.plain
        if is_missing(estimate_id) or estimate_id not in self.numbers:
            return self._absent(None, say("missing.absent"))
        name = str(estimate_id)
        row = self.numbers[name]
        if self.numbers.hidden(name):
            self.suppressed = True
            return Cell(say("missing.mark"), source=row, status=SUPPRESSED)
        if reason := self.numbers.why_missing(name):
            return self._absent(row, row.word("warnings") or reason)
        digits = self._digits(row, how) if digits is None else digits
        text = self.write(row.value, how, digits) + self._stars(row)
        text += self._disputed(row) if below == "std_error" else ""
        under = self._below(row, below)
        shown = "" if under is None else f"({self._write_below(under, how_below or how, digits)})"
        return Cell(text, shown, row, GOOD, below_value=under)

    def digits_of(self, estimate_ids: Iterable[object], how: str) -> int:
        """Digits that the numbers of one column need, all of them written alike."""
        shown = [str(name) for name in estimate_ids if name in self.numbers]
        own = [self._digits(self.numbers[n], how) for n in shown if self.numbers[n].good]
        return max([DIGITS[how], *own])

    def column(self, estimate_id: str, column: str, how: str = COUNT) -> Cell:
        """Show another number of an estimate's row."""
        row = self.numbers[estimate_id]
        value = row.get(column)
        text = "" if is_missing(value) else self.write(value, how)
        return Cell(text, source=row, status=GOOD, column=column)

    def estimate(self, estimate_id: object, families: dict[str, None] | None = None) -> Cell:
        """Show an estimate, its standard error, and its p-value adjusted for its family.

        Parameters
        ----------
        families
            Takes the name of the family, where there is an adjusted p-value to explain.
        """
        cell = self.cell(estimate_id, SIGNED, "std_error")
        row = cell.source
        if row is None or cell.status != GOOD or not row.word("family"):
            return cell
        p_value = row.get("p_adjusted")
        if is_missing(p_value):
            return cell
        if families is not None:
            families[row.word("family")] = None
        return replace(cell, adjusted=f"[{self.probability(p_value)}]", adjusted_value=p_value)

    def why(self, estimate_id: object) -> str:
        """Say in words why there is no number, with the reason that results give."""
        say = self.settings.language.plain
        if is_missing(estimate_id) or estimate_id not in self.numbers:
            return say("missing.absent")
        name = str(estimate_id)
        row = self.numbers[name]
        status = row.word("status")
        words = say(f"missing.status.{status}") if self._knows(status) else ""
        if self.numbers.hidden(name):
            return self.numbers.why_missing(name)
        return ": ".join(filter(None, [words, row.word("warnings")])) or say("missing.unknown")

    def _knows(self, status: str) -> bool:
        return self.settings.language.has(f"missing.status.{status}")

    def probability(self, p_value: float) -> str:
        """Write a p-value without a word before it: 0.012, or <0.001."""
        language = self.settings.language
        smallest = 10.0 ** -DIGITS[POINTS]
        if p_value < smallest:
            return f"<{language.number(smallest, DIGITS[POINTS])}"
        return language.number(p_value, DIGITS[POINTS])

    @property
    def adjustment(self) -> str:
        """How p-values of a family are adjusted, in words."""
        name = getattr(self.settings.inference, "adjust", "holm")
        return self.settings.language.plain(f"tables.adjustments.{name}")

    def model(self, spec_id: object, column: str) -> Cell:
        """Show a number of a fitted model, such as its R squared; a dash where it has none."""
        say = self.settings.language.plain
        name = f"{MODEL}.{spec_id}"
        if name not in self.numbers:
            return self._absent(None, say("missing.absent"))
        row = self.numbers[name]
        failed = row.word("status") not in ("", GOOD)
        if failed and column != "n_obs":
            return self._absent(row, row.word("warnings") or say("missing.unknown"))
        if is_missing(row.get(column)):
            return Cell(NOT_APPLICABLE, status=GOOD)
        if column == "n_returnees":
            return self.group_size(name, column)
        return self.column(name, column, POINTS if column.startswith(("r1", "r2")) else COUNT)

    def group_size(self, estimate_id: str, column: str) -> Cell:
        """Show how many returnees a group has, unless they are too few to be told."""
        row = self.numbers[estimate_id]
        if 0 < row.get(column) < self.settings.minimum_cell:
            self.suppressed = True
            mark = self.settings.language.plain("missing.mark")
            return Cell(mark, source=row, status=SUPPRESSED, column=column)
        return self.column(estimate_id, column)

    def write(self, value: float, how: str, digits: int | None = None) -> str:
        """Write a number in one of the ways of `DIGITS`, or with other digits."""
        language = self.settings.language
        digits = DIGITS[how] if digits is None else digits
        if how == SHARE:
            return language.share(value, digits)
        if how == FREEDOM and math.isinf(value):
            return "∞"
        if how == FREEDOM and value == round(value):
            digits = 0
        if how == PROBABILITY:
            return self.probability(value)
        return language.number(value, digits, signed=how == SIGNED)

    def notes(self, *first: str) -> tuple[str, ...]:
        """The table's own notes, then what its marks mean."""
        say = self.settings.language.plain
        notes = [note for note in first if note]
        if self.suppressed:
            notes.append(say("tables.legend_suppressed", minimum=self.settings.minimum_cell))
        if self.reasons:
            reasons = "; ".join(reason.rstrip(".") for reason in self.reasons)
            notes.append(say("tables.legend_missing", reasons=reasons))
        if self.stars:
            levels = [self.settings.language.number(level, 3) for level in (0.05, 0.01, 0.001)]
            notes.append(say("tables.legend_stars", five=levels[0], one=levels[1], tenth=levels[2]))
        if self.disputed:
            notes.append(self._legend_disputed())
        return tuple(notes)

    def absent(self, reason: str) -> Cell:
        """Show that there is no number, and say why in the notes."""
        return self._absent(None, reason)

    def _absent(self, row: Row | None, reason: str) -> Cell:
        self.reasons[reason] = None
        mark = self.settings.language.plain("missing.not_estimated_mark")
        return Cell(mark, source=row, status=NOT_ESTIMATED, reason=reason)

    def _stars(self, row: Row) -> str:
        p_value = row.get("p_value")
        if not self.settings.inference.stars or is_missing(p_value):
            return ""
        self.stars = True
        return "*" * sum(p_value < level for level in (0.05, 0.01, 0.001))

    @property
    def level(self) -> float:
        """The confidence level of the study."""
        return float(getattr(self.settings.inference, "confidence_level", 0.95))

    def _disputed(self, row: Row) -> str:
        """Mark an estimate that differs from 0 under some of its errors and not under others."""
        others = self.numbers.contradicting(row.estimate_id, self.level)
        if others:
            self.disputed[row.estimate_id] = others
        return DISPUTED if others else ""

    def _legend_disputed(self) -> str:
        """Say of what the errors disagree, with the p-value that lies farthest off; main scores."""
        language = self.settings.language
        shown = [*self.disputed]
        if len(shown) > MOST_DISPUTED:  # a table of every score: its main one stands for them
            main = self.settings.codebook.main_score
            own = [n for n in shown if self.numbers[n].word("outcome") in (main, f"change_{main}")]
            shown = own or shown[:MOST_DISPUTED]
        parts = [self._said_of_disputed(name) for name in shown]
        if rest := len(self.disputed) - len(shown):
            parts.append(language.plain("tables.disputed_more", number=language.number(rest)))
        alpha = language.share(1 - self.level, 0)
        return language.plain("tables.legend_disputed", alpha=alpha, list="; ".join(parts))

    def _said_of_disputed(self, name: str) -> str:
        language, row = self.settings.language, self.numbers[name]

        def distance(one: Row) -> float:
            p_values = one.get("p_value"), row.get("p_value")
            return -1.0 if any(map(is_missing, p_values)) else abs(p_values[0] - p_values[1])

        other = max(self.disputed[name], key=distance)
        return language.plain(
            "tables.disputed_one",
            what=what_of(row, language),
            p=self._p_of(row),
            error=error_of(row, language),
            other=self._p_of(other),
            other_error=error_of(other, language),
        )

    def _p_of(self, row: Row) -> str:
        p_value = row.get("p_value")
        return NOT_APPLICABLE if is_missing(p_value) else self.probability(p_value)

    @staticmethod
    def _digits(row: Row, how: str) -> int:
        """Digits of an estimate: more than usual where its error is so small that they tell."""
        error = row.get("std_error")
        if how != SIGNED or not 0 < error < SMALL_ERROR:
            return DIGITS[how]
        return min(6, 1 + math.ceil(-math.log10(error)))

    def _below(self, row: Row, below: str) -> float | None:
        """The number under a number: of its own row, or another estimate."""
        if not below or (below in self.numbers and self.numbers.why_missing(below)):
            return None
        value = self.numbers[below].value if below in self.numbers else row.get(below)
        return None if is_missing(value) else value

    def _write_below(self, value: float, how: str, digits: int) -> str:
        return self.write(value, POINTS if how == SIGNED else how, digits)
