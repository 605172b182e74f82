"""Estimates under each covariance, families of tests, and the list of regressions."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from reintegration.report.language import ALL, is_missing
from reintegration.report.select import (
    CHANGES,
    SURVEYS,
    declared,
    main_specification,
)
from reintegration.report.tables.model import (
    COUNT,
    FREEDOM,
    MEAN,
    NOT_APPLICABLE,
    POINTS,
    PROBABILITY,
    SIGNED,
    Cell,
    Column,
    Line,
    Maker,
    Table,
)
from reintegration.report.tables.regression import Regressions, foot
from reintegration.report.tables.terms import (
    ASSISTANCE,
    covariances,
    expected_terms,
    first_ids,
    lines_of_terms,
    present_terms,
    slug,
    word,
)
from reintegration.report.wording import named_vcov

# Of one estimate under one covariance: how each number is written.
NUMBERS = {
    "std_error": POINTS,
    "df": FREEDOM,
    "p_value": PROBABILITY,
    "conf_low": SIGNED,
    "conf_high": SIGNED,
    "n_clusters": COUNT,
    "n_carrying": COUNT,
    "effective_clusters": MEAN,
}
ADJUSTED = ("p_value", "p_holm", "p_bh", "p_romano_wolf")
REMARK_WIDTH = 4.6  # centimetres on paper
ROLES = ("published", "robustness", "exploratory")


def inference(frames: Mapping[str, pd.DataFrame], maker: Maker) -> Table:
    """Each effect of assistance, and of mentoring, on the main score under every covariance."""
    language, settings = maker.settings.language, maker.settings
    score = settings.codebook.main_score
    lines = []
    for data in (SURVEYS, CHANGES):
        specs = main_specification(frames["specs"], data, settings.codebook)
        for spec in specs.to_dict("records"):
            if str(spec["outcome"]).removeprefix("change_") == score:
                lines += _of_specification(spec, frames["estimates"], maker)
    lines += _of_mentoring(frames["effects"], score, maker)
    columns = [Column("estimate", language.plain("tables.inference.estimate"))]
    columns += [Column(name, language.plain(f"tables.inference.{name}")) for name in NUMBERS]
    columns.append(Column("remark", language.plain("tables.inference.remark"), width=REMARK_WIDTH))
    note = language.plain(
        "tables.inference.note", level=language.share(settings.inference.confidence_level, 0)
    )
    caption = language.plain("tables.inference.caption", score=language.score(score))
    stub = language.plain("tables.inference.covariance")
    return Table("inference", caption, tuple(columns), tuple(lines), maker.notes(note), stub)


def _of_specification(spec: Mapping[Any, Any], estimates: pd.DataFrame, maker: Maker) -> list[Line]:
    language, codebook = maker.settings.language, maker.settings.codebook
    terms = expected_terms(spec, codebook, ()) or present_terms(estimates, spec)
    first = first_ids([spec], estimates)
    lines = []
    for term in (name for name, part in terms.items() if part == ASSISTANCE):
        key = f"{spec['spec_id']}.{term}"
        heading = language.plain(
            "tables.inference.heading",
            term=language.term(term),
            outcome=language.score(str(spec["outcome"])),
        )
        lines.append(Line(key, heading, kind="group"))
        for place, label in enumerate(covariances(spec)):
            name = f"{key}.{slug(label)}"
            if place == 0:
                name = first.get((str(spec["spec_id"]), term), name)
            lines.append(_line(f"{key}.{slug(label)}", named_vcov(label, language), name, maker))
    return lines


def _of_mentoring(effects: pd.DataFrame, score: str, maker: Maker) -> list[Line]:
    """Lines of the effects over all pilot countries, those of one comparison below each other."""
    language, orion = maker.settings.language, maker.settings.orion
    everywhere = effects[(effects["country"] == ALL) & (effects["outcome"] == score)]
    asked = {one.vcov.slug: one.vcov.label for one in orion.each_vcov}
    found = [_label_of(row, asked) for row in everywhere.to_dict("records")]
    labels = list(dict.fromkeys([*asked.values(), *found]))
    lines = []
    for comparator in orion.comparators:
        for method in orion.methods:
            rows = everywhere[
                (everywhere["comparator"] == comparator) & (everywhere["method"] == method)
            ]
            ids = {_label_of(row, asked): row["estimate_id"] for row in rows.to_dict("records")}
            heading = language.plain(
                "tables.orion.heading",
                method=language.plain(f"methods.{method}"),
                against=language.plain(f"methods.{comparator}"),
            )
            key = f"orion.{method}.{comparator}.{score}"
            lines.append(Line(key, f"{language.variable('orion')}: {heading}", kind="group"))
            lines += [
                _line(f"{key}.{slug(label)}", named_vcov(label, language), ids.get(label), maker)
                for label in labels
            ]
    return lines


def _label_of(row: Mapping[Any, Any], asked: Mapping[str, str]) -> str:
    """The label of a row's covariance: the one asked for, else what its columns say."""
    slug = str(row["estimate_id"]).rpartition(".")[2]
    if slug in asked:
        return asked[slug]
    clusters = word(row, "cluster_var").split()
    webb = " (Webb)" if "-webb" in slug else ""
    return f"{word(row, 'vcov')}{webb}" + (f" by {' and '.join(clusters)}" if clusters else "")


