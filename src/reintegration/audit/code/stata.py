"""The Stata code of a specification. Stata is not free: this code is reviewed and was never run.

Categories are numbered in order; deviation coding is made by hand, as Stata has none, and the
level that it leaves out is a `lincom` of the others. Where a covariance of Stata differs by a
factor, the factor is written beside it.
"""

import re
import textwrap
from collections.abc import Sequence

from reintegration.audit.code.facts import DAY, TEXT, TRUTH, Facts
from reintegration.audit.code.names import plain_name
from reintegration.audit.code.r import file_name
from reintegration.audit.code.stata_fit import commands
from reintegration.audit.code.stata_words import condition, name, number, text
from reintegration.estimation.coding import coded_in_full, term_name
from reintegration.estimation.grammar import parse_filter
from reintegration.estimation.specs import DEVIATION, PREFIX


def stata_code(facts: Facts) -> str:
    """Write the Stata do-file of a specification."""
    parts = [head(facts), reading(facts), rows(facts), coding(facts)]
    parts += commands(facts, right_side(facts), combinations(facts))
    return "\n".join(part.rstrip() + "\n" for part in parts if part.strip())


def head(facts: Facts) -> str:
    """Say what the do-file is."""
    spec = facts.spec
    lines = [spec.spec_id, *([spec.title] if spec.title else []), ""]
    lines += textwrap.wrap(spec.formula, 86, break_long_words=False, break_on_hyphens=False)
    lines += [f"{spec.estimator}; {spec.sample}", ""]
    lines += textwrap.wrap(
        "The same regression in Stata, from the columns of the data as they are. Run it in the"
        f" folder in which it stands: do {file_name(spec.spec_id, 'do')}",
        86,
    )
    return "".join(f"* {line}".rstrip() + "\n" for line in lines) + "version 16\nclear all\n"


def reading(facts: Facts) -> str:
    """Read the columns that are used, by their place in the file."""
    file = facts.file
    place = {column: j for j, column in enumerate(file.kinds, 1)}
    strings = [
        str(place[c]) for c in facts.columns if facts.kind(c) in (TEXT, DAY, TRUTH) and c in place
    ]
    numbers = [str(place[c]) for c in facts.columns if c in place and str(place[c]) not in strings]
    delimiter = "\\t" if file.delimiter == "\t" else file.delimiter
    options = ["varnames(nonames)", "rowrange(2:)", f'delimiters("{delimiter}")', "asdouble"]
    options += [f"stringcols({' '.join(strings)})"] if strings else []
    options += [f"numericcols({' '.join(numbers)})"] if numbers else []
    options += ["bindquotes(strict)", 'encoding("UTF-8")', "clear"]
    lines = [
        "* Columns by their place: names of a CSV file may be none of Stata's.",
        f'import delimited using "{file.path}", ///',
        *[f"    {line}" for line in _joined(options)],
    ]
    lines += [f"rename v{place[c]} {name(c)}" for c in facts.columns if c in place]
    lines += _wrapped("keep " + " ".join(name(c) for c in facts.columns if c in place))
    for column in facts.columns:
        own = name(column)
        kind = facts.kind(column)
        for code in file.missing:
            if kind in (TEXT, DAY, TRUTH):
                lines.append(f'replace {own} = "" if {own} == {text(code)}')
        if kind == TRUTH:
            lines += [
                f'generate byte {own}_1 = lower({own}) == "true" if {own} != ""',
                f"drop {own}",
                f"rename {own}_1 {own}",
            ]
        elif kind == DAY:
            lines += [
                f'generate {own}_1 = daily({own}, "YMD")',
                f"drop {own}",
                f"rename {own}_1 {own}",
                f"format {own} %td",
            ]
    return "\n".join(lines) + "\n"


