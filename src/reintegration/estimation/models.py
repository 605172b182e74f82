"""Which function fits which estimator beside least squares."""

import pandas as pd

from reintegration.estimation.design import Design
from reintegration.estimation.estimators import Solution
from reintegration.estimation.logit import fit_logit
from reintegration.estimation.mixed import fit_mixed
from reintegration.estimation.ordered import fit_ordered
from reintegration.estimation.quantile import fit_quantile
from reintegration.estimation.random_effects import fit_random_effects
from reintegration.estimation.rows import group_codes
from reintegration.estimation.specs import Specification


def solve(design: Design, frame: pd.DataFrame, spec: Specification) -> tuple[Design, Solution]:
    """Fit by the specification's estimator; ordered logit has no intercept in its design."""
    if spec.estimator in ("logit", "fractional_logit"):
        return design, fit_logit(design, spec)
    if spec.estimator == "ordered_logit":
        return fit_ordered(design, spec)
    if spec.estimator == "quantile":
        return design, fit_quantile(design, spec)
    assert spec.random is not None
    sample = frame.iloc[design.rows]
    groups = group_codes(sample, spec.random.groups)
    if spec.estimator == "random_effects":
        return design, fit_random_effects(design, groups)
    slopes = {name: sample[name].to_numpy(dtype=float) for name in spec.random.slopes}
    return design, fit_mixed(design, groups, slopes, spec.random)
