"""Numbers of the report: taken from results by estimate_id, formatted, and every use recorded."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from reintegration.audit.estimate_files import ESTIMATE_FILES as KNOWN_FILES
from reintegration.audit.small import words
from reintegration.errors import StudyError
from reintegration.report.language import Language, is_missing
from reintegration.report.links import passport
from reintegration.report.outputs import RESULTS
from reintegration.tables_io import read_csv

# Files whose rows are estimates, as the report names them, and the column that holds the number.
ESTIMATE_FILES: dict[str, str] = {
    name: KNOWN_FILES[file].value for name, file in RESULTS.items() if file in KNOWN_FILES
}
GOOD = "ok"
# Columns that say how many returnees a number rests on.
RESTS_ON = ("n_returnees", "n_identifying", "n_mentored", "n_other")
MODEL, FLOW = "model", "flow"  # ids of rows that are not estimates begin so
USES = ["estimate_id", "used_in", "file", "line"]


def place(estimate_id: str, file: str, line: int) -> str:
    """Say where a number stands, for a tooltip."""
    return f"{estimate_id} \N{MIDDLE DOT} results/{file}, line {line}"


@dataclass(frozen=True)
class Number:
    """A number as printed, with the row of results it was taken from."""

    text: str
    estimate_id: str
    file: str
    line: int
    shown: bool = True

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        where = place(self.estimate_id, self.file, self.line)
        kind = "number" if self.shown else "number missing"
        there = passport(self.estimate_id) or f"#{anchor(self.file)}"
        return Markup('<a class="{}" href="{}" data-estimate-id="{}" title="{}">{}</a>').format(
            kind, there, self.estimate_id, where, self.text
        )


@dataclass(frozen=True)
class Row:
    """A row of results: its values, and where it stands."""

    values: Mapping[str, Any]
    file: str
    line: int
    value_column: str

    @property
    def value(self) -> float:
        """The number itself; not a number when it was not estimated."""
        return self.get(self.value_column)

    @property
    def estimate_id(self) -> str:
        """Name of the number."""
        return str(self.values["estimate_id"])

    @property
    def where(self) -> str:
        """Where the row stands, for a tooltip."""
        return place(self.estimate_id, self.file, self.line) if self.file else self.estimate_id

    @property
    def good(self) -> bool:
        """Whether there is a number."""
        status = self.values.get("status", GOOD)
        return (is_missing(status) or status == GOOD) and not is_missing(self.value)

    def get(self, column: str) -> float:
        """Return a value of the row as a number."""
        value = self.values.get(column)
        return float("nan") if is_missing(value) else float(value)  # type: ignore[arg-type]

    def word(self, column: str) -> str:
        """Return a value of the row as text, empty where there is none."""
        value = self.values.get(column)
        return "" if is_missing(value) else str(value)


def anchor(file: str) -> str:
    """Name of the place of the page that says how a results file was made."""
    return "from-" + file.removesuffix(".csv").replace("/", "-")


def read_results(inputs: Mapping[str, str | Path], names: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Read results files by name; a file of a header alone gives an empty table.

    Raises
    ------
    StudyError
        If files are missing or are not tables, all of them at once.
    """
    frames, problems = {}, []
    for name in names:
        try:
            frames[name] = read_csv(inputs[name])
        except FileNotFoundError:
            problems.append(f"{inputs[name]}: there is no such file")
        except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
            problems.append(f"{inputs[name]}: is not a table ({error})")
    if problems:
        raise StudyError("The report's inputs cannot be read.", problems)
    return frames


def _stem(row: Row) -> str:
    """What is estimated, without the error; empty where the id names no error."""
    stem, _, last = row.estimate_id.rpartition(".")
    vcov = row.word("vcov").lower()
    return stem if vcov and last.split("-")[0] == vcov else ""


def differs(row: Row, level: float) -> bool | None:
    """Whether an estimate differs from 0 under its error; None where the error does not say."""
    if not row.good:
        return None
    p_value, low, high = row.get("p_value"), row.get("conf_low"), row.get("conf_high")
    if not is_missing(p_value):
        return p_value < 1 - level
    return None if is_missing(low) or is_missing(high) else low > 0 or high < 0


