"""The page and the table on what changed between two studies, small cells protected."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reintegration.audit.compare import (
    ALL,
    APPEARED,
    ESTIMATES,
    MOVED,
    SAME,
    VANISHED,
    Comparison,
    Results,
    compare_results,
)
from reintegration.audit.swap import Changes, changes_between, run_of
from reintegration.config import load_config
from reintegration.disclosure import SUPPRESSED
from reintegration.report.language import is_missing
from reintegration.report.numbers import RESTS_ON
from reintegration.report.page import TEMPLATES
from reintegration.report.select import described
from reintegration.report.settings import Settings
from reintegration.tables_io import write_csv

TABLE, PAGE = "results/audit/swap.csv", "reports/swap.html"
SHOWN = 200  # of the largest movements
SECTIONS = ("causes", "rows", "scores", "claims", "estimates")
# Sizes of movement in standard errors: name -> below which.
BANDS = {"small": 0.1, "half": 0.5, "one": 1.0, "two": 2.0, "large": np.inf}
LARGE = 2.0
NUMBERS = ["before", "after", "std_error_before", "std_error_after", "difference"]
COUNTS = ("rows_read", "rows_rejected", "surveys")  # of a source
WORDS = ("source", "file", "status", "claim")  # columns that hold words


@dataclass(frozen=True)
class Swap:
    """Two studies to be told apart on a page.

    `changes` is what differs between what they were made from; None where that is not known.
    """

    before: Results
    after: Results
    comparison: Comparison
    changes: Changes | None


def write_swap(swap: Swap, settings: Settings, table: Path, page: Path) -> Comparison:
    """Write the table of estimates and the page; return what may be shown."""
    shown = protected(swap, settings)
    write_csv(shown.estimates, table)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_render(replace(swap, comparison=shown), settings, table), encoding="utf-8")
    return shown


def compare_folders(before: Path, after: Path, out: Path, checkout: Path) -> list[str]:
    """Compare two folders of results, write `swap.csv` and `swap.html`, and say where they are.

    Labels, the smallest cell and whether data are simulated are those of `config.yaml` in
    `checkout`. What the results were made from is known where a run kept it beside them.

    Raises
    ------
    StudyError
        If a folder holds no results, or the configuration is wrong.
    """
    config = load_config(checkout / "config.yaml")
    old, new = _results_in(before), _results_in(after)
    was, now = run_of(old), run_of(new)
    changes = changes_between(was, now) if was and now else None
    earlier, later = Results(old), Results(new)
    swap = Swap(earlier, later, compare_results(earlier, later), changes)
    settings = Settings.from_config(config.model_dump(mode="json"), checkout)
    worlds = [run.world for run in (was, now) if run]
    if any(worlds) and not settings.simulated:  # the config of today is not that of the results
        world = next(filter(None, worlds))
        data = settings.data.model_copy(update={"world": Path("worlds") / f"{world}.yaml"})
        settings = replace(settings, data=data)
    shown = write_swap(swap, settings, out / "swap.csv", out / "swap.html")
    moved = (shown.estimates["status"] == MOVED).sum()
    return [
        f"{moved:,} of {len(shown.estimates):,} estimates moved.",
        f"Table: {out / 'swap.csv'}",
        f"Page: {out / 'swap.html'}",
    ]


def _results_in(folder: Path) -> Path:
    return folder / "results" if (folder / "results").is_dir() else folder


# ---------------------------------------------------------------- what may be shown


def protected(swap: Swap, settings: Settings) -> Comparison:
    """Blank the numbers that rest on too few returnees, before, after, or in what came between.

    Two numbers that may each be shown can together tell of the few who make their difference: the
    answers to a question in a country are hidden where fewer returnees than the minimum came or
    went. Where a country's count is hidden, those of the sources are.
    """
    descriptives = ESTIMATES["descriptives"].file
    earlier, later = swap.before.table(descriptives), swap.after.table(descriptives)
    hidden = few_between(earlier, later, settings.minimum_cell)
    for results in (swap.before, swap.after):
        hidden |= small_cells(results, settings)
    found = swap.comparison
    estimates, scores = found.estimates.copy(), found.scores.copy()
    out = estimates["estimate_id"].isin(hidden)
    estimates.loc[out, [*NUMBERS, "difference_in_std_errors"]] = np.nan
    estimates.loc[out, ["status", "reason"]] = [SUPPRESSED, "too few returnees"]
    for side in ("before", "after"):
        few = scores[f"estimate_id_{side}"].isin(hidden)
        scores.loc[few, ["mean_before", "mean_after", "std_error_before"]] = np.nan
    countries = found.countries.copy()
    for name in ("surveys", "returnees"):
        few = ("n." + name + "." + countries["country"]).isin(hidden)
        countries.loc[few, [f"{name}_before", f"{name}_after"]] = np.nan
    sources = found.sources
    if any(name.startswith(("n.surveys.", "n.returnees.")) for name in hidden):
        # A country may have one source alone, whose rows would tell of it.
        counts = [f"{name}_{side}" for name in COUNTS for side in ("before", "after")]
        sources = sources.assign(**dict.fromkeys(counts, np.nan))
    last = estimates["status"] == SUPPRESSED
    estimates = pd.concat([estimates[~last], estimates[last]], ignore_index=True)
    return replace(found, estimates=estimates, scores=scores, countries=countries, sources=sources)


def small_cells(results: Results, settings: Settings) -> set[str]:
    """Ids of estimates that rest on too few returnees, as the study's own page hides them."""
    minimum, shares = settings.minimum_cell, settings.codebook.shares
    hidden: set[str] = set()
    for name, source in ESTIMATES.items():
        table = results.table(source.file)
        if name == "descriptives":
            hidden |= {*described(table, minimum, shares).record["estimate_id"]}
        for column in RESTS_ON:
            if column in table:
                people = pd.to_numeric(table[column], errors="coerce")
                hidden |= {*table.loc[(people > 0) & (people < minimum), "estimate_id"]}
    return hidden


