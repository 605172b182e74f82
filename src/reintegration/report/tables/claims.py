"""The table of claims: what the published study says, and what these data say."""

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from reintegration.report.language import MINUS, Language, is_missing
from reintegration.report.numbers import Row
from reintegration.report.tables.model import (
    COUNT,
    POINTS,
    SHARE,
    SIGNED,
    Cell,
    Column,
    Line,
    Maker,
    Table,
)
from reintegration.report.wording import named_vcov

# Columns and their widths on paper, in centimetres.
WIDTHS = {
    "claim": 3.4, "published": 1.8, "computed": 4.9, "verdict": 2.6, "recovered": 1.9,
    "reason": 5.0,
}  # fmt: skip
COVARIANCE = re.compile(r"(classical|HC\d|CR\d|wild|permutation)")
SIMULATED_ONLY = ("recovered",)
DIFFERENCE = "_minus_"  # in the name of a group: the difference of two groups' shares


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
    errors = [one for one in _text(row.get("error")).split("; ") if one]
    for key, of_vcov in (("under", True), ("interval", False)):
        names = [named_vcov(one, language) if of_vcov else one
                 for one in errors if bool(COVARIANCE.match(one)) is of_vcov]  # fmt: skip
        if names:
            yield language.plain(f"tables.claims.{key}", error=language.join(names))
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
    if names and all(name in maker.numbers for name in names):
        rows = [maker.numbers[name] for name in names]
        labels = _labels(rows, maker.settings.language)
        return "\n".join(
            f"{label}: {shown}" if label else shown
            for label, shown in zip(labels, (_number(row, maker) for row in rows), strict=True)
        )
    numbers = _text(row["computed"]).replace("-", MINUS).split("; ")
    return "\n".join(numbers) if numbers != [""] else "–"


def _number(row: Row, maker: Maker) -> str:
    """An estimate with its interval, in its unit and with the digits of the other tables."""
    language = maker.settings.language
    statistic = row.word("statistic") if row.file.startswith("descriptives/") else ""
    rank = row.file.endswith("ranks.csv")
    share = statistic.startswith("share") or row.file.endswith("importance.csv")
    how = COUNT if rank or statistic == "n" else SHARE if share else POINTS if statistic else SIGNED
    value = maker.write(row.value, how)
    low, high = (row.get(f"{'rank' if rank else 'conf'}_{end}") for end in ("low", "high"))
    if is_missing(low) or is_missing(high) or statistic == "n":
        return value
    ends = {name: maker.write(end, how) for name, end in (("low", low), ("high", high))}
    return f"{value} ({language.plain('numbers.interval', **ends)})"


def _labels(rows: Sequence[Row], language: Language) -> list[str]:
    """What tells the numbers of one claim apart: where they differ in it, outcome and place."""
    parts = [
        (
            language.term(row.word("term")) if row.word("term") else "",
            _thing(row, language),
            language.score(row.word("outcome")) if row.word("outcome") else "",
            language.country(row.word("country")) if row.word("country") else "",
        )
        for row in rows
    ]
    differ = [place for place in range(4) if len({part[place] for part in parts}) > 1]
    return [", ".join(filter(None, (part[place] for place in differ))) for part in parts]


def _thing(row: Row, language: Language) -> str:
    """The variable of a description; the groups that a share of variance compares."""
    if group := row.word("group") if row.file.endswith("importance.csv") else "":
        first, minus, other = group.partition(DIFFERENCE)
        names = [language.variable(name) for name in (first, other) if name]
        return f" {MINUS} ".join(names) if minus else names[0]
    if row.file.startswith("trends/"):
        return language.plain("tables.claims.slope")
    described = row.file.startswith("descriptives/")
    return language.variable(row.word("variable")) if described else ""


def _text(value: object) -> str:
    return "" if is_missing(value) else str(value)
