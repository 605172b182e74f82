"""Verdicts on claims: what a set of estimates says about each sentence.

The tests work on intervals (`small_positive` on the estimate's size too), so the same
function judges the study's estimates and, on simulated data, the planted truth.

Verdicts: `holds`, `contradicted` (the interval lies on the other side), `inconclusive` (the
interval allows both) and `not_testable` (the estimates are not there, or data of this kind
cannot say). Not significant is never contradicted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from reintegration.audit.claims import NOT_TESTABLE, Claim, load_claims
from reintegration.tables_io import read_csv, write_csv

CLAIM_COLUMNS = [
    "claim_id", "message", "claim_en", "claim_fr", "test", "published", "computed",
    "estimate_ids", "verdict", "planted", "reason", "error", "otherwise",
]  # fmt: skip
COUNTED = "n.surveys."  # then the country, or all: the estimate id of a count of surveys
HOLDS, CONTRADICTED, INCONCLUSIVE = "holds", "contradicted", "inconclusive"


@dataclass(frozen=True)
class _Judgement:
    verdict: str
    because: str


def _side(lows: Sequence[float], highs: Sequence[float], limit: float) -> str:
    """Judge `all above the limit` as an intersection-union test on the intervals."""
    if all(low > limit for low in lows):
        return HOLDS
    return CONTRADICTED if any(high < limit for high in highs) else INCONCLUSIVE


def _all_above(claim: Claim, rows: pd.DataFrame) -> _Judgement:
    limit = claim.value or 0.0
    verdict = _side(list(rows.conf_low), list(rows.conf_high), limit)
    return _Judgement(verdict, _weakest(rows, limit, above=True))


def _all_below(claim: Claim, rows: pd.DataFrame) -> _Judgement:
    limit = claim.value or 0.0
    verdict = _side(list(-rows.conf_high), list(-rows.conf_low), -limit)
    return _Judgement(verdict, _weakest(rows, limit, above=False))


def _weakest(rows: pd.DataFrame, limit: float, above: bool) -> str:
    """Name the estimate on which a statement about all of them stands or falls."""
    weakest = rows.conf_low.idxmin() if above else rows.conf_high.idxmax()
    where = "above" if above else "below"
    kept = int((rows.conf_low > limit).sum() if above else (rows.conf_high < limit).sum())
    return f"{kept} of {len(rows)} intervals lie wholly {where} {limit:g}; the weakest is {weakest}"


def _count(claim: Claim, rows: pd.DataFrame) -> _Judgement:
    found = rows.estimate.iloc[0]
    same = found == claim.value
    return _Judgement(HOLDS if same else CONTRADICTED, f"counted {found:g}")


def _share_near(claim: Claim, rows: pd.DataFrame) -> _Judgement:
    """Compatible: the interval meets the published number's rounding and is not too wide."""
    assert claim.value is not None and claim.margin is not None
    low, high = rows.conf_low.iloc[0], rows.conf_high.iloc[0]
    if high < claim.value - claim.margin or low > claim.value + claim.margin:
        return _Judgement(CONTRADICTED, f"the interval lies outside {claim.published}")
    if (high - low) / 2 > 2 * claim.margin:
        return _Judgement(INCONCLUSIVE, "the interval is too wide to tell")
    return _Judgement(HOLDS, f"the interval meets {claim.published} within its rounding")


def _within_margin(claim: Claim, rows: pd.DataFrame) -> _Judgement:
    """Equivalence: every interval lies within the estimate's margin (two one-sided tests)."""
    margin = rows.margin.astype(float)
    if claim.margin is not None:
        margin = pd.Series(claim.margin, index=rows.index)
    if margin.isna().any():
        return _Judgement(NOT_TESTABLE, "neither the claim nor its estimates state a margin")
    outside = (rows.conf_low > margin) | (rows.conf_high < -margin)
    inside = (rows.conf_low > -margin) & (rows.conf_high < margin)
    because = f"{int(inside.sum())} of {len(rows)} intervals lie within ±{margin.max():g}"
    if inside.all():
        return _Judgement(HOLDS, because)
    return _Judgement(CONTRADICTED if outside.any() else INCONCLUSIVE, because)


def _small_positive(claim: Claim, rows: pd.DataFrame) -> _Judgement:
    """Positive beyond the interval, and in standard deviations below what would not be small."""
    assert claim.margin is not None
    row = rows.iloc[0]
    if row.conf_high < 0:
        return _Judgement(CONTRADICTED, "the interval lies below 0")
    if not row.conf_low > 0:
        return _Judgement(INCONCLUSIVE, "the interval holds 0")
    size = f"{row.effect_size:.2f} standard deviations"
    if row.effect_size < claim.margin:
        return _Judgement(HOLDS, f"the interval lies above 0; {size}")
    scale = row.effect_size / row.estimate
    large = row.conf_low * scale > claim.margin
    return _Judgement(CONTRADICTED if large else INCONCLUSIVE, f"above 0, but {size}")


