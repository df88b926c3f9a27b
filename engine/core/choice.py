"""Choices that can be computed again: the same person always lands on the same arm."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal

from dsl.graph import Arm, Graph, Split

_ALL = 2**64


def arm(flow: str, split: Split, contact: str, weights: Mapping[str, Decimal] | None = None) -> Arm:
    """The arm of a contact: a hash of flow, split and contact, laid on the arms in written order. `weights`
    are other ones than those written, in percent by label."""
    point = _point(f"{flow}\0{split.step}\0{contact}")
    reached = Decimal(0)
    for candidate in split.arms:
        reached += candidate.weight if weights is None else weights[candidate.label]
        if point < reached * _ALL:
            return candidate
    return split.arms[-1]


def held_out(graph: Graph, contact: str) -> bool:
    """Whether a contact is among the flow's holdout: a hash of flow and contact, which no split shares."""
    return bool(graph.holdout) and _point(f"{graph.flow}\0holdout\0\0{contact}") < graph.holdout * _ALL


def _point(text: str) -> int:
    """Where a text falls within a hundred times `_ALL`."""
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") * 100
