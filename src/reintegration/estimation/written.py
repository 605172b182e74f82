"""Specifications for any table as they are written: every key, and what it may hold.

`reintegration fit` reads these; docs/reference/specification.md describes them for people.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError, field_validator

from reintegration.codebook import describe_problems, read_yaml_any
from reintegration.config import Section, _distinct
from reintegration.errors import StudyError
from reintegration.estimation.grammar import GrammarError, parse_filter
from reintegration.estimation.specs import Vcov

Texts = Annotated[list[str], AfterValidator(_distinct)]
Value = str | int | float | bool
Estimator = Literal[
    "ols",
    "random_effects",
    "mixed",
    "logit",
    "fractional_logit",
    "ordered_logit",
    "quantile",
]
HC, CR = ("HC0", "HC1", "HC2", "HC3"), ("CR0", "CR1", "CR1S", "CR2", "CR3")
SIMPLE = ("classical", "HC0", "HC1", "CR0", "CR1", "CR1S")
# The covariances that each estimator has.
COVARIANCES: dict[str, tuple[str, ...]] = {
    "ols": ("classical", *HC, *CR),
    "random_effects": (*SIMPLE, "CR2", "CR3"),
    "mixed": ("classical", "CR0", "CR1", "CR1S", "CR2", "CR3"),
    "logit": ("classical", *HC, *CR),
    "fractional_logit": ("classical", *HC, *CR),
    "ordered_logit": SIMPLE,
    "quantile": ("classical", "HC0"),
}
WEIGHTED = ("ols", "logit", "fractional_logit", "ordered_logit")


class Reference(Section):
    """A level the others are compared with."""

    reference: Value = Field(description="The reference level.")


class FitVcov(Section):
    """Covariance of the coefficients."""

    type: Literal["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR1S", "CR2", "CR3"] = (
        Field(description="Its type.")
    )
    cluster: str | Annotated[list[str], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="Cluster variable of a CR type, or two for two-way clusters."
    )
    df: Literal["clusters", "residual", "normal"] | None = Field(
        default=None, description="What statistics are compared with, if not the type's own."
    )
    count_effects: Literal["nested", "all", "none"] = Field(
        default="nested", description="Fixed effects that CR1S counts as coefficients."
    )

    @property
    def vcov(self) -> Vcov:
        """The covariance as the estimators know it."""
        names = [self.cluster] if isinstance(self.cluster, str) else self.cluster or []
        first, second = (*names, None, None)[:2]
        return Vcov(self.type, first, second, self.df, self.count_effects)


class FitRandom(Section):
    """Random part of a mixed or random-effects model."""

    groups: str = Field(description="Variable whose values are the groups.")
    slopes: Texts = Field(default=[], description="Numbers whose slopes vary over groups.")
    intercept: bool = Field(default=True, description="Whether the intercept varies.")
    correlated: bool = Field(default=True, description="Whether intercept and slopes correlate.")
    method: Literal["REML", "ML"] = Field(default="REML", description="Of a mixed model.")


class Written(Section):
    """A specification as it is written."""

    id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$",
        description="Name; default `spec_1`, `spec_2`, ...",
    )
    title: str = Field(default="", description="Title for readers.")
    role: Literal["published", "robustness", "exploratory"] = Field(
        default="exploratory", description="Its role."
    )
    data: Literal["surveys", "changes"] | None = Field(
        default=None, description="Of the study; here the rows are those of the file."
    )
    outcome: str | None = Field(default=None, description="Left-hand side.")
    outcomes: Annotated[list[str], Field(min_length=1), AfterValidator(_distinct)] | None = Field(
        default=None, description="Several left-hand sides, one regression each."
    )
    terms: Texts = Field(default=[], description="Terms of interest.")
    controls: Texts = Field(default=[], description="Further terms.")
    categories: Texts | dict[str, list[Value] | None] = Field(
        default=[], description="Numbers taken as categories; levels in order."
    )
    coding: dict[str, Literal["deviation"] | Reference] = Field(
        default={}, description="How categories are coded; default: the first level is reference."
    )
    country_coding: Literal["deviation"] | Reference | None = Field(
        default=None, description="The same as `coding` of the column `country`."
    )
    intercept: bool = Field(default=True, description="Whether there is an intercept.")
    fixed_effects: Texts = Field(default=[], description="Variables whose effects are taken out.")
    random: FitRandom | None = Field(default=None, description="Random part.")
    filter: str | None = Field(default=None, description="Rows used.")
    weights: str | None = Field(default=None, description="Weights of rows.")
    not_recorded: Literal["drop", "own_category"] = Field(
        default="drop", description="Missing cells of columns `assistance_*`."
    )
    estimator: Estimator = Field(default="ols", description="Estimator.")
    threshold: float | None = Field(
        default=None, description="Of logit: the outcome is whether this value is reached."
    )
    quantile: float = Field(default=0.5, gt=0, lt=1, description="Of quantile regression.")
    vcov: FitVcov | Annotated[list[FitVcov], Field(min_length=1)] = Field(
        default=FitVcov(type="classical"), description="Covariance, or a list of them."
    )
    confidence_level: float = Field(default=0.95, gt=0, lt=1, description="Of intervals.")
    contrasts: dict[str, Annotated[dict[str, float], Field(min_length=1)]] = Field(
        default={}, description="Named combinations of reported terms."
    )
    family: str | None = Field(
        default=None, description="Family of tests whose p-values are adjusted together."
    )
    family_terms: Texts | None = Field(
        default=None, description="Its members; default: `terms` and contrasts."
    )

    @field_validator("filter")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                parse_filter(text)
            except GrammarError as error:
                raise ValueError(str(error)) from None
        return text

    @property
    def each_vcov(self) -> list[FitVcov]:
        """The covariances asked for."""
        return self.vcov if isinstance(self.vcov, list) else [self.vcov]


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
