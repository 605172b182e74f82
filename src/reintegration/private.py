"""Files that only their owner can read: what is known about single persons."""

import os
from pathlib import Path

FILE, FOLDER = 0o600, 0o700


def private_file(path: str | Path) -> Path:
    """Make a file, before anything is written to it, one that its owner alone can read."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(FILE)
    if os.name == "posix":
        path.chmod(FILE)  # it may have been there, with other permissions
    return path


def private_folder(path: str | Path) -> Path:
    """Make a folder, whether it is there or not, one that its owner alone can enter."""
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    if os.name == "posix":
        path.chmod(FOLDER)
    return path
