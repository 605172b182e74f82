"""Tables of the rule `ledger`: every specification, and how it stands to what was frozen."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from reintegration.audit.frozen import frozen_settings
from reintegration.audit.ledger import WITHDRAWN, Entry, Mark, content_of, mark, read_ledger
from reintegration.config import Config
from reintegration.estimation.specs import COUNTRY, Specification, specs_table
from reintegration.studies.regressions import study_specifications
from reintegration.tables_io import write_csv

LEDGER_COLUMNS = (
    *("spec_id", "title", "role", "outcome", "formula", "ledger", "frozen_on", "results_seen"),
    *("spec_hash", "frozen_hash", "ledger_diff", "frozen_by", "note", "chosen"),
)


def marked(specs: pd.DataFrame, marks: Mapping[str, Mark]) -> pd.DataFrame:
    """Add to a table of specifications how each stands to the ledger."""
    found = [marks[spec_id] for spec_id in specs["spec_id"]]
    return specs.assign(
        ledger=[one.mark for one in found],
        frozen_on=[one.frozen_on for one in found],
        ledger_diff=[one.diff for one in found],
    )


def ledger_table(
    specifications: Sequence[Specification], entries: Sequence[Entry], marks: Mapping[str, Mark]
) -> pd.DataFrame:
    """List the specifications declared, then those withdrawn, one row each."""
    declared = {spec.spec_id: spec for spec in specifications}
    rows = []
    for spec_id, one in marks.items():
        first = next(
            (e.specifications[spec_id] for e in entries if spec_id in e.specifications), ""
        )
        row: dict[str, Any] = {"spec_id": spec_id, "frozen_hash": first}
        row |= {"ledger": one.mark, "frozen_on": one.frozen_on, "results_seen": one.seen}
        row |= {"ledger_diff": one.diff, "frozen_by": one.by, "note": one.note}
        row["chosen"] = one.chosen
        if one.mark == WITHDRAWN:
            then = content_of(entries, first)
            row |= {key: then[key] for key in ("title", "formula")}
            row |= {key: then["content"][key] for key in ("role", "outcome")}
        else:
            spec = declared[spec_id]
            row |= {"title": spec.title, "formula": spec.formula, "role": spec.role}
            row |= {"outcome": spec.outcome, "spec_hash": spec.spec_hash}
        rows.append(row)
    return pd.DataFrame(rows, columns=list(LEDGER_COLUMNS))


def run_ledger(
    ledger: Sequence[str | Path],
    outputs: Mapping[str, str | Path],
    config: Mapping[str, Any],
    surveys: Sequence[str | Path] = (),
) -> None:
    """Write `specs` and `ledger`, named like the rule's outputs.

    Parameters
    ----------
    ledger
        The ledger's file; none where nothing was frozen.
    config
        The configuration, plain.
    surveys
        The clean surveys, where they alone say which countries there are (`study.countries: all`).

    Raises
    ------
    StudyError
        If the ledger's chain is broken.
    """
    choices = Config.model_validate(config)
    countries = {
        country
        for path in surveys
        for country in pd.read_parquet(path, columns=[COUNTRY])[COUNTRY].dropna().astype("str")
    }
    specifications = study_specifications(choices, sorted(countries) or None)
    entries = [entry for path in ledger for entry in read_ledger(path)]
    marks = mark(specifications, entries, frozen_settings(choices, choices.instrument.codebook()))
    write_csv(marked(specs_table(specifications), marks), outputs["specs"])
    write_csv(ledger_table(specifications, entries, marks), outputs["ledger"])
