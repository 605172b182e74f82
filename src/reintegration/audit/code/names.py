"""Names of columns that R takes without quotes."""

import re
import unicodedata

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._]*")
_RESERVED = {
    *("if", "else", "repeat", "while", "function", "for", "next", "break", "in"),
    *("TRUE", "FALSE", "NULL", "Inf", "NaN", "NA", "T", "F"),
}


def plain_name(column: str) -> str:
    """Name a column with letters, digits, `_` and `.` alone; as it is where it has no others."""
    if _NAME.fullmatch(column) and column not in _RESERVED:
        return column
    letters = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode()
    made = re.sub(r"[^A-Za-z0-9._]+", "_", letters).strip("_") or "column"
    return f"{made}_" if made[0].isalpha() else f"x{made}_"
