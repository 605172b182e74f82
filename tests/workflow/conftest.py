"""Whole small studies in temporary copies of the checkout."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import daily_life
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from benchmark import copy_of_checkout

from reintegration.codebook import load_codebook

COUNTRIES = ["GIN", "SEN", "MAR", "ETH"]
TINY = {"extends": "demo.yaml", "name": "tiny", "only": COUNTRIES, "size": 0.15}


@dataclass(frozen=True)
class Ran:
    """What a command said, how long processors worked on it, and the memory it took at most."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float
    megabytes: float


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

    def _run(self, *command: str, **environment: str) -> Ran:
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as out,
            tempfile.TemporaryFile("w+", encoding="utf-8") as err,
        ):
            source = {
                "PYTHONPATH": str(self.folder / "src"),
                "OPENBLAS_NUM_THREADS": "1",
                "REINTEGRATION_R": "",  # tests/reference calls R, and CI for the whole study
            }
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=self.folder,
                env={**os.environ, **source, **environment},
                stdout=out,
                stderr=err,
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            seconds = used.ru_utime + used.ru_stime
            megabytes = used.ru_maxrss / 1024
            return Ran(process.returncode, out.read(), err.read(), seconds, megabytes)

    def study(self, **environment: str) -> Ran:
        """Run the study as `make study` does."""
        return self._run("-m", "reintegration", "study", "--cores", "2", **environment)

    def snakemake(self, *arguments: str, **environment: str) -> Ran:
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

    def plan(self) -> None:
        """Plan a study for `in_one_process`."""
        ran = self._run(str(self.folder / "benchmarks/one_process.py"), "plan", str(self.folder))
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def in_one_process(self, *others: "Copy") -> None:
        """Plan and run the study, and others, in one process."""
        in_one_process(self, *others)


def in_one_process(*copies: Copy, **environment: str) -> None:
    """Run every step of some studies in one process: the same calls, in less time."""
    for copy in copies:
        copy.plan()
    script = str(copies[0].folder / "benchmarks/one_process.py")
    copies[0]._run(script, "run", *(str(copy.folder) for copy in copies), **environment)
    # What a test then misses stands in the logs of that study.


def tiny_choices(config: dict[str, Any]) -> None:
    """A study of the tiny world that takes seconds."""
    config["study"]["countries"] = COUNTRIES
    config["data"]["world"] = "worlds/tiny.yaml"
    config["inference"]["bootstrap_draws"] = 99


def few_regressions(config: dict[str, Any]) -> None:
    """Fit each declared regression once, under its first errors: for studies of something else."""
    for part in (*config["specifications"], config["orion"], config["trends"]):
        part.pop("refits", None)
        part.pop("columns", None)
        if isinstance(part["vcov"], list):
            part["vcov"] = part["vcov"][0]


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
    copy = Copy(Path(shutil.copytree(unused.folder, tmp_path / "study")))
    copy.configure(few_regressions)
    return copy


# Studies beside the one that `finished` runs: keys of the world, keys of `study` in config.yaml.
OTHERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "same again": ({}, {}),
    "one country": ({"only": ["GIN"]}, {"countries": ["GIN"]}),
    "no follow-ups": ({"follow_up": {"share": 0}}, {}),
    "no mentoring": ({"mentoring": None}, {}),
}


@pytest.fixture(scope="session")
def others(
    unused: Copy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Copy]]:
    """The other studies, made beside the tests; called with a name, waits and gives that one."""
    base = tmp_path_factory.mktemp("others")
    copies = {}
    for name, (world, study) in OTHERS.items():
        copies[name] = Copy(Path(shutil.copytree(unused.folder, base / name)))
        copies[name].world(**world)
        copies[name].configure(lambda config, study=study: config["study"].update(study))
        if world:
            copies[name].configure(few_regressions)
    pool = ThreadPoolExecutor(max_workers=1)
    made = pool.submit(in_one_process, *copies.values(), PYTHONHASHSEED="2")

    def study_of(name: str) -> Copy:
        made.result()
        logs = (copies[name].folder / "results/logs").glob("*.log")
        said = "\n".join(log.read_text(encoding="utf-8") for log in sorted(logs))
        assert (copies[name].folder / "reports/study.html").is_file(), said
        return copies[name]

    yield study_of
    pool.shutdown()


@pytest.fixture(scope="session")
def finished(
    unused: Copy, others: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Copy, str]:
    """A study of the tiny world, run once as `make study` does, and what it said."""
    folder = tmp_path_factory.mktemp("finished") / "Étude du retour"
    copy = Copy(Path(shutil.copytree(unused.folder, folder)))
    ran = copy.study(HOME="/nonexistent", PYTHONHASHSEED="1")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return copy, ran.stdout


@pytest.fixture
def kept(finished: tuple[Copy, str], tmp_path: Path) -> Iterator[Copy]:
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


@pytest.fixture(scope="session")
def own_key(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the key of pseudonyms of own files lies, for a command's environment."""
    return {"REINTEGRATION_KEY_FILE": str(tmp_path_factory.mktemp("key") / "key")}


@pytest.fixture(scope="session")
def instead(
    unused: Copy, tmp_path_factory: pytest.TempPathFactory, own_key: dict[str, str]
) -> tuple[Copy, str]:
    """A study of the invented instrument alone, run as `make study` does, and what it said."""
    folder = tmp_path_factory.mktemp("instead") / "study"
    copy = Copy(Path(shutil.copytree(unused.folder, folder)))
    codebook = load_codebook(folder / daily_life.ITEMS, folder / daily_life.VARIABLES)
    frame = daily_life.draw_surveys(codebook)
    west = frame["country"].isin(["GIN", "SEN"])
    offices = {"west": daily_life.as_office_writes(frame[west], codebook), "other": frame[~west]}
    daily_life.write_files(folder, offices)
    copy.configure(lambda c: daily_life.configure(c, daily_life.ITEMS, daily_life.SCORES))
    copy.configure(lambda c: c["scoring"].update(nonresponse={"rather_not": "missing"}))
    copy.configure(few_regressions)
    ran = copy.study(**own_key)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return copy, ran.stdout


@pytest.fixture(scope="session")
def beside(unused: Copy, tmp_path_factory: pytest.TempPathFactory, own_key: dict[str, str]) -> Copy:
    """A study of the RSS with the invented instrument beside it, which one office did not ask."""
    folder = tmp_path_factory.mktemp("beside") / "study"
    copy = Copy(Path(shutil.copytree(unused.folder, folder)))
    items = [daily_life.RSS, daily_life.ITEMS]
    codebook = load_codebook([folder / path for path in items], folder / daily_life.VARIABLES)
    frame = daily_life.draw_surveys(codebook)
    files = {code.lower(): part for code, part in frame.groupby("country")}
    files["eth"] = files["eth"].drop(columns=list(codebook.instruments[1].items))
    daily_life.write_files(folder, files)
    scores = ["economic", "composite", *daily_life.SCORES]
    copy.configure(lambda c: daily_life.configure(c, items, scores))
    copy.configure(lambda c: c["scoring"]["nonresponse"].update(rather_not="missing"))
    in_one_process(copy, **own_key)
    return copy
