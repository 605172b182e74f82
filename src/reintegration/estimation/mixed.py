"""Linear mixed models: random intercept and slopes of one grouping, by REML or ML.

The deviance is profiled over fixed effects and residual variance as in lme4 (Bates et al. 2015),
from cross-products by group; its gradient is exact (complex steps), so that it ends in Newton
steps. Fixed effects have the covariance sigma^2 (X'V^-1 X)^-1, as in lme4.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from reintegration.estimation.covariance import Working
from reintegration.estimation.design import Design
from reintegration.estimation.estimators import Extra, Solution
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.small_sample import Blocks
from reintegration.estimation.specs import Random

_STEP = 1e-30  # of the complex step: no rounding at all
_SINGULAR = 1e-4  # as lme4 judges a fit on the boundary
_BOUNDARY = 1e-5  # a random part this small, against the residual, is zero


@dataclass(frozen=True)
class _Products:
    """Cross-products by group of random columns z with z, fixed columns q and y, and in all."""

    zz: np.ndarray
    zq: np.ndarray
    zy: np.ndarray
    qq: np.ndarray
    qy: np.ndarray
    yy: float
    n: int


def fit_mixed(
    design: Design, groups: np.ndarray, slopes: Mapping[str, np.ndarray], random: Random
) -> Solution:
    """Fit a mixed model.

    Raises
    ------
    NotEstimable
        If the data cannot tell the random part from the residual, or it does not converge.
    """
    n = len(design.y)
    names = [*(["intercept"] if random.intercept else []), *slopes]
    if not names:
        raise NotEstimable("the random part is empty")
    size = int(groups.max()) + 1
    if size < 2:
        raise NotEstimable(f"{random.groups} makes one group only")
    if n <= size * len(names):
        raise NotEstimable(
            f"{n} rows cannot tell {size * len(names)} random effects of {random.groups} from"
            " the residual"
        )
    z = np.column_stack([*([np.ones(n)] if random.intercept else []), *slopes.values()])
    scale = np.sqrt((z**2).mean(axis=0))
    z = z / np.where(scale > 0, scale, 1.0)
    order = np.argsort(groups, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(groups))[:-1])
    # y less its projection on x has the same deviance, and loses fewer digits.
    beta = np.linalg.solve(design.r, design.q.T @ design.y)
    y = design.y - design.x @ beta

    def by_group(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values[order], starts, axis=0)

    q = design.q
    products = _Products(
        zz=by_group(z[:, :, None] * z[:, None, :]),
        zq=by_group(z[:, :, None] * q[:, None, :]),
        zy=by_group(z * y[:, None]),
        qq=q.T @ q,
        qy=q.T @ y,
        yy=float(y @ y),
        n=n,
    )
    reml = random.method == "REML"
    places = _places(len(names), random.correlated)
    theta = _minimise(products, places, len(names), reml)
    value, gamma, sigma2, inner = _profile(theta, products, places, len(names), reml)
    relative = _factor(theta, places, len(names)).real
    factor = relative / np.where(scale > 0, scale, 1.0)[:, None]
    extras = _variances(factor, float(sigma2.real), names, random)
    cross = np.linalg.cholesky(inner.real).T
    triangle = cross @ design.r
    varying = z * np.where(scale > 0, scale, 1.0) @ factor
    # Whitened rows: X* = V^-1/2 X in units of the residual's variance.
    xs, ys = _whiten(np.column_stack([design.x, y]), varying, groups)
    whitened = np.linalg.solve(triangle.T, xs.T).T
    coefficients = beta + np.linalg.solve(design.r, gamma.real)
    scaled = ys - xs @ np.linalg.solve(design.r, gamma.real)
    zero = [extra.term for extra in extras[: len(names)] if not extra.value]
    warnings = _weak(z, names, relative, extras, zero)
    deviance = float(value.real)
    if reml:  # from the scale of orthonormal columns to that of the columns themselves
        deviance += 2 * float(np.log(np.abs(np.diag(design.r))).sum())
    return Solution(
        coefficients,
        design.y - design.x @ coefficients,
        r2=np.nan,
        r2_within=np.nan,
        absorbed=0,
        q=whitened,
        r=triangle,
        scaled=scaled,
        working=Working(
            normal=True,
            sigma2=float(sigma2.real),
            blocks=Blocks(
                varying,
                groups,
                np.linalg.solve(triangle.T, design.x.T).T,
                design.y - design.x @ coefficients,
            ),
        ),
        extras=tuple(extras),
        statistics={"sigma": float(np.sqrt(sigma2.real)), "loglik": -deviance / 2},
        warnings=warnings,
    )


def _places(size: int, correlated: bool) -> list[tuple[int, int]]:
    """List the cells of the lower triangular factor that are free, column by column."""
    return [(i, j) for j in range(size) for i in range(j, size) if correlated or i == j]


def _factor(theta: np.ndarray, places: list[tuple[int, int]], size: int) -> np.ndarray:
    factor = np.zeros((size, size), dtype=theta.dtype)
    for value, place in zip(theta, places, strict=True):
        factor[place] = value
    return factor


def _profile(
    theta: np.ndarray, p: _Products, places: list[tuple[int, int]], size: int, reml: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Compute deviance, fixed effects, residual variance and X'V^-1X, theta maybe complex."""
    factor = _factor(theta, places, size)
    turned = factor.T
    # V = I + Z L L' Z': V^-1 = I - Z L (I + L'Z'ZL)^-1 L'Z' in each group.
    middle = np.eye(size) + turned @ p.zz @ factor
    lq, ly = turned @ p.zq, turned @ p.zy[:, :, None]
    solved = np.linalg.solve(middle, np.concatenate([lq, ly], axis=2))
    sq, sy = solved[:, :, :-1], solved[:, :, -1:]
    qq = p.qq - np.einsum("gij,gik->jk", lq, sq)
    qy = p.qy - np.einsum("gij,gik->jk", lq, sy)[:, 0]
    yy = p.yy - np.einsum("gij,gik->jk", ly, sy)[0, 0]
    gamma = np.linalg.solve(qq, qy)
    rss = yy - qy @ gamma
    free = p.n - (len(gamma) if reml else 0)
    sigma2 = rss / free
    value = _log_det(middle).sum() + free * (1 + np.log(2 * np.pi * sigma2))
    if reml:
        value = value + _log_det(qq)
    return value, gamma, sigma2, qq


