"""Refits: each assistance effect of a specification asked again in another way.

Light to import: refits are listed and checked without data. What they need beside the columns of
the surveys stands in a frame of their own, made by `studies.refits`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from reintegration import config
from reintegration.codebook import Codebook
from reintegration.estimation.grammar import Term
from reintegration.estimation.specs import PREFIX, RETURNEE, Specification, Vcov
from reintegration.moved import moved_scores, without

WITHOUT_ITEMS, PERSON_EQUAL = "without_items", "person_equal"
COMMON_MONTHS, WITHIN_BETWEEN = "common_months", "within_between"
ROBUSTNESS = "robustness"

# Columns of the frame of a specification's refits.
EQUAL_WEIGHT, WHOLE_MONTHS, IN_COMMON = "equal_weight", "whole_months", "common_months"
WITHIN, BETWEEN, MEAN = "within_", "between_", "mean_"
MONTHS = "months_since_return"
# What is of the survey rather than of the person, and so may differ between a person's surveys.
OF_THE_SURVEY = (
    *(MONTHS, "round", "is_first", "is_last", "age", "mode", "language", "dependants"),
    *("school_age_children",),
)

Moved = Mapping[str, Sequence[str]]  # score -> types of assistance whose items it holds


def refit_specifications(
    declared: Sequence[config.Specification], expanded: Sequence[Specification], moved: Moved
) -> list[Specification]:
    """List the refits that declared specifications ask for.

    Parameters
    ----------
    expanded
        The declared specifications, one per outcome.
    moved
        As `moved_scores` gives it. A score that holds no item of a type is not refitted without.
    """
    asked = {one.id: one.refits for one in declared}
    refits = []
    for base in expanded:
        for name in asked.get(declared_id(base), ()):
            refits += _MAKERS[name](base, moved)
    return refits


def declared_id(base: Specification) -> str:
    """The id under which a specification is declared, without its outcome."""
    return base.spec_id.removesuffix(f".{base.outcome}")


def assistance_terms(base: Specification) -> tuple[Term, ...]:
    """The assistance effects of a specification, interactions left aside."""
    return tuple(
        term
        for term in base.terms
        if len(term.variables) == 1 and term.variables[0].startswith(PREFIX)
    )


def frame_name(base: Specification) -> str:
    """Name the rows of a specification's refits: its own, with further columns."""
    return f"{base.data}_{base.spec_id.replace('.', '_')}"


def _refit(base: Specification, name: str, terms: Sequence[Term]) -> Specification:
    """Take the terms of interest of a refit; all other terms become controls."""
    others = [term for term in (*base.terms, *base.controls) if term not in terms]
    return replace(
        base,
        spec_id=f"{base.spec_id}.{name}",
        title=f"{base.title} ({name.split('.')[0].replace('_', ' ')})",
        role=ROBUSTNESS,
        terms=tuple(terms),
        controls=tuple(others),
        contrasts=(),
        family="",
        family_terms=(),
        also=(),
        refit_of=base.spec_id,
    )


def _without_items(base: Specification, moved: Moved) -> list[Specification]:
    score = base.outcome.removeprefix("change_")
    refits = []
    for term in assistance_terms(base):
        kind = term.variables[0].removeprefix(PREFIX)
        if kind in moved.get(score, ()):
            refit = _refit(base, f"{WITHOUT_ITEMS}.{kind}", [term])
            refits.append(replace(refit, outcome=without(base.outcome, kind), single=kind))
    return refits


def _person_equal(base: Specification, moved: Moved) -> list[Specification]:
    refit = _refit(base, PERSON_EQUAL, assistance_terms(base))
    return [replace(refit, data=frame_name(base), weights=EQUAL_WEIGHT)]


def _common_months(base: Specification, moved: Moved) -> list[Specification]:
    refit = _refit(base, COMMON_MONTHS, assistance_terms(base))
    rows = f"{IN_COMMON} == 1"
    return [
        replace(
            refit,
            data=frame_name(base),
            filter=f"({base.filter}) and {rows}" if base.filter else rows,
            controls=tuple(term for term in refit.controls if term != Term((MONTHS,))),
            fixed_effects=(*base.fixed_effects, WHOLE_MONTHS),
        )
    ]


def _within_between(base: Specification, moved: Moved) -> list[Specification]:
    kinds = [term.variables[0].removeprefix(PREFIX) for term in assistance_terms(base)]
    parts = [Term((f"{PREFIX}{part}{kind}",)) for part in (WITHIN, BETWEEN) for kind in kinds]
    means = [Term((f"{MEAN}{name}",)) for name in varying(base)]
    others = [term for term in (*base.terms, *base.controls) if term not in assistance_terms(base)]
    refit = _refit(base, WITHIN_BETWEEN, parts)
    return [
        replace(
            refit,
            data=frame_name(base),
            controls=(*others, *means),
            vcov=base.vcov if base.vcov.cluster else Vcov("CR1S", RETURNEE),
        )
    ]


def varying(base: Specification) -> list[str]:
    """Name the terms of one variable that may differ between surveys of a person."""
    mains = [term.variables[0] for term in base.right_side if len(term.variables) == 1]
    return [name for name in mains if name in OF_THE_SURVEY]


_MAKERS: dict[str, Callable[[Specification, Moved], list[Specification]]] = {
    WITHOUT_ITEMS: _without_items,
    PERSON_EQUAL: _person_equal,
    COMMON_MONTHS: _common_months,
    WITHIN_BETWEEN: _within_between,
}


def refit_problems(
    declared: Sequence[config.Specification],
    expanded: Sequence[Specification],
    assistance: config.Assistance,
    codebook: Codebook,
) -> list[str]:
    """Say which refits cannot be made, and what `assistance.moves` names that is not there."""
    problems = []
    for kind, items in assistance.moves.items():
        key = f"assistance.moves.{kind}"
        if kind not in codebook.assistance:
            types = ", ".join(codebook.assistance)
            problems.append(f"{key}: {kind!r} is no type of assistance of the codebook ({types})")
        problems += [
            f"{key}: {item!r} is no item of the codebook, which has {', '.join(codebook.items)}"
            for item in items
            if item not in codebook.items
        ]
    moved = moved_scores(codebook, assistance.moves)
    for one in declared:
        key = f"specifications.{one.id}.refits"
        bases = [base for base in expanded if declared_id(base) == one.id]
        if one.refits and not any(map(assistance_terms, bases)):
            problems.append(f"{key}: refits ask assistance effects again, and no term is one")
            continue
        for name in one.refits:
            if one.estimator != "ols":
                problems.append(f"{key}: {name} is made for `estimator: ols`, not {one.estimator}")
            elif name == WITHOUT_ITEMS:
                if not any(_without_items(base, moved) for base in bases):
                    problems.append(
                        f"{key}: {name} needs a score that holds an item of `assistance.moves`"
                    )
            elif one.data != "surveys":
                problems.append(
                    f"{key}: {name} compares surveys; `data: {one.data}` has one row per returnee,"
                    f" where only {WITHOUT_ITEMS} can be asked"
                )
            elif name == PERSON_EQUAL and one.weights:
                problems.append(f"{key}: {name} gives weights, and `weights` are declared already")
            elif name == WITHIN_BETWEEN and RETURNEE in one.fixed_effects:
                problems.append(
                    f"{key}: {name} has nothing to split under fixed effects of {RETURNEE}"
                )
    return problems
