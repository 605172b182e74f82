"""Changes between columns: why a coefficient differs between nested specifications.

`columns` of a specification names shorter ones, each nested in the next, the last in itself. From
each to the next, and from the first to the last, the change of every term that both report is split
into what other rows and what other controls make of it, the latter by group of controls.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reintegration.config import Config
from reintegration.estimation.covariance import cluster_factor, group_sums
from reintegration.estimation.design import Design, Effect, build_design
from reintegration.estimation.estimators import with_effects
from reintegration.estimation.fit import Fit, fit_specification
from reintegration.estimation.gelbach import (
    OTHER_CONTROLS,
    OTHER_ROWS,
    TOTAL,
    Part,
    split_change,
)
from reintegration.estimation.prepare import prepare
from reintegration.estimation.results import (
    FAILED,
    NOT_ESTIMABLE,
    OK,
    NotEstimable,
    estimate_id,
    t_inference,
    table,
)
from reintegration.estimation.rows import group_codes
from reintegration.estimation.specs import COUNTRY, INTERCEPT, Specification, Vcov
from reintegration.studies.frames import read_survey_frame
from reintegration.studies.importance import GROUPS, group_of
from reintegration.studies.nested import Pair, column_pairs
from reintegration.studies.regressions import study_frames
from reintegration.tables_io import write_csv

GROUP = "group"
COLUMNS = (
    *("estimate_id", "comparison", "outcome", "term", "part", "group", "estimate", "std_error"),
    *("conf_low", "conf_high", "p_value", "df", "vcov", "cluster_var", "n_clusters", "inference"),
    *("n_obs_from", "n_obs_to", "n_returnees", "n_identifying", "status", "warnings"),
    # extra
    *("columns", "from_spec", "to_spec", "spec_id", "term_group", "level"),
)
SAME_ROWS = "both columns use the same rows"


@dataclass(frozen=True)
class Shared:
    """Terms that both columns report: their effects in the three regressions, in order."""

    own: list[Effect]
    common: list[Effect]
    longer: list[Effect]


def changes_between_columns(
    frames: Mapping[str, pd.DataFrame],
    pairs: Sequence[Pair],
    *,
    confidence: float = 0.95,
    countries: Sequence[str] = (),
) -> pd.DataFrame:
    """Split the change of every shared term between the columns of each pair.

    Parameters
    ----------
    frames
        As `study_frames` gives them.
    pairs
        As `column_pairs` gives them.
    """
    fits: dict[Specification, Fit] = {}

    def fit(spec: Specification) -> Fit:
        if spec not in fits:
            fits[spec] = fit_specification(
                frames[spec.data],
                spec,
                confidence=confidence,
                countries=countries,
                engine="arrays",
                record=False,
            )
        return fits[spec]

    rows: list[dict[str, Any]] = []
    for pair in pairs:
        vcov = _computed(pair.after.vcov)
        before, after = (replace(s, vcov=vcov, also=()) for s in (pair.before, pair.after))
        found = replace(pair, before=before, after=after)
        rows += _pair_rows(found, fit(before), fit(after), frames, confidence, countries)
    return table(rows, COLUMNS)


def _computed(vcov: Vcov) -> Vcov:
    """The covariance of parts: by row HC0 or HC1, by cluster CR0, CR1 or CR1S."""
    if vcov.clusters:
        kind = vcov.type if vcov.type in ("CR0", "CR1") else "CR1S"
        return Vcov(kind, vcov.cluster, vcov.second, count_effects=vcov.count_effects)
    return Vcov("HC0" if vcov.type == "HC0" else "HC1")


def _pair_rows(
    pair: Pair,
    before: Fit,
    after: Fit,
    frames: Mapping[str, pd.DataFrame],
    confidence: float,
    countries: Sequence[str],
) -> Iterator[dict[str, Any]]:
    """Make the rows of one pair; one row per part and term, whether or not it has a number."""
    if before.design is None or after.design is None:
        reason = before.reason if before.design is None else after.reason
        yield _row(pair, INTERCEPT, TOTAL, "") | {"status": FAILED, "warnings": reason}
        return
    try:
        frame, short = prepare(frames[pair.before.data], pair.before)
        used = np.zeros(len(frame), dtype=bool)
        used[after.design.rows] = True
        common = build_design(frame, short, used, countries)
        groups = _added(common, after.design)
    except NotEstimable as reason:
        yield _row(pair, INTERCEPT, TOTAL, "") | {"status": FAILED, "warnings": str(reason)}
        return
    problems, shared = _shared(pair, before, common, after)
    names = [TOTAL, OTHER_ROWS, OTHER_CONTROLS, *groups]
    for effect, status, why in problems:
        for name in names:
            row = _row(pair, effect.term, name, effect.group, effect.level)
            yield row | {"status": status, "warnings": why}
    if not shared.common:
        return
    rows = np.union1d(before.design.rows, after.design.rows)
    parts = split_change(
        before.design,
        common,
        after.design,
        (_stack(shared.own), _stack(shared.common), _stack(shared.longer)),
        groups,
        rows,
    )
    errors = _Errors(frame, rows, after, pair.after.vcov)
    same = len(rows) == len(before.design.rows) == len(after.design.rows)
    sizes = {
        "n_obs_from": len(before.design.rows),
        "n_obs_to": len(after.design.rows),
        "n_returnees": int(after.design.returnees.max()) + 1,
    }
    for name, part in parts.items():
        std_errors = errors.of(part)
        for j, effect in enumerate(shared.longer):
            fitted = after.estimate(effect.term)
            found = t_inference(float(part.change[j]), std_errors[j], errors.df, confidence)
            warnings = SAME_ROWS if name == OTHER_ROWS and same else fitted["warnings"]
            yield _row(pair, effect.term, name, effect.group, effect.level) | {
                **{k: getattr(found, k) for k in ("estimate", "std_error", "p_value", "df")},
                **{k: getattr(found, k) for k in ("conf_low", "conf_high")},
                **sizes,
                "n_identifying": fitted["n_identifying"],
                "n_clusters": errors.n_clusters,
                "inference": errors.inference,
                "status": OK,
                "warnings": warnings,
            }


class _Errors:
    """Standard errors of parts, by row or by cluster.

    The factor is that of the longer regression: n/(n-k) for HC1, G/(G-1) for CR1, and G/(G-1) x
    (n-1)/(n-k) for CR1S, with n and k its rows and coefficients, and G the clusters of all rows.
    """

    def __init__(self, frame: pd.DataFrame, rows: np.ndarray, after: Fit, vcov: Vcov):
        assert after.design is not None and after.solution is not None
        design, self.kind = after.design, vcov.type
        solution = after.solution
        if after.spec.estimator == "ols":
            solution = with_effects(solution, design.under(vcov), vcov)
        self.n = len(design.y)
        self.left = self.n - len(design.columns) - solution.absorbed
        self.ways = [
            np.unique(group_codes(frame, name)[rows], return_inverse=True)[1]
            for name in vcov.clusters
        ]
        self.n_clusters = min(int(way.max()) + 1 for way in self.ways) if self.ways else np.nan
        self.df = self.n_clusters - 1.0 if self.ways else float(self.left)
        self.inference = "t(G-1)" if self.ways else "t(n-k)"

    def of(self, part: Part) -> np.ndarray:
        """Standard error of each term's part, shape (T,)."""
        if not self.ways:
            factor = self.n / self.left if self.kind == "HC1" else 1.0
            return np.sqrt(factor * np.square(part.influence).sum(axis=0))
        variance = sum(self._by(way, part) for way in self.ways)
        if len(self.ways) > 1:
            both = np.unique(np.column_stack(self.ways), axis=0, return_inverse=True)[1].ravel()
            variance = variance - self._by(both, part)
        return np.sqrt(np.maximum(variance, 0.0))

    def _by(self, way: np.ndarray, part: Part) -> np.ndarray:
        count = int(way.max()) + 1
        sums = group_sums(part.influence, way, count)
        return np.square(sums).sum(axis=0) * cluster_factor(self.kind, self.n, self.left, count)


