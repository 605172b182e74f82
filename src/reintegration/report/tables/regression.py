"""Tables of regressions: specifications across, terms down, what each rests on at the foot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reintegration.estimation.specs import COUNTRY, DEVIATION
from reintegration.report.language import is_missing
from reintegration.report.select import score_specifications
from reintegration.report.tables.model import NOT_APPLICABLE, Cell, Column, Line, Maker, Table
from reintegration.report.tables.terms import (
    PARTS,
    RECORD,
    covariances,
    first_ids,
    fixed_effects,
    lines_of_terms,
    word,
)
from reintegration.report.wording import vcov_label

NUMBERS = ("n_obs", "n_returnees", "n_clusters", "r2")
WITHIN = "r2_within"
# Measures of fit of single estimators, which are no R squared: shown where a column has them.
OTHER_FITS = ("r2_mcfadden", "r1")

Spec = Mapping[Any, Any]


@dataclass(frozen=True)
class Regressions:
    """Specifications of one table, a column each, with their results.

    Attributes
    ----------
    specs
        Rows of `models/specs.csv`.
    estimates, models
        Results; rows of other specifications are passed over.
    columns
        One per specification.
    """

    specs: Sequence[Spec]
    estimates: pd.DataFrame
    models: pd.DataFrame
    columns: tuple[Column, ...]


def of_scores(name: str, data: str, frames: Mapping[str, pd.DataFrame], maker: Maker) -> Table:
    """The table `levels` or `changes`: the main specification of each instrument's scores."""
    language = maker.settings.language
    found = score_specifications(frames["specs"], data, maker.settings.codebook)
    specs = pd.concat(found) if found else frames["specs"].iloc[:0]
    columns = tuple(
        Column(out, language.score(out), language.instrument(out) if len(found) > 1 else "")
        for out in specs["outcome"]
    )
    listed: Sequence[Spec] = specs.to_dict("records")
    caption = language.plain(f"tables.{name}.caption")
    return study_table(name, caption, listed, columns, frames, maker)


def of_specification(
    name: str, declared: str, frames: Mapping[str, pd.DataFrame], maker: Maker
) -> Table:
    """The table of one declared specification: a column for each of its outcomes."""
    settings = maker.settings
    entry = next(one for one in settings.specifications if one["id"] == declared)
    known = {str(row["spec_id"]): row for row in frames["specs"].to_dict("records")}
    rows = [
        {"spec_id": f"{declared}.{outcome}", "outcome": outcome, "data": entry.get("data")}
        for outcome in entry["outcomes"]
    ]
    specs = [row | known.get(str(row["spec_id"]), {}) for row in rows]
    columns = tuple(
        Column(str(row["outcome"]), settings.language.score(str(row["outcome"]))) for row in rows
    )
    return study_table(name, str(entry["title"]), specs, columns, frames, maker)


def study_table(
    name: str,
    caption: str,
    listed: Sequence[Spec],
    columns: tuple[Column, ...],
    frames: Mapping[str, pd.DataFrame],
    maker: Maker,
) -> Table:
    """Make a table of specifications of the study, in the words of its data."""
    language = maker.settings.language
    shown = Regressions(listed, frames["estimates"], frames["models"], columns)
    data = (
        word(listed[0], "data") or ("changes" if name == "changes" else "surveys") if listed else ""
    )
    key = f"tables.regression.rows_of.{data}"
    about = language.plain(key) if language.has(key) else ""
    return regression_table(name, caption, shown, maker, maker.settings.studied, about)


