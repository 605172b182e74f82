"""Specifications: one regression per outcome, as data that can be printed before it is fitted.

Light to import: the configuration is made of them, and is read with every Snakefile.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from reintegration.estimation.grammar import EXACT, Derived, Term

if TYPE_CHECKING:
    import pandas as pd

COUNTRY = "country"
RETURNEE = "returnee_id"
ASSISTANCE = "assistance"  # in terms and controls: one term for each type of the study
PREFIX = "assistance_"
DEVIATION = "deviation"
INTERCEPT = "intercept"


def term_name(column: str) -> str:
    """Name a column as estimates do: `assistance_training` is `training`."""
    return ":".join(part.removeprefix(PREFIX) for part in column.split(":"))


def is_whole(value: float) -> bool:
    """Say whether a number is a whole one that floats tell from its neighbours."""
    return abs(value) < EXACT and value == int(value)


def text_of(value: object) -> str:
    """Write a level as text: the number 6.0 is `6`."""
    if type(value) is int or (isinstance(value, float) and is_whole(value)):
        return str(int(value))
    return f"{value:.15g}" if isinstance(value, int | float) else str(value)


# First part of the ids of regressions that other sections declare, and the section.
TAKEN_IDS = {
    **dict.fromkeys(("orion", "orion_change", "orion_mean"), "orion"),
    **dict.fromkeys(("trend", "trend_deviation"), "trends"),
    **dict.fromkeys(("rank", "importance", "model"), "specifications"),
}


@dataclass(frozen=True)
class Vcov:
    """How the covariance of coefficients is to be computed."""

    type: str
    cluster: str | None = None
    second: str | None = None
    df: str | None = None
    count_effects: str = "nested"
    # Of `wild` (cluster bootstrap) and `permutation`: how rows are redrawn.
    weights: str = "rademacher"
    draws: int = 9999
    within: str | None = None

    @property
    def clusters(self) -> tuple[str, ...]:
        """The cluster variables: none, one or two."""
        return tuple(name for name in (self.cluster, self.second) if name)

    @property
    def slug(self) -> str:
        """The part of an estimate's id that names its inference: `cr1s-returnee_id`, `hc3`."""
        webb = ["webb"] if self.weights == "webb" else []
        return "-".join([self.type.lower(), *webb, *self.clusters])

    @property
    def label(self) -> str:
        """What was asked for, in words."""
        webb = " (Webb)" if self.weights == "webb" else ""
        by = f" by {' and '.join(self.clusters)}" if self.cluster else ""
        return f"{self.type}{webb}{by}" + (f" within {self.within}" if self.within else "")


@dataclass(frozen=True)
class Random:
    """Random part of a mixed model: intercept and slopes that vary over `groups`."""

    groups: str
    slopes: tuple[str, ...] = ()
    intercept: bool = True
    correlated: bool = True
    method: str = "REML"


# What specifications could not say at first, with what they then meant: a specification that
# does not use it keeps its hash.
_LATER: dict[str, object] = {
    "codings": (),
    "levels": (),
    "fixed_effects": (),
    "weights": None,
    "intercept": True,
    "random": None,
    "quantile": 0.5,
    "contrasts": (),
    "family": "",
    "also": (),
    "single": "",
    "family_terms": (),
    "threshold": None,
    "derived": (),
    "refit_of": "",
}
_LATER_VCOV: dict[str, object] = {
    "second": None,
    "df": None,
    "count_effects": "nested",
    "weights": "rademacher",
    "draws": 9999,
    "within": None,
}


