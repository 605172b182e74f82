"""Families of tests: p-values adjusted for how many were looked at.

Holm (1979), Benjamini and Hochberg (1995), and the stepdown of Romano and Wolf (2005, 2016),
which knows how far the tests depend on one another.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from reintegration.estimation.combine import CONTRAST
from reintegration.estimation.covariance import group_sums
from reintegration.estimation.design import INTERCEPT
from reintegration.estimation.fit import Fit
from reintegration.estimation.kernel.wild import all_signs
from reintegration.estimation.multiplicity import adjust, stepdown
from reintegration.estimation.results import join_warnings
from reintegration.estimation.specs import Specification, Vcov, text_of
from reintegration.estimation.under import Fitted, Under

Method = Literal["holm", "bh", "romano_wolf"]
Row = dict[str, Any]
Key = tuple[str, str, tuple[str, ...]]


def adjust_families(
    fits: Sequence[Fit],
    *,
    method: Method = "holm",
    draws: int = 999,
    seed: int | Mapping[str, int] = 0,
    every_covariance: bool = False,
    confidence: float = 0.95,
) -> None:
    """Fill p_holm, p_bh, p_romano_wolf and p_adjusted of the rows of each family.

    A family are the rows, under the first covariance, of all specifications that name it: those
    of `family_terms`, or of `terms` and contrasts. Rows that are in none lose its name.

    Parameters
    ----------
    fits
        Their rows are filled in place.
    method
        Which of the three `p_adjusted` repeats.
    draws, seed
        Of the resampling of Romano and Wolf; a mapping holds the seed of each family.
    every_covariance
        Whether rows under the other covariances are families of their own.
    confidence
        Where clusters are so few that no p-value of Romano and Wolf can refuse at this level, rows
        say so.
    """
    families: dict[Key, list[tuple[Fit, Vcov, Row]]] = {}
    for fit in fits:
        for place, (vcov, rows) in enumerate(fit.under.items()):
            for row in rows:
                inside = place == 0 or every_covariance
                if fit.spec.family and inside and in_family(fit.spec, row):
                    key = (fit.spec.family, vcov.type, vcov.clusters)
                    families.setdefault(key, []).append((fit, vcov, row))
                else:
                    row["family"] = ""
    for key, members in families.items():
        p_values = np.array([row["p_value"] for _, _, row in members], dtype=float)
        tested = [member for member in members if np.isfinite(member[2]["p_value"])]
        for name in ("holm", "bh"):
            for (_, _, row), p in zip(members, adjust(p_values, name), strict=True):
                row[f"p_{name}"] = float(p)
        if tested:
            base = seed if isinstance(seed, int) else seed[key[0]]
            rng = np.random.default_rng([base, zlib.crc32(repr(key).encode())])
            _romano_wolf(tested, draws, rng, confidence)
        for _, _, row in members:
            row["p_adjusted"] = row[f"p_{method}"]


def in_family(spec: Specification, row: Row) -> bool:
    """Say whether a row is one that its specification's family is about."""
    if spec.family_terms:
        return row["term"] in spec.family_terms
    if row["group"] == CONTRAST:
        return True
    return row["group"] != INTERCEPT and row["variable"] in {str(term) for term in spec.terms}


def _romano_wolf(
    members: Sequence[tuple[Fit, Vcov, Row]],
    draws: int,
    rng: np.random.Generator,
    confidence: float,
) -> None:
    """Fill p_romano_wolf, or say why there is none."""
    if problem := _problem(members):
        for _, _, row in members:
            row["warnings"] = join_warnings([row["warnings"], f"no Romano-Wolf p: {problem}"])
        return
    by_fit: dict[int, list[tuple[Fit, Vcov, Row]]] = {}
    for member in members:
        by_fit.setdefault(id(member[0]), []).append(member)
    named = {key: _labels(*some[0][:2]) for key, some in by_fit.items()}
    every = pd.Index(np.concatenate(list(named.values()))).unique()
    signs = draw_signs(len(every), draws, rng)
    found, rows, smallest = [], [], []
    for key, some in by_fit.items():
        own = signs[:, every.get_indexer(pd.Index(named[key]))]
        found.append(bootstrap_statistics(some[0][0], some[0][1], [r for _, _, r in some], own))
        rows += [row for _, _, row in some]
        smallest += [max(1 / (1 + len(signs)), 2.0 ** (1 - len(named[key])))] * len(some)
    # Few clusters draw statistics of few sizes: these say less than the member's own t does.
    raw = np.array([row["p_value"] for row in rows], dtype=float)
    statistics = np.array([row["statistic"] for row in rows], dtype=float)
    floor = np.maximum(raw, smallest)
    adjusted = stepdown(np.abs(statistics), np.abs(np.column_stack(found)), floor)
    for row, p, least in zip(rows, adjusted, smallest, strict=True):
        row["p_romano_wolf"] = float(p)
        if least > 1 - confidence:
            said = f"no Romano-Wolf p-value below {least:.2g} is possible here"
            row["warnings"] = join_warnings([row["warnings"], said])


