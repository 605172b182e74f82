"""Tables whose rows are estimates: where they are, which column holds the number, what it is.

Light to import: the rules name their inputs by it.
"""

from dataclasses import dataclass

REGRESSION, DERIVED, DESCRIPTION = "regression", "derived", "description"


@dataclass(frozen=True)
class EstimateFile:
    """A table of estimates: the column of the number, and what kind of number it mostly is."""

    value: str
    kind: str


# Below results/, in the order of the study.
ESTIMATE_FILES: dict[str, EstimateFile] = {
    "clean/rules.csv": EstimateFile("estimate", DESCRIPTION),
    "descriptives/descriptives.csv": EstimateFile("estimate", DESCRIPTION),
    "models/estimates.csv": EstimateFile("estimate", REGRESSION),
    "models/ranks.csv": EstimateFile("rank", DERIVED),
    "models/importance.csv": EstimateFile("estimate", DERIVED),
    "models/columns.csv": EstimateFile("estimate", DERIVED),
    "orion/effects.csv": EstimateFile("estimate", REGRESSION),
    "orion/means.csv": EstimateFile("estimate", REGRESSION),
    "orion/changes.csv": EstimateFile("estimate", REGRESSION),
    "trends/slopes.csv": EstimateFile("slope_per_year", REGRESSION),
}
