"""How one raw file maps to the codebook, as a YAML file beside it: the `Source` model."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from reintegration.codebook import describe_problems, read_yaml
from reintegration.countries import is_country
from reintegration.errors import StudyError

Format = Literal["csv", "tsv", "xlsx", "xls", "ods", "stata", "spss", "kobo", "parquet"]
DateOrder = Literal["dmy", "mdy", "ymd", "mixed"]

MOST_PROBLEMS = 50  # of one YAML that are said

FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".ods": "ods",
    ".dta": "stata",
    ".sav": "spss",
    ".zsav": "spss",
    ".parquet": "parquet",
}


def _text(value: Any) -> Any:
    """Make texts of what plain data hold: yes and no are words here, 1 is a text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value


def _keys_as_text(value: Any) -> Any:
    return {_text(key): item for key, item in value.items()} if isinstance(value, dict) else value


def _no_yes(value: Any) -> Any:
    """Refuse yes and no where a number is meant."""
    if isinstance(value, bool):
        raise ValueError("must be a whole number")
    return value


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) or value is None else [value]


Text = Annotated[str, BeforeValidator(_text)]
Number = Annotated[int, BeforeValidator(_no_yes)]
Row = Annotated[int, BeforeValidator(_no_yes), Field(ge=1)]
Names = Annotated[list[Text], BeforeValidator(_as_list), Field(min_length=1)]
# Raw answer -> code; an empty code means that the raw answer says nothing (missing).
AnswerCodes = Annotated[dict[str, Text | None], BeforeValidator(_keys_as_text)]
OptionColumns = Annotated[dict[str, Text], BeforeValidator(_keys_as_text)]


