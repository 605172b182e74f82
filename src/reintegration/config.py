"""Choices of the study: `config.yaml`, one class per section, unknown keys refused."""

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from reintegration.codebook import Codebook, describe_problems, load_codebook, read_yaml
from reintegration.countries import is_country
from reintegration.errors import StudyError
from reintegration.estimation.specs import TAKEN_IDS
from reintegration.estimation.written import (
    Coding,
    FitVcov,
    Reference,
    Regression,
    Vcovs,
    each_vcov,
)
from reintegration.section import NAME, Section, distinct


def _iso_country(code: str) -> str:
    if not is_country(code):
        raise ValueError("not an ISO 3166-1 alpha-3 country code such as GIN")
    return code


Country = Annotated[str, AfterValidator(_iso_country)]
Name = Annotated[str, Field(pattern=NAME)]


Countries = Annotated[list[Country], Field(min_length=1), AfterValidator(distinct)]
Names = Annotated[list[Name], Field(min_length=1), AfterValidator(distinct)]


def _countries_or_all(value: Any) -> Any:
    if value == "all":
        return value
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of ISO 3166-1 alpha-3 codes, or `all`")
    if wrong := [code for code in value if not isinstance(code, str) or not is_country(code)]:
        raise ValueError(f"{wrong} are not ISO 3166-1 alpha-3 country codes such as GIN")
    return distinct(value)


class Study(Section):
    """What is studied."""

    title: str = Field(min_length=1, description="Title of the report.")
    countries: Annotated[list[str] | Literal["all"], BeforeValidator(_countries_or_all)] = Field(
        description="Countries analysed, as ISO 3166-1 alpha-3 codes, or `all` in the data."
    )
    first_survey: datetime.date = Field(description="First day of interviews analysed.")
    last_survey: datetime.date = Field(description="Last day of interviews analysed.")

    @model_validator(mode="after")
    def _in_order(self) -> "Study":
        if self.last_survey < self.first_survey:
            raise ValueError("last_survey lies before first_survey")
        return self


class Data(Section):
    """Where the raw files are."""

    world: Path | None = Field(
        description="Simulated world to study (YAML), or null to study the files in `raw`."
    )
    raw: Path = Field(description="Folder of the researcher's own files.")
    sources: Path = Field(description="Folder of one YAML per file of `raw`.")
    decisions: Path = Field(
        description="Folder of what researchers decide by hand: corrections and matches (CSV)."
    )
    on_bad_source: Literal["stop", "leave_out"] = Field(
        description="What to do when a source cannot be read."
    )


class Instrument(Section):
    """The codebook's files."""

    items: Path | Annotated[list[Path], Field(min_length=1), AfterValidator(distinct)] = Field(
        description="Items, answers, scores and weights (YAML); of several instruments asked of "
        "the same people, the main one first."
    )
    variables: Path = Field(description="Everything else that is asked (YAML).")
    claims: Path | None = Field(
        description="Sentences of a published study to test (YAML), or null."
    )

    @property
    def files(self) -> list[Path]:
        """The instruments' files, the main one first."""
        return self.items if isinstance(self.items, list) else [self.items]

    def codebook(self, root: str | Path = ".") -> Codebook:
        """Load the codebook; its files lie below `root`."""
        root = Path(root)
        return load_codebook([root / path for path in self.files], root / self.variables)


_LIMITS = frozenset(
    (
        *("test_words", "duplicate_content_items", "form_days", "age_tolerance"),
        *("shortest_interview", "straight_lining_items"),
    )
)


