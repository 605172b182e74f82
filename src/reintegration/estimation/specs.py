"""Specifications: one regression per outcome, written as data, checked before it is fitted.

Light to import: the plan of a study checks them each time the Snakefile is read.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from reintegration import config
from reintegration.codebook import Codebook
from reintegration.countries import is_country
from reintegration.errors import StudyError
from reintegration.estimation.grammar import (
    Comparison,
    GrammarError,
    Term,
    comparisons,
    parse_filter,
    parse_term,
    suggest,
)

if TYPE_CHECKING:
    import pandas as pd

COUNTRY = "country"
RETURNEE = "returnee_id"
ASSISTANCE = "assistance"  # in terms and controls: one term for each type of the study
PREFIX = "assistance_"
DEVIATION = "deviation"


@dataclass(frozen=True)
class Vcov:
    """How the covariance of coefficients is to be computed."""

    type: str
    cluster: str | None = None
    second: str | None = None
    df: str | None = None
    count_effects: str = "nested"

    @property
    def clusters(self) -> tuple[str, ...]:
        """The cluster variables: none, one or two."""
        return tuple(name for name in (self.cluster, self.second) if name)

    @property
    def slug(self) -> str:
        """The part of an estimate's id that names its inference: `cr1s-returnee_id`, `hc3`."""
        return "-".join([self.type.lower(), *self.clusters])

    @property
    def label(self) -> str:
        """What was asked for, in words."""
        return f"{self.type} by {' and '.join(self.clusters)}" if self.cluster else self.type


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
}
_LATER_VCOV: dict[str, object] = {"second": None, "df": None, "count_effects": "nested"}