class _Lists(BaseModel):
    """Lists and tables whose last line was taken out are empty, not wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _emptied(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return {} if content is None else content
        emptied = {
            key
            for key, field in cls.model_fields.items()
            if field.default_factory is not None and content.get(key, "") is None
        }
        return {key: value for key, value in content.items() if key not in emptied}


class Unsure(_Lists):
    """What a proposal could not decide: candidates that wait for a person."""

    columns: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="Codebook name -> raw column -> confidence in [0, 1]."
    )
    missing_codes: Annotated[list[Text], BeforeValidator(_as_list)] = Field(
        default_factory=list, description="Raw values that look like codes for missing."
    )
    answers: dict[str, Annotated[dict[str, list[Text]], BeforeValidator(_keys_as_text)]] = Field(
        default_factory=dict, description="Codebook name -> raw answer -> codes it may mean."
    )
    date_order: dict[str, list[DateOrder]] = Field(
        default_factory=dict, description="Codebook name of a date -> orders it may be in."
    )

    def __bool__(self) -> bool:
        return bool(self.columns or self.answers or self.date_order or self.missing_codes)

    @property
    def waiting(self) -> list[str]:
        """One line for everything that a person has to say, and how."""
        lines = []
        for name, found in self.columns.items():
            likely = " or ".join(map(repr, found)) or "no candidate"
            lines.append(
                f"columns.{name}: {likely}; name the right column under `columns`, or list the "
                "name under `not_asked`"
            )
        for name, answers in self.answers.items():
            shown = ", ".join(
                f"{raw!r} ({' or '.join(codes) or 'no candidate'})"
                for raw, codes in answers.items()
            )
            lines.append(f"answers.{name}: {shown}; move them up under `answers`, each with a code")
        for name, orders in self.date_order.items():
            lines.append(f"date_order.{name}: {' or '.join(orders)}; say it under `date_order`")
        if self.missing_codes:
            shown = ", ".join(self.missing_codes)
            lines.append(
                f"missing_codes: {shown}; move them up under `missing_codes`, or say under "
                "`answers` what they mean"
            )
        return lines


class Source(_Lists):
    """One raw file of one office and how its columns and answers map to the codebook."""

    source: str = Field(description="Name of the source, as it stands in every result.")
    file: str = Field(description="Name of the file inside the raw folder.")
    country: Annotated[str | None, BeforeValidator(_text)] = Field(
        default=None,
        description="ISO 3166-1 alpha-3 code, or empty when a column holds the country.",
    )
    priority: Number = Field(
        default=0,
        description="Of the same survey in two sources, the one with the higher number is kept.",
    )
    format: Format | None = Field(
        default=None, description="Guessed from the extension when absent."
    )
    sheet: Text | None = Field(
        default=None, description="Name of the sheet; the first when absent."
    )
    header_row: Row | None = Field(
        default=None,
        description="Row of the column names, counted from 1; found when absent.",
    )
    label_row: Row | None = Field(
        default=None,
        description="Row of the questions' texts, above or below that of the column names.",
    )
    encoding: str | None = Field(
        default=None, description="utf-8, latin-1, ...; found when absent."
    )
    delimiter: str | None = Field(
        default=None, min_length=1, max_length=1, description="Found when absent."
    )
    date_order: DateOrder | dict[str, DateOrder] | None = Field(
        default=None,
        description="dmy, mdy, ymd or mixed, for all dates or per column; year-first dates are "
        "always read as such. Needed when the file alone cannot tell.",
    )
    columns: dict[str, Names] = Field(
        default_factory=dict,
        description="Codebook name -> raw column, or several (the first that is filled wins).",
    )
    answers: dict[str, AnswerCodes] = Field(
        default_factory=dict, description="Codebook name -> raw answer -> code (empty: missing)."
    )
    select_multiple: dict[str, OptionColumns] = Field(
        default_factory=dict, description="Codebook name -> answer code -> raw column."
    )
    missing_codes: Annotated[list[Text], BeforeValidator(_as_list)] = Field(
        default_factory=list,
        description="Raw values that mean missing. A number inside a variable's range is kept.",
    )
    not_asked: Annotated[list[Text], BeforeValidator(_as_list)] = Field(
        default_factory=list,
        description="Needed codebook names that this file is known not to hold.",
    )
    drop: Annotated[list[Text], BeforeValidator(_as_list)] = Field(
        default_factory=list, description="Raw columns known to be of no use (names, notes, ...)."
    )
    unsure: Unsure = Field(
        default_factory=Unsure,
        description="What waits for a person; while anything stands here, the file is not read.",
    )

    @field_validator("source")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", value):
            raise ValueError("may hold only letters, digits, '_' and '-'")
        return value

    @field_validator("file")
    @classmethod
    def _inside_the_folder(cls, value: str) -> str:
        plain = value == Path(value).name and value not in {"", ".", ".."}
        if not plain or any(sign in value for sign in ("\\", ":", "\0")):
            raise ValueError("must be the name of a file inside the raw folder, without a path")
        return value

    @field_validator("country")
    @classmethod
    def _country_code(cls, value: str | None) -> str | None:
        if value is not None and not is_country(value):
            raise ValueError("must be an ISO 3166-1 alpha-3 code (Senegal is SEN)")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                "".encode(value)
            except LookupError:
                raise ValueError(
                    f"{value!r} is no known encoding (utf-8, latin-1, cp1252, ...)"
                ) from None
        return value

    @model_validator(mode="after")
    def _known_format(self) -> "Source":
        suffix = Path(self.file).suffix.lower()
        if self.format is None and suffix not in FORMATS:
            raise ValueError(
                f"file {self.file!r}: format cannot be guessed from the extension {suffix!r}; "
                f"set format to one of {', '.join(get_args(Format))}"
            )
        return self

    @property
    def kind(self) -> Format:
        """Format as declared, or as the extension says."""
        return self.format or FORMATS[Path(self.file).suffix.lower()]


def read_source(path: str | Path) -> Source:
    """Read one source YAML.

    Raises
    ------
    StudyError
        With every problem of the file: unknown keys, wrong types, a path outside the folder.
    """
    path = Path(path)
    content = {"source": path.stem, **read_yaml(path, as_text=True)}
    try:
        return Source.model_validate(content)
    except ValidationError as error:
        problems = [f"{path}: {problem}" for problem in describe_problems(error)]
        if len(problems) > MOST_PROBLEMS:
            more = len(problems) - MOST_PROBLEMS
            problems = [*problems[:MOST_PROBLEMS], f"{path}: and {more} more problems"]
        if any(item["type"] == "extra_forbidden" for item in error.errors()):
            problems.append(f"{path}: allowed keys are {', '.join(Source.model_fields)}")
        raise StudyError("A source YAML cannot be used.", problems) from None


def check_confirmed(sources: Iterable[Source]) -> None:
    """Check that nothing in the source YAMLs waits for a person.

    Raises
    ------
    StudyError
        With every line that waits.
    """
    problems = [
        f"source {source.source}: unsure.{line}"
        for source in sources
        for line in source.unsure.waiting
    ]
    if problems:
        raise StudyError(
            "Source YAMLs hold lines that a person must confirm; then take them out of `unsure`.",
            problems,
        )


def check_place(path: Path) -> None:
    """Check that a raw file does not lead out of its folder.

    Raises
    ------
    StudyError
        If it is a link to a file elsewhere.
    """
    if path.is_symlink() and path.resolve().parent != path.parent.resolve():
        raise StudyError(
            "A source file cannot be read.",
            [f"{path}: is a link that leads out of {path.parent}; put the file itself there"],
        )


def load_sources(raw_dir: str | Path, sources_dir: str | Path) -> list[Source]:
    """List every source of a study, sorted by name.

    A source is a YAML of `sources_dir`, or a file of `raw_dir` that no YAML names: such a file
    must be in the codebook's own names. A named file that is missing is no error here: what
    becomes of it is the study's choice (`data.on_bad_source`).

    Raises
    ------
    StudyError
        With the problems of all files at once, or when there is no source at all.
    """
    raw_dir, sources_dir = Path(raw_dir), Path(sources_dir)
    sources: list[Source] = []
    origin: dict[str, Path] = {}
    problems: list[str] = []
    for path in sorted(sources_dir.glob("*.y*ml")):
        if path.suffix != ".yaml":
            problems.append(f"{path}: the extension must be .yaml")
            continue
        try:
            source = read_source(path)
        except StudyError as error:
            problems.extend(
                line if line.startswith(str(path)) else f"{error.headline} {line}"
                for line in error.problems or [error.headline]
            )
            continue
        if source.source != path.stem:
            problems.append(
                f"{path}: holds the source {source.source!r}; call the file {source.source}.yaml"
            )
        same = [s for s in sources if (s.file, s.sheet) == (source.file, source.sheet)]
        if same:
            problems.append(
                f"{path}: file {source.file!r} is already read by source {same[0].source!r}"
            )
        origin[source.source] = path
        sources.append(source)
    named = {source.file for source in sources}
    for path in sorted(raw_dir.iterdir()) if raw_dir.is_dir() else []:
        if path.name in named or _is_aside(path):
            continue
        if path.is_dir():
            problems.append(
                f"{path}: is a folder; files are read from {raw_dir} itself: move them up, or the "
                "folder away"
            )
            continue
        if path.suffix.lower() not in FORMATS:
            problems.append(
                f"{path}: no reader for {path.suffix!r} files; allowed are "
                f"{', '.join(FORMATS)} (or name its format in {sources_dir}/{path.stem}.yaml)"
            )
            continue
        name = plain_name(path.stem)
        if name in origin:
            problems.append(f"{path}: the name {name!r} is taken by {origin[name]}")
        origin[name] = path
        sources.append(Source(source=name, file=path.name))
    if not sources and not problems:
        problems.append(
            f"{raw_dir} and {sources_dir}: no raw file and no source YAML; put files into "
            f"{raw_dir}, or set `data.world` in config.yaml to study a simulated world"
        )
    sources.sort(key=lambda source: source.source)
    if problems:
        raise StudyError("The sources of the study cannot be listed.", problems, usable=sources)
    return sources


def _is_aside(path: Path) -> bool:
    """Whether a file of the raw folder is none of the data (hidden, lock files, a README)."""
    return (
        path.name.startswith((".", "~$"))
        or path.stem.upper() == "README"
        or path.name.lower() in ("desktop.ini", "thumbs.db")
    )


def plain_name(stem: str) -> str:
    """A file's name as the name of a source: letters, digits, '_' and '-' alone."""
    text = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-") or "source"