class Cleaning(Section):
    """Declared rules of cleaning, in the order in which they are applied."""

    test_submission: Literal["reject", "flag"] = Field(
        description="Case number, name, phone or place says that somebody tried the form."
    )
    test_words: Annotated[list[Annotated[str, Field(min_length=2)]], AfterValidator(distinct)] = (
        Field(description="Whole words that say so; case and accents do not count.")
    )
    duplicate_submission: Literal["keep_first", "keep_all"] = Field(
        description="The same submission, by its own number, twice in a file."
    )
    impossible_date: Literal["blank", "reject"] = Field(
        description="No usable interview date, or an interview before the return."
    )
    unknown_answer: Literal["blank", "reject"] = Field(
        description="An answer that the codebook does not know."
    )
    out_of_range: Literal["blank", "reject"] = Field(
        description="A number outside the codebook's range."
    )
    skipped_answer: Literal["fill", "leave"] = Field(
        description="A blank where an answer before rules the question out, and the codebook has "
        "an answer for those: no children of school age."
    )
    skip_violation: Literal["blank", "keep"] = Field(
        description="An answer to a question that was not to be asked, or `not to be asked` from "
        "those who were."
    )
    duplicate_survey: Literal["keep_first", "keep_all"] = Field(
        description="Same returnee and day with the same answers."
    )
    rekeyed_survey: Literal["keep_last", "keep_first", "reject"] = Field(
        description="Same returnee and day keyed again with other answers."
    )
    duplicate_content: Literal["flag", "keep_first"] = Field(
        description="Same answers and background under different case numbers."
    )
    duplicate_content_items: int = Field(
        ge=1, description="Items that must be answered for that not to be chance."
    )
    contradictory_date: Literal["flag", "blank"] = Field(
        description="Dates of a survey, or of a returnee's surveys, that do not go together."
    )
    form_days: int = Field(
        ge=0, description="Days by which the form may be opened before or after the interview."
    )
    contradictory_age: Literal["flag", "blank"] = Field(
        description="An age that moves otherwise than time, or contradicts the year of birth."
    )
    age_tolerance: float = Field(
        ge=0, allow_inf_nan=False, description="Years by which ages may be off."
    )
    contradictory_assistance: Literal["blank", "keep"] = Field(
        description="Assistance or mentoring answered no, with a date before the survey."
    )
    short_interview: Literal["flag", "reject"] = Field(
        description="An interview shorter than it can be."
    )
    shortest_interview: float = Field(
        ge=0, allow_inf_nan=False, description="Minutes below which an interview is too short."
    )
    straight_lining: Literal["flag", "reject"] = Field(
        description="One answer to all questions of one answer scale."
    )
    straight_lining_items: int = Field(
        ge=2, description="Questions of that scale that must be answered for it."
    )

    @classmethod
    def rules(cls) -> list[str]:
        """The rules, in order: the keys that say what to do, not those that say how much."""
        return [name for name in cls.model_fields if name not in _LIMITS]


class Matching(Section):
    """Returnees who stand under two case numbers, or under none."""

    rule: Literal["none", "all_keys_unique"] = Field(
        description="Which candidates of results/clean/matches.csv are merged without a decision "
        "by hand."
    )


class Scoring(Section):
    """How answers become scores."""

    nonresponse: dict[Name, Literal["missing", "zero"]] = Field(
        description="What each answer that says nothing counts as."
    )
    minimum_answered: float = Field(
        gt=0, le=1, description="Share of a score's applicable items that must be answered."
    )


class Assistance(Section):
    """Which assistance enters, and what an incomplete record means."""

    types: Names = Field(description="Types that enter the regressions.")
    undated: Literal["not_recorded", "received"] = Field(
        description="Assistance received, but without a date."
    )
    not_recorded: Literal["own_category", "drop"] = Field(
        description="In regressions: a term of its own, or the survey is dropped."
    )
    moves: dict[Name, Names] = Field(
        default={},
        description="Items of the scores that a type of assistance moves by itself: left out in "
        "the refit `without_items`.",
    )


class Inference(Section):
    """Choices that hold for every estimate."""

    confidence_level: float = Field(gt=0.5, lt=1, description="Level of every interval.")
    seed: int = Field(ge=0, description="Seed of every random number that is not the world's.")
    bootstrap_draws: int = Field(ge=99, le=99_999, description="Draws for shares of variance.")
    adjust: Literal["holm", "bh", "romano_wolf"] = Field(
        default="holm", description="How p-values of a family are adjusted for how many there are."
    )
    resampling_draws: int = Field(
        default=999, ge=99, le=99_999, description="Draws of Romano and Wolf's adjustment."
    )
    stars: bool = Field(description="Print significance stars in tables, with their legend.")


# What a shorter column has in common with the longest one, beside the keys that all must have.
SHARED = frozenset(
    (
        *("country_coding", "not_recorded", "intercept", "fixed_effects", "filter", "weights"),
        *("estimator", "threshold"),
    )
)


