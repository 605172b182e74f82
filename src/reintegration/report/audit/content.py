"""What the audit page holds: rows of its tables, and passports in blocks."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from reintegration.disclosure import SUPPRESSED
from reintegration.report import links
from reintegration.report.audit.blocks import Block, finite, make_blocks
from reintegration.report.audit.passports import (
    CHECKED,
    Sources,
    crosscheck_rows,
    estimate,
    read_code,
    read_passports,
    read_table,
    specification,
)
from reintegration.report.audit.rows import COLUMNS, Joined, estimate_rows, spec_rows
from reintegration.report.numbers import Numbers, read_results
from reintegration.report.outputs import AUDIT_INPUTS, numbered_tables
from reintegration.report.select import described
from reintegration.report.settings import Settings
from reintegration.tables_io import read_csv

TOGETHER = 100  # numbers without a specification that are opened together


@dataclass(frozen=True)
class Content:
    """Tables, read at once, and blocks of passports, read one at a time."""

    tables: dict[str, Any]
    blocks: list[Block]
    countries: dict[str, str]


def gather(
    inputs: Mapping[str, str | Path], settings: Settings, uses: str | Path, sources: Sources
) -> Content:
    """Join results, passports, the comparison with R, code and uses by id."""
    frames = read_results(inputs, AUDIT_INPUTS)
    shares = settings.codebook.shares
    hidden = described(frames["descriptives"], settings.minimum_cell, shares).record["estimate_id"]
    numbers = Numbers(frames, settings.language, hidden, settings.minimum_cell)
    passports = read_passports(sources.passports)
    checked = read_table(sources.crosscheck, CHECKED)
    ledger = read_table(sources.ledger, ["spec_id"])
    specs = spec_rows(frames["specs"], ledger, passports["specifications"], settings.language)
    joined = Joined(
        {spec["id"]: spec for spec in specs}, passports["estimates"], _agreement(checked)
    )
    rows = list(estimate_rows(frames, numbers, settings, joined))
    kept = {row["id"] for row in rows if row["status"] == SUPPRESSED}
    compared = crosscheck_rows(checked, kept)
    more = _more(rows, _uses(uses, settings), compared)
    made = {
        row["id"]: finite(
            estimate(
                numbers[row["id"]],
                passports["estimates"].get(row["id"], {}),
                more[row["id"]],
                settings.minimum_cell,
                hidden=row["id"] in kept,
            )
        )
        for row in rows
    }
    of_specs = {
        spec["id"]: specification(
            passports["specifications"].get(spec["id"], {}), read_code(sources.code, spec["id"])
        )
        for spec in specs
    }
    blocks = list(make_blocks(of_specs, _groups(rows, made)))
    _place(rows, specs, blocks)
    tables = {
        "columns": COLUMNS,
        "estimates": [[row[name] for name in COLUMNS] for row in rows],
        "specifications": specs,
        "crosscheck": compared,
        "claims": _claims(sources.claims),
        "run": passports["run"],
        "passports": bool(passports["estimates"]),
    }
    codes = sorted(frames["descriptives"]["country"].dropna().astype(str).unique())
    names = {code: settings.language.country(code) for code in codes}
    return Content(finite(tables), blocks, names)


def _claims(path: str | Path | None) -> dict[str, list[str]]:
    """Ids of the estimates that each claim rests on."""
    claims = read_table(path, ["claim_id", "estimate_ids"])
    ids = claims["estimate_ids"].fillna("").astype(str)
    return dict(zip(claims["claim_id"].astype(str), (text.split() for text in ids), strict=True))


def _groups(
    rows: Sequence[Mapping[str, Any]], made: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Estimates of one specification together; others by the hundred."""
    groups: dict[tuple[str, int], dict[str, Any]] = {}
    for number, row in enumerate(rows):
        key = (row["spec"] or "", 0 if row["spec"] else number // TOGETHER)
        groups.setdefault(key, {})[row["id"]] = made[row["id"]]
    for (spec_id, _), group in groups.items():
        yield spec_id, group


def _place(
    rows: Sequence[dict[str, Any]], specs: Sequence[dict[str, Any]], blocks: Sequence[Block]
) -> None:
    """Note in which block the passport of each row is."""
    for number, block in enumerate(blocks):
        for listed, held in ((rows, block.estimates), (specs, block.specifications)):
            for row in listed:
                if row["id"] in held:
                    row["block"] = number


def _agreement(checked: pd.DataFrame) -> dict[str, str]:
    """Whether R agrees, by estimate; several engines must all agree."""
    said: dict[str, str] = {}
    answers = zip(checked["estimate_id"].astype(str), checked["agrees"].fillna(""), strict=True)
    for name, agrees in answers:
        if said.get(name) != "no":
            said[name] = str(agrees) or said.get(name, "")
    return said


def _uses(path: str | Path, settings: Settings) -> dict[str, list[dict[str, str]]]:
    """Where the study's page shows each number."""
    found: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    uses = read_csv(path)
    tables = numbered_tables(settings.specifications)
    places = {
        name: links.use(name, settings.language, tables)
        for name in uses["used_in"].astype(str).unique()
    }
    for name, used_in in zip(uses["estimate_id"].astype(str), uses["used_in"], strict=True):
        found[name].append(places[used_in])
    return found


def _more(
    rows: Sequence[Mapping[str, Any]],
    uses: Mapping[str, list[dict[str, str]]],
    compared: Sequence[Mapping[str, Any]],
) -> dict[str, dict[str, Any]]:
    """What is joined to each passport: where the number is shown, and what R says of it."""
    lines: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in compared:
        lines[str(line["estimate_id"])].append(line)
    return {
        row["id"]: {"uses": uses.get(row["id"], []), "crosscheck": lines.get(row["id"], [])}
        for row in rows
    }
