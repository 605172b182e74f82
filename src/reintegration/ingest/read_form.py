"""Read an XLSForm: the questions, choices and labels of a KoboToolbox or ODK questionnaire."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from reintegration.errors import StudyError
from reintegration.ingest.files import check_file
from reintegration.ingest.source import FORMATS, Format

SHEETS = ("survey", "choices", "settings")
MOST_ROWS = 200_000  # of choices: lists of villages are long
_LABEL = re.compile(r"label(?:\s*::?\s*(.+))?", re.IGNORECASE)
_CODE = re.compile(r".*\(([A-Za-z]{2,3}(?:-\w+)?)\)\s*")
_LANGUAGES = {
    **dict.fromkeys(("english", "anglais"), "en"),
    **dict.fromkeys(("french", "francais", "français"), "fr"),
    **dict.fromkeys(("spanish", "espanol", "español", "castellano"), "es"),
}
_SELECT = re.compile(r"(select[_ ](?:one|multiple)|rank)(?:_from_file)?\s+(\S+).*", re.IGNORECASE)
_BEGIN = re.compile(r"begin[_ ](group|repeat)", re.IGNORECASE)
_END = re.compile(r"end[_ ](group|repeat)", re.IGNORECASE)

Labels = dict[str, str]


@dataclass(frozen=True)
class FormQuestion:
    """One question of a form.

    Attributes
    ----------
    name
        Name of its column in an export, without groups.
    kind
        Type as the form says: select_one, select_multiple, date, integer, text, start, end, ...
    groups
        Groups it stands in, the outermost first.
    list_name
        Name of its list of choices.
    labels
        Language code, empty for the form's own language -> text of the question.
    relevant
        When it is asked, as the form writes it.
    """

    name: str
    kind: str
    groups: tuple[str, ...] = ()
    list_name: str | None = None
    labels: Labels = field(default_factory=dict)
    relevant: str | None = None

    @property
    def path(self) -> str:
        """Name of its column with groups."""
        return "/".join((*self.groups, self.name))


@dataclass(frozen=True)
class Form:
    """A form.

    Attributes
    ----------
    questions
        Name -> question, in the form's order; of a name in several groups, the path -> question.
    choices
        Name of a list -> value -> labels.
    """

    questions: dict[str, FormQuestion]
    choices: dict[str, dict[str, Labels]]

    def choices_of(self, question: FormQuestion) -> dict[str, Labels]:
        """Values that a question may hold, with their labels; none when it is no choice."""
        return self.choices.get(question.list_name or "", {})


def read_form(path: str | Path) -> Form:
    """Read an XLSForm.

    Raises
    ------
    StudyError
        If the file is no workbook, has no sheet `survey`, or a question chooses from a list that
        the sheet `choices` does not hold.
    """
    path = Path(path)
    kind: Format = FORMATS.get(path.suffix.lower(), "xlsx")
    check_file(path, kind if kind in ("xls", "ods") else "xlsx")
    sheets = _sheets(path)
    if "survey" not in sheets:
        raise StudyError(
            "A form cannot be read.",
            [
                f"{path}: has no sheet `survey`; an XLSForm lists its questions there and their "
                "answers in the sheet `choices`"
            ],
        )
    problems: list[str] = []
    lacking = [column for column in ("type", "name") if column not in _head(sheets["survey"])]
    if lacking:
        problems.append(f"{path}: sheet `survey` has no column {' and no column '.join(lacking)}")
    choices = _choices(sheets.get("choices", []))
    questions = {} if lacking else _questions(sheets["survey"])
    for name, question in questions.items():
        if question.list_name and "." not in question.list_name and not _knows(choices, question):
            problems.append(
                f"{path}: question {name!r} chooses from the list {question.list_name!r}, which "
                "the sheet `choices` does not hold"
            )
    if not questions and not problems:
        problems.append(f"{path}: sheet `survey` holds no question")
    if problems:
        raise StudyError("A form cannot be read.", problems)
    return Form(questions, choices)


def _knows(choices: dict[str, dict[str, Labels]], question: FormQuestion) -> bool:
    # A list taken from an earlier question: ${name}.
    return question.list_name in choices or str(question.list_name).startswith("${")


def _sheets(path: Path) -> dict[str, list[list[str]]]:
    """Rows of the sheets of a form as texts."""
    from reintegration.ingest.read_workbook import sheet_rows

    return {
        name: [[(cell or "").strip() for cell in row] for row in islice(rows, MOST_ROWS)]
        for name, rows in sheet_rows(path, SHEETS).items()
    }


def _head(rows: Sequence[Sequence[str]]) -> list[str]:
    return [cell.lower() for cell in rows[0]] if rows else []


def _records(rows: Sequence[Sequence[str]]) -> Iterator[tuple[dict[str, str], Labels]]:
    """Filled cells of each row by column, and its labels by language."""
    columns = _head(rows)
    languages = {
        number: _language(match[1])
        for number, column in enumerate(rows[0] if rows else [])
        if (match := _LABEL.fullmatch(column))
    }
    for row in rows[1:]:
        cells = {column: cell for column, cell in zip(columns, row, strict=False) if cell}
        labels = {code: row[number] for number, code in languages.items() if row[number]}
        yield cells, labels


def _language(name: str | None) -> str:
    """Code of a language as a form names it: `French (fr)`, `Français`, `fr`."""
    if not name:
        return ""
    if match := _CODE.fullmatch(name):
        return match[1].lower()
    plain = name.strip().lower()
    return _LANGUAGES.get(plain, plain)


def _choices(rows: Sequence[Sequence[str]]) -> dict[str, dict[str, Labels]]:
    found: dict[str, dict[str, Labels]] = {}
    for cells, labels in _records(rows):
        list_name = cells.get("list_name") or cells.get("list name")
        value = cells.get("name") or cells.get("value")
        if list_name and value:
            found.setdefault(list_name, {})[value] = labels
    return found


def _questions(rows: Sequence[Sequence[str]]) -> dict[str, FormQuestion]:
    """Questions by name, or by path where a name stands in several groups."""
    found: list[FormQuestion] = []
    groups: list[str] = []
    for cells, labels in _records(rows):
        written, name = cells.get("type", ""), cells.get("name", "")
        if _END.fullmatch(written):
            del groups[-1:]
        elif _BEGIN.match(written):
            groups.append(name)
        elif written and name:
            found.append(_question(written, name, tuple(filter(None, groups)), labels, cells))
    names = [question.name for question in found]
    return {q.name if names.count(q.name) == 1 else q.path: q for q in found}


def _question(
    written: str, name: str, groups: tuple[str, ...], labels: Labels, cells: dict[str, Any]
) -> FormQuestion:
    select = _SELECT.fullmatch(written)
    kind = (select[1] if select else written).strip().lower().replace(" ", "_")
    list_name = select[2] if select else None
    return FormQuestion(name, kind, groups, list_name, labels, cells.get("relevant"))
