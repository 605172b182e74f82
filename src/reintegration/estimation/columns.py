"""The columns that a specification may name: of a table that was read, or of the codebook.

Light to import: the configuration is checked against the codebook with every Snakefile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reintegration.codebook import Codebook
from reintegration.countries import is_country
from reintegration.estimation.grammar import (
    DATE,
    ORDERED,
    Comparison,
    Filter,
    comparisons,
    suggest,
)
from reintegration.estimation.specs import COUNTRY, RETURNEE, text_of

NUMBER, TRUTH, TEXT, DAY, ID = "number", "truth", "text", "date", "id"
LOWEST_FIRST = "lowest, ..., highest"


@dataclass(frozen=True)
class Columns:
    """Columns by name with their kind, and the levels of those that hold texts.

    This class knows what can be told without data, as from a codebook; `tables.TableColumns`
    has seen the cells. `of` ends the sentence "there is no column x". `orders` are the answers
    that say something, from low to high, where the codebook knows them.
    """

    kinds: Mapping[str, str]
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of: str = ""
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def seen(self) -> bool:
        """Whether levels are those of the data, and all of them."""
        return False

    def has(self, name: str) -> bool:
        """Say whether there is a column."""
        return name in self.kinds

    def number_levels(self, name: str) -> tuple[str, ...]:
        """List the levels of a column of numbers, in order; none while there are no data."""
        return ()

    def ordered(self, name: str) -> bool:
        """Say whether the data themselves give texts an order."""
        return False

    def order_of(self, name: str) -> str:
        """The levels of a text from low to high, as they may be written."""
        return ", ".join(self.orders.get(name, ())) or LOWEST_FIRST

    def why_text(self, name: str) -> str:
        """Say, in brackets, where a column stops being numbers."""
        return ""

    def no_level(self, name: str, level: str) -> str:
        """Say why a column can never hold a level; nothing if it can."""
        if name == COUNTRY:
            code = "is not an ISO 3166-1 alpha-3 country code"
            return "" if is_country(level) else f"{level!r} {code}"
        known = self.levels.get(name, ())
        if not known or level in known:
            return ""
        return f"{level!r} is no answer of {name}; {suggest(level, known)}"

    def left_levels(self, name: str, parsed: Filter) -> tuple[str, ...]:
        """List the levels of a text column that a filter, which can be compared, may leave."""
        # Light to import: only where a specification has both a filter and a list of levels.
        from reintegration.estimation.filters import never_kept

        levels = self.levels.get(name, ())
        return tuple(level for level in levels if not never_kept(parsed, name, level))

    def problems_of(self, parsed: Filter) -> list[str]:
        """Say what of a filter, whose columns are known, cannot be compared."""
        return [problem for part in comparisons(parsed) for problem in self._compared(part)]

    def _compared(self, part: Comparison) -> list[str]:
        kind, problems = self.kinds[part.name], []
        for value in part.compared:
            text = value if isinstance(value, str) else text_of(value)
            if kind == NUMBER and isinstance(value, str):
                problems.append(f"{part.name} holds numbers, and {value!r} is none")
            elif kind == DAY and not (isinstance(value, str) and DATE.fullmatch(value)):
                problems.append(
                    f'{part.name} holds dates; write one in quotes, like "2020-03-01", not'
                    f" {value!r}"
                )
            elif kind == TEXT and (problem := self.no_level(part.name, text)):
                problems.append(problem)
        if part.operator in ORDERED and kind in (TEXT, ID):
            problems.append(f"{part.name} holds texts, which {part.operator} cannot order")
        return problems


class AnyColumns(Columns):
    """Whatever is named is there: for reading what was checked before, or will be."""

    def has(self, name: str) -> bool:
        """Say whether there is a column."""
        return True

    def no_level(self, name: str, level: str) -> str:
        """Say why a column can never hold a level; nothing if it can."""
        return ""

    def problems_of(self, parsed: Filter) -> list[str]:
        """Say what of a filter cannot be compared: nothing that is known."""
        return []


ANY = AnyColumns({})


def known_columns(codebook: Codebook, data: str) -> Columns:
    """List the columns of `surveys` or `changes` that specifications may name."""
    scores = [*codebook.score_names, *(f"item_{item}" for item in codebook.item_names)]
    kinds = {
        **dict.fromkeys(("survey_id", RETURNEE, "location_id"), ID),
        **dict.fromkeys(("source", COUNTRY), TEXT),
        **dict.fromkeys(("survey_date", "return_date"), DAY),
        **dict.fromkeys(("round", "is_first", "is_last", "months_since_return"), NUMBER),
    }
    levels, orders = {}, {}
    for name, variable in codebook.variables.items():
        if variable.role is None and variable.type in ("number", "choice") and name not in kinds:
            kinds[name] = NUMBER if variable.type == "number" else TEXT
            levels[name] = tuple(answer.code for answer in variable.answers)
    for name, item in codebook.items.items():
        if not item.multiple:
            kinds[name] = TEXT
            answers = codebook.answers_of(name)
            levels[name] = tuple(answer.code for answer in answers)
            telling = [answer.code for answer in answers if answer.score is not None]
            orders[name] = tuple(reversed(telling))  # the codebook has the best first
    counted = [f"items_answered_{score}" for score in codebook.score_names]
    kinds |= dict.fromkeys([*scores, *counted, *codebook.assistance_columns, "orion"], NUMBER)
    if data == "changes":
        names = ["first_months_since_return", "months_between", "orion_first"]
        names += [f"{when}_{score}" for score in scores for when in ("first", "last", "change")]
        kinds |= dict.fromkeys(names, NUMBER)
    return Columns(kinds, levels, f" of {data}", orders)
