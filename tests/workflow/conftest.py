"""Whole small studies in temporary copies of the checkout."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from benchmark import copy_of_checkout

COUNTRIES = ["GIN", "SEN", "MAR", "ETH"]
TINY = {"extends": "demo.yaml", "name": "tiny", "only": COUNTRIES, "size": 0.15}


@dataclass(frozen=True)
class Copy:
    """A copy of the checkout that a test may run and change."""

    folder: Path

    def configure(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change config.yaml as data."""
        path = self.folder / "config.yaml"
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(config)
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    def world(self, **keys: Any) -> None:
        """Study the tiny world with other keys."""
        world = {**TINY, **keys}
        path = self.folder / "worlds/tiny.yaml"
        path.write_text(yaml.safe_dump(world, sort_keys=False), encoding="utf-8")

    def _run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        source = str(self.folder / "src")
        return subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": source, "OPENBLAS_NUM_THREADS": "1", **environment},
            capture_output=True,
            text=True,
        )

    def study(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the study as `make study` does."""
        return self._run("-m", "reintegration", "study", "--cores", "2", **environment)

    def snakemake(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Call Snakemake by itself."""
        return self._run("-m", "snakemake", "--nocolor", *arguments, **environment)

    def would_run(self) -> dict[str, int]:
        """Which rules an edit makes run again, and how many jobs of each."""
        said = self.snakemake("--dry-run")
        assert said.returncode == 0, said.stderr
        text = said.stdout + said.stderr
        table = re.search(r"Job stats:\n.*?\n[- ]+\n(.*?)\ntotal", text, re.DOTALL)
        rows = [line.split() for line in table[1].splitlines()] if table else []
        return {name: int(count) for name, count in rows if name != "all"}

    def in_one_process(self, **environment: str) -> None:
        """Run every step of the study in one process: the same calls, in less time."""
        jobs = str(self.folder / "jobs.json")
        for action in ("plan", "run"):
            script = str(self.folder / "benchmarks/one_process.py")
            ran = self._run(script, action, str(self.folder), jobs, **environment)
            assert ran.returncode == 0, ran.stdout + ran.stderr


def tiny_choices(config: dict[str, Any]) -> None:
    """A study of the tiny world that takes seconds."""
    config["study"]["countries"] = COUNTRIES
    config["data"]["world"] = "worlds/tiny.yaml"
    config["inference"]["bootstrap_draws"] = 99


@pytest.fixture(scope="session")
def unused(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of the checkout set to the tiny world; nothing is ever run in it."""
    copy = Copy(copy_of_checkout(tmp_path_factory.mktemp("unused") / "study"))
    copy.world()
    copy.configure(tiny_choices)
    return copy


@pytest.fixture
def tiny(unused: Copy, tmp_path: Path) -> Copy:
    """A copy set to the tiny world, for a test to run and change."""
    return Copy(Path(shutil.copytree(unused.folder, tmp_path / "study")))


@pytest.fixture(scope="session")
def finished(unused: Copy, tmp_path_factory: pytest.TempPathFactory) -> tuple[Copy, str]:
    """A study of the tiny world, run once as `make study` does, and what it said."""
    folder = tmp_path_factory.mktemp("finished") / "Étude du retour"
    copy = Copy(Path(shutil.copytree(unused.folder, folder)))
    ran = copy.study(HOME="/nonexistent", PYTHONHASHSEED="1")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return copy, ran.stdout


@pytest.fixture
def kept(finished: tuple[Copy, str], tmp_path: Path) -> Copy:
    """The finished study, put back as it was after the test has changed it."""
    copy, _ = finished
    kept = tmp_path / "kept"
    named = ["config.yaml", "src", "worlds", "data/demo"]
    for name in named:
        source = copy.folder / name
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, kept / name)
        else:
            shutil.copy2(source, kept / name)
    yield copy
    for name in named:
        target = copy.folder / name
        if target.is_dir():
            shutil.copytree(kept / name, target, dirs_exist_ok=True)
        else:
            shutil.copy2(kept / name, target)
