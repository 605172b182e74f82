"""R where it is installed: its numbers of today held against those that are stored."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest


def need_r(packages: Sequence[str]) -> str:
    """Find Rscript; the test is skipped where R or one of its packages is not installed."""
    rscript = shutil.which("Rscript")
    load = "; ".join(f"library({package})" for package in packages)
    if rscript is None or subprocess.run([rscript, "-e", load], capture_output=True).returncode:
        pytest.skip(f"R with {', '.join(packages)} is not installed")
    return rscript


def run_r(script: Path, arguments: Sequence[str | Path], packages: Sequence[str]) -> None:
    """Run an R script; the test is skipped where R or one of its packages is not installed."""
    rscript = need_r(packages)
    done = subprocess.run([rscript, script, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def assert_same(path: Path, stored: Any, rel: float, abs: float) -> None:
    """Compare the JSON file that R wrote with the numbers stored, name by name."""
    live, kept = dict(_flat(json.loads(path.read_text()))), dict(_flat(stored))
    assert live.keys() == kept.keys()
    for name, value in kept.items():
        if isinstance(value, str):
            assert live[name] == value, name
        else:
            assert live[name] == pytest.approx(value, rel=rel, abs=abs), name


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _flat(part, f"{name}.{place}")
    else:
        yield name, value
