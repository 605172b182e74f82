"""The rows of an R script: read, filtered, complete, categories coded."""

import re
from collections.abc import Sequence

from reintegration.audit.code.facts import DAY, NUMBER, TEXT, TRUTH, Facts
from reintegration.audit.code.r_words import condition, name, number, text, variable_of, wrapped
from reintegration.estimation.grammar import parse_filter
from reintegration.estimation.specs import DEVIATION, PREFIX


def reading(facts: Facts) -> str:
    """Read the columns that are used."""
    file = facts.file
    classes = {NUMBER: "numeric", TRUTH: "character", TEXT: "character", DAY: "character"}
    kinds: dict[str, list[str]] = {}
    for column in facts.columns:
        kinds.setdefault(classes[facts.kind(column)], []).append(column)
    lines = []
    for kind in ("numeric", "character"):
        if kind in kinds:
            listed = ", ".join(text(column) for column in kinds[kind])
            lines.append(wrapped(f"{kind}s <- c({listed})"))
    missing = ", ".join(text(code) for code in ("", *file.missing))
    options = [f"na.strings = {'c(' + missing + ')' if file.missing else missing}"]
    if file.delimiter != ",":
        options.insert(0, f"sep = {text(file.delimiter)}")
    encoding = 'fileEncoding = "UTF-8-BOM"' if file.mark else 'encoding = "UTF-8"'
    lines += [
        "# An empty cell is missing, and nothing else is.",
        f"d <- read.csv({text(file.path)},",
        f'              {", ".join(options)}, colClasses = "character",',
        f"              check.names = FALSE, {encoding})",
        f"d <- d[c({', '.join(f'{k}s' for k in ('numeric', 'character') if k in kinds)})]",
    ]
    if "numeric" in kinds:
        lines.append("d[numerics] <- lapply(d[numerics], as.numeric)")
    for column in facts.columns:
        if name(column) != column:
            lines.append(f"names(d)[names(d) == {text(column)}] <- {text(name(column))}")
    for column in facts.columns:
        if facts.kind(column) == TRUTH:
            lines.append(f'd${name(column)} <- as.numeric(tolower(d${name(column)}) == "true")')
        elif facts.kind(column) == DAY:
            lines.append(f"d${name(column)} <- as.Date(d${name(column)})")
    for column in facts.infinite:
        lines.append(f"d${name(column)}[is.infinite(d${name(column)})] <- NA")
    return "\n".join(lines) + "\n"


def rows(facts: Facts) -> str:
    """The filter, and the rows without a missing value."""
    spec = facts.spec
    lines = ["# Rows."]
    if spec.filter:
        lines.append(wrapped(f"d <- subset(d, {condition(facts, parse_filter(spec.filter))})"))
    if spec.threshold is not None:
        outcome = f"d${name(spec.outcome)}"
        lines.append(f"{outcome} <- as.numeric({outcome} >= {number(spec.threshold)})")
    plain = [one for one in facts.needed if one not in facts.made]
    listed = ", ".join(text(name(one)) for one in plain)
    if plain:
        lines.append(wrapped(f"d <- d[complete.cases(d[c({listed})]), ]"))
    for one in facts.needed:
        if one in facts.made:
            written = variable_of(facts, one)
            inner = written[2:-1] if written.startswith("I(") else written
            finite = f"is.finite(with(d, {inner}))"
            lines.append(f"d <- d[suppressWarnings({finite}), ]")
    if spec.weights:
        weights = name(spec.weights)
        lines.append(f"d <- subset(d, {weights} != 0)")
    if spec.estimator == "within":
        lines.append("# A returnee with one survey tells nothing within returnees.")
        lines.append("d <- d[ave(d$returnee_id, d$returnee_id, FUN = length) > 1, ]")
    if facts.unrecorded:
        types = ", ".join(
            text(name(variable).removeprefix(PREFIX)) for variable in facts.unrecorded
        )
        lines += [
            "# Assistance without a record is a category of its own.",
            wrapped(f"for (type in c({types})) {{"),
            f"  received <- paste0({text(PREFIX)}, type)",
            '  d[[paste0(type, "_not_recorded")]] <- as.numeric(is.na(d[[received]]))',
            "  d[[received]][is.na(d[[received]])] <- 0",
            "}",
        ]
    if spec.estimator == "random_effects" and spec.random:
        lines.append(f"d <- d[order(d${name(spec.random.groups)}), ]")
    return "\n".join(lines) + "\n"


def factors(facts: Facts) -> list[str]:
    """Categories of the right side that have two levels or more in the sample."""
    return [n for n in facts.spec.variables if facts.category(n) and len(facts.used[n]) > 1]


def coding(facts: Facts) -> str:
    """Code the categories."""
    spec = facts.spec
    lines = []
    for variable in factors(facts):
        column, levels = f"d${name(variable)}", facts.levels[variable]
        lines.append(
            wrapped(
                f"{column} <- droplevels(factor({column}, {level_list(facts, variable, levels)}))"
            )
        )
        coding = spec.coding_of(variable)
        if coding == DEVIATION:
            lines.append(
                f"contrasts({column}) <- contr.sum(nlevels({column}))"
                "  # from the unweighted mean of the levels"
            )
        elif coding:
            lines.append(f"{column} <- relevel({column}, ref = {text(coding)})")
    if lines:
        lines.insert(0, "# Categories; the first level is the reference, if nothing is said.")
    if spec.estimator == "ordered_logit":
        outcome = f"d${name(spec.outcome)}"
        order = dict(spec.levels).get(spec.outcome, ())
        given = level_list(facts, spec.outcome, order) if order else ""
        lines.append(
            wrapped(
                f"{outcome} <- droplevels(factor({outcome}{', ' + given if given else ''},"
                " ordered = TRUE))"
            )
        )
    return "\n".join(lines) + "\n"


def level_list(facts: Facts, variable: str, levels: Sequence[str]) -> str:
    """Write levels in order."""
    texts = ", ".join(text(level) for level in levels)
    if facts.kind(variable) == TEXT:
        return f"levels = c({texts})"
    numbers = ", ".join(levels)
    plain = all(re.fullmatch(r"-?\d{1,5}", level) for level in levels)
    return f"levels = c({numbers})" + ("" if plain else f", labels = c({texts})")
