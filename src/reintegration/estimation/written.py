"""Specifications as they are written: every key, and what it may hold.

`reintegration fit` and config.yaml (`config.Specification`) speak this language, which
docs/reference/specification.md describes for people. `language` reads it.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from reintegration.codebook import describe_problems, read_yaml_any
from reintegration.errors import StudyError
from reintegration.estimation.grammar import GrammarError, parse_filter
from reintegration.estimation.specs import COUNTRY, Vcov
from reintegration.section import ID, LIST, MAPPING, TEXT, Section, by_shape, distinct

Texts = Annotated[list[str], AfterValidator(distinct)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Value = str | int | float | bool
Estimator = Literal[
    "ols",
    "within",
    "random_effects",
    "mixed",
    "logit",
    "fractional_logit",
    "ordered_logit",
    "quantile",
]
Type = Literal[
    "classical",
    "HC0",
    "HC1",
    "HC2",
    "HC3",
    "CR0",
    "CR1",
    "CR1S",
    "CR2",
    "CR3",
    "wild",
    "permutation",
]
HC, CR = ("HC0", "HC1", "HC2", "HC3"), ("CR0", "CR1", "CR1S", "CR2", "CR3")
SIMPLE = ("classical", "HC0", "HC1", "CR0", "CR1", "CR1S")
WILD, PERMUTATION = "wild", "permutation"
RESAMPLED = (WILD, PERMUTATION)
FEWEST_DRAWS = 99
# The covariances that each estimator has.
COVARIANCES: dict[str, tuple[str, ...]] = {
    "ols": ("classical", *HC, *CR, *RESAMPLED),
    "within": ("CR0", "CR1", "CR1S", "CR2", "CR3"),
    "random_effects": (*SIMPLE, "CR2", "CR3"),
    "mixed": ("classical", "CR0", "CR1", "CR1S", "CR2", "CR3"),
    "logit": ("classical", *HC, *CR),
    "fractional_logit": ("classical", *HC, *CR),
    "ordered_logit": SIMPLE,
    "quantile": ("classical", "HC0"),
}
WEIGHTED = ("ols", "logit", "fractional_logit", "ordered_logit")


# What other programs call a covariance or an estimator, and what it is called here.
_CLUSTERED = "CR1S with a `cluster` (cluster-robust of Stata is CR1S)"
_ELSEWHERE = {
    "robust": "HC1 (robust in Stata is HC1)",
    **dict.fromkeys(("cluster", "clustered", "cr", "cluster-robust", "vce(cluster)"), _CLUSTERED),
    **dict.fromkeys(("iid", "nonrobust", "unadjusted"), "classical"),
    **dict.fromkeys(("logistic", "logistic regression"), "logit"),
    **dict.fromkeys(("ologit", "polr"), "ordered_logit"),
    **dict.fromkeys(("reg", "regress", "lm"), "ols"),
    "qreg": "quantile",
}


def _as_here(written: Any, allowed: tuple[str, ...]) -> Any:
    """Refuse a name that another program uses, or other capitals, with what it is called here."""
    if not isinstance(written, str) or written in allowed:
        return written
    small = written.strip().lower()
    meant = next((name for name in allowed if name.lower() == small), _ELSEWHERE.get(small))
    if meant and meant.split()[0] in allowed:
        raise ValueError(f"did you mean {meant}?")
    return written


class Reference(Section):
    """A level the others are compared with."""

    reference: Value = Field(description="The reference level.")


Coding = Annotated[
    Annotated[Literal["deviation"], Tag(TEXT)] | Annotated[Reference, Tag(MAPPING)],
    by_shape("`deviation` or `{reference: LEVEL}`"),
]
Clusters = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[list[str], Field(min_length=2, max_length=2), Tag(LIST)],
    by_shape("a column, or a list of two"),
]


class FitVcov(Section):
    """Covariance of the coefficients, or another way to test them."""

    type: Type = Field(description="Its type.")
    cluster: Clusters | None = Field(
        default=None,
        description="Cluster variable of a CR type, of wild and permutation, or two for two-way"
        " clusters.",
    )
    df: Literal["clusters", "residual", "normal"] | None = Field(
        default=None, description="What statistics are compared with, if not the type's own."
    )
    count_effects: Literal["nested", "all", "none"] = Field(
        default="nested", description="Fixed effects that CR1S counts as coefficients."
    )
    weights: Literal["rademacher", "webb"] = Field(
        default="rademacher", description="Of wild: what the residuals of a cluster are times."
    )
    draws: int = Field(
        default=9999,
        ge=FEWEST_DRAWS,
        le=999_999,
        description="Of wild and permutation, where not every possibility is counted out.",
    )
    within: str | None = Field(
        default=None, description="Of permutation: clusters change places within its values only."
    )

    @field_validator("type", mode="before")
    @classmethod
    def _type_as_here(cls, written: Any) -> Any:
        return _as_here(written, get_args(Type))

    @property
    def clusters(self) -> tuple[str, ...]:
        """The cluster variables: none, one or two."""
        return tuple([self.cluster] if isinstance(self.cluster, str) else self.cluster or [])

    @property
    def vcov(self) -> Vcov:
        """The covariance as the estimators know it."""
        first, second = (*self.clusters, None, None)[:2]
        return Vcov(
            *(self.type, first, second, self.df, self.count_effects),
            *(self.weights, self.draws, self.within),
        )

    @model_validator(mode="after")
    def _in_order(self) -> "FitVcov":
        """Refuse what its type cannot use."""
        kind, clusters = self.type, self.clusters
        wrong = []
        if kind in (*CR, WILD) and not clusters:
            wrong.append(f"{kind} needs a `cluster`, for example returnee_id")
        if kind not in (*CR, *RESAMPLED) and (clusters or self.df == "clusters"):
            wrong.append(f"{kind} takes no `cluster`; {', '.join((*CR, *RESAMPLED))} do")
        if len(clusters) == 2 and kind in ("CR2", "CR3", *RESAMPLED):
            wrong.append(f"{kind} has one cluster variable; CR0, CR1 and CR1S can have two")
        if len(set(clusters)) < len(clusters):
            wrong.append(f"{clusters[0]} stands twice in `cluster`")
        of_types = {"weights": (WILD,), "draws": RESAMPLED, "within": (PERMUTATION,)}
        of_types |= {"df": ("classical", *HC, *CR)}
        for key, types in of_types.items():
            if getattr(self, key) != type(self).model_fields[key].default and kind not in types:
                wrong.append(f"{kind} takes no `{key}`; {', '.join(types)} do")
        if self.within and self.within in clusters:
            wrong.append("`within` and `cluster` are one column: nothing could change places")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


Vcovs = Annotated[
    Annotated[FitVcov, Tag(MAPPING)] | Annotated[list[FitVcov], Field(min_length=1), Tag(LIST)],
    by_shape("a mapping such as `{type: CR1S, cluster: returnee_id}`, or a list of them"),
]


class FitRandom(Section):
    """Random part of a mixed or random-effects model."""

    groups: str = Field(description="Variable whose values are the groups.")
    slopes: Texts = Field(default=[], description="Numbers whose slopes vary over groups.")
    intercept: bool = Field(default=True, description="Whether the intercept varies.")
    correlated: bool = Field(default=True, description="Whether intercept and slopes correlate.")
    method: Literal["REML", "ML"] = Field(default="REML", description="Of a mixed model.")


class Regression(Section):
    """A regression as it is written, wherever it is: each key, and what it may hold."""

    id: str | None = Field(
        default=None,
        pattern=ID,
        description="Name; default `spec_1`, `spec_2`, ...",
    )
    title: str = Field(default="", description="Title for readers.")
    role: Literal["published", "robustness", "exploratory"] = Field(
        default="exploratory", description="Its role."
    )
    data: Literal["surveys", "changes"] | None = Field(
        default=None, description="Of the study; for `fit` the rows are those of the file."
    )
    outcomes: Annotated[list[str], Field(min_length=1), AfterValidator(distinct)] | None = Field(
        default=None, description="Left-hand sides, one regression each."
    )
    terms: Texts = Field(default=[], description="Terms of interest; `a:b` is an interaction.")
    controls: Texts = Field(default=[], description="Further terms.")
    categories: Annotated[
        Annotated[Texts, Tag(LIST)] | Annotated[dict[str, list[Value] | None], Tag(MAPPING)],
        by_shape("a list of columns, or a mapping of columns to their levels in order"),
    ] = Field(default=[], description="Numbers taken as categories; levels in order.")
    coding: dict[str, Coding] = Field(
        default={}, description="How categories are coded; default: the first level is reference."
    )
    country_coding: Coding | None = Field(
        default=None, description="The same as `coding` of the column `country`."
    )
    intercept: bool = Field(default=True, description="Whether there is an intercept.")
    fixed_effects: Texts = Field(default=[], description="Variables whose effects are taken out.")
    random: FitRandom | None = Field(default=None, description="Random part.")
    filter: str | None = Field(
        default=None, description="Rows used, for example `is_last == 1 and country in (GIN, SEN)`."
    )
    weights: str | None = Field(default=None, description="Weights of rows.")
    not_recorded: Literal["drop", "own_category"] | None = Field(
        default=None, description="Missing cells of columns `assistance_*`."
    )
    estimator: Estimator = Field(default="ols", description="Estimator.")
    threshold: float | None = Field(
        default=None, description="Of logit: the outcome is whether this value is reached."
    )
    quantile: float = Field(default=0.5, gt=0, lt=1, description="Of quantile regression.")
    vcov: Vcovs = Field(
        default=FitVcov(type="classical"), description="Covariance, or a list of them."
    )
    contrasts: dict[str, Annotated[dict[str, Finite], Field(min_length=1)]] = Field(
        default={}, description="Named combinations of reported terms."
    )
    family: str | None = Field(
        default=None, description="Family of tests whose p-values are adjusted together."
    )
    family_terms: Texts | None = Field(
        default=None, description="Its members; default: `terms` and contrasts."
    )

    @field_validator("estimator", mode="before")
    @classmethod
    def _estimator_as_here(cls, written: Any) -> Any:
        return _as_here(written, get_args(Estimator))

    @field_validator("family_terms")
    @classmethod
    def _someone(cls, terms: list[str] | None) -> list[str] | None:
        if terms == []:
            raise ValueError(
                "names no member; leave it out where all `terms` and contrasts are meant, and"
                " leave `family` out where none is"
            )
        return terms

    @field_validator("contrasts")
    @classmethod
    def _something(cls, contrasts: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        if empty := [name for name, parts in contrasts.items() if not any(parts.values())]:
            raise ValueError(f"{', '.join(empty)}: all weights are 0; give one that is not")
        return contrasts

    @field_validator("filter")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                parse_filter(text)
            except GrammarError as error:
                raise ValueError(str(error)) from None
        return text

    @model_validator(mode="after")
    def _countries_coded_once(self) -> "Regression":
        if COUNTRY in self.coding and self.country_coding is not None:
            raise ValueError(f"`coding` and `country_coding` both code {COUNTRY}; give one")
        return self

    @property
    def each_vcov(self) -> list[FitVcov]:
        """The covariances asked for."""
        return each_vcov(self.vcov)

    @property
    def left_sides(self) -> list[str]:
        """The outcomes, one regression each."""
        return self.outcomes or []


def each_vcov(written: FitVcov | list[FitVcov]) -> list[FitVcov]:
    """The covariances of a key that takes one or a list."""
    return written if isinstance(written, list) else [written]


class Written(Regression):
    """A specification for `reintegration fit`, which has no study around it."""

    outcome: str | None = Field(default=None, description="Left-hand side, if it is one.")
    seed: int = Field(default=20201231, ge=0, description="Of wild, permutation and the family.")
    confidence_level: float = Field(default=0.95, gt=0, lt=1, description="Of intervals.")

    @property
    def left_sides(self) -> list[str]:
        """The outcomes, one regression each."""
        return self.outcomes or [self.outcome or ""]


def read_specifications(path: str | Path) -> list[Written]:
    """Read a file that holds one specification, or a list of them.

    Raises
    ------
    StudyError
        With every problem at once.
    """
    path = Path(path)
    content = read_yaml_any(path)
    if isinstance(content, dict) and set(content) == {"specifications"}:
        content = content["specifications"]
    several = isinstance(content, list)
    entries = content if isinstance(content, list) else [content]
    written, problems = [], []
    for place, entry in enumerate(entries, 1):
        prefix = f"[{place}]" if several else ""
        if not isinstance(entry, dict):
            problems.append(f"{prefix or path.name}: must hold `key: value` lines")
            continue
        try:
            made = Written.model_validate(entry)
        except ValidationError as error:
            problems += describe_problems(error, prefix)
            continue
        written.append(made.model_copy(update={"id": made.id or f"spec_{place}"}))
    ids = [one.id for one in written]
    problems += [
        f"id: {name} stands twice" for name in sorted({i for i in ids if i and ids.count(i) > 1})
    ]
    if not entries:
        problems.append("there is no specification")
    if problems:
        raise StudyError(f"{path}: specifications cannot be read.", problems)
    return written
