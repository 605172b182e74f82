"""From a frame to the design matrix: which rows, which columns, and what each column means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from reintegration.estimation.absorb import Effects, fixed_effects
from reintegration.estimation.coding import Coded, encode_term, spec_levels, term_name
from reintegration.estimation.filters import kept_rows
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.rows import (
    NO_FOLLOW_UP,
    group_codes,
    grouping_columns,
    is_missing,
    needed_columns,
    row_account,
)
from reintegration.estimation.specs import (
    COUNTRY,
    INTERCEPT,
    PREFIX,
    RETURNEE,
    Specification,
    Vcov,
)

TOLERANCE = 1e-7  # R's lm: a column is aliased if this share of its length is left
EXPLAINED_BY = 1e-7
ROUNDING = 64 * np.finfo(float).eps
RANGE = 1e75  # of numbers whose squares, and products of these, can still be computed
OF_THE_STUDY = ("surveys", "changes", "mentoring")  # data whose specifications config.yaml holds


@dataclass(frozen=True)
class Effect:
    """One reported number of a regression: a combination of coefficients.

    `weights`, shape (k,), combines the kept columns, or is None with the reason in
    `problem`. `carrier`, shape (n,), is the raw variable or indicator whose variation
    identifies it.
    """

    term: str
    group: str
    variable: str
    level: str
    contrast: str
    weights: np.ndarray | None
    carrier: np.ndarray | None
    problem: str = ""
    warning: str = ""


@dataclass(frozen=True)
class Design:
    """What a regression is fitted to.

    `x`, shape (n, k), holds the kept columns named `columns`, each made from the variable
    beside it in `variables`; `q`, `r` are its QR factors
    (less the fixed effects, and times `root`, the square roots of the weights). `rows` are
    positions in the frame. `dropped` names each aliased column with the columns that explain
    it. `returnees`, `clusters` and `second` (the other way of two-way clusters), shape (n,),
    number the groups from 0; `fixed` takes fixed effects out. `groups` numbers those of every
    cluster variable that some covariance of the specification names, and `labels` names them.
    """

    y: np.ndarray
    x: np.ndarray
    q: np.ndarray
    r: np.ndarray
    columns: tuple[str, ...]
    variables: tuple[str, ...]
    dropped: dict[str, tuple[str, ...]]
    effects: tuple[Effect, ...]
    rows: np.ndarray
    returnees: np.ndarray
    clusters: np.ndarray | None
    warnings: tuple[str, ...] = field(default=())
    root: np.ndarray | None = None
    second: np.ndarray | None = None
    fixed: Effects | None = None
    groups: Mapping[str, np.ndarray] = field(default_factory=dict)
    labels: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def ways(self) -> tuple[np.ndarray, ...]:
        """The ways rows are clustered: none, one or two."""
        return tuple(way for way in (self.clusters, self.second) if way is not None)

    def under(self, vcov: Vcov) -> "Design":
        """Return the same design with the clusters of another covariance."""
        first, second = (*(self.groups[name] for name in vcov.clusters), None, None)[:2]
        return replace(self, clusters=first, second=second)

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Take the fixed effects out of values by row, and weight them by their roots."""
        left = values if self.fixed is None else self.fixed.residuals(values)
        return left if self.root is None else (left.T * self.root).T


