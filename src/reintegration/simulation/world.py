"""A world whose truth is planted: what is stated in worlds/*.yaml, checked and typed.

Needs neither pandas nor numpy, so that a workflow can ask for the file names a world
will make before anything is simulated.
"""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from reintegration.codebook import describe_problems, read_yaml
from reintegration.countries import is_country
from reintegration.errors import StudyError


def _iso3(code: str) -> str:
    if not is_country(code):
        raise ValueError("not an ISO 3166-1 alpha-3 country code such as GIN")
    return code


Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Iso3 = Annotated[str, AfterValidator(_iso3)]
# Score points per dimension, at an average person; a dimension not named has none.
Effects = dict[str, float]
Selection = Literal["observed_first_score", "latent_need", "random"]
Form = Literal[
    "codebook", "csv_latin1", "csv", "kobo", "kobo_csv", "spss", "stata", "xlsx", "xlsx_codes"
]

EXTENSIONS: dict[str, str] = {
    "codebook": "csv",
    "csv": "csv",
    "csv_latin1": "csv",
    "kobo": "xlsx",
    "kobo_csv": "csv",
    "spss": "sav",
    "stata": "dta",
    "xlsx": "xlsx",
    "xlsx_codes": "xlsx",
}
CENTRAL = "central"  # the one multi-country export


class Strict(BaseModel):
    """A section of a world: unknown keys are refused and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Office(Strict):
    """A country of the study: its returnees, its planted effects and how its office files."""

    returnees: int = Field(ge=1, description="returnees, each with a first survey")
    follow_ups: Count = Field(default=0, description="of them, seen at least a second time")
    second_follow_ups: Count = Field(default=0, description="of those, seen a third time")
    level: Effects = Field(default={}, description="score points away from the average country")
    slope: Effects = Field(default={}, description="score points per year since return")
    items: dict[str, float] = Field(default={}, description="shift of one item, in probit units")
    stranded_log_odds: float = Field(default=0, description="against the average country")
    not_offered: list[str] = Field(default=[], description="assistance types nobody receives here")
    not_recorded: list[str] = Field(
        default=[], description="assistance types the office does not record"
    )
    renamed: list[str] = Field(default=[], description="columns the office renamed half way")
    form: Form = "csv"
    language: Literal["en", "fr", "es"] = "en"
    office_share: Share = Field(
        default=0.8, description="of its surveys, found in the office's own file"
    )
    central_share: Share = Field(
        default=0.4, description="of those, found in the central export as well"
    )

    @property
    def surveys(self) -> int:
        """Surveys that are to be analysed."""
        return self.returnees + self.follow_ups + self.second_follow_ups

    @model_validator(mode="after")
    def _counts_nest(self) -> "Office":
        if not self.second_follow_ups <= self.follow_ups <= self.returnees:
            raise ValueError("second_follow_ups <= follow_ups <= returnees must hold")
        return self


class Elsewhere(Strict):
    """Surveys of the central export that the study leaves out."""

    countries: list[Iso3] = Field(default=[], description="countries of return outside the study")
    surveys: Count = Field(default=0, description="surveys in those countries, together")
    outside_window: Count = Field(
        default=0, description="surveys of study countries outside the period"
    )

    @model_validator(mode="after")
    def _somewhere(self) -> "Elsewhere":
        if self.surveys and not self.countries:
            raise ValueError("surveys need countries")
        return self


class Persons(Strict):
    """Who the returnees are. Shares are quotas of the study's returnees, not probabilities."""

    men: Share
    stranded: Share
    under_six_months_abroad: Share
    age_mean: float
    age_sd: float
    dependants_mean: float
    returned_from: dict[str, Share]
    return_decision: dict[str, dict[str, Share]] = Field(
        description="shares of each decision among the stranded (yes) and the others (no)"
    )
    effects: dict[str, Effects] = Field(
        default={},
        description="of woman, stranded, age_decade and months_abroad_10, in score points",
    )
    missing: dict[str, Share] = Field(
        default={}, description="share without age, months_abroad, ..."
    )


class Timing(Strict):
    """When surveys take place."""

    first_day: dt.date
    last_day: dt.date
    months_to_first_survey: float = Field(gt=0, description="mean months from return")
    months_between: tuple[float, float] = Field(description="least and most, between surveys")
    phone_from: dt.date = Field(description="from this day most interviews are by phone")


