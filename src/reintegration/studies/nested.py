"""Which specifications are compared as columns of a table: each must be nested in the next.

Light to import: the plan of a study checks it each time the Snakefile is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reintegration import config
from reintegration.errors import StudyError
from reintegration.estimation.declared import expand
from reintegration.estimation.specs import Specification

LINEAR = ("ols", "within")  # estimators whose coefficients add up


@dataclass(frozen=True)
class Pair:
    """Two columns of one outcome: `comparison` is `shorter-longer`, `columns` what declares it."""

    columns: str
    comparison: str
    before: Specification
    after: Specification


def column_pairs(
    specifications: Sequence[config.Specification], assistance: config.Assistance
) -> list[Pair]:
    """List the pairs of `columns`: each column and the next, then the first and the last.

    Raises
    ------
    StudyError
        With every column that is not nested in the next.
    """
    expanded = {spec.spec_id: spec for spec in expand(specifications, assistance)}
    pairs, problems = [], []
    for declared in specifications:
        names = [*declared.columns, declared.id]
        steps = [*pairwise(names), *([(names[0], names[-1])] if len(names) > 2 else [])]
        for shorter, longer in steps:
            found = [
                Pair(
                    declared.id,
                    f"{shorter}-{longer}",
                    expanded[f"{shorter}.{outcome}"],
                    expanded[f"{longer}.{outcome}"],
                )
                for outcome in declared.outcomes
            ]
            pairs += found
            problems += [
                f"specifications.{declared.id}.columns.{shorter}: is not nested in {longer}: {why}"
                for why in _not_nested(found[0].before, found[0].after)
            ]
    if problems:
        raise StudyError("config.yaml: columns cannot be compared.", problems)
    return pairs


def _not_nested(before: Specification, after: Specification) -> list[str]:
    """Say why a specification is not nested in another, which it is like but for its terms."""
    reasons = []
    if gone := [str(term) for term in before.right_side if term not in after.right_side]:
        reasons.append(f"{', '.join(gone)} is not in it")
    elif len(after.right_side) == len(before.right_side):
        reasons.append("it adds nothing")
    if after.estimator not in LINEAR:
        reasons.append(f"{after.estimator} is not linear: `estimator` must be ols or within")
    return reasons
