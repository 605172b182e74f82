"""What a raw file is by its first bytes; a file that cannot be read is refused in one message."""

import codecs
import mmap
import zipfile
from pathlib import Path
from typing import NoReturn

from reintegration.errors import StudyError
from reintegration.ingest.source import Format

_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK"
_LOOKED_AT = 2048  # first bytes by which a text is told from a web page and from noise
_PLAIN = 0.05  # of the bytes of a text, at most this share are control characters

# First bytes, what the file is, and what to do about it.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"<stata_dta>", "a Stata file (`format: stata`)"),
    (b"$FL2", "an SPSS file (`format: spss`)"),
    (b"$FL3", "an SPSS file (`format: spss`)"),
    (b"PAR1", "a Parquet file (`format: parquet`)"),
    (b"%PDF", "a PDF document; ask for the table itself"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"BZh", "a bzip2 archive; unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it"),
    (b"\xfd7zXZ", "an xz archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"{\\rtf", "a text document (RTF); ask for the table itself"),
    (b"SQLite format 3", "a SQLite database; export its table as CSV"),
    (b"RDX", "an R data file; export it as CSV"),
    (b"HEADER RECORD", "a SAS transport file; export it as CSV"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
)
_PAGE = "a web page saved under another name; open it in a spreadsheet and save it as .xlsx"
_PAGES: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", _PAGE),
    (b"<html", _PAGE),
    (b"<head", _PAGE),
    (b"<meta", _PAGE),
    (b"<table", _PAGE),
    (b"mime-version:", _PAGE),
    (b"<?xml", "an XML file; open it in a spreadsheet and save it as .xlsx"),
)
_XLS = "an old Excel workbook (.xls; `format: xls`)"
_XLSX = "an Excel workbook (`format: xlsx`)"
_ODS = "an OpenDocument spreadsheet (`format: ods`)"
_DAMAGED = "a damaged or protected workbook or zip file (was it copied to its end?)"
_INSIDE: dict[Format, str] = {"xlsx": _XLSX, "kobo": _XLSX, "xls": _XLS, "ods": _ODS}
_STARTS: dict[Format, tuple[bytes, ...]] = {
    "xlsx": (_ZIP,),
    "ods": (_ZIP,),
    "kobo": (_ZIP,),
    "xls": (_OLE,),
    # Before version 117 a Stata file starts with its version number.
    "stata": (b"<stata_dta>", b"\x69", b"\x6c", b"\x6e", b"\x6f", b"\x71", b"\x72", b"\x73"),
    "spss": (b"$FL2", b"$FL3"),
    "parquet": (b"PAR1",),
}


def unreadable(path: Path, why: str) -> NoReturn:
    """Refuse a file with one message."""
    raise StudyError("A source file cannot be read.", [f"{path}: {why}"]) from None


def is_zip(path: Path) -> bool:
    """Whether a file starts like a zip file, as workbooks do."""
    with path.open("rb") as file:
        return file.read(2) == _ZIP


def check_file(path: Path, kind: Format) -> None:
    """Refuse a file that is not there, is empty, or is plainly of another kind.

    Raises
    ------
    StudyError
        Saying what it looks like.
    """
    if not path.exists():
        unreadable(path, "there is no such file")
    if not path.is_file():
        unreadable(path, "is a folder, not a file")
    try:
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT)
    except OSError as error:
        unreadable(path, f"cannot be opened ({error.strerror}); correct its permissions")
    if not start.strip(b"\0 \t\r\n"):
        unreadable(path, "is empty" if not start else "holds only blank space or null bytes")
    looks_like = _looks_like(path, start)
    expected = _STARTS.get(kind)
    if kind == "kobo" and looks_like is None:
        return  # KoboToolbox also exports CSV
    if (expected and not start.startswith(expected)) or (not expected and looks_like):
        unreadable(
            path,
            f"is not a {kind} file, as its extension or `format` says; it looks like "
            f"{looks_like or _text_or_noise(start)}",
        )
    if kind in _INSIDE and looks_like != _INSIDE[kind]:
        if looks_like == _DAMAGED:
            unreadable(path, f"is {_DAMAGED}")
        unreadable(path, f"is not a {kind} file; it is {looks_like}")


def _looks_like(path: Path, start: bytes) -> str | None:
    """What a file is, when it is plainly no text."""
    if start.startswith(_OLE):
        return _ole_kind(path)
    if start.startswith(_ZIP):
        return _zip_kind(path)
    text = start.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    known = [*((magic, name) for magic, name in _MAGIC if start.startswith(magic))]
    known += [(magic, name) for magic, name in _PAGES if text.startswith(magic)]
    return known[0][1] if known else None


def _text_or_noise(start: bytes) -> str:
    control = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in start)
    if control > _PLAIN * len(start):
        return "no kind of file that is known here, or is damaged"
    return "a text file (`format: csv` or tsv) or is damaged"


def _ole_kind(path: Path) -> str:
    """Kind of an old Office file, by the names of its parts."""
    parts = (
        ("EncryptedPackage", "a workbook protected by a password; save it without"),
        ("Workbook", _XLS),
        ("WordDocument", "a Word document; ask for the table itself"),
        ("PowerPoint Document", "a presentation; ask for the table itself"),
        ("Book", _XLS),
    )
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for name, kind in parts:
            if content.find(name.encode("utf-16-le")) >= 0:
                return kind
    return "an old Office file without a workbook, or is damaged"


def _zip_kind(path: Path) -> str:
    """Kind of a zip file, by the names of its parts."""
    try:
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist())
            is_ods = "mimetype" in names and b"spreadsheet" in package.open("mimetype").read(200)
    except Exception:  # zipfile raises many kinds for damaged files
        return _DAMAGED
    parts = (
        ("xl/workbook.bin", "a binary Excel workbook (.xlsb); save it as .xlsx"),
        ("xl/", _XLSX),
        ("word/", "a Word document; ask for the table itself"),
        ("ppt/", "a presentation; ask for the table itself"),
        ("Index/", "an Apple Numbers document; export it as Excel or CSV"),
    )
    for start, kind in parts:
        if any(name.startswith(start) for name in names):
            return kind
    if is_ods:
        return _ODS
    return f"a zip file of {len(names)} other files; unpack it"
