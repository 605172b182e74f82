"""`reintegration add-source`: read a file of which nothing is known and write its source YAML."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reintegration.codebook import Codebook, describe_problems
from reintegration.config import load_config
from reintegration.countries import is_country
from reintegration.errors import StudyError
from reintegration.ingest.columns import Columns, check_country, raw_names
from reintegration.ingest.propose.columns import FormTexts
from reintegration.ingest.propose.matching import wording_of
from reintegration.ingest.propose.proposal import Proposal, propose
from reintegration.ingest.propose.writing import write_source
from reintegration.ingest.read_form import Form, FormQuestion, read_form
from reintegration.ingest.readers import RawTable, look
from reintegration.ingest.source import Source, plain_name, read_source
from reintegration.private import private_file
from reintegration.text import fold


@dataclass(frozen=True)
class Added:
    """What became of a file: its proposal, its YAML, and where the file lies now."""

    proposal: Proposal
    path: Path
    raw: Path
    copied: bool
    simulated: bool = False  # whether the configuration still studies a simulated world


def add_source(
    file: str | Path,
    config: str | Path = "config.yaml",
    country: str | None = None,
    name: str | None = None,
    form: str | Path | None = None,
    accepted: Sequence[str] = (),
    replace: bool = False,
    **declared: Any,
) -> Added:
    """Propose a source for a file and write it where the study looks for sources.

    Parameters
    ----------
    file
        The file; it is copied into the raw folder when it lies elsewhere.
    form
        The XLSForm by which the file was collected.
    accepted
        `name=column` for what a person has decided, `name=` for what was not asked, and
        `name:answer=code` for what an answer means, `name:answer=` when it means nothing.
    replace
        Whether a YAML of that name is written anew, and a file of that name gives way. Lines of
        the YAML are kept, `unsure` apart.
    declared
        What is known of the file: format, sheet, header_row, label_row, encoding, delimiter,
        date_order.

    Raises
    ------
    StudyError
        If the file cannot be read, or if a file or a YAML of that name is there already.
    """
    file, config = Path(file), Path(config)
    study = load_config(config)
    root = config.parent
    codebook = study.instrument.codebook(root)
    declared = {key: value for key, value in declared.items() if value is not None}
    source = name or plain_name(file.stem)
    target = root / study.data.sources / f"{source}.yaml"
    place = root / study.data.raw / file.name
    _check_request(file, country, target, place, replace)
    before = read_source(target) if target.exists() else None
    same = place.exists() and (place.samefile(file) or _same_bytes(place, file))
    kept = _kept(before, declared, same and before is not None and before.file == file.name)
    declared = {key: kept[key] for key in kept if key in _READ_BY} | declared
    given = {} if country is None else {"country": country}
    known = _known({**kept, **declared, **given, "source": source, "file": file.name})
    raw = look(file, declared.get("format"), header_words(codebook), **_read_by(declared))
    said = form_texts(raw, Path(form), codebook) if form is not None else {}
    pairs, answers = _pairs(accepted)
    proposal = propose(raw, known, codebook, said, pairs, before, answers)
    _check_found(proposal, file)
    _check_unread(proposal.source, target)
    proposal.notes += _other_country(proposal.source, codebook, raw, place)
    if before is not None and before.file != file.name:
        proposal.notes.insert(
            0, f"{place.parent / before.file} is read by no YAML now; take it away if it is old"
        )
    if not same:
        _copy(file, place)
    write_source(proposal.source, target, proposal.comments)
    return Added(proposal, target, place, not same, study.simulated)


# How a file is read, beside what its columns mean.
_READ_BY = ("format", "sheet", "header_row", "label_row", "encoding", "delimiter", "date_order")


def _kept(before: Source | None, declared: Mapping[str, Any], same_file: bool) -> dict[str, Any]:
    """What the YAML before says of the file as a whole; how to read it, of the same file alone."""
    if before is None:
        return {}
    keys = ["country", "priority", "missing_codes"]
    if same_file and declared.get("sheet") in (None, before.sheet):
        keys += _READ_BY
    written = before.model_dump(exclude_defaults=True)
    return {key: written[key] for key in keys if key in written}


def _copy(file: Path, place: Path) -> None:
    """Put a file into the raw folder, whole or not at all."""
    part = private_file(place.with_name(f".{place.name}.part"))
    try:
        shutil.copyfile(file, part)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def _check_request(
    file: Path, country: str | None, target: Path, place: Path, replace: bool
) -> None:
    problems = []
    if country is not None and not is_country(country):
        problems.append(f"--country {country}: must be an ISO 3166-1 alpha-3 code (Senegal is SEN)")
    if target.exists() and not replace:
        problems.append(
            f"{target}: is there already; --replace writes it anew, --name gives another name"
        )
    if not file.is_file():
        why = "is a folder, not a file" if file.is_dir() else "there is no such file"
        problems.append(f"{file}: {why}")
    elif (
        place.exists() and not replace and not place.samefile(file) and not _same_bytes(place, file)
    ):
        problems.append(
            f"{place}: another file of that name lies there; --replace puts this one in its "
            "place (a new version of it), else rename one of the two"
        )
    if problems:
        raise StudyError("The source cannot be added.", problems)


def _known(content: dict[str, Any]) -> Source:
    try:
        return Source.model_validate(content)
    except ValidationError as error:
        raise StudyError("The source cannot be added.", describe_problems(error)) from None


def _check_found(proposal: Proposal, file: Path) -> None:
    """Refuse a file in which nothing is recognised: its first row may be no column names."""
    matches = proposal.matches
    if not matches.sure and not matches.options and not any(matches.unsure.values()):
        row = proposal.found.get("header_row")
        raise StudyError(
            "Nothing of the codebook was recognised in a file.",
            [
                f"{file}: {f'row {row} was read as column names' if row else 'its columns'}, and "
                "none is like a name, a label or a question of the codebook; if another row holds "
                "the names, say --header-row, of another sheet --sheet"
            ],
        )


def _check_unread(source: Source, target: Path) -> None:
    """Refuse a file that another YAML reads already."""
    for path in sorted(target.parent.glob("*.yaml")):
        other = read_source(path) if path != target else None
        if other and other.file == source.file and other.sheet in (None, source.sheet):
            raise StudyError(
                "The source cannot be added.",
                [f"{path}: reads {source.file!r} already; take it away, or use --name {path.stem}"],
            )


def _other_country(source: Source, codebook: Codebook, raw: RawTable, place: Path) -> list[str]:
    try:
        check_country(source, codebook, Columns({}, {}), raw.names, raw.cells, place)
    except StudyError as error:
        return error.problems
    return []


def _same_bytes(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as a, other.open("rb") as b:
        while block := a.read(1 << 20):
            if block != b.read(1 << 20):
                return False
    return True


def _read_by(declared: Mapping[str, Any]) -> dict[str, Any]:
    """What the readers are told: everything but the format, which has a place of its own."""
    return {key: value for key, value in declared.items() if key != "format"}


def _pairs(
    accepted: Sequence[str],
) -> tuple[dict[str, str], dict[str, dict[str, str | None]]]:
    """What is accepted, of columns (name -> column) and of answers (name -> answer -> code)."""
    problems = [
        f"--accept {text}: write name=column, or name:answer=code"
        for text in accepted
        if "=" not in text
    ]
    if problems:
        raise StudyError("What is accepted is not clear.", problems)
    columns: dict[str, str] = {}
    answers: dict[str, dict[str, str | None]] = {}
    for text in accepted:
        name, _, column = text.partition("=")
        if ":" in name:
            name, _, said = text.partition(":")
            answer, _, code = said.rpartition("=")
            answers.setdefault(name.strip(), {})[answer.strip()] = code.strip() or None
        else:
            columns[name.strip()] = column.strip()
    return columns, answers


def header_words(codebook: Codebook) -> set[str]:
    """Folded names and labels that may stand in a header."""
    labels = {fold(text) for _, text in wording_of(codebook).texts}
    return labels | {fold(name) for name in raw_names(codebook)}


def form_texts(raw: RawTable, path: Path, codebook: Codebook) -> dict[int, FormTexts]:
    """What an XLSForm says of each column of a file: its wordings and the labels of its choices.

    Raises
    ------
    StudyError
        If the form cannot be read, or if it is of another file.
    """
    form = read_form(path)
    by_name: dict[str, FormQuestion] = {}
    for question in form.questions.values():
        for text in (question.path, question.name, *question.labels.values()):
            by_name.setdefault(fold(text), question)
    found: dict[int, FormTexts] = {}
    for number, name in enumerate(raw.names):
        said = _of_question(name, by_name, form) or _of_option(name, by_name, form)
        if said is not None:
            found[number] = said
    if not found:
        raise StudyError(
            "The form is not that of the file.",
            [f"{path}: none of its {len(form.questions)} questions is a column of the file"],
        )
    return found


def _asked(name: str, by_name: Mapping[str, FormQuestion]) -> FormQuestion | None:
    """The question of a column, by its name with its groups, without them, or by its label."""
    for text in (name, name.rsplit("/", 1)[-1], name.rsplit(".", 1)[-1]):
        if (question := by_name.get(fold(text))) is not None:
            return question
    return None


def _of_question(name: str, by_name: Mapping[str, FormQuestion], form: Form) -> FormTexts | None:
    question = _asked(name, by_name)
    if question is None:
        return None
    labels = {value: _first(texts) for value, texts in form.choices_of(question).items()}
    known = {value: label for value, label in labels.items() if label}
    return FormTexts(tuple(question.labels.values()), known, question.kind == "note")


def _of_option(name: str, by_name: Mapping[str, FormQuestion], form: Form) -> FormTexts | None:
    """A column of one option (`assets/3`): the question's text and the option's label."""
    parent, between, option = name.rpartition("/" if "/" in name else ".")
    question = _asked(parent, by_name) if between else None
    if question is None or question.kind != "select_multiple":
        return None
    label = _first(form.choices_of(question).get(option, {}))
    return (
        FormTexts(tuple(f"{text}/{label}" for text in question.labels.values())) if label else None
    )


def _first(texts: Mapping[str, str]) -> str:
    """A label in a language that the codebook speaks, else in any."""
    known = [texts[code] for code in ("en", "fr", "es", "") if texts.get(code)]
    return next(iter(known or texts.values()), "")
