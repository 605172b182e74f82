"""The table of the cross-check: how many numbers R was asked for, and how far it is from them."""

import pandas as pd

from reintegration.report.language import MINUS, is_missing
from reintegration.report.tables.model import Cell, Column, Line, Maker, Table

CHECKED = "checked"
REASON_WIDTH = 5.0  # centimetres on paper
COUNTS = ("estimates", "checked", "errors", "agree")
DISTANCES = {"estimate": "diff_in_std_errors", "error": "rel_diff_std_error"}


def crosscheck(frames: dict[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per estimator and covariance, and one for all."""
    language = maker.settings.language
    frame = frames["crosscheck"]
    names = [*COUNTS, *DISTANCES]
    columns = [
        *(Column(name, language.plain(f"tables.crosscheck.{name}")) for name in names),
        Column("reason", language.plain("tables.crosscheck.reason"), width=REASON_WIDTH),
    ]
    lines = []
    for estimator, of_estimator in frame.groupby("estimator", sort=True):
        label = language.plain(f"tables.crosscheck.estimators.{estimator}")
        lines.append(Line(str(estimator), label, kind="group"))
        lines += [
            Line(f"{estimator}.{vcov}", str(vcov), _cells(rows, maker))
            for vcov, rows in of_estimator.groupby("vcov", sort=True)
        ]
    if len(frame):
        lines.append(
            Line("all", language.plain("tables.crosscheck.all"), _cells(frame, maker), "total")
        )
    engines = sorted({str(one) for one in frame["engine"] if not is_missing(one)})
    versions = sorted({part for one in engines for part in one.split(" with ")[-1].split(", ")})
    said = [engines[0].split(" with ")[0], *versions] if engines else []
    notes = [
        language.plain("tables.crosscheck.note"),
        language.plain("tables.crosscheck.versions", versions=", ".join(said))
        if said
        else language.plain("tables.crosscheck.nothing"),
    ]
    caption = language.plain("tables.crosscheck.caption")
    stub = language.plain("tables.crosscheck.stub")
    return Table("crosscheck", caption, tuple(columns), tuple(lines), maker.notes(*notes), stub)


def _cells(rows: pd.DataFrame, maker: Maker) -> tuple[Cell, ...]:
    language = maker.settings.language
    checked = rows[rows["status"] == CHECKED]
    counts = {
        "estimates": len(rows),
        "checked": len(checked),
        "errors": int(checked["rel_diff_std_error"].notna().sum()),
        "agree": int((checked["agrees"] == "yes").sum()),
    }
    texts = [language.number(counts[name]) for name in COUNTS]
    texts += [_largest(checked[column]) for column in DISTANCES.values()]
    reasons = rows["reason"].dropna().astype(str)
    counted = reasons[reasons != ""].value_counts().sort_index()
    why = "; ".join(f"{reason} ({count})" for reason, count in counted.items())
    return tuple(Cell(text, status="ok") for text in [*texts, why or "–"])


def _largest(values: pd.Series) -> str:
    """The largest distance, rounded up to a power of ten or zero."""
    sizes = pd.to_numeric(values).abs().dropna()
    if sizes.empty:
        return "–"
    largest = float(sizes.max())
    return "0" if largest == 0 else f"{largest:.0e}".replace("-", MINUS)
