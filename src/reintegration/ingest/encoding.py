"""Tell the encoding of a text file, and read it piece by piece as UTF-8."""

import codecs
import re
from pathlib import Path

import numpy as np

from reintegration.ingest.files import unreadable

PIECE = 1 << 20  # bytes read at a time
LONGEST_LINE = 4 << 20  # bytes; a row of 16,384 long questions is shorter
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# What spreadsheets write on Windows, on a Mac, and as "CSV (MS-DOS)".
_ONE_BYTE = ("cp1252", "mac_roman", "cp850")
# Letters and signs of English, French and Spanish, and of them those that stand most often.
_LETTERS = "àâäáãéèêëíîïñóôöõúùûüçœæÀÂÉÈÊÎÔÇÑÓÁÍÚ’‘“”«»…–—°\xa0¿¡€ºª"
_COMMON = "éèàêçôùâîáíóñú’"
_PLAIN_SHARE = 0.9  # of accents that are letters of the languages expected
_NULLS = 0.3  # share of null bytes in every second place of UTF-16
# An accented letter in UTF-8; in a one-byte encoding such a pair is no part of any word.
_UTF8_LETTER = re.compile(rb"[\xc3-\xc5][\x80-\xbf]")


def find_encoding(path: Path, declared: str | None) -> str:
    """Encoding of a file: its mark, as declared, UTF-8, or a one-byte one that fits.

    Raises
    ------
    StudyError
        If the file is in no encoding, in another than declared, or in several.
    """
    with path.open("rb") as file:
        start = file.read(PIECE)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    certain = marked or declared
    if certain is None and b"\x00" in start:
        certain = _utf16(start)
    if certain and codecs.lookup(certain).name.startswith(("utf-16", "utf-32")):
        _check(path, certain)
        return certain
    bad_line, accents = _scan(path)
    if certain and codecs.lookup(certain).name.startswith("utf-8"):
        if bad_line:
            unreadable(
                path,
                f"is not in the encoding {certain}: line {bad_line} cannot be decoded; "
                "correct `encoding`, or leave it out to have it found",
            )
        return certain
    if not bad_line:
        if declared and accents.any():
            unreadable(path, f"is in the encoding utf-8, not {declared}; correct `encoding`")
        return declared or "utf-8"
    encoding = declared or _one_byte(accents)
    if encoding is None:
        unreadable(
            path,
            f"is neither UTF-8 (see line {bad_line}) nor Windows-1252; name its `encoding`",
        )
    if mixed := _first_in_utf8(path):
        unreadable(
            path,
            f"mixes encodings: line {mixed} is in UTF-8 and others are not; export its parts "
            "again in one encoding",
        )
    if declared:
        _check(path, declared)
    return encoding


def _utf16(start: bytes) -> str | None:
    """Name the order of bytes in UTF-16 without a mark: every second one is null."""
    null = np.frombuffer(start, np.uint8)[: len(start) // 2 * 2].reshape(-1, 2) == 0
    first, second = null.mean(axis=0)
    if second > _NULLS and first < _NULLS / 10:
        return "utf-16-le"
    return "utf-16-be" if first > _NULLS and second < _NULLS / 10 else None


def _scan(path: Path) -> tuple[int, np.ndarray]:
    """First line that is no UTF-8 (0: none), and how often each byte above 127 stands."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    accents = np.zeros(256, dtype=np.int64)
    bad_line, line, since_break = 0, 1, 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            if b"\x00" in piece:
                unreadable(
                    path, "holds null bytes: it is no text, or in UTF-16 (set `encoding: utf-16`)"
                )
            since_break = _check_length(path, piece, since_break, line)
            if not piece.isascii():
                high = np.frombuffer(piece, np.uint8)
                accents += np.bincount(high[high > 127], minlength=256)
            if not bad_line and (not piece.isascii() or decoder.getstate()[0]):
                kept = len(decoder.getstate()[0])
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError as error:
                    bad_line = line + piece.count(b"\n", 0, max(error.start - kept, 0))
            line += piece.count(b"\n")
    if not bad_line and decoder.getstate()[0]:
        bad_line = line
    return bad_line, accents


def _check_length(path: Path, piece: bytes, since_break: int, line: int) -> int:
    """Length of the line that is not yet at its end; refuse one that no table holds."""
    last = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
    since_break = since_break + len(piece) if last < 0 else len(piece) - last
    if since_break > LONGEST_LINE:
        at = line + piece.count(b"\n")
        unreadable(
            path,
            f"line {at} is longer than {LONGEST_LINE >> 20} MB: it is no table, or its line ends "
            "are lost",
        )
    return since_break


def _check(path: Path, encoding: str) -> None:
    """Decode a whole file piece by piece."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, since_break = 1, 0
    with path.open("rb") as file:
        while True:
            piece = file.read(PIECE)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeError:
                unreadable(
                    path,
                    f"is not in the encoding {encoding}: from line {line} on it cannot be decoded; "
                    "correct `encoding`, or leave it out to have it found",
                )
            if "\x00" in text:
                unreadable(path, "holds null bytes: it is no text, or not in " + encoding)
            since_break = _check_length(path, text.encode("utf-8", "replace"), since_break, line)
            line += text.count("\n")
            if not piece:
                return


def _one_byte(accents: np.ndarray) -> str | None:
    """Encoding by which most accents are letters of the languages expected."""
    used = np.flatnonzero(accents)
    known: dict[str, float] = {}
    common: dict[str, float] = {}
    for encoding in _ONE_BYTE:
        try:
            letters = bytes(used.astype(np.uint8)).decode(encoding)
        except UnicodeDecodeError:
            continue
        for shares, among in ((known, _LETTERS), (common, _COMMON)):
            found = np.array([letter in among for letter in letters])
            shares[encoding] = accents[used[found]].sum() / accents.sum()
    fitting = [encoding for encoding, share in known.items() if share >= _PLAIN_SHARE]
    if "cp1252" in known and ("cp1252" in fitting or not fitting):
        return "cp1252"
    return max(fitting, key=lambda encoding: common[encoding], default=None)


def _first_in_utf8(path: Path) -> int | None:
    """First line in UTF-8 with an accent, of a file whose other accents are not."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if _UTF8_LETTER.search(line):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError:
                    continue
                return number
    return None


class Utf8:
    """A text file as a stream of UTF-8, from some place on.

    Counts its quotation marks, and knows whether its last line has an end.
    """

    def __init__(self, path: Path, encoding: str, skip: int):
        """Skip the first bytes (of UTF-8) of the text."""
        self._file = path.open("rb")
        self._skip = skip
        self.quotes = 0
        self.ended = True
        self.closed = False
        name = codecs.lookup(encoding).name
        self._decoder = None
        if name == "utf-8-sig":
            self._skip += len(codecs.BOM_UTF8)
        elif name != "utf-8":
            self._decoder = codecs.getincrementaldecoder(encoding)()

    def read(self, size: int = PIECE) -> bytes:
        """Next bytes of the text; none at its end."""
        while True:
            raw = self._file.read(max(size // 4, 1) if self._decoder else size)
            if not raw:
                return b""
            text = self._decoder.decode(raw).encode() if self._decoder else raw
            text, self._skip = text[self._skip :], max(self._skip - len(text), 0)
            if text:
                self.quotes += text.count(b'"')
                self.ended = text.endswith((b"\n", b"\r"))
                return text

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self.closed = True

    def __enter__(self) -> "Utf8":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
