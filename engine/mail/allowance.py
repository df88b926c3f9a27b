"""How much one template may do: turns of loops and calls, and the size of what is made from little.

A template is text that somebody may have got wrong, or have had written by somebody else; one that would take
for ever, or all memory, is a fault of its mail like any other."""

import re
from collections.abc import Sized
from typing import Any

from jinja2.exceptions import SecurityError

TURNS = 200_000
"""Turns of all loops, and calls, in one part of a mail. The largest mails take some hundreds."""

LARGEST = 1_000_000
"""Characters, or members of a list, that one operation may make."""

_BITS = 4_096
"""Of the largest number that may come of one multiplication: it has more than a thousand digits."""

_WIDE = re.compile(r"%[^%A-Za-z]*(?:\d{5}|\*)")
PADDING = frozenset({"ljust", "rjust", "center", "zfill", "expandtabs"})
"""Methods of texts that make much of little."""


class Allowance:
    """What is left of the turns of one part. Raises `SecurityError` where there are none."""

    def __init__(self) -> None:
        self.left = TURNS

    def take(self, turns: int) -> None:
        """Use up so many."""
        self.left -= turns
        if self.left < 0:
            raise SecurityError(f"the template takes more than {TURNS:,} turns of loops and calls")


def check_operation(operator: str, left: Any, right: Any) -> None:
    """Let `left * right`, `left ** right` or `left % right` be worked out. Raises `SecurityError`."""
    if operator == "%":
        too_much = isinstance(left, str) and _WIDE.search(left) is not None
    elif operator == "**":
        too_much = isinstance(left, int) and isinstance(right, int) and left.bit_length() * right > _BITS
    elif isinstance(left, int) and isinstance(right, int):
        too_much = left.bit_length() + right.bit_length() > _BITS
    else:
        long, times = (right, left) if isinstance(left, int) else (left, right)
        too_much = isinstance(long, Sized) and isinstance(times, int) and len(long) * times > LARGEST
    if too_much:
        raise SecurityError(f"the template makes too much of too little, with `{operator}`")