def _lowest_ranks(claim: Claim, rows: pd.DataFrame) -> _Judgement:
    """Every named country is among the lowest `value` by its simultaneous rank interval."""
    assert claim.value is not None
    because = (
        f"{int((rows.conf_high <= claim.value).sum())} of {len(rows)} rank intervals end at or"
        f" below {claim.value:g}"
    )
    if (rows.conf_high <= claim.value).all():
        return _Judgement(HOLDS, because)
    return _Judgement(
        CONTRADICTED if (rows.conf_low > claim.value).any() else INCONCLUSIVE, because
    )


def _exceeds(claim: Claim, rows: pd.DataFrame) -> _Judgement:
    """The first estimate's interval lies above those of all others (stricter than needed)."""
    first, others = rows.iloc[0], rows.iloc[1:]
    if first.conf_low > others.conf_high.max():
        return _Judgement(HOLDS, "its interval lies above those of all others")
    if (others.conf_low > first.conf_high).any():
        return _Judgement(CONTRADICTED, "another's interval lies above its own")
    return _Judgement(INCONCLUSIVE, "the intervals overlap")


TESTS: Mapping[str, Callable[[Claim, pd.DataFrame], _Judgement]] = {
    "count": _count,
    "share_near": _share_near,
    "above": _all_above,
    "below": _all_below,
    "all_positive": _all_above,
    "all_negative": _all_below,
    "within_margin": _within_margin,
    "small_positive": _small_positive,
    "lowest_ranks": _lowest_ranks,
    "exceeds": _exceeds,
}


# ---------------------------------------------------------------- from estimates to verdicts

NUMBER_COLUMNS = ["estimate", "conf_low", "conf_high", "effect_size", "margin", "status"]
# What an error is called: a covariance and its clusters; else how the interval was made.
ERROR_COLUMNS = ["vcov", "cluster_var", "inference", "interval"]
WITHOUT_ERROR = ("", "count")
UNCLUSTERED = ("classical", "HC")
# Tables whose number is not called `estimate`: what theirs is called.
OTHER_NAMES = [
    {"rank": "estimate", "rank_low": "conf_low", "rank_high": "conf_high"},
    {"slope_per_year": "estimate"},
]


def _number_columns(table: pd.DataFrame) -> pd.DataFrame:
    for names in OTHER_NAMES:
        if set(names) <= set(table.columns):
            table = table.drop(columns=[*names.values()], errors="ignore").rename(columns=names)
            break
    part = table.set_index("estimate_id").reindex(columns=[*NUMBER_COLUMNS, *ERROR_COLUMNS])
    return part.astype(dict.fromkeys(["status", *ERROR_COLUMNS], object))