class Latent(Strict):
    """The person behind the answers: one standard normal trait per dimension."""

    person_variance: Share = Field(description="of the trait's variance, the part that stays")
    correlation: Share = Field(description="between the traits of two dimensions")


class ItemModel(Strict):
    """An ordered probit: how an item leans on its dimension, and its answers' shares."""

    loading: float = Field(gt=0, lt=1)
    shares: dict[str, Share] = Field(description="by answer code, for an average person")

    @model_validator(mode="after")
    def _shares_add_up(self) -> "ItemModel":
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares add up to {total:.4g}, they must add up to 1")
        return self


class AssistanceType(Strict):
    """One type of assistance."""

    before: Share = Field(description="share received before the first survey")
    between: Share = Field(description="share of the others received before the next one")
    effect: Effects = {}


class Assistance(Strict):
    """Assistance: who receives it, what it does, how it is recorded."""

    selection: Selection
    selection_strength: float = Field(description="log-odds per SD of need")
    strength: float = Field(default=1, description="multiplies every effect; 0 is the null world")
    undated: Share = Field(description="of the received, recorded without a date")
    unrecorded: Share = Field(description="of all cells, left empty")
    types: dict[str, AssistanceType]


class MentoredCountry(Strict):
    """The pilot in one country."""

    mentored: Count
    effect: Effects = {}


class Mentoring(Strict):
    """The ORION pilot: begins between the first and the next survey."""

    selection: Selection
    selection_strength: float = Field(description="log-odds per SD of need")
    strength: float = Field(default=1, description="multiplies every effect; 0 is the null world")
    seen_again: Share = Field(description="of the mentored, with a follow-up survey")
    locations: int = Field(default=2, ge=1, description="pilot locations per country")
    countries: dict[Iso3, MentoredCountry]


class FollowUp(Strict):
    """Who is seen again; how many is stated by country."""

    share: Share = Field(default=1, description="multiplies the countries' follow-up counts")
    log_odds_per_sd: float = Field(description="by first composite score")


class Nonresponse(Strict):
    """Probability that an asked item is not answered, by reason."""

    dont_know: Share
    refused: Share
    not_applicable: Share
    blank: Share
    sensitive: dict[str, float] = Field(default={}, description="factor on these for single items")


class Dirt(Strict):
    """What is wrong in the raw files; counts are rows over all files."""

    exact_duplicates: Count = 0
    rekeyed: Count = 0
    impossible_dates: Count = 0
    mostly_blank: Count = 0
    without_case_number: Count = 0
    unknown_answers: Count = 0
    skip_violations: Count = 0
    out_of_range: Count = 0
    test_submissions: Count = 0
    resubmitted: Count = Field(default=0, description="submissions that a Kobo file holds twice")
    skipped_blank: Count = Field(
        default=0, description="q14 left blank, since there are no children of school age"
    )
    short_interviews: Count = 0
    wrong_clocks: Count = Field(
        default=0, description="interviews that end before they begin, or on another day"
    )
    wrong_birth_years: Count = 0
    trailing_spaces: Share = 0


class SourcePlan(NamedTuple):
    """A raw file the world will make."""

    name: str
    filename: str


class World(Strict):
    """A planted truth and the raw files it is seen through."""

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    seed: int = Field(ge=0)
    provenance: dict[str, str] = Field(default={}, description="what each section's values rest on")
    countries: dict[Iso3, Office] = Field(min_length=1)
    elsewhere: Elsewhere = Elsewhere()
    persons: Persons
    timing: Timing
    latent: Latent
    items: dict[str, ItemModel]
    assistance: Assistance
    mentoring: Mentoring | None = None
    follow_up: FollowUp
    nonresponse: Nonresponse
    dirt: Dirt = Dirt()

    @model_validator(mode="after")
    def _pilot_fits(self) -> "World":
        for iso3, pilot in (self.mentoring.countries if self.mentoring else {}).items():
            if iso3 not in self.countries:
                raise ValueError(f"mentoring.countries: {iso3} is not among the countries")
            if pilot.mentored > self.countries[iso3].returnees:
                raise ValueError(f"mentoring.countries.{iso3}: more mentored than returnees")
        double = sorted(set(self.elsewhere.countries) & set(self.countries))
        if double:
            raise ValueError(f"elsewhere.countries: {', '.join(double)} also in the study")
        return self

    @property
    def surveys(self) -> int:
        """Surveys that are to be analysed, over all countries."""
        return sum(office.surveys for office in self.countries.values())

    def sources(self) -> list[SourcePlan]:
        """Raw files of this world, the central export first."""
        plans = [SourcePlan(CENTRAL, f"{CENTRAL}.csv")]
        for iso3, office in self.countries.items():
            name = iso3.lower()
            plans.append(SourcePlan(name, f"{name}.{EXTENSIONS[office.form]}"))
        return plans

    def scaled(self, factor: float) -> "World":
        """The same world with `factor` times as many people, mistakes and surveys."""
        return World.model_validate(_scale(self.model_dump(), factor))


