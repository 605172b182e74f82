"""Texts as people type them, made comparable."""

import re
import unicodedata

_NOT_WORD = re.compile(r"[^0-9a-z]+")


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
