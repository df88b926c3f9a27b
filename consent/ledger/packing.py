"""Pieces of evidence made small before they are sealed: a mail that asks for a confirmation has some
kilobytes, most of them the same as in every other.

What is usual stands in `usual_evidence.txt` and is no part of what is packed (zlib's preset dictionary, RFC
1950 2.2). It must never change: nothing that was packed with it can be read by another. What is more usual
by then gets a mark and a file of its own, beside this."""

import zlib
from functools import cache
from importlib.resources import files

_PACKED = b"z"
"""How a packed piece begins, as no JSON does."""

_FROM = 512
"""Bytes from which on a piece is packed."""


def packed(plain: bytes) -> bytes:
    """A record's canonical JSON, small."""
    if len(plain) < _FROM:
        return plain
    packer = zlib.compressobj(9, zdict=_usual())
    return _PACKED + packer.compress(plain) + packer.flush()


def unpacked(kept: bytes) -> bytes:
    """What `packed` was given. Raises `ValueError` for what it never gave."""
    if not kept.startswith(_PACKED):
        return kept
    unpacker = zlib.decompressobj(zdict=_usual())
    try:
        plain = unpacker.decompress(kept[1:])
    except zlib.error as fault:
        raise ValueError(f"A piece of evidence cannot be unpacked: {fault}.") from None
    if not unpacker.eof:
        raise ValueError("A piece of evidence cannot be unpacked: its end is missing.")
    return plain


@cache
def _usual() -> bytes:
    return (files("consent") / "ledger" / "usual_evidence.txt").read_bytes()
