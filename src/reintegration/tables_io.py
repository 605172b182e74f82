"""Tables on disk: the same frame always gives the same bytes."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pandas as pd

from reintegration.private import private_file, private_folder
from reintegration.text import as_it_was, harmless

SIGNIFICANT_DIGITS = 12  # the last bits differ between processors and library versions
ROWS_AT_ONCE = 100_000  # of a table written in parts, so that its size is no matter
_ANY = "[=+@\t\r\uff1d\uff0b\uff0d\uff20-]"  # a text without one of these is harmless


def write_csv(frame: pd.DataFrame, path: str | Path, private: bool = False) -> None:
    """Write a table for people: one header row, UTF-8, floats to 12 significant digits.

    Texts that a spreadsheet would take for a formula get an apostrophe, which `read_csv` takes
    away.

    Parameters
    ----------
    private
        Whether the file and its folder are for their owner alone.
    """
    path = _place(path, private)
    frame = _each_text(frame, harmless)
    frame.to_csv(
        path,
        index=False,
        encoding="utf-8",
        lineterminator="\n",
        float_format=f"%.{SIGNIFICANT_DIGITS}g",
        date_format="%Y-%m-%d",
        # A carriage return is quoted only when everything is.
        quoting=csv.QUOTE_NONNUMERIC if _holds(frame, "\r") else csv.QUOTE_MINIMAL,
    )


def read_csv(path: str | Path | TextIO, **options) -> pd.DataFrame:
    """Read a table written by `write_csv`; only an empty cell is missing ('NA' is Namibia)."""
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""], **options)
    return _each_text(frame, as_it_was)


def read_texts(path: str | Path) -> pd.DataFrame:
    """Read a table written by `write_csv` as texts, each column as categories."""
    import pyarrow as pa
    import pyarrow.csv

    names = pd.read_csv(path, nrows=0).columns
    texts = pa.dictionary(pa.int32(), pa.string())
    table = pa.csv.read_csv(
        path,
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, texts), null_values=[""], strings_can_be_null=True
        ),
    )
    return _each_text(table.unify_dictionaries().to_pandas(), as_it_was)


def write_parquet(
    frame: pd.DataFrame, path: str | Path, private: bool = False, categories: bool = False
) -> None:
    """Write a typed table, in parts of `ROWS_AT_ONCE` rows.

    Parameters
    ----------
    private
        Whether the file and its folder are for their owner alone.
    categories
        Keep categories as they are; else they are written as plain texts.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = _place(path, private)
    kinds = {} if categories else dict.fromkeys(frame.select_dtypes("category"), "str")
    schema = pa.Schema.from_pandas(frame.iloc[:1].astype(kinds), preserve_index=False)
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, max(len(frame), 1), ROWS_AT_ONCE):
            part = frame.iloc[start : start + ROWS_AT_ONCE].astype(kinds)
            writer.write_table(pa.Table.from_pandas(part, schema, preserve_index=False))


def _place(path: str | Path, private: bool) -> Path:
    """Make ready the place of a file."""
    path = Path(path)
    if private:
        private_folder(path.parent)
        return private_file(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _each_text(frame: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """Change every text of a table that may need it, and the names of columns."""
    changed: dict[str, pd.Series] = {}
    for name in map(str, frame.select_dtypes(["str", "object", "category"])):
        column = frame[name]
        if column.dtype == "category":
            texts = _changed(pd.Series(column.cat.categories), change)
            if texts is not None:
                changed[name] = column.cat.rename_categories(texts.to_list())
        elif (texts := _changed(column, change)) is not None:
            changed[name] = texts
    return frame.assign(**changed).rename(columns=lambda name: change(str(name)))


def _changed(column: pd.Series, change: Callable[[str], str]) -> pd.Series | None:
    """A column in which the texts that may need it are changed; None when none does."""
    where = column.astype("str").str.contains(_ANY, na=False)
    if not where.any():
        return None
    texts = column.copy()
    texts[where.to_numpy()] = [change(t) if isinstance(t, str) else t for t in column[where]]
    return texts


def _holds(frame: pd.DataFrame, text: str) -> bool:
    columns = (frame[name].astype("str") for name in frame.select_dtypes(["str", "object"]))
    return any(column.str.contains(text, regex=False, na=False).any() for column in columns)
