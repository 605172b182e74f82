"""Texts, names, numbers and filters as R writes them."""

from reintegration.audit.code.facts import DAY, TEXT, Facts
from reintegration.audit.code.names import plain_name as name
from reintegration.estimation.coding import term_name
from reintegration.estimation.grammar import Both, Comparison, Filter, Not, truth_of
from reintegration.estimation.specs import text_of


def text(value: str) -> str:
    """Write a text for R."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def number(value: float) -> str:
    """Write a number for R."""
    return f"{value:.15g}" if float(f"{value:.15g}") == value else repr(float(value))


def condition(facts: Facts, parsed: Filter, inside_not: bool = False) -> str:
    """Write a filter for `subset`, which takes a missing comparison for false."""
    if isinstance(parsed, Not):
        if isinstance(parsed.part, Comparison) and not inside_not:
            if parsed.part.operator == "missing":
                return f"!is.na({name(parsed.part.name)})"
            if parsed.part.operator == "in":
                column = name(parsed.part.name)
                return f"!is.na({column}) & !({_compared(facts, parsed.part, False)})"
        return f"!({condition(facts, parsed.part, True)})"
    if isinstance(parsed, Both):
        sign = "&" if parsed.operator == "and" else "|"
        sides = []
        for side in (parsed.left, parsed.right):
            written = condition(facts, side, inside_not)
            brackets = isinstance(side, Both) and side.operator != parsed.operator
            sides.append(f"({written})" if brackets else written)
        return f" {sign} ".join(sides)
    return _compared(facts, parsed, inside_not)


def _compared(facts: Facts, parsed: Comparison, inside_not: bool) -> str:
    column = name(parsed.name)
    if parsed.operator == "missing":
        return f"is.na({column})"
    kind = facts.kind(parsed.name)

    def value(one: float | str) -> str:
        if kind == DAY:
            return f"as.Date({text(str(one))})"
        if kind == TEXT:
            return text(text_of(one))
        one = truth_of(one)
        return number(float(one)) if not isinstance(one, str) else text(one)

    values = [value(one) for one in parsed.compared]
    if parsed.operator != "in":
        return f"{column} {parsed.operator} {values[0]}"
    if not inside_not:
        return f"{column} %in% c({', '.join(values)})"
    return "(" + " | ".join(f"{column} == {one}" for one in values) + ")"


def wrapped(line: str, width: int = 92) -> str:
    """Break a long line of code after commas and signs that stand outside quotes."""
    if len(line) <= width or line.lstrip().startswith("#"):
        return line
    pieces, start, quote, place = [], 0, "", 0
    while place < len(line):
        sign = line[place]
        if quote:
            place += sign == "\\"
            quote = "" if sign == quote else quote
        elif sign in '"`':
            quote = sign
        elif sign == " " and line[place - 1] in ",+|&~-":
            pieces.append(line[start : place + 1])
            start = place + 1
        place += 1
    lines, current = [], ""
    for piece in [*pieces, line[start:]]:
        if current.strip() and len(current) + len(piece.rstrip()) > width:
            lines.append(current.rstrip())
            current = "  "
        current += piece
    return "\n".join([*lines, current.rstrip()])


def variables_in_order(facts: Facts) -> list[str]:
    """Variables of the right side in the order in which the formula names them."""
    order: list[str] = []
    for variable in facts.spec.variables:
        order.append(variable)
        if variable in facts.unrecorded:
            order.append(f"{term_name(variable)}_not_recorded")
    return order


def variable_of(facts: Facts, variable: str) -> str:
    """Write a variable of the formula."""
    made = facts.made.get(variable)
    if made is None:
        return name(variable)
    if made.function in ("2", "3"):
        return f"I({name(made.column)}^{made.function})"
    return f"{made.function}({name(made.column)})"
