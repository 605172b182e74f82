"""One regression on a sample's statistics, by QR: for hard cases, CR2, CR3 and resampling."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from reintegration.estimation.design import INTERCEPT, independent_columns
from reintegration.estimation.kernel.gram import Gram

NO_FREEDOM = 1e-9  # of a direction, what is left when a cluster is taken out


@dataclass(frozen=True)
class Equation:
    """A regression to be solved: outcome, regressors, and the terms that are asked for.

    `terms` are regressors or `intercept`; default: all regressors. The intercept is meant.
    """

    outcome: str
    regressors: tuple[str, ...]
    terms: tuple[str, ...] | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The terms asked for."""
        return self.regressors if self.terms is None else self.terms


@dataclass(frozen=True)
class Single:
    """One regression in the basis of a sample.

    `span`, shape (r, k), is an orthonormal basis of its k columns, the intercept first.
    `residual`, shape (r,), times `scale` is the residual vector. `influence`, shape (T, r),
    multiplied by the outcome gives the coefficients of the terms asked for. `dropped` names
    each aliased column with those that explain it; the rows of influence and the coefficients,
    shape (T,), of terms that were dropped are missing.
    """

    gram: Gram
    terms: tuple[str, ...]
    coefficients: np.ndarray
    span: np.ndarray
    residual: np.ndarray
    scale: float
    influence: np.ndarray
    dropped: dict[str, tuple[str, ...]]

    @property
    def k(self) -> int:
        """Number of coefficients, the intercept among them."""
        return self.span.shape[1]

    def require(self, term: str) -> int:
        """Return the place of a term that must be estimable.

        Raises
        ------
        ValueError
            If it is not asked for, or was dropped.
        """
        if term not in self.terms:
            raise ValueError(f"{term} is not a term of this regression")
        if term in self.dropped:
            raise ValueError(dropped_text(term, self.dropped[term]))
        return self.terms.index(term)


def single(gram: Gram, equation: Equation) -> Single:
    """Solve one regression with the precision of QR on its rows.

    Columns that are combinations of earlier ones are dropped by name as R's `lm` does.

    Raises
    ------
    ValueError
        If a column is unknown, the sample allows no estimate, or no degree of freedom is left.
    """
    if reason := problem(gram, equation):
        raise ValueError(reason)
    names = tuple(dict.fromkeys(equation.regressors))
    columns = [gram.position[name] for name in names]
    kept, dropped = keep_columns(gram, columns)
    if gram.n - len(kept) - 1 < 1:
        raise ValueError(too_few(gram.n, len(kept) + 1))
    terms = equation.asked
    places = [
        -1 if term == INTERCEPT else kept.index(gram.position[term])
        for term in terms
        if term not in dropped
    ]
    outcome = gram.position[equation.outcome]
    b, e, v, span = solve_precisely(gram, outcome, kept, places)
    estimable = [i for i, term in enumerate(terms) if term not in dropped]
    coefficients = np.full(len(terms), np.nan)
    influence = np.full((len(terms), len(e)), np.nan)
    coefficients[estimable], influence[estimable] = b, v
    return Single(
        gram, terms, coefficients, span, e, float(gram.norms[outcome]), influence, dropped
    )


def problem(gram: Gram, equation: Equation) -> str:
    """Say why an equation cannot be fitted whatever its columns turn out to be, or nothing."""
    if gram.problem:
        return gram.problem
    needed = (equation.outcome, *equation.regressors)
    if absent := [name for name in needed if name not in gram.position]:
        return f"the data have no column {', '.join(dict.fromkeys(absent))}"
    if strange := set(equation.asked) - set(equation.regressors) - {INTERCEPT}:
        return f"terms that are no regressors: {', '.join(sorted(strange))}"
    if gram.constant[gram.position[equation.outcome]]:
        return f"{equation.outcome} does not vary in the sample"
    return ""


def too_few(n: int, k: int) -> str:
    """Say that there are too few rows."""
    return f"{n} rows cannot tell {k} coefficients and an error apart"


def dropped_text(name: str, by: Sequence[str]) -> str:
    """Say that a column was dropped, and why."""
    if not by or tuple(by) == (INTERCEPT,):
        return f"{name} does not vary in the sample, to 1e-7 of its size, and was dropped"
    return f"{name} was dropped: it is a combination of {', '.join(by)}"