def _log_det(matrix: np.ndarray) -> np.ndarray:
    sign, size = np.linalg.slogdet(matrix)
    return size + 1j * np.angle(sign) if np.iscomplexobj(matrix) else size


def _minimise(p: _Products, places: list[tuple[int, int]], size: int, reml: bool) -> np.ndarray:
    """Find the factor of the random part: BFGS, then Newton with the exact gradient."""
    count = len(places)

    def value(theta: np.ndarray) -> float:
        return float(_profile(theta, p, places, size, reml)[0].real)

    def gradient(theta: np.ndarray) -> np.ndarray:
        steps = 1j * _STEP * np.eye(count)
        return np.array([_profile(theta + s, p, places, size, reml)[0].imag / _STEP for s in steps])

    start = np.array([1.0 if i == j else 0.0 for i, j in places])
    best = None
    with np.errstate(all="ignore"):
        for factor in (1.0, 0.1):
            found = minimize(value, factor * start, jac=gradient, method="BFGS", tol=1e-9)
            if np.isfinite(found.fun) and (best is None or found.fun < best.fun - 1e-9):
                best = found
        if best is None:
            raise NotEstimable("the mixed model did not converge")
        theta = best.x
        for _ in range(20):
            h = 1e-5
            slope = gradient(theta)
            hessian = np.array(
                [
                    (gradient(theta + h * e) - gradient(theta - h * e)) / (2 * h)
                    for e in np.eye(count)
                ]
            )
            curve, turn = np.linalg.eigh((hessian + hessian.T) / 2)
            if curve.min() <= 1e-7 * curve.max():
                break  # a flat direction: on the boundary, or not told by the data
            step = turn @ ((turn.T @ slope) / curve)
            theta = theta - step
            if np.abs(step).max() < 1e-12 * (1 + np.abs(theta).max()):
                break
    if not np.isfinite(theta).all() or np.abs(theta).max() > 1e6:
        raise NotEstimable("the mixed model did not converge")
    if np.abs(gradient(theta)).max() > 1e-3 * max(1.0, abs(value(theta)) * 1e-3):
        raise NotEstimable("the mixed model did not converge")
    diagonal = [place for place, (i, j) in enumerate(places) if i == j]
    theta[diagonal] = np.where(np.abs(theta[diagonal]) < _BOUNDARY, 0.0, theta[diagonal])
    return theta


def _variances(factor: np.ndarray, sigma2: float, names: list[str], random: Random) -> list[Extra]:
    """Report the random part as standard deviations and correlations."""
    matrix = factor @ factor.T * sigma2
    sd = np.sqrt(np.diag(matrix))
    rows = [
        Extra(f"sd.{random.groups}.{name}", "variance", f"standard deviation of {name}", float(s))
        for name, s in zip(names, sd, strict=True)
    ]
    for i in range(len(names)):
        for j in range(i if random.correlated else 0):
            if sd[i] * sd[j] > 0:
                rows.append(
                    Extra(
                        f"correlation.{random.groups}.{names[j]}.{names[i]}",
                        "variance",
                        f"correlation of {names[j]} and {names[i]}",
                        float(matrix[i, j] / (sd[i] * sd[j])),
                    )
                )
    rows.append(Extra("sd.residual", "variance", "standard deviation", float(np.sqrt(sigma2))))
    return rows


def _weak(
    z: np.ndarray, names: list[str], factor: np.ndarray, extras: list[Extra], zero: list[str]
) -> tuple[str, ...]:
    """Warn of a random part that the data do not tell, or only at its boundary."""
    warnings = [f"{', '.join(zero)} is zero: a fit on the boundary"] if zero else []
    if np.linalg.matrix_rank(z, tol=1e-7 * np.sqrt(len(z))) < len(names):
        warnings.append(
            f"the random part is not identified: {', '.join(names)} are collinear, and only the"
            " variance of their sum is told"
        )
    one = [e.term for e in extras if e.term.startswith("correlation.") and _is_one(e.value)]
    if one:
        warnings.append(f"{', '.join(one)} is one in size: a fit on the boundary")
    elif not zero and np.abs(np.diag(factor)).min() < _SINGULAR:
        warnings.append("the covariance of the random part is singular: a fit on the boundary")
    return tuple(warnings)


def _is_one(value: float | None) -> bool:
    return value is not None and abs(value) > 1 - _SINGULAR**2


def _whiten(values: np.ndarray, z: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Multiply by V^-1/2 in each group; the last column comes back apart."""
    out = values.copy()
    order = np.argsort(groups, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(groups))[:-1]):
        axes, stretch, _ = np.linalg.svd(z[rows], full_matrices=False)
        shrink = 1 / np.sqrt(1 + stretch**2) - 1
        out[rows] += axes @ (shrink[:, None] * (axes.T @ values[rows]))
    return out[:, :-1], out[:, -1]
