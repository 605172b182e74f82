"""What was planned before results were seen, in a sentence or two."""

import pandas as pd

from reintegration.report.language import is_missing
from reintegration.report.select import is_refit
from reintegration.report.story.common import Sentences
from reintegration.report.wording import Words

# Regressions that no entry of `specifications` declares, by the first part of their names.
UNDECLARED = {"orion": "effects", "orion_mean": "means", "orion_change": "changes",
              "trend": "slopes"}  # fmt: skip
KINDS = ("declared", "columns", "refits", *UNDECLARED.values())
MARKS = ("as_planned", "amended", "added_later", "withdrawn")


def ledger(words: Words) -> Sentences:
    """How many regressions are as they were frozen, and whether results had been seen by then."""
    table = words.frames["ledger"]
    marks = table["ledger"].value_counts()
    frozen = table[table["ledger"].isin(["as_planned", "amended", "withdrawn"])]
    if frozen.empty:
        yield words.say("ledger.none")
        return
    parts = [
        words.say(f"ledger.{mark}", number=words.whole(int(marks.get(mark, 0)))) for mark in MARKS
    ]
    first = frozen.sort_values("frozen_on", kind="stable").iloc[0]
    seen = "" if is_missing(first["results_seen"]) else str(first["results_seen"])
    yield words.say("ledger.counts", date=str(first["frozen_on"]), list=words.join(parts))
    yield from _counted(words)
    yield words.say("ledger.seen" if seen.startswith("yes") else "ledger.unseen")
    if seen.endswith("simulated data"):
        yield words.say("ledger.simulated")


def _counted(words: Words) -> Sentences:
    """What the number of regressions counts: one for each outcome, of each kind."""
    specs = words.frames["specs"]
    columns = {n for one in words.settings.specifications for n in one.get("columns") or ()}
    kinds = _kinds(specs, columns)
    parts = [
        words.say(f"ledger.kinds.{kind}", number=words.whole(int(number)))
        for kind, number in kinds.value_counts().reindex(KINDS).dropna().items()
    ]
    if parts:
        yield words.say("ledger.counted", number=words.whole(len(specs)), list=words.join(parts))


def _kinds(specs: pd.DataFrame, columns: set[str]) -> pd.Series:
    """What each regression is: declared, a shorter column of one, a refit, ORION's, a trendline."""
    own = specs["spec_id"].astype(str).str.partition(".")[0]
    kinds = own.map(UNDECLARED).fillna("declared").mask(own.isin(columns), "columns")
    return kinds.mask(is_refit(specs).to_numpy(dtype=bool), "refits")
