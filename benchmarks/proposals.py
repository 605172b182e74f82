"""How well unknown files are matched: `python benchmarks/proposals.py [FOLDER]`.

Proposes every made-up office file of the tests anew and, with the folder of `reintegration simulate
--out FOLDER`, every simulated file, without its YAML. Prints a line per file: how many codebook
names the file truly holds, how many of them are sure and right, how many wait, how many are sure
and wrong.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

from reintegration.codebook import Codebook, load_codebook
from reintegration.ingest.columns import find_columns, wanted_columns
from reintegration.ingest.propose.add import header_words
from reintegration.ingest.propose.matching import Matches
from reintegration.ingest.propose.proposal import propose
from reintegration.ingest.readers import RawTable, look, read_raw
from reintegration.ingest.source import Source, load_sources

ROOT = Path(__file__).parents[1]
Places = dict[str, frozenset[int]]  # name, or name.code of an option -> columns


def found_in(matches: Matches) -> Places:
    """Columns of every name that is said to be sure."""
    found = {name: frozenset(match.column.numbers) for name, match in matches.sure.items()}
    for name, options in matches.options.items():
        found |= {f"{name}.{code}": frozenset(m.column.numbers) for code, m in options.items()}
    return found


def count(name: str, truth: Places, found: Places) -> np.ndarray:
    """Print one file's line: held, right, waiting, wrong."""
    asked = {what.split(".")[0] for what in truth}
    joined = {what for what in found if "." not in what}  # does for the columns of its options
    right = [w for w in truth if found.get(w) == truth[w] or w.split(".")[0] in joined - {w}]
    right += [w for w in truth if w not in right and any(f.startswith(f"{w}.") for f in found)]
    wrong = [
        what
        for what in found
        if (found[what] != truth[what] if what in truth else what.split(".")[0] not in asked)
    ]
    line = np.array([len(truth), len(right), len(truth) - len(right), len(wrong)])
    print(f"{name:<24}" + "".join(f"{number:>8}" for number in line))
    return line


def offices(codebook: Codebook) -> np.ndarray:
    """Propose the made-up files of the tests."""
    path = ROOT / "tests/unit/ingest/offices.py"
    spec = importlib.util.spec_from_file_location("offices", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["offices"] = module
    spec.loader.exec_module(module)
    total = np.zeros(4, int)
    for name, maker in module.OFFICES.items():
        office = maker()
        names = [column for column, _, _ in office.columns]
        labels = {
            names.index(column): {str(code): label for code, label in known.items()}
            for column, known in office.value_labels.items()
        }
        cells = module.make(office).astype("category")
        titles = dict(enumerate(office.titles))
        raw = RawTable(names, cells, np.arange(len(cells)), labels=labels, titles=titles)
        source = Source(source="s", file="s.csv", country=office.country)
        truth = {what: frozenset([n]) for n, what in office.truth.items() if what != "country"}
        total += count(name, truth, found_in(propose(raw, source, codebook).matches))
    return total


def simulated(folder: Path, codebook: Codebook) -> np.ndarray:
    """Propose simulated files and compare with the mappings that were made with them."""
    total = np.zeros(4, int)
    for source in load_sources(folder / "raw", folder / "sources"):
        path = folder / "raw" / source.file
        mapped = read_raw(source, path, wanted_columns(source, codebook))
        columns = find_columns(source, codebook, mapped.names, path)
        truth = {name: frozenset(numbers) for name, numbers in columns.single.items()}
        for name, codes in columns.options.items():
            truth |= {f"{name}.{code}": frozenset([n]) for code, n in codes.items()}
        plain = Source(source=source.source, file=source.file, country=source.country)
        proposal = propose(look(path, None, header_words(codebook)), plain, codebook)
        total += count(source.source, truth, found_in(proposal.matches))
    return total


def main() -> None:
    """Print the table."""
    codebook = load_codebook(
        ROOT / "data/instruments/rss.yaml", ROOT / "data/instruments/variables.yaml"
    )
    print(f"{'':<24}" + "".join(f"{word:>8}" for word in ("held", "right", "waiting", "wrong")))
    total = offices(codebook)
    if len(sys.argv) > 1:
        total += simulated(Path(sys.argv[1]), codebook)
    print(f"{'all':<24}" + "".join(f"{number:>8}" for number in total))


if __name__ == "__main__":
    main()
