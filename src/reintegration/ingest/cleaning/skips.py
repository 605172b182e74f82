"""Questions that were asked of some only, by an answer given before."""

from collections.abc import Iterator

import numpy as np

from reintegration.codebook import Item
from reintegration.ingest.cleaning.work import Work


def skipped_answer(work: Work) -> None:
    """A blank where the question was ruled out, and the codebook has an answer for those."""
    if work.cleaning.skipped_answer == "leave":
        return
    for name, item, asked, ruled_out, _ in _conditions(work):
        if item.skipped is None or not work.holds(name):
            continue  # in a file that never asked, the answer would stand for some only
        where = work.ledger.open(ruled_out & work.frame[name].isna().to_numpy())
        if len(where):
            issue = f"follows from the answer to {asked}"
            work.ledger.change(
                where, name, "change_response", "skipped_answer", issue, "", item.skipped
            )
            work.frame.loc[where, name] = item.skipped


def skip_violation(work: Work) -> None:
    """An answer that was ruled out before, or "not to be asked" from those who were asked."""
    for name, item, asked, ruled_out, let_in in _conditions(work):
        answers = work.frame[name]
        given = (answers.notna() & ~answers.isin(work.codebook.nonresponse_codes)).to_numpy()
        skipped = (answers == item.skipped).fillna(False).to_numpy(dtype=bool)
        for wrong, issue in (
            (ruled_out & given & ~skipped, f"not to be asked after this answer to {asked}"),
            (let_in & skipped, f"contradicts the answer to {asked}"),
        ):
            where = work.ledger.open(wrong)
            if work.cleaning.skip_violation == "blank":
                work.blank(where, name, "skip_violation", issue)
            else:
                work.flag(where, name, "skip_violation", issue)


def _conditions(work: Work) -> Iterator[tuple[str, Item, str, np.ndarray, np.ndarray]]:
    """Each condition of each item: its name, what was asked before, and where that rules it out
    and where it lets it in; an answer before that says nothing does neither."""
    for name, item in work.codebook.items.items():
        for asked, allowed in item.asked_if.items():
            if asked not in work.frame:
                continue
            before = work.frame[asked]
            let_in = before.isin(allowed).to_numpy()
            silent = before.isna() | before.isin(work.codebook.nonresponse_codes)
            yield name, item, asked, ~let_in & ~silent.to_numpy(), let_in
