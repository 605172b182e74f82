"""Column names of KoboToolbox and ODK exports, which carry the groups of the form before them."""

import re
from collections import Counter
from collections.abc import Sequence

_PATH = re.compile(r"[A-Za-z_]\w*(?:[/.:-][A-Za-z_]\w*)+")
_SEPARATOR = re.compile(r"[/.:-]")
# Columns that the programs add by themselves; R writes an X before an underscore.
_SIGNS = frozenset(
    (
        *("_uuid", "x_uuid", "_submission_time", "x_submission_time", "_submitted_by"),
        *("meta/instanceid", "meta.instanceid", "meta-instanceid", "instanceid"),
        *("formhub/uuid", "submissiondate", "__version__"),
    )
)
MANY = 5  # names with a group that others have too: no accident


def is_export(names: Sequence[str]) -> bool:
    """Whether a file comes from KoboToolbox or ODK, by its column names."""
    if any(name.strip().lower() in _SIGNS for name in names):
        return True
    groups = Counter(name.split("/")[0] for name in names if "/" in name and _PATH.fullmatch(name))
    return sum(count for count in groups.values() if count > 1) >= MANY


def without_groups(name: str) -> str:
    """Name of a column of such an export without its groups: `economic/q7` is q7."""
    if "/" in name:
        return name.rsplit("/", 1)[-1]
    return _SEPARATOR.split(name)[-1] if _PATH.fullmatch(name) else name


def plain_names(names: Sequence[str]) -> list[str]:
    """Names of the columns of such an export without their groups.

    A slash is always a group's; any other separator only where others are in the same group:
    `sub-location` is a name.
    """
    plain = [without_groups(name) for name in names]
    groups = [name.removesuffix(short) for name, short in zip(names, plain, strict=True)]
    members = Counter(groups)
    return [
        short if "/" in name or members[group] > 1 else name
        for name, short, group in zip(names, plain, groups, strict=True)
    ]
