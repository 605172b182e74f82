"""Time the study from scratch against the same package calls made in one Python process.

Both run in a temporary copy of the checkout, with the environment that runs this script.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", ".cache", ".snakemake", "results", "reports", "demo", "__pycache__"
)


def copy_of_checkout(folder: Path) -> Path:
    """Copy what the repository holds, without anything made."""
    return Path(shutil.copytree(ROOT, folder, ignore=LEFT_BEHIND))


def timed(command: list[str], folder: Path, cores: int | None = None) -> float:
    """Run a command in a folder and return its wall time in seconds."""
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
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


def main() -> None:
    """Print both times and their ratio; end with code 1 when the study is too slow."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cores", type=int, default=2)
    arguments.add_argument("--repeat", type=int, default=1, help="the best of so many is taken")
    options = arguments.parse_args()
    one_process = str(ROOT / "benchmarks/one_process.py")
    studies, singles, again = [], [], 0.0
    with tempfile.TemporaryDirectory() as temporary:
        study = [sys.executable, "-m", "reintegration", "study", "--cores", str(options.cores)]
        for turn in range(options.repeat):
            folder = copy_of_checkout(Path(temporary) / f"study{turn}")
            timed([sys.executable, "-m", "compileall", "-q", "src"], folder)
            studies.append(timed(study, folder))
            again = timed(study, folder)
            folder = copy_of_checkout(Path(temporary) / f"single{turn}")
            timed([sys.executable, "-m", "compileall", "-q", "src"], folder)
            timed([sys.executable, one_process, "plan", str(folder)], folder)
            singles.append(timed([sys.executable, one_process, "run", str(folder)], folder))
    whole, single = min(studies), min(singles)
    allowed = max(1.5 * single, single + 12)
    print(f"study from scratch, {options.cores} cores   {whole:6.1f} s (at most 60)")
    print(f"the same calls, one process    {single:6.1f} s")
    print(f"ratio                          {whole / single:6.2f}   (at most {allowed:.1f} s)")
    print(f"study again, nothing changed   {again:6.1f} s (at most 5)")
    if whole > min(60, allowed) or again > 5:
        sys.exit("too slow")


if __name__ == "__main__":
    main()
