"""The table of changes between columns: why a coefficient differs between nested regressions."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from reintegration.report.select import FROM, GROUPS, TO
from reintegration.report.tables.model import (
    NOT_APPLICABLE,
    SIGNED,
    Cell,
    Column,
    Line,
    Maker,
    Table,
)
from reintegration.report.tables.terms import (
    ASSISTANCE,
    COUNTRY,
    expected_terms,
    present_terms,
    word,
)
from reintegration.report.wording import vcov_label
from reintegration.studies.importance import group_of

OTHER_ROWS = "other_rows"


def columns(frames: Mapping[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per term of country and assistance: the shorter estimate, each part, the longer one."""
    settings = maker.settings
    say = settings.language.plain
    declared = next((one for one in settings.specifications if one.get("columns")), None)
    known = {str(row["spec_id"]): row for row in frames["specs"].to_dict("records")}
    outcome = settings.codebook.main_score
    if declared and outcome not in declared["outcomes"]:
        outcome = str(declared["outcomes"][0])
    spec: Mapping[Any, Any] = known.get(f"{declared['id']}.{outcome}", {}) if declared else {}
    steps = _steps(declared["columns"]) if declared else {}
    first = next(iter(steps.values()), "")
    parts = [OTHER_ROWS, *_added(spec, declared["columns"][first] if declared and first else [])]
    found = expected_terms(spec, settings.codebook, settings.studied)
    if spec:  # and what results hold beyond, so that no number is lost
        held = present_terms(frames["estimates"], spec)
        found |= {term: part for term, part in held.items() if term not in found}
    lines = []
    for group, shorter in steps.items():
        terms = [term for term, part in found.items() if part == group]
        if terms and declared:
            has = [OTHER_ROWS, *_added(spec, declared["columns"][shorter])]
            ends = {FROM: f"{shorter}.{outcome}", TO: f"{declared['id']}.{outcome}"}
            lines.append(Line(group, _heading(group, shorter, declared["id"], maker), kind="group"))
            ids = _ids(frames, ends)
            if group == COUNTRY:
                terms.sort(key=settings.language.term)
            digits = {
                name: maker.digits_of([ids.get((term, name)) for term in terms], SIGNED)
                for name in (FROM, *parts, TO)
            }
            for term in terms:
                cells = [
                    maker.cell(ids.get((term, name)), SIGNED, "std_error", digits=digits[name])
                    if name in (FROM, TO, *has)
                    else Cell(NOT_APPLICABLE, status="ok")
                    for name in (FROM, *parts, TO)
                ]
                label = settings.language.term(term)
                lines.append(Line(f"{group}.{term}", label, tuple(cells)))
    if not lines:
        blank = tuple(Cell(NOT_APPLICABLE, status="ok") for _ in (FROM, *parts, TO))
        lines.append(Line("none", say("tables.columns.none"), blank))
    made = frames["columns"]
    vcov = vcov_label(made[made["to_spec"] == spec.get("spec_id")], settings.language)
    caption = say("tables.columns.caption", score=settings.language.score(outcome))
    notes = maker.notes(say("tables.columns.note", vcov=vcov))
    return Table("columns", caption, tuple(_heads(parts, maker)), tuple(lines), notes)


def _heads(parts: Sequence[str], maker: Maker) -> list[Column]:
    say = maker.settings.language.plain
    change = say("tables.columns.change")
    return [
        Column(name, say(f"tables.columns.{name}"), "" if name in (FROM, TO) else change)
        for name in (FROM, *parts, TO)
    ]


def _steps(columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The shortest column that has country, and that which has assistance, as terms."""
    found = {}
    for group in (COUNTRY, ASSISTANCE):
        for name, terms in columns.items():
            if group not in found and any(_is(group, term) for term in terms):
                found[group] = name
    return found


def _is(group: str, term: str) -> bool:
    return term == group or (group == ASSISTANCE and group_of(term) == group and ":" not in term)


def _added(spec: Mapping[Any, Any], terms: Sequence[str]) -> list[str]:
    """Groups of the terms that the longest column has beside these, in order."""
    there = {ASSISTANCE if term == ASSISTANCE else group_of(term) for term in terms}
    names = [*word(spec, "terms").split(), *word(spec, "controls").split()]
    found = {group_of(name) for name in names} - there
    return [name for name in GROUPS if name in found]


def _ids(frames: Mapping[str, pd.DataFrame], ends: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Estimates by term and by what they show: both ends and the parts of the change."""
    made = frames["columns"]
    rows = made[(made["from_spec"] == ends[FROM]) & (made["to_spec"] == ends[TO])]
    parts = rows["part"].where(rows["part"] != "group", rows["group"])
    found = dict(zip(zip(rows["term"], parts, strict=True), rows["estimate_id"], strict=True))
    estimates = frames["estimates"].drop_duplicates(["spec_id", "term"])
    for end, spec_id in ends.items():
        own = estimates[estimates["spec_id"] == spec_id]
        found |= {
            (term, end): name for term, name in zip(own["term"], own["estimate_id"], strict=True)
        }
    return found


def _heading(group: str, shorter: str, longer: str, maker: Maker) -> str:
    """Name the group of terms and the two specifications between which they change."""
    say = maker.settings.language.plain
    terms = say(f"tables.{group}_group")
    return say("tables.columns.heading", terms=terms, shorter=shorter, longer=longer)
