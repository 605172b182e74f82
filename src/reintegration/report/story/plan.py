"""What was planned before results were seen, in a sentence or two."""

from reintegration.report.language import is_missing
from reintegration.report.story.common import Sentences
from reintegration.report.wording import Words

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
    yield words.say("ledger.seen" if seen.startswith("yes") else "ledger.unseen")
    if seen.endswith("simulated data"):
        yield words.say("ledger.simulated")
