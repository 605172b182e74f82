"""Names, texts, numbers and filters as Stata writes them."""

from reintegration.audit.code.facts import DAY, TEXT, Facts
from reintegration.audit.code.names import plain_name
from reintegration.estimation.grammar import Both, Comparison, Filter, Not, truth_of
from reintegration.estimation.specs import text_of

_LONGEST = 32
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RESERVED = {
    *("byte", "double", "float", "int", "long", "if", "in", "using", "with"),
    *("strL", "_all", "_b", "_coef", "_cons", "_n", "_N", "_pi", "_pred", "_rc", "_skip"),
}


def name(column: str) -> str:
    """Name a variable: letters, digits and `_`, at most 32 signs."""
    made = plain_name(column).replace(".", "_")
    return (f"{made}_" if made in _RESERVED else made)[:_LONGEST]


def text(value: str) -> str:
    """Write a text between compound quotes, within which quotes may stand."""
    return f'`"{value}"\''


def number(value: float) -> str:
    """Write a number for Stata."""
    return f"{value:.15g}"


def condition(facts: Facts, parsed: Filter, wanted: bool = True) -> str:
    """Write where a filter is known to be true, or known to be false.

    A missing number is larger than any other in Stata, so that every comparison says for itself
    that there is a value.
    """
    if isinstance(parsed, Not):
        return condition(facts, parsed.part, not wanted)
    if isinstance(parsed, Both):
        sign = "&" if (parsed.operator == "and") == wanted else "|"
        sides = [condition(facts, side, wanted) for side in (parsed.left, parsed.right)]
        return f"({sides[0]} {sign} {sides[1]})"
    return _compared(facts, parsed, wanted)


def _compared(facts: Facts, parsed: Comparison, wanted: bool) -> str:
    own = name(parsed.name)
    if parsed.operator == "missing":
        return f"missing({own})" if wanted else f"!missing({own})"
    values = [_value(facts, parsed.name, one) for one in parsed.compared]
    if parsed.operator == "in":
        found = f"inlist({own}, {', '.join(values)})"
        if len(values) > 9:  # inlist takes so many texts
            found = "(" + " | ".join(f"{own} == {value}" for value in values) + ")"
        compared = found if wanted else f"!{found}"
    else:
        compared = f"{own} {parsed.operator} {values[0]}"
        compared = compared if wanted else f"!({compared})"
    return f"({compared} & !missing({own}))"


def _value(facts: Facts, column: str, one: float | str) -> str:
    kind = facts.kind(column)
    if kind == DAY:
        year, month, day = str(one).split("-")
        return f"td({day}{_MONTHS[int(month) - 1]}{year})"
    if kind == TEXT:
        return text(text_of(one))
    return number(float(truth_of(one)))