def _added(common: Design, longer: Design) -> dict[str, list[int]]:
    """The columns that the longer regression adds, by group of controls."""
    lost = [name for name in common.columns if name not in longer.columns]
    if lost not in ([], [INTERCEPT]):  # fixed effects take up the intercept
        raise NotEstimable(f"the longer column drops {', '.join(lost)} of the shorter one")
    found: dict[str, list[int]] = {}
    for j, name in enumerate(longer.columns):
        if name not in common.columns:
            found.setdefault(group_of(longer.variables[j]), []).append(j)
    return {name: found[name] for name in GROUPS if name in found}


def _shared(
    pair: Pair, before: Fit, common: Design, after: Fit
) -> tuple[list[tuple[Effect, str, str]], Shared]:
    """Tell the terms that both columns estimate from those that one of them cannot."""
    assert before.design is not None and after.design is not None
    own, between, longer = (
        {e.term: e for e in design.effects} for design in (before.design, common, after.design)
    )
    problems = []
    shared = Shared([], [], [])
    for term, effect in own.items():
        if effect.group == INTERCEPT or term not in longer:
            continue
        three = [found.get(term) for found in (own, between, longer)]
        reasons = [
            (row["status"], row["warnings"])
            for row in (before.estimate(term), after.estimate(term))
            if row["status"] != OK
        ]
        reasons += [
            (NOT_ESTIMABLE, one.problem if one else f"{term} has no row in common")
            for one in three
            if one is None or one.weights is None
        ]
        if reasons:
            problems.append((effect, *reasons[0]))
            continue
        for found, one in zip((shared.own, shared.common, shared.longer), three, strict=True):
            found.append(one)  # type: ignore[arg-type]
    return problems, shared