def regression_table(
    name: str,
    caption: str,
    shown: Regressions,
    maker: Maker,
    countries: Sequence[str] = (),
    about: str = "",
) -> Table:
    """A row per term with its standard error below, and p-values adjusted for their family.

    Parameters
    ----------
    countries
        Countries of the study.
    about
        A sentence on the rows and the terms, for the notes.
    """
    language = maker.settings.language
    codebook = maker.settings.codebook
    terms, of = lines_of_terms(shown.specs, shown.estimates, codebook, countries)
    ids = first_ids(shown.specs, shown.estimates)
    families: dict[str, None] = {}
    lines = []
    for part in PARTS:
        names = [term for term, place in terms.items() if place == part]
        if part == COUNTRY:
            names.sort(key=language.term)
        if names:
            lines.append(Line(part, language.plain(f"tables.{part}_group"), kind="group"))
        for term in names:
            cells = tuple(
                maker.estimate(ids.get((str(spec["spec_id"]), term)), families)
                if term in of[str(spec["spec_id"])]
                else Cell()
                for spec in shown.specs
            )
            shown_term = term.removesuffix(f"_{RECORD}") if part == RECORD else term
            lines.append(Line(term, language.term(shown_term), cells))
    lines += foot(shown, maker)
    notes = [about, *_notes(shown, ids, families, maker)]
    return Table(name, caption, shown.columns, tuple(lines), maker.notes(*notes))


# ---------------------------------------------------------------- the foot


def foot(shown: Regressions, maker: Maker) -> list[Line]:
    """What each column rests on: counts, fit, fixed effects, coding, errors, sample, family."""
    say = maker.settings.language.plain
    effects = list(dict.fromkeys(name for spec in shown.specs for name in fixed_effects(spec)))
    lines = []
    fits = [key for key in OTHER_FITS if key in shown.models and shown.models[key].notna().any()]
    for key in (*NUMBERS, *([WITHIN] if effects else []), *fits):
        cells = tuple(maker.model(spec["spec_id"], key) for spec in shown.specs)
        lines.append(Line(key, _foot_label(key, shown, maker), cells, "foot"))
    for name in effects or [""]:
        label = say("tables.regression.fixed_effects")
        if name:
            label = say(
                "tables.regression.fixed_effect", variable=maker.settings.language.variable(name)
            )
        texts = [say(f"answers.{'yes' if name in fixed_effects(s) else 'no'}") for s in shown.specs]
        lines.append(_words_line(f"fixed_effects.{name}".rstrip("."), label, texts))
    for key, texts in _foot_words(shown, maker).items():
        lines.append(_words_line(key, say(f"tables.regression.{key}"), texts))
    return lines


def _words_line(key: str, label: str, texts: Sequence[str]) -> Line:
    return Line(
        key, label, tuple(Cell(text or NOT_APPLICABLE, status="ok") for text in texts), "foot"
    )


def _foot_label(key: str, shown: Regressions, maker: Maker) -> str:
    say, language = maker.settings.language.plain, maker.settings.language
    names = {"n_obs": "n_rows", "n_returnees": "n_returnees", "n_clusters": "clusters"}
    label = say(f"tables.{names.get(key, key)}")
    clusters = {
        covariances(spec)[0].partition(" within ")[0].partition(" by ")[2] for spec in shown.specs
    }
    if key == "n_clusters" and len(clusters) == 1 and (only := clusters.pop()):
        by = language.join([language.variable(name).lower() for name in only.split(" and ")])
        label = say("tables.regression.clusters_by", variable=by)
    return label


def _foot_words(shown: Regressions, maker: Maker) -> dict[str, list[str]]:
    """The rows of words: a text per column each."""
    say, language, specs = maker.settings.language.plain, maker.settings.language, shown.specs

    def known(place: str, value: str) -> str:
        key = f"tables.regression.{place}.{value}"
        return say(key) if language.has(key) else value.replace("_", " ")

    used = [_computed(spec, shown.estimates) for spec in specs]
    return {
        "coding": [_coding(spec, maker) for spec in specs],
        "estimator": [known("estimators", word(spec, "estimator")) for spec in specs],
        "vcov": [vcov_label(rows, language) if len(rows) else "" for rows in used],
        "controls": [
            str(len(word(spec, "controls").split()) or say("answers.no")) for spec in specs
        ],
        "weights": [word(spec, "weights") or say("answers.no") for spec in specs],
        "sample": [_sample(spec, maker) for spec in specs],
        "family": [word(spec, "family").replace("_", " ") for spec in specs],
        "adjustment": [maker.adjustment if word(spec, "family") else "" for spec in specs],
        "ledger": [known("ledgers", word(spec, "ledger") or "not_frozen") for spec in specs],
    }