def keep_columns(
    gram: Gram, columns: Sequence[int]
) -> tuple[list[int], dict[str, tuple[str, ...]]]:
    """Say which columns earlier ones do not explain, and name those that explain the others."""
    columns = list(columns)
    rate = gram.means[columns] / gram.norms[columns]
    r, root = len(gram.coordinates), np.sqrt(gram.total_weight)
    raw = np.zeros((max(r, len(columns) + 1), len(columns) + 1))
    raw[0, 0] = root
    raw[:r, 1:] = gram.coordinates[:, columns]
    raw[0, 1:] = rate * root
    lengths = np.concatenate([[root], np.sqrt(1 + rate**2 * gram.total_weight)])
    kept, aliased = independent_columns(raw, lengths)
    names = (INTERCEPT, *(gram.names[j] for j in columns))
    dropped = {names[j]: tuple(names[i] for i in by) for j, by in aliased.items()}
    return [columns[j - 1] for j in kept if j > 0], dropped


def solve_precisely(
    gram: Gram, outcome: int, columns: Sequence[int], places: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Solve by QR on the coordinates of independent columns.

    Parameters
    ----------
    places
        Terms asked for, as places in `columns`; -1 is the intercept.

    Returns
    -------
    Coefficients, shape (T,); the residual in the basis, shape (r,); influence, shape (T, r);
    the basis of intercept and columns, shape (r, k).
    """
    columns = list(columns)
    q, t = np.linalg.qr(gram.coordinates[:, columns])
    y = gram.coordinates[:, outcome]
    first = q.T @ y
    residual = y - q @ first
    second = q.T @ residual  # once more, for what rounding left
    residual -= q @ second
    scaled = solve_triangular(t, first + second) if columns else first
    inverse = solve_triangular(t, q.T) if columns else q.T
    rate = gram.means[columns] / gram.norms[columns]
    b = np.empty(len(places))
    v = np.empty((len(places), len(y)))
    for i, place in enumerate(places):
        if place < 0:
            b[i] = gram.means[outcome] - gram.norms[outcome] * (rate @ scaled)
            v[i] = -rate @ inverse
            v[i, 0] += 1 / np.sqrt(gram.total_weight)
        else:
            norm = gram.norms[columns[place]]
            b[i] = scaled[place] * gram.norms[outcome] / norm
            v[i] = inverse[place] / norm
    span = np.column_stack([np.eye(len(y))[:, 0], q])
    return b, residual, v, span


@dataclass(frozen=True)
class Adjusted:
    """Covariance of the terms, shape (T, T), their degrees of freedom, shape (T,).

    `leaning`, shape (T,), counts the clusters without which a term is not identified.
    """

    covariance: np.ndarray
    df: np.ndarray
    leaning: np.ndarray


def adjusted(fit: Single, kind: str) -> Adjusted:
    """Compute CR2 or CR3: scores corrected by cluster for the model's own fit.

    CR2 multiplies the residuals of a cluster by (I - H_gg)^-1/2 (Bell and McCaffrey 2002, with
    an identity working model and Satterthwaite degrees of freedom), CR3 by (I - H_gg)^-1,
    without a factor, as R's clubSandwich; the jackknife of MacKinnon, Nielsen and Webb (2023)
    is CR3 times (G-1)/G. In the basis of the columns both are k x k: the scores are
    (I - Q_g'Q_g)^-1/2 Q_g'e_g, and the same without the root.
    """
    span, g = fit.span, fit.gram.n_clusters
    left = fit.influence @ span
    values, vectors = np.linalg.eigh(span.T @ fit.gram.products() @ span)
    free = 1 - values > NO_FREEDOM
    factor = np.zeros_like(values)
    factor[free] = (1 - values[free]) ** (-0.5 if kind == "CR2" else -1.0)
    scores = fit.gram.scores(span.T, fit.residual).T * fit.scale
    turned = np.einsum("gij,gi->gj", vectors, scores) * factor
    directions = left @ vectors  # (G, T, k)
    by_cluster = np.einsum("gtk,gk->tg", directions, turned)
    lost = np.where(free[:, None, :], 0.0, directions)
    length = np.linalg.norm(left, axis=1)
    leaning = (np.linalg.norm(lost, axis=2) > 1e-6 * length).sum(axis=0)
    df = np.full(len(left), g - 1.0)
    if kind == "CR2":
        shares = directions * (values * factor)[:, None, :]
        own = np.einsum("gtk,gtk->tg", shares * factor[:, None, :], directions)
        moved = np.einsum("gik,gtk->tgi", vectors, shares)
        crossed = np.einsum("tgi,tgi->tg", moved, moved)
        inner = np.swapaxes(moved, 1, 2) @ moved
        squares = (own**2).sum(1) - 2 * (own * crossed).sum(1) + (inner**2).sum((1, 2))
        with np.errstate(invalid="ignore", divide="ignore"):
            df = (own.sum(1) - crossed.sum(1)) ** 2 / squares
    return Adjusted(by_cluster @ by_cluster.T, df, leaning)
