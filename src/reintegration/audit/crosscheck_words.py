"""What came of the cross-check, in a few lines; light to import."""

import csv
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from reintegration.errors import StudyError

OUT = "results/audit/crosscheck.csv"
SHOWN = 10  # disagreements told one by one
REASONS = 3  # why estimates were not checked: those that hold for most
ALONE = "the estimate alone is compared"

Rows = Sequence[Mapping[str, str]]


def read_rows(root: Path) -> list[dict[str, str]]:
    """Read the cross-check of a study.

    Raises
    ------
    StudyError
        If the study has none yet.
    """
    if not (root / OUT).exists():
        raise StudyError(
            "There is no finished study to read from: run `make study` first.", [str(root / OUT)]
        )
    with (root / OUT).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def in_words(rows: Rows) -> list[str]:
    """Say how many estimates R gave, how many agree, and what was not checked and why."""
    checked = [row for row in rows if row["status"] == "checked"]
    wrong = [row for row in checked if row["agrees"] == "no"]
    lines = []
    if checked:
        version = next((row["engine"].split(" with ")[0] for row in checked if row["engine"]), "R")
        lines.append(
            f"Cross-check: {len(checked):,} estimates fitted again by {version},"
            f" {len(checked) - len(wrong):,} agree."
        )
    if alone := sum(ALONE in row["reason"] for row in checked):
        lines += _wrap(
            f"Of {alone:,} the estimate alone is compared: R has no such standard error ({OUT})."
        )
    lines += _not_checked([row["reason"] for row in rows if row["status"] != "checked"])
    for row in wrong[:SHOWN]:
        reason = f": {row['reason']}" if row["reason"] else ""
        numbers = f"{row['ours']} ({row['ours_std_error']}), R {row['estimate']}"
        lines += _wrap(f"R DISAGREES: {row['estimate_id']}: {numbers} ({row['std_error']}){reason}")
    if len(wrong) > SHOWN:
        lines.append(f"R DISAGREES with {len(wrong) - SHOWN:,} more: {OUT}")
    return lines


def _not_checked(reasons: Sequence[str]) -> list[str]:
    """Say how many estimates were not checked, and the reasons that hold for most."""
    counted = sorted(Counter(reasons).items(), key=lambda one: (-one[1], one[0]))
    lines = [
        f"NOT CROSS-CHECKED: {count:,} estimate{'s' if count > 1 else ''}: {reason}."
        for reason, count in counted[:REASONS]
    ]
    if rest := counted[REASONS:]:
        more = sum(count for _, count in rest)
        lines.append(f"NOT CROSS-CHECKED: {more:,} more for {len(rest)} other reason(s): {OUT}.")
    return [line for one in lines for line in _wrap(one)]


def disagrees(rows: Rows) -> bool:
    """Whether R has another number for any estimate."""
    return any(row["agrees"] == "no" for row in rows)


def unfinished(rows: Rows) -> bool:
    """Whether anything was not checked because R, a package or a result of R is not there."""
    return any(row["status"] != "checked" for row in rows)


def _wrap(line: str) -> list[str]:
    return textwrap.wrap(line, 92, subsequent_indent="  ", break_long_words=False)
