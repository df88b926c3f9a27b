"""Starts that no person brings about, and the clock by which they happen."""

from collections.abc import Iterator
from functools import cache
from zoneinfo import available_timezones

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.names import nearest, unknown
from dsl.meaning.until import WEEKDAYS
from dsl.nodes.heads import StartAt, StartEvery, TimeZone
from dsl.nodes.terms import Name, TextValue

_DAYS = (*WEEKDAYS, "day", "month")
_LONGEST_MONTH = 31


def check_schedules(draft: Draft) -> Iterator[Finding]:
    """Starts on no day, at no time, for nobody, or in the past; clocks that the world does not have."""
    for flow in draft.flows:
        for head in flow.heads:
            match head:
                case StartEvery():
                    yield from _every(head)
                    yield from _segment(head.segment, head, draft)
                case StartAt():
                    yield from _past(head, draft)
                    yield from _segment(head.segment, head, draft)
                case TimeZone(zone) if zone is not None:
                    yield from check_zone(zone)


def _every(head: StartEvery) -> Iterator[Finding]:
    day, number = head.day, head.number
    if day.text not in _DAYS:
        close = "monday" if day.text in ("week", "weeks", "weekday") else nearest(day.text, _DAYS)
        yield error(
            "E437",
            day.span,
            f"Nothing starts every `{day.text}`.",
            f"Write `every {close}`."
            if close
            else "Write `every day`, a day of the week as in `every monday`, or `every month on day 1`.",
        )
        return
    if day.text == "month" and number is None:
        yield error(
            "E437",
            head.span,
            "This start does not say on which day of the month.",
            f"Write `start every month on day 1 at {head.at or '09:00'}`.",
        )
    elif day.text != "month" and number is not None:
        yield error(
            "E437",
            head.span,
            f"`every {day.text}` says the day already.",
            f"Leave out `on day {number}`, or write `every month on day {number}`.",
        )
    elif number is not None and (number != int(number) or not 1 <= number <= _LONGEST_MONTH):
        yield error(
            "E115",
            head.span,
            f"A day of the month is a whole number from 1 to {_LONGEST_MONTH}.",
            "Write `on day 1`, or `on day 31` for the last day of each month.",
        )
    if head.at is None:
        words = f"{day.text} on day {number}" if number is not None else day.text
        yield error(
            "E466",
            head.span,
            "This start does not say at what time of the day.",
            f"Write it behind the day, as in `start every {words} at 09:00`.",
        )


def _segment(segment: Name | None, head: StartEvery | StartAt, draft: Draft) -> Iterator[Finding]:
    if segment is None:
        yield error(
            "E438",
            head.span,
            "This start does not say for whom.",
            "Write it at the end, as in `for segment readers`.",
        )
    elif segment.text and segment.text not in draft.names.segments:
        help = f"Declare it with `segment {segment.text}`."
        yield unknown("E205", "segment", segment, draft.names.segments, help)


def _past(head: StartAt, draft: Draft) -> Iterator[Finding]:
    if head.local is not None and head.local[:10] < draft.today.isoformat():
        yield error(
            "E421",
            head.span,
            f"{head.local[:10]} has passed, so this start happens no more.",
            "Delete the flow if it is over: journeys that are under way finish. Or write a later date.",
        )


def check_zone(zone: TextValue) -> Iterator[Finding]:
    """What keeps a text from being the name of a time zone."""
    if zone.value in _zones():
        return
    zones = [each for each in sorted(_zones()) if "/" in each and "GMT" not in each]
    cities = {each.rpartition("/")[2].replace("_", " "): each for each in zones}
    written = zone.value.rpartition("/")[2].replace("_", " ").strip()
    city = nearest(written, (each for each in cities if each[:1].casefold() == written[:1].casefold()))
    close = cities[city] if city else nearest(zone.value, zones)
    yield error(
        "E221",
        zone.span,
        f"There is no time zone `{zone.value}`.",
        f'Write `"{close}"`.' if close else 'Write it like `time zone "Europe/Riga"`.',
    )


@cache
def _zones() -> frozenset[str]:
    """The names of all time zones, as for the project's own."""
    return frozenset(available_timezones())
