"""Run the steps of a study one after another in this Python process, without Snakemake.

Snakemake only plans: which script runs with which files and parameters. The same scripts then
make the same package calls here, so that the time is that of the calls alone.

    python benchmarks/one_process.py plan FOLDER        writes FOLDER/jobs.json
    python benchmarks/one_process.py run FOLDER ...     runs them, one study after another
"""

import contextlib
import io
import json
import os
import runpy
import sys
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class Files(list):
    """A list whose entries may bear names, as scripts see `snakemake.input` and the like."""

    def __init__(self, values: Iterable[Any], names: dict[str, Any]):
        super().__init__(values)
        self._names = names

    def __getattr__(self, name: str) -> Any:
        try:
            return self._names[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, key: Any) -> Any:
        return self._names[key] if isinstance(key, str) else super().__getitem__(key)

    def get(self, name: str, default: Any = None) -> Any:
        """Return what bears this name, or the default."""
        return self._names.get(name, default)

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and what bears them."""
        return self._names.items()

    def keys(self) -> Iterable[str]:
        """All names."""
        return self._names.keys()


PARTS = ("input", "output", "params", "log", "wildcards")


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def plan(folder: Path) -> list[dict[str, Any]]:
    """List every job of a study from scratch, in an order in which they can run."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import DAGSettings, OutputSettings, Quietness, ResourceSettings

    os.chdir(folder)
    jobs = []
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1), snakefile=Path("Snakefile")
        )
        with contextlib.redirect_stdout(io.StringIO()):
            workflow.dag(DAGSettings(forceall=True)).summary()
        for level in workflow._workflow.dag.toposorted():
            for job in sorted(level, key=str):
                if not job.rule.script:
                    continue
                parts = {
                    name: {
                        "values": [_plain(value) for value in getattr(job, name)],
                        "names": {key: _plain(value) for key, value in getattr(job, name).items()},
                    }
                    for name in PARTS
                }
                jobs.append({"rule": job.rule.name, **parts})
    return jobs


def run(folder: Path, jobs: list[dict[str, Any]]) -> None:
    """Run jobs as planned."""
    os.chdir(folder)
    sys.path.insert(0, str(Path("src").resolve()))
    for job in jobs:
        for path in [*job["output"]["values"], *job["log"]["values"]]:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        snakemake = SimpleNamespace(
            rule=job["rule"],
            threads=1,
            **{name: Files(job[name]["values"], job[name]["names"]) for name in PARTS},
        )
        runpy.run_path(f"workflow/scripts/{job['rule']}.py", {"snakemake": snakemake})


def run_all(folders: list[Path]) -> int:
    """Run studies planned as `jobs.json` in their folders; return how many failed."""
    failed = 0
    for folder in folders:
        try:
            run(folder, json.loads((folder / "jobs.json").read_text(encoding="utf-8")))
        except (Exception, SystemExit):
            # What it was stands in the step's log; the other studies are none the worse.
            print(f"{folder}: a step failed", file=sys.stderr)
            failed += 1
    return failed


if __name__ == "__main__":
    named = [Path(name).resolve() for name in sys.argv[2:]]
    if sys.argv[1] == "plan":
        (named[0] / "jobs.json").write_text(json.dumps(plan(named[0])), encoding="utf-8")
    else:
        sys.exit(run_all(named) > 0)
