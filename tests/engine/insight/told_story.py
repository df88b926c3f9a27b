"""A visit, and the story that is told of it."""

from typing import Any
from zoneinfo import ZoneInfo

from flows import program
from person import ANNA, MONDAY

from engine.core.bundle import Entry
from engine.core.record import What
from engine.insight.story import Line, Names, Person, story
from engine.store.store import Received

FLOW = """
flow visit "A visit"
    topic news
    start on page_viewed
    send hello
    wait for order_placed up to 3 days
        on order_placed
            finish as bought
        on timeout
            if any order_placed
                send again
"""
RIGA = ZoneInfo("Europe/Riga")
NAMES = Names.of(program(FLOW), lambda journey, step, visit: f"{journey}/{step}/{visit}")


def line(what: What, at: int = MONDAY, step: str = "", reason: str = "", journey: str = "j1") -> Entry:
    """A line of the journal of a visit."""
    return Entry(ANNA, at, 0, journey, "visit", step, what.value, reason)


def told(*entries: Entry, events: tuple[Received, ...] = (), person: Person | None = None) -> list[Line]:
    """The story of what the journal, the events and the log of consent hold."""
    return story(NAMES, person, entries, events, RIGA)


def words(*entries: Entry) -> list[str]:
    """The sentences of a story."""
    return [line.text for line in told(*entries)]


def event(name: str, at: int, **data: Any) -> Received:
    """An event as it came in."""
    return Received(name, name, at, at, ANNA, "", data)
