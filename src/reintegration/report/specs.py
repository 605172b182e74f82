"""The regressions of a study before any is fitted, as lines for the terminal.

Nothing here imports an estimator, so that looking is quick.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from reintegration.audit.declaration import declaration, expanded
from reintegration.codebook import Codebook, read_yaml
from reintegration.config import Config, check_against_codebook, load_config
from reintegration.errors import StudyError
from reintegration.estimation.declared import check_specifications
from reintegration.estimation.filters import keep_rows
from reintegration.estimation.grammar import GrammarError, comparisons, parse_filter, suggest
from reintegration.estimation.specs import PREFIX, Specification, spec_row
from reintegration.studies.regressions import study_specifications

SHOWN = ("spec_id", "role", "formula", "sample", "estimator", "covariances", "spec_hash")
# Columns that give way where the terminal is narrow, with what is left of them at least.
GIVE_WAY = {
    "formula": 24,
    "covariances": 16,
    "sample": 12,
    "title": 12,
    "terms": 12,
    "controls": 12,
}
GAP = "  "
_TYPES = re.compile(rf"\b{PREFIX}\w+(?: \+ {PREFIX}\w+)+(?=$| )")


@dataclass(frozen=True)
class Listing:
    """The specifications of a study, with a row for each: text by column."""

    choices: Config
    codebook: Codebook
    written: Mapping[str, Any]
    specifications: list[Specification]
    rows: pd.DataFrame


def list_specifications(path: str | Path) -> Listing:
    """Read a configuration, check its specifications, and list every regression of the study.

    Raises
    ------
    StudyError
        If the configuration or a specification is wrong.
    """
    path = Path(path)
    choices = load_config(path)
    codebook = choices.instrument.codebook(path.parent)
    check_against_codebook(choices, codebook)
    check_specifications(
        choices.specifications, choices.assistance, choices.orion, choices.trends, codebook
    )
    specifications = study_specifications(choices)
    rows = [
        spec_row(spec) | {"covariances": "; ".join(vcov.label for vcov in spec.vcovs)}
        for spec in specifications
    ]
    frame = pd.DataFrame(rows, index=[spec.spec_id for spec in specifications])
    return Listing(choices, codebook, read_yaml(path), specifications, frame)


def select(rows: pd.DataFrame, where: str | None) -> pd.DataFrame:
    """Keep the rows that make a filter true; without a filter, all.

    Raises
    ------
    StudyError
        If the filter cannot be read, or names a column that there is not.
    """
    if where is None:
        return rows
    try:
        parsed = parse_filter(where)
        for part in comparisons(parsed):
            check_columns([part.name], rows, "--where")
        return rows[keep_rows(parsed, rows)]
    except GrammarError as error:
        raise StudyError("--where cannot be read.", [str(error)]) from None


def check_columns(names: Sequence[str], rows: pd.DataFrame, option: str) -> None:
    """Check names of columns.

    Raises
    ------
    StudyError
        With every column that there is not.
    """
    known = list(map(str, rows.columns))
    if problems := [
        f"there is no column {name!r}; {suggest(name, known)}"
        for name in names
        if name not in known
    ]:
        raise StudyError(f"{option}: specifications have other columns.", problems)


def lines(rows: pd.DataFrame, columns: Sequence[str], width: int, total: int) -> Iterator[str]:
    """Show rows as a table no wider than the terminal, and count them."""
    check_columns(columns, rows, "--columns")
    shown_rows = rows.assign(formula=[_brief(text) for text in rows["formula"]])
    widths = _widths(shown_rows, columns, width)
    if len(rows):
        yield GAP.join(name.ljust(widths[name]) for name in columns).rstrip()
        for row in shown_rows[list(columns)].itertuples(index=False):
            cells = zip(columns, row, strict=True)
            shown = (_cut(text, widths[name]).ljust(widths[name]) for name, text in cells)
            yield GAP.join(shown).rstrip()
        yield ""
    yield from textwrap.wrap(_counted(rows, total), width)


def _widths(rows: pd.DataFrame, columns: Sequence[str], width: int) -> dict[str, int]:
    """Give each column what it needs, and take from the longest texts what is too much."""
    needed = {name: max([len(name), *rows[name].str.len()]) for name in columns}
    room = width - len(GAP) * (len(columns) - 1)
    while (excess := sum(needed.values()) - room) > 0:
        longest = max(
            (name for name in needed if needed[name] > GIVE_WAY.get(name, 10**6)),
            key=needed.__getitem__,
            default=None,
        )
        if longest is None:
            break
        others = [size for name, size in needed.items() if name in GIVE_WAY and name != longest]
        floor = max([GIVE_WAY[longest], *(size for size in others if size < needed[longest])])
        needed[longest] = max(floor - 1, GIVE_WAY[longest], needed[longest] - excess)
    return needed


def _brief(formula: str) -> str:
    """Count the types of assistance that stand in a row instead of naming them."""
    return _TYPES.sub(lambda found: f"assistance ({found.group().count(PREFIX)})", formula)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 3, 0)] + "..."[:width]


def _counted(rows: pd.DataFrame, total: int) -> str:
    """Count what is shown: specifications, with each covariance, by role, data and estimator."""
    number = len(rows)
    of = f" of {total:,}" if number != total else ""
    noun = "specification" if number == 1 and not of else "specifications"
    if not number:
        return f"0{of} {noun}."
    parts = [
        ", ".join(f"{count:,} {what}" for what, count in Counter(rows[name]).most_common())
        for name in ("role", "data", "estimator")
    ]
    vcovs = int(rows["covariances"].str.count("; ").sum()) + number
    each = f", {vcovs:,} with each covariance" if vcovs > number else ""
    return f"{number:,}{of} {noun}{each}: {'; '.join(parts)}."


def find(listing: Listing, spec_id: str) -> list[Specification]:
    """Find a specification by its id, or those of an entry of config.yaml by its.

    Raises
    ------
    StudyError
        If there is none, with near names.
    """
    found = [one for one in listing.specifications if one.spec_id == spec_id]
    if not found:
        found = [one for one in listing.specifications if one.spec_id.startswith(f"{spec_id}.")]
    if not found:
        known = [one.spec_id for one in listing.specifications]
        first = sorted({name.split(".")[0] for name in known})
        near = suggest(spec_id, [*known, *first])
        if near.startswith("known are"):
            near = f"ids begin with {', '.join(first)}"
        raise StudyError(f"There is no specification {spec_id!r}.", [near])
    return found


def in_full(spec: Specification, listing: Listing, width: int) -> Iterator[str]:
    """Show everything about one specification: as written, and as it will be fitted."""
    yield f"{spec.spec_id}: {spec.title}" if spec.title else spec.spec_id
    where, text = declaration(spec, listing.written)
    if text:
        yield ""
        yield f"as written ({where})"
        yield from (f"  {line}" for line in text.rstrip().splitlines())
    said = expanded(spec)
    row = spec_row(spec)
    yield ""
    yield "as fitted"
    parts: dict[str, Any] = {
        "formula": spec.formula,
        "role": spec.role,
        "sample": spec.sample,
        "estimator": spec.estimator,
        "quantile": row["quantile"],
        "threshold": "" if spec.threshold is None else f"{spec.threshold:g}",
        "terms": ", ".join(said["terms"]),
        "controls": ", ".join(said["controls"]),
        "coding": ", ".join(f"{name}: {how}" for name, how in said["coding"].items()),
        "levels": "; ".join(
            f"{name}: {', '.join(order) or 'as found'}" for name, order in spec.levels
        ),
        "fixed effects": ", ".join(said["fixed_effects"]),
        "weights": spec.weights or "",
        "assistance without a record": spec.not_recorded.replace("_", " "),
        "contrasts": "; ".join(
            f"{name} = " + " ".join(f"{weight:+g} {term}" for term, weight in parts)
            for name, parts in spec.contrasts
        ),
        "family": spec.family + (f" ({', '.join(spec.family_terms)})" if spec.family_terms else ""),
        "refit of": row["refit_of"],
        "hash": spec.spec_hash,
    }
    if not any(name.startswith("assistance_") for name in spec.variables):
        del parts["assistance without a record"]
    for name, value in parts.items():
        if value:
            yield from _indented(name, value, width)
    for place, vcov in enumerate(spec.vcovs):
        ids = spec.estimate_id("TERM", vcov)
        yield from _indented("covariances" if not place else "", f"{vcov.label} ({ids})", width)


_LABEL = 16


def _indented(name: str, value: str, width: int) -> list[str]:
    start = f"  {name:<{_LABEL}}" if len(name) < _LABEL else f"  {name} "
    return textwrap.wrap(
        value,
        max(width, 60),
        initial_indent=start,
        subsequent_indent=" " * (_LABEL + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def write(listing: Listing, spec_ids: Sequence[str], path: str | Path, root: Path) -> None:
    """Write specifications as results/models/specs.csv has them, with their marks of the ledger.

    Raises
    ------
    StudyError
        If the file cannot be written, or the ledger is not as it was written.
    """
    from reintegration.audit.frozen import frozen_settings
    from reintegration.audit.ledger import LEDGER, mark, read_ledger
    from reintegration.audit.marks import marked
    from reintegration.estimation.specs import specs_table
    from reintegration.tables_io import write_csv

    entries = read_ledger(root / LEDGER) if (root / LEDGER).exists() else []
    marks = mark(
        listing.specifications, entries, frozen_settings(listing.choices, listing.codebook)
    )
    wanted = set(spec_ids)
    chosen = [spec for spec in listing.specifications if spec.spec_id in wanted]
    try:
        write_csv(marked(specs_table(chosen), marks), path)
    except OSError as error:
        raise StudyError(f"{path}: cannot be written ({error.strerror}).") from None