@dataclass(frozen=True)
class Specification:
    """One regression of one outcome.

    `coding` is `deviation` (from the unweighted average country) or a reference country;
    `codings` says the same of other factors, and `levels` gives factors (numbers too) their
    levels in order. `estimator` is `ols`, `within` (fixed effects of returnees), or one of
    `estimation.fit`. `not_recorded` says what assistance without a record becomes:
    `own_category` or `drop` (the row). `contrasts` are combinations of reported terms.
    `also` are covariances beside `vcov`, the same fit under each. `family_terms` are the reported
    terms whose p-values `family` adjusts; none: those of `terms`, and contrasts. `single` is
    the one term whose estimates need no name of their own in ids: a slope, an effect. A factor
    without levels in `levels` has those found. The outcome of a `threshold` is whether it is
    reached; `derived` says which variables are made of a column: `estimation.prepare` does both.
    `refit_of` names the specification that this one asks again in another way; only its terms
    are reported.
    """

    spec_id: str
    title: str
    role: str
    data: str
    outcome: str
    terms: tuple[Term, ...]
    vcov: Vcov
    controls: tuple[Term, ...] = ()
    coding: str = DEVIATION
    filter: str | None = None
    estimator: str = "ols"
    not_recorded: str = "own_category"
    codings: tuple[tuple[str, str], ...] = ()
    levels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fixed_effects: tuple[str, ...] = ()
    weights: str | None = None
    intercept: bool = True
    random: Random | None = None
    quantile: float = 0.5
    contrasts: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()
    family: str = ""
    also: tuple[Vcov, ...] = ()
    single: str = ""
    family_terms: tuple[str, ...] = ()
    threshold: float | None = None
    derived: tuple[tuple[str, Derived], ...] = ()
    refit_of: str = ""

    @property
    def vcovs(self) -> tuple[Vcov, ...]:
        """The covariance the specification is known by, and those beside it."""
        return (self.vcov, *self.also)

    def reports(self, variable: str) -> bool:
        """Whether estimates of a variable are reported: of a refit those of its terms only."""
        return not self.refit_of or variable in map(str, self.terms)

    @property
    def declared_in(self) -> str:
        """The key of config.yaml that asks for it: `specifications.levels`, `orion`, `trends`."""
        first = self.spec_id.split(".")[0]
        return TAKEN_IDS.get(first, f"specifications.{first}")

    @property
    def absorbed(self) -> tuple[str, ...]:
        """Variables with a fixed effect for each of their values."""
        return (RETURNEE,) if self.estimator == "within" else self.fixed_effects

    def coding_of(self, name: str) -> str | None:
        """How a factor is coded: `deviation`, a reference level, or None for the first."""
        return dict(self.codings).get(name, self.coding if name == COUNTRY else None) or None

    @property
    def right_side(self) -> tuple[Term, ...]:
        """Terms and controls in the order of the design: main effects, then interactions."""
        return tuple(sorted((*self.terms, *self.controls), key=lambda term: len(term.variables)))

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns of the right side, each once, in order."""
        return tuple(dict.fromkeys(name for t in self.right_side for name in t.variables))

    @property
    def formula(self) -> str:
        """The regression as a reader writes it."""

        def shown(name: str) -> str:
            coding = self.coding_of(name)
            return f"{name}[{coding}]" if coding else name

        names = [":".join(map(shown, term.variables)) for term in self.right_side]
        if not self.intercept:
            names.insert(0, "0")
        if self.random:
            varying = [*(["1"] if self.random.intercept else []), *self.random.slopes]
            bar = "|" if self.random.correlated else "||"
            names.append(f"({' + '.join(varying)} {bar} {self.random.groups})")
        effects = f" | {' + '.join(self.absorbed)}" if self.absorbed else ""
        reached = "" if self.threshold is None else f" >= {self.threshold:g}"
        return f"{self.outcome}{reached} ~ {' + '.join(names) or '1'}{effects}"

    @property
    def sample(self) -> str:
        """The rows used, before missing values."""
        return f"{self.data} where {self.filter}" if self.filter else f"all {self.data}"

    @property
    def content(self) -> dict[str, Any]:
        """Everything that is not only a title, as plain data.

        What specifications could not say at first is in it only where it is not the default.
        """
        content = {key: value for key, value in asdict(self).items() if key != "title"}
        content = {k: v for k, v in content.items() if k not in _LATER or v != _LATER[k]}
        for name, vcovs in (("vcov", [content["vcov"]]), ("also", list(content.get("also", ())))):
            plain = [
                {k: v for k, v in vcov.items() if k not in _LATER_VCOV or v != _LATER_VCOV[k]}
                for vcov in vcovs
            ]
            content |= {name: plain[0] if name == "vcov" else plain} if plain else {}
        return content

    @property
    def spec_hash(self) -> str:
        """12 hexadecimal digits of everything that is not only a title."""
        text = json.dumps(self.content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def estimate_id(self, term: str, vcov: Vcov | None = None) -> str:
        """Name the estimate of a term: `levels.composite.training.cr1s-returnee_id`."""
        parts = [self.spec_id, *([] if term == self.single else [term])]
        return ".".join([*parts, (vcov or self.vcov).slug])


def spec_row(spec: Specification) -> dict[str, str]:
    """Describe a specification in one row, by columns of specs.csv."""
    return {
        "spec_id": spec.spec_id,
        "title": spec.title,
        "role": spec.role,
        "outcome": spec.outcome,
        "formula": spec.formula,
        "sample": spec.sample,
        "estimator": spec.estimator,
        "vcov": spec.vcov.label,
        "spec_hash": spec.spec_hash,
        "data": spec.data,
        "terms": " ".join(map(str, spec.terms)),
        "controls": " ".join(map(str, spec.controls)),
        "country_coding": spec.coding,
        "not_recorded": spec.not_recorded,
        "also": "; ".join(vcov.label for vcov in spec.also),
        "refit_of": spec.refit_of,
        "family": spec.family,
        "weights": spec.weights or "",
        "quantile": f"{spec.quantile:g}" if spec.estimator == "quantile" else "",
        "declared_in": spec.declared_in,
    }


def specs_table(specifications: Sequence[Specification]) -> "pd.DataFrame":
    """List specifications as they will be fitted, one row each."""
    from reintegration.estimation.results import SPEC_COLUMNS, table

    return table(map(spec_row, specifications), SPEC_COLUMNS)
