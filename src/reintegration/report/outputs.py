"""What the report reads and what it makes, by name; imports nothing heavy.

The workflow builds its rules from these names:

    figures: run_figures(inputs, folder, config)
    tables:  run_tables(inputs, folder, config)
    report:  run_page(inputs, page, uses, config, figures=folder, tables=folder)
    audit_page: run_audit_page(inputs, page, config, uses=uses, sources=Sources(...))

`inputs` maps each name of `FIGURE_INPUTS`, `TABLE_INPUTS`, `PAGE_INPUTS` or `AUDIT_INPUTS` to
its file; `config` is the configuration as a plain dict (for figures and tables the `SECTIONS` of it
are enough); `folder` is a directory, `page` and `uses` are files.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# Every file of results/ that the report reads, relative to results/.
RESULTS: dict[str, str] = {
    "flow": "clean/flow.csv",
    "rules": "clean/rules.csv",
    "sources": "clean/sources.csv",
    "descriptives": "descriptives/descriptives.csv",
    "distributions": "descriptives/distributions.csv",
    "specs": "models/specs.csv",
    "estimates": "models/estimates.csv",
    "models": "models/models.csv",
    "rows": "models/rows.csv",
    "ranks": "models/ranks.csv",
    "importance": "models/importance.csv",
    "refits": "models/refits.csv",
    "columns": "models/columns.csv",
    "effects": "orion/effects.csv",
    "means": "orion/means.csv",
    "orion_changes": "orion/changes.csv",
    "slopes": "trends/slopes.csv",
    "lines": "trends/lines.csv",
    "claims": "audit/claims.csv",
    "crosscheck": "audit/crosscheck.csv",
    "ledger": "audit/ledger.csv",
}

# In the order of the page, which numbers them.
FIGURES: tuple[str, ...] = (
    "sample_flow",
    "score_distributions",
    "coefficients",
    "columns",
    "network",
    "trendlines",
    "slopes",
    "orion_first_last",
)
FIGURE_FORMATS: tuple[str, ...] = ("svg", "png", "csv")

TABLES: tuple[str, ...] = (
    "cleaning",
    "sample",
    "migration",
    "scores",
    "columns",
    "assistance",
    "levels",
    "changes",
    "items",
    "slopes",
    "orion",
    "refits",
    "adjusted",
    "inference",
    "regressions",
    "ledger",
    "claims",
    "crosscheck",
)
TABLE_FORMATS: tuple[str, ...] = ("csv", "tex", "html", "docx", "xlsx")
ALL_TABLES = "all_tables.xlsx"  # every table in one workbook

# What was hidden in figures and in tables because too few returnees stand behind it.
SUPPRESSED = "suppressed.csv"

# Sections of config.yaml that figures and tables depend on; the page states them all.
SECTIONS: tuple[str, ...] = (
    "study",
    "data",
    "instrument",
    "cleaning",
    "inference",
    "orion",
    "trends",
    "specifications",
    "disclosure",
    "report",
)


def _pick(*names: str) -> dict[str, str]:
    return {name: RESULTS[name] for name in names}


FIGURE_INPUTS: dict[str, str] = _pick(
    "flow",
    "sources",
    "descriptives",
    "distributions",
    "specs",
    "estimates",
    "columns",
    "means",
    "slopes",
    "lines",
)
TABLE_INPUTS: dict[str, str] = _pick(
    "rules",
    "sources",
    "descriptives",
    "specs",
    "estimates",
    "columns",
    "ledger",
    "models",
    "ranks",
    "importance",
    "effects",
    "orion_changes",
    "slopes",
    "claims",
    "crosscheck",
)
PAGE_INPUTS: dict[str, str] = dict(RESULTS)
# Specifications, and every file whose rows are estimates.
AUDIT_INPUTS: dict[str, str] = _pick(
    "rules",
    "descriptives",
    "specs",
    "estimates",
    "ranks",
    "importance",
    "columns",
    "effects",
    "means",
    "orion_changes",
    "slopes",
)


def figure_files(folder: str | Path) -> list[str]:
    """All files of the figures' folder: each figure in each format, and what was hidden."""
    files = [f"{folder}/{name}.{kind}" for name in FIGURES for kind in FIGURE_FORMATS]
    return [*files, f"{folder}/{SUPPRESSED}"]


def regression_tables(specifications: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Tables of declared specifications that have none yet: name of the table -> of each.

    `levels` and `changes` are tables already where they are what the report is about.
    """
    shown = {("levels", "surveys", "published"), ("changes", "changes", "published")}
    return {
        f"regression_{declared['id']}": str(declared["id"])
        for declared in specifications
        if (declared["id"], declared.get("data"), declared.get("role")) not in shown
    }


def table_names(specifications: Iterable[Mapping[str, Any]]) -> list[str]:
    """All tables in the order of the page, given the declared specifications."""
    place = TABLES.index("refits")
    return [*TABLES[:place], *regression_tables(specifications), *TABLES[place:]]


def numbered_tables(specifications: Iterable[Mapping[str, Any]]) -> list[str]:
    """All tables of the page in order: with that of the regressions, which is no file."""
    names = table_names(specifications)
    place = names.index("migration") + 1
    return [*names[:place], "specifications", *names[place:]]


def table_files(folder: str | Path, specifications: Iterable[Mapping[str, Any]]) -> list[str]:
    """All files of the tables' folder: each table in each format, all, and what was hidden."""
    names = table_names(specifications)
    files = [f"{folder}/{name}.{kind}" for name in names for kind in TABLE_FORMATS]
    return [*files, f"{folder}/{ALL_TABLES}", f"{folder}/{SUPPRESSED}"]
