"""What the report reads and what it makes, by name; imports nothing heavy.

The workflow builds its rules from these names:

    figures: run_figures(inputs, folder, config)
    tables:  run_tables(inputs, folder, config)
    report:  run_page(inputs, page, uses, config, figures=folder, tables=folder)

`inputs` maps each name of `FIGURE_INPUTS`, `TABLE_INPUTS` or `PAGE_INPUTS` to its file;
`config` is the configuration as a plain dict (for figures and tables the `SECTIONS` of it
are enough); `folder` is a directory, `page` and `uses` are files.
"""

from pathlib import Path

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
    "effects": "orion/effects.csv",
    "means": "orion/means.csv",
    "orion_changes": "orion/changes.csv",
    "slopes": "trends/slopes.csv",
    "lines": "trends/lines.csv",
    "claims": "audit/claims.csv",
}

# In the order of the page, which numbers them.
FIGURES: tuple[str, ...] = (
    "sample_flow",
    "score_distributions",
    "coefficients",
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
    "assistance",
    "levels",
    "changes",
    "items",
    "slopes",
    "orion",
    "claims",
)
TABLE_FORMATS: tuple[str, ...] = ("csv", "tex", "html")

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
    "models",
    "effects",
    "slopes",
    "claims",
)
PAGE_INPUTS: dict[str, str] = dict(RESULTS)


def figure_files(folder: str | Path) -> list[str]:
    """All files of the figures' folder: each figure in each format, and what was hidden."""
    files = [f"{folder}/{name}.{kind}" for name in FIGURES for kind in FIGURE_FORMATS]
    return [*files, f"{folder}/{SUPPRESSED}"]


def table_files(folder: str | Path) -> list[str]:
    """All files of the tables' folder: each table in each format, and what was hidden."""
    files = [f"{folder}/{name}.{kind}" for name in TABLES for kind in TABLE_FORMATS]
    return [*files, f"{folder}/{SUPPRESSED}"]
