"""Legal holds that an operator asks for: the store is opened for writing, so that Virta must stand still."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from consent.address import read_address
from consent.contract import InvalidAddress
from consent.errors import AlreadyOpen, ConsentError
from consent.ledger.sealing import every_hold
from consent.ledger.subjects import find
from consent.ledger.transaction import Reading
from consent.service import Service, open_service
from consent.subscriber.erasure import waiting_for_backups
from consent.subscriber.hold import HoldRefused
from engine.run.inbox import is_contact_id
from virta.consent_door import log_name
from virta.database_url import consent_place
from virta.keeping.places import refuse_unfinished
from virta.keys import read_consent_keys
from virta.operating.complaint import Complaint
from virta.operating.ordering import now
from virta.settings import BrokenProject, Settings

_DAY_MS = 86_400_000


@contextmanager
def holding(folder: Path, settings: Settings) -> Iterator[Service]:
    """The consent service of the project in `folder`, for writing. Raises `BrokenProject`."""
    if settings.consent.url:
        raise BrokenProject(
            f"The consent service of this project is a process of its own, at {settings.consent.url}. Name "
            "the folder where its store is."
        )
    refuse_unfinished(folder / settings.stores.folder)
    try:
        service = open_service(
            consent_place(folder, settings),
            read_consent_keys(settings, folder),
            origin=log_name(settings),
            public_url=settings.url,
            team=settings.team,
            clock=now,
            entropy=secrets.token_bytes,
        )
        with closing(service):
            yield service
    except AlreadyOpen:
        raise BrokenProject(
            "Virta is running on this project's stores. Stop it (`virta serve`), do this, and start it again."
        ) from None
    except HoldRefused as fault:
        raise BrokenProject(str(fault)) from None
    except ConsentError as fault:
        raise BrokenProject(str(fault)) from None


def subject_of(reading: Reading, who: str) -> str:
    """The id of whoever has this address or id. Raises `BrokenProject`."""
    if is_contact_id(who):
        return who
    try:
        address = read_address(who)
    except InvalidAddress as fault:
        raise BrokenProject(f"`{who}` is neither an e-mail address nor the id of a person: {fault}") from None
    found = find(reading, address)
    if found is None:
        raise BrokenProject(f"Nobody is known here as {who}. Of somebody who was erased, say the id.")
    return found


def last_day(until: int, clock: ZoneInfo) -> str:
    """The last day of a hold that ends at `until` (ms UTC), as in 2027-12-31."""
    return f"{datetime.fromtimestamp((until - 1) // 1000, clock):%Y-%m-%d}"


def holds_in_order(service: Service, at: int, clock: ZoneInfo) -> Iterator[Complaint]:
    """Holds of which nobody was told, and those whose day has come while nothing ran. `at` in ms UTC."""
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
                f"Proof of {hold.subject} is held until the end of {until}; nobody says they were told.",
                f"Tell them, and then: `virta consent hold {hold.subject} --told`.",
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
