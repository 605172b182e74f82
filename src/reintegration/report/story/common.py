"""What the sentences of all sections need: finding rows by what they are."""

from collections.abc import Iterator

import pandas as pd
from markupsafe import Markup

from reintegration.report.language import ALL
from reintegration.report.wording import Words

Sentences = Iterator[Markup]


def ids(frame: pd.DataFrame) -> list[str]:
    """Ids of the estimates of a table, in order."""
    return [str(name) for name in frame["estimate_id"]]


def described_countries(words: Words) -> list[str]:
    """Countries that are described."""
    found = words.frames["descriptives"]["country"].dropna().unique()
    return [str(code) for code in found if code != ALL]


def find(frame: pd.DataFrame, **wanted: str) -> str | None:
    """Id of the first row with these values."""
    for column, value in wanted.items():
        frame = frame[frame[column].fillna("").astype(str) == value]
    return None if frame.empty else str(frame["estimate_id"].iloc[0])
