"""Legal holds, as an operator is told of them."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from consent.ledger.sealing import every_hold
from consent.ledger.transaction import Reading
from consent.ledger.whose import parts_of
from consent.service import Service
from consent.subscriber import hold_notice
from consent.subscriber.erasure import waiting_for_backups
from consent.subscriber.hold_notice import Way
from virta.operating.complaint import Complaint
from virta.operating.found import Keeping

_DAY_MS = 86_400_000


def last_day(until: int, clock: ZoneInfo) -> str:
    """The last day of a hold that ends at `until` (ms UTC), as in 2027-12-31."""
    return f"{datetime.fromtimestamp((until - 1) // 1000, clock):%Y-%m-%d}"


_STANDS = {
    Way.QUEUED: "the mail that tells them waits for `virta serve`",
    Way.CLAIMED: "the mail that tells them is on its way",
    Way.BOUNCED: "the mail that told them came back",
    Way.UNKNOWN: "nobody knows whether the mail that tells them arrived",
}


def how_it_stands(mail: str) -> str:
    """In words, why a mail has not told somebody of a hold yet; `mail` as in `Hold`."""
    return _STANDS.get(Way(mail), "") if mail else "no mail can tell them any more"


def keeping(reading: Reading, subject: str) -> tuple[Keeping, ...]:
    """The holds that keep proof of somebody through an erasure, the first to end first."""
    theirs = {subject, *parts_of(reading, [subject])}
    return tuple(Keeping(one.subject, one.until) for one in every_hold(reading) if one.subject in theirs)


def backups_since(reading: Reading, subject: str) -> int:
    """From when backups count for somebody who was erased (ms UTC); 0: a hold stands, or it is over."""
    return next((one.since for one in waiting_for_backups(reading) if one.subject == subject), 0)


def holds_in_order(service: Service, at: int, clock: ZoneInfo) -> Iterator[Complaint]:
    """Holds of which nobody was told, and those whose day has come while nothing ran. `at` in ms UTC."""
    ways = service.read(hold_notice.ways)
    for hold in service.read(every_hold):
        until = last_day(hold.until, clock)
        if hold.until <= at:
            yield Complaint(
                "holds",
                f"The hold on the proof of {hold.subject} ended on {until}, and what it kept is there yet.",
                "Run `virta serve`, or `virta serve consent`: it sees to what is due every ten minutes.",
            )
        elif not hold.told:
            yield Complaint(
                "holds",
                f"Proof of {hold.subject} is held until the end of {until}, and they were not told: "
                f"{how_it_stands(ways.get(hold.subject, ''))}.",
                "Run `virta serve`, which sends it. If they are told by a letter: `virta consent hold "
                f"{hold.subject} --told DATE`; `--show` prints their address.",
            )


def kept_in_backups(service: Service, days: int, clock: ZoneInfo) -> list[str]:
    """In words, which erasures wait for backups, each of which is kept for `days`, and until when."""
    found = []
    for one in service.read(waiting_for_backups):
        if not one.since:
            found.append(f"{one.subject} was erased, and a hold keeps their proof: backups wait for its end.")
            continue
        since = datetime.fromtimestamp(one.since // 1000, clock)
        until = datetime.fromtimestamp((one.since + days * _DAY_MS) // 1000, clock)
        found.append(
            f"{one.subject} was erased: backups of before {since:%Y-%m-%d %H:%M} may know them until "
            f"{until:%Y-%m-%d %H:%M}, when the last has to be deleted."
        )
    return found
