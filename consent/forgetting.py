"""What is more than one transaction: an erasure with the rewriting of the store behind it, and what is known
of a log that was put back.

To be called in the thread that writes."""

from collections.abc import Sequence
from dataclasses import replace

from consent.contract import Erasure
from consent.mails.reach import expect
from consent.service import Service
from consent.subscriber import erasure, hold


def erase(service: Service, identity: str, actor: str) -> Erasure | None:
    """Forget a subject. That no page of the store tells of them is seen to once for all who wait for it: by
    `forgotten`, and where nobody else keeps anything of people by what is done every ten minutes."""
    return service.write(lambda tx: erasure.erase(tx, identity, actor))


def forgotten(service: Service, identities: Sequence[str]) -> bool:
    """All other stores have forgotten these. False: this one has not, since somebody reads it; ask again."""
    if not rewrite(service):
        return False
    service.write(lambda tx: erasure.forgotten(tx, identities))
    return True


def lift(service: Service, identity: str, actor: str) -> None:
    """End a legal hold before its day, and let no page tell of what it kept. Raises `HoldRefused`."""
    service.write(lambda tx: hold.lift(tx, identity, actor))
    rewrite(service)


def rewrite(service: Service) -> bool:
    """Whether nothing is left of anybody who was erased, nor for long of what time has forgotten."""
    if not service.write(erasure.wants_rewriting):
        return True
    if not service.rewrite():
        return False
    service.write(erasure.rewritten)
    # What was just written down lies in the write-ahead log of a file; nobody's data does.
    return True


def reached(service: Service, size: int) -> None:
    """Somebody knows of `size` leaves: a shorter log lets no marketing go until it is as long."""
    if service.write(lambda tx: tx.log.frontier.size < size and expect(tx.conn, size) > 0):
        service.parts = replace(service.parts, reach=max(size, service.parts.reach))
