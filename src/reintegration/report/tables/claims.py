"""The table of claims: what the published study says, and what these data say."""

from collections.abc import Iterator

import pandas as pd

from reintegration.report.language import MINUS, is_missing
from reintegration.report.tables.model import Cell, Column, Line, Maker, Table
from reintegration.report.wording import named_vcov

# Columns and their widths on paper, in centimetres.
WIDTHS = {
    "claim": 3.1, "published": 1.6, "computed": 3.1, "verdict": 1.7, "recovered": 1.9,
    "reason": 4.0,
}  # fmt: skip
SIMULATED_ONLY = ("recovered",)


def claims(frames: dict[str, pd.DataFrame], maker: Maker) -> Table:
    """A row per claim; on simulated data also whether it was planted and came back."""
    settings = maker.settings
    language = settings.language
    names = [name for name in WIDTHS if settings.simulated or name not in SIMULATED_ONLY]
    columns = tuple(
        Column(name, language.plain(f"tables.claims.{name}"), width=WIDTHS[name]) for name in names
    )
    lines = []
    for row in frames["claims"].to_dict("records"):
        texts = claim_texts({str(name): value for name, value in row.items()}, maker)
        ids = tuple(_text(row.get("estimate_ids")).split())
        cells = tuple(
            Cell(texts[name], status="ok", ids=ids if name == "computed" else ()) for name in names
        )
        lines.append(Line(str(row["claim_id"]), str(row["message"]), cells))
    notes = [language.plain("tables.claims.note")]
    if settings.simulated:
        notes.append(language.plain("tables.claims.note_simulated"))
    caption = language.plain("tables.claims.caption")
    stub = language.plain("tables.claims.message")
    return Table("claims", caption, columns, tuple(lines), maker.notes(*notes), stub)


def claim_texts(row: dict[str, object], maker: Maker) -> dict[str, str]:
    """The words of one claim in the report's language."""
    language = maker.settings.language
    sentence = row.get(f"claim_{language.code}")
    verdict = str(row["verdict"])
    planted = "" if is_missing(row.get("planted")) else str(row["planted"])
    key = f"tables.recovered.{planted}_{verdict}"
    return {
        "claim": str(row["claim_en"] if is_missing(sentence) else sentence),
        "published": _text(row["published"]),
        "computed": _computed(row, maker),
        "verdict": "\n".join(_verdict(row, verdict, maker)),
        "recovered": language.plain(key) if language.has(key) else "–",
        "reason": _text(row["reason"]),
    }


def _verdict(row: dict[str, object], verdict: str, maker: Maker) -> Iterator[str]:
    """The verdict, the error it is under, and verdicts that other errors give."""
    language = maker.settings.language
    yield language.plain(f"tables.verdicts.{verdict}")
    errors = [named_vcov(one, language) for one in _text(row.get("error")).split("; ") if one]
    if errors:
        yield language.plain("tables.claims.under", error=language.join(errors))
    other: dict[str, list[str]] = {}
    for one in filter(None, _text(row.get("otherwise")).split("; ")):
        found, _, error = one.partition(" under ")
        other.setdefault(found, []).append(named_vcov(error, language))
    for found, names in other.items():
        yield language.plain(
            "tables.claims.otherwise",
            verdict=language.plain(f"tables.verdicts.{found}"),
            error=language.join(names),
        )


def _computed(row: dict[str, object], maker: Maker) -> str:
    """What was computed, hidden where one of its numbers may not be shown."""
    names = _text(row.get("estimate_ids")).split()
    if any(name in maker.numbers and maker.numbers.hidden(name) for name in names):
        maker.suppressed = True
        return maker.settings.language.plain("missing.mark")
    numbers = _text(row["computed"]).replace("-", MINUS).split("; ")
    return "\n".join(numbers) if numbers != [""] else "–"


def _text(value: object) -> str:
    return "" if is_missing(value) else str(value)