def load_world(path: str | Path) -> World:
    """Read a world and whatever it extends.

    A variant names its base with `extends` and states only what differs; a key set to null
    is taken away. `only` keeps some countries, `rename` gives countries other codes, `size`
    multiplies every count.

    Raises
    ------
    StudyError
        Naming every key that is wrong.
    """
    path = Path(path)
    stated = _read(path, ())
    try:
        return World.model_validate(stated)
    except ValidationError as error:
        problems = describe_problems(error)
        raise StudyError(f"{path}: this world cannot be used.", problems) from None


def _read(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """Keys of a world file after `extends`, `only`, `rename` and `size`."""
    if path.resolve() in seen:
        raise StudyError(f"{path}: this world extends itself.")
    own = read_yaml(path)
    base = own.pop("extends", None)
    only, rename, size = own.pop("only", None), own.pop("rename", {}), own.pop("size", 1)
    if base is not None:
        own = _merge(_read(path.parent / str(base), (*seen, path.resolve())), own)
    _check_directives(path, own, only, rename, size)
    if only is not None:
        _map_countries(own, lambda iso3: iso3 if iso3 in only else None)
    if rename:
        _map_countries(own, lambda iso3: rename.get(iso3, iso3))
    return own if size == 1 else _scale(own, size)


def _check_directives(path: Path, world: dict, only: Any, rename: Any, size: Any) -> None:
    """Refuse an `only`, `rename` or `size` that cannot be followed."""
    known = sorted(world.get("countries") or {})
    problems = []
    if only is not None and not isinstance(only, list):
        problems.append("only: a list of country codes is needed")
        only = []
    if not isinstance(rename, dict):
        problems.append("rename: `OLD: NEW` lines are needed")
        rename = {}
    for key, codes in (("only", only or []), ("rename", rename)):
        problems += [
            f"{key}: {code} is not a country of this world ({', '.join(known)})"
            for code in codes
            if code not in known
        ]
    if isinstance(size, bool) or not isinstance(size, int | float) or size <= 0:
        problems.append(f"size: a number above 0 is needed (found {size!r})")
    if problems:
        raise StudyError(f"{path}: this world cannot be used.", problems)


def _merge(base: dict, own: dict) -> dict:
    """`base` with the keys of `own` laid over it; null takes a key away."""
    merged = dict(base)
    for key, value in own.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _map_countries(world: dict, new_code) -> None:
    """Rename or drop (None) the countries of a world and of its pilot, in place."""
    for section in (world, world.get("mentoring")):
        if section and "countries" in section:
            section["countries"] = {
                new_code(iso3): value
                for iso3, value in section["countries"].items()
                if new_code(iso3) is not None
            }


def _scale(world: dict, factor: float) -> dict:
    """Multiply every count of people and rows; a country keeps at least one returnee."""

    def times(section: dict, *keys: str, least: int = 0) -> dict:
        return section | {
            key: max(least, round(section[key] * factor)) for key in keys if key in section
        }

    scaled = dict(world)
    scaled["countries"] = {
        iso3: times(times(office, "returnees", least=1), "follow_ups", "second_follow_ups")
        for iso3, office in world["countries"].items()
    }
    if world.get("mentoring"):
        pilots = world["mentoring"]["countries"]
        scaled["mentoring"] = world["mentoring"] | {
            "countries": {iso3: times(pilot, "mentored") for iso3, pilot in pilots.items()}
        }
    if world.get("elsewhere"):
        scaled["elsewhere"] = times(world["elsewhere"], "surveys", "outside_window")
    if world.get("dirt"):
        dirt = world["dirt"]
        scaled["dirt"] = times(dirt, *(key for key in dirt if key != "trailing_spaces"))
    return scaled
