"""Look through an old Excel workbook (.xls): how far its sheets reach, and failed formulas."""

import struct
from collections.abc import Iterator
from pathlib import Path

from reintegration.ingest.files import unreadable
from reintegration.ingest.workbook_scan import Sheet, damaged

_SECTOR_END = 0xFFFFFFFC  # sector numbers from here on end a chain
_XLS_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
# Records of an old workbook that hold one cell: RK, NUMBER, LABEL, LABELSST, RSTRING.
_ONE_CELL = frozenset((0x027E, 0x0203, 0x0204, 0x00FD, 0x00D6))
_FORMULA, _BOOL_OR_ERROR, _SEVERAL = 0x0006, 0x0205, 0x00BD
_SHEET_NAME, _PASSWORD, _END = 0x0085, 0x002F, 0x000A


def scan_xls(path: Path) -> dict[str, Sheet]:
    """Look through the records of an old Excel workbook.

    Raises
    ------
    StudyError
        If it is damaged or protected.
    """
    try:
        content = _workbook_stream(path.read_bytes())
        return _xls_sheets(path, content)
    except (struct.error, IndexError, ValueError) as error:
        damaged(path, error)


def _workbook_stream(file: bytes) -> bytes:
    """Put the sectors of the part `Workbook` of an old Office file together."""
    size = 1 << struct.unpack_from("<H", file, 30)[0]

    def sector(number: int) -> bytes:
        part = file[(number + 1) * size : (number + 2) * size]
        if len(part) < size:
            raise ValueError("cut off")
        return part

    listed = list(struct.unpack_from("<109I", file, 76))
    following, many = struct.unpack_from("<II", file, 68)
    for _ in range(min(many, len(file) // size)):
        more = struct.unpack(f"<{size // 4}I", sector(following))
        listed += more[:-1]
        following = more[-1]
    table = b"".join(sector(number) for number in listed if number < _SECTOR_END)
    following_of = struct.unpack(f"<{len(table) // 4}I", table)

    def chain(number: int) -> bytes:
        parts: list[bytes] = []
        while number < _SECTOR_END and len(parts) <= len(file) // size:
            parts.append(sector(number))
            number = following_of[number]
        return b"".join(parts)

    folder = chain(struct.unpack_from("<I", file, 48)[0])
    for start in range(0, len(folder), 128):
        entry = folder[start : start + 128]
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le")
        if name in ("Workbook", "Book"):
            return chain(struct.unpack_from("<I", entry, 116)[0])
    raise ValueError("no workbook")


def _xls_sheets(path: Path, content: bytes) -> dict[str, Sheet]:
    sheets: dict[str, Sheet] = {}
    starts: dict[str, int] = {}
    for record, data in _records(content, 0):
        if record == _PASSWORD:
            unreadable(path, "is protected by a password; save it without")
        if record == _SHEET_NAME:
            letters = data[8 : 8 + 2 * data[6]]
            wide = data[7] & 1
            name = letters.decode("utf-16-le") if wide else letters[: data[6]].decode("latin-1")
            starts[name] = struct.unpack_from("<I", data)[0]
    for name, start in starts.items():
        sheet = sheets[name] = Sheet()
        for record, data in _records(content, start):
            if record in _ONE_CELL or record in (_FORMULA, _BOOL_OR_ERROR, _SEVERAL):
                row, column = struct.unpack_from("<HH", data)
                last = struct.unpack_from("<H", data, len(data) - 2)[0] if record == _SEVERAL else 0
                sheet.reach(row + 1, max(column, last) + 1)
                sheet.filled += max(last - column, 0) + 1
                sheet.written = sheet.filled
                if (record == _BOOL_OR_ERROR and data[7]) or (
                    record == _FORMULA and data[6] == 2 and data[12:14] == b"\xff\xff"
                ):
                    code = data[6] if record == _BOOL_OR_ERROR else data[8]
                    sheet.errors[row, column] = _XLS_ERRORS.get(code, "#ERROR!")
    return sheets


def _records(content: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Records from a place on, up to the end of their part."""
    while start + 4 <= len(content):
        record, length = struct.unpack_from("<HH", content, start)
        if record == _END:
            return
        yield record, content[start + 4 : start + 4 + length]
        start += 4 + length