def build_design(
    frame: pd.DataFrame,
    spec: Specification,
    used: np.ndarray | None = None,
    countries: Sequence[str] = (),
) -> Design:
    """Build the design matrix of a specification.

    Columns that are linear combinations of earlier ones are dropped by name as R's `lm`
    does (what is left of the column after the earlier ones is below 1e-7 of its length),
    and estimates that need them are reported as not estimable.

    Parameters
    ----------
    frame
        The rows, with all columns of the specification.
    used
        Rows to use, shape (n,); default: `row_account`.
    countries
        Countries that the study knows: one that has no row is reported, not left out.

    Raises
    ------
    NotEstimable
        If no row is left, the outcome does not vary, the reference country is absent, there
        are as many coefficients as rows, or numbers are too large or too small for squares.
    """
    if used is None:
        used, _ = row_account(frame, spec)
    if not used.any():
        raise NotEstimable(_why_empty(frame, spec))
    columns = [RETURNEE, *needed_columns(spec), *grouping_columns(spec.vcovs)]
    sample = frame[[name for name in dict.fromkeys(columns) if name in frame]][used]
    y = _floats(sample[spec.outcome])
    if np.ptp(y) == 0 and len(y) > 1:
        raise NotEstimable(f"{spec.outcome} does not vary in the sample")
    _in_range(spec.outcome, y)
    levels = spec_levels(frame, spec, countries)
    coded = [encode_term(sample, term, spec, levels) for term in spec.right_side]
    for part in coded:
        _in_range(str(part.term), part.basis)
    root = np.sqrt(_floats(sample[spec.weights])) if spec.weights else None
    if root is not None:
        _in_range(str(spec.weights), root**2)
    fixed = None
    if spec.absorbed:
        fixed = fixed_effects([group_codes(sample, name) for name in spec.absorbed], root)
    elif spec.intercept:
        coded = [_intercept(len(y)), *coded]
    if not coded and fixed is None:
        raise NotEstimable("there is neither a term nor an intercept")
    unrecorded = _unrecorded(sample, spec)
    names = [name for part in coded for name in part.columns]
    sources = [part.variable for part in coded for _ in part.columns]
    full = np.empty((len(y), len(names)), order="F")
    if coded:
        np.concatenate([part.basis for part in coded], axis=1, out=full)
    returnees = group_codes(sample, RETURNEE)
    centred = full if fixed is None else fixed.residuals(full)
    weighted = full
    if root is not None:
        centred, weighted = centred * root[:, None], full * root[:, None]
    q, r = np.linalg.qr(centred)
    lengths = np.sqrt(np.einsum("ij,ij->j", weighted, weighted))
    kept, aliased = independent_columns(r, lengths)
    if len(kept) < len(names):
        q, r = np.linalg.qr(centred[:, kept])
    distant = {
        names[j]
        for j in aliased
        if ":" not in sources[j] and _told_if_centred(full[:, j], q, fixed, root)
    }
    absorbed = fixed.rank if fixed else 0
    if len(y) - len(kept) - absorbed < 1:
        raise NotEstimable(
            f"{len(y)} rows cannot tell {len(kept) + absorbed} coefficients and an error apart"
        )
    dropped = {names[j]: tuple(names[i] for i in by) for j, by in aliased.items()}
    groups = {name: group_codes(sample, name) for name in grouping_columns(spec.vcovs)}
    return Design(
        y=y,
        x=full if len(kept) == len(names) else full[:, kept],
        q=q,
        r=r,
        columns=tuple(names[j] for j in kept),
        variables=tuple(sources[j] for j in kept),
        dropped=dropped,
        effects=_effects(coded, names, kept, dropped, full, spec, unrecorded, distant),
        rows=np.flatnonzero(used),
        returnees=returnees,
        clusters=groups.get(spec.vcov.cluster or ""),
        warnings=tuple(
            unrecorded.get(sources[names.index(name)]) or _dropped_text(name, by, spec, distant)
            for name, by in dropped.items()
        ),
        root=root,
        second=groups.get(spec.vcov.second or ""),
        fixed=fixed,
        groups=groups,
        labels={name: np.asarray(pd.factorize(sample[name])[1]) for name in groups},
    )


