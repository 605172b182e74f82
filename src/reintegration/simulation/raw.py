"""Write the raw files of a world, as offices really send them, and how each maps."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from reintegration.codebook import Codebook
from reintegration.simulation.forms import Sheet, make_sheet
from reintegration.simulation.population import Population
from reintegration.simulation.rows import raw_rows
from reintegration.simulation.world import CENTRAL, World

# Files carry the time they were made; a fixed one keeps their bytes the same.
MADE = dt.datetime(2021, 1, 15, 9, 0)
TITLES = {
    "en": ("Reintegration Sustainability Survey", "Country office export, simulated data", ""),
    "fr": (
        "Enquête sur la durabilité de la réintégration",
        "Export du bureau, données simulées",
        "",
    ),
    "es": (
        "Encuesta sobre la sostenibilidad de la reintegración",
        "Exportación de la oficina, datos simulados",
        "",
    ),
}
PRIORITY = {"central": 0, "office": 10}


def write_raw(
    world: World,
    population: Population,
    rng: np.random.Generator,
    codebook: Codebook,
    out: Path,
) -> pd.DataFrame:
    """Write raw/<source>.<ext> and sources/<source>.yaml for every source of the world.

    Returns
    -------
    pandas.DataFrame
        How many rows of each fate each file holds: file, fate, rows.
    """
    rows = raw_rows(world, population, rng, codebook)
    raw, sources = out / "raw", out / "sources"
    for folder in (raw, sources):
        folder.mkdir(parents=True, exist_ok=True)
    by_file = dict(list(rows.groupby("file", sort=False)))
    for plan in world.sources():
        office = world.countries.get(plan.name.upper())
        sheet = make_sheet(plan.name, by_file.get(plan.name, rows.iloc[:0]), world, codebook, rng)
        form, language = (office.form, office.language) if office else (CENTRAL, "en")
        extra = WRITERS[form](sheet, raw / plan.filename, language)
        mapping = {
            "source": plan.name,
            "file": plan.filename,
            "country": plan.name.upper() if office else None,
            "priority": PRIORITY["office" if office else "central"],
            **extra,
            **sheet.mapping,
        }
        _write_yaml({k: v for k, v in mapping.items() if v is not None}, plan.name, sources)
    return rows.groupby(["file", "fate"]).size().rename("rows").reset_index()


def _write_yaml(mapping: dict[str, Any], name: str, folder: Path) -> None:
    text = yaml.safe_dump(mapping, sort_keys=False, allow_unicode=True, width=100)
    head = "# How this file maps to the codebook. Written with the simulated file.\n"
    (folder / f"{name}.yaml").write_text(head + text, encoding="utf-8", newline="\n")


def _write_text(sheet: Sheet, path: Path, delimiter: str = ",", encoding: str = "utf-8") -> None:
    import pyarrow as pa
    import pyarrow.csv

    columns = {name: _texts(cells) for name, cells in sheet.cells.items()}
    table = pa.table({name: pa.array(texts, pa.string()) for name, texts in columns.items()})
    options = pa.csv.WriteOptions(include_header=False, delimiter=delimiter)
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(table, sink, options)
    header = delimiter.join(f'"{name}"' for name in columns) + "\n"
    text = header + sink.getvalue().to_pybytes().decode("utf-8")
    path.write_bytes(text.encode(encoding))


def _texts(cells: np.ndarray) -> list[str | None]:
    return [cell if cell is None or isinstance(cell, str) else str(cell) for cell in cells.tolist()]


def _write_central(sheet: Sheet, path: Path, language: str) -> dict[str, Any]:
    _write_text(sheet, path)
    return {}


def _write_latin1(sheet: Sheet, path: Path, language: str) -> dict[str, Any]:
    _write_text(sheet, path, ";", "latin-1")
    return {"encoding": "latin-1", "delimiter": ";"}


def _write_xlsx(
    sheet: Sheet, path: Path, language: str, above: Sequence[Sequence[str]] | None = None
) -> dict[str, Any]:
    """Write a sheet below some rows: by default, titles."""
    import xlsxwriter

    above = [[title] for title in TITLES[language]] if above is None else above

    options = {"constant_memory": True, "default_date_format": "dd/mm/yyyy"}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": MADE})
        page = book.add_worksheet("RSS")
        for number, texts in enumerate(above):
            page.write_row(number, 0, texts)
        top = len(above)
        page.write_row(top, 0, list(sheet.cells))
        for number, row in enumerate(zip(*sheet.cells.values(), strict=True), top + 1):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(number, place, value)
                elif isinstance(value, dt.datetime):
                    page.write_datetime(number, place, value)
                elif value is not None:
                    page.write_number(number, place, value)
    return {"sheet": "RSS", "header_row": top + 1}


def _write_kobo(sheet: Sheet, path: Path, language: str) -> dict[str, Any]:
    return {"format": "kobo", **_write_xlsx(sheet, path, language, above=[])}


def _write_kobo_csv(sheet: Sheet, path: Path, language: str) -> dict[str, Any]:
    _write_text(sheet, path, ";")
    return {"format": "kobo", "delimiter": ";"}


def _write_xlsx_codes(sheet: Sheet, path: Path, language: str) -> dict[str, Any]:
    labels = [sheet.labels.get(name, "") for name in sheet.cells]
    return {**_write_xlsx(sheet, path, language, above=[labels]), "label_row": 1}


def _write_stata(sheet: Sheet, path: Path, language: str) -> dict[str, Any]:
    cells = _typed(sheet)
    dates = [name for name in cells.columns if cells[name].dtype.kind == "M"]
    cells[dates] = cells[dates].astype("datetime64[ns]")
    cells.to_stata(
        path,
        write_index=False,
        version=118,
        time_stamp=MADE,
        data_label="Reintegration Sustainability Survey",
        variable_labels={n: v for n, v in sheet.labels.items() if n in cells.columns},
        value_labels=dict(sheet.value_labels),
        convert_dates=dict.fromkeys(dates, "td"),
    )
    return {}


def _write_spss(sheet: Sheet, path: Path, language: str) -> dict[str, Any]:
    import pyreadstat

    cells = _typed(sheet)
    coded = [name for name in sheet.value_labels if cells[name].eq(-99).any()]
    pyreadstat.write_sav(
        cells,
        str(path),
        file_label="Reintegration Sustainability Survey",
        column_labels=[sheet.labels.get(name, name) for name in cells.columns],
        variable_value_labels=dict(sheet.value_labels),
        missing_ranges={name: [{"lo": -99, "hi": -99}] for name in coded},
    )
    _set_spss_date(path)
    return {}


def _typed(sheet: Sheet) -> pd.DataFrame:
    """Numbers as numbers, dates as dates and texts as texts, as Stata and SPSS want them."""
    columns: dict[str, Any] = {}
    for name, cells in sheet.cells.items():
        values = [cell for cell in cells.tolist() if cell is not None]
        if values and all(isinstance(value, dt.datetime) for value in values):
            columns[name] = pd.Series(pd.to_datetime(cells))
        elif any(isinstance(value, str) for value in values):
            columns[name] = pd.Series(cells).astype("str").fillna("")
        else:
            columns[name] = pd.Series(cells).astype(float)
    return pd.DataFrame(columns)


def _set_spss_date(path: Path) -> None:
    """Overwrite the creation day and time in a system file's header (bytes 92 to 108)."""
    with path.open("r+b") as file:
        file.seek(92)
        file.write(MADE.strftime("%d %b %y%H:%M:%S").encode("ascii"))


WRITERS = {
    CENTRAL: _write_central,
    "csv": _write_central,
    "codebook": _write_central,
    "csv_latin1": _write_latin1,
    "xlsx": _write_xlsx,
    "xlsx_codes": _write_xlsx_codes,
    "kobo": _write_kobo,
    "kobo_csv": _write_kobo_csv,
    "stata": _write_stata,
    "spss": _write_spss,
}
