"""Take in one source: from its raw file to coded surveys and the account of every row."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.config import Assistance, Cleaning
from reintegration.errors import Gathered, StudyError
from reintegration.ingest.answers import questions
from reintegration.ingest.cleaning import clean
from reintegration.ingest.cleaning.nobody import TEST, says_test
from reintegration.ingest.columns import (
    RETURNEE,
    Columns,
    check_country,
    check_sources,
    find_columns,
    identifier,
    wanted_columns,
)
from reintegration.ingest.contract import background_variables, received_columns
from reintegration.ingest.corrections import correct
from reintegration.ingest.decisions import DecisionError, Decisions
from reintegration.ingest.diff import as_answered, check_log
from reintegration.ingest.ledger import (
    LOG_COLUMNS,
    REJECTED_COLUMNS,
    Ledger,
    coded_questions,
)
from reintegration.ingest.mapping import Mapped, map_table
from reintegration.ingest.matching import BIRTH, NUMBERLESS, join_decided
from reintegration.ingest.pseudonym import SUBMISSION, pseudonyms_within, with_pseudonyms
from reintegration.ingest.readers import RawTable, read_raw
from reintegration.ingest.received import received_before
from reintegration.ingest.source import Source, check_confirmed, check_place
from reintegration.memory import give_back
from reintegration.private import private_file
from reintegration.tables_io import read_texts, write_csv, write_parquet

NOTHING_DECIDED = Decisions()
UNUSED_SHOWN = 10  # columns named in the account; a KoboToolbox export may hold hundreds
MANY_SURVEYS = 10  # of one returnee in one file: more are a placeholder such as XXX
_ROUNDED = r"\d(?:[.,]\d+)?[eE]\+\d+"
# The four files of one source, in its folder of results/clean/sources.
FILES = ("surveys.parquet", "cleaning_log.csv", "rejected.csv", "account.json")


@dataclass(frozen=True)
class SourceResult:
    """What came of one source.

    Attributes
    ----------
    surveys
        One row per raw row: `row` (its place in the file), `excluded` (why it is out, a key of
        `flow.REASONS`, or missing), pseudonyms, and cleaned answers. No identifier.
    cleaning_log, rejected
        As `results/clean/cleaning_log.csv` and `rejected.csv`, of this source.
    account
        source, file, country, priority, status (ok or left_out), reason, rows_read,
        rows_rejected, absent (codebook names without a column; a date with its answer counts
        once), notes, decided (lines of corrections that were carried out), matched (whom
        decisions name and who is here -> country).
    """

    surveys: pd.DataFrame
    cleaning_log: pd.DataFrame
    rejected: pd.DataFrame
    account: dict[str, Any] = field(default_factory=dict)


def source_columns(codebook: Codebook) -> list[str]:
    """Columns of the surveys of one source, in order."""
    return [
        *["row", "excluded", "survey_id", "returnee_id", "location_id", "source", "country"],
        *["survey_date", "return_date"],
        *background_variables(codebook),
        *([BIRTH] if BIRTH in codebook.variables else []),
        *codebook.items,
        *received_columns(codebook),
    ]


def ingest_source(
    source: Source,
    raw_dir: str | Path,
    codebook: Codebook,
    cleaning: Cleaning,
    assistance: Assistance,
    key: bytes,
    decisions: Decisions = NOTHING_DECIDED,
) -> SourceResult:
    """Read, map and clean one raw file.

    Parameters
    ----------
    key
        Of the pseudonyms, from `pseudonym.find_key`.
    decisions
        What researchers decided by hand, from `decisions.load_decisions`.

    Raises
    ------
    StudyError
        If the file is missing, empty, unreadable, in another encoding, lacks a needed column,
        or holds no row that could be used; naming the file and every column.
    """
    result, trouble = examine_source(
        source, raw_dir, codebook, cleaning, assistance, key, decisions, look_on=False
    )
    trouble.stop()
    if result is None:
        raise ValueError("a source without a result and without a problem")
    return result


def examine_source(
    source: Source,
    raw_dir: str | Path,
    codebook: Codebook,
    cleaning: Cleaning,
    assistance: Assistance,
    key: bytes,
    decisions: Decisions = NOTHING_DECIDED,
    look_on: bool = True,
) -> tuple[SourceResult | None, Gathered]:
    """Take in one raw file as far as it can be, with every problem that keeps it out.

    With a problem the result is for looking at only: no survey of it may be used. Without
    `look_on` the rows of such a file are not looked at.
    """
    path = Path(raw_dir) / source.file
    trouble = Gathered()
    trouble.attempt(check_sources, [source], codebook)
    misnamed = bool(trouble.errors)
    trouble.attempt(check_confirmed, [source])
    raw = trouble.attempt(_read, source, path, codebook)
    if raw is None:
        return None, trouble
    columns = trouble.attempt(find_columns, source, codebook, raw.names, path)
    if columns is None or misnamed:
        return None, trouble
    trouble.attempt(check_country, source, codebook, columns, raw.names, raw.cells, path)
    raw = _with_broken_rows(raw)
    mapped = trouble.attempt(map_table, raw, columns, source, codebook, path)
    if mapped is None:
        return None, trouble
    trouble.attempt(_check_case_numbers, mapped.frame, codebook, path)
    if trouble.errors and not look_on:
        return None, trouble
    if trouble.errors:
        mapped = replace(mapped, frame=_stand_ins(mapped.frame, codebook))
    named = _named_rows(mapped, raw, columns, source, codebook, cleaning, key)
    labels, secrets = _labels(raw, columns, codebook), _secrets(raw, columns, source, codebook)
    ids = named.frame["survey_id"]
    ledger = Ledger(source.source, raw.rows, ids, codebook, secrets, labels)
    _reject_damaged_rows(raw, columns, ledger)
    notes = [*mapped.notes, *_unused(raw, columns, source), *_found(raw, source)]
    del raw
    give_back()
    decided = trouble.attempt(correct, named, decisions, ids, codebook, ledger)
    if decided is None:
        return None, trouble
    corrected, lines = decided
    moved = _moved(mapped.frame, named, corrected, codebook, key)
    corrected = replace(corrected, frame=corrected.frame.assign(**moved))
    as_mapped = replace(named, frame=named.frame.assign(**moved))
    joined_by_hand = trouble.attempt(join_decided, corrected.frame, decisions, ledger)
    if joined_by_hand is None:
        return None, trouble
    frame, found = joined_by_hand
    if joined := int((frame[RETURNEE] != corrected.frame[RETURNEE]).sum()):
        notes.append(f"{joined} surveys joined another returnee by decision")
    cleaned = clean(replace(corrected, frame=frame), codebook, cleaning, ledger)
    numberless = cleaned[RETURNEE].str.startswith(NUMBERLESS, na=False).to_numpy(dtype=bool)
    name = identifier(codebook, RETURNEE) or RETURNEE
    ledger.reject(ledger.open(numberless), "no_case_number", name)
    received, undated = received_before(cleaned, codebook, assistance, cleaning, ledger)
    check_log(as_mapped, as_answered(cleaned, received, codebook), ledger)
    surveys = cleaned.assign(**{str(name): received[name] for name in received})
    surveys = surveys.assign(source=source.source, row=ledger.rows, excluded=ledger.excluded)
    surveys = _typed(surveys, codebook)
    give_back()
    rejected = ledger.rejected()
    if len(rejected) == len(surveys) and not trouble.errors:
        trouble.attempt(_refuse_all, path, rejected)
    notes += _crowded(surveys)
    if undated:
        notes.append(f"{undated} times assistance without a date ({assistance.undated})")
    account = _account(source, len(surveys), len(rejected), mapped.absent, notes)
    account |= {"decided": lines, "matched": found}
    return SourceResult(surveys, ledger.log(), rejected, account), trouble


def _named_rows(
    mapped: Mapped,
    raw: RawTable,
    columns: Columns,
    source: Source,
    codebook: Codebook,
    cleaning: Cleaning,
    key: bytes,
) -> Mapped:
    """Mapped rows with pseudonyms in the place of identifiers, and what these say of a test."""
    places = source.source + " row " + pd.Series(raw.rows).astype("str")
    keep_all = cleaning.duplicate_survey == "keep_all"
    frame = with_pseudonyms(mapped.frame, places, codebook, key, keep_all)
    test = says_test(_named(raw, columns, codebook), cleaning.test_words, len(frame))
    return replace(mapped, frame=frame.assign(**{TEST: test}))


def _moved(
    frame: pd.DataFrame, named: Mapped, corrected: Mapped, codebook: Codebook, key: bytes
) -> dict[str, pd.Series]:
    """Pseudonyms within countries, made again for rows whose country was decided on."""
    before, after = named.frame, corrected.frame
    if after["country"] is before["country"] or after["country"].equals(before["country"]):
        return {}
    at = np.flatnonzero(after["country"].astype("str") != before["country"].astype("str"))
    rows = frame.iloc[at].assign(country=after["country"].iloc[at])
    columns = {}
    for name, made in pseudonyms_within(rows, codebook, key).items():
        column = before[name].copy()
        column.iloc[at] = made.where(made.notna(), column.iloc[at])
        columns[name] = column
    return columns


def _typed(surveys: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Columns of the surveys of one source, in their types: only choices are categories."""
    surveys = surveys[source_columns(codebook)]
    empty = empty_surveys(codebook)
    kinds = {n: kind for n, kind in empty.dtypes.items() if surveys[n].dtype != kind}
    surveys = surveys.astype(kinds)
    excluded = surveys["excluded"]
    return surveys.assign(excluded=excluded.where(excluded != ""))


