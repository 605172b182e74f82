"""What a run was made with: software, commit, code, choices, seed and data. No clock."""

import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Packages that numbers can depend on.
PACKAGES = (
    *("numpy", "scipy", "pandas", "statsmodels", "linearmodels", "pyarrow", "pydantic"),
    *("matplotlib", "seaborn", "snakemake"),
)
ROOMS = ("ingest", "scoring", "estimation", "studies", "audit", "report", "simulation")


def describe_run(
    choices: Mapping[str, Any], data: Mapping[str, str | Path], root: str | Path = "."
) -> dict[str, Any]:
    """Describe what results are made with.

    Parameters
    ----------
    choices
        The whole configuration, plain.
    data
        Files that the numbers are made from, by name.
    root
        Folder of the checkout.
    """
    root = Path(root)
    commit, changed = git_state(root)
    text = json.dumps(choices, sort_keys=True, ensure_ascii=False, default=str)
    lock = root / "uv.lock"
    return {
        "software": {"python": platform.python_version(), **_versions()},
        "commit": commit,
        "changed_files": changed,
        "code": code_of_rooms(Path(__file__).resolve().parents[1]),
        "seed": choices["inference"]["seed"],
        "confidence_level": choices["inference"]["confidence_level"],
        "config_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "data": {name: _sha256(Path(path)) for name, path in data.items()},
        "lock_sha256": _sha256(lock) if lock.is_file() else "",
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def code_of_rooms(package: Path) -> dict[str, str]:
    """Hash the modules of each room: 12 hexadecimal digits."""
    found = {}
    for room in ROOMS:
        digest = hashlib.sha256()
        for path in sorted((package / room).rglob("*.py")):
            digest.update(f"{path.relative_to(package).as_posix()}\n".encode())
            digest.update(path.read_bytes())
        found[room] = digest.hexdigest()[:12]
    return found


def git_state(root: Path) -> tuple[str, bool | None]:
    """Name the commit of a checkout, and say whether tracked files differ from it.

    The commit is empty outside a checkout; whether files differ is None where git is not
    installed or refuses to say.
    """
    commit = _commit(root)
    if not commit:
        return "", None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "status", "--porcelain", "--untracked-files=no"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return commit, None
    return commit, None if done.returncode else bool(done.stdout.strip())


def _commit(root: Path) -> str:
    """Read the commit from the files of git, which need not be installed; else it is empty."""
    try:
        folder = root / ".git"
        if folder.is_file():  # a linked work tree
            text = folder.read_text(encoding="utf-8").strip().removeprefix("gitdir:").strip()
            folder = root / text
        head = (folder / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref:"):
            return head
        name = head.removeprefix("ref:").strip()
        common = folder / "commondir"
        shared = folder / common.read_text(encoding="utf-8").strip() if common.is_file() else folder
        for place in (folder, shared):
            if (place / name).is_file():
                return (place / name).read_text(encoding="utf-8").strip()
        for line in (shared / "packed-refs").read_text(encoding="utf-8").splitlines():
            if line.endswith(f" {name}"):
                return line.split()[0]
    except (OSError, UnicodeDecodeError, IndexError):
        return ""  # no checkout of git, or one that cannot be read: the passport says so
    return ""