def draw_signs(n_clusters: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draw signs of clusters, shape (B, G); all of them where they are no more than the draws.

    A vector and its mirror image give the same |t|: one of each is taken, less that of equal
    signs, which is the sample itself.
    """
    if 1 << n_clusters <= draws:
        return np.concatenate(all_signs(n_clusters))[1:]
    return rng.integers(0, 2, size=(draws, n_clusters), dtype=np.int8) * 2.0 - 1.0


def _problem(members: Sequence[tuple[Fit, Vcov, Row]]) -> str:
    """Say why draws cannot be shared over the members of a family, if so."""
    clusters = {vcov.clusters for _, vcov, _ in members}
    if any(len(names) > 1 for names in clusters):
        return "rows are clustered in two ways, which one draw of clusters cannot follow"
    data = {fit.spec.data for fit, _, _ in members}
    if clusters == {()} and len(data) > 1:
        return (
            f"rows of {' and '.join(sorted(data))} are not the same; cluster both by one variable"
        )
    if any(fit.spec.estimator == "quantile" for fit, _, _ in members):
        return "quantile regression has no scores to resample"
    return ""


def _labels(fit: Fit, vcov: Vcov) -> np.ndarray:
    """Name the clusters of a fit, without clusters its rows, so that fits can share draws."""
    assert fit.design is not None
    if vcov.cluster:
        return np.array([text_of(label) for label in fit.design.labels[vcov.cluster]], dtype=object)
    return fit.design.rows.astype(object)


def bootstrap_statistics(
    fit: Fit, vcov: Vcov, rows: Sequence[Row], signs: np.ndarray
) -> np.ndarray:
    """Studentised statistics of effects, centred, when the residuals of clusters change sign.

    The wild cluster bootstrap without a null imposed, to first order (exact for least squares):
    the estimate moves by the sum of signs times scores, and its error is that of the new
    residuals.

    Parameters
    ----------
    signs
        One per draw and cluster, shape (B, G).

    Returns
    -------
    Shape (B, len(rows)).
    """
    assert fit.design is not None and fit.solution is not None
    errors, solution = fit.all_errors[vcov], fit.solution
    design = fit.design.under(vcov)
    clusters = np.arange(len(design.y)) if design.clusters is None else design.clusters
    g = signs.shape[1]
    basis = _basis(fit, vcov)
    q = design.q if solution.q is None else solution.q
    left = solution.residuals if solution.scaled is None else solution.scaled
    weights = fit.combinations
    moved = signs @ group_sums(basis * left[:, None], clusters, g)  # (B, K)
    # The product that costs: single precision is a millionth of a statistic.
    short = signs.astype(np.float32)
    found = np.empty((len(signs), len(rows)))
    for i, row in enumerate(rows):
        influence = q @ (errors.inverse.T @ weights[row["term"]])
        own = np.bincount(clusters, weights=influence * left, minlength=g)
        crossed = group_sums(basis * influence[:, None], clusters, g)  # (G, K)
        square = own @ own - 2 * np.einsum(
            "bk,bk->b", moved, short @ (crossed * own[:, None]).astype(np.float32)
        )
        square += np.einsum("bk,bk->b", moved @ (crossed.T @ crossed), moved)
        ratio = row["std_error"] / np.linalg.norm(own)  # what the type's factor comes to
        with np.errstate(divide="ignore", invalid="ignore"):
            found[:, i] = (signs @ own) / np.sqrt(np.maximum(square, 0)) / ratio
    return np.nan_to_num(found, nan=np.inf)


def _basis(fit: Fit, vcov: Vcov) -> np.ndarray:
    """An orthonormal basis of what residuals are orthogonal to, shape (n, K)."""
    assert fit.design is not None and fit.solution is not None
    working = fit.solution.working
    if working and not working.orthonormal:  # q holds scores, whose residuals are not refitted
        return np.empty((len(fit.design.y), 0))
    if not vcov.clusters:
        fixed = fit.design.fixed
        q = fit.design.q if fit.solution.q is None else fit.solution.q
        return q if fixed is None else np.hstack([q, fixed.whole()])
    fitted = Fitted(fit.spec, fit.design, fit.solution, 0.95, "")
    return Under(fitted, fit.design.under(vcov), fit.all_errors[vcov]).supports[0].basis
