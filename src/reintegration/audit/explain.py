"""`reintegration explain`: the passport of one number, found without reading all of them.

Imports nothing heavy: a passport is a line of `passports.json`, and the tables beside it are
read as text.
"""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reintegration.errors import StudyError
from reintegration.text import as_it_was

PASSPORTS = "audit/passports.json"
BUILT = (
    "An id is made of specification, term, country and inference:"
    " levels.composite.country.GIN.cr1s-returnee_id, rank.levels.composite.GIN,"
    " trend.within.composite.GIN.cr1s-returnee_id, share.stranded.yes.all"
    " (docs/reference/results.md). results/audit/uses.csv lists those that the report shows."
)
NEAR = 5
MODEL, SUPPRESSED = "model.", "suppressed"


def explain(name: str, folder: str | Path = ".") -> dict[str, Any]:
    """Find everything that is known about a number.

    Parameters
    ----------
    name
        An `estimate_id`; or a `spec_id`, alone or after `model.`; or a `claim_id`.
    folder
        Folder of the study, or its results.

    Returns
    -------
    The passport as `estimate` (empty for a specification or a claim), its `specification`, `run`,
    and `uses`, `claims`, `crosscheck` and `ledger`, as far as they are there.

    Raises
    ------
    StudyError
        If there are no passports, or none of this name; with names that are near.
    """
    results = _results(Path(folder))
    claims = _rows(results / "audit/claims.csv")
    wanted = name.removeprefix(MODEL)
    found = _find(results / PASSPORTS, {name, wanted})
    estimate: dict[str, Any] = found["estimates"].get(name, {})
    if first := estimate.get("same_as"):
        shared = _find(results / PASSPORTS, {first})["estimates"].get(first, {})
        estimate = {**shared, **estimate}
    spec_id = estimate.get("spec_id") or wanted
    specification = found["specifications"].get(spec_id) or (
        _find(results / PASSPORTS, {spec_id})["specifications"].get(spec_id, {})
    )
    claim = next((row for row in claims if row["claim_id"] == name), {})
    if claim:
        parts = _find(results / PASSPORTS, set(claim["estimate_ids"].split()))["estimates"]
        if any(part["status"] == SUPPRESSED for part in parts.values()):
            claim = claim | {"computed": SUPPRESSED}
    if not estimate and not specification and not claim:
        raise StudyError(f"No number of these results is called {name}.", _near(name, results))
    ids = {name, f"{MODEL}{spec_id}"} if not estimate else {name}
    return {
        "id": name,
        "estimate": estimate,
        "spec_id": spec_id if specification else "",
        "specification": specification,
        "claim": claim,
        "run": found["run"],
        "uses": [{"estimate_id": name, "used_in": "table: claims"}]
        if claim
        else [row for row in _rows(results / "audit/uses.csv") if row["estimate_id"] in ids],
        "claims": [
            row["claim_id"] for row in claims if name in (row.get("estimate_ids") or "").split()
        ],
        "crosscheck": [
            row for row in _rows(results / "audit/crosscheck.csv") if row["estimate_id"] == name
        ],
        "ledger": _ledger(results, spec_id) if specification else {},
    }


def _results(folder: Path) -> Path:
    """The results folder: below the study's, or the one that was named."""
    for place in (folder / "results", folder):
        if (place / PASSPORTS).is_file():
            return place
    raise StudyError(
        f"{folder / 'results' / PASSPORTS}: there are no passports yet.",
        ["run the study first: `reintegration study` (or `make study`)"],
    )


def _lines(path: Path) -> Iterator[tuple[str, str, str]]:
    """Go through the lines of passports.json: part, name, and the text of the passport."""
    part = ""
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if line.startswith('{"run":'):
                yield "run", "run", line.rstrip().removesuffix(",").removeprefix('{"run":')
            elif line.endswith('":{\n') and line.count('"') == 2:
                part = line.split('"')[1]
            elif line.startswith('"'):
                name, _, text = line.partition('":')
                yield part, name[1:], text


def _find(path: Path, names: set[str]) -> dict[str, Any]:
    """Read the passports of some names."""
    found: dict[str, Any] = {"run": {}, "specifications": {}, "estimates": {}}
    try:
        for part, name, text in _lines(path):
            if part == "run":
                found["run"] = json.loads(text)
            elif name in names:
                found[part][name] = json.JSONDecoder().raw_decode(text)[0]
    except (json.JSONDecodeError, KeyError, UnicodeDecodeError):
        raise StudyError(
            f"{path}: cannot be read.", ["run the study again: `reintegration study`"]
        ) from None
    return found


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name.casefold()) if word]


def _near(name: str, results: Path) -> list[str]:
    from rapidfuzz import fuzz, process

    from reintegration.countries import find_country

    ids = [known for part, known, _ in _lines(results / PASSPORTS) if part != "run"]
    ids += [row["claim_id"] for row in _rows(results / "audit/claims.csv")]
    said = _words(name)
    wanted = [{word, (find_country(word) or word).casefold()} for word in said]
    # Ids that hold every word, or the code of the country that it names, before those alike.
    holding = [known for known in ids if said and all(w & {*_words(known)} for w in wanted)]
    holding.sort(key=lambda known: (-fuzz.ratio(name.casefold(), known.casefold()), known))
    alike = [known for known, _, _ in process.extract(name, ids, scorer=fuzz.ratio, limit=NEAR)]
    near = list(dict.fromkeys([*holding[:NEAR], *alike]))[:NEAR]
    return [*(f"near: {known}" for known in near), BUILT]


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table as texts; none where there is no such table."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return [
            {name: as_it_was(text or "") for name, text in row.items() if name}
            for row in csv.DictReader(stream)
        ]


def _ledger(results: Path, spec_id: str) -> dict[str, str]:
    """How a specification stands to what was frozen, who froze it, when and knowing what."""
    for row in _rows(results / "audit/ledger.csv"):
        if row["spec_id"] == spec_id:
            names = ("ledger", "frozen_on", "ledger_diff", "frozen_by", "note", "chosen")
            return {name: row.get(name) or "" for name in names}
    return {}
