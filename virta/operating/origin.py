"""Whether people whom an import brought have been told where their data is from."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from consent.service import Service
from consent.subscriber.origin import untold
from virta.operating.complaint import Complaint
from virta.operating.recording import last_day


def told_of_origin(service: Service, now: int, clock: ZoneInfo) -> Iterator[Complaint]:
    """Those who are still to be told, and until when."""
    found = service.read(lambda reading: untold(reading, now))
    if not found.people:
        return
    who = "1 person" if found.people == 1 else f"{found.people:,} people"
    late = f", which is past for {found.late:,} of them" if found.late else ""
    has = "has" if found.people == 1 else "have"
    yield Complaint(
        "origin",
        f"{who} came by an import and {has} not been told. The law gives a month: the first is to be told by "
        f"{last_day(found.first, clock)}{late}.",
        "docs/importing.md says how: `virta import --tell EVENT`.",
    )
