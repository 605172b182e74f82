"""The same returnee under two case numbers, or under none: candidates, decisions, and one rule.

Names are never used. Returnees of one country are compared by what stays the same between
surveys (`KEYS`). The weight of a key that agrees follows Fellegi and Sunter (1969, A theory for
record linkage, JASA 64): log2(m / u), with m the share of true pairs that agree (chosen: 0.95)
and u the share of the country's other returnees that agree by chance, so that a rare value tells
more than a common one; of a key that differs log2((1 - m) / (1 - u)); of an unknown one 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reintegration.ingest.columns import LOCATION, RETURNEE
from reintegration.ingest.decisions import (
    MATCHES,
    DecisionError,
    Decisions,
    same_returnees,
)
from reintegration.ingest.ledger import LOG_COLUMNS, Ledger

BIRTH = "birth_year"
KEYS = ("return_date", LOCATION, BIRTH, "sex", "returned_from", "months_abroad")
NUMBERLESS = "U"  # first letter of who has no case number
BY_HAND, BY_RULE = "match_decision", "all_keys_unique"
# Pairs are looked for among returnees who share all keys of one of these; the first is the rule's.
BLOCKS: tuple[tuple[str, ...], ...] = (
    tuple(key for key in KEYS if key != BIRTH),
    ("return_date", "sex", BIRTH),
    ("return_date", LOCATION, "sex"),
    ("return_date", LOCATION, BIRTH),
    tuple(key for key in KEYS if key != "return_date"),
)
LARGEST_BLOCK = 20  # returnees; more share such common values that no pair would stand out
AGREE_IN_TRUTH = 0.95
FEWEST_AGREEING = 4
MOST_DIFFERING = 1
MARGIN = 3.0  # bits beyond log2(returnees of the country): eight to one that it is no chance
CANDIDATE_COLUMNS = [
    *["country", "returnee_id", "same_as", "source", "row", "same_as_source", "same_as_row"],
    *["agree", "differ", "unknown", "score", "candidates", "merged"],
]


def join_decided(
    frame: pd.DataFrame, decisions: Decisions, ledger: Ledger
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Give the rows of one source the returnee that a decision names.

    Returns
    -------
    tuple
        The rows with their returnee_id, and of all that decisions name what was found here, with
        its country.

    Raises
    ------
    DecisionError
        With every line that names a row which is not there, or has a case number.
    """
    matches = decisions.matches
    here = ledger.excluded == ""
    ids = frame[RETURNEE].astype("str")
    countries = frame["country"].astype("str").fillna("")
    places: dict[str, np.ndarray] = {}
    problems = []
    for match in matches:
        if match.row is None or match.source != ledger.source:
            continue
        at = np.flatnonzero((ledger.rows == match.row) & here)
        path = f"{decisions.folder / MATCHES}: line {match.line}"
        if not len(at):
            problems.append(f"{path}: source {match.source} has no row {match.row} with a survey")
        elif not str(ids.iloc[at[0]]).startswith(NUMBERLESS):
            problems.append(f"{path}: row {match.row} has a case number; name its returnee_id")
        places[match.who] = at
    if problems:
        raise DecisionError("Decisions by hand no longer fit the data.", problems)
    named = {match.who for match in matches} | {match.same_as for match in matches}
    at = np.flatnonzero(ids.isin(list(named)).to_numpy() & here)
    found = dict(zip(ids.iloc[at], countries.iloc[at], strict=True))
    found |= {who: countries.iloc[at[0]] for who, at in places.items()}
    ends = same_returnees(matches)
    new = ids.copy()
    for match in matches:
        if not match.same:
            continue
        at = places.get(match.who, np.flatnonzero((ids == match.who).to_numpy() & here))
        issue = f"{match.initials}: {ledger.shown_note(match.note)}"
        end = ends[match.who]
        ledger.change(at, RETURNEE, "change_response", BY_HAND, issue, ids.iloc[at], end)
        new.iloc[at] = end
    return frame.assign(**{RETURNEE: new}), found


def check_found(decisions: Decisions, found: Sequence[dict[str, str]], complete: bool) -> None:
    """Check that every returnee whom a decision names is there, and that pairs share a country.

    Parameters
    ----------
    found
        Of each source, as `join_decided` gives it.
    complete
        Whether all sources were read; else who is missing may stand in another.

    Raises
    ------
    DecisionError
        With every line that does not fit.
    """
    countries: dict[str, str] = {}
    for part in found:
        countries |= part
    problems = []
    for match in decisions.matches:
        line = f"{decisions.folder / MATCHES}: line {match.line}"
        sides = [who for who in (match.who, match.same_as) if who not in countries]
        if complete:
            problems += [f"{line}: no source holds a survey of {who}" for who in sides]
        if not sides and countries[match.who] != countries[match.same_as]:
            problems.append(
                f"{line}: {match.who} returned to {countries[match.who] or 'no known country'} and "
                f"{match.same_as} to {countries[match.same_as]}; they are two returnees"
            )
    if problems:
        raise DecisionError("Decisions by hand no longer fit the data.", problems)


