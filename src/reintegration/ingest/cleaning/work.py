"""What a rule of cleaning works on, and how it changes cells: never without a line of the log."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.config import Cleaning
from reintegration.ingest.columns import RETURNEE
from reintegration.ingest.ledger import Ledger
from reintegration.ingest.mapping import Unread
from reintegration.ingest.matching import NUMBERLESS


@dataclass(frozen=True)
class Work:
    """The rows of one source while they are cleaned.

    Attributes
    ----------
    frame
        One row per raw row, counted from 0; its cells are changed in place.
    unread
        Name -> cells that mapping could not read, and left blank.
    absent
        Names that the file holds no column for.
    """

    frame: pd.DataFrame
    unread: dict[str, Unread]
    absent: list[str]
    codebook: Codebook
    cleaning: Cleaning
    ledger: Ledger

    def holds(self, *names: str) -> bool:
        """Whether the file holds columns of all these names."""
        return all(name in self.frame and name not in self.absent for name in names)

    @cached_property
    def returnees(self) -> np.ndarray:
        """Number of each row's returnee, shape (n,); -1 where there is none."""
        return pd.factorize(self.frame[RETURNEE])[0]

    @cached_property
    def numberless(self) -> np.ndarray:
        """Which rows have no case number, and so a returnee of their own, shape (n,)."""
        return self.frame[RETURNEE].str.startswith(NUMBERLESS, na=True).to_numpy(dtype=bool)

    @cached_property
    def days(self) -> np.ndarray:
        """Day of each interview, counted from 1970, shape (n,); meaningless where missing."""
        return self.frame["survey_date"].to_numpy().astype("datetime64[D]").astype("int64")

    def values(self, where: np.ndarray, name: str) -> np.ndarray:
        """Cells of one column as they stand."""
        return self.frame[name].iloc[where].to_numpy()

    def blank(self, where: np.ndarray, name: str, rule: str, issue: str | np.ndarray) -> None:
        """Blank cells and log them."""
        if len(where):
            old = self.values(where, name)
            self.ledger.change(where, name, "blank_response", rule, issue, old)
            self.frame.loc[where, name] = None  # rows are labelled by their place

    def flag(self, where: np.ndarray, name: str, rule: str, issue: str | np.ndarray) -> None:
        """Log cells and leave them as they are."""
        if len(where):
            old = self.values(where, name)
            self.ledger.change(where, name, "no_action", rule, issue, old, old)

    def blank_unread(self, name: str, rule: str) -> None:
        """Log cells that mapping could not read, and left blank."""
        aside = self.unread[name]
        still_in = self.ledger.excluded[aside.rows] == ""
        where = aside.rows[still_in]
        why, old = aside.why[still_in], aside.texts[still_in]
        self.ledger.change(where, name, "blank_response", rule, why, old)


Rule = Callable[[Work], None]
