"""Tables on disk: the same frame always gives the same bytes."""

from pathlib import Path

import pandas as pd

SIGNIFICANT_DIGITS = 12  # the last bits differ between processors and library versions


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table for people: one header row, UTF-8, floats to 12 significant digits."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(
        path,
        index=False,
        encoding="utf-8",
        lineterminator="\n",
        float_format=f"%.{SIGNIFICANT_DIGITS}g",
        date_format="%Y-%m-%d",
    )


def read_csv(path: str | Path, **options) -> pd.DataFrame:
    """Read a table written by `write_csv`; only an empty cell is missing ('NA' is Namibia)."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""], **options)


def write_parquet(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a typed table."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)
