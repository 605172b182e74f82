"""Passports as the audit page holds them: small compressed blocks, opened one at a time."""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

BLOCK_SIZE = 200_000  # characters of JSON before a new block begins


@dataclass
class Block:
    """Passports that are opened together: specifications, and estimates of theirs."""

    specifications: dict[str, Any] = field(default_factory=dict)
    estimates: dict[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> dict[str, Any]:
        """What the page reads."""
        return {"specifications": self.specifications, "estimates": self.estimates}


def embedded(content: Any) -> str:
    """JSON, compressed, in letters that mean nothing to HTML."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode("utf-8"), mtime=0)).decode("ascii")


def make_blocks(
    specifications: Mapping[str, Any], groups: Iterable[tuple[str, Mapping[str, Any]]]
) -> Iterator[Block]:
    """Fill blocks with groups of estimates, each with its specification.

    Parameters
    ----------
    specifications
        Passports by `spec_id`.
    groups
        Estimates of one specification each (its `spec_id`, or empty), by `estimate_id`. A group
        is not broken: estimates may refer to one another.
    """
    block, size, left = Block(), 0, dict(specifications)
    for spec_id, estimates in groups:
        if spec_id in left:
            block.specifications[spec_id] = left.pop(spec_id)
            size += _size(block.specifications[spec_id])
        block.estimates.update(estimates)
        size += _size(estimates)
        if size > BLOCK_SIZE:
            yield block
            block, size = Block(), 0
    for spec_id, passport in left.items():
        block.specifications[spec_id] = passport
        size += _size(passport)
        if size > BLOCK_SIZE:
            yield block
            block, size = Block(), 0
    if size:
        yield block


def _size(content: Any) -> int:
    return len(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def finite(content: Any) -> Any:
    """Replace what JSON cannot hold (not a number, infinity) by nothing, all the way down."""
    if isinstance(content, Mapping):
        return {str(key): finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    if isinstance(content, float) and (content != content or content in (_INF, -_INF)):
        return None
    return content


_INF = float("inf")
