"""The ledger in git: each committed version must be the beginning of the next.

A file alone cannot tell that lines were taken off its end. Where the folder is a git checkout, its
commits can.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from reintegration.audit.ledger import LEDGER


@dataclass(frozen=True)
class History:
    """What git knows of the ledger.

    Attributes
    ----------
    checked
        Committed versions held against the file, or None outside a git checkout.
    problem
        What is wrong, or empty.
    note
        What else is to be said: a ledger begun anew, a history that is cut off.
    """

    checked: int | None
    problem: str = ""
    note: str = ""


def check_history(folder: Path) -> History:
    """Hold the ledger of a folder against every version of it that was committed."""
    commits = _commits(folder)
    if commits is None:
        return History(None, note="not a git checkout: lines taken off the end go unnoticed")
    path = folder / LEDGER
    later, name, checked = (path.read_bytes() if path.exists() else b""), "the file", 0
    for commit, date in commits:
        version = _git(folder, "show", f"{commit}:./{LEDGER}")
        if version is None:  # taken away in this commit: what is older is another ledger
            if checked or later:
                return History(checked, note=f"begun anew: commit {commit[:10]} of {date} took an"
                               " older ledger away, which git still holds")  # fmt: skip
            return History(checked)
        if not later.startswith(version):
            kept = "is not there any more" if not later else "is not the beginning of"
            problem = f"what was committed in {commit[:10]} on {date} {kept}"
            return History(checked, problem if not later else f"{problem} {name}")
        later, name, checked = version, f"what was committed in {commit[:10]}", checked + 1
    shallow = (_git(folder, "rev-parse", "--is-shallow-repository") or b"").strip() == b"true"
    note = "the checkout holds a part of the history only" if shallow else ""
    return History(checked, note=note)


def git_name(folder: Path) -> str:
    """The name by which commits are made here; empty where there is none."""
    return (_git(folder, "config", "user.name") or b"").decode("utf-8", errors="replace").strip()


def _commits(folder: Path) -> list[tuple[str, str]] | None:
    """Commits of this branch that touched the ledger, newest first, with their days."""
    if _git(folder, "rev-parse", "--is-inside-work-tree") is None:
        return None
    said = _git(
        folder, "log", "--first-parent", "--diff-merges=first-parent", "--format=%H %cs",
        "--", str(LEDGER),
    )  # fmt: skip
    lines = (said or b"").decode().splitlines()
    return [(commit, date) for commit, _, date in (line.partition(" ") for line in lines)]


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git says; None where it fails or is not installed."""
    try:
        ran = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True)
    except OSError:
        return None
    return ran.stdout if ran.returncode == 0 else None