@dataclass(frozen=True)
class Specification:
    """One regression of one outcome.

    `coding` is `deviation` (from the unweighted average country) or a reference country;
    `codings` says the same of other factors, and `levels` gives factors (numbers too) their
    levels in order. `estimator` is `ols`, `within` (fixed effects of returnees), or one of
    `estimation.fit`. `not_recorded` says what assistance without a record becomes:
    `own_category` or `drop` (the row). `contrasts` are combinations of reported terms.
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
        return f"{self.outcome} ~ {' + '.join(names) or '1'}{effects}"

    @property
    def sample(self) -> str:
        """The rows used, before missing values."""
        return f"{self.data} where {self.filter}" if self.filter else f"all {self.data}"

    @property
    def spec_hash(self) -> str:
        """12 hexadecimal digits of everything that is not only a title."""
        content = {key: value for key, value in asdict(self).items() if key != "title"}
        content = {k: v for k, v in content.items() if k not in _LATER or v != _LATER[k]}
        content["vcov"] = {
            k: v for k, v in content["vcov"].items() if k not in _LATER_VCOV or v != _LATER_VCOV[k]
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def estimate_id(self, term: str) -> str:
        """Name the estimate of a term: `levels.composite.training.cr1s-returnee_id`."""
        return f"{self.spec_id}.{term}.{self.vcov.slug}"


def expand(
    specifications: Sequence[config.Specification], assistance: config.Assistance
) -> list[Specification]:
    """Spread the configuration's specifications: one per outcome, one term per assistance type.

    Raises
    ------
    StudyError
        With every term or filter that the grammar does not know.
    """
    problems: list[str] = []
    expanded = []
    for declared in specifications:
        key = f"specifications.{declared.id}"
        terms = _terms(declared.terms, assistance.types, f"{key}.terms", problems)
        controls = _terms(declared.controls, assistance.types, f"{key}.controls", problems)
        problems += _filter_problems(declared.filter, key)
        coding = declared.country_coding
        expanded += [
            Specification(
                spec_id=f"{declared.id}.{outcome}",
                title=declared.title,
                role=declared.role,
                data=declared.data,
                outcome=outcome,
                terms=terms,
                controls=tuple(term for term in controls if term not in terms),
                coding=coding if isinstance(coding, str) else coding.reference,
                filter=declared.filter,
                estimator=declared.estimator,
                vcov=Vcov(declared.vcov.type, declared.vcov.cluster),
                not_recorded=assistance.not_recorded,
            )
            for outcome in declared.outcomes
        ]
    if problems:
        raise StudyError("config.yaml: specifications cannot be read.", problems)
    return expanded


def specs_table(specifications: Sequence[Specification]) -> "pd.DataFrame":
    """List specifications as they will be fitted, one row each."""
    from reintegration.estimation.results import SPEC_COLUMNS, table

    return table(
        (
            {
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
            }
            for spec in specifications
        ),
        SPEC_COLUMNS,
    )


@dataclass(frozen=True)
class Column:
    """What may be done with a column: a `number`, a `category`, a `date` or an `id`."""

    kind: str
    answers: tuple[str, ...] = ()


def known_columns(codebook: Codebook, data: str) -> dict[str, Column]:
    """List the columns of `surveys` or `changes` that specifications may name."""
    number = Column("number")
    scores = [*codebook.score_names, *(f"item_{item}" for item in codebook.item_names)]
    columns = {
        "survey_id": Column("id"),
        RETURNEE: Column("id"),
        "location_id": Column("id"),
        "source": Column("category"),
        COUNTRY: Column("country"),
        "survey_date": Column("date"),
        "return_date": Column("date"),
        **dict.fromkeys(("round", "is_first", "is_last", "months_since_return"), number),
    }
    for name, variable in codebook.variables.items():
        if variable.role is None and variable.type in ("number", "choice"):
            answers = tuple(answer.code for answer in variable.answers)
            kind = "number" if variable.type == "number" else "category"
            columns.setdefault(name, Column(kind, answers))
    for name, item in codebook.items.items():
        if not item.multiple:
            columns[name] = Column("category", tuple(a.code for a in codebook.answers_of(name)))
    counted = [f"items_answered_{score}" for score in codebook.score_names]
    names = [*scores, *counted, *codebook.assistance_columns, "orion"]
    columns |= dict.fromkeys(names, number)
    if data == "changes":
        names = ["first_months_since_return", "months_between", "orion_first"]
        names += [f"{when}_{score}" for score in scores for when in ("first", "last", "change")]
        columns |= dict.fromkeys(names, number)
    return columns


def problems_of(spec: Specification, columns: Mapping[str, Column], key: str) -> list[str]:
    """Say everything that is wrong with a specification, given the columns there are."""
    problems = []

    def unknown(part: str, name: str, usable: Sequence[str]) -> str:
        return f"{key}.{part}: there is no column {name!r} of {spec.data}; {suggest(name, usable)}"

    numbers = [name for name, column in columns.items() if column.kind == "number"]
    if spec.outcome not in numbers:
        problems.append(unknown("outcomes", spec.outcome, numbers))
    usable = [n for n, column in columns.items() if column.kind in ("number", "category", COUNTRY)]
    for part, terms in (("terms", spec.terms), ("controls", spec.controls)):
        for term in terms:
            problems += [
                unknown(part, name, usable) for name in term.variables if name not in usable
            ]
            problems += [
                f"{key}.{part}: the interaction {term} needs {name} as a term of its own too"
                for name in term.variables
                if Term((name,)) not in spec.right_side
            ]
            if spec.outcome in term.variables:
                problems.append(f"{key}.{part}: the outcome {spec.outcome} stands on the right")
    if spec.vcov.cluster and spec.vcov.cluster not in columns:
        groups = [name for name, column in columns.items() if column.kind != "number"]
        problems.append(unknown("vcov.cluster", spec.vcov.cluster, groups))
    for compared in comparisons(parse_filter(spec.filter)) if spec.filter else ():
        if compared.name not in columns:
            problems.append(unknown("filter", compared.name, list(columns)))
        else:
            problems += _value_problems(compared, columns[compared.name], f"{key}.filter")
    return problems


def check_specifications(
    specifications: Sequence[config.Specification],
    assistance: config.Assistance,
    orion: config.Orion,
    trends: config.Trends,
    codebook: Codebook,
) -> None:
    """Check every name, filter and cluster of the specifications against the codebook.

    Raises
    ------
    StudyError
        With every problem at once: key, name or text, what is known.
    """
    columns = {data: known_columns(codebook, data) for data in ("surveys", "changes")}
    problems = []
    for spec in expand(specifications, assistance):
        problems += problems_of(
            spec, columns[spec.data], f"specifications.{spec.spec_id.split('.')[0]}"
        )
    controls = _terms(orion.controls, (), "orion.controls", problems)
    for key, declared, terms in (("orion", orion.vcov, controls), ("trends", trends.vcov, ())):
        vcov = Vcov(declared.type, declared.cluster)
        spec = Specification(
            *(key, "", "published", "changes", f"change_{codebook.main_score}"),
            (),
            vcov,
            controls=terms,
        )
        problems += problems_of(spec, columns["changes"], key)
    if problems:
        raise StudyError(
            "config.yaml: specifications cannot be fitted. Nothing has been run.",
            list(dict.fromkeys(problems)),
        )


def _terms(
    texts: Sequence[str], types: Sequence[str], key: str, problems: list[str]
) -> tuple[Term, ...]:
    """Parse terms and spread `assistance` over types, if any; problems join the list."""
    terms: dict[Term, None] = {}
    for text in texts:
        try:
            term = parse_term(text)
        except GrammarError as error:
            problems.append(f"{key}: {error}")
            continue
        if ASSISTANCE not in term.variables or not types:
            terms[term] = None
            continue
        for kind in types:
            names = [PREFIX + kind if n == ASSISTANCE else n for n in term.variables]
            terms[Term(tuple(names))] = None
    return tuple(terms)


def _filter_problems(text: str | None, key: str) -> list[str]:
    try:
        if text is not None:
            parse_filter(text)
    except GrammarError as error:
        return [f"{key}.filter: {error}"]
    return []


def _value_problems(part: Comparison, column: Column, key: str) -> list[str]:
    """Say which values a filter compares a column with that it can never hold."""
    problems = []
    for value in part.compared:
        text = value if isinstance(value, str) else f"{value:g}"
        if column.kind == "number" and isinstance(value, str):
            problems.append(f"{key}: {part.name} holds numbers, and {value!r} is none")
        elif column.kind == COUNTRY and not is_country(text):
            problems.append(f"{key}: {text!r} is not an ISO 3166-1 alpha-3 country code")
        elif column.answers and column.kind == "category" and text not in column.answers:
            problems.append(
                f"{key}: {text!r} is no answer of {part.name}; {suggest(text, column.answers)}"
            )
    ordered = part.operator not in ("==", "!=", "in", "missing")
    if ordered and column.kind not in ("number", "date"):
        problems.append(f"{key}: {part.name} holds texts, which {part.operator} cannot order")
    return problems
