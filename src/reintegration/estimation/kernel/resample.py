"""Refits of one regression without a cluster, with clusters drawn, or with a column permuted.

A sample in which cluster g counts f_g times has the cross-products sum f_g Q_g'Q_g, so that
leaving out and drawing clusters are small systems; rows are not touched. MacKinnon, Nielsen
and Webb (2023, `summclust`) for leaving out clusters; Cameron, Gelbach and Miller (2008) for
pairs of clusters drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reintegration.estimation.design import INTERCEPT
from reintegration.estimation.kernel.assign import drawn_assignments
from reintegration.estimation.kernel.gram import Gram
from reintegration.estimation.kernel.single import NO_FREEDOM, Equation, Single, single

SAME = 1e-9  # relative difference below which two statistics tie


@dataclass(frozen=True)
class Refits:
    """Coefficients in B other samples, shape (B, T), beside those of the whole sample, (T,).

    `labels`, shape (B,), names what was left out (or numbers the draws). A coefficient is
    missing where the other sample does not identify the term; `lost`, shape (B, T), says so.
    """

    terms: tuple[str, ...]
    labels: np.ndarray
    whole: np.ndarray
    coefficients: np.ndarray
    lost: np.ndarray

    @property
    def changes(self) -> np.ndarray:
        """Coefficient of the whole sample less that of the other one: DFBETA, shape (B, T)."""
        return self.whole - self.coefficients

    def dfbetas(self, std_errors: np.ndarray) -> np.ndarray:
        """Changes in standard errors of the whole sample, shape (B, T).

        Parameters
        ----------
        std_errors
            Of the terms, of any kind, shape (T,).
        """
        return self.changes / std_errors

    def jackknife(self) -> np.ndarray:
        """Return CV3 of MacKinnon, Nielsen and Webb: (G-1)/G sum of the changes' products.

        Shape (T, T); for samples without one cluster each.
        """
        n = len(self.labels)
        return (n - 1) / n * self.changes.T @ self.changes


def leave_one_out(
    gram: Gram, equation: Equation, groups: Sequence[object] | np.ndarray | None = None
) -> Refits:
    """Refit without each cluster, or without each value of something clusters are nested in.

    Parameters
    ----------
    groups
        Value of each cluster (its country), in the order of `gram.clusters`, shape (G,).
        Default: each cluster by itself. What clusters are not nested in needs statistics of
        its own, formed with it as the clusters.

    Raises
    ------
    ValueError
        If the equation cannot be fitted to the whole sample (see `solve`), or `groups` has
        another length.
    """
    fit = single(gram, equation)
    if groups is None:
        labels, codes = gram.clusters, np.arange(gram.n_clusters)
    else:
        labels, codes = np.unique(np.asarray(groups), return_inverse=True)
        if codes.shape != (gram.n_clusters,):
            raise ValueError(f"{gram.n_clusters} clusters need as many groups, not {codes.shape}")
    products = gram.products(codes)
    inner = np.eye(fit.k) - fit.span.T @ products @ fit.span
    scores = -(fit.span.T @ (products @ fit.residual).T).T  # U'e is zero over all clusters
    return _refits(fit, inner, scores, labels)


def cluster_bootstrap(
    gram: Gram, equation: Equation, draws: int, rng: np.random.Generator
) -> Refits:
    """Refit to samples of clusters drawn with replacement (pairs cluster bootstrap).

    Parameters
    ----------
    draws
        Number of samples, each of as many clusters as there are.

    Raises
    ------
    ValueError
        If the equation cannot be fitted to the whole sample, or clusters are so many that
        their cross-products take more than 1 GB.
    """
    fit = single(gram, equation)
    g, k = gram.n_clusters, fit.k
    products = gram.products()
    own = (fit.span.T @ products @ fit.span).reshape(g, k * k)
    scores = (products @ fit.residual) @ fit.span
    times = rng.multinomial(g, np.full(g, 1 / g), size=draws).astype(float)
    return _refits(fit, (times @ own).reshape(-1, k, k), times @ scores, np.arange(draws))


def _refits(fit: Single, inner: np.ndarray, scores: np.ndarray, labels: np.ndarray) -> Refits:
    """Solve for the change of the coefficients in other samples.

    Parameters
    ----------
    inner, scores
        Cross-products of the columns' basis, shape (B, k, k), and with the residual, (B, k).
    """
    left = fit.influence @ fit.span
    values, vectors = np.linalg.eigh(inner)
    held = values > NO_FREEDOM
    rate = np.where(held, 1 / np.where(held, values, 1.0), 0.0)
    turned = np.einsum("bij,bi->bj", vectors, scores) * rate
    directions = left @ vectors  # (B, T, k)
    coefficients = fit.coefficients + np.einsum("btk,bk->bt", directions, turned) * fit.scale
    gone = np.linalg.norm(np.where(held[:, None, :], 0.0, directions), axis=2)
    lost = ~(gone <= 1e-6 * np.linalg.norm(left, axis=1))
    coefficients[lost] = np.nan
    return Refits(fit.terms, labels, fit.coefficients, coefficients, lost)


@dataclass(frozen=True)
class Permutation:
    """Test of one cluster-level column by permuting it over the clusters.

    `coefficients` and `statistics` (t with CR0 errors), shape (draws,), are those of the
    permuted columns. `p_coefficient` and `p_statistic` are (1 + draws at least as extreme,
    ties included) / (1 + draws).
    """

    term: str
    estimate: float
    statistic: float
    p_coefficient: float
    p_statistic: float
    coefficients: np.ndarray
    statistics: np.ndarray


def permute(
    gram: Gram,
    equation: Equation,
    term: str,
    draws: int,
    rng: np.random.Generator,
    within: Sequence[object] | np.ndarray | None = None,
) -> Permutation:
    """Test a column that does not vary within clusters by permuting it over the clusters.

    Every permutation is refitted with the other columns as they are (Frisch and Waugh), and
    t with CR0 errors is compared, which holds the level where variances differ better than
    the coefficient does.

    Parameters
    ----------
    within
        Stratum of each cluster, in the order of `gram.clusters`, shape (G,): clusters change
        places within strata only. Default: all are one stratum.

    Raises
    ------
    ValueError
        If the term varies within clusters or cannot be estimated.
    """
    single(gram, Equation(equation.outcome, equation.regressors, (term,))).require(term)
    if term == INTERCEPT or not gram.between[gram.position[term]]:
        raise ValueError(f"{term} varies within clusters: it cannot be permuted over them")
    others = tuple(name for name in equation.regressors if name != term)
    fit = single(gram, Equation(equation.outcome, others, ()))
    residual = fit.residual * fit.scale
    root = np.sqrt(gram.total_weight)
    weight = gram.total_weight * gram.sums[0]  # of each cluster
    sums = root * (residual @ gram.sums)
    means = root * (fit.span.T @ gram.sums)  # (k, G)
    scores = gram.scores(fit.span.T, residual)
    own = fit.span.T @ gram.products() @ fit.span
    level = gram.levels[gram.position[term]]
    level = level - level.mean()

    def refit(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fitted = columns @ means.T
        square = columns**2 @ weight - np.einsum("bk,bk->b", fitted, fitted)
        b = columns @ sums / np.where(square > 0, square, np.nan)
        inner = np.einsum("bk,gkl,bl->bg", fitted, own, fitted, optimize=True)
        inner += columns**2 * weight - 2 * columns * (fitted @ means)
        score = columns * sums - fitted @ scores - b[:, None] * inner
        return b, b * square / np.linalg.norm(score, axis=1)

    estimate, statistic = (float(found[0]) for found in refit(level[None]))
    strata = np.zeros(gram.n_clusters, dtype=int)
    if within is not None:
        strata = np.unique(np.asarray(within), return_inverse=True)[1].ravel()
        if strata.shape != (gram.n_clusters,):
            raise ValueError(f"{gram.n_clusters} clusters need as many strata, not {strata.shape}")
    parts = [refit(level[places]) for places in drawn_assignments(strata, draws, rng)]
    b, t = (np.concatenate([part[i] for part in parts]) for i in (0, 1))

    def p_value(found: np.ndarray, ours: float) -> float:
        # What is missing (a permuted column that others explain) counts as extreme.
        return (1 + int((~(np.abs(found) < abs(ours) * (1 - SAME))).sum())) / (1 + draws)

    return Permutation(term, estimate, statistic, p_value(b, estimate), p_value(t, statistic), b, t)
