"""When a mail that did not go is tried again."""

import hashlib

DEFERRALS = (60, 300, 900, 3600, 14_400, 28_800, 43_200, 86_400)
"""Seconds to wait after each temporary refusal; after the last one the mail is given up."""

MOST_RELEASES = 60
"""After so many permits in a row that ran out before the final dot, about an hour, a mail is given up."""

SET_ASIDE = 300_000
"""Milliseconds until a mail at which the program failed, or its template, is tried again."""

MENDED_WITHIN = 3 * 86_400_000
"""Milliseconds from asking for a mail within which its template may be mended; then it is skipped."""

ASIDE = (300, 3600, 21_600, 86_400)
"""Seconds until a person who is set aside is tried again, after each try in vain; the last one stays."""

_RELEASED_FIRST, _RELEASED_LONGEST = 1, 60
_SPREAD = 0.1


def after_deferral(key: str, deferrals: int) -> int | None:
    """Milliseconds to wait after one more temporary refusal, behind so many before it; None: no more. Each
    pause is up to a tenth shorter than its `DEFERRALS`, that mails refused together do not come back
    together."""
    if deferrals >= len(DEFERRALS):
        return None
    return round(spread(DEFERRALS[deferrals] * 1000, key, deferrals))


def after_release(releases: int) -> int | None:
    """Milliseconds to wait after one more permit was given back, behind so many in a row; None: no more."""
    if releases >= MOST_RELEASES:
        return None
    return min(_RELEASED_FIRST << min(releases, 10), _RELEASED_LONGEST) * 1000 if releases else 0


def after_setting_aside(contact: str, tries: int) -> int:
    """Milliseconds until somebody is tried again who was tried so many times in vain. Each pause is up to a
    tenth shorter than its `ASIDE`, that people set aside together do not come back together."""
    return round(spread(ASIDE[min(tries, len(ASIDE) - 1)] * 1000, contact, tries))


def spread(pause: float, key: str, count: int) -> float:
    """The pause, up to a tenth shorter: always the same for equal arguments, as if drawn for others."""
    digest = hashlib.sha256(f"{key}\0{count}".encode()).digest()
    return pause * (1 - _SPREAD * int.from_bytes(digest[:8], "big") / 2**64)
