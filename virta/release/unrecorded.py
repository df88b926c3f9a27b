"""What a new version asks of the past of which nothing is recorded."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from dsl.graph import Program
from dsl.wording.values import duration_words
from engine.core import calendar
from engine.core.reach import asked_events, too_far
from engine.insight.records import Records
from virta.planning.plan import Plan, Unrecorded


def unrecorded(
    records: Records, program: Program, found: Plan, now: int, clock: ZoneInfo
) -> Iterator[Unrecorded]:
    """Of the flows and segments that are new or different, the windows that begin before their event's first
    record. `now` is ms UTC."""
    differ = set(_different(found))
    first = records.first(asked_events(program)) if differ else {}
    for each in too_far(program, first, now, clock):
        if (each.kind, each.name) in differ:
            length = duration_words(each.length) if each.length is not None else None
            day = str(calendar.day(each.first, clock)) if each.first is not None else None
            yield Unrecorded(each.kind, each.name, each.event, length, day)


def _different(found: Plan) -> Iterable[tuple[str, str]]:
    yield from (("flow", flow.flow) for flow in found.flows if flow.sign != "-")
    yield from ((each.kind, each.name) for each in found.declared if each.sign != "-")
