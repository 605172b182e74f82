"""Texts as people type them, made comparable, and harmless where spreadsheets open them."""

import re
import unicodedata

_NOT_WORD = re.compile(r"[^0-9a-z]+")
# What makes a spreadsheet take a text for a formula, at the start of a cell. A cell also starts
# after a semicolon or tab inside a text, where these part cells (a French Excel). An apostrophe
# in front makes it a text again; one that stood there already gets a second, so that reading
# takes away exactly what writing put.
_START = r"(?:^|(?<=[;\t\r\n]))"
_TRIGGER = "(?=[=+@\t\r\uff1d\uff0b\uff0d\uff20-])"
_UNSAFE = re.compile(f"{_START}('*){_TRIGGER}")
_MADE_SAFE = re.compile(f"{_START}'('*){_TRIGGER}")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")


def fold(text: object) -> str:
    """Fold a text so that spellings of the same words compare equal.

    Case, accents, punctuation, typographic apostrophes and repeated or outer spaces are
    ignored: ``fold("  Très  bon ") == fold("tres bon")``. Underscores and dots count as
    spaces, so ``very_good`` equals ``Very good``.
    """
    plain = unicodedata.normalize("NFKD", str(text)).casefold()
    if not plain.isascii():
        plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    folded = _NOT_WORD.sub(" ", plain.replace("œ", "oe").replace("æ", "ae")).strip()
    return folded or str(text).strip()


def harmless(text: str) -> str:
    """Write a text so that no spreadsheet takes it, or a part of it, for a formula."""
    return text if _NUMBER.fullmatch(text) else _UNSAFE.sub(r"'\1", text)


def as_it_was(text: str) -> str:
    """Undo `harmless`."""
    return _MADE_SAFE.sub(r"\1", text)
