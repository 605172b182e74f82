"""Estimates here against those of R: differences, and whether they are what rounding allows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reintegration.audit.code.facts import Facts, label
from reintegration.audit.code.r import r_term, unchecked
from reintegration.audit.code.r_limits import coded_otherwise
from reintegration.estimation.specs import Vcov

CHECKED, NOT_CHECKED = "checked", "not_checked"
NO_R = "R is not installed"


@dataclass(frozen=True)
class Tolerance:
    """Largest difference: of estimates in standard errors, of errors relative to their size."""

    estimate: float
    error: float


# Closed forms are solved to rounding on both sides; R's optimisers stop on a deviance that is
# flat to its square root, so that their estimates carry an error of their own.
CLOSED = Tolerance(1e-8, 1e-7)
ITERATIVE = Tolerance(1e-4, 1e-4)
CLOSED_FORMS = ("ols", "within", "random_effects")
DIGITS = 1e-11  # relative: results are written with 12 digits


def tolerance_of(estimator: str) -> Tolerance:
    """What an estimator may differ from R's."""
    return CLOSED if estimator in CLOSED_FORMS else ITERATIVE


def expected_names(facts: Facts) -> dict[str, str]:
    """What R calls each reported number, by the name it has here."""
    names = {one.term: r_term(facts, one.parts) for one in facts.reported()}
    return names | {name: name for name, _ in facts.spec.contrasts}


def random_names(facts: Facts, given: str) -> str:
    """The name here of a parameter of the random part, as `run.R` names it."""
    random = facts.spec.random
    kind, *parts = given.split("\t")
    if random is None or not parts:
        return given
    named = ["intercept" if part == "(Intercept)" else part for part in parts]
    return ".".join([kind, random.groups, *named])


@dataclass(frozen=True)
class Found:
    """What R found for a specification: numbers by covariance and name, or why there are none."""

    engine: str
    numbers: Mapping[tuple[str, str], tuple[float, float]]
    problems: Mapping[str, str]


def found_by_script(found: pd.DataFrame) -> dict[str, Found]:
    """Sort what `run_scripts` brings by script."""
    by_script = {}
    for script, rows in found.groupby("script", sort=False):
        numbers: dict[tuple[str, str], tuple[float, float]] = {}
        problems: dict[str, str] = {}
        for row in rows.to_dict("records"):
            if row["problem"]:
                problems[row["covariance"]] = plain_problem(str(row["problem"]))
            else:
                numbers[row["covariance"], row["term"]] = (row["estimate"], row["std_error"])
        by_script[str(script)] = Found(str(rows["engine"].iloc[0]), numbers, problems)
    return by_script


def plain_problem(said: str) -> str:
    """Say what went wrong in R, without numbers that would make every row a case of its own."""
    said = " ".join(said.split())
    if "singular" in said:
        return "R cannot invert a matrix that this covariance needs (singular)"
    return said


def compare(
    facts: Facts,
    found: Found | None,
    ours: Iterable[Mapping[str, Any]],
    absent: str = NO_R,
) -> Iterator[dict[str, Any]]:
    """Compare the estimates of a specification.

    Parameters
    ----------
    ours
        Rows with `estimate_id`, `term`, `vcov` (a `Vcov`), `estimate`, `std_error`, `status`.
    absent
        Why R found nothing, where `found` is None.
    """
    spec = facts.spec
    names = expected_names(facts)
    other = ", ".join(coded_otherwise(facts))
    for row in ours:
        vcov: Vcov = row["vcov"]
        base = {
            "estimate_id": row["estimate_id"],
            "engine": found.engine if found else "",
            "ours": row["estimate"],
            "ours_std_error": row["std_error"],
            "tolerance": "",
            "spec_id": spec.spec_id,
            "estimator": spec.estimator,
            "vcov": label(vcov),
            "status": NOT_CHECKED,
            "agrees": "",
        }
        if row["status"] != "ok":
            continue
        reason = ""
        if found is None:
            reason = absent
        elif not any(found.numbers):
            reason = found.problems.get("", "")
        else:
            reason = found.problems.get(label(vcov), "")
        if not reason and other:
            reason = f"R codes {other} by contrasts: its coefficients mean something else"
        if reason:
            yield base | {"reason": reason}
            continue
        assert found is not None
        random = row["term"] not in names
        theirs = None
        if random:
            wanted = {random_names(facts, n): v for (c, n), v in found.numbers.items() if c == ""}
            theirs = wanted.get(row["term"]) or found.numbers.get(
                (label(vcov), row["term"].removeprefix("threshold."))
            )
        else:
            theirs = found.numbers.get((label(vcov), names[row["term"]]))
        if theirs is None:
            yield base | {
                "status": CHECKED,
                "agrees": "no",
                "reason": "R has no number of this name: it left out another column",
            }
            continue
        scale = abs(_residual(found)) if random else 0.0
        judged = _judge(row["estimate"], row["std_error"], *theirs, spec.estimator, scale)
        if why := unchecked(facts, vcov):
            judged["reason"] = f"the estimate alone is compared: {why}"
        yield base | judged


def _judge(
    ours: float,
    ours_error: float,
    theirs: float,
    theirs_error: float,
    estimator: str,
    scale: float = 0.0,
) -> dict[str, Any]:
    """Compare; what has no error is measured by its size, or by the residual's, if larger."""
    limit = tolerance_of(estimator)
    difference = theirs - ours
    has_error = np.isfinite(ours_error) and ours_error > 0
    both = has_error and np.isfinite(theirs_error)
    in_errors = difference / ours_error if has_error else np.nan
    relative = (theirs_error - ours_error) / ours_error if both else np.nan
    size = ours_error if has_error else max(abs(ours), scale)
    agrees = abs(difference) <= limit.estimate * size + DIGITS * abs(ours)
    reason = "" if both else "R gives no standard error: the estimate alone is compared"
    if both:
        agrees = agrees and abs(relative) <= limit.error
    elif np.isfinite(ours_error) and np.isfinite(theirs_error):
        # An exact fit: both errors are rounding.
        agrees = abs(difference) <= 1e-9 * max(abs(ours), 1e-300)
        reason = "the fit is exact: the estimate alone is compared"
    return {
        "estimate": theirs,
        "std_error": theirs_error,
        "diff_in_std_errors": _rounded(in_errors),
        "rel_diff_std_error": _rounded(relative),
        "agrees": "yes" if agrees else "no",
        "tolerance": f"{limit.estimate:g} standard errors; {limit.error:g} of the error",
        "status": CHECKED,
        "reason": reason,
    }


def _residual(found: Found) -> float:
    """The residual's standard deviation or variance, where there is a random part."""
    names = ("sd.residual", "variance.idiosyncratic")
    return next((found.numbers["", name][0] for name in names if ("", name) in found.numbers), 0.0)


def _rounded(value: float) -> float:
    """What is below is rounding, and another number on each machine."""
    return round(value, 10) + 0.0 if np.isfinite(value) else value
