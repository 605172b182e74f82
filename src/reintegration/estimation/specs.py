"""Specifications: one regression per outcome, written as data, checked before it is fitted."""

from collections.abc import Sequence

from reintegration import config
from reintegration.codebook import Codebook


def check_specifications(
    specifications: Sequence[config.Specification],
    assistance: config.Assistance,
    orion: config.Orion,
    trends: config.Trends,
    codebook: Codebook,
) -> None:
    """Check every name, filter and cluster of the specifications against the codebook.

    Raises
    ------
    StudyError
        With every problem at once: key, name or text, what is known.
    """
    raise NotImplementedError