def gather_numbers(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of estimates under one another, by estimate id.

    Returns
    -------
    DataFrame
        One row per estimate, indexed by `estimate_id`, with `NUMBER_COLUMNS` and
        `ERROR_COLUMNS`; what a table
        does not have is missing there.
    """
    numbers = pd.concat([_number_columns(table) for table in tables])
    if twice := sorted(set(numbers.index[numbers.index.duplicated()])):
        raise ValueError(f"estimate ids that are not unique: {', '.join(twice[:5])}")
    return numbers


def _expand(pattern: str, scores: Sequence[str]) -> list[str]:
    if "{dimension}" in pattern:
        return [pattern.replace("{dimension}", dimension) for dimension in scores[:-1]]
    if "{score}" in pattern:
        return [pattern.replace("{score}", score) for score in scores]
    return [pattern]


class _Finder:
    """Finds an estimate by its id with or without the inference at the end."""

    def __init__(self, numbers: pd.DataFrame):
        self.numbers = numbers
        self.known: dict[str, str] = {}
        for full in numbers.index:
            self.known.setdefault(full.rpartition(".")[0], full)  # the first is the primary one
        self.known |= {full: full for full in numbers.index}
        self.errors: dict[str, dict[str, str]] = {}  # of one estimate: error -> full id
        if "vcov" in numbers:
            for full, row in numbers[numbers["vcov"].notna()].iterrows():
                stem, _, last = str(full).rpartition(".")
                if last.partition("-")[0] == str(row["vcov"]).lower():
                    self.errors.setdefault(stem, {}).setdefault(error_name(row), str(full))

    def find(self, wanted: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
        """Return the usable rows and, for every other id, why there is no number."""
        found = [self.known[name] for name in wanted if name in self.known]
        rows = self.numbers.loc[found]
        usable = rows.status.eq("ok") & rows[["estimate", "conf_low", "conf_high"]].notna().all(
            axis=1
        )
        absent = [f"there is no estimate {name}" for name in wanted if name not in self.known]
        failed = [f"{name}: {status}" for name, status in rows.status[~usable].items()]
        return rows[usable], absent + failed

    def otherwise(self, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """The same estimates under each other error, as far as they have a usable number."""
        stems = [str(full).rpartition(".")[0] for full in rows.index]
        errors = dict.fromkeys(error for stem in stems for error in self.errors.get(stem, {}))
        found = {}
        for error in errors:
            wanted = [
                self.errors.get(stem, {}).get(error, str(full))
                for stem, full in zip(stems, rows.index, strict=True)
            ]
            usable, problems = self.find(wanted)
            if wanted != [*rows.index] and not problems:
                found[error] = usable
        return found


def error_name(row: pd.Series) -> str:
    """Name the error of an estimate: `CR2 by location_id`, `bootstrap`; empty for a count."""
    vcov, clusters, inference, interval = (
        "" if pd.isna(row.get(name)) else str(row[name]) for name in ERROR_COLUMNS
    )
    if not vcov:
        return next((name for name in (inference, interval) if name not in WITHOUT_ERROR), "")
    webb = " (Webb)" if "-webb" in str(row.name) else ""
    clustered = clusters and not vcov.startswith(UNCLUSTERED)
    return f"{vcov}{webb} by {clusters.replace(' ', ' and ')}" if clustered else vcov


def _shown(row: pd.Series) -> str:
    if row.conf_low == row.conf_high:
        return f"{row.estimate:.4g}"
    return f"{row.estimate:.3g} [{row.conf_low:.3g}, {row.conf_high:.3g}]"


def _evaluate_one(
    claim: Claim, finder: _Finder, scores: Sequence[str], studied: Sequence[str] | None
) -> dict[str, object]:
    judged = {
        "claim_id": claim.id,
        "message": claim.message,
        "claim_en": claim.claim_en,
        "claim_fr": claim.claim_fr,
        "test": claim.test,
        "published": claim.published,
        "computed": "",
        "estimate_ids": "",
        "verdict": NOT_TESTABLE,
        "reason": claim.reason,
        "error": "",
        "otherwise": "",
    }
    if claim.test == NOT_TESTABLE:
        return judged
    if claim.countries and studied is not None and {*studied} != {*claim.countries}:
        why = "it counts the published sample, and other countries are studied here"
        return judged | {"reason": f"Not tested: {why}. {claim.reason}"}
    wanted = [name for pattern in claim.estimates for name in _expand(pattern, scores)]
    rows, problems = finder.find(wanted)
    judged["estimate_ids"] = " ".join(rows.index)
    if problems:
        return judged | {"reason": f"Not tested: {'; '.join(problems)}. {claim.reason}"}
    judgement = TESTS[claim.test](claim, rows)
    return judged | {
        "computed": "; ".join(map(_shown, _each(rows))),
        "verdict": judgement.verdict,
        "reason": f"{judgement.because[0].upper()}{judgement.because[1:]}. {claim.reason}",
        "error": "; ".join(dict.fromkeys(filter(None, map(error_name, _each(rows))))),
        "otherwise": "; ".join(_otherwise(claim, finder.otherwise(rows), judgement.verdict)),
    }


def _each(rows: pd.DataFrame) -> list[pd.Series]:
    return [row for _, row in rows.iterrows()]


def _otherwise(claim: Claim, under: Mapping[str, pd.DataFrame], verdict: str) -> Iterator[str]:
    """Verdicts that other errors of the same estimates give, where they are other ones."""
    for error, rows in under.items():
        other = TESTS[claim.test](claim, rows).verdict
        if other != verdict:
            yield f"{other} under {error}"


def evaluate(
    claims: Sequence[Claim],
    numbers: pd.DataFrame,
    scores: Sequence[str],
    planted: Mapping[str, str] | None = None,
    studied: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Judge every claim on a set of numbers.

    Parameters
    ----------
    claims
        From `load_claims`.
    numbers
        From `gather_numbers`: the study's estimates, or the planted truth.
    scores
        The main instrument's scores, which `{score}` stands for; `{dimension}` stands for all
        but the last, the composite.
    planted
        On simulated data: for each claim id, whether the world makes it true (`yes`, `no`).
    studied
        Countries of the study: a claim that counts the sample of others is not tested. None
        leaves this open.

    Returns
    -------
    DataFrame
        One row per claim with `CLAIM_COLUMNS`.
    """
    finder = _Finder(numbers)
    table = pd.DataFrame([_evaluate_one(claim, finder, scores, studied) for claim in claims])
    table["planted"] = [(planted or {}).get(claim.id) for claim in claims]
    return table.reindex(columns=CLAIM_COLUMNS)


def run_claims(
    claims_path: str | Path | None,
    tables: Sequence[str | Path],
    scores: Sequence[str],
    planted_path: str | Path | None,
    out: str | Path,
    studied: Sequence[str] | Literal["all"] = "all",
) -> None:
    """Judge the claims on the study's tables and write `claims.csv`.

    `studied` are the countries of the study; `all` are those that a survey is of.

    `claims_path` is None where there is no study to hold these results against: the table is
    then empty. `planted_path` is the simulation's `planted.csv` (claim_id, planted), or None for
    real data.
    """
    planted: dict[str, str] | None = None
    if planted_path is not None:
        table = read_csv(planted_path)
        planted = dict(zip(table.claim_id.astype(str), table.planted.astype(str), strict=True))
    numbers = gather_numbers([read_csv(path) for path in tables])
    if studied == "all":
        found = [name for name in numbers.index if name.startswith(COUNTED)]
        studied = [name.removeprefix(COUNTED) for name in found if name != f"{COUNTED}all"]
    claims = load_claims(claims_path) if claims_path else ()
    write_csv(evaluate(claims, numbers, scores, planted, studied), out)