@dataclass(frozen=True)
class Matched:
    """What matching found among all sources.

    Attributes
    ----------
    candidates
        As `results/clean/matches.csv`, best first within a country.
    returnees
        Whom the rule merged: returnee_id -> the returnee_id it becomes.
    skipped
        How many blocks were too large to compare, and returnees in the largest.
    """

    candidates: pd.DataFrame
    returnees: dict[str, str]
    skipped: tuple[int, int]


@dataclass(frozen=True)
class _Persons:
    """Returnees, one per place: numbers that stand for their keys, -1 where unknown, shape (n,)."""

    ids: np.ndarray
    first_row: np.ndarray
    country: np.ndarray
    keys: dict[str, np.ndarray]
    exact: np.ndarray  # whether the year of birth was stated, not made of an age


def find_matches(rows: pd.DataFrame, rule: str, decisions: Decisions) -> Matched:
    """List pairs that may be one returnee, and merge those that the rule allows.

    Parameters
    ----------
    rows
        Surveys in order of source and row: source, row, returnee_id, country, survey_date and
        keys. Who has no case number bears an id that begins with U.
    rule
        none, or all_keys_unique: two returnees are one when all keys are known and agree, no
        third agrees with either, and they have no survey on the same day in the same source.
    decisions
        Pairs decided on as different are neither listed nor merged.
    """
    persons = _persons(rows)
    weights = _Weights(persons)
    parts, full, skipped = [], [], []
    for number, names in enumerate(BLOCKS):
        order, sizes = _blocks(persons, names)
        skipped += sizes[sizes > LARGEST_BLOCK].tolist()
        for left, right in _pairs(order, sizes):
            agree, known = _agreement(persons, left, right)
            if number == 0:
                all_agree = agree.all(axis=1)
                full.append(np.column_stack([left, right])[all_agree])
            enough = (agree.sum(axis=1) >= FEWEST_AGREEING) & (
                (known & ~agree).sum(axis=1) <= MOST_DIFFERING
            )
            score = np.full(len(left), -np.inf)
            score[enough] = weights.score(left[enough], right[enough], agree[enough], known[enough])
            listed = score >= weights.least[left]
            parts.append(np.column_stack([left, right])[listed])
    pairs = _different_from(_unique(parts), persons, decisions)
    complete = _different_from(_unique(full), persons, decisions)
    merged = _unique_partners(complete, persons, rows) if rule == BY_RULE else complete[:0]
    pairs = _unique([pairs, merged])
    candidates = _described(pairs, merged, persons, weights, rows)
    table = candidates[candidates["merged"] != ""]
    returnees = dict(zip(table["returnee_id"], table["same_as"], strict=True))
    return Matched(candidates, returnees, (len(skipped), max(skipped, default=0)))


def _persons(rows: pd.DataFrame) -> _Persons:
    """What is known of each returnee: of every key the first that is known, in order of rows."""
    code, ids = pd.factorize(rows[RETURNEE])
    keys = {
        name: _first_known(code, pd.factorize(rows[name])[0], len(ids))
        if name in rows
        else np.full(len(ids), -1, dtype="int32")
        for name in KEYS
        if name != BIRTH
    }
    stated = _first_known(code, _whole(rows.get(BIRTH), len(rows)), len(ids))
    age = rows.get("age")
    year = None if age is None else rows["survey_date"].dt.year - np.floor(age)
    by_age = _first_known(code, _whole(year, len(rows)), len(ids))
    keys[BIRTH] = np.where(stated >= 0, stated, by_age)
    country = _first_known(code, pd.factorize(rows["country"])[0], len(ids))
    first = np.unique(code, return_index=True)[1]
    return _Persons(np.asarray(ids, dtype=object), first, country, keys, stated >= 0)


def _whole(values: pd.Series | None, count: int) -> np.ndarray:
    """Whole numbers, -1 where there is none."""
    if values is None:
        return np.full(count, -1, dtype="int32")
    return values.fillna(-1).to_numpy(dtype=float).astype("int32")


