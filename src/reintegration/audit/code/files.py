"""Code of specifications on disk, and the rows it reads."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from reintegration.audit.code.facts import NUMBER, TRUTH, DataFile, Facts, kinds_of, look
from reintegration.audit.code.r import file_name, r_code
from reintegration.audit.code.stata import stata_code
from reintegration.estimation.language import expand
from reintegration.estimation.specs import RETURNEE, Specification
from reintegration.estimation.tables import delimiter_of, read_table
from reintegration.estimation.written import read_specifications
from reintegration.private import private_file, private_folder

DATA = "data"
# Columns that name a person or place by a pseudonym, or an interview.
NAMES = (RETURNEE, "location_id", "survey_id")


def write_code(facts: Sequence[Facts], folder: str | Path) -> dict[str, Path]:
    """Write R and Stata code of specifications: the R script of each by its id."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    scripts: dict[str, Path] = {}
    for one in facts:
        spec_id = one.spec.spec_id
        name = file_name(spec_id, "R")
        if folder / name in scripts.values():
            name = file_name(f"{spec_id}_{len(scripts) + 1}", "R")
        scripts[spec_id] = folder / name
        scripts[spec_id].write_text(r_code(one), encoding="utf-8")
        scripts[spec_id].with_suffix(".do").write_text(stata_code(one), encoding="utf-8")
    return scripts


def study_code(
    specs: Sequence[Specification],
    frames: Mapping[str, pd.DataFrame],
    folder: str | Path,
    countries: Sequence[str] = (),
) -> dict[str, tuple[Facts, Path]]:
    """Write the code of the study's regressions, and the rows that it reads.

    The rows are those of `frames`, with the columns that specifications use; pseudonyms are
    replaced by numbers of the sample. They are for their owner alone.
    """
    folder = Path(folder)
    facts = []
    for spec in specs:
        frame = frames[spec.data]
        file = DataFile(f"{DATA}/{spec.data}.csv", kinds_of(frame))
        facts.append(look(spec, frame, file, countries))
    private_folder(folder / DATA)
    for data in dict.fromkeys(spec.data for spec in specs):
        wanted = {c for one in facts if one.spec.data == data for c in one.columns}
        written = write_rows(frames[data], wanted, folder / DATA / f"{data}.csv")
        facts = [with_columns(one, written) if one.spec.data == data else one for one in facts]
    scripts = write_code(facts, folder)
    return {one.spec.spec_id: (one, scripts[one.spec.spec_id]) for one in facts}


def table_code(
    spec: str | Path, data: str | Path, folder: str | Path, missing: Sequence[str] = ()
) -> list[Facts]:
    """Write the code of specifications of a file against a table, as `reintegration fit` does.

    A CSV file is read where it is; of a Parquet file the columns used are written beside the
    code, for their owner alone.
    """
    data, folder = Path(data), Path(folder)
    table = read_table(data, missing)
    specs = [one for wanted in expand(read_specifications(spec), table) for one in wanted.specs]
    place = folder / DATA / f"{data.stem}.csv"
    if data.suffix == ".parquet":
        kinds = {name: NUMBER if kind == TRUTH else kind for name, kind in table.kinds.items()}
        file = DataFile(f"{DATA}/{place.name}", kinds)
    else:
        with data.open("rb") as stream:
            first = stream.readline()
        file = DataFile(
            Path(os.path.relpath(data.resolve(), folder.resolve())).as_posix(),
            table.kinds,
            delimiter_of(first.decode("utf-8-sig")),
            tuple(missing),
            first.startswith(b"\xef\xbb\xbf"),
        )
    facts = [look(one, table.frame, file) for one in specs]
    if data.suffix == ".parquet":
        private_folder(place.parent)
        wanted = {c for one in facts for c in one.columns}
        written = write_rows(table.frame, wanted, place, names=())
        facts = [with_columns(one, written) for one in facts]
    write_code(facts, folder)
    return facts


def write_rows(
    frame: pd.DataFrame, columns: set[str], path: Path, names: Sequence[str] = NAMES
) -> list[str]:
    """Write columns of a frame with all their digits, `names` as numbers; owner-only.

    Returns
    -------
    The columns, in order.
    """
    part = frame[[name for name in frame.columns if name in columns]].copy()
    for name in part.columns:
        if name in names:
            codes = pd.Series(pd.factorize(part[name])[0] + 1, part.index)
            part[name] = codes.where(codes > 0).astype("Int64")
        elif pd.api.types.is_bool_dtype(part[name]):
            part[name] = part[name].astype("Int64")
    part.to_csv(
        private_file(path),
        index=False,
        encoding="utf-8",
        lineterminator="\n",
        date_format="%Y-%m-%d",
    )
    return list(map(str, part.columns))


def with_columns(facts: Facts, columns: Sequence[str]) -> Facts:
    """Tell which columns the file has, in order."""
    kinds = {name: facts.kind(name) for name in columns}
    return replace(facts, file=replace(facts.file, kinds=kinds))
