"""Choices that can be computed again: the same person always lands on the same arm."""

import hashlib
from decimal import Decimal

from dsl.graph import Arm, Split

_ALL = 2**64


def arm(flow: str, split: Split, contact: str) -> Arm:
    """The arm of a contact: a hash of flow, split and contact, laid on the arms in written order."""
    digest = hashlib.sha256(f"{flow}\0{split.step}\0{contact}".encode()).digest()
    point = int.from_bytes(digest[:8], "big") * 100
    reached = Decimal(0)
    for candidate in split.arms:
        reached += candidate.weight
        if point < reached * _ALL:
            return candidate
    return split.arms[-1]