def _line(key: str, label: str, estimate_id: object, maker: Maker) -> Line:
    """An estimate with everything that a covariance says of it, or why it says nothing."""
    shown = maker.cell(estimate_id, SIGNED)
    if shown.value is None or shown.source is None:
        blank = [Cell(NOT_APPLICABLE, status=shown.status) for _ in NUMBERS]
        remark = maker.why(estimate_id)
        return Line(key, label, (shown, *blank, Cell(remark, status="ok")))
    name = shown.estimate_id
    cells = [
        Cell(NOT_APPLICABLE, status="ok")
        if is_missing(shown.source.get(column))
        else maker.column(name, column, how)
        for column, how in NUMBERS.items()
    ]
    remark = shown.source.word("warnings") or NOT_APPLICABLE
    return Line(key, label, (shown, *cells, Cell(remark, status="ok")))


# ---------------------------------------------------------------- families of tests


def adjusted(frames: Mapping[str, pd.DataFrame], maker: Maker) -> Table:
    """Every test of every declared family: its p-value, and what each adjustment makes of it."""
    language = maker.settings.language
    listed = declared(frames["specs"]).to_dict("records")
    families: dict[str, list[Mapping[Any, Any]]] = {}
    for row in listed:
        if family := word(row, "family"):
            families.setdefault(family, []).append(row)
    estimates = frames["estimates"]
    named = dict(zip(estimates["estimate_id"], estimates["family"].astype("object"), strict=True))
    lines = []
    for family, specs in families.items():
        lines.append(Line(family, family.replace("_", " "), kind="group"))
        ids = first_ids(specs, estimates)
        terms, of = lines_of_terms(specs, estimates, language.codebook, ())
        for term in terms:
            for spec in specs:
                name = ids.get((str(spec["spec_id"]), term))
                if term in of[str(spec["spec_id"])] and named.get(name) == family:
                    lines.append(_test(spec, term, str(name), maker))
    if not lines:
        none = language.plain("tables.adjusted.none")
        cells = tuple(Cell(NOT_APPLICABLE, status="ok") for _ in (*ADJUSTED, "", ""))
        lines.append(Line("none", none, cells))
    columns = [
        Column(n, language.plain(f"tables.inference.{n}")) for n in ("estimate", "std_error")
    ]
    columns += [Column(name, language.plain(f"tables.adjusted.{name}")) for name in ADJUSTED]
    note = language.plain("tables.adjusted.note", adjustment=maker.adjustment)
    caption = language.plain("tables.adjusted.caption")
    stub = language.plain("tables.adjusted.test")
    return Table("adjusted", caption, tuple(columns), tuple(lines), maker.notes(note), stub)


def _test(spec: Mapping[Any, Any], term: str, name: str, maker: Maker) -> Line:
    language = maker.settings.language
    label = language.plain(
        "tables.inference.heading",
        term=language.term(term),
        outcome=language.score(str(spec["outcome"])),
    )
    shown = maker.cell(name, SIGNED)
    cells = [shown]
    for column, how in {"std_error": POINTS, **dict.fromkeys(ADJUSTED, PROBABILITY)}.items():
        missing = shown.value is None or is_missing(maker.numbers[name].get(column))
        cells.append(
            Cell(NOT_APPLICABLE, status="ok") if missing else maker.column(name, column, how)
        )
    return Line(f"{spec['spec_id']}.{term}", label, tuple(cells))


# ---------------------------------------------------------------- every regression


def regressions(frames: Mapping[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per specification, by role: what it rests on, and what the ledger says of it."""
    language = maker.settings.language
    specs = declared(frames["specs"])
    listed: Sequence[Mapping[Any, Any]] = specs.to_dict("records")
    shown = Regressions(listed, frames["estimates"], frames["models"], ())
    across = {line.key: line for line in foot(shown, maker)}
    numbers = ("n_obs", "n_returnees", "n_clusters", "r2")
    words = {"estimator": 1.8, "coding": 2.2, "vcov": 3.0, "sample": 3.0, "ledger": 2.0}
    columns = [Column(name, across[name].label if name != "n_clusters" else
                      language.plain("tables.clusters")) for name in numbers]  # fmt: skip
    columns += [Column(name, across[name].label, width=width) for name, width in words.items()]
    lines = []
    for role in ROLES:
        places = [place for place, spec in enumerate(listed) if word(spec, "role") == role]
        if places:
            lines.append(Line(role, language.plain(f"tables.regressions.{role}"), kind="group"))
        lines += [
            Line(
                str(listed[place]["spec_id"]),
                str(listed[place]["spec_id"]),
                tuple(across[name].cells[place] for name in (*numbers, *words)),
            )
            for place in places
        ]
    caption = language.plain("tables.regressions.caption")
    notes = maker.notes(language.plain("tables.regressions.note"))
    stub = language.plain("tables.regressions.specification")
    return Table("regressions", caption, tuple(columns), tuple(lines), notes, stub)


MADE = {"inference": inference, "adjusted": adjusted, "regressions": regressions}
