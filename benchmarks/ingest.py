"""Time and memory of taking in one large survey file, beside a bare pandas read of it.

Files of several sizes are made in a temporary folder, each taken in and pooled by a process of
its own. The cost per row says whether time is linear in rows; the peak of memory above that of
the imports is given as a multiple of the file's size.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
INSTRUMENTS = ROOT / "data/instruments"
ROWS = (250_000, 1_000_000)
SURVEYS = 3  # of one returnee
BLOCK = SURVEYS * 16_000  # rows made at a time
FIRST_DAY = np.datetime64("2018-01-01")
DAYS = 500
SILENT = 0.02  # share of answers that say nothing


def make_csv(path: Path, rows: int) -> None:
    """Write a survey file as an office's: case numbers, names, dates, labels of answers.

    What is asked of some only is blank for the others, and a returnee stays the same person.
    """
    from reintegration.codebook import load_codebook

    codebook = load_codebook(INSTRUMENTS / "rss.yaml", INSTRUMENTS / "variables.yaml")
    random = np.random.default_rng(1)
    for start in range(0, rows, BLOCK):
        number = np.arange(start, min(start + BLOCK, rows))
        n, person = len(number), number // SURVEYS
        persons = person[-1] - person[0] + 1
        returned = FIRST_DAY + person * 7919 % DAYS
        interviewed = returned + 90 + 180 * (number % SURVEYS) + random.integers(0, 30, n)
        columns: dict[str, np.ndarray] = {}
        codes: dict[str, np.ndarray] = {}
        for name, variable in codebook.variables.items():
            if variable.answers and name != "round":
                drawn = random.integers(len(variable.answers), size=persons)[person - person[0]]
                columns[name] = np.array([answer.en for answer in variable.answers])[drawn]
                codes[name] = np.array([answer.code for answer in variable.answers])[drawn]
        age = random.integers(18, 60, persons)[person - person[0]]
        columns |= {
            "case_number": np.char.add("SN-2018-", np.char.zfill(person.astype(str), 7)),
            "person_name": np.char.add("Returnee ", person.astype(str)),
            "phone": np.char.add("+221 77 ", np.char.zfill(number.astype(str), 7)),
            "location": np.char.add("Place ", (number % 400).astype(str)),
            "country": np.full(n, "SEN"),
            "survey_date": np.datetime_as_string(interviewed, "D"),
            "return_date": np.datetime_as_string(returned, "D"),
            "age": age,
            "birth_year": 2018 - age,
            "dependants": age % 7,
            "months_abroad": age % 40,
        }
        for name, item in codebook.items.items():
            answers = codebook.answers_of(name)
            weights = np.full(len(answers), SILENT)
            weights[: len(item.answers)] = [not answer.skipped for answer in item.answers]
            drawn = random.choice(len(answers), n, p=weights / weights.sum())
            codes[name] = np.array([answer.code for answer in answers])[drawn]
            asked = np.ones(n, dtype=bool)
            for other, allowed in item.asked_if.items():
                asked &= np.isin(codes[other], allowed)
            not_asked = next((answer.fr for answer in answers if answer.skipped), "")
            columns[name] = np.where(asked, np.array([a.fr for a in answers])[drawn], not_asked)
        for name in codebook.assistance_columns:
            got = random.random(n) < 0.1
            columns[name] = np.where(got, "Oui", "Non")
            columns[f"{name}_date"] = np.where(got, np.datetime_as_string(returned + 60, "D"), "")
        columns["submission_id"] = np.array([f"uuid:{random.bytes(16).hex()}" for _ in range(n)])
        begun = interviewed.astype("datetime64[s]") + random.integers(8 * 3600, 17 * 3600, n)
        ended = begun + random.integers(1800, 4000, n)
        columns["interview_start"] = np.char.add(np.datetime_as_string(begun), ".000+00:00")
        columns["interview_end"] = np.char.add(np.datetime_as_string(ended), ".000+00:00")
        pd.DataFrame(columns).to_csv(path, mode="a", header=start == 0, index=False)


def peak() -> int:
    """Most memory this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # the other count starts with what the calling process held
        held = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(held.split()[1]) * 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def take_in_and_pool(path: Path) -> dict[str, float]:
    """Take in and pool one file; seconds, and bytes above those of the imports."""
    from reintegration.codebook import load_codebook
    from reintegration.config import load_config
    from reintegration.ingest.intake import read_result, take_in, write_result
    from reintegration.ingest.pool import pool
    from reintegration.ingest.pseudonym import DEMO_KEY
    from reintegration.ingest.source import Source

    codebook = load_codebook(INSTRUMENTS / "rss.yaml", INSTRUMENTS / "variables.yaml")
    config = load_config(ROOT / "config.yaml")
    source = Source.model_validate({"source": "large", "file": path.name, "country": "SEN"})
    before, start = peak(), time.perf_counter()
    result = take_in(
        source, path.parent, codebook, config.cleaning, config.assistance, DEMO_KEY, "stop"
    )
    write_result(result, path.parent)
    del result
    taken, memory = time.perf_counter(), peak()
    study = config.study.model_copy(update={"countries": "all"})
    pooled = pool([read_result(path.parent)], codebook, study, config.scoring)
    return {
        "take_in": taken - start,
        "pool": time.perf_counter() - taken,
        "take_in_memory": memory - before,
        "memory": peak() - before,
        "surveys": len(pooled.surveys),
    }


def bare_read(path: Path) -> dict[str, float]:
    """Read the file by pandas, as texts."""
    before, start = peak(), time.perf_counter()
    frame = pd.read_csv(path, dtype=str)
    return {
        "seconds": time.perf_counter() - start,
        "memory": peak() - before,
        "rows": len(frame),
    }


def apart(what: str, path: Path) -> dict[str, float]:
    """Run one of the two in a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--only", what, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{what} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print what each size costs, as seconds, per row and as multiples of the file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, nargs="+", default=ROWS)
    arguments.add_argument("--only", nargs=2, metavar=("WHAT", "FILE"), help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.only:
        run = {"ingest": take_in_and_pool, "bare": bare_read}[options.only[0]]
        print(json.dumps(run(Path(options.only[1]))))
        return
    per_row: dict[int, float] = {}
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "large.csv"
            make_csv(path, rows)
            size = path.stat().st_size
            ingest, bare = apart("ingest", path), apart("bare", path)
        seconds = ingest["take_in"] + ingest["pool"]
        per_row[rows] = seconds / rows
        print(
            f"{rows:>9,} rows, {size / 1e6:4.0f} MB: ingest {seconds:5.1f} s "
            f"(take in {ingest['take_in']:.1f}, pool {ingest['pool']:.1f}), "
            f"{per_row[rows] * 1e6:.1f} microseconds a row, "
            f"memory {ingest['memory'] / size:.2f} times the file "
            f"(take in {ingest['take_in_memory'] / size:.2f})\n"
            f"{'':>15}    pandas.read_csv {bare['seconds']:5.1f} s, "
            f"memory {bare['memory'] / size:.2f} times the file; "
            f"ingest costs {seconds / bare['seconds']:.1f} times as much time"
        )
    if len(per_row) > 1:
        fewest, most = min(per_row), max(per_row)
        print(
            f"a row of {most:,} costs {per_row[most] / per_row[fewest]:.2f} times "
            f"what a row of {fewest:,} costs (1: linear)"
        )


if __name__ == "__main__":
    main()
