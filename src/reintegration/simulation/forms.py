"""How an office writes its file: language, headers, codes or labels, date order, blanks."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from reintegration.codebook import Answer, Codebook
from reintegration.countries import country_name
from reintegration.simulation.rows import NONSENSE
from reintegration.simulation.world import CENTRAL, Form, World

UNKNOWN_NUMBER, UNKNOWN_TEXT = 77, {"en": "see remarks", "fr": "voir remarques"}
SILENT_NUMBERS = {"dont_know": 97, "refused": 98, "not_applicable": 96}
OTHER_SPELLING, CAPITALS = 0.05, 0.03  # share of labels keyed otherwise
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
    "kobo": Style("kobo", "code", "ymd", multiple="both"),
    "codebook": Style("name", "code", "ymd"),
}


@dataclass
class Sheet:
    """A raw file before it is written.

    Attributes
    ----------
    cells
        Texts, numbers and dates under the file's own headers; missing when blank.
    mapping
        What the source YAML says beside source, file and country.
    value_labels, labels
        Of Stata and SPSS files: header -> number -> label, header -> label.
    """

    cells: pd.DataFrame
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
        self.cells: dict[str, Any] = {}
        self.columns: dict[str, str | list[str]] = {}
        self.answers: dict[str, dict[str, str]] = {}
        self.select_multiple: dict[str, dict[str, str]] = {}
        self.value_labels: dict[str, dict[float, str]] = {}
        self.labels: dict[str, str] = {}
        self.drop: list[str] = []
        if form == "kobo" and language == "fr":
            self.style = Style("kobo", "label", "ymd", multiple="both")

    def sheet(self, rows: pd.DataFrame, kinds: list[str], renamed: list[str]) -> Sheet:
        book = self.codebook
        if self.form == "kobo":
            self._kobo_begin(rows)
        for name, variable in book.variables.items():
            if name == "country" and self.form not in (CENTRAL, "codebook"):
                continue
            if name in ("orion", "orion_date"):
                continue
            if variable.type == "choice":
                self._choice(name, rows[name], variable.answers, "interview")
            elif variable.type == "number":
                self._number(name, rows[name])
            elif variable.type == "date":
                self._date(name, rows[name], rows.get("wrong_date"))
            elif variable.type == "country":
                self._put(name, self._country(rows[name]), "interview")
            else:
                self._put(name, rows[name], "identification")
        for name, item in book.items.items():
            if item.multiple:
                self._multiple(name, rows[name], item.dimension)
            else:
                self._choice(name, rows[name], book.answers_of(name), item.dimension)
        for kind in kinds:
            column = f"assistance_{kind}"
            self._choice(column, rows[column], YES_NO, "assistance")
            self._date(f"{column}_date", rows[f"{column}_date"])
        self._choice("orion", rows["orion"], YES_NO, "assistance")
        self._date("orion_date", rows["orion_date"])
        if self.form != "codebook":
            self._remarks(rows)
        if self.form == "kobo":
            self._kobo_end(rows)
        cells = pd.DataFrame(self.cells)
        for name in renamed:
            cells = self._rename_half_way(name, cells)
        return Sheet(cells, self._mapping(), self.value_labels, self.labels)

    # columns

    def _put(self, name: str, values: pd.Series, group: str) -> None:
        header = self._header(name, group)
        if self.style.by_hand and name in STRAY_SPACES:
            values = self._stray_spaces(values)
        self.cells[header] = values
        if header.rsplit("/", 1)[-1] != name:
            self.columns[name] = header
        if self.style.has_value_labels:
            self.labels[header] = self._label(name)[:79]

    def _choice(self, name: str, codes: pd.Series, answers: tuple[Answer, ...], group: str) -> None:
        if self.style.answers == "number":
            table = numbers(answers)
            header = self._header(name, group)
            if self.style.has_value_labels:
                self.value_labels[header] = {
                    number: self._answer_label(code, answers) for code, number in table.items()
                }
            else:
                self.answers[name] = {str(number): code for code, number in table.items()}
            values = codes.map({**table, NONSENSE: UNKNOWN_NUMBER}).astype(object)
        elif self.style.answers == "code":
            values = codes.replace(NONSENSE, UNKNOWN_TEXT["en"])
        else:
            values = self._labelled(codes, answers)
        self._put(name, self._blanks(values, self.style.blanks), group)

    def _labelled(self, codes: pd.Series, answers: tuple[Answer, ...]) -> pd.Series:
        """Labels in the office's language, some keyed otherwise."""
        table = {a.code: a.in_language(self.language) for a in answers}
        table[NONSENSE] = UNKNOWN_TEXT[self.language]
        values = codes.map(table)
        if self.style.by_hand:
            other = {a.code: a.also[0] for a in answers if a.also}
            u = self.rng.random(len(codes))
            use_other = (u < OTHER_SPELLING) & codes.isin(other).to_numpy()
            values = values.mask(use_other, codes.map(other))
            values = values.mask(u > 1 - CAPITALS, values.str.upper())
        return values

    def _number(self, name: str, values: pd.Series) -> None:
        blanks = self.style.number_blanks
        low, high = self.codebook.variables[name].range or (-np.inf, np.inf)
        blanks = tuple(b for b in blanks if not b or not low <= float(b) <= high)
        self._put(name, self._blanks(values.astype(object), blanks), "interview")

    def _date(self, name: str, dates: pd.Series, wrong: pd.Series | None = None) -> None:
        if self.style.dates == "typed":
            values = dates.astype(object).where(dates.notna(), None)
            if wrong is not None and name == "survey_date":
                values = values.mask(wrong.notna(), wrong if self.form == "xlsx" else None)
            if self.form == "stata":
                values = pd.to_datetime(values)
        else:
            values = dates.dt.strftime(DATE_FORMATS[self.style.dates]).astype("str")
            if wrong is not None and name == "survey_date":
                values = values.mask(wrong.notna(), wrong)
        group = "assistance" if name.startswith(("assistance", "orion")) else "interview"
        self._put(name, values, group)

    def _country(self, codes: pd.Series) -> pd.Series:
        """Countries as several people key them: mostly in English, some in French, some coded."""
        if self.form == "codebook":
            return codes
        u = self.rng.random(len(codes))
        values = codes.map({c: country_name(c, "en") for c in codes.unique()})
        values = values.mask(
            u < 0.12, codes.map({c: country_name(c, "fr") for c in codes.unique()})
        )
        values = values.mask(u > 0.97, codes)
        return values.mask((u > 0.94) & (u < 0.97), values + " ")

    def _multiple(self, name: str, codes: pd.Series, group: str) -> None:
        """A question with several answers: one cell, one column per answer, or both."""
        answers = self.codebook.answers_of(name)
        if self.style.multiple != "options":
            self._put(name, self._joined(codes, answers), group)
        if self.style.multiple == "joined":
            return
        header = self._header(name, group)
        between = "/" if self.style.headers == "kobo" else "_"
        tokens = codes.str.split()
        yes, no = (1, 0) if self.style.answers == "number" else ("1", "0")
        for answer in answers:
            if answer.code == "not_applicable":
                continue
            own = f"{header}{between}{answer.code}"
            chosen = tokens.map(lambda found, code=answer.code: code in found, na_action="ignore")
            values = chosen.map({True: yes, False: no}).astype(object)
            bad = UNKNOWN_NUMBER if yes == 1 else UNKNOWN_TEXT["en"]
            values = values.mask((codes == NONSENSE).fillna(False).astype(bool), bad)
            self.cells[own] = values
            self.select_multiple.setdefault(name, {})[answer.code] = own
            if self.style.has_value_labels:
                self.labels[own] = f"{self._label(name)}: {answer.in_language(self.language)}"[:79]

    def _joined(self, codes: pd.Series, answers: tuple[Answer, ...]) -> pd.Series:
        """Several answers in one cell: codes apart by spaces, or labels by commas."""
        table = {a.code: a.in_language(self.language) for a in answers}
        if self.style.answers == "code":
            return codes.replace(NONSENSE, UNKNOWN_TEXT["en"])
        written = {
            text: ", ".join(table[code] for code in text.split())
            for text in codes.dropna().unique()
            if text != NONSENSE
        }
        return codes.map({**written, NONSENSE: UNKNOWN_TEXT[self.language]})

    def _remarks(self, rows: pd.DataFrame) -> None:
        """Free text with a name in it, as people leave it, and which nobody needs."""
        header = {"en": "Remarks", "fr": "Remarques"}[self.language]
        text = {"en": "call back: ", "fr": "rappeler : "}[self.language] + rows["person_name"]
        self.cells[header] = text.where(self.rng.random(len(rows)) < 0.1)
        self.drop.append(header)

    def _kobo_begin(self, rows: pd.DataFrame) -> None:
        minutes = self.rng.integers(8 * 60, 17 * 60, len(rows))
        begin = rows["survey_date"].fillna(rows["return_date"]) + pd.to_timedelta(
            minutes, unit="min"
        )
        self.cells["start"] = begin.dt.strftime("%Y-%m-%dT%H:%M:%S.000+00:00")
        end = begin + pd.to_timedelta(self.rng.integers(25, 70, len(rows)), unit="min")
        self.cells["end"] = end.dt.strftime("%Y-%m-%dT%H:%M:%S.000+00:00")
        self.submitted = end + pd.to_timedelta(self.rng.integers(1, 4000, len(rows)), unit="min")
        self.drop += ["start", "end"]

    def _kobo_end(self, rows: pd.DataFrame) -> None:
        words = self.rng.integers(0, 2**32, size=(len(rows), 4), dtype=np.uint64)
        parts = [[f"{word:08x}" for word in row] for row in words.tolist()]
        uuids = [f"{a}-{b[:4]}-{b[4:]}-{c[:4]}-{c[4:]}{d}" for a, b, c, d in parts]
        self.cells["_id"] = pd.Series(np.arange(len(rows)) + 70_000_001)
        self.cells["_uuid"] = pd.Series(uuids, dtype="str")
        self.cells["_submission_time"] = self.submitted.dt.strftime("%Y-%m-%dT%H:%M:%S")
        self.cells["_index"] = pd.Series(np.arange(1, len(rows) + 1))
        self.drop += ["_id", "_uuid", "_submission_time", "_index"]

    # words

    def _label(self, name: str) -> str:
        book = self.codebook
        if name.startswith("assistance_"):
            label = book.label(name.removesuffix("_date"), self.language)
            what = {"en": ("received", "date"), "fr": ("reçu", "date")}[self.language]
            return f"{label} - {what[name.endswith('_date')]}"
        label = book.label(name, self.language)
        return f"{name.removeprefix('q')}. {label}" if name in book.items else label

    def _header(self, name: str, group: str) -> str:
        if self.style.headers == "label":
            return self._label(name)
        if self.style.headers == "short":  # a Stata name holds 32 characters
            return name.replace("assistance_", "as_").replace("_date", "_d")
        if self.style.headers == "kobo" and self.style.answers == "label":
            return f"{group}/{self._label(name)}"
        return f"{group}/{name}" if self.style.headers == "kobo" else name

    def _answer_label(self, code: str, answers: tuple[Answer, ...]) -> str:
        return next(a.in_language(self.language) for a in answers if a.code == code)

    def _blanks(self, values: pd.Series, tokens: tuple[str, ...]) -> pd.Series:
        """Write empty cells in the office's ways of writing nothing."""
        written: list[Any] = [None if not t else int(t) if self._numeric() else t for t in tokens]
        if written == [None]:
            return values
        chosen = self.rng.integers(len(written), size=len(values))
        filler = np.array(written, dtype=object)[chosen]
        return values.astype(object).where(values.notna(), filler)

    def _numeric(self) -> bool:
        return self.style.has_value_labels

    def _stray_spaces(self, values: pd.Series) -> pd.Series:
        u = self.rng.random(len(values))
        share = self.world.dirt.trailing_spaces
        values = values.astype(object)
        values = values.where(~(u < share) | values.isna(), values.astype("str") + "  ")
        return values.where(~(u > 1 - share / 3) | values.isna(), " " + values.astype("str"))

    def _rename_half_way(self, name: str, cells: pd.DataFrame) -> pd.DataFrame:
        """Two columns for one question, each filled for its half of the rows."""
        old = self.columns.get(name, self._header(name, "interview"))
        assert isinstance(old, str)
        new = f"{old} ({ {'en': 'new form', 'fr': 'nouveau formulaire'}[self.language] })"
        late = np.arange(len(cells)) >= len(cells) // 2
        place = list(cells.columns).index(old)
        cells.insert(place + 1, new, cells[old].where(late))
        cells[old] = cells[old].where(~late)
        self.columns[name] = [old, new]
        return cells

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