class Numbers:
    """Every number of the report comes out of here.

    Parameters
    ----------
    frames
        Results by name, as `read_results` gives them.
    language
        How numbers and reasons are written.
    hidden
        Ids that disclosure control hid.
    minimum
        Smallest count of returnees that may stand behind a number.
    files
        Where each of the frames stands below results/; none of numbers from elsewhere.
    """

    def __init__(
        self,
        frames: Mapping[str, pd.DataFrame],
        language: Language,
        hidden: Iterable[str] = (),
        minimum: int = 1,
        files: Mapping[str, str] = RESULTS,
    ):
        self.language = language
        self._hidden = set(hidden)
        self._minimum = minimum
        self._files = files
        self._place = ""
        self._uses: dict[tuple[str, str], Row] = {}
        self._rows: dict[str, Row] = {}
        self._same: dict[tuple[str, str], list[str]] = {}  # rows that differ in their error alone
        twice = []
        self._add_named(frames, "models", MODEL, "spec_id", "r2")
        self._add_named(frames, "flow", FLOW, "step", "surveys")
        for name, column in ESTIMATE_FILES.items():
            if name not in frames or "estimate_id" not in frames[name]:
                continue
            for line, values in enumerate(frames[name].to_dict("records"), start=2):
                file = files.get(name, "")
                row = Row(self._told(values), file, line, column)
                if row.estimate_id in self._rows:
                    other = self._rows[row.estimate_id]
                    twice.append(
                        f"{row.estimate_id}: {row.file} line {line} and"
                        f" {other.file} line {other.line}"
                    )
                self._rows[row.estimate_id] = row
                if stem := _stem(row):
                    self._same.setdefault((file, stem), []).append(row.estimate_id)
        if twice:
            raise StudyError("An estimate_id names more than one number.", twice)

    def _add_named(
        self, frames: Mapping[str, pd.DataFrame], file: str, kind: str, key: str, value: str
    ) -> None:
        """Make the rows of a file without estimate ids known as `<kind>.<key>`."""
        if file not in frames:
            return
        for line, row in enumerate(frames[file].to_dict("records"), start=2):
            name = f"{kind}.{row[key]}"
            values = {str(column): cell for column, cell in row.items()} | {"estimate_id": name}
            self._rows[name] = Row(values, self._files.get(file, ""), line, value)

    def _told(self, values: Mapping[Any, Any]) -> dict[str, Any]:
        """A row of results with counts of few returnees in its texts as `<5`."""
        told = {str(key): value for key, value in values.items()}
        for key in ("warnings", "reason"):
            if isinstance(told.get(key), str):
                told[key] = words(told[key], self._minimum)
        return told

    def __contains__(self, estimate_id: object) -> bool:
        return estimate_id in self._rows

    def __getitem__(self, estimate_id: str) -> Row:
        """Return the row of an estimate.

        Raises
        ------
        StudyError
            If no results file holds it.
        """
        if estimate_id not in self._rows:
            raise StudyError(
                "The report asks for a number that no result holds.",
                [f"{estimate_id}: in none of {', '.join(RESULTS[f] for f in ESTIMATE_FILES)}"],
            )
        return self._rows[estimate_id]

    @contextmanager
    def used_in(self, place: str) -> Iterator[None]:
        """Record the uses made inside as uses in this section, table or figure."""
        before, self._place = self._place, place
        try:
            yield
        finally:
            self._place = before

    def record(self, estimate_id: str, place: str | None = None) -> Row:
        """Note that an estimate is shown here, and return its row."""
        row = self[estimate_id]
        self._uses[(place or self._place, estimate_id)] = row
        return row

    @property
    def uses(self) -> pd.DataFrame:
        """Which estimate was shown where, in order of places, then of ids."""
        rows = [
            {"estimate_id": name, "file": row.file, "line": row.line, "used_in": place}
            for (place, name), row in self._uses.items()
        ]
        frame = pd.DataFrame(rows, columns=USES)
        return frame.sort_values(["used_in", "estimate_id"], ignore_index=True)

    def hidden(self, estimate_id: str) -> bool:
        """Whether too few returnees stand behind a number for it to be shown."""
        row = self[estimate_id]
        few = any(0 < row.get(column) < self._minimum for column in RESTS_ON)
        return few or estimate_id in self._hidden

    def contradicting(self, estimate_id: str, level: float) -> list[Row]:
        """The same estimate under other errors that decide otherwise whether it differs from 0.

        Parameters
        ----------
        level
            Of confidence: an estimate differs from 0 where its p-value is below 1 - `level` or,
            without one, where its interval leaves out 0.
        """
        row = self[estimate_id]
        decided = differs(row, level)
        if decided is None or self.hidden(estimate_id):
            return []
        others = [self[name] for name in self._same.get((row.file, _stem(row)), ())]
        return [one for one in others if differs(one, level) is (not decided)]

    def why_missing(self, estimate_id: str) -> str:
        """Say in words why there is no number; empty where there is one."""
        if self.hidden(estimate_id):
            return self.language.plain("missing.suppressed", minimum=self._minimum)
        row = self[estimate_id]
        if row.good:
            return ""
        status = row.word("status")
        reason = row.word("reason") or row.word("warnings")
        if not reason and self.language.has(f"missing.status.{status}"):
            reason = self.language.plain(f"missing.status.{status}")
        reason = reason or (status.replace("_", " ") if status != GOOD else "")
        if not reason:
            return self.language.plain("missing.unknown")
        return self.language.plain("missing.because", reason=reason)

    def _number(self, estimate_id: str, text: str | None, counted: float | None = None) -> Number:
        """Write a number, or what stands in its place in a sentence; `counted` are persons."""
        row = self.record(estimate_id)
        reason = self.why_missing(estimate_id)
        if self.hidden(estimate_id):
            few = counted is not None and counted < self._minimum
            word = "few" if few else "hidden" if counted is None else "count_hidden"
            reason = self.language.plain(f"missing.{word}", minimum=self._minimum)
        if not reason and text is None:
            reason = self.language.plain("missing.no_interval")
        return Number(reason or str(text), estimate_id, row.file, row.line, shown=not reason)

    def points(self, estimate_id: str, *, signed: bool = False, digits: int = 3) -> Number:
        """Score points."""
        value = self[estimate_id].value
        return self._number(estimate_id, self.language.number(value, digits, signed=signed))

    def size(self, estimate_id: str, digits: int = 3) -> Number:
        """Score points without their sign, for a sentence that says above or below."""
        return self._number(estimate_id, self.language.number(abs(self[estimate_id].value), digits))

    def share(self, estimate_id: str, digits: int = 1) -> Number:
        """A share as a percentage."""
        return self._number(estimate_id, self.language.share(self[estimate_id].value, digits))

    def count(self, estimate_id: str) -> Number:
        """A whole number."""
        value = self[estimate_id].value
        return self._number(estimate_id, self.language.number(value), value)

    def column(
        self, estimate_id: str, column: str, digits: int = 0, *, signed: bool = False
    ) -> Number:
        """Another number of the same row, such as n_returnees."""
        value = self[estimate_id].get(column)
        return self._number(
            estimate_id,
            None if is_missing(value) else self.language.number(value, digits, signed=signed),
            value if column in RESTS_ON else None,
        )

    def interval(
        self,
        estimate_id: str,
        *,
        signed: bool = False,
        digits: int = 3,
        as_share: bool = False,
        low: str = "conf_low",
        high: str = "conf_high",
    ) -> Number:
        """Both ends of the interval, in the unit of the estimate."""
        row = self[estimate_id]
        ends = row.get(low), row.get(high)
        if any(map(is_missing, ends)):
            return self._number(estimate_id, None)
        if as_share:
            shares = [self.language.share(end) for end in ends]
            text = self.language.plain("numbers.interval", low=shares[0], high=shares[1])
        else:
            text = self.language.interval(*ends, digits, signed=signed)
        return self._number(estimate_id, text)

    def p_value(self, estimate_id: str) -> Number:
        """The p-value."""
        value = self[estimate_id].get("p_value")
        return self._number(
            estimate_id, None if is_missing(value) else self.language.p_value(value)
        )
