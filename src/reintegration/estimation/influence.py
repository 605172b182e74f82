"""What an estimate would be without a country, a place or a person: refits in closed form.

Without the rows of a group g coefficients move by -R^-1 Q_g'(I - Q_g Q_g')^-1 e_g, the algebra of
CR3 and of the kernel's `leave_one_out`, here from a fit's own QR factors, so that weights, fixed
effects nested in the groups and aliased columns are as in the fit. A deviation from the average
country is redefined without a country: it is one from the average of the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from reintegration.estimation.absorb import nested
from reintegration.estimation.combine import contrasts
from reintegration.estimation.design import INTERCEPT, Effect
from reintegration.estimation.diagnostics import not_least_squares
from reintegration.estimation.fit import Fit
from reintegration.estimation.small_sample import cr3
from reintegration.estimation.specs import COUNTRY, DEVIATION

NOTHING_LEFT = 1e-9  # of a direction, when a group is taken out
OWN = "its own deviation does not exist without the country"
UNIDENTIFIED = "the other rows do not identify it"


@dataclass(frozen=True)
class LeftOut:
    """Coefficients without each group, shape (G, k), and the directions that are lost with it.

    `lost` maps a group to orthonormal rows, shape (l, k), in QR coordinates.
    """

    coefficients: np.ndarray
    lost: Mapping[int, np.ndarray]
    r: np.ndarray

    def estimate(self, group: int, weights: np.ndarray) -> float:
        """A combination of coefficients without a group; missing where it is not identified."""
        if group in self.lost:
            direction = solve_triangular(self.r, weights, trans="T")
            gone = np.linalg.norm(self.lost[group] @ direction)
            if gone > 1e-6 * np.linalg.norm(direction):
                return np.nan
        return float(weights @ self.coefficients[group])


def why_not(fit: Fit, groups: np.ndarray) -> str:
    """Say why groups cannot be left out in closed form; empty where they can."""
    if reason := not_least_squares(fit):
        return reason
    assert fit.design is not None
    if groups.max(initial=0) < 1:
        return "there is one group only"
    if fit.design.fixed is not None and not all(
        nested(codes, groups) for codes in fit.design.fixed.codes
    ):
        return f"fixed effects of {', '.join(fit.spec.absorbed)} reach over several groups"
    return ""


def leave_out(fit: Fit, groups: np.ndarray) -> LeftOut:
    """Coefficients without each group.

    Parameters
    ----------
    groups
        Group of each row, numbered from 0, shape (n,); see `why_not`.
    """
    design, solution = fit.design, fit.solution
    assert design is not None and solution is not None
    residuals = solution.residuals if solution.scaled is None else solution.scaled
    scores = cr3(design.q, residuals, groups)
    change = solve_triangular(design.r, scores.T).T
    share = np.bincount(groups, weights=np.einsum("ij,ij->i", design.q, design.q))
    lost = {}
    for group in np.flatnonzero(share > 1 - NOTHING_LEFT).tolist():
        own = design.q[groups == group]
        values, vectors = np.linalg.eigh(own.T @ own)
        gone = values > 1 - NOTHING_LEFT
        if gone.any():
            lost[group] = vectors[:, gone].T
    return LeftOut(solution.coefficients - change, lost, design.r)


def combinations(fit: Fit) -> dict[str, np.ndarray]:
    """The combinations of coefficients that terms stand for, contrasts among them, by term."""
    assert fit.design is not None
    effects = list(fit.design.effects)
    return _weights([*effects, *contrasts(effects, fit.spec)])


def _weights(effects: Sequence[Effect]) -> dict[str, np.ndarray]:
    return {effect.term: effect.weights for effect in effects if effect.weights is not None}


def without_country(fit: Fit, country: str) -> dict[str, np.ndarray | str]:
    """The combinations that terms stand for without a country, or why there is none.

    Deviations are from the average of the other countries; what holds for the average country
    (intercept, terms that differ by country) is then that of the others.
    """
    assert fit.design is not None
    plain = _weights(fit.design.effects)
    if COUNTRY not in fit.spec.variables or fit.spec.coding_of(COUNTRY) != DEVIATION:
        return dict(combinations(fit))
    by_country: dict[str, dict[str, np.ndarray]] = {}
    for term, weights in plain.items():
        if found := _country_of(term):
            by_country.setdefault(found[1], {})[found[0]] = weights
    mean = {
        rest: np.mean([w for name, w in each.items() if name != country], axis=0)
        for rest, each in by_country.items()
        if set(each) - {country}
    }
    changed: dict[str, np.ndarray | str] = {}
    for term, weights in plain.items():
        found = _country_of(term)
        if found and found[0] == country:
            changed[term] = OWN
        elif found:
            changed[term] = weights - mean[found[1]]
        else:
            changed[term] = weights + mean.get(term, 0.0)
    for name, parts in fit.spec.contrasts:
        changed[name] = _combined([(factor, changed.get(term, "")) for term, factor in parts])
    return changed


def _combined(parts: Sequence[tuple[float, np.ndarray | str]]) -> np.ndarray | str:
    """A combination of combinations, or why one of them does not exist."""
    total: np.ndarray | None = None
    for factor, part in parts:
        if isinstance(part, str):
            return part or UNIDENTIFIED
        total = factor * part if total is None else total + factor * part
    return UNIDENTIFIED if total is None else total


def _country_of(term: str) -> tuple[str, str] | None:
    """Country of a term and what it stands beside: `intercept`, or the rest of an interaction."""
    parts = term.split(":")
    own = [part for part in parts if part.startswith(f"{COUNTRY}.")]
    if not own:
        return None
    rest = ":".join(part for part in parts if part != own[0])
    return own[0].removeprefix(f"{COUNTRY}."), rest or INTERCEPT
