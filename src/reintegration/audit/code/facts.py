"""What code in another language has to be told of a specification, beside the specification."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import pandas as pd

from reintegration.audit.code.names import plain_name
from reintegration.estimation.absorb import nested
from reintegration.estimation.coding import coded_in_full, spec_levels, term_name
from reintegration.estimation.design import INTERCEPT
from reintegration.estimation.grammar import (
    Derived,
    Term,
    comparisons,
    parse_filter,
)
from reintegration.estimation.prepare import prepare
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.rows import cannot_group, group_codes, needed_columns, row_account
from reintegration.estimation.specs import DEVIATION, PREFIX, Specification, Vcov

NUMBER, TRUTH, TEXT, DAY = "number", "truth", "text", "date"


@dataclass(frozen=True)
class DataFile:
    """A CSV file as the code reads it: `path` from the code's folder, kinds of all its columns.

    `missing` are texts that stand for a missing cell beside the empty one; `mark` says that the
    file begins with a byte order mark.
    """

    path: str
    kinds: Mapping[str, str]
    delimiter: str = ","
    missing: tuple[str, ...] = ()
    mark: bool = False


@dataclass(frozen=True)
class Reported:
    """A reported number by our name and by the parts of its name: (variable, level or none)."""

    term: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Facts:
    """A specification with what its rows say: levels in the sample, groups, what is missing.

    `levels` holds the levels of each category in order, `used` those in the sample. `sizes`
    counts the groups of cluster variables and fixed effects in the sample; `inside` lists, of each
    covariance, the fixed effects that are nested in its clusters. `unrecorded` are types of
    assistance with missing records, `infinite` columns with infinite numbers.
    """

    spec: Specification
    file: DataFile
    levels: Mapping[str, tuple[str, ...]]
    used: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, int] = field(default_factory=dict)
    inside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pairs_once: bool = False
    unrecorded: tuple[str, ...] = ()
    infinite: tuple[str, ...] = ()
    problem: str = ""

    @property
    def made(self) -> dict[str, Derived]:
        """Columns made from others."""
        return dict(self.spec.derived)

    def kind(self, name: str) -> str:
        """The kind of a column of the file."""
        return self.file.kinds.get(name, NUMBER)

    def category(self, name: str) -> bool:
        """Whether a variable enters by its levels."""
        return name in self.levels

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the file that the specification uses, each once."""
        spec = self.spec
        names = [spec.outcome, *spec.variables, *spec.absorbed]
        for vcov in spec.vcovs:
            names += [*vcov.clusters, *([vcov.within] if vcov.within else [])]
        names += [spec.weights] if spec.weights else []
        names += [spec.random.groups, *spec.random.slopes] if spec.random else []
        names = [self.made[name].column if name in self.made else name for name in names]
        return tuple(dict.fromkeys([*names, *_filtered(spec)]))

    @property
    def needed(self) -> tuple[str, ...]:
        """Variables without which a row is not used, made ones as they are named."""
        spec = self.spec
        own = spec.not_recorded == "own_category"
        return tuple(
            name
            for name in needed_columns(spec)
            if not (own and name.startswith(PREFIX) and name != spec.outcome)
        )

    def dropped_term(self, variables: Sequence[str]) -> str:
        """The variable of a term that has no second level in the sample, if there is one."""
        full = coded_in_full(Term(tuple(variables)), self.spec, self.levels)
        for name in variables:
            if self.category(name) and name not in full and len(self.used[name]) < 2:
                return name
        return ""

    def reported(self) -> Iterator[Reported]:
        """Name every number of the right side: each level of each term."""
        spec = self.spec
        if spec.intercept and not spec.absorbed and spec.estimator != "ordered_logit":
            yield Reported(INTERCEPT, ())
        for term in spec.right_side:
            full = coded_in_full(term, spec, self.levels)
            choices: list[list[tuple[str, str, str]]] = []
            for name in term.variables:
                shown = term_name(name)
                if not self.category(name):
                    own = [(shown, name, "")]
                    if name in self.unrecorded:
                        own.append((f"{shown}_not_recorded", f"{shown}_not_recorded", ""))
                    choices.append(own)
                    continue
                coding = spec.coding_of(name)
                levels = self.used[name]
                left_out = coding or (levels[0] if levels else "")
                if coding == DEVIATION or name in full:
                    left_out = ""
                choices.append(
                    [(f"{shown}.{level}", name, level) for level in levels if level != left_out]
                )
            for combination in product(*choices):
                yield Reported(
                    ":".join(name for name, _, _ in combination),
                    tuple((variable, level) for _, variable, level in combination),
                )


def look(
    spec: Specification,
    frame: pd.DataFrame,
    file: DataFile,
    countries: Sequence[str] = (),
) -> Facts:
    """Find what the code needs to be told in the rows that a specification uses."""
    try:
        frame, spec = prepare(frame, spec)
        used, _ = row_account(frame, spec)
        without = cannot_group(frame, spec, used)
        spec = replace(spec, also=tuple(vcov for vcov in spec.also if vcov not in without))
    except NotEstimable as reason:
        return Facts(spec, file, {}, {}, problem=str(reason))
    levels = {name: tuple(order) for name, order in spec_levels(frame, spec, countries).items()}
    sample = frame[used]
    held = {name: set(sample[name].dropna().astype("str")) for name in levels}
    groups = {
        name: group_codes(sample, name)
        for name in dict.fromkeys([*spec.absorbed, *(c for v in spec.vcovs for c in v.clusters)])
        if name in sample
    }
    inside = {}
    for vcov in spec.vcovs:
        ways = [groups[name] for name in vcov.clusters if name in groups]
        inside[vcov.label] = tuple(
            name
            for name in spec.absorbed
            if len(sample) and any(nested(groups[name], way) for way in ways)
        )
    numbers = [name for name in frame if file.kinds.get(str(name)) == NUMBER]
    facts = Facts(
        spec=spec,
        file=file,
        levels=levels,
        used={n: tuple(one for one in levels[n] if one in held[n]) for n in levels},
        sizes={name: int(codes.max(initial=-1)) + 1 for name, codes in groups.items()},
        inside=inside,
        pairs_once=len(spec.absorbed) == 2 and not sample.duplicated(list(spec.absorbed)).any(),
        unrecorded=tuple(
            name
            for name in spec.variables
            if name.startswith(PREFIX)
            and spec.not_recorded == "own_category"
            and name not in levels
            and sample[name].isna().any()
        ),
        infinite=tuple(
            str(name)
            for name in numbers
            if name in spec.variables or name == spec.outcome
            if np.isinf(frame[name].to_numpy(dtype=float, na_value=np.nan)).any()
        ),
        problem="" if used.any() else "no row is left in the sample",
    )
    names = [plain_name(name) for name in facts.columns]
    if len(set(names)) < len(names):
        return replace(facts, problem="two columns have the same name without odd signs")
    return facts


def kinds_of(frame: pd.DataFrame) -> dict[str, str]:
    """Say of each column whether it holds numbers, dates or texts."""
    kinds = {}
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            kinds[str(name)] = DAY
        elif pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            kinds[str(name)] = NUMBER
        else:
            kinds[str(name)] = TEXT
    return kinds


def label(vcov: Vcov) -> str:
    """What a covariance is called in code and in what it prints."""
    return vcov.label


def _filtered(spec: Specification) -> list[str]:
    return [part.name for part in comparisons(parse_filter(spec.filter))] if spec.filter else []
