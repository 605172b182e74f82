"""A table of regressions fitted to any data: `reintegration fit ... --table FILE`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd

from reintegration.codebook import Codebook
from reintegration.errors import StudyError
from reintegration.report.language import Language
from reintegration.report.numbers import Numbers
from reintegration.report.settings import Settings
from reintegration.report.tables.excel import to_excel
from reintegration.report.tables.model import Column, Maker, Table
from reintegration.report.tables.regression import Regressions, regression_table
from reintegration.report.tables.render import to_frame, to_html, to_latex
from reintegration.report.tables.terms import CONTRASTS
from reintegration.report.tables.word import to_word
from reintegration.tables_io import write_csv

FORMATS = (".csv", ".tex", ".html", ".docx", ".xlsx")
OF_THE_STUDY = ("n_returnees", "coding", "controls", "ledger")  # what other data do not have


class _NoCodebook:
    """Names of other data: each variable is called what it is called."""

    variables: Mapping[str, Any] = {}
    score_names: Sequence[str] = ()

    def label(self, name: str, language: str = "en") -> str:
        """Know no label."""
        raise KeyError(name)

    def answers_of(self, name: str) -> tuple[()]:
        """Know no answers."""
        raise KeyError(name)


@dataclass(frozen=True)
class _Plain:
    """What tables ask of the settings of a study."""

    language: Language
    codebook: _NoCodebook
    minimum_cell: int = 1
    mark: str = ""
    data_label: str = "data"
    inference: Any = field(default_factory=lambda: SimpleNamespace(stars=False, adjust="holm"))


def write_fit_table(
    results: Sequence[Mapping[str, Any]],
    path: str | Path,
    data: str | Path = "",
    out: str | Path = "",
) -> Table:
    """Write fitted specifications across, terms down, in the format that the file's name says.

    Parameters
    ----------
    results
        As `estimation.fit_table.fit_table` gives them.
    data, out
        The file they were fitted to, and the file that holds them all; the notes name both.

    Raises
    ------
    StudyError
        If the file's name ends otherwise than one of `FORMATS`, or it cannot be written.
    """
    path = Path(path)
    check_name(path)
    codebook = _NoCodebook()
    language = Language("en", cast(Codebook, codebook))
    settings = cast(Settings, _Plain(language, codebook))
    name = re.sub(r"[^\w.-]+", "_", path.stem)  # stands in addresses, labels and sheets
    table = fit_table_of(results, name, settings)
    if data and out:
        of_file = language.plain(
            "tables.regression.of_file", data=Path(data).name, out=Path(out).name
        )
        table = replace(table, notes=(*table.notes, of_file))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".csv":
            write_csv(to_frame(table, settings), path)
        elif path.suffix in (".tex", ".html"):
            text = to_latex(table, settings) if path.suffix == ".tex" else to_html(table, settings)
            path.write_text(text, encoding="utf-8")
        else:
            made = to_word(table, settings) if path.suffix == ".docx" else to_excel(table, settings)
            path.write_bytes(made)
    except OSError as error:
        raise StudyError(f"{path}: cannot be written ({error.strerror}).") from None
    return table


def check_name(path: Path) -> None:
    """Refuse a file name that does not say a format of tables.

    Raises
    ------
    StudyError
        With the formats there are.
    """
    if path.suffix not in FORMATS:
        raise StudyError(
            f"{path}: the name of a table ends with its format.",
            [f"{path.suffix or 'no ending'!r} is none of {', '.join(FORMATS)}"],
        )


def fit_table_of(results: Sequence[Mapping[str, Any]], name: str, settings: Settings) -> Table:
    """Make the table, with a column per specification and outcome."""
    specs, estimates, models, columns = [], [], [], []
    for place, result in enumerate(results, start=1):
        spec_id = f"{place}.{result['spec_id']}"  # two specifications may share a name
        outcome = str(result["formula"]).partition(" ~ ")[0]
        first = _first_covariance(result["estimates"])
        specs.append(
            {
                "spec_id": spec_id,
                "outcome": outcome,
                "formula": result["formula"],
                "estimator": result["estimator"],
                "vcov": first[0]["vcov_label"].split(", ")[0] if first else "",
                "weights": result["specification"].get("weights"),
                "sample": "all" if not result["specification"].get("filter")
                else f"rows where {result['specification']['filter']}",
                "family": next((row["family"] for row in first if row["family"]), ""),
                "country_coding": "none",
            }
        )  # fmt: skip
        estimates += [
            row
            | {
                "estimate_id": f"{place}.{row['estimate_id']}",
                "spec_id": spec_id,
                "warnings": row["reason"] or row["warnings"],
                "p_adjusted": row["p_holm"],
            }
            for row in first
        ]
        models.append(
            result["model"]
            | {
                "spec_id": spec_id,
                "status": result["status"],
                "warnings": result["reason"],
                "n_clusters": next((row["n_clusters"] for row in first), None),
            }
        )
        columns.append(
            Column(f"{place}.{result['spec_id']}", outcome, f"({place}) {result['spec_id']}")
        )
    frames = {
        "estimates": pd.DataFrame(estimates, columns=_columns(estimates)),
        "models": pd.DataFrame(models),
    }
    maker = Maker(Numbers(frames, settings.language, files={}), settings)
    shown = Regressions(specs, frames["estimates"], frames["models"], tuple(columns))
    caption, named = _titles(results, [column.label for column in columns], settings.language)
    table = regression_table(name, caption or name, shown, maker)
    others = filter(
        None,
        (
            _not_shown(n, result["estimates"], settings.language)
            for n, result in enumerate(results, 1)
        ),
    )
    lines = tuple(
        line
        for line in table.lines
        if (line.kind != "group" or line.key == CONTRASTS)
        and not (line.kind == "foot" and line.key in OF_THE_STUDY)
    )
    return replace(table, lines=lines, notes=(*named, *table.notes, *others))


def _titles(
    results: Sequence[Mapping[str, Any]], outcomes: Sequence[str], language: Language
) -> tuple[str, list[str]]:
    """The caption, and in notes the title of each column where they have several."""
    titles = [str(result["title"] or "") for result in results]
    if len(set(titles)) == 1:
        return titles[0], []
    named = [
        language.plain(
            "tables.regression.named",
            column=place,
            name=result["spec_id"],
            title=title.rstrip("."),
        )
        for place, (result, title) in enumerate(zip(results, titles, strict=True), start=1)
        if title
    ]
    several = language.join(list(dict.fromkeys(outcomes)))
    return language.plain("tables.regression.several", outcomes=several), named


def _not_shown(place: int, rows: Sequence[Mapping[str, Any]], language: Language) -> str:
    """Say which covariances were asked for beside the one that a column shows."""
    if not rows:
        return ""
    labels = list(dict.fromkeys(str(row["vcov_label"]) for row in rows))
    first = str(rows[0]["vcov_label"])
    others = [label for label in labels if label != first]
    if not others:
        return ""
    return language.plain(
        "tables.regression.not_shown", column=place, shown=first, others="; ".join(others)
    )


def _first_covariance(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows under the covariance that was asked for first: each term once."""
    first: dict[str, dict[str, Any]] = {}
    for row in rows:
        first.setdefault(str(row["term"]), dict(row))
    return list(first.values())


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    needed = ["estimate_id", "spec_id", "term", "group", "variable", "level", "vcov", "std_error"]
    return list(dict.fromkeys([*needed, *(name for row in rows for name in row)]))