class Specification(Regression):
    """One regression per outcome, written as data."""

    id: Name = Field(description="Name of the specification.")
    title: str = Field(min_length=1, description="Title for readers.")
    role: Literal["published", "robustness", "exploratory"] = Field(
        description="Its role in the study."
    )
    data: Literal["surveys", "changes"] = Field(
        description="One row per survey, or per returnee with at least two surveys."
    )
    outcomes: Annotated[list[str], Field(min_length=1), AfterValidator(distinct)] = Field(
        description="Left-hand sides, one regression each."
    )
    terms: Annotated[list[str], Field(min_length=1), AfterValidator(distinct)] = Field(
        description="Terms of interest; `a:b` is an interaction, `assistance` every type."
    )
    country_coding: Coding | None = Field(
        default=None,
        description="Deviation from the unweighted average country (as if null), or a reference.",
    )
    not_recorded: Literal["drop", "own_category"] | None = Field(
        default=None,
        description="Assistance without a record; if null, `assistance.not_recorded`.",
    )
    vcov: Vcovs = Field(description="Covariance of the coefficients, or a list of them.")
    refits: Annotated[
        list[Literal["without_items", "person_equal", "common_months", "within_between"]],
        AfterValidator(distinct),
    ] = Field(default=[], description="Ways in which each assistance effect is asked again.")
    columns: dict[Name, Annotated[list[str], Field(min_length=1), AfterValidator(distinct)]] = (
        Field(
            default={},
            description="Shorter specifications, each nested in the next and the last in this one:"
            " name and terms.",
        )
    )

    @property
    def shorter(self) -> list["Specification"]:
        """The specifications nested in this one that `columns` declares."""
        return [self._shorter(name, terms) for name, terms in self.columns.items()]

    def _shorter(self, name: str, terms: list[str]) -> "Specification":
        variables = {variable for term in terms for variable in term.split(":")}
        kinds = type(self).model_fields
        others = {key for key, field in kinds.items() if not field.is_required()} - SHARED
        return self.model_copy(
            update={
                **{key: kinds[key].get_default(call_default_factory=True) for key in others},
                "id": name,
                "title": f"{self.title}: {' + '.join(terms)} alone",
                "role": "robustness",
                "terms": terms,
                "coding": {key: how for key, how in self.coding.items() if key in variables},
                "categories": [key for key in self.categories if key in variables],
                "vcov": self.each_vcov[0],
            }
        )

    @model_validator(mode="after")
    def _terms_once(self) -> "Specification":
        if both := [term for term in self.terms if term in self.controls]:
            raise ValueError(f"{', '.join(both)} stands in `terms` and in `controls`")
        return self


class Orion(Section):
    """The effect of the ORION mentoring pilot."""

    countries: Countries = Field(description="Countries of the pilot.")
    comparators: Annotated[
        list[Literal["same_countries", "all_countries"]],
        Field(min_length=1),
        AfterValidator(distinct),
    ] = Field(description="Whom the mentored are compared with.")
    outcomes: Names = Field(description="Scores compared.")
    methods: Annotated[
        list[Literal["last", "change", "adjusted"]], Field(min_length=1), AfterValidator(distinct)
    ] = Field(description="last survey, change from first to last, last given first.")
    controls: Annotated[list[str], AfterValidator(distinct)] = Field(
        description="Controls of the method `adjusted`."
    )
    vcov: Vcovs = Field(description="Covariance of the coefficients, or a list of them.")
    level_margin: float = Field(
        gt=0, lt=1, description="`Stayed at the same level`: the change lies within +- this."
    )

    @property
    def each_vcov(self) -> list[FitVcov]:
        """The covariances, the one that effects are known by first."""
        return each_vcov(self.vcov)


class Trends(Section):
    """Trendlines."""

    outcomes: Names = Field(description="Scores followed.")
    methods: Annotated[
        list[Literal["pooled", "within"]], Field(min_length=1), AfterValidator(distinct)
    ] = Field(description="All surveys pooled, or changes within persons.")
    minimum_returnees: int = Field(ge=2, description="Fewer returnees in a country: no slope.")
    vcov: Vcovs = Field(description="Covariance of the slopes, or a list of them.")

    @property
    def each_vcov(self) -> list[FitVcov]:
        """The covariances, the one that slopes are known by first."""
        return each_vcov(self.vcov)


class Disclosure(Section):
    """What may leave."""

    minimum_cell: int = Field(
        ge=1, description="Returnees below which a published cell is suppressed."
    )


