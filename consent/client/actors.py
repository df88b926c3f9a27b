"""Who is named in the log as the one who told of something.

What a caller says of itself is one of few kinds, and in one word how it came. The API key by which it called
is added here, so that the log tells it from what was said at the service itself. A person is named only where
a token of theirs was read, and by nobody who calls."""

import re
from collections.abc import Collection
from contextvars import ContextVar

CALLER: ContextVar[str] = ContextVar("CALLER", default="")
"""The name of the API key by which the present call came; empty: it came by none."""

TOLD_BY = frozenset({"operator"})
"""Who may say what a person wants, have them erased, or know what became of a mail."""

MERGED_BY = frozenset({"operator", "shop"})
"""Who may say that two are one."""

_FORM = re.compile(r"[a-z]+(:[a-z0-9_]{1,40})?")
_PLAIN = re.compile(r"[\w .-]{1,100}")


def named(actor: str, kinds: Collection[str]) -> str:
    """The actor as the log names it: `operator`, `operator:letter`, and of a call by a key
    `operator:letter@KEY` (`operator:api@KEY` where no way was told). Raises `ValueError` for any other than
    these `kinds`."""
    if not _FORM.fullmatch(actor) or actor.partition(":")[0] not in kinds:
        raise ValueError(
            f"An actor is {' or '.join(f'`{kind}`' for kind in sorted(kinds))}, or that and in one word how "
            f"it came, as in `operator:letter`; not {actor[:80]!r}."
        )
    key = CALLER.get()
    if not key:
        return actor
    return f"{actor if ':' in actor else f'{actor}:api'}@{key}"


def plain(name: str, what: str) -> None:
    """Raise `ValueError` unless `name` may stand in an actor: letters, digits, blanks, `_`, `.`, `-`."""
    if not _PLAIN.fullmatch(name):
        raise ValueError(f"{what} is named by letters, digits, blanks, `_`, `.` and `-`, not {name[:80]!r}.")
