"""Code of specifications on disk, and the rows it reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from reintegration.audit.code.facts import DataFile, Facts, kinds_of, look
from reintegration.audit.code.r import file_name, r_code
from reintegration.estimation.specs import RETURNEE, Specification
from reintegration.private import private_file, private_folder

DATA = "data"
# Columns that name a person or place by a pseudonym, or an interview.
_NAMES = (RETURNEE, "location_id", "survey_id")


def write_code(facts: Sequence[Facts], folder: str | Path) -> dict[str, Path]:
    """Write R and Stata code of specifications: the R script of each by its id."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    scripts = {}
    for one in facts:
        spec_id = one.spec.spec_id
        scripts[spec_id] = folder / file_name(spec_id, "R")
        scripts[spec_id].write_text(r_code(one), encoding="utf-8")
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
        write_rows(frames[data], wanted, folder / DATA / f"{data}.csv")
    scripts = write_code(facts, folder)
    return {one.spec.spec_id: (one, scripts[one.spec.spec_id]) for one in facts}


def write_rows(frame: pd.DataFrame, columns: set[str], path: Path) -> None:
    """Write columns of a frame with all their digits, pseudonyms as numbers; owner-only."""
    part = frame[[name for name in frame.columns if name in columns]].copy()
    for name in part.columns:
        if name in _NAMES:
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
