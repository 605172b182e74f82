"""Read Parquet files as texts, some rows at a time."""

import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reintegration.ingest.categories import Columns
from reintegration.ingest.readers import (
    RawTable,
    check_width,
    coded,
    drop_blank_rows,
    unreadable,
)
from reintegration.ingest.source import Source

TOGETHER = 4_000_000  # cells that are read at a time
MOST_ROWS = 10_000_000
LARGEST_RATIO = 100  # unpacked columns against the file; of honest surveys it is 2 to 20
LITTLE = 64 << 20  # so many unpacked bytes are never too much
_INDEX_OF_PANDAS = re.compile(r"__index_level_\d+__")


def read_parquet(
    source: Source, path: Path, wanted: Collection[str], guess: bool = False
) -> RawTable:
    """Read a Parquet file.

    Raises
    ------
    StudyError
        If the file is damaged or has too many columns.
    """
    try:
        with pq.ParquetFile(path) as file:
            kept = [
                (number, name)
                for number, name in enumerate(file.schema_arrow.names)
                if not _INDEX_OF_PANDAS.fullmatch(name)
            ]
            check_width(path, len(kept))
            _check_size(path, file.metadata)
            columns = Columns(len(kept))
            for batch in file.iter_batches(batch_size=max(TOGETHER // max(len(kept), 1), 1)):
                columns.add([_texts(batch.column(number)) for number, _ in kept])
    except (pa.ArrowException, OSError, ValueError) as error:
        unreadable(path, f"is a damaged Parquet file ({type(error).__name__})")
    cells, rows = drop_blank_rows(columns.frame(), np.arange(1, columns.rows + 1))
    return RawTable([name for _, name in kept], cells, rows)


def _check_size(path: Path, metadata: pq.FileMetaData) -> None:
    """Refuse a file of a few kilobytes that would fill all memory."""
    if metadata.num_rows > MOST_ROWS:
        unreadable(path, f"holds {metadata.num_rows:,} rows; {MOST_ROWS:,} are the most")
    groups = range(metadata.num_row_groups)
    unpacked = sum(metadata.row_group(number).total_byte_size for number in groups)
    if unpacked > max(LITTLE, LARGEST_RATIO * path.stat().st_size):
        unreadable(path, f"unpacks to more than {LARGEST_RATIO} times its size")


def _texts(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.if_else(pc.equal(column, ""), None, column)
    cells = column.to_pandas()
    if pa.types.is_nested(column.type):
        cells = cells.map(str, na_action="ignore")
    return coded(cells)