def _computed(spec: Spec, estimates: pd.DataFrame) -> pd.DataFrame:
    """Estimates of a specification under its own covariance, those that have an error."""
    rows = estimates[estimates["spec_id"] == spec["spec_id"]]
    rows = rows[rows["std_error"].notna()]
    first = rows.drop_duplicates("term")
    return first[~first["vcov"].isna()]


def _coding(spec: Spec, maker: Maker) -> str:
    """How countries enter: as deviations, against a reference, or not at all."""
    language = maker.settings.language
    terms = f"{word(spec, 'terms')} {word(spec, 'controls')}".replace(":", " ").split()
    if terms and COUNTRY not in terms:
        return ""
    coding = word(spec, "country_coding") or DEVIATION
    if coding == "none":  # of other data than the study's
        return ""
    if coding == DEVIATION:
        return language.plain("tables.regression.deviation")
    return language.plain("tables.regression.reference", country=language.country(coding))


def _sample(spec: Spec, maker: Maker) -> str:
    """Which rows, before missing values: all, or those of a filter."""
    sample = word(spec, "sample")
    _, where, condition = sample.partition(" where ")
    if where:
        return condition
    return maker.settings.language.plain("tables.regression.all_rows") if sample else ""


# ---------------------------------------------------------------- notes


def _notes(
    shown: Regressions,
    ids: Mapping[tuple[str, str], str],
    families: Mapping[str, None],
    maker: Maker,
) -> list[str]:
    """Errors with what they were computed from, adjustment, coding, and differing samples."""
    say, language = maker.settings.language.plain, maker.settings.language
    wanted = {str(spec["spec_id"]) for spec in shown.specs}
    own = {name for (spec, _), name in ids.items() if spec in wanted}
    rows = shown.estimates[shown.estimates["estimate_id"].isin(own)]
    computed = rows[rows["std_error"].notna()]
    notes = []
    estimators = list(dict.fromkeys(word(spec, "estimator") for spec in shown.specs))
    for name in estimators:
        key = f"tables.regression.estimator_note.{name}"
        notes.append(say(key) if language.has(key) else "")
    if len(computed):
        notes.append(say("tables.regression.errors", vcov=error_label(computed, maker)))
    if families:
        names = language.join([f"“{name.replace('_', ' ')}”" for name in families])
        notes.append(say("tables.regression.adjusted", adjustment=maker.adjustment, families=names))
    codings = {word(s, "country_coding") or DEVIATION for s in shown.specs if _coding(s, maker)}
    for coding in sorted(codings):
        if coding == DEVIATION:
            notes.append(say("tables.deviation_coding"))
        else:
            notes.append(say("tables.reference_coding", country=language.country(coding)))
    models = shown.models[shown.models["spec_id"].isin(wanted)]
    samples = models["sample_id"].dropna().astype(str)
    if (different := samples[samples != ""].nunique()) > 1:
        notes.append(say("tables.regression.samples", number=language.number(different)))
    return notes


def error_label(rows: pd.DataFrame, maker: Maker) -> str:
    """Name the errors of estimates by what was computed: type, clusters and how many, inference."""
    language = maker.settings.language
    label = vcov_label(rows, language)
    counts = rows["n_clusters"].dropna() if "n_clusters" in rows else pd.Series(dtype=float)
    if len(counts):
        low, high = (language.number(count) for count in (counts.min(), counts.max()))
        key = "one" if low == high else "many"
        label = language.plain(f"tables.regression.counted_{key}", label=label, low=low, high=high)
    kinds = [str(kind) for kind in dict.fromkeys(rows["inference"]) if not is_missing(kind)]
    return ", ".join([label, *([language.join(kinds)] if kinds else [])])
