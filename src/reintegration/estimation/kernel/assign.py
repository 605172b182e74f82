"""Assignments of values to units: every distinct one, or draws, within strata."""

from collections.abc import Iterator
from itertools import product
from math import factorial

import numpy as np

AT_ONCE = 256


def n_assignments(codes: np.ndarray, strata: np.ndarray) -> int:
    """Count the distinct ways to deal the values of units, shape (G,), within their strata."""
    total = 1
    for stratum in np.unique(strata):
        total *= factorial(int((strata == stratum).sum()))
        for count in np.bincount(codes[strata == stratum]).tolist():
            total //= factorial(count)
    return total


def every_assignment(
    codes: np.ndarray, strata: np.ndarray, at_once: int = AT_ONCE
) -> Iterator[np.ndarray]:
    """Yield all distinct assignments as places of units, shape (B, G), the actual one included."""
    members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    place_of = [{int(codes[i]): int(i) for i in own} for own in members]
    choices = [
        [[places[code] for code in dealt] for dealt in _arrangements(codes[own].tolist())]
        for own, places in zip(members, place_of, strict=True)
    ]
    block = []
    for parts in product(*choices):
        places = np.empty(len(codes), dtype=int)
        for own, part in zip(members, parts, strict=True):
            places[own] = part
        block.append(places)
        if len(block) == at_once:
            yield np.array(block)
            block = []
    if block:
        yield np.array(block)


def drawn_assignments(
    strata: np.ndarray,
    draws: int,
    rng: np.random.Generator,
    at_once: int = AT_ONCE,
    codes: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """Yield random assignments as places of units, shape (B, G).

    With the `codes` of their values, strata whose units all have one value stay as they are.
    """
    members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    if codes is not None:
        members = [own for own in members if (codes[own] != codes[own[0]]).any()]
    for start in range(0, draws, at_once):
        n = min(at_once, draws - start)
        places = np.tile(np.arange(len(strata)), (n, 1))
        for own in members:
            places[:, own] = rng.permuted(np.tile(own, (n, 1)), axis=1)
        yield places


def _arrangements(values: list[int]) -> Iterator[list[int]]:
    """Yield every distinct order of values, in lexicographic order."""
    a = sorted(values)
    while True:
        yield a.copy()
        i = next((i for i in range(len(a) - 2, -1, -1) if a[i] < a[i + 1]), None)
        if i is None:
            return
        j = next(j for j in range(len(a) - 1, i, -1) if a[j] > a[i])
        a[i], a[j] = a[j], a[i]
        a[i + 1 :] = reversed(a[i + 1 :])
