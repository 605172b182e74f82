"""Measure how often each kind of interval covers the truth when clusters are few and unequal.

    python benchmarks/coverage.py [--draws 2000] [--docs docs/explanation/coverage.md]

Samples are drawn again and again from a design whose effect is zero, and fitted by
`fit_specification` under every covariance, as the study does. `--docs` writes the page.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from reintegration.estimation.fit import fit_specification
from reintegration.estimation.grammar import Term
from reintegration.estimation.results import OK
from reintegration.estimation.specs import Specification, Vcov

LEVEL = 0.95
CHUNK = 100  # draws of one job

GROUP, TREATED = "place", "treated"
KINDS: dict[str, Vcov] = {
    "HC3": Vcov("HC3"),
    "CR0": Vcov("CR0", GROUP),
    "CR1S": Vcov("CR1S", GROUP),
    "CR2": Vcov("CR2", GROUP),
    "CR3": Vcov("CR3", GROUP),
    "wild": Vcov("wild", GROUP),
    "wild, Webb": Vcov("wild", GROUP, weights="webb", draws=999),
}
PERMUTED = "permutation"


@dataclass(frozen=True)
class Design:
    """Clusters, who is treated, and how alike the rows of a cluster are.

    `treated` clusters are treated as a whole; with None a share of each cluster's rows is, from
    5% to 60%. `skew` makes sizes grow like exp(skew * g / G). `alike` is the variance that
    clusters share, as a part of the whole, `spread` the standard deviation of the effect
    over clusters, and `louder` how much larger errors are in treated clusters.
    """

    name: str
    clusters: int
    rows: int
    treated: int | None
    skew: float = 2.0
    alike: float = 0.1
    spread: float = 0.0
    louder: float = 1.0

    def sizes(self) -> np.ndarray:
        """Rows of each cluster, shape (clusters,), four at least."""
        share = np.exp(self.skew * np.arange(self.clusters) / self.clusters)
        return np.maximum(4, np.round(self.rows * share / share.sum())).astype(int)


DESIGNS = (
    Design("6 clusters of one size, 3 treated", 6, 600, 3, skew=0),
    Design("6 unequal clusters, 2 treated", 6, 600, 2),
    Design("10 unequal clusters, 5 treated", 10, 1000, 5),
    Design("10 unequal clusters, 2 treated", 10, 1000, 2),
    Design("17 unequal clusters, 8 treated", 17, 1700, 8),
    Design("17 unequal clusters, 3 treated", 17, 1700, 3),
    Design("17 unequal clusters, 3 treated, errors twice as large there", 17, 1700, 3, louder=2),
    Design("17 unequal clusters, 1 treated", 17, 1700, 1),
    Design("17 unequal clusters, some treated in each", 17, 1700, None, spread=0.05),
    Design("17 very unequal clusters, some treated in each", 17, 1700, None, 4.0, spread=0.05),
    Design("40 unequal clusters, 20 treated", 40, 2000, 20),
    Design("40 unequal clusters, 4 treated", 40, 2000, 4),
    Design("400 clusters of 4 to 9, 200 treated", 400, 2400, 200, skew=1.0),
)


def draw(design: Design, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a sample: score, treated, months since return, place."""
    sizes = design.sizes()
    place = np.repeat(np.arange(design.clusters), sizes)
    n = len(place)
    if design.treated is None:
        share = np.linspace(0.05, 0.6, design.clusters)[rng.permutation(design.clusters)]
        treated = (rng.random(n) < share[place]).astype(float)
        loud = np.ones(design.clusters)
    else:
        chosen = rng.permutation(design.clusters) < design.treated
        treated = chosen[place].astype(float)
        loud = np.where(chosen, design.louder, 1.0)
    effect = design.spread * rng.standard_normal(design.clusters)
    shared = np.sqrt(design.alike) * rng.standard_normal(design.clusters)
    own = np.sqrt(1 - design.alike) * rng.standard_normal(n)
    months = rng.uniform(3, 30, n)
    score = 0.5 + effect[place] * treated + 0.003 * months
    score += 0.2 * (loud * shared)[place] + 0.2 * loud[place] * own
    return pd.DataFrame(
        {"score": score, TREATED: treated, "months": months, GROUP: place.astype(str)}
    )


