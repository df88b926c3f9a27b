"""What is due by time alone: done while a process runs, and looked at by the doctor."""

import asyncio
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import structlog
from msgspec import structs

from consent.contract import ConsentClient, Kept, Unavailable
from consent.service import Service
from consent.subscriber.rights import unanswered
from consent.timed.decisions import overdue_decisions
from consent.timed.lapsed import overdue
from consent.times import DAY_MS, Times
from engine.store.store import Store
from virta.operating.complaint import Complaint
from virta.operating.recording import last_day

log = structlog.get_logger("virta")

_PAUSE = 600.0  # seconds between looks
_BREATH = 0.05  # seconds between two parts, in which mails can be claimed
_MOST = 1_000
_NO_COUNTS = frozenset({"more", "clock_off"})


async def watch_times(consent: ConsentClient) -> None:
    """Work for ever: have done what is due by time, part by part, so that mails get their turn."""
    doubts = False
    while True:
        try:
            done = await consent.keep_times()
        except Unavailable as fault:
            log.warning("what is due by time is not done yet", why=str(fault))
            done = Kept(clock_off=int(doubts))  # nothing is known that was not before
        if done.clock_off and not doubts:
            log.error(
                "the clock is not believed yet: nobody's topics end, nothing is deleted", days=_days(done)
            )
        doubts = done.clock_off != 0
        counts = {
            name: count for name, count in structs.asdict(done).items() if count and name not in _NO_COUNTS
        }
        if counts:
            log.info("time has passed for people", **counts)
        await asyncio.sleep(_BREATH if done.more else _PAUSE)


def _days(done: Kept) -> int:
    return round(done.clock_off / DAY_MS)


def until_next_look(come: int) -> float:
    """Seconds until signs of life are looked for again, where the last look has come so many rows further:
    the store is written to for many events at once, however steadily they come."""
    return _BREATH if come >= _MOST else _PAUSE


async def watch_life(consent: ConsentClient, store: Store) -> None:
    """Work for ever: tell the consent service whose orders, visits and clicks came in, by which silence is
    told. Telling again changes nothing."""
    after, _ = await store.signs_of_life(None, 0)
    while True:
        before = after
        try:
            end, signs = await store.signs_of_life(after, _MOST)
            newest: dict[str, int] = {}
            for subject, at in signs:
                newest[subject] = max(newest.get(subject, 0), at)
            if newest:
                await consent.alive(list(newest.items()))
            after = end
        except Unavailable as fault:
            log.warning("signs of life are not told yet", why=str(fault))
        await asyncio.sleep(until_next_look(after - before))


def overdue_wishes(service: Service) -> Iterator[Complaint]:
    """Wishes that should have lapsed: nothing is done by time where no process has run."""
    count = service.read(lambda reading: overdue(reading, _MOST))
    if count:
        yield Complaint(
            "times",
            f"{count if count < _MOST else 'Many'} wishes to sign up were not confirmed in time and still "
            "stand; nobody is mailed because of them.",
            "Run `virta serve`, or `virta serve consent`: it sees to what is due every ten minutes.",
        )


def unanswered_requests(service: Service, at: int, clock: ZoneInfo, notes: list[str]) -> Iterator[Complaint]:
    """Whoever asked for something that is their right, and has no answer in time; others are added to
    `notes`. `at` in ms UTC."""
    for asked in service.read(lambda reading: unanswered(reading, clock.key)):
        day = last_day(asked.due, clock)
        if at < asked.due:
            notes.append(f"What {asked.subject} asked for (leaf {asked.leaf}) is to be answered by {day}.")
            continue
        yield Complaint(
            "requests",
            f"What {asked.subject} asked for (leaf {asked.leaf}) was to be answered by {day} (GDPR, Art. "
            "12(3)), and nobody says that it was.",
            f"Answer them, and then: `virta consent record {asked.subject} request.answered`.",
        )


def old_decisions(service: Service, times: Times, at: int) -> Iterator[Complaint]:
    """Decisions about mails that should have gone by these times. `at` in ms UTC."""
    if service.read(lambda reading: overdue_decisions(reading, times.decisions_since(at))):
        yield Complaint(
            "times",
            f"There are decisions about mails that are older than {times.decision_months} months "
            "(`times.decision_months`).",
            "Run `virta serve`, or `virta serve consent`: it lets go of them, part by part.",
        )
