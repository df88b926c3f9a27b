"""Who is set aside, since when, why, and when they are tried again."""

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import MsgspecError, Struct

from engine.core.bundle import Bundle
from engine.insight.records import Records


class Apart(Struct, frozen=True):
    """Somebody who is set aside `since` then. `error` is what the program said, which may have values of
    theirs; `cause` has none, and is equal for all who share it. `flow` and `step` are where they stood, empty
    where that is not known; after `tries` in vain they are tried again at `due`. Instants are ms UTC; `due`
    is None where nothing is written down yet: then it is the next start."""

    contact: str
    since: int
    cause: str
    error: str
    flow: str
    step: str
    tries: int
    due: int | None


def apart(records: Records, contact: str = "") -> list[Apart]:
    """Everybody who is set aside, or one, by the time at which it came to that."""
    retries = records.retries()
    found = []
    for one in records.set_aside():
        if contact in ("", one.contact):
            retry = retries.get(one.contact)
            tries, due = (retry.tries, retry.due) if retry is not None else (0, None)
            found.append(Apart(one.contact, one.at, one.cause, one.error, one.flow, one.step, tries, due))
    return found


def known_of(records: Records, contact: str, aside: Apart | None) -> Bundle:
    """What the engine knows of one contact. Of somebody who is set aside that may be what cannot be read:
    then nothing."""
    if aside is None:
        return records.bundle(contact)
    try:
        return records.bundle(contact)
    except (MsgspecError, ValueError, IndexError):
        return Bundle(contact)


def sentence(one: Apart, clock: ZoneInfo) -> str:
    """In words, but for the error."""
    where = f" at {one.step} of {one.flow}" if one.step else f" in {one.flow}" if one.flow else ""
    tried = {0: "", 1: ", was tried once more in vain"}.get(
        one.tries, f", was tried {one.tries:,} times more in vain"
    )
    again = (
        f"is tried again {_moment(one.due, clock)}" if one.due is not None else "is tried again at the start"
    )
    return f"Set aside since {_moment(one.since, clock)}{where}{tried}; {again}"


def _moment(at: int, clock: ZoneInfo) -> str:
    return datetime.fromtimestamp(at // 1000, clock).strftime("%Y-%m-%d %H:%M")
