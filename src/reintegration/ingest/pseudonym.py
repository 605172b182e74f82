"""Pseudonyms: case numbers and places become keyed hashes that only the key's owner can remake."""

import contextlib
import hmac
import os
import re
import secrets
import sys
import unicodedata
from pathlib import Path
from typing import NoReturn

import pandas as pd

from reintegration.codebook import Codebook
from reintegration.errors import StudyError
from reintegration.ingest.columns import LOCATION, RETURNEE, identifier

# Public on purpose: pseudonyms of simulated people are the same on every machine. With it
# anyone could try case numbers until a pseudonym fits, so it is refused for real files.
DEMO_KEY = b"public key of the demo, for simulated people only"
KEY_VARIABLE = "REINTEGRATION_KEY_FILE"
KEY_BYTES = 32
DIGITS = 12
AT_ONCE = 50_000
_SPACED = re.compile(r"^ |  | $|\x1f |[\t-\r\x1c-\x1e]")  # spaces that may not count
SUBMISSION = "submission_id"
# What tells one row without a case number from another, should the rows of a file move.
_KNOWN_OF_NOBODY = ("survey_date", "return_date", "sex", "age", "returned_from", "months_abroad")


def pseudonyms(
    letter: str, texts: pd.Series, key: bytes, scope: pd.Series | None = None
) -> pd.Series:
    """Replace identifiers by a letter and 12 hexadecimal digits of their HMAC-SHA256.

    Parameters
    ----------
    letter
        What is named: R a returnee, U somebody without a case number, S a survey, L a location,
        F a form as it was submitted.
    texts
        Identifiers, shape (n,); missing stays missing. Case and spacing do not count.
    scope
        What the identifier is unique within (the country), shape (n,).

    Returns
    -------
    pandas.Series
        Shape (n,), same index.
    """
    joined = texts.astype("str")
    if scope is not None:
        joined = scope.astype("str").fillna("") + "\x1f" + joined
    place, uniques = pd.factorize(joined)
    made = _hashes(letter, uniques, key).reindex(place)  # missing is place -1, which is not there
    return made.set_axis(texts.index)


def with_pseudonyms(
    frame: pd.DataFrame, places: pd.Series, codebook: Codebook, key: bytes, keep_all: bool
) -> pd.DataFrame:
    """Put pseudonyms in the place of the identifiers of mapped rows.

    Case numbers and places are unique within a country. A row without a case number is of
    somebody of its own, until it is known of whom. A survey is named by its returnee and day, or
    by its place in its file when it has no day; when duplicates are kept, by its place among
    them too.

    Parameters
    ----------
    places
        Source and row of each row, as one text, shape (n,).
    keep_all
        Whether surveys of one returnee and day stay apart.
    """
    made = pseudonyms_within(frame, codebook, key)
    returnee = made[RETURNEE]
    if (nobody := returnee.isna()).any() and identifier(codebook, RETURNEE) is not None:
        rows = frame[nobody]
        said = places[nobody]
        for known in _KNOWN_OF_NOBODY:
            if known in rows:
                said = said + "\x1f" + rows[known].astype("str").fillna("")
        made[RETURNEE] = returnee.where(~nobody, pseudonyms("U", said, key))
    if (name := identifier(codebook, SUBMISSION)) is not None and name in frame:
        made[SUBMISSION] = pseudonyms("F", frame[name], key)
    day = frame["survey_date"].dt.strftime("%Y-%m-%d").astype("str")
    survey = made[RETURNEE] + " " + day.fillna(places)
    if keep_all:
        again = survey.groupby(survey).cumcount()
        survey = survey.where(again == 0, survey + " " + again.astype("str"))
    made["survey_id"] = pseudonyms("S", survey, key)
    return frame.drop(columns=codebook.identifiers, errors="ignore").assign(**made)


def pseudonyms_within(frame: pd.DataFrame, codebook: Codebook, key: bytes) -> dict[str, pd.Series]:
    """Pseudonyms of what is unique within a country: returnees by case number, and places."""
    made = {}
    for column, letter in ((RETURNEE, "R"), (LOCATION, "L")):
        name = identifier(codebook, column)
        made[column] = (
            pd.Series(index=frame.index, dtype="str")
            if name is None
            else pseudonyms(letter, frame[name], key, scope=frame["country"])
        )
    return made


def _hashes(letter: str, texts: pd.Index, key: bytes) -> pd.Series:
    """Pseudonyms of different texts, made in parts so that a million cost little memory."""
    parts = [pd.Series(dtype="str")]
    for start in range(0, len(texts), AT_ONCE):
        same = (_same(text) for text in texts[start : start + AT_ONCE])
        digests = (hmac.digest(key, f"{letter}\x1f{text}".encode(), "sha256") for text in same)
        parts.append(pd.Series([letter + d.hex()[:DIGITS] for d in digests], dtype="str"))
    return pd.concat(parts, ignore_index=True)


def _same(text: str) -> str:
    """A text without what does not count: case, width of letters, spacing, within its scope."""
    if text.isascii() and not _SPACED.search(text):
        return text.upper()
    return "\x1f".join(
        " ".join(unicodedata.normalize("NFKC", part).upper().split()) for part in text.split("\x1f")
    )


def find_key(simulated: bool, checkout: str | Path = ".") -> bytes:
    """Return the key of pseudonyms: the public one for simulated data, else the researcher's own.

    The own key lies in a file outside the checkout, named by $REINTEGRATION_KEY_FILE or in the
    user's data folder. It is made on first use, readable by its owner alone. Losing it means
    that new files can no longer be joined with old results.

    Raises
    ------
    StudyError
        If the file cannot be made or read, lies inside the checkout, can be read by others, is
        too short, or holds the demo's key.
    """
    if simulated:
        return DEMO_KEY
    try:
        path = key_path()
    except RuntimeError:
        _refuse(Path("~"), "cannot be placed: there is no home folder")
    if path.resolve().is_relative_to(Path(checkout).resolve()):
        _refuse(path, "lies inside the checkout, where it could be shared by accident")
    if not path.exists():
        _make_key(path)
    try:
        mode = path.stat().st_mode
        key = path.read_bytes().strip()
    except OSError as error:
        _refuse(path, f"cannot be read ({error.strerror})")
    if os.name == "posix" and mode & 0o077:
        _refuse(path, f"can be read by others; run: chmod 600 '{path}'")
    if key == DEMO_KEY:
        _refuse(path, "holds the demo's public key, which protects nobody")
    if len(key) < KEY_BYTES:
        _refuse(path, f"holds fewer than {KEY_BYTES} characters; remove it to have one made")
    return key


def key_path() -> Path:
    """Path of the researcher's key file."""
    if named := os.environ.get(KEY_VARIABLE):
        return Path(named).expanduser()
    if os.name == "nt":
        folder = Path(os.environ.get("APPDATA", Path.home() / "AppData" / "Roaming"))
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return folder / "reintegration" / "pseudonyms.key"


def _make_key(path: Path) -> None:
    """Write a new key. Of several jobs that try at once, the first one wins."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(KEY_BYTES).encode())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        _refuse(path, f"cannot be made ({error.strerror})")
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def _refuse(path: Path, why: str) -> NoReturn:
    raise StudyError(
        "No key for pseudonyms; real files are not read without one.",
        [f"key file {path} {why}. Name another file with {KEY_VARIABLE}=/path/to/file"],
    ) from None
