"""What the engine must remember of a contact so that a flow's or a segment's questions can be answered."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from dsl.graph import (
    Attribute,
    Duration,
    EventNeed,
    Field,
    History,
    InSegment,
    LastSpan,
    MailTest,
    Needs,
    WaitForBestTime,
)

_MAIL_FIELDS = ("flow", "step", "link")
_READING = ("email_clicked", "email_opened")
"""What tells when somebody reads mail."""


def needs_of(things: Iterable[Struct], segments: Iterable[str] = ()) -> Needs:
    """The needs of graph parts (steps, starts, conditions); `segments` are asked for beside them."""
    attributes: set[str] = set()
    joined = set(segments)
    histories: list[History] = []
    mails: set[str] = set()
    moments: set[str] = set()
    for thing in things:
        for part in parts_of(thing):
            match part:
                case Attribute(name):
                    attributes.add(name)
                case InSegment(segment):
                    joined.add(segment)
                case History():
                    histories.append(part)
                case MailTest("opened" | "clicked" as kind):
                    mails.add(f"email_{kind}")
                case WaitForBestTime():
                    moments.update(_READING)
    names = sorted({each.event for each in histories} | mails | moments)
    return Needs(
        tuple(sorted(attributes)),
        tuple(
            _event_need(
                name,
                [each for each in histories if each.event == name],
                _MAIL_FIELDS if name in mails else (),
                name in mails or name in moments,
            )
            for name in names
        ),
        tuple(sorted(joined)),
    )


def _event_need(
    name: str, histories: list[History], fields: tuple[str, ...], however_long_ago: bool
) -> EventNeed:
    """`fields` are needed beside those that are asked for; `however_long_ago`: nothing may be forgotten."""
    asked = set(fields)
    for each in histories:
        asked.update(each.path[:1])
        if each.where is not None:
            asked.update(part.path[0] for part in parts_of(each.where) if isinstance(part, Field))
    windows = [each.span.duration if isinstance(each.span, LastSpan) else None for each in histories]
    bounded = [each for each in windows if each is not None]
    keep = _covering(bounded) if len(bounded) == len(windows) and not however_long_ago else None
    return EventNeed(name, tuple(sorted(asked - {"at"})), keep)


def _covering(durations: list[Duration]) -> Duration:
    """A duration that covers all, part by part: 30 days are sometimes more than a month, sometimes less."""
    return Duration(
        max(each.months for each in durations),
        max(each.days for each in durations),
        max(each.seconds for each in durations),
    )


def parts_of(thing: object) -> Iterator[Struct]:
    """A struct and all structs within it."""
    todo: list[Any] = [thing]
    while todo:
        here = todo.pop()
        if here.__class__ is tuple:
            todo += reversed(here)
        elif isinstance(here, Struct):
            yield here
            for name in reversed(here.__struct_fields__):
                inner = getattr(here, name)
                if inner.__class__ not in _LEAVES:
                    todo.append(inner)


_LEAVES = frozenset((str, bool, int, Decimal, date, type(None)))
"""What holds no structs."""
