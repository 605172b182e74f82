"""Columns of texts, kept as numbers of their different texts while a file is read in parts.

A survey's columns hold few different texts, so that a file takes a fraction of its own size.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from reintegration.memory import give_back


class Columns:
    """Gathers the columns of a table part by part."""

    def __init__(self, width: int):
        self._parts: list[list[tuple[pa.Array, np.ndarray]]] = [[] for _ in range(width)]
        self.rows = 0

    def add(self, columns: Sequence[pa.Array | pa.ChunkedArray]) -> None:
        """Add rows: one array of texts per column, missing when blank."""
        for parts, texts in zip(self._parts, columns, strict=True):
            encoded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
            if isinstance(encoded, pa.ChunkedArray):
                encoded = encoded.combine_chunks()
            codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            small = np.min_scalar_type(-1 - len(encoded.dictionary))
            parts.append((encoded.dictionary.cast(pa.large_string()), codes.astype(small)))
        self.rows += len(columns[0]) if columns else 0

    def add_rows(self, rows: Iterable[Sequence[str | None]]) -> None:
        """Add rows of texts; empty texts are blank."""
        columns = [[text or None for text in column] for column in zip(*rows, strict=True)]
        if columns:
            self.add([pa.array(column, pa.large_string()) for column in columns])

    def frame(self) -> pd.DataFrame:
        """Return the table, columns numbered from 0; what was gathered is given away."""
        made = {}
        for number, parts in enumerate(self._parts):
            made[number] = _joined(parts)
            parts.clear()
        give_back()
        return pd.DataFrame(made, index=pd.RangeIndex(self.rows), copy=False)


def _joined(parts: list[tuple[pa.Array, np.ndarray]]) -> pd.Categorical:
    """One column of all parts: each different text once, in the order of the file."""
    texts = pa.concat_arrays([part for part, _ in parts] or [pa.array([], pa.large_string())])
    encoded = texts.dictionary_encode()
    places = encoded.indices.to_numpy()
    joined = np.empty(
        sum(len(codes) for _, codes in parts), np.min_scalar_type(-1 - len(encoded.dictionary))
    )
    start = first = 0
    for part, codes in parts:
        # A blank has code -1, the last place.
        table = np.append(places[first : first + len(part)], -1).astype(joined.dtype)
        joined[start : start + len(codes)] = table[codes]
        start += len(codes)
        first += len(part)
    return categorical(joined, encoded.dictionary)


def categorical(codes: np.ndarray, texts: pa.Array) -> pd.Categorical:
    """Return a category column of codes (-1: blank) into texts that are known to differ."""
    # Checking that they differ would keep a table of all case numbers, larger than the column.
    fast = pd.CategoricalDtype._from_fastpath  # type: ignore[attr-defined]
    return pd.Categorical.from_codes(codes, dtype=fast(pd.Index(texts.to_pandas())), validate=False)
