"""Time the study from scratch against the same package calls made in one Python process.

Both run in a temporary copy of the checkout, with the environment that runs this script.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", ".cache", ".snakemake", "results", "reports", "demo", "__pycache__"
)


def copy_of_checkout(folder: Path) -> Path:
    """Copy what the repository holds, without anything made."""
    return Path(shutil.copytree(ROOT, folder, ignore=LEFT_BEHIND))


@dataclass(frozen=True, order=True)
class Times:
    """Seconds by the clock, and seconds that processors worked; far apart on a busy machine."""

    wall: float
    work: float


def worked() -> float:
    """Seconds that processors worked for processes that this one started and that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command: list[str], folder: Path) -> Times:
    """Run a command in a folder and return how long it took."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "src"),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # The fonts were looked through at set-up; a user's study finds that done.
    fonts = ROOT / ".cache/matplotlib"
    if fonts.is_dir():
        shutil.copytree(fonts, folder / ".cache/matplotlib", dirs_exist_ok=True)
    environment["MPLCONFIGDIR"] = str(folder / ".cache/matplotlib")
    start, before = time.perf_counter(), worked()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    times = Times(time.perf_counter() - start, worked() - before)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return times


def main() -> None:
    """Print both times and their ratio; end with code 1 when the study is too slow."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cores", type=int, default=2)
    arguments.add_argument("--repeat", type=int, default=1, help="the best of so many is taken")
    options = arguments.parse_args()
    one_process = str(ROOT / "benchmarks/one_process.py")
    studies, singles, again = [], [], []
    with tempfile.TemporaryDirectory() as temporary:
        study = [sys.executable, "-m", "reintegration", "study", "--cores", str(options.cores)]
        for turn in range(options.repeat):
            folder = copy_of_checkout(Path(temporary) / f"study{turn}")
            timed([sys.executable, "-m", "compileall", "-q", "src"], folder)
            studies.append(timed(study, folder))
            again.append(timed(study, folder))
            folder = copy_of_checkout(Path(temporary) / f"single{turn}")
            timed([sys.executable, "-m", "compileall", "-q", "src"], folder)
            timed([sys.executable, one_process, "plan", str(folder)], folder)
            singles.append(timed([sys.executable, one_process, "run", str(folder)], folder))
    whole, single, idle = min(studies), min(singles), min(again)
    allowed = max(1.5 * single.wall, single.wall + 12)
    for label, times, limit in (
        (f"study from scratch, {options.cores} cores", whole, f"at most {min(60, allowed):.1f}"),
        ("the same calls, one process", single, ""),
        ("study again, nothing changed", idle, "at most 5"),
    ):
        print(f"{label:30} {times.wall:6.1f} s  (work {times.work:5.1f} s)  {limit}".rstrip())
    print(f"ratio {whole.wall / single.wall:.2f}")
    if whole.wall > min(60, allowed) or idle.wall > 5:
        sys.exit("Too slow; or the machine was busy, when wall and work lie far apart.")


if __name__ == "__main__":
    main()