def specification(design: Design) -> Specification:
    """The score on treatment and months, under every covariance."""
    vcovs = list(KINDS.values())
    if design.treated is not None:
        vcovs.append(Vcov("permutation", GROUP, draws=999))
    return Specification(
        spec_id="coverage",
        title="",
        role="exploratory",
        data="rows",
        outcome="score",
        terms=(Term((TREATED,)),),
        controls=(Term(("months",)),),
        vcov=vcovs[0],
        also=tuple(vcovs[1:]),
    )


def measure(design: Design, seed: Sequence[int], draws: int) -> pd.DataFrame:
    """Fit samples of a design: one row per draw and kind, covered or not, and how wide."""
    rng = np.random.default_rng(seed)
    spec = specification(design)
    names = [*KINDS, PERMUTED][: len(spec.vcovs)]
    rows = []
    how = {"confidence": LEVEL, "engine": "arrays", "record": False}
    for _ in range(draws):
        frame = draw(design, rng)
        fitted = fit_specification(frame, spec, **how, seed=int(rng.integers(2**31)))
        found = [row for row in fitted.estimates if row["term"] == TREATED]
        for name, row in zip(names, found, strict=True):
            low, high, p_value = row["conf_low"], row["conf_high"], row["p_value"]
            covered = low <= 0 <= high if name != PERMUTED else p_value > 1 - LEVEL
            rows.append((design.name, name, row["status"] == OK, covered, high - low))
    return pd.DataFrame(rows, columns=["design", "kind", "given", "covered", "width"])


def measure_all(draws: int, cores: int) -> pd.DataFrame:
    """Measure every design: one row per design and kind.

    `covered` is the share of samples whose interval covered the truth (of the permutation test:
    that did not refuse it), `width` the median width of intervals in that of CR2's. Both are
    missing where the kind refuses the design.
    """
    jobs = [
        (design, (place, part))
        for place, design in enumerate(DESIGNS)
        for part in range(-(-draws // CHUNK))
    ]
    with ProcessPoolExecutor(cores) as pool:
        designs, seeds = zip(*jobs, strict=True)
        found = pd.concat(pool.map(partial(measure, draws=min(draws, CHUNK)), designs, seeds))
    rows = []
    for (design, kind), part in found.groupby(["design", "kind"], sort=False):
        given = part[part["given"]]
        row = {"covered": given["covered"].mean(), "width": given["width"].median()}
        rows.append({"design": design, "kind": kind, "given": len(given) / len(part), **row})
    table = pd.DataFrame(rows)
    basis = table[table["kind"] == "CR2"].set_index("design")["width"]
    return table.assign(width=table["width"] / table["design"].map(basis).to_numpy())


def markdown(table: pd.DataFrame, value: str, digits: int, kinds: Sequence[str]) -> str:
    """Lay out a column of the table, a row per design and a column per kind."""
    found = table.set_index(["design", "kind"])[value]
    factor = 1 if value == "width" else 100
    lines = [f"| design | {' | '.join(kinds)} |", f"|---|{'---|' * len(kinds)}"]
    for design in DESIGNS:
        numbers = [factor * found.get((design.name, kind), np.nan) for kind in kinds]
        cells = ["–" if np.isnan(number) else f"{number:.{digits}f}" for number in numbers]
        lines.append(f"| {design.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write the page where one is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2000, help="samples of each design")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--docs", type=Path, help="page whose tables are to be written anew")
    chosen = parser.parse_args(arguments)
    table = measure_all(chosen.draws, chosen.cores)
    kinds = [*KINDS, PERMUTED]
    parts = {
        "coverage": markdown(table, "covered", 1, kinds),
        "width": markdown(table, "width", 2, [kind for kind in kinds if kind != PERMUTED]),
    }
    for name, text in parts.items():
        print(f"{name}\n{text}\n")
    if chosen.docs:
        page = chosen.docs.read_text(encoding="utf-8")
        for name, text in parts.items():
            begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
            before, there, rest = page.partition(begin)
            _, ended, after = rest.partition(end)
            if not there or not ended:
                raise SystemExit(f"{chosen.docs} has no place for the table: {begin}{end}")
            page = f"{before}{begin}{text}\n{end}{after}"
        chosen.docs.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