def few_between(before: pd.DataFrame, after: pd.DataFrame, minimum: int) -> set[str]:
    """Ids of descriptions between which fewer returnees than the minimum came or went."""
    columns = ["estimate_id", "estimate", "n_returnees", "returnees_with"]
    both = after[["statistic", "variable", "country", *columns]].merge(
        before[columns], on="estimate_id", suffixes=("", "_before")
    )
    few = pd.Series(False, both.index)
    for column in ("n_returnees", "returnees_with"):
        gap = (both[column] - both[f"{column}_before"]).abs()
        few |= (gap > 0) & (gap < minimum)
    counted = both["statistic"] == "n"
    gap = (both["estimate"] - both["estimate_before"]).abs()
    few = few.where(~counted, (gap > 0) & (gap < minimum) & (both["variable"] != "countries"))
    hidden = few.groupby([both[name] for name in ("statistic", "variable", "country")])
    few = hidden.transform("any")
    # All countries less the others would tell of the one that is hidden.
    somewhere = few.groupby([both[name] for name in ("statistic", "variable")]).transform("any")
    return {*both.loc[few | (somewhere & (both["country"] == ALL)), "estimate_id"]}


# ---------------------------------------------------------------- the page


def _render(swap: Swap, settings: Settings, table: Path) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    language, found = settings.language, swap.comparison
    of_sources = swap.changes is not None and swap.changes.of_sources
    causes, warning = _causes(swap.changes, settings)
    rows = found.estimates[found.estimates["status"] == MOVED].head(SHOWN)
    world = settings.data.world.stem if settings.data.world else ""
    scores = [name for name in settings.codebook.score_names if name in {*found.scores["score"]}]
    claims = _claims(found.claims, settings)
    return environment.get_template("swap.html").render(
        language=language.code,
        title=language.plain("swap.title" if of_sources else "swap.title_two"),
        mark=settings.mark,
        banner=language.say("page.banner", world=world) if settings.simulated else "",
        css=Markup((TEMPLATES / "study.css").read_text(encoding="utf-8")),
        say=language.say,
        sections=SECTIONS,
        words=WORDS,
        lead=language.say("swap.lead" if of_sources else "swap.lead_two"),
        compared=_compared(swap, settings),
        causes=causes,
        warning=warning,
        summary=_summary(found, settings),
        sources=[_source(row, swap.changes, settings) for row in _records(found.sources)],
        countries=[_country(row, settings) for row in _in_order(found.countries, settings)],
        score_names=[language.score(name) for name in scores],
        scores=_scores(found.scores, scores, settings),
        claims=claims,
        claims_said=_claims_said(found.claims, len(claims), settings),
        bands=[*BANDS, "unmeasured", APPEARED, VANISHED, SAME],
        counted=_counted(found.estimates, settings),
        largest_note=language.say(
            "swap.largest_note",
            number=language.number(len(rows)),
            file=Markup("<code>{}</code>").format(table.name),
        ),
        largest=[_moved(row, settings) for row in _records(rows)],
    )


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _compared(swap: Swap, settings: Settings) -> Markup:
    if swap.changes is not None:
        return Markup("")
    names = {"before": swap.before.name, "after": swap.after.name}
    return settings.language.say("swap.compared", **names)


