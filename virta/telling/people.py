"""What the consent service knows of people, for the story and the studio: read only."""

import threading
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from sqlalchemy import func, select

from consent.address import read_address
from consent.contract.history import Happened, History
from consent.errors import WrongKeys
from consent.ledger.subjects import load
from consent.ledger.transaction import Reading
from consent.proof.checkpoint import read_checkpoint, read_note
from consent.service import Service
from consent.store.tables import checkpoints, leaves
from consent.subscriber.history import history
from engine.insight.story import Happening, Person, Stand
from engine.run.inbox import is_contact_id
from engine.store.database import StoreFault
from web.studio.sources import LogLeaf, LogPage


class People:
    """Looks into the consent store through `service`, opened for reading. Any thread may ask."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()  # the service reads on one connection

    def person(self, who: str) -> Person | None:
        """Whoever has `who`, an address or the id of a contact; None if nobody is known by it. Raises
        `InvalidAddress`, and `StoreFault` if what is kept of them cannot be opened."""
        named = who.strip().casefold()
        address = self.addresses([named]).get(named) if is_contact_id(named) else who
        if address is None:
            return None
        wanted = read_address(address)
        try:
            with self._lock:
                return self._service.read(lambda reading: _person(reading, history(reading, wanted)))
        except WrongKeys as fault:
            raise StoreFault(str(fault)) from None

    def addresses(self, contacts: Sequence[str]) -> dict[str, str]:
        """The address of each contact; those that are unknown or cannot be opened are left out."""
        with self._lock:
            return self._service.read(lambda reading: _addresses(reading, contacts))

    def preferences(self, contact: str) -> str:
        """The path of the person's own preferences page, good for 30 days."""
        return urlsplit(self._service.parts.tokens.preferences(contact)).path

    def log(self, before: int | None, count: int) -> LogPage:
        """The newest `count` leaves, those before position `before` if one is given."""
        key = self._service.parts.signing.key().line()
        with self._lock:
            return self._service.read(lambda reading: _log(reading, key, before, count))

    def close(self) -> None:
        """Let go of the store."""
        self._service.close()


def _person(reading: Reading, found: History | None) -> Person | None:
    if found is None:
        return None
    titles = {purpose.topic: purpose.title for _, purpose in reading.rules.purposes.values()}
    return person_of(found, titles, reading.rules.policy.default_language)


def person_of(found: History, titles: Mapping[str, Mapping[str, str]], default: str) -> Person:
    """Somebody by their history. `titles` are those of topics, by language; `default` is the language for
    those that have none in the person's."""
    return Person(
        found.subject,
        found.address,
        found.language,
        tuple(
            Stand(
                stands.topic,
                titles.get(stands.topic, {}).get(default, "") or stands.topic,
                stands.state,
                stands.since,
                stands.leaf,
            )
            for stands in found.standings
        ),
        tuple(
            Happening(
                event.leaf,
                event.at,
                event.type,
                event.topic,
                event.actor,
                event.wording,
                _chosen(event),
                event.holds,
            )
            for event in found.events
        ),
    )


def _chosen(event: Happened) -> str:
    """What a choice was, by the evidence that is kept of it."""
    name = {"frequency.changed": "frequency", "paused": "pause", "language.changed": "language"}.get(
        event.type
    )
    value = event.evidence.get(name) if name and event.evidence else None
    return "" if value is None else str(value)


def _addresses(reading: Reading, contacts: Sequence[str]) -> dict[str, str]:
    found = {}
    for contact, subject in load(reading, contacts).items():
        try:
            found[contact] = reading.parts.vault.open_address(contact, subject.wrapped, subject.sealed)
        except WrongKeys:  # one damaged row hides one person only
            continue
    return found


def _log(reading: Reading, key: str, before: int | None, count: int) -> LogPage:
    newest_leaf = reading.conn.scalar(select(func.max(leaves.c.seq)))
    size = 0 if newest_leaf is None else newest_leaf + 1
    query = select(leaves.c.seq, leaves.c.at, leaves.c.type, leaves.c.purpose, leaves.c.subject)
    if before is not None:
        query = query.where(leaves.c.seq < before)
    rows = reading.conn.execute(query.order_by(leaves.c.seq.desc()).limit(count)).all()
    newest = reading.conn.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).one()
    covered = read_checkpoint(read_note(newest.note).text)
    return LogPage(
        reading.parts.origin,
        size,
        covered.size,
        covered.root.hex(),
        newest.at,
        newest.note,
        key,
        tuple(LogLeaf(row.seq, row.at, row.type, row.purpose, row.subject or "") for row in rows),
    )
