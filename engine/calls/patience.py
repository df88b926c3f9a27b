"""When a call is tried again, and when it is given up."""

import hashlib

FIRST_PAUSES = (60, 600, 3600, 21_600)
"""Seconds after each attempt in vain; behind the last of them comes the last attempt."""

MOST_ATTEMPTS = len(FIRST_PAUSES) + 1
LONGEST = 3 * 86_400_000
"""Milliseconds from asking for a call until it is given up, whatever the receiver asks for."""

_SPREAD = 0.5


def next_attempt(key: str, attempts: int, after: int, asked: int, now: int) -> int | None:
    """When the call with this key is tried again (ms UTC) that was asked for at `asked` and has been tried
    `attempts` times; None: no more. `after` is how many seconds the receiver wants to be left alone.

    The pauses are spread by a hash of key and attempt, so that calls that failed together do not come back
    together, and a repeat of history gives the same pauses.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    pause = FIRST_PAUSES[attempts - 1] * (1 - _SPREAD / 2 + _SPREAD * _share(key, attempts))
    at = now + round(max(pause, after) * 1000)
    return None if is_over(asked, at) else at


def next_asked(after: int, asked: int, now: int) -> int | None:
    """When a call is made that the receiver, who wants to be left alone for `after` seconds, did not look at;
    None: its time is over by then."""
    at = now + after * 1000
    return None if is_over(asked, at) else at


def is_over(asked: int, now: int) -> bool:
    """Whether a call that was asked for at `asked` is given up at `now`, tried or not."""
    return now > asked + LONGEST


def _share(key: str, attempts: int) -> float:
    """From 0 up to, not including, 1."""
    digest = hashlib.sha256(f"{key}\0{attempts}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
