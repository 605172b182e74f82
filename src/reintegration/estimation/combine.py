"""Effects beside those of columns: thresholds, and contrasts that a specification asks for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reintegration.estimation.design import Effect
from reintegration.estimation.estimators import Solution
from reintegration.estimation.grammar import suggest
from reintegration.estimation.results import NOT_ESTIMABLE_UNDER_VCOV, OK
from reintegration.estimation.specs import Specification

CONTRAST = "contrast"


def with_extras(effects: Sequence[Effect], solution: Solution) -> list[Effect]:
    """Add parameters that stand beside the columns, such as thresholds."""
    k = len(solution.coefficients)
    extras = [extra for extra in solution.extras if extra.value is None]
    first = k - len(extras)
    padded = [
        replace(effect, weights=np.append(effect.weights, np.zeros(k - first)))
        if effect.weights is not None and extras
        else effect
        for effect in effects
    ]
    return padded + [
        Effect(extra.term, extra.group, extra.term, "", extra.contrast, weights, None)
        for extra, weights in zip(extras, np.eye(k)[first:], strict=True)
    ]


def contrasts(effects: Sequence[Effect], spec: Specification) -> list[Effect]:
    """Combine reported effects as the specification asks."""
    known = {effect.term: effect for effect in effects}
    combined = []
    for name, parts in spec.contrasts:
        problem, total = "", None
        for term, factor in parts:
            effect = known.get(term)
            if effect is None:
                problem = _reference(term, effects) or (
                    f"there is no term {term}; {suggest(term, known)}"
                )
            elif effect.weights is None:
                problem = effect.problem
            else:
                total = factor * effect.weights + (0 if total is None else total)
        text = " ".join(f"{'-' if f < 0 else '+'} {abs(f):g} {term}" for term, f in parts)
        weights = None if problem else total
        text = text.removeprefix("+ ")
        combined.append(Effect(name, CONTRAST, name, "", text, weights, None, problem))
    return combined


def _reference(term: str, effects: Sequence[Effect]) -> str:
    """Say that a name is that of a reference level, if so."""
    for effect in effects:
        level = term.removeprefix(f"{effect.variable}.")
        if level != term and effect.contrast == f"{effect.level} minus {level}":
            return (
                f"{term} is the reference, with which the levels of {effect.variable} are"
                " compared: leave it out"
            )
    return ""


def check_parts(row: dict[str, Any], parts: Sequence[dict[str, Any]]) -> None:
    """Take the number from a contrast of a part that its covariance cannot serve.

    It is carried by no more clusters than the part that fewest carry.
    """
    counted = [part["n_carrying"] for part in (row, *parts) if part["n_carrying"] >= 0]
    row["n_carrying"] = min(counted, default=np.nan)
    wrong = [part for part in parts if part["status"] == NOT_ESTIMABLE_UNDER_VCOV]
    if row["status"] in (OK, NOT_ESTIMABLE_UNDER_VCOV) and wrong:
        numbers = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
        reason = f"{wrong[0]['term']}: {wrong[0]['warnings']}"
        row |= dict.fromkeys(numbers, np.nan)
        row |= {"status": NOT_ESTIMABLE_UNDER_VCOV, "warnings": reason}
