"""Written specifications read against the columns there are: names checked, then spread.

Light to import: config.yaml is read by it with every Snakefile.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reintegration.errors import StudyError
from reintegration.estimation.columns import DAY, ID, NUMBER, TEXT, Columns
from reintegration.estimation.grammar import (
    Derived,
    Filter,
    GrammarError,
    Term,
    comparisons,
    parse_filter,
    parse_term,
    suggest,
)
from reintegration.estimation.specs import (
    ASSISTANCE,
    COUNTRY,
    DEVIATION,
    INTERCEPT,
    PREFIX,
    RETURNEE,
    Random,
    Specification,
    term_name,
    text_of,
)
from reintegration.estimation.written import COVARIANCES, WEIGHTED, FitVcov, Regression, Written

if TYPE_CHECKING:
    from reintegration.estimation.tables import Table

MEDIAN = 0.5


@dataclass(frozen=True)
class Around:
    """What is known around a specification: where it stands, and what it leaves to others.

    `types` are those that `assistance` stands for, `not_recorded` and `coding` (of countries)
    hold where nothing is written.
    """

    key: str
    types: tuple[str, ...] = ()
    not_recorded: str = "drop"
    coding: str = ""
    data: str = "rows"


@dataclass
class Wanted:
    """One outcome of a specification as written, read; or what is wrong with it."""

    written: Written
    specs: list[Specification]
    problems: list[str] = field(default_factory=list)


def expand(written: Sequence[Written], table: "Table") -> list[Wanted]:
    """Spread specifications over outcomes, and check them against the table.

    Raises
    ------
    StudyError
        With every problem of every specification at once.
    """
    wanted = []
    for one in written:
        if (one.outcome is None) == (one.outcomes is None):
            problem = f"{one.id}.outcome: give `outcome`, or a list `outcomes`"
            wanted.append(Wanted(one, [], [problem]))
            continue
        for outcome in one.left_sides:
            spec, problems = read_one(one, outcome, table.columns, Around(str(one.id)))
            wanted.append(Wanted(one, [spec], problems))
    problems = [problem for one in wanted for problem in one.problems]
    problems += _seeds_differ(written)
    if problems:
        headline = f"{table.path.name}: specifications cannot be fitted to it."
        raise StudyError(headline, list(dict.fromkeys(problems)))
    return wanted


def _seeds_differ(written: Sequence[Written]) -> list[str]:
    """Say which families have members of different seeds: all are drawn from one."""
    problems = []
    for family in dict.fromkeys(one.family for one in written if one.family):
        seeds = {str(one.id): one.seed for one in written if one.family == family}
        if len(set(seeds.values())) > 1:
            named = ", ".join(f"{seed} ({name})" for name, seed in seeds.items())
            problems.append(
                f"seed: the members of family {family} are drawn together, and have {named};"
                " write one seed in all of them"
            )
    return problems


def read_one(
    written: Regression, outcome: str, columns: Columns, around: Around
) -> tuple[Specification, list[str]]:
    """Read a specification for one of its outcomes, and say everything that is wrong with it."""
    reader = _Reader(written, columns, around)
    spec = reader.read(outcome)
    return spec, reader.problems


class _Reader:
    """Reads one specification against columns; problems gather."""

    def __init__(self, written: Regression, columns: Columns, around: Around):
        self.written, self.columns, self.around = written, columns, around
        self.kinds = columns.kinds
        self.problems: list[str] = []
        self.derived: dict[str, Derived] = {}
        self.spread: set[Term] = set()

    def read(self, outcome: str) -> Specification:
        """Read it for one outcome."""
        one, around = self.written, self.around
        left = self.variables("outcomes" if one.outcomes else "outcome", outcome)[0]
        terms = self.terms("terms", one.terms)
        controls = self.terms("controls", one.controls)
        # One type of interest, all types as controls: it is fitted once.
        controls = [term for term in controls if not (term in terms and term in self.spread)]
        self.distinct([*terms, *controls])
        named = [name for term in [*terms, *controls] for name in term.variables]
        levels = self.levels(named, left)
        self.numbers(left, levels)
        codings = self.codings(levels)
        self.choices()
        for name in (*one.fixed_effects, *filter(None, [one.weights])):
            self.known("fixed_effects" if name in one.fixed_effects else "weights", name)
        if left in named:
            self.problem("terms", f"the outcome {left} stands on the right")
        self.filter()
        random = one.random
        slopes = [
            self.variables("random.slopes", name)[0] for name in (random.slopes if random else ())
        ]
        for name in dict.fromkeys(named):  # those that the data hold, where nothing was written
            if self.columns.seen and self.kinds.get(name) == TEXT:
                levels.setdefault(name, self.columns.levels[name])
        coding = codings.pop(COUNTRY, around.coding) if around.coding else ""
        asked = [each.vcov for each in one.each_vcov]
        return Specification(
            spec_id=f"{one.id}.{left}" if one.outcomes else str(one.id),
            title=one.title,
            role=one.role,
            data=one.data or around.data,
            outcome=left,
            terms=tuple(dict.fromkeys(terms)),
            controls=tuple(dict.fromkeys(controls)),
            vcov=asked[0],
            also=tuple(asked[1:]),
            coding=coding,
            filter=one.filter,
            estimator=one.estimator,
            not_recorded=one.not_recorded or around.not_recorded,
            codings=tuple(codings.items()),
            levels=tuple(levels.items()),
            fixed_effects=tuple(one.fixed_effects),
            weights=one.weights,
            intercept=one.intercept,
            random=Random(
                random.groups, tuple(slopes), random.intercept, random.correlated, random.method
            )
            if random
            else None,
            quantile=one.quantile,
            contrasts=tuple((n, tuple(parts.items())) for n, parts in one.contrasts.items()),
            family=one.family or "",
            family_terms=self.family_terms(),
            threshold=one.threshold,
            derived=tuple(self.derived.items()),
        )

    def problem(self, key: str, text: str) -> None:
        self.problems.append(f"{self.around.key}.{key}: {text}")

    def known(self, key: str, name: str) -> bool:
        if self.columns.has(name):
            return True
        near = suggest(name, list(self.kinds))
        self.problem(key, f"there is no column {name!r}{self.columns.of}; {near}")
        return False

    # ------------------------------------------------------------ terms

    def terms(self, key: str, texts: Sequence[str]) -> list[Term]:
        """Read terms; `assistance` becomes one term for each type."""
        found: list[Term] = []
        for text in texts:
            names = self.parsed(key, text)
            if ASSISTANCE not in names or self.columns.kinds.get(ASSISTANCE):
                spread = [names]
            else:
                types = [PREFIX + kind for kind in self.around.types]
                spread = [
                    tuple(kind if name == ASSISTANCE else name for name in names) for kind in types
                ] or [names]
                self.spread |= set(map(Term, spread))
            for variables in spread:
                self.check(key, variables)
                term = Term(variables)
                if not (term in found and term in self.spread):
                    found.append(term)
        return found

    def variables(self, key: str, text: str) -> tuple[str, ...]:
        """Read a term's variables, all of which must be there."""
        names = self.parsed(key, text)
        self.check(key, names)
        return names

    def parsed(self, key: str, text: str) -> tuple[str, ...]:
        if text in self.kinds:
            return (text,)
        made: dict[str, Derived] = {}
        try:
            names = parse_term(text, made).variables
        except GrammarError as error:
            self.problem(key, str(error))
            return ()
        self.derived |= made
        return names

    def check(self, key: str, names: Sequence[str]) -> None:
        """Check that variables are there, and what functions are taken of."""
        for name in names:
            part = self.derived.get(name) if name not in self.kinds else None
            column = part.column if part else name
            if self.known(key, column) and part and self.kinds.get(column, NUMBER) != NUMBER:
                self.problem(key, f"{name}: {column} does not hold numbers")

    def distinct(self, terms: list[Term]) -> None:
        """Check that estimates will have different names."""
        shown = [term_name(str(term)) for term in terms if term.variables]
        for name in sorted({name for name in shown if shown.count(name) > 1}):
            self.problem("terms", f"{name} would be the name of two terms; rename a column")
        if INTERCEPT in shown:
            self.problem("terms", f"{INTERCEPT} is the name of the constant; rename the column")
        for name in sorted(set(self.written.contrasts) & {*shown, INTERCEPT}):
            self.problem("contrasts", f"{name} is the name of a term; choose another")

    def family_terms(self) -> tuple[str, ...]:
        """Name the members of the family as estimates are named."""
        one = self.written
        if one.family_terms is not None and not one.family:
            self.problem("family_terms", "needs a `family`")
        spread = {ASSISTANCE: self.around.types} if self.around.types else {}
        named = [n for name in one.family_terms or () for n in spread.get(name, (name,))]
        return tuple(dict.fromkeys(named))

    # ------------------------------------------------------------ levels

    def levels(self, names: list[str], outcome: str) -> dict[str, tuple[str, ...]]:
        """Name the levels of each category, in order; none where only the data will tell."""
        declared = self.written.categories
        if isinstance(declared, list):
            declared = dict.fromkeys(declared)
        levels: dict[str, tuple[str, ...]] = {}
        for name, order in declared.items():
            if not self.known("categories", name):
                continue
            kind = self.kinds.get(name)
            if kind == DAY:
                self.problem("categories", f"{name} holds dates")
                continue
            columns = self.columns
            found = columns.levels.get(name, ()) if kind == TEXT else columns.number_levels(name)
            levels[name] = found if columns.seen else ()
            if order is not None:
                levels[name] = tuple(text_of(level) for level in order)
                self.listed(name, levels[name], found, name == outcome)
        for name in dict.fromkeys(names):
            if self.kinds.get(name) == DAY:
                self.problem("terms", f"{name} holds dates, which only a filter can use")
            elif self.kinds.get(name) == ID:
                self.problem(
                    "terms",
                    f"{name} holds ids, which `fixed_effects`, `random` and `cluster` can use",
                )
            elif name not in levels and _has_decimal_commas(self.columns.levels.get(name, ())):
                self.problem(
                    "terms",
                    f"{name} holds numbers with a decimal comma: write 1.5 for 1,5 (or name it "
                    "under `categories`)",
                )
        if self.written.estimator == "ordered_logit" and outcome not in levels:
            self.ordered(outcome, levels)
        return levels

    def listed(
        self, name: str, order: tuple[str, ...], found: tuple[str, ...], is_outcome: bool
    ) -> None:
        """Check a list of levels: all that a column holds, and none that it cannot hold."""
        # An outcome may leave out the answers that say nothing: they are missing.
        needed = self.columns.orders.get(name, found) if is_outcome else found
        if (parsed := self.usable_filter()) and set(needed) - set(order):
            left = self.columns.left_levels(name, parsed)
            needed = tuple(level for level in needed if level in left)
        if lacking := sorted(set(needed) - set(order)):
            held = ", ".join(lacking[:5])
            self.problem("categories", f"{name} also holds {held}, which is not listed")
        for level in order:
            if not self.columns.seen and (wrong := self.columns.no_level(name, level)):
                self.problem("categories", wrong)

    def ordered(self, outcome: str, levels: dict[str, tuple[str, ...]]) -> None:
        """Find the order of the outcome of ordered logit."""
        if self.kinds.get(outcome) != TEXT:
            if self.columns.seen and outcome in self.kinds:
                levels[outcome] = self.columns.number_levels(outcome)
            return
        if not self.columns.ordered(outcome):
            self.problem(
                "categories",
                f"ordered_logit needs the order of the texts of {outcome}:"
                f" categories: {{{outcome}: [{self.columns.order_of(outcome)}]}}",
            )
        levels[outcome] = self.columns.levels.get(outcome, ())

    def usable_filter(self) -> Filter | None:
        """The filter, if there is one of which nothing is wrong."""
        if self.written.filter is None:
            return None
        parsed = parse_filter(self.written.filter)
        known = all(self.columns.has(part.name) for part in comparisons(parsed))
        return parsed if known and not self.columns.problems_of(parsed) else None

    def filter(self) -> None:
        """Check the filter's columns, and that they can be compared with its values."""
        if self.written.filter is None:
            return
        parsed = parse_filter(self.written.filter)
        known = [self.known("filter", part.name) for part in comparisons(parsed)]
        if all(known):
            for problem in self.columns.problems_of(parsed):
                self.problem("filter", problem)

    def numbers(self, outcome: str, levels: dict[str, tuple[str, ...]]) -> None:
        """Check that what must be numbers is."""
        one = self.written
        wanted = [("weights", one.weights)] if one.weights else []
        wanted += [("random.slopes", name) for name in (one.random.slopes if one.random else ())]
        if one.estimator != "ordered_logit":
            wanted.append(("outcomes" if one.outcomes else "outcome", outcome))
            if outcome in levels:
                self.problem("categories", f"{outcome} is the outcome of {one.estimator}")
        for key, name in wanted:
            kind = self.kinds.get(str(name), NUMBER)
            if kind in (TEXT, DAY, ID):
                held = {TEXT: "texts", DAY: "dates", ID: "ids"}[kind]
                why = self.columns.why_text(str(name)) if kind == TEXT else ""
                self.problem(key, f"{name} must hold numbers and holds {held}{why}")

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
            if self.kinds.get(name, TEXT) != TEXT and name not in levels:
                self.problem("coding", f"{name} is a number; name it under `categories` first")
                continue
            if isinstance(coding, str):
                codings[name] = DEVIATION
                continue
            codings[name] = text_of(coding.reference)
            found = levels.get(name) or self.columns.levels.get(name, ())
            if found and codings[name] not in found:
                near = suggest(codings[name], found)
                self.problem("coding", f"{name} has no level {codings[name]!r}; {near}")
            elif not found and (wrong := self.columns.no_level(name, codings[name])):
                self.problem("coding", wrong)
        return codings

    # ------------------------------------------------------------ choices

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
        if kind == "within":
            if self.known("estimator", RETURNEE) and one.data == "changes":
                self.problem("estimator", "within compares surveys of a returnee: data: surveys")
            if not one.intercept:
                self.problem("intercept", "within has none: each returnee has his own level")
        if one.fixed_effects and kind != "ols":
            self.problem("fixed_effects", f"{kind} takes none; only ols does")
        if one.weights and kind not in WEIGHTED:
            self.problem("weights", f"{kind} takes none; {', '.join(WEIGHTED)} do")
        if one.threshold is not None and kind != "logit":
            self.problem("threshold", "is for logit")
        if one.quantile != MEDIAN and kind != "quantile":
            self.problem("quantile", f"is for quantile; the estimator is {kind}")
        if not one.intercept and kind in ("ordered_logit", "random_effects"):
            self.problem("intercept", f"{kind} cannot do without")
        self.vcovs()

    def vcovs(self) -> None:
        """Check that the estimator has the covariances, and that their columns are there."""
        kind, asked = self.written.estimator, self.written.each_vcov
        for problem in same_id(asked):
            self.problem("vcov", problem)
        for each in asked:
            for name in each.clusters:
                self.known("vcov.cluster", name)
            if each.within:
                self.known("vcov.within", each.within)
            if each.type not in COVARIANCES[kind]:
                known = ", ".join(COVARIANCES[kind])
                self.problem("vcov.type", f"{kind} has no {each.type}; it has {known}")


def same_id(asked: Sequence[FitVcov]) -> list[str]:
    """Say which covariances would give two estimates one id."""
    by_id: dict[str, list[FitVcov]] = {}
    for each in asked:
        by_id.setdefault(each.vcov.slug, []).append(each)
    problems = []
    for slug, alike in by_id.items():
        first, *others = (each.model_dump() for each in alike)
        differ = [key for key in first if any(one[key] != first[key] for one in others)]
        if others and differ:
            problems.append(
                f"{slug} is the id of {len(alike)} covariances, which differ in"
                f" {' and '.join(differ)} alone; keep one: an id says type and clusters, and names"
                " one number"
            )
        elif others:
            problems.append(f"{slug} stands twice")
    return problems


DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


def _has_decimal_commas(texts: Sequence[str]) -> bool:
    """Whether all texts are numbers, and some have a decimal comma."""
    commas = [bool(DECIMAL_COMMA.fullmatch(text.strip())) for text in texts]
    return any(commas) and all(
        comma or is_number(text) for comma, text in zip(commas, texts, strict=True)
    )


def is_number(value: object) -> bool:
    """Say whether a text is a number."""
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True
