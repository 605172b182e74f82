"""Specifications read against a table: every name checked, then spread for the estimators."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reintegration.errors import StudyError
from reintegration.estimation.coding import term_name
from reintegration.estimation.design import INTERCEPT
from reintegration.estimation.filters import keep_rows
from reintegration.estimation.grammar import (
    Derived,
    GrammarError,
    Term,
    comparisons,
    parse_filter,
    parse_term,
    suggest,
)
from reintegration.estimation.specs import COUNTRY, DEVIATION, Random, Specification
from reintegration.estimation.tables import DAY, NUMBER, TEXT, Table, number_levels, text_of
from reintegration.estimation.written import COVARIANCES, CR, WEIGHTED, Written


@dataclass
class Wanted:
    """One outcome of a specification as written: a regression under each covariance."""

    written: Written
    specs: list[Specification]
    made: dict[str, Derived]
    problems: list[str] = field(default_factory=list)


def expand(written: Sequence[Written], table: Table) -> list[Wanted]:
    """Spread specifications over outcomes and covariances, and check them against the table.

    Raises
    ------
    StudyError
        With every problem of every specification at once.
    """
    wanted = [
        _Reader(one, table).read(outcome)
        for one in written
        for outcome in one.outcomes or [one.outcome or ""]
    ]
    problems = [problem for one in wanted for problem in one.problems]
    if problems:
        headline = f"{table.path.name}: specifications cannot be fitted to it."
        raise StudyError(headline, list(dict.fromkeys(problems)))
    return wanted


class _Reader:
    """Reads one specification against the columns of a table; problems gather."""

    def __init__(self, written: Written, table: Table):
        self.written, self.table = written, table
        self.problems: list[str] = []
        self.made: dict[str, Derived] = {}

    def read(self, outcome: str) -> Wanted:
        """Read it for one outcome."""
        one = self.written
        if (one.outcome is None) == (one.outcomes is None):
            self.problem("outcome", "give `outcome`, or a list `outcomes`")
            return Wanted(one, [], {}, self.problems)
        left = self.variables("outcome", outcome)
        terms = [self.term("terms", text) for text in one.terms]
        controls = [self.term("controls", text) for text in one.controls]
        self.distinct([*terms, *controls])
        levels = self.levels([n for term in [*terms, *controls] for n in term.variables], left[0])
        self.numbers(left[0], levels)
        codings = self.codings(levels)
        self.choices()
        for name in (*one.fixed_effects, *filter(None, [one.weights])):
            self.known("fixed_effects" if name in one.fixed_effects else "weights", name)
        if left[0] in {n for term in [*terms, *controls] for n in term.variables}:
            self.problem("terms", f"the outcome {left[0]} stands on the right")
        self.filter()
        random = one.random
        slopes = [
            self.variables("random.slopes", name)[0] for name in (random.slopes if random else ())
        ]
        specs = [
            Specification(
                spec_id=f"{one.id}.{left[0]}" if one.outcomes else str(one.id),
                title=one.title,
                role=one.role,
                data=one.data or "rows",
                outcome=left[0],
                terms=tuple(dict.fromkeys(terms)),
                controls=tuple(dict.fromkeys(controls)),
                vcov=asked.vcov,
                coding="",
                filter=one.filter,
                estimator=one.estimator,
                not_recorded=one.not_recorded,
                codings=tuple(codings.items()),
                levels=tuple(levels.items()),
                fixed_effects=tuple(one.fixed_effects),
                weights=one.weights,
                intercept=one.intercept,
                random=Random(
                    random.groups,
                    tuple(slopes),
                    random.intercept,
                    random.correlated,
                    random.method,
                )
                if random
                else None,
                quantile=one.quantile,
                contrasts=tuple((n, tuple(parts.items())) for n, parts in one.contrasts.items()),
                family=one.family or "",
            )
            for asked in one.each_vcov
        ]
        return Wanted(one, specs, self.made, self.problems)

    def problem(self, key: str, text: str) -> None:
        self.problems.append(f"{self.written.id}.{key}: {text}")

    def known(self, key: str, name: str) -> bool:
        if name in self.table.kinds:
            return True
        self.problem(key, f"there is no column {name!r}; {suggest(name, list(self.table.kinds))}")
        return False

    def variables(self, key: str, text: str) -> tuple[str, ...]:
        """Read a term's variables, all of which the table must have."""
        if text in self.table.kinds:
            return (text,)
        made: dict[str, Derived] = {}
        try:
            names = parse_term(text, made).variables
        except GrammarError as error:
            self.problem(key, str(error))
            return (text,)
        for name in names:
            column = made[name].column if name in made else name
            if self.known(key, column) and name in made and self.table.kinds[column] != NUMBER:
                self.problem(key, f"{name}: {column} does not hold numbers")
        self.made |= made
        return names

    def distinct(self, terms: list[Term]) -> None:
        """Check that estimates will have different names."""
        shown = [term_name(str(term)) for term in terms]
        for name in sorted({name for name in shown if shown.count(name) > 1}):
            self.problem("terms", f"{name} would be the name of two terms; rename a column")
        if INTERCEPT in shown:
            self.problem("terms", f"{INTERCEPT} is the name of the constant; rename the column")
        for name in sorted(set(self.written.contrasts) & {*shown, INTERCEPT}):
            self.problem("contrasts", f"{name} is the name of a term; choose another")

    def term(self, key: str, text: str) -> Term:
        return Term(self.variables(key, text))

    def levels(self, names: list[str], outcome: str) -> dict[str, tuple[str, ...]]:
        """Name the levels of each category, in order."""
        declared = self.written.categories
        if isinstance(declared, list):
            declared = dict.fromkeys(declared)
        levels: dict[str, tuple[str, ...]] = {}
        for name, order in declared.items():
            if not self.known("categories", name):
                continue
            column = self.table.frame[name]
            if self.table.kinds[name] == TEXT:
                found = self.table.levels[name]
            elif self.table.kinds[name] == DAY:
                self.problem("categories", f"{name} holds dates")
                continue
            else:
                found = number_levels(column)
            levels[name] = found
            if order is not None:
                levels[name] = tuple(text_of(level) for level in order)
                lacking = sorted(set(found) - set(levels[name]))
                if lacking:
                    held = ", ".join(lacking[:5])
                    self.problem("categories", f"{name} also holds {held}, which is not listed")
        for name in dict.fromkeys(names):
            if self.table.kinds.get(name) == DAY:
                self.problem("terms", f"{name} holds dates, which only a filter can use")
            elif name not in levels and _has_decimal_commas(self.table.levels.get(name, ())):
                self.problem(
                    "terms",
                    f"{name} holds numbers with a decimal comma: write 1.5 for 1,5 (or name it "
                    "under `categories`)",
                )
        if self.written.estimator == "ordered_logit" and outcome in self.table.kinds:
            text = self.table.kinds[outcome] == TEXT
            found = self.table.levels[outcome] if text else ()
            if not text and outcome not in levels:
                found = number_levels(self.table.frame[outcome])
            elif text and outcome not in levels and not self._ordered(outcome):
                self.problem(
                    "categories",
                    f"ordered_logit needs the order of the texts of {outcome}:"
                    f" categories: {{{outcome}: [lowest, ..., highest]}}",
                )
            levels.setdefault(outcome, found)
        return levels

    def filter(self) -> None:
        """Check the filter's columns, and that they can be compared with its values."""
        if self.written.filter is None:
            return
        parsed = parse_filter(self.written.filter)
        known = [self.known("filter", part.name) for part in comparisons(parsed)]
        if all(known):
            try:
                keep_rows(parsed, self.table.frame)
            except GrammarError as error:
                self.problem("filter", str(error))

    def _ordered(self, name: str) -> bool:
        """Say whether the file itself gives texts an order."""
        return list(self.table.levels[name]) != sorted(self.table.levels[name])

    def numbers(self, outcome: str, levels: dict[str, tuple[str, ...]]) -> None:
        """Check that what must be numbers is."""
        one = self.written
        wanted = [("weights", one.weights)] if one.weights else []
        wanted += [("random.slopes", name) for name in (one.random.slopes if one.random else ())]
        if one.estimator != "ordered_logit":
            wanted.append(("outcome", outcome))
            if outcome in levels:
                self.problem("categories", f"{outcome} is the outcome of {one.estimator}")
        for key, name in wanted:
            kind = self.table.kinds.get(str(name), NUMBER)
            if kind in (TEXT, DAY):
                reason = "dates" if kind == DAY else f"texts ({self._first_text(str(name))})"
                self.problem(key, f"{name} must hold numbers and holds {reason}")

    def _first_text(self, name: str) -> str:
        """Say where a column stops being numbers."""
        column = self.table.frame[name]
        wrong = [not _is_number(value) for value in column]
        place = wrong.index(True) if True in wrong else 0
        csv = self.table.path.suffix != ".parquet"
        row = place + (2 if csv else 1)  # the names stand in row 1 of a spreadsheet
        codes = {"NA", "NaN", "nan", "null", "NULL", ".", "n/a", "N/A"} & set(column.unique())
        hint = f"; for a missing code: --missing {sorted(codes)[0]}" if codes else ""
        if len(column) and _DECIMAL_COMMA.fullmatch(str(column.iloc[place]).strip()):
            hint += "; 1,5 is read as text: write 1.5"
        counted = "of the file, names being row 1" if csv else "of the data"
        return f"the first in row {row} {counted}{hint}"

    def codings(self, levels: dict[str, tuple[str, ...]]) -> dict[str, str]:
        """Read how factors are coded."""
        one = self.written
        declared = dict(one.coding)
        if one.country_coding is not None:
            declared.setdefault(COUNTRY, one.country_coding)
        codings = {}
        for name, coding in declared.items():
            if not self.known("coding", name):
                continue
            found = levels.get(name, self.table.levels.get(name))
            if found is None:
                self.problem("coding", f"{name} is a number; name it under `categories` first")
                continue
            if isinstance(coding, str):
                codings[name] = DEVIATION
                continue
            codings[name] = text_of(coding.reference)
            if codings[name] not in found:
                near = suggest(codings[name], found)
                self.problem("coding", f"{name} has no level {codings[name]!r}; {near}")
        return codings

    def choices(self) -> None:
        """Check choices that exclude one another."""
        one = self.written
        kind = one.estimator
        if kind in ("mixed", "random_effects"):
            if one.random is None:
                self.problem("random", f"{kind} needs `random: {{groups: ...}}`")
            else:
                self.known("random.groups", one.random.groups)
            if kind == "random_effects" and one.random and one.random.slopes:
                self.problem("random.slopes", "random_effects has an intercept only; use mixed")
        elif one.random is not None:
            self.problem("random", f"{kind} has no random part; use mixed or random_effects")
        if one.fixed_effects and kind != "ols":
            self.problem("fixed_effects", f"{kind} takes none; only ols does")
        if one.weights and kind not in WEIGHTED:
            self.problem("weights", f"{kind} takes none; {', '.join(WEIGHTED)} do")
        if one.threshold is not None and kind != "logit":
            self.problem("threshold", "is for logit")
        if not one.intercept and kind in ("ordered_logit", "random_effects"):
            self.problem("intercept", f"{kind} cannot do without")
        labels = [asked.vcov.slug for asked in one.each_vcov]
        if len(set(labels)) < len(labels):
            self.problem("vcov", "one covariance stands twice")
        for asked in one.each_vcov:
            clusters = asked.vcov.clusters
            for name in clusters:
                self.known("vcov.cluster", name)
            if asked.type not in COVARIANCES[kind]:
                known = ", ".join(COVARIANCES[kind])
                self.problem("vcov.type", f"{kind} has no {asked.type}; it has {known}")
            if asked.type in CR and not clusters:
                self.problem("vcov", f"{asked.type} needs a `cluster`")
            if asked.type not in CR and (clusters or asked.df == "clusters"):
                self.problem("vcov", f"{asked.type} takes no `cluster`; the CR types do")
            if len(clusters) == 2 and asked.type in ("CR2", "CR3"):
                self.problem("vcov", f"{asked.type} has one cluster variable; CR0, CR1, CR1S two")
        if one.family_terms is not None and not one.family:
            self.problem("family_terms", "needs a `family`")


_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


def _has_decimal_commas(texts: Sequence[str]) -> bool:
    """Whether all texts are numbers, and some have a decimal comma."""
    commas = [bool(_DECIMAL_COMMA.fullmatch(text.strip())) for text in texts]
    return any(commas) and all(
        comma or _is_number(text) for comma, text in zip(commas, texts, strict=True)
    )


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
