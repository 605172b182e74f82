"""What the study found, section by section, as sentences taken from results."""

from reintegration.report.story.change import (
    orion,
    orion_changes,
    orion_disputed,
    orion_elsewhere,
    orion_not_studied,
    orion_size,
    trends,
)
from reintegration.report.story.data import (
    claims,
    migration,
    not_asked,
    sample,
    something_left_out,
    sources,
)
from reintegration.report.story.plan import ledger
from reintegration.report.story.scores import (
    asked_differently,
    assistance,
    assistance_disputed,
    countries,
    importance,
    network,
    scores,
)

__all__ = [
    "asked_differently",
    "assistance",
    "assistance_disputed",
    "claims",
    "countries",
    "importance",
    "ledger",
    "migration",
    "network",
    "not_asked",
    "orion",
    "orion_changes",
    "orion_disputed",
    "orion_elsewhere",
    "orion_not_studied",
    "orion_size",
    "sample",
    "scores",
    "something_left_out",
    "sources",
    "trends",
]