def _found(raw: RawTable, source: Source) -> list[str]:
    """Say which encoding was guessed, and how many rows of a Stata or SPSS file are blank."""
    guessed = source.encoding is None and "cp1252" in raw.found.values()
    notes = ["read as Windows-1252"] if guessed else []
    if blank := raw.found.get("blank_rows"):
        notes.append(f"{blank} rows without any content: is the file whole?")
    return notes


def _read(source: Source, path: Path, codebook: Codebook) -> RawTable:
    """Read a raw file that lies in its folder; what a link leads to elsewhere is not opened."""
    check_place(path)
    return read_raw(source, path, wanted_columns(source, codebook))


def _stand_ins(frame: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Case numbers and countries where a file that is refused has none: its rows are looked at."""
    number = identifier(codebook, RETURNEE)
    made = {}
    if number is not None and frame[number].isna().all():
        made[number] = pd.Series(range(len(frame)), index=frame.index).astype("str")
    if frame["country"].isna().all():
        made["country"] = pd.Series("none", index=frame.index, dtype="str")
    return frame.assign(**made)


def _unused(raw: RawTable, columns: Columns, source: Source) -> list[str]:
    """Say which columns of the file nobody asked for, and nobody dropped."""
    used = {number for numbers in columns.single.values() for number in numbers}
    used |= {number for options in columns.options.values() for number in options.values()}
    rest = [name for n, name in enumerate(raw.names) if name and n not in used]
    rest = [name for name in rest if name not in source.drop]
    nameless = [
        str(n + 1) for n, name in enumerate(raw.names) if not name and raw.cells[n].notna().any()
    ]
    notes = [f"columns without a name: number {', '.join(nameless)}"] if nameless else []
    more = f" and {len(rest) - UNUSED_SHOWN} more" if len(rest) > UNUSED_SHOWN else ""
    if rest:
        notes.append(f"columns not used: {', '.join(rest[:UNUSED_SHOWN])}{more}")
    return notes


def _with_broken_rows(raw: RawTable) -> RawTable:
    """Put broken rows below the others, without content: each is a row read, and excluded."""
    if not raw.broken:
        return raw
    rows = np.concatenate([raw.rows, [row for row, _ in raw.broken]])
    cells = raw.cells.reindex(range(len(rows)))
    return RawTable(raw.names, cells, rows, raw.labels, raw.missing, raw.broken, raw.found)


def _reject_damaged_rows(raw: RawTable, columns: Columns, ledger: Ledger) -> None:
    """Rows that do not fit the header, and rows that repeat it."""
    broken = np.arange(len(raw.rows) - len(raw.broken), len(raw.rows))
    why = np.array([reason for _, reason in raw.broken], dtype=object)
    ledger.reject(broken, "broken_row", "", why)
    several = [numbers[0] for numbers in columns.single.values() if numbers][:5]
    equal = [raw.cells[n].isin(_spellings(raw, n)).to_numpy() for n in several]
    ledger.reject(ledger.open(np.all(equal, axis=0)), "repeated_header", "")


def _spellings(raw: RawTable, number: int) -> list[str]:
    """Texts of a column that are its own name."""
    texts = _different(raw.cells[number])
    return list(texts[texts.str.strip() == raw.names[number]])


def _check_case_numbers(frame: pd.DataFrame, codebook: Codebook, path: Path) -> None:
    """Refuse case numbers that a spreadsheet rounded (1.23E+12): different ones look the same."""
    name = identifier(codebook, RETURNEE)
    if name is None:
        return
    rounded = int(frame[name].str.fullmatch(_ROUNDED, na=False).sum())
    if rounded:
        raise StudyError(
            "A source file holds damaged case numbers.",
            [
                f"{path}: {name}: {rounded} were rounded by a spreadsheet to the form 1.23E+12; "
                "export the file again with this column as text"
            ],
        )


def _crowded(surveys: pd.DataFrame) -> list[str]:
    """Say how many surveys one case number stands for, when it can be none of one person."""
    most = surveys.loc[surveys["excluded"].isna(), "returnee_id"].value_counts()
    crowded = most[most > MANY_SURVEYS]
    return [f"a case number that stands for {count} surveys" for count in crowded]


def _secrets(raw: RawTable, columns: Columns, source: Source, codebook: Codebook) -> pd.Series:
    """Texts that must not show in any account: identifiers, and columns that are dropped."""
    numbers = {n for name in codebook.identifiers for n in columns.single.get(name, [])}
    numbers |= {n for n, name in enumerate(raw.names) if name in source.drop}
    found = [pd.Series(_different(raw.cells[number]), dtype="str") for number in sorted(numbers)]
    return pd.concat(found) if found else pd.Series(dtype="str")


def _different(cells: pd.Series) -> pd.Index:
    """The different texts of a column."""
    return cells.astype("category").cat.categories


def _named(raw: RawTable, columns: Columns, codebook: Codebook) -> list[pd.Series]:
    """Columns that name a person or a place, as they stand in the file."""
    names = [n for n in codebook.identifiers if codebook.variables[n].pseudonym != SUBMISSION]
    return [raw.cells[number] for name in names for number in columns.single.get(name, [])]


def _labels(raw: RawTable, columns: Columns, codebook: Codebook) -> set[str]:
    """Value labels of coded questions: written by the form's author, they name nobody."""
    coded = coded_questions(codebook)
    numbers = {n for name, found in columns.single.items() if name in coded for n in found}
    return {label for n in numbers for label in raw.labels.get(n, {}).values()}


def _refuse_all(path: Path, rejected: pd.DataFrame) -> None:
    counts = rejected.groupby(["question", "reason"], as_index=False).size()
    raise StudyError(
        "A source file holds no row that can be used.",
        [
            f"{path}: {line['question']}: {line['reason']} ({line['size']} rows)"
            for line in counts.to_dict("records")
        ],
    )


def _account(
    source: Source, rows_read: int, rows_rejected: int, absent: list[str], notes: list[str]
) -> dict[str, Any]:
    return {
        "source": source.source,
        "file": source.file,
        "country": source.country,
        "priority": source.priority,
        "status": "ok",
        "reason": "",
        "rows_read": rows_read,
        "rows_rejected": rows_rejected,
        "absent": [
            name
            for name in absent
            if not (name.endswith("_date") and name.removesuffix("_date") in absent)
        ],
        "notes": notes,
    }


def take_in(
    source: Source,
    raw_dir: str | Path,
    codebook: Codebook,
    cleaning: Cleaning,
    assistance: Assistance,
    key: bytes,
    on_bad_source: Literal["stop", "leave_out"],
    decisions: Decisions = NOTHING_DECIDED,
) -> SourceResult:
    """Ingest one source; a file that cannot be read stops the study, or is left out and named.

    Raises
    ------
    StudyError
        As `ingest_source`, when `on_bad_source` is stop; always for a wrong source YAML, and for
        decisions by hand that no longer fit.
    """
    check_sources([source], codebook)
    try:
        return ingest_source(source, raw_dir, codebook, cleaning, assistance, key, decisions)
    except DecisionError:
        raise
    except StudyError as error:
        if on_bad_source == "stop":
            raise
        return left_out(source, raw_dir, codebook, error)


def left_out(
    source: Source, raw_dir: str | Path, codebook: Codebook, error: StudyError
) -> SourceResult:
    """What a source gives that is not read: no survey, and an account of why."""
    account = _account(source, 0, 0, [], []) | {"decided": [], "matched": {}}
    name = f"{Path(raw_dir) / source.file}: "
    reason = "; ".join(line.removeprefix(name) for line in error.problems) or error.headline
    return SourceResult(
        empty_surveys(codebook),
        pd.DataFrame(columns=LOG_COLUMNS),
        pd.DataFrame(columns=REJECTED_COLUMNS),
        {**account, "status": "left_out", "reason": reason},
    )


def empty_surveys(codebook: Codebook) -> pd.DataFrame:
    """Surveys of a source that was left out: no row, the columns and types of the others."""
    asked = questions(codebook)
    received = set(received_columns(codebook))

    def kind_of(name: str) -> Any:
        if name == "row":
            return "int64"
        if name in received:
            return "Int8"
        kind = asked[name].kind if name in asked else "text"
        if kind == "choice":
            return pd.CategoricalDtype(asked[name].codes)
        return {"date": "datetime64[us]", "number": "float64"}.get(kind, "str")

    names = source_columns(codebook)
    return pd.DataFrame({name: pd.Series(dtype=kind_of(name)) for name in names})


def write_result(result: SourceResult, folder: str | Path) -> None:
    """Write what came of one source into its folder, for its owner alone, as `FILES`."""
    folder = Path(folder)
    write_parquet(result.surveys, folder / FILES[0], private=True, categories=True)
    write_csv(result.cleaning_log, folder / FILES[1], private=True)
    write_csv(result.rejected, folder / FILES[2], private=True)
    text = json.dumps(result.account, ensure_ascii=False, indent=2)
    private_file(folder / FILES[3]).write_text(text + "\n", encoding="utf-8")


def read_result(folder: str | Path) -> SourceResult:
    """Read what `write_result` wrote."""
    folder = Path(folder)
    return SourceResult(
        pd.read_parquet(folder / FILES[0]),
        read_texts(folder / FILES[1]),
        read_texts(folder / FILES[2]),
        json.loads((folder / FILES[3]).read_text(encoding="utf-8")),
    )