def _first_known(code: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Of each group the first value that is not -1, shape (count,)."""
    known = np.flatnonzero(values >= 0)[::-1]
    found = np.full(count, -1, dtype="int32")
    found[code[known]] = values[known]  # of several the last one stays, which is the first row
    return found


def _blocks(persons: _Persons, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Returnees in order of blocks, and the size of each block.

    A year of birth may be off by one: who was born in a year stands in its block and in that of
    the year after, so that two who are a year apart meet.
    """
    known = persons.country >= 0
    for name in names:
        known &= persons.keys[name] >= 0
    who = np.flatnonzero(known)
    key = persons.country[who].astype("int64")
    for name in names:
        if name != BIRTH:
            key = _combined(key, persons.keys[name][who])
    if BIRTH in names:
        year = persons.keys[BIRTH][who]
        who = np.concatenate([who, who])
        key = _combined(np.concatenate([key, key]), np.concatenate([year, year + 1]))
    order = np.lexsort((who, key))
    return who[order], np.unique(key, return_counts=True)[1]


def _combined(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """One number for each different pair of numbers."""
    place = np.unique(left, return_inverse=True)[1]
    return place.astype("int64") * (int(right.max(initial=0)) + 1) + right


def _pairs(order: np.ndarray, sizes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All pairs within blocks that are not too large, some at a time."""
    block = np.repeat(np.arange(len(sizes)), sizes)
    small = np.repeat(sizes, sizes) <= LARGEST_BLOCK
    order, block = order[small], block[small]
    for apart in range(1, LARGEST_BLOCK):
        same = np.flatnonzero(block[apart:] == block[:-apart])
        if not len(same):
            return
        yield order[same], order[same + apart]


def _agreement(
    persons: _Persons, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each key agrees, and whether it is known of both, shape (pairs, keys)."""
    agree = np.empty((len(left), len(KEYS)), dtype=bool)
    known = np.empty_like(agree)
    for place, name in enumerate(KEYS):
        one, other = persons.keys[name][left], persons.keys[name][right]
        known[:, place] = (one >= 0) & (other >= 0)
        apart = np.abs(one - other)
        allowed = ~(persons.exact[left] & persons.exact[right]) if name == BIRTH else 0
        agree[:, place] = known[:, place] & (apart <= allowed)
    return agree, known


class _Weights:
    """What agreement on each value weighs, and the score from which a pair is listed."""

    def __init__(self, persons: _Persons):
        self.persons = persons
        counts = np.bincount(np.maximum(persons.country, 0))
        self.least = np.log2(counts)[np.maximum(persons.country, 0)] + MARGIN
        self.chance = np.column_stack([self._chance(name) for name in KEYS])

    def _chance(self, name: str) -> np.ndarray:
        """Share of the country's others that agree with a returnee, shape (n,)."""
        values, country = self.persons.keys[name].astype("int64"), self.persons.country
        known = (values >= 0) & (country >= 0)
        width = int(values.max(initial=0)) + 3
        cell = np.where(known, country * width + values + 1, 0)
        different, place, size = np.unique(cell[known], return_inverse=True, return_counts=True)
        alike = size.astype(float)
        if name == BIRTH:  # a year before and after agrees as well
            for apart in (-1, 1):
                at = np.searchsorted(different, different + apart).clip(0, len(different) - 1)
                alike += np.where(different[at] == different + apart, size[at], 0)
        asked = np.bincount(np.maximum(country, 0), weights=known)
        share = np.full(len(values), 0.5)
        share[known] = (alike[place] - 1) / asked[country[known]]
        return share.clip(1e-9, 1 - 1e-9)

    def score(
        self, left: np.ndarray, right: np.ndarray, agree: np.ndarray, known: np.ndarray
    ) -> np.ndarray:
        """Bits that speak for one returnee, shape (pairs,)."""
        chance = np.maximum(self.chance[left], self.chance[right])
        weight = np.where(
            agree,
            np.log2(AGREE_IN_TRUTH / chance),
            np.where(known, np.log2((1 - AGREE_IN_TRUTH) / (1 - chance)), 0.0),
        )
        return weight.sum(axis=1)


def _unique(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Different pairs, the smaller place first, shape (pairs, 2)."""
    joined = np.concatenate([np.zeros((0, 2), dtype="int64"), *parts]).astype("int64")
    return np.unique(np.sort(joined, axis=1), axis=0)


def _different_from(pairs: np.ndarray, persons: _Persons, decisions: Decisions) -> np.ndarray:
    """Pairs without those that were decided on as different, and of which none has a number."""
    ends = same_returnees(decisions.matches)
    place = {}
    named = [m for m in decisions.matches if not m.same]
    ids = pd.Series(persons.ids)
    for who in {ends.get(w, w) for m in named for w in (m.who, m.same_as)}:
        if len(at := np.flatnonzero((ids == who).to_numpy())):
            place[who] = int(at[0])
    apart = {
        tuple(sorted((place[one], place[other])))
        for match in named
        for one, other in [(ends.get(match.who, match.who), ends.get(match.same_as, match.same_as))]
        if one in place and other in place
    }
    numberless = ids.str.startswith(NUMBERLESS).to_numpy(dtype=bool)
    fine = ~(numberless[pairs[:, 0]] & numberless[pairs[:, 1]])
    fine &= np.array([tuple(pair) not in apart for pair in pairs.tolist()], dtype=bool)
    return pairs[fine]


def _unique_partners(pairs: np.ndarray, persons: _Persons, rows: pd.DataFrame) -> np.ndarray:
    """Pairs of which neither agrees with a third, and that were not surveyed on the same day."""
    partners = np.bincount(pairs.ravel(), minlength=len(persons.ids))
    pairs = pairs[(partners[pairs] == 1).all(axis=1)]
    if not len(pairs):
        return pairs
    number = pd.Series(np.repeat(np.arange(len(pairs)), 2), persons.ids[pairs.ravel()])
    mine = rows[rows[RETURNEE].isin(number.index)]
    pair = mine[RETURNEE].map(number)
    returnees = mine[RETURNEE].groupby([pair, mine["source"], mine["survey_date"]]).nunique()
    torn = returnees[returnees > 1].index.get_level_values(0).unique()
    return np.delete(pairs, np.asarray(torn, dtype=int), axis=0)


def _described(
    pairs: np.ndarray,
    merged: np.ndarray,
    persons: _Persons,
    weights: _Weights,
    rows: pd.DataFrame,
) -> pd.DataFrame:
    """One line per pair; who has no case number, or was first surveyed later, stands first."""
    ids = persons.ids[pairs]
    numberless = pd.DataFrame(ids).astype("str").apply(lambda side: side.str.startswith(NUMBERLESS))
    numberless = numberless.to_numpy(dtype=bool)
    day = rows["survey_date"].to_numpy()[persons.first_row[pairs]].astype("datetime64[D]")
    turned = np.where(
        numberless.any(axis=1), numberless[:, 1], ~numberless[:, 0] & (day[:, 1] > day[:, 0])
    )
    left = np.where(turned, pairs[:, 1], pairs[:, 0])
    right = np.where(turned, pairs[:, 0], pairs[:, 1])
    agree, known = _agreement(persons, left, right)
    count = np.bincount(pairs.ravel(), minlength=len(persons.ids))
    by_rule = {tuple(pair) for pair in merged.tolist()}
    names = np.array([key.removesuffix("_id") for key in KEYS], dtype=object)
    one, other = (rows.iloc[persons.first_row[side]] for side in (left, right))
    table = pd.DataFrame(
        {
            "country": one["country"].astype("str").to_numpy(),
            RETURNEE: persons.ids[left],
            "same_as": persons.ids[right],
            "source": one["source"].to_numpy(),
            "row": one["row"].to_numpy(),
            "same_as_source": other["source"].to_numpy(),
            "same_as_row": other["row"].to_numpy(),
            "agree": [" ".join(names[line]) for line in agree],
            "differ": [" ".join(names[line]) for line in known & ~agree],
            "unknown": [" ".join(names[line]) for line in ~known],
            "score": weights.score(left, right, agree, known).round(1),
            "candidates": np.maximum(count[left], count[right]),
            "merged": [BY_RULE if tuple(pair) in by_rule else "" for pair in pairs.tolist()],
        },
        columns=CANDIDATE_COLUMNS,
    )
    order = ["country", "score", RETURNEE, "same_as"]
    return table.sort_values(order, ascending=[True, False, True, True], ignore_index=True)


def merge_log(rows: pd.DataFrame, where: np.ndarray, old: pd.Series) -> pd.DataFrame:
    """Lines of the cleaning log for surveys (places) that the rule gave another returnee."""
    return pd.DataFrame(
        {
            **{name: rows[name].iloc[where] for name in ("source", "row", "survey_id")},
            "question": RETURNEE,
            "old_value": old.iloc[where],
            "new_value": rows[RETURNEE].iloc[where],
            "change_type": "change_response",
            "rule": BY_RULE,
            "issue": "all keys known and the same, and of no third returnee",
        },
        columns=LOG_COLUMNS,
    )
