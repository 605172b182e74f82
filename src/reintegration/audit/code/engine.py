"""R as a program beside this one: whether it is there, and what it says of scripts."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

PACKAGES = ("sandwich", "clubSandwich", "plm", "lme4", "ordinal", "quantreg")
_RUN = Path(__file__).with_name("run.R")
_KNOWN = "REINTEGRATION_R"  # what was found, for the processes that this one starts
_COLUMNS = ("script", "engine", "covariance", "term", "estimate", "std_error", "problem")


def installed() -> str:
    """Name R and its packages with their versions; empty where there is no R."""
    if _KNOWN not in os.environ:
        os.environ[_KNOWN] = _look()
    return os.environ[_KNOWN]


def _look() -> str:
    rscript = shutil.which("Rscript")
    if rscript is None:
        return ""
    names = ", ".join(f'"{name}"' for name in PACKAGES)
    code = (
        f"v <- vapply(c({names}), function(p) tryCatch(paste(p, packageVersion(p)),"
        ' error = function(e) ""), "");'
        'cat(paste0("R ", R.version$major, ".", R.version$minor), v[nzchar(v)], sep = ", ")'
    )
    done = subprocess.run([rscript, "--vanilla", "-e", code], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def run_scripts(scripts: Sequence[Path]) -> pd.DataFrame:
    """Run R scripts in one process: a row per covariance and term, or per problem."""
    rscript = shutil.which("Rscript")
    if rscript is None or not scripts:
        return pd.DataFrame(columns=list(_COLUMNS))
    with tempfile.TemporaryDirectory() as folder:
        listed, out = Path(folder) / "scripts.txt", Path(folder) / "found.csv"
        listed.write_text("".join(f"{path.resolve()}\n" for path in scripts), encoding="utf-8")
        done = subprocess.run(
            [rscript, "--no-init-file", str(_RUN), str(listed), str(out)],
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        if done.returncode or not out.exists():
            said = done.stderr.strip().splitlines()[-1:] or ["without a word"]
            return pd.DataFrame(
                [{"script": str(p.resolve()), "problem": f"R stopped: {said[0]}"} for p in scripts],
                columns=list(_COLUMNS),
            ).fillna({"engine": "", "covariance": "", "term": ""})
        found = pd.read_csv(out, keep_default_na=False, dtype="str")
    for name in ("estimate", "std_error"):
        found[name] = pd.to_numeric(found[name].replace("", None))
    return found