def _stack(effects: Sequence[Effect]) -> np.ndarray:
    return np.column_stack([effect.weights for effect in effects if effect.weights is not None])


def _row(pair: Pair, term: str, part: str, term_group: str, level: str = "") -> dict[str, Any]:
    """What names a row; its numbers are not there yet."""
    group = part if part not in (TOTAL, OTHER_ROWS, OTHER_CONTROLS) else ""
    spec_id = f"columns.{pair.columns}.{pair.comparison}.{pair.after.outcome}"
    return {
        **dict.fromkeys(COLUMNS, np.nan),
        "estimate_id": estimate_id(spec_id, term, part, pair.after.vcov.slug),
        "comparison": pair.comparison,
        "outcome": pair.after.outcome,
        "term": term,
        "part": GROUP if group else part,
        "group": group,
        "vcov": pair.after.vcov.type,
        "cluster_var": " ".join(pair.after.vcov.clusters),
        "inference": "",
        "warnings": "",
        "columns": pair.columns,
        "from_spec": pair.before.spec_id,
        "to_spec": pair.after.spec_id,
        "spec_id": spec_id,
        "term_group": term_group,
        "level": level,
    }


def run_columns(
    surveys: str | Path, scores: str | Path, output: str | Path, config: Mapping[str, Any]
) -> None:
    """Read surveys and scores, split the changes of the declared columns, write the table."""
    choices = Config.model_validate(config)
    frame = read_survey_frame(surveys, scores)
    countries = sorted(frame[COUNTRY].dropna().astype("str").unique())
    changes = changes_between_columns(
        study_frames(frame, choices),
        column_pairs(choices.specifications, choices.assistance),
        confidence=choices.inference.confidence_level,
        countries=countries,
    )
    write_csv(changes, output)