class Report(Section):
    """The report."""

    language: Literal["en"] = Field(description="Language of the report.")


class Config(Section):
    """All choices of the study."""

    study: Study
    data: Data
    instrument: Instrument
    cleaning: Cleaning
    matching: Matching
    scoring: Scoring
    assistance: Assistance
    inference: Inference
    specifications: Annotated[list[Specification], Field(min_length=1)]
    orion: Orion
    trends: Trends
    disclosure: Disclosure
    report: Report

    @field_validator("specifications")
    @classmethod
    def _ids_once(cls, specifications: list[Specification]) -> list[Specification]:
        ids = [one.id for part in specifications for one in (part, *part.shorter)]
        distinct(ids)
        if taken := [name for name in ids if name in TAKEN_IDS]:
            raise ValueError(
                f"{', '.join(taken)}: the study's own regressions begin with that name;"
                f" {', '.join(TAKEN_IDS)} cannot be ids"
            )
        return specifications

    @model_validator(mode="after")
    def _references_are_studied(self) -> "Config":
        if self.study.countries == "all":
            return self
        absent = [
            f"specifications.{specification.id}: the reference country {coding.reference} is not in"
            " study.countries"
            for specification in self.specifications
            for coding in (specification.coding.get("country"), specification.country_coding)
            if isinstance(coding, Reference) and coding.reference not in self.study.countries
        ]
        if absent:
            raise ValueError("; ".join(absent))
        return self

    @property
    def simulated(self) -> bool:
        """Whether the data studied are simulated."""
        return self.data.world is not None

    def section(self, *names: str) -> dict[str, Any]:
        """Return sections as plain data, as a rule's `params` takes them."""
        plain = self.model_dump(mode="json")
        return {name: plain[name] for name in names}


def _missing_files(config: Config, root: Path) -> list[str]:
    """Name every file or folder of the configuration that is not there."""
    named = [("instrument.items", path) for path in config.instrument.files]
    named.append(("instrument.variables", config.instrument.variables))
    if config.instrument.claims:
        named.append(("instrument.claims", config.instrument.claims))
    if config.data.world is None:
        named += [("data.raw", config.data.raw), ("data.sources", config.data.sources)]
    else:
        named.append(("data.world", config.data.world))
    return [
        f"{key}: there is no {path} (paths are relative to the folder of config.yaml)"
        for key, path in named
        if not (root / path).exists()
    ]


def load_config(path: str | Path = "config.yaml") -> Config:
    """Load and check the configuration.

    Raises
    ------
    StudyError
        With every problem at once: unknown or missing keys, wrong types or values, files
        that are not there.
    """
    path = Path(path)
    return check_config(read_yaml(path), path.parent, str(path))


def check_config(raw: dict[str, Any], root: Path, name: str = "config.yaml") -> Config:
    """Check a configuration already read, as `load_config` does."""
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise StudyError(
            f"{name}: {error.error_count()} problem(s). Nothing has been run.",
            describe_problems(error),
        ) from None
    if missing := _missing_files(config, root):
        raise StudyError(f"{name}: files are missing. Nothing has been run.", missing)
    return config


def check_against_codebook(config: Config, codebook: Codebook) -> None:
    """Check the names in the configuration that the codebook must know.

    Terms, controls and filters of specifications are checked by
    `reintegration.estimation.declared`, which knows their grammar.

    Raises
    ------
    StudyError
        With every unknown name, and what is known.
    """

    def unknown(key: str, names: list[str], known: list[str]) -> list[str]:
        return [
            f"{key}: {name!r} is not in the codebook, which knows {', '.join(known)}"
            for name in names
            if name not in known
        ]

    silent = sorted(codebook.nonresponse_codes)
    problems = [
        *unknown("scoring.nonresponse", list(config.scoring.nonresponse), silent),
        *[
            f"scoring.nonresponse: {code} is missing (`missing` or `zero`)"
            for code in silent
            if code not in config.scoring.nonresponse
        ],
        *unknown("assistance.types", config.assistance.types, list(codebook.assistance)),
        *unknown("orion.outcomes", config.orion.outcomes, codebook.score_names),
        *unknown("trends.outcomes", config.trends.outcomes, codebook.score_names),
    ]
    if problems:
        raise StudyError("config.yaml: names unknown to the codebook.", problems)
