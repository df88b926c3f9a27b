"""Coupon codes: computed, not drawn, so that a mail that is tried again shows the same one."""

import hashlib
import hmac
import re

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs, so that every bit counts; without 0 and O, 1 and I."""

_BITS = 5
_RANDOM = re.compile(r"\{random (\d+)\}")


def code(secret: bytes, pattern: str, journey: str, step: str, coupon: str) -> str:
    """The code of a journey's step: `pattern` with each `{random N}` filled in. It cannot be guessed without
    `secret`."""
    seed = hmac.digest(secret, f"code\0{journey}\0{step}\0{coupon}".encode(), "sha256")
    place = 0

    def fill(found: re.Match[str]) -> str:
        nonlocal place
        place += 1
        return _signs(seed + bytes([place]), int(found[1]))

    return _RANDOM.sub(fill, pattern)


def _signs(seed: bytes, count: int) -> str:
    drawn = int.from_bytes(hashlib.shake_256(seed).digest((count * _BITS + 7) // 8), "big")
    return "".join(ALPHABET[drawn >> _BITS * place & 31] for place in range(count))
