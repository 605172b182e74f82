"""Every regression of the study as data: what is fitted, and to which rows.

Light to import: lists are made without data. Whatever a specification comes from (declared in
`config.yaml`, an effect or a mean of ORION, a trendline), it names its rows by `data` and `filter`.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reintegration import config
from reintegration.codebook import Codebook
from reintegration.estimation.declared import expand
from reintegration.estimation.grammar import Term, parse_term
from reintegration.estimation.refits import WITHOUT_ITEMS, Moved, refit_specifications
from reintegration.estimation.specs import Specification
from reintegration.moved import moved_scores

if TYPE_CHECKING:
    import pandas as pd

SURVEYS, CHANGES, MENTORING = "surveys", "changes", "mentoring"
PUBLISHED = "published"
ALL = "all"

# ORION: who is compared, how, and the groups that are shown.
MENTORED, OTHERS, OTHERS_ANYWHERE = "mentored", "others", "others_all_countries"
LAST, CHANGE, ADJUSTED = "last", "change", "adjusted"
SAME, EVERYWHERE = "same_countries", "all_countries"
FIRST = "first"
CONSTANT = "intercept"

# Trendlines.
YEARS = "years_since_return"
POOLED, WITHIN = "pooled", "within"


def study_specifications(
    choices: config.Config,
    countries: Sequence[str] | None = None,
    codebook: Codebook | None = None,
) -> list[Specification]:
    """List every regression of the study; no data are read.

    Parameters
    ----------
    countries
        Countries with a trendline of their own: those of the surveys, where they are known. By
        default those of `study.countries`; where that is `all`, none are known without data,
        and the trendlines are left out.
    codebook
        Says which scores hold which items. By default, and only where a refit asks for it, it is
        read from the files that the configuration names, below this folder.
    """
    if countries is None:
        countries = () if choices.study.countries == ALL else choices.study.countries
    expanded = expand(choices.specifications, choices.assistance)
    moved: Moved = {}
    if any(WITHOUT_ITEMS in one.refits for one in choices.specifications):
        moved = moved_scores(codebook or choices.instrument.codebook(), choices.assistance.moves)
    return [
        *expanded,
        *refit_specifications(choices.specifications, expanded, moved),
        *orion_effects(choices.orion),
        *orion_changes(choices.orion),
        *orion_means(choices.orion),
        *trend_specifications(choices.trends, countries),
    ]


def study_frames(frame: "pd.DataFrame", choices: config.Config) -> "dict[str, pd.DataFrame]":
    """Make the rows that specifications name by `data`, from one row per survey.

    `surveys` are the surveys, `changes` the returnees with at least two, and `mentoring` the
    same returnees, with whether they were mentored. A specification with refits has the surveys
    once more, with the columns of `studies.refits`, as `surveys_levels_composite`.
    """
    from reintegration.studies.frames import change_frame, mentoring_frame, with_years
    from reintegration.studies.refits import refit_frames

    changes = change_frame(frame)
    frames = {
        SURVEYS: with_years(frame),
        CHANGES: changes,
        MENTORING: mentoring_frame(changes, choices.orion.countries),
    }
    bases = expand(choices.specifications, choices.assistance)
    refits = refit_specifications(choices.specifications, bases, {})
    return frames | refit_frames(frames, bases, refits)


def orion_effects(orion: config.Orion) -> list[Specification]:
    """List the comparisons of mentored returnees with others."""
    return [
        _effect(orion, comparator, country, method, outcome)
        for comparator in orion.comparators
        for country in (*orion.countries, ALL)
        for method in orion.methods
        for outcome in orion.outcomes
    ]


def _effect(
    orion: config.Orion, comparator: str, country: str, method: str, outcome: str
) -> Specification:
    controls: tuple[Term, ...] = ()
    if method == ADJUSTED:
        first = Term((f"{FIRST}_{outcome}",))
        declared = tuple(parse_term(text) for text in orion.controls)
        controls = (first, *(term for term in declared if term != first))
    place: str | None = _place(orion, country)
    if comparator == EVERYWHERE:
        # Nobody is known to be mentored outside the pilot: all countries need no filter.
        place = None if country == ALL else f"{place} or {MENTORED} == 0"
    return _of_mentoring(
        orion,
        f"orion.{method}.{comparator}.{outcome}.{country}",
        "Mentored returnees and others",
        f"{CHANGE if method == CHANGE else LAST}_{outcome}",
        place,
        terms=(Term((MENTORED,)),),
        controls=controls,
        single=MENTORED,
    )


def orion_changes(orion: config.Orion) -> list[Specification]:
    """List the mean changes of mentored returnees and of others."""
    return [
        _mean(orion, f"orion_change.{group}.{outcome}.{country}", f"{CHANGE}_{outcome}", rows)
        for group, country, rows in orion_groups(orion)
        for outcome in orion.outcomes
    ]


def orion_means(orion: config.Orion) -> list[Specification]:
    """List the mean scores of mentored returnees and of others, first and last."""
    return [
        _mean(
            orion, f"orion_mean.{group}.{survey}.{outcome}.{country}", f"{survey}_{outcome}", rows
        )
        for group, country, rows in orion_groups(orion)
        for outcome in orion.outcomes
        for survey in (FIRST, LAST)
    ]


def orion_groups(orion: config.Orion) -> Iterator[tuple[str, str, str]]:
    """Go through the groups whose means and changes are shown: name, country, filter."""
    for country in (*orion.countries, ALL):
        for group, value in ((MENTORED, 1), (OTHERS, 0)):
            yield group, country, f"{MENTORED} == {value} and {_place(orion, country)}"
    if EVERYWHERE in orion.comparators:
        yield OTHERS_ANYWHERE, ALL, f"{MENTORED} == 0"


def _place(orion: config.Orion, country: str) -> str:
    if country == ALL:
        return f"country in ({', '.join(orion.countries)})"
    return f"country == {country}"


def _mean(orion: config.Orion, spec_id: str, outcome: str, rows: str) -> Specification:
    """Write a mean as a regression on a constant, so that errors are computed alike."""
    return _of_mentoring(orion, spec_id, "Mean of a group", outcome, rows, single=CONSTANT)


def _of_mentoring(
    orion: config.Orion,
    spec_id: str,
    title: str,
    outcome: str,
    rows: str | None,
    *,
    terms: tuple[Term, ...] = (),
    controls: tuple[Term, ...] = (),
    single: str,
) -> Specification:
    vcov, *also = [each.vcov for each in orion.each_vcov]
    return Specification(
        spec_id=spec_id,
        title=title,
        role=PUBLISHED,
        data=MENTORING,
        outcome=outcome,
        terms=terms,
        controls=controls,
        filter=rows,
        vcov=vcov,
        also=tuple(also) if terms else (),
        single=single,
    )


def trend_specifications(trends: config.Trends, countries: Sequence[str]) -> list[Specification]:
    """List the slopes per year since return: each country by itself."""
    return [
        trend(trends, method, outcome, country)
        for method in trends.methods
        for outcome in trends.outcomes
        for country in countries
    ]


def trend(trends: config.Trends, method: str, outcome: str, country: str) -> Specification:
    """Write one country's slope as a specification."""
    vcov, *also = [each.vcov for each in trends.each_vcov]
    return Specification(
        spec_id=f"trend.{method}.{outcome}.{country}",
        title="Score by years since return",
        role=PUBLISHED,
        data=SURVEYS,
        outcome=outcome,
        terms=(Term((YEARS,)),),
        filter=f"country == {country}",
        estimator=WITHIN if method == WITHIN else "ols",
        vcov=vcov,
        also=tuple(also),
        single=YEARS,
    )