def _causes(changes: Changes | None, settings: Settings) -> tuple[list[Markup], Markup]:
    """What was changed, one line each, and a warning where it was not the sources alone."""
    language = settings.language
    if changes is None:
        return [], language.say("swap.causes.unknown")
    said = [
        language.say(f"swap.causes.{key}", sources=language.join(names))
        for key, names in (("added", changes.added), ("removed", changes.removed))
        if names
    ]
    if changes.replaced:
        replaced = [
            language.plain(
                "swap.causes.replaced_one",
                source=name,
                parts=language.join([language.plain(f"swap.parts.{part}") for part in parts]),
            )
            for name, parts in changes.replaced.items()
        ]
        said.append(language.say("swap.causes.replaced", sources=language.join(replaced)))
    if changes.decided:
        said.append(language.say("swap.causes.decided"))
    if not changes.of_sources:
        said.append(language.say("swap.causes.none"))
    if not changes.others:
        return [*said, language.say("swap.causes.alone")], Markup("")
    return said, language.say("swap.causes.others", others="; ".join(changes.others))


def _summary(found: Comparison, settings: Settings) -> list[Markup]:
    language, estimates = settings.language, found.estimates
    counts = estimates["status"].value_counts()
    moved = estimates[estimates["status"] == MOVED]
    said = [
        language.say(
            "swap.summary.moved",
            all=language.number(len(estimates)),
            **{
                name: language.number(counts.get(name, 0))
                for name in (MOVED, APPEARED, VANISHED, SAME)
            },
        )
    ]
    measured = moved.dropna(subset=["difference_in_std_errors"])
    if len(measured):
        first = measured.iloc[0]
        said.append(
            language.say(
                "swap.summary.largest",
                size=language.number(abs(first["difference_in_std_errors"]), 1),
                name=Markup("<code>{}</code>").format(first["estimate_id"]),
            )
        )
    elif moved.empty:
        said.append(language.say("swap.summary.none"))
    said.append(_claims_said(found.claims, len(_claims(found.claims, settings)), settings))
    if hidden := counts.get(SUPPRESSED, 0):
        said.append(language.say("swap.summary.hidden", number=language.number(hidden)))
    return said


def _state(value: object, settings: Settings) -> str:
    key = "absent" if is_missing(value) else str(value)
    words = settings.language
    return words.plain(f"swap.states.{key}") if words.has(f"swap.states.{key}") else key


def _source(row: Mapping[str, Any], changes: Changes | None, settings: Settings) -> dict[str, Any]:
    before, after = row["status_before"], row["status_after"]
    state = _state(after, settings)
    if str(before) != str(after):
        state = f"{_state(before, settings)} → {state}"
    replaced = changes is not None and row["source"] in changes.replaced
    if replaced:
        state = f"{state}, {settings.language.plain('swap.states.replaced')}"
    file = row["file_before"] if is_missing(row["file_after"]) else row["file_after"]
    reason = row["reason_after"]
    return {
        "source": row["source"],
        "file": file,
        "state": state,
        "reason": "" if is_missing(reason) else str(reason),
        "changed": replaced or str(before) != str(after),
        **{name: _pair(row, name, settings) for name in COUNTS},
    }


def _pair(row: Mapping[str, Any], name: str, settings: Settings) -> dict[str, str]:
    return {side: _number(row[f"{name}_{side}"], settings, 0) for side in ("before", "after")}


def _number(value: float, settings: Settings, digits: int = 3, signed: bool = False) -> str:
    if is_missing(value):
        return "–"
    return settings.language.number(value, digits, signed=signed)


def _in_order(countries: pd.DataFrame, settings: Settings) -> list[dict[str, Any]]:
    """Rows by the countries' names, all of them last."""
    rows = _records(countries)
    return sorted(
        rows, key=lambda row: (row["country"] == ALL, settings.language.country(row["country"]))
    )