def less_group_means(x: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Subtract from each column its mean within groups; `groups` are numbers from 0."""
    x = np.asarray(x, dtype=float)
    columns = x.reshape(len(x), -1)
    sizes = np.bincount(groups)
    means = np.column_stack(
        [np.bincount(groups, weights=column) / sizes for column in columns.T]
        or [np.empty((len(sizes), 0))]
    )
    return (columns - means[groups]).reshape(x.shape)


def independent_columns(
    r: np.ndarray, lengths: np.ndarray
) -> tuple[list[int], dict[int, list[int]]]:
    """Find, in order, the columns that earlier ones do not explain.

    Parameters
    ----------
    r
        Triangular factor of the columns, shape (min(n, p), p): it holds all their angles.
    lengths
        Length of each column before anything was taken out of it, shape (p,).

    Returns
    -------
    The columns kept, and for each other column those kept that explain it.
    """
    basis = np.empty((r.shape[0], 0))
    kept: list[int] = []
    aliased: dict[int, list[int]] = {}
    for j in range(r.shape[1]):
        rest = r[:, j].copy()
        for _ in range(2):  # once more, for what rounding left of the first time
            rest -= basis @ (basis.T @ rest)
        size = np.linalg.norm(rest)
        if len(kept) < r.shape[0] and size > TOLERANCE * lengths[j]:
            basis = np.column_stack([basis, rest / size])
            kept.append(j)
        elif np.linalg.norm(r[:, j]) > TOLERANCE * lengths[j]:
            share = np.linalg.lstsq(r[:, kept], r[:, j], rcond=None)[0] * lengths[kept]
            aliased[j] = [
                i for i, s in zip(kept, share, strict=True) if abs(s) > EXPLAINED_BY * lengths[j]
            ]
        else:
            aliased[j] = []
    return kept, aliased


def _effects(
    coded: Sequence[Coded],
    names: Sequence[str],
    kept: Sequence[int],
    dropped: dict[str, tuple[str, ...]],
    full: np.ndarray,
    spec: Specification,
    unrecorded: dict[str, str],
    distant: set[str],
) -> tuple[Effect, ...]:
    """Turn the levels of each term into combinations of kept columns."""
    effects = []
    start = 0
    leaning = {name: gone for gone, by in dropped.items() for name in by}
    constant = {name for j, name in enumerate(names) if np.ptp(full[:, j]) == 0}
    for part in coded:
        own = range(start, start + len(part.columns))
        start += len(part.columns)
        for level in part.levels:
            weights, problem, warning = None, level.problem, ""
            if level.weights is not None:
                whole = np.zeros(len(names))
                whole[list(own)] = level.weights
                needs = [names[j] for j in np.flatnonzero(whole).tolist()]
                gone = [name for name in needs if name in dropped]
                if gone and part.variable in unrecorded:
                    problem = unrecorded[part.variable]
                elif gone:
                    problem = "; ".join(
                        f"{name} does not vary in the sample"
                        if name in constant
                        else _dropped_text(name, dropped[name], spec, distant)
                        for name in gone
                    )
                else:
                    weights = whole[list(kept)]
                    leant = {leaning[name]: None for name in needs if name in leaning}
                    warning = "; ".join(
                        f"its meaning rests on {name} having been dropped as aliased"
                        for name in leant
                    )
            effects.append(
                Effect(
                    term=level.term,
                    group=_group(part, spec),
                    variable=part.variable,
                    level=level.level,
                    contrast=level.contrast,
                    weights=weights,
                    carrier=level.carrier,
                    problem=problem,
                    warning=warning,
                )
            )
    return tuple(effects)


def _group(part: Coded, spec: Specification) -> str:
    if part.term is None:
        return INTERCEPT
    if len(part.term.variables) > 1:
        return "interaction"
    if part.variable == COUNTRY:
        return COUNTRY
    if part.variable.startswith(PREFIX):
        return "assistance"
    return "term" if part.term in spec.terms else "control"


def _intercept(n: int) -> Coded:
    return Coded.single(None, INTERCEPT, np.ones(n), "all columns at zero")


def _told_if_centred(
    column: np.ndarray, q: np.ndarray, fixed: Effects | None, root: np.ndarray | None
) -> bool:
    """Say whether only the distance of its values from zero makes a column an alias."""
    centred = column - column.mean()
    if np.ptp(column) <= ROUNDING * np.abs(column).max():
        return False
    left = centred if fixed is None else fixed.residuals(centred)
    if root is not None:
        left, centred = left * root, centred * root
    left = left - q @ (q.T @ left)
    return bool(np.linalg.norm(left) > TOLERANCE * np.linalg.norm(centred))


def _dropped_text(name: str, by: Sequence[str], spec: Specification, distant: set[str]) -> str:
    shown = term_name(name)
    if name in distant:
        return (
            f"{shown} was dropped: it varies by less than 1e-7 of its distance from zero, for"
            " which R drops it too; centre it (subtract its mean)"
        )
    if not by and spec.absorbed:
        return f"{shown} was dropped: the fixed effects of {', '.join(spec.absorbed)} take it up"
    if not by:
        return f"{shown} does not vary in the sample and was dropped"
    others = [term_name(other) for other in by]
    more = f" and {len(others) - 4} more" if len(others) > 5 else ""
    listed = ", ".join(others if not more else others[:4]) + more
    return f"{shown} was dropped: it is a combination of {listed}"


def _unrecorded(sample: pd.DataFrame, spec: Specification) -> dict[str, str]:
    """Name the types of assistance without a single record in the sample, and say so."""
    types = [name for name in spec.variables if name.startswith(PREFIX)]
    blank = [name for name in types if is_missing(sample[name]).all()]
    if len(blank) == len(types):
        return dict.fromkeys(blank, "no assistance was recorded in these data")
    return {name: f"{term_name(name)} was not recorded in these data" for name in blank}


def _why_empty(frame: pd.DataFrame, spec: Specification) -> str:
    if blank := _blank_text(frame, spec):
        return f"no row is left in the sample; {blank}"
    if spec.estimator == "within" or (len(frame) == 0 and spec.data == "changes"):
        return NO_FOLLOW_UP
    return "no row is left in the sample" if len(frame) else "there are no rows"


def _blank_text(frame: pd.DataFrame, spec: Specification) -> str:
    """Name the variables without a single value, and where those among the controls stand."""
    needed = [
        name
        for name in needed_columns(spec)
        if not name.startswith(PREFIX) or name == spec.outcome or spec.not_recorded == "drop"
    ]
    if spec.filter and len(frame):
        frame = frame[kept_rows(spec.filter, frame)]
    blank = [name for name in needed if is_missing(frame[name]).all()]
    if not blank or not len(frame):
        return ""
    text = f"missing in every row: {', '.join(map(term_name, blank))}"
    controls = {name for term in spec.controls for name in term.variables}
    if named := [term_name(name) for name in blank if name in controls]:
        declared = spec.spec_id.split(".")[0]
        key = "orion: controls" if declared == "orion" else f"specifications: {declared}: controls"
        place = f"`{key}` in config.yaml" if spec.data in OF_THE_STUDY else "its controls"
        text += f" (to estimate without: take {', '.join(named)} out of {place})"
    return text


def _in_range(name: str, values: np.ndarray) -> None:
    """Refuse numbers whose squares, or squares of squares, leave the range of floating point."""
    size = float(np.abs(values).max(initial=0.0))
    if size and not 1 / RANGE <= size <= RANGE:
        raise NotEstimable(
            f"the largest of {term_name(name)} is {size:.0e}, whose squares cannot be computed:"
            " take another unit"
        )


def _floats(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=float, na_value=np.nan)
