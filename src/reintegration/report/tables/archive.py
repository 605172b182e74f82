"""Files of Word and Excel as bytes that depend on nothing but the table."""

import zipfile
from datetime import datetime
from io import BytesIO

MADE = datetime(2000, 1, 1)  # said in the file, whenever it is made: same table, same bytes
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def timeless(archive: bytes) -> bytes:
    """Write a zip archive again, in the same order, without the time of its making."""
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(archive)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            new.writestr(entry, old.read(name))
    return out.getvalue()