def rows(facts: Facts) -> str:
    """The filter, and the rows without a missing value."""
    spec = facts.spec
    lines = ["* Rows."]
    if spec.filter:
        kept = condition(facts, parse_filter(spec.filter))
        lines += _wrapped(f"keep if {kept}")
    if spec.threshold is not None:
        own = name(spec.outcome)
        reached = f"{own} >= {number(spec.threshold)}"
        lines.append(f"replace {own} = {reached} if !missing({own})")
    for made, part in spec.derived:
        own = name(part.column)
        written = f"{own}^{part.function}" if part.function in "23" else f"{part.function}({own})"
        lines.append(f"generate double {name(made)} = {written}")
    listed = ", ".join(name(one) for one in facts.needed)
    lines += _wrapped(f"drop if missing({listed})")
    if spec.weights:
        lines.append(f"drop if {name(spec.weights)} == 0")
    if spec.estimator == "within":
        lines += [
            "* A returnee with one survey tells nothing within returnees.",
            "bysort returnee_id: drop if _N < 2",
        ]
    if facts.unrecorded:
        lines.append("* Assistance without a record is a category of its own.")
        types = " ".join(name(one).removeprefix(PREFIX) for one in facts.unrecorded)
        lines += [
            *_wrapped(f"foreach type in {types} {{"),
            f"    generate byte `type'_not_recorded = missing({PREFIX}`type')",
            f"    replace {PREFIX}`type' = 0 if missing({PREFIX}`type')",
            "}",
        ]
    return "\n".join(lines) + "\n"


def categories(facts: Facts) -> list[str]:
    """Categories of the right side that have two levels or more in the sample."""
    return [n for n in facts.spec.variables if facts.category(n) and len(facts.used[n]) > 1]


def coding(facts: Facts) -> str:
    """Number the levels of categories, and make the columns of deviation coding."""
    lines = []
    for variable in categories(facts):
        own, levels = coded(variable), facts.used[variable]
        raw = name(variable)
        lines.append(f"generate int {own} = .")
        for j, level in enumerate(levels, 1):
            value = text(level) if facts.kind(variable) == TEXT else level
            lines.append(f"replace {own} = {j} if {raw} == {value}")
        if facts.spec.coding_of(variable) == DEVIATION:
            last = len(levels)
            lines += [
                f"* Deviation coding: from the unweighted mean; level {last} is minus the sum.",
                f"forvalues j = 1/{last - 1} {{",
                f"    generate {own}_`j' = ({own} == `j') - ({own} == {last})",
                "}",
            ]
    if facts.spec.estimator == "ordered_logit":
        order = dict(facts.spec.levels).get(facts.spec.outcome, ())
        own = name(facts.spec.outcome)
        if order and facts.kind(facts.spec.outcome) == TEXT:
            lines.append(f"generate int {own}_n = .")
            lines += [
                f"replace {own}_n = {j} if {own} == {text(level)}"
                for j, level in enumerate(order, 1)
            ]
            lines += [f"drop {own}", f"rename {own}_n {own}"]
    if lines:
        lines.insert(0, "* Categories, their levels numbered in order.")
    grouping = [*facts.spec.absorbed, *(c for v in facts.spec.vcovs for c in v.clusters)]
    grouping += [facts.spec.random.groups] if facts.spec.random else []
    for group in dict.fromkeys(grouping):
        if facts.kind(group) == TEXT:
            own = name(group)
            lines += [f"egen long {own}_g = group({own})", f"drop {own}", f"rename {own}_g {own}"]
    return "\n".join(lines) + "\n"


def coded(variable: str) -> str:
    """Name the numbers of a category's levels."""
    return f"{name(variable)[:24]}_n"


def right_side(facts: Facts) -> list[str]:
    """Terms in Stata's factor-variable notation."""
    terms = []
    for term in facts.spec.right_side:
        if facts.dropped_term(term.variables):
            continue
        full = coded_in_full(term, facts.spec, facts.levels)
        choices: list[list[str]] = [[]]
        for variable in term.variables:
            own = _columns(facts, variable, variable in full, len(term.variables) > 1)
            choices = [[*chosen, one] for chosen in choices for one in own]
        terms += ["#".join(chosen) for chosen in choices]
    return terms


