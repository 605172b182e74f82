"""The R code of a specification: formulas over raw columns, packages of the field, one table.

What a script does is independent of the design matrix here: R reads the rows, codes factors,
drops aliased columns and fits by itself.
"""

import re
import textwrap
from collections.abc import Sequence

from reintegration.audit.code.facts import Facts
from reintegration.audit.code.names import plain_name as name
from reintegration.audit.code.r_covariance import covariances
from reintegration.audit.code.r_fit import fitting
from reintegration.audit.code.r_limits import (
    ADJUSTED,
    CR,
    HC,
    by_means,
    fits_panel,
    leaves_out,
    unchecked,
)
from reintegration.audit.code.r_parts import COMBINATIONS, table
from reintegration.audit.code.r_rows import coding, factors, reading, rows
from reintegration.audit.code.r_words import (
    number,
    text,
    variable_of,
    variables_in_order,
    wrapped,
)


def r_code(facts: Facts) -> str:
    """Write the R script of a specification."""
    parts = [
        head(facts),
        "".join(f"library({package})\n" for package in packages(facts)),
        reading(facts),
        rows(facts),
        coding(facts),
        COMBINATIONS if factors(facts) else "",
        fitting(facts),
        covariances(facts),
        reporting(facts),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts if part.strip())


def r_term(facts: Facts, parts: Sequence[tuple[str, str]]) -> str:
    """Name a reported number as the script does, its variables in R's order."""
    if not parts:
        return "(Intercept)"
    order = {variable: place for place, variable in enumerate(variables_in_order(facts))}
    in_order = sorted(parts, key=lambda part: order.get(part[0], len(order)))

    def shown(variable: str) -> str:
        known = variable in facts.spec.variables
        return variable_of(facts, variable) if known else name(variable)

    return ":".join(
        shown(variable) + (f".{level}" if level else "") for variable, level in in_order
    )


def file_name(spec_id: str, extension: str) -> str:
    """The file of a specification's code."""
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', spec_id)}.{extension}"


def head(facts: Facts) -> str:
    """Say what the script is."""
    spec = facts.spec
    lines = [spec.spec_id, *([spec.title] if spec.title else []), ""]
    lines += textwrap.wrap(spec.formula, 86, break_long_words=False, break_on_hyphens=False)
    lines += [f"{spec.estimator}; {spec.sample}", ""]
    lines += textwrap.wrap(
        "The same regression in R, from the columns of the data as they are. Run it in the"
        " folder in which it stands: Rscript " + file_name(spec.spec_id, "R"),
        86,
        break_long_words=False,
    )
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def packages(facts: Facts) -> list[str]:
    """The packages that a script loads."""
    spec, wanted = facts.spec, []
    kinds = {vcov.type for vcov in spec.vcovs if not unchecked(facts, vcov)}
    if kinds & {*HC, *CR} and spec.estimator != "mixed":
        wanted.append("sandwich")
    elif kinds & set(CR) or (by_means(facts) and kinds):
        wanted.append("clubSandwich" if spec.estimator == "mixed" else "sandwich")
    if kinds & set(ADJUSTED) and "clubSandwich" not in wanted:
        wanted.append("clubSandwich")
    if spec.estimator == "random_effects" or (by_means(facts) and fits_panel(facts)):
        wanted.append("plm")
    own = {"mixed": "lme4", "ordered_logit": "ordinal", "quantile": "quantreg"}
    return [*wanted, own[spec.estimator]] if spec.estimator in own else wanted


def reporting(facts: Facts) -> str:
    """Write what becomes of coefficients and covariances: the table."""
    spec = facts.spec
    lines = []
    if factors(facts):
        lines.append("L <- combinations(formula, d)")
        if spec.estimator == "ordered_logit":
            lines.append(
                'L <- L[rownames(L) != "(Intercept)", colnames(L) != "(Intercept)", drop = FALSE]'
            )
        elif spec.absorbed:
            hidden = '"^factor\\\\(|^\\\\(Intercept\\\\)$"'
            lines.append(f"L <- L[!grepl({hidden}, rownames(L)), , drop = FALSE]")
    else:
        lines.append("L <- diag(length(b))")
        lines.append("dimnames(L) <- list(names(b), names(b))")
        if spec.absorbed and not by_means(facts):
            hidden = '"^factor\\\\(|^\\\\(Intercept\\\\)$"'
            lines.append(f"L <- L[!grepl({hidden}, rownames(L)), , drop = FALSE]")
    if spec.estimator == "ordered_logit" and factors(facts):
        lines += [
            "thresholds <- matrix(diag(length(b))[names(b) %in% thresholds, ],",
            "                     ncol = length(b), dimnames = list(thresholds, names(b)))",
            "wide <- matrix(0, nrow(L), length(b), dimnames = list(rownames(L), names(b)))",
            "wide[, colnames(L)] <- L",
            "L <- rbind(wide, thresholds)",
        ]
    lines += contrasts(facts)
    return "\n".join(wrapped(line) for line in lines) + "\n" + table(leaves_out(facts))


def contrasts(facts: Facts) -> list[str]:
    """Combinations of reported terms that the specification asks for."""
    if not facts.spec.contrasts:
        return []
    known = {one.term: r_term(facts, one.parts) for one in facts.reported()}
    lines = ["# Contrasts."]
    for called, parts in facts.spec.contrasts:
        lacking = [term for term, _ in parts if term not in known]
        if lacking:
            lines.append(f"# {called}: there is no term {', '.join(lacking)}.")
            continue
        sums = ""
        for term, factor in parts:
            times = "" if abs(factor) == 1 else f"{number(abs(factor))} * "
            sign = (" - " if factor < 0 else " + ") if sums else "-" if factor < 0 else ""
            sums += f"{sign}{times}L[{text(known[term])}, ]"
        lines.append(f"L <- rbind(L, {text(called)} = {sums})")
    return lines