def _country(row: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    pairs = {name: _pair(row, name, settings) for name in ("surveys", "returnees")}
    whole = row["country"] == ALL
    return {
        "country": settings.language.country(row["country"]),
        "kind": "total" if whole else "body",
        "changed": not whole and any(pair["before"] != pair["after"] for pair in pairs.values()),
        **pairs,
    }


def _scores(scores: pd.DataFrame, names: list[str], settings: Settings) -> list[dict[str, Any]]:
    """A row per country, a cell per score: the mean before and after, and how far it moved."""
    found = {(row["country"], row["score"]): row for row in _records(scores)}
    countries = scores[["country"]].drop_duplicates()
    rows = []
    for row in _in_order(countries, settings):
        code = row["country"]
        rows.append(
            {
                "country": settings.language.country(code),
                "kind": "total" if code == ALL else "body",
                "cells": [_score(found.get((code, name)), settings) for name in names],
            }
        )
    return rows


def _score(row: Mapping[str, Any] | None, settings: Settings) -> dict[str, Any]:
    if row is None:
        return {"before": "–", "after": "–", "in_errors": "–", "large": False}
    error = row["std_error_before"]
    moved = (row["mean_after"] - row["mean_before"]) / error if error > 0 else np.nan
    return {
        "before": _number(row["mean_before"], settings),
        "after": _number(row["mean_after"], settings),
        "in_errors": _number(moved, settings, 1, signed=True),
        "large": abs(moved) >= LARGE,
    }


def _claims(claims: pd.DataFrame, settings: Settings) -> list[dict[str, str]]:
    """Claims whose verdict changed."""
    language = settings.language
    rows = []
    for row in _records(claims):
        sides = [row["verdict_before"], row["verdict_after"]]
        if str(sides[0]) == str(sides[1]):
            continue
        before, after = (
            "–" if is_missing(side) else language.plain(f"tables.verdicts.{side}") for side in sides
        )
        rows.append({"claim": str(row["claim_en"]), "before": before, "after": after})
    return rows


def _claims_said(claims: pd.DataFrame, changed: int, settings: Settings) -> Markup:
    language = settings.language
    if claims.empty:
        return language.say("swap.summary.no_claims")
    if not changed:
        return language.say("swap.summary.claims_same")
    return language.say(
        "swap.summary.claims_moved",
        number=language.number(changed),
        all=language.number(len(claims)),
    )


def _counted(estimates: pd.DataFrame, settings: Settings) -> list[dict[str, Any]]:
    """How many estimates of each table moved how far."""
    size = estimates["difference_in_std_errors"].abs()
    edges = [0, *BANDS.values()]
    bands = pd.cut(size, edges, right=False, labels=[*BANDS]).astype(object)
    kind = estimates["status"].where(estimates["status"] != MOVED, bands.fillna("unmeasured"))
    rows = []
    for name in ESTIMATES:
        counts = kind[estimates["table"] == name].value_counts()
        shown = [
            settings.language.number(counts.get(band, 0))
            for band in (*BANDS, "unmeasured", APPEARED, VANISHED, SAME)
        ]
        rows.append({"table": settings.language.plain(f"swap.tables.{name}"), "counts": shown})
    return rows


def _moved(row: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """One estimate of the list: its name, what it is of, and its numbers."""
    language = settings.language
    outcome = language.score(str(row["outcome"]))
    if outcome == row["outcome"]:
        outcome = language.variable(str(row["outcome"]))
    country = "" if is_missing(row["country"]) else str(row["country"])
    place = language.country(country) if country == ALL or len(country) == 3 else country
    digits = _digits(row)
    return {
        "estimate_id": row["estimate_id"],
        "what": ", ".join(
            part for part in (outcome, place, language.plain(f"swap.tables.{row['table']}")) if part
        ),
        "numbers": [
            _number(row["before"], settings, digits),
            _number(row["after"], settings, digits),
            _number(row["difference"], settings, digits, signed=True),
            _number(row["std_error_before"], settings, digits),
            _number(row["difference_in_std_errors"], settings, 2, signed=True),
        ],
    }


def _digits(row: Mapping[str, Any]) -> int:
    """Three decimals for scores and shares, none for counts and ranks."""
    sizes = [abs(row[side]) for side in ("before", "after") if not is_missing(row[side])]
    whole = all(float(size).is_integer() for size in sizes)
    return 0 if whole and max(sizes, default=0) >= 1 else 1 if max(sizes, default=0) >= 10 else 3