def _columns(facts: Facts, variable: str, full: bool, crossed: bool) -> list[str]:
    """A variable of a term: a number, or its levels."""
    if not facts.category(variable):
        found = [name(variable)]
        if variable in facts.unrecorded:
            found.append(name(f"{plain_name(term_name(variable))}_not_recorded"))
        return [f"c.{one}" if crossed else one for one in found]
    own, levels = coded(variable), facts.used[variable]
    coding = facts.spec.coding_of(variable)
    if full:
        return [f"ibn.{own}"]
    if coding == DEVIATION:
        made = " ".join(f"{own}_{j}" for j in range(1, len(levels)))
        return [f"c.({made})" if crossed else made]
    base = levels.index(coding) + 1 if coding in levels else 1
    return [f"ib{base}.{own}"]


def combinations(facts: Facts) -> list[tuple[str, str]]:
    """What is reported and is no coefficient of its own: its name and what `lincom` adds up."""
    weights = {one.term: _weights(facts, one.parts) for one in facts.reported()}
    found = [(term, _sum(parts)) for term, parts in weights.items() if len(parts) > 1]
    for called, parts in facts.spec.contrasts:
        if any(term not in weights for term, _ in parts):
            continue
        total: dict[str, float] = {}
        for term, factor in parts:
            for column, weight in weights[term].items():
                total[column] = total.get(column, 0.0) + factor * weight
        found.append((called, _sum(total)))
    return found


def _weights(facts: Facts, parts: Sequence[tuple[str, str]]) -> dict[str, float]:
    """The coefficients that make up a reported number, with their weights."""
    if not parts:
        return {"_cons": 1.0}
    crossed = len(parts) > 1
    term = next(
        (t for t in facts.spec.right_side if set(t.variables) >= {v for v, _ in parts}), None
    )
    full = coded_in_full(term, facts.spec, facts.levels) if term else set()
    total: dict[str, float] = {"": 1.0}
    for variable, level in parts:
        own = _level(facts, variable, level, variable in full, crossed)
        total = {
            f"{before}#{column}" if before else column: weight * factor
            for before, weight in total.items()
            for column, factor in own.items()
        }
    return total


def _level(facts: Facts, variable: str, level: str, full: bool, crossed: bool) -> dict[str, float]:
    if not level:
        return {f"c.{name(variable)}" if crossed else name(variable): 1.0}
    own, levels = coded(variable), facts.used[variable]
    place = levels.index(level) + 1
    if facts.spec.coding_of(variable) != DEVIATION or full:
        return {f"{place}.{own}": 1.0}
    prefix = "c." if crossed else ""
    if place < len(levels):
        return {f"{prefix}{own}_{place}": 1.0}
    return {f"{prefix}{own}_{j}": -1.0 for j in range(1, len(levels))}


def _sum(parts: dict[str, float]) -> str:
    """Write a sum of coefficients."""
    written = ""
    for column, weight in parts.items():
        times = "" if abs(weight) == 1 else f"{number(abs(weight))}*"
        sign = (" - " if weight < 0 else " + ") if written else "-" if weight < 0 else ""
        written += f"{sign}{times}{column}"
    return written


def _joined(options: Sequence[str]) -> list[str]:
    lines = textwrap.wrap(" ".join(options), 84, break_long_words=False, break_on_hyphens=False)
    return [f"{line} ///" for line in lines[:-1]] + lines[-1:]


def _wrapped(line: str) -> list[str]:
    """Break a long command at spaces outside quotes."""
    if len(line) <= 92:
        return [line]
    pieces = re.findall(r'(?:"[^"]*"|\S)+', line)
    lines, current = [], ""
    for piece in pieces:
        if current and len(current) + len(piece) > 86:
            lines.append(f"{current} ///")
            current = "   "
        current = f"{current} {piece}" if current else piece
    return [*lines, current]
