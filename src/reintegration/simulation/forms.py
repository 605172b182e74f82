"""How an office writes its file: language, headers, codes or labels, date order, blanks."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from reintegration.codebook import Answer, Codebook
from reintegration.countries import country_name
from reintegration.simulation.process import ASKED, PROCESS
from reintegration.simulation.rows import NONSENSE
from reintegration.simulation.world import CENTRAL, Form, World

UNKNOWN_NUMBER = 77
UNKNOWN_TEXT = {"en": "see remarks", "fr": "voir remarques", "es": "ver comentarios"}
SILENT_NUMBERS = {"dont_know": 97, "refused": 98, "not_applicable": 96}
OTHER_SPELLING, CAPITALS = 0.05, 0.03  # share of labels keyed otherwise
REMARKED = 0.1  # share of rows with a remark
STRAY_SPACES = ("case_number", "sex", "round", "q12", "q23", "q29")  # columns keyed by hand
DATE_FORMATS = {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y", "ymd": "%Y-%m-%d"}


@dataclass(frozen=True)
class Style:
    """What one kind of file looks like."""

    headers: Literal["label", "short", "name", "kobo"]
    answers: Literal["label", "number", "code"]
    dates: Literal["dmy", "mdy", "ymd", "typed"]
    blanks: tuple[str, ...] = ("",)  # what an empty answer may look like
    number_blanks: tuple[str, ...] = ("",)  # what an empty number may look like
    multiple: Literal["joined", "options", "both"] = "joined"
    has_value_labels: bool = False
    by_hand: bool = False  # other spellings, capitals and stray spaces occur


STYLES: dict[str, Style] = {
    CENTRAL: Style("label", "label", "ymd", ("", "99"), ("", "99"), by_hand=True),
    "csv": Style("short", "number", "mdy", ("", "99", "-99"), ("", "-99"), "options"),
    "csv_latin1": Style("label", "label", "dmy", ("", "-99"), ("", "99"), by_hand=True),
    "xlsx": Style("label", "label", "typed", ("", "99"), ("", "99", "-99"), by_hand=True),
    "stata": Style(
        "short", "number", "typed", ("", "-99"), ("", "-99"), "options", has_value_labels=True
    ),
    "spss": Style(
        "short", "number", "dmy", ("", "-99"), ("", "-99"), "options", has_value_labels=True
    ),
    "xlsx_codes": Style("name", "number", "typed", ("", "99"), ("", "-99"), "options"),
    "kobo": Style("kobo", "code", "ymd", multiple="both"),
    "kobo_csv": Style("kobo", "code", "ymd", multiple="both"),
    "codebook": Style("name", "code", "ymd"),
}


@dataclass
class Sheet:
    """A raw file before it is written.

    Attributes
    ----------
    cells
        Header in the file -> its cells, shape (rows,): texts, numbers, dates, None when blank.
    mapping
        What the source YAML says beside source, file and country.
    value_labels, labels
        Of Stata and SPSS files, the latter of label rows too: header -> number -> label,
        header -> label.
    """

    cells: dict[str, np.ndarray]
    mapping: dict[str, Any]
    value_labels: dict[str, dict[float, str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


def make_sheet(
    name: str, rows: pd.DataFrame, world: World, codebook: Codebook, rng: np.random.Generator
) -> Sheet:
    """Write the rows of one source in the way of its office."""
    office = world.countries.get(name.upper())
    form: Form | str = office.form if office else CENTRAL
    language = office.language if office else "en"
    writer = _Writer(STYLES[form], str(form), language, codebook, world, rng)
    kinds = [k for k in codebook.assistance if not office or k not in office.not_recorded]
    return writer.sheet(rows.reset_index(drop=True), kinds, office.renamed if office else [])


class _Writer:
    """Writes column after column and notes how each maps to the codebook."""

    def __init__(
        self,
        style: Style,
        form: str,
        language: str,
        codebook: Codebook,
        world: World,
        rng: np.random.Generator,
    ):
        self.style, self.form, self.language = style, form, language
        self.codebook, self.world, self.rng = codebook, world, rng
        self.cells: dict[str, np.ndarray] = {}
        self.headers: dict[str, str] = {}  # of every codebook name written
        self.columns: dict[str, str | list[str]] = {}  # where the file's name is another
        self.answers: dict[str, dict[str, str]] = {}
        self.select_multiple: dict[str, dict[str, str]] = {}
        self.value_labels: dict[str, dict[float, str]] = {}
        self.labels: dict[str, str] = {}
        self.drop: list[str] = []
        self.kobo = form.startswith("kobo")
        self.between = "." if form == "kobo_csv" else "/"  # groups and options
        if self.kobo and language != "en":
            self.style = Style("kobo", "label", "ymd", multiple="both")

    def sheet(self, rows: pd.DataFrame, kinds: list[str], renamed: list[str]) -> Sheet:
        book = self.codebook
        columns = {name: _cells(rows[name]) for name in rows.columns}
        wrong = columns.get("wrong_date", np.full(len(rows), None))
        if self.kobo:
            self._kobo_begin(columns)
        left_out = set(PROCESS) - set(() if self.kobo else ASKED.get(self.form, ()))
        for name, variable in book.variables.items():
            if name in ("orion", "orion_date") or name in left_out:
                continue
            values = columns[name]
            if variable.type == "choice":
                self._choice(name, values, variable.answers, "interview")
            elif variable.type == "number":
                self._number(name, values)
            elif variable.type == "date":
                self._date(name, values, wrong if name == "survey_date" else None)
            elif variable.type == "text":
                self._put(name, values, "identification")
            elif self.form in (CENTRAL, "codebook"):
                self._put(name, self._country(values), "interview")
        for name, item in book.items.items():
            if item.multiple:
                self._multiple(name, values=columns[name], group=item.dimension)
            else:
                self._choice(name, columns[name], book.answers_of(name), item.dimension)
        for name in (*(f"assistance_{kind}" for kind in kinds), "orion"):
            self._choice(name, columns[name], YES_NO, "assistance")
            self._date(f"{name}_date", columns[f"{name}_date"])
        if self.form != "codebook":
            self._remarks(columns["person_name"])
        if self.kobo:
            self._kobo_end(columns)
        for name in renamed:
            self._rename_half_way(name)
        return Sheet(self.cells, self._mapping(), self.value_labels, self.labels)

    # columns

    def _put(self, name: str, values: np.ndarray, group: str) -> None:
        header = self._header(name, group)
        if self.style.by_hand and name in STRAY_SPACES:
            values = self._stray_spaces(values)
        self.cells[header] = values
        self.headers[name] = header
        if header.rsplit("/", 1)[-1] != name:
            self.columns[name] = header
        self.labels[header] = self._label(name)[:79]

    def _choice(
        self, name: str, codes: np.ndarray, answers: tuple[Answer, ...], group: str
    ) -> None:
        if self.style.answers == "number":
            table = numbers(answers)
            header = self._header(name, group)
            if self.style.has_value_labels:
                self.value_labels[header] = {
                    number: self._answer_label(code, answers) for code, number in table.items()
                }
            else:
                self.answers[name] = {str(number): code for code, number in table.items()}
            values = look_up(codes, {**table, NONSENSE: UNKNOWN_NUMBER})
        elif self.style.answers == "code":
            values = np.where(codes == NONSENSE, UNKNOWN_TEXT["en"], codes)
        else:
            values = self._labelled(codes, answers)
        self._put(name, self._blanks(values, self.style.blanks), group)

    def _labelled(self, codes: np.ndarray, answers: tuple[Answer, ...]) -> np.ndarray:
        """Labels in the office's language, some keyed otherwise."""
        table = {a.code: a.in_language(self.language) for a in answers}
        table[NONSENSE] = UNKNOWN_TEXT[self.language]
        values = look_up(codes, table)
        if self.style.by_hand:
            other = {a.code: a.also[0] if a.also else table[a.code] for a in answers}
            capitals = {code: label.upper() for code, label in table.items()}
            u = self.rng.random(len(codes))
            for tables, here in ((other, u < OTHER_SPELLING), (capitals, u > 1 - CAPITALS)):
                values[here] = look_up(codes[here], table | tables)
        return values

    def _number(self, name: str, values: np.ndarray) -> None:
        low, high = self.codebook.variables[name].range or (-np.inf, np.inf)
        # 99 months abroad is a number: only what lies outside the range can mean a blank.
        blanks = tuple(b for b in self.style.number_blanks if not b or not low <= int(b) <= high)
        self._put(name, self._blanks(values, blanks), "interview")

    def _date(self, name: str, dates: np.ndarray, wrong: np.ndarray | None = None) -> None:
        if self.style.dates == "typed":
            values = dates
        else:
            order = DATE_FORMATS[self.style.dates]
            known = {day: day.strftime(order) for day in set(dates.tolist()) if day is not None}
            values = look_up(dates, known)
        if wrong is not None:
            values = values.copy()
            nonsense = ~is_blank(wrong)
            values[nonsense] = None if self.form == "stata" else wrong[nonsense]
        group = "assistance" if name.startswith(("assistance", "orion")) else "interview"
        self._put(name, values, group)

    def _country(self, codes: np.ndarray) -> np.ndarray:
        """Countries as several people key them: mostly in English, some in French, some coded."""
        if self.form == "codebook":
            return codes
        u = self.rng.random(len(codes))
        english = {code: country_name(code, "en") for code in set(codes.tolist())}
        french = {code: country_name(code, "fr") for code in english}
        spaced = {code: f"{name} " for code, name in english.items()}
        values = np.where(u < 0.12, look_up(codes, french), look_up(codes, english))
        values = np.where(u > 0.94, look_up(codes, spaced), values)
        return np.where(u > 0.97, codes, values)

    def _multiple(self, name: str, values: np.ndarray, group: str) -> None:
        """A question with several answers: one cell, one column per answer, or both."""
        answers = self.codebook.answers_of(name)
        if self.style.multiple != "options":
            self._put(name, self._joined(values, answers), group)
        if self.style.multiple == "joined":
            return
        header = self._header(name, group)
        if self.style.multiple == "both":  # the answers are read from their own columns
            self.columns.pop(name, None)
            self.drop.append(header)
        between = self.between if self.kobo else "_"
        yes, no, bad = (1, 0, UNKNOWN_NUMBER)
        given = [text for text in set(values.tolist()) if text not in (None, NONSENSE)]
        for answer in answers:
            own = f"{header}{between}{answer.code}"
            chosen = {text: yes if answer.code in text.split() else no for text in given}
            self.cells[own] = look_up(values, {**chosen, NONSENSE: bad})
            self.select_multiple.setdefault(name, {})[answer.code] = own
            self.labels[own] = f"{self._label(name)}: {answer.in_language(self.language)}"[:79]

    def _joined(self, codes: np.ndarray, answers: tuple[Answer, ...]) -> np.ndarray:
        """Several answers in one cell: codes apart by spaces, or labels by commas."""
        given = [text for text in set(codes.tolist()) if text not in (None, NONSENSE)]
        labels = {a.code: a.in_language(self.language) for a in answers}
        as_codes = self.style.answers == "code"
        table = {
            text: text if as_codes else ", ".join(labels[code] for code in text.split())
            for text in given
        }
        return look_up(codes, {**table, NONSENSE: UNKNOWN_TEXT[self.language]})

    def _remarks(self, names: np.ndarray) -> None:
        """Free text with a name in it, as people leave it, and which nobody needs."""
        header = {"en": "Remarks", "fr": "Remarques", "es": "Comentarios"}[self.language]
        text = {"en": "call back: ", "fr": "rappeler : ", "es": "llamar: "}[self.language]
        some = self.rng.random(len(names)) < REMARKED
        self.cells[header] = np.array(
            [text + name if here else None for name, here in zip(names, some, strict=True)], object
        )
        self.drop.append(header)

    def _kobo_begin(self, columns: dict[str, np.ndarray]) -> None:
        """What the form writes down by itself when it is opened and closed."""
        for name, header in (("interview_start", "start"), ("interview_end", "end")):
            moments = pd.Series(pd.to_datetime(columns[name]))
            texts = moments.dt.strftime("%Y-%m-%dT%H:%M:%S.000+00:00")
            self._put_own(name, header, texts.to_numpy(dtype=object))

    def _kobo_end(self, columns: dict[str, np.ndarray]) -> None:
        """What the server adds to each submission; R puts an X before names that begin with _."""
        n, x = len(columns["submission_id"]), "X" if self.between == "." else ""
        end = pd.Series(pd.to_datetime(columns["interview_end"]))
        submitted = end + pd.to_timedelta(self.rng.integers(1, 4000, n), unit="min")
        self._put_own("submission_id", f"{x}_uuid", columns["submission_id"])
        new = {
            f"{x}_id": np.arange(n) + 70_000_001,
            f"{x}_submission_time": submitted.dt.strftime("%Y-%m-%dT%H:%M:%S").to_numpy(object),
            f"{x}_index": np.arange(1, n + 1),
        }
        self.cells |= new
        self.drop += list(new)

    def _put_own(self, name: str, header: str, values: np.ndarray) -> None:
        """A column whose name is the form's own."""
        self.cells[header] = values
        self.headers[name] = self.columns[name] = header

    # words

    def _label(self, name: str) -> str:
        book = self.codebook
        if name.startswith("assistance_"):
            label = book.label(name.removesuffix("_date"), self.language)
            received = {"en": "received", "fr": "reçu", "es": "recibido"}[self.language]
            date = "fecha" if self.language == "es" else "date"
            return f"{label} - {date if name.endswith('_date') else received}"
        label = book.label(name, self.language)
        return f"{name.removeprefix('q')}. {label}" if name in book.items else label

    def _header(self, name: str, group: str) -> str:
        if self.style.headers == "label":
            return self._label(name)
        if self.style.headers == "short":  # a Stata name holds 32 characters
            return name.replace("assistance_", "as_").replace("_date", "_d")
        if self.style.headers == "kobo" and self.style.answers == "label":
            return f"{group}{self.between}{self._label(name)}"
        return f"{group}{self.between}{name}" if self.style.headers == "kobo" else name

    def _answer_label(self, code: str, answers: tuple[Answer, ...]) -> str:
        return next(a.in_language(self.language) for a in answers if a.code == code)

    def _blanks(self, values: np.ndarray, tokens: tuple[str, ...]) -> np.ndarray:
        """Write empty cells in the office's ways of writing nothing."""
        written: list[Any] = [token or None for token in tokens]
        if self.style.has_value_labels:
            written = [int(token) if token else None for token in tokens]
        if written == [None]:
            return values
        filler = np.array(written, dtype=object)[self.rng.integers(len(written), size=len(values))]
        return np.where(is_blank(values), filler, values)

    def _stray_spaces(self, values: np.ndarray) -> np.ndarray:
        share, u = self.world.dirt.trailing_spaces, self.rng.random(len(values))
        values = values.copy()
        for i in np.flatnonzero((u < share) | (u > 1 - share / 3)):
            if values[i] is not None:
                values[i] = f"{values[i]}  " if u[i] < share else f" {values[i]}"
        return values

    def _rename_half_way(self, name: str) -> None:
        """Two columns for one question, each filled for its half of the rows."""
        old = self.headers[name]
        marks = {"en": "new form", "fr": "nouveau formulaire", "es": "formulario nuevo"}
        mark = marks[self.language]
        new = f"{old} ({mark})" if self.style.headers in ("label", "kobo") else f"{old}_new"
        values = self.cells[old]
        halves = {old: values.copy(), new: values.copy()}
        halves[old][len(values) // 2 :] = None
        halves[new][: len(values) // 2] = None
        cells: dict[str, np.ndarray] = {}
        for header, column in self.cells.items():
            cells |= halves if header == old else {header: column}
        self.cells = cells
        self.columns[name] = [old, new]
        if old in self.value_labels:
            self.value_labels[new] = self.value_labels[old]
        if old in self.labels:
            self.labels[new] = self.labels[old]

    def _mapping(self) -> dict[str, Any]:
        """What the source YAML must say for the file to be read."""
        tokens = {t for t in (*self.style.blanks, *self.style.number_blanks) if t}
        mapping: dict[str, Any] = {}
        if self.style.dates in ("dmy", "mdy"):
            mapping["date_order"] = self.style.dates
        mapping |= {
            "columns": self.columns,
            "answers": self.answers,
            "select_multiple": self.select_multiple,
            "missing_codes": sorted(tokens),
            "drop": self.drop,
        }
        return {key: value for key, value in mapping.items() if value}


YES_NO = (Answer(code="yes", en="Yes", fr="Oui"), Answer(code="no", en="No", fr="Non"))


def numbers(answers: tuple[Answer, ...]) -> dict[str, int]:
    """Number the answers of a question: yes 1, no 0, else from 1 in codebook order."""
    real = [a.code for a in answers if a.code not in SILENT_NUMBERS]
    table = (
        {"yes": 1, "no": 0}
        if set(real) == {"yes", "no"}
        else {code: number for number, code in enumerate(real, 1)}
    )
    return table | {a.code: SILENT_NUMBERS[a.code] for a in answers if a.code in SILENT_NUMBERS}


def look_up(codes: np.ndarray, table: dict[Any, Any]) -> np.ndarray:
    """Value of each code, shape (n,); None where the code is missing or not in the table."""
    place, known = pd.factorize(codes)
    values = np.empty(len(known) + 1, dtype=object)
    for j, code in enumerate(known.tolist()):
        values[j] = table.get(code)
    return values[place]  # a missing code has place -1: the last value, None


def is_blank(values: np.ndarray) -> np.ndarray:
    """Which cells are None, shape (n,)."""
    return np.array([value is None for value in values.tolist()], dtype=bool)


def _cells(values: pd.Series) -> np.ndarray:
    """A column as Python objects, None when blank; whole numbers as int."""
    blank = values.isna().to_numpy()
    cells = np.empty(len(values), dtype=object)
    if values.dtype.kind == "M":
        cells[~blank] = values[~blank].dt.to_pydatetime()
    elif values.dtype.kind == "f":
        cells[~blank] = values[~blank].astype(int).to_numpy().tolist()
    else:
        cells[:] = values.to_numpy(dtype=object)
        cells[blank] = None
    return cells
