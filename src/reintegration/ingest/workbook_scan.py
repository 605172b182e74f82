"""Look through a workbook before it is opened: how large it would be, and its failed formulas.

A few kilobytes can hold a table that fills all memory: text that unpacks to gigabytes, or one
cell in the last corner of a sheet, for which every cell before it is made. And the library that
reads workbooks gives the errors of formulas (#DIV/0!) as empty cells.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from reintegration.ingest.files import unreadable

PIECE = 1 << 20  # bytes unpacked at a time
LARGEST_RATIO = 100  # unpacked text against the file; of honest surveys it is 5 to 30
LITTLE = 64 << 20  # so much unpacked text is never too much
MOST_CELLS = 40_000_000  # filled; a larger table is for CSV
FEW_CELLS = 4_000_000  # a sheet that spans no more is never too empty
MOST_PARTS = 5000  # of the zip file that a workbook is
LONGEST_LIST = 8 << 20  # bytes of the list of sheets
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # of any spreadsheet
WIDE = 2000  # columns; few tables have more, and empty ones take time
MOST_ALIKE = 1000  # rows that repeat a failed formula: with case numbers no two rows are alike
EMPTIEST = 20  # cells spanned, or repeated, for one that is written down

# Cells with content, as Excel writes them, and as others may.
_PLAIN_CELL = re.compile(rb'<c r="([A-Z]+\d+)"[^<>/]*>')
_ANY_CELL = re.compile(rb'<(?:\w+:)?c\s[^<>]*?\br="([A-Z]+\d+)"[^<>/]*>')
_LETTERS, _DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"
_ERROR = re.compile(
    rb'<(?:\w+:)?c\s(?=[^<>]*\bt="e")[^<>]*?\br="([A-Z]+)(\d+)"[^<>]*>'
    rb"(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>(#[^<]*)<",
    re.DOTALL,
)
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_ENTITIES = (b"<!DOCTYPE", b"<!ENTITY")


@dataclass
class Sheet:
    """What one sheet holds.

    Attributes
    ----------
    rows, columns
        How far it reaches.
    filled
        Cells with content.
    written
        Cells as they are written down; one may stand for many that repeat it.
    errors
        Row and column, from 0 -> what the cell shows: a formula that failed.
    """

    rows: int = 0
    columns: int = 0
    filled: int = 0
    written: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)

    def reach(self, rows: int, columns: int) -> None:
        """Reach as far as a cell that is filled."""
        self.rows, self.columns = max(self.rows, rows), max(self.columns, columns)


def scan_workbook(path: Path, sheets: Collection[str] | None = None) -> dict[str, Sheet]:
    """Look through the sheets of a workbook, all or those named.

    Raises
    ------
    StudyError
        If it is damaged or protected, unpacks to too much, or holds a sheet that is too large.
    """
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    if is_zip:
        found = _scan_zip(path, sheets)
    else:
        from reintegration.ingest.xls_records import scan_xls

        found = scan_xls(path)
    for name, sheet in found.items():
        _check_size(path, name, sheet)
    return found


def damaged(path: Path, error: BaseException) -> NoReturn:
    """Refuse a workbook that cannot be opened."""
    unreadable(path, f"is a damaged or protected workbook ({type(error).__name__})")


def _check_size(path: Path, name: str, sheet: Sheet) -> None:
    spanned = sheet.rows * sheet.columns
    if sheet.filled > max(FEW_CELLS, EMPTIEST * sheet.written):
        unreadable(path, f"its sheet {name!r} repeats a few cells {sheet.filled:,} times")
    if sheet.filled > MOST_CELLS:
        unreadable(
            path, f"its sheet {name!r} holds {sheet.filled:,} cells; save it as CSV and read that"
        )
    if sheet.rows > LAST_ROW or sheet.columns > LAST_COLUMN:
        unreadable(path, f"its sheet {name!r} has cells outside of any spreadsheet; it is damaged")
    few = FEW_CELLS if sheet.columns < WIDE else 0
    if spanned > max(few, EMPTIEST * sheet.filled):
        unreadable(
            path,
            f"its sheet {name!r} reaches to row {sheet.rows:,} and column {sheet.columns:,} and "
            f"holds only {sheet.filled:,} cells; delete what stands far outside the table",
        )


class _Package:
    """A zip file whose parts are unpacked piece by piece, and no further than allowed.

    What the file itself says about the size of its parts may be a lie.
    """

    def __init__(self, path: Path):
        self.path = path
        try:
            with zipfile.ZipFile(path) as package:
                self.parts = {info.filename: info for info in package.infolist()}
        except Exception as error:  # zipfile raises many kinds
            damaged(path, error)
        if len(self.parts) > MOST_PARTS:
            unreadable(path, f"has {len(self.parts):,} parts; it is no workbook that a person made")
        self.left = max(LITTLE, LARGEST_RATIO * path.stat().st_size)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Unpack one part."""
        info = self.parts[name]
        if info.flag_bits & 1:
            unreadable(self.path, "is protected by a password; save it without")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            unreadable(self.path, "is packed in a way that workbooks are not")
        tail = b""
        with self.path.open("rb") as file:
            file.seek(info.header_offset)
            header = file.read(30)
            if len(header) < 30:
                unreadable(self.path, "is a damaged workbook (was it copied to its end?)")
            file.seek(sum(struct.unpack("<HH", header[26:30])), 1)
            for piece in self._unpacked(file, info):
                self.left -= len(piece)
                if self.left < 0:
                    unreadable(
                        self.path,
                        f"unpacks to more than {LARGEST_RATIO} times its size: it is no workbook "
                        "that a person made",
                    )
                if any(word in tail + piece for word in _ENTITIES):
                    unreadable(self.path, "holds XML with definitions, as no workbook does")
                tail = piece[-max(map(len, _ENTITIES)) :]
                yield piece

    def _unpacked(self, file: Any, info: zipfile.ZipInfo) -> Iterator[bytes]:
        left = info.compress_size
        unpack = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
        try:
            while left > 0 and (packed := file.read(min(PIECE // 8, left))):
                left -= len(packed)
                if unpack is None:
                    yield packed
                    continue
                while packed:
                    yield unpack.decompress(packed, PIECE)
                    packed = unpack.unconsumed_tail
        except zlib.error as error:
            damaged(self.path, error)

    def whole(self, name: str) -> bytes:
        """Unpack one small part at once."""
        content = b""
        for piece in self.pieces(name):
            content += piece
            if len(content) > LONGEST_LIST:
                unreadable(self.path, "lists more sheets than a workbook can hold; it is damaged")
        return content


def _scan_zip(path: Path, asked: Collection[str] | None) -> dict[str, Sheet]:
    package = _Package(path)
    if "content.xml" in package.parts:
        return _Content(package).sheets
    found: dict[str, Sheet] = {}
    parts = _sheet_parts(package)
    for name in package.parts:
        if name.endswith((".xml", ".rels")) and name not in parts.values():
            for _ in package.pieces(name):
                pass  # only to see that it does not unpack to too much
    for name, part in parts.items():
        if part in package.parts and (asked is None or name in asked):
            found[name] = _scan_xlsx_sheet(package.pieces(part))
    return found


def _sheet_parts(package: _Package) -> dict[str, str]:
    """Name of each sheet of an Excel workbook, and the part that holds it."""
    names = [name for name in package.parts if name.endswith("workbook.xml")]
    if not names:
        unreadable(package.path, "is a damaged workbook: it lists no sheets")
    folder = names[0].rpartition("/")[0]
    targets: dict[str, str] = {}
    parts: dict[str, str] = {}
    try:
        relations = package.whole(f"{folder}/_rels/workbook.xml.rels")
        for relation in ElementTree.fromstring(relations):
            targets[relation.get("Id", "")] = relation.get("Target", "")
        for element in ElementTree.fromstring(package.whole(names[0])).iter():
            if element.tag.endswith("}sheet"):
                identifier = next((v for k, v in element.items() if k.endswith("}id")), "")
                target = targets.get(identifier, "")
                inside = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}"
                parts[element.get("name", "")] = inside
    except (KeyError, ElementTree.ParseError) as error:
        damaged(package.path, error)
    return parts


def _scan_xlsx_sheet(pieces: Iterator[bytes]) -> Sheet:
    sheet = Sheet()
    letters: set[bytes] = set()
    held = b""
    for piece in pieces:
        held += piece
        # Up to the last cell or row that may not be whole.
        end = held.rfind(b"<", 0, max(held.rfind(b' r="'), 0))
        _scan_cells(held[: max(end, 0)], sheet, letters)
        held = held[end:] if end > 0 else held[-PIECE:]
    _scan_cells(held, sheet, letters)
    sheet.columns = max(map(_column_number, letters), default=-1) + 1
    return sheet


def _scan_cells(xml: bytes, sheet: Sheet, letters: set[bytes]) -> None:
    is_plain = xml.count(b"<c ") + xml.count(b":c ") == xml.count(b'<c r="')
    found = (_PLAIN_CELL if is_plain else _ANY_CELL).findall(xml)
    if not found:
        return
    places = b" ".join(found)
    letters.update(places.translate(None, _DIGITS).split())
    sheet.rows = max(sheet.rows, *map(int, set(places.translate(None, _LETTERS).split())))
    sheet.filled += len(found)
    sheet.written += len(found)
    if b't="e"' in xml:
        for column, row, text in _ERROR.findall(xml):
            sheet.errors[int(row) - 1, _column_number(column)] = text.decode()


def _column_number(letters: bytes) -> int:
    """Number of a column from 0: A is 0, AA 26."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number - 1


class _Content:
    """Looks through the content of an OpenDocument spreadsheet."""

    def __init__(self, package: _Package):
        self.sheets: dict[str, Sheet] = {}
        self.row = self.column = self.again = 0
        self.repeated = 1
        self.text: list[str] | None = None
        self.in_row: dict[int, str] = {}
        self.last = self.filled = 0
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        try:
            for piece in package.pieces("content.xml"):
                parser.Parse(piece)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            damaged(package.path, error)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter a sheet, a row or a cell."""
        if tag == f"{_TABLE} table":
            self.sheet = self.sheets.setdefault(attributes.get(f"{_TABLE} name", ""), Sheet())
            self.row = 0
        elif tag == f"{_TABLE} table-row":
            self.again = int(attributes.get(f"{_TABLE} number-rows-repeated", 1))
            self.column = self.last = self.filled = 0
            self.in_row = {}
        elif tag in (f"{_TABLE} table-cell", f"{_TABLE} covered-table-cell"):
            self.repeated = int(attributes.get(f"{_TABLE} number-columns-repeated", 1))
            if f"{_OFFICE} value-type" in attributes:
                self.last = self.column + self.repeated
                self.filled += self.repeated
                self.sheet.written += 1
                is_error = any(
                    name.endswith(" value-type") and value == "error"
                    for name, value in attributes.items()
                )
                self.text = [] if is_error else None

    def characters(self, text: str) -> None:
        """Take the text of a failed formula."""
        if self.text is not None:
            self.text.append(text)

    def end(self, tag: str) -> None:
        """Leave a cell or a row."""
        if tag in (f"{_TABLE} table-cell", f"{_TABLE} covered-table-cell"):
            if self.text is not None:
                self.in_row[self.column] = "".join(self.text)
                self.text = None
            self.column += self.repeated
        elif tag == f"{_TABLE} table-row":
            if self.filled:
                self.sheet.reach(self.row + self.again, self.last)
                self.sheet.filled += self.filled * self.again
                for column, text in self.in_row.items():
                    for row in range(self.row, self.row + min(self.again, MOST_ALIKE)):
                        self.sheet.errors[row, column] = text
            self.row += self.again
