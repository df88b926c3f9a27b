"""Randomness that tests hold in hand."""

import hashlib
import itertools


class Dice:
    """Reproducible bytes: SHA-256 of a counter. Dice of another seed give other bytes."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._count = itertools.count()

    def __call__(self, size: int) -> bytes:
        drawn = b""
        while len(drawn) < size:
            drawn += hashlib.sha256(f"{self._seed}/{next(self._count)}".encode()).digest()
        return drawn[:size]
