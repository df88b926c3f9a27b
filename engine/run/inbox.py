"""What comes in from outside: checked against the program's schema, stored first, worked on later."""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from msgspec import Struct

from consent.client import is_address
from dsl.graph import FieldType, Program, StartByRequest
from engine.core import calendar
from engine.run.declared import Declared, Misfit, is_keepable, shown, unknown
from engine.store.arrivals import REQUEST, Received, request_id
from engine.store.handed import Handed

_CONTACT = re.compile(r"[0-9a-f]{32}\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*\Z")
_LONGEST_ID = 200
_BUILT_IN = ("language", "time_zone", "country")
_SEEN_BY_THE_SHOP = ("page_viewed",)  # always there, but only the shop's own pages can tell it


class Incoming(Protocol):
    """An event as the API hands it in: exactly one of `email` and `contact`; `at` in ms UTC; JSON values."""

    @property
    def id(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def contact(self) -> str | None: ...
    @property
    def at(self) -> int: ...
    @property
    def data(self) -> dict[str, object]: ...


class IncomingContact(Protocol):
    """A contact's attributes as the API hands them in: JSON values, null for unknown."""

    @property
    def email(self) -> str: ...
    @property
    def attributes(self) -> dict[str, object]: ...


class Keeps(Protocol):
    """Where what was accepted is kept."""

    async def accept(self, items: Sequence[Received]) -> None:
        """Keep it; an id that is there already is left as it is."""


class MailEvent(Struct, frozen=True):
    """Something that happened to a mail. `at` is in ms UTC; `more` are the event's own fields."""

    event: str
    mail: Handed
    at: int
    more: dict[str, str] = {}


def is_contact_id(text: str) -> bool:
    """Whether a text has the form of a contact's id."""
    return _CONTACT.match(text) is not None


class Inbox:
    """Takes events, attributes and requests and stores them; what it accepted survives a crash. `clock` gives
    ms UTC; `arrived` is called after each batch. `flows` says of each flow whether it starts by request."""

    def __init__(
        self, store: Keeps, program: Program, clock: Callable[[], int], arrived: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._arrived = arrived
        told = [event for event in program.events if not event.built_in or event.name in _SEEN_BY_THE_SHOP]
        self._events = {event.name: Declared(dict(event.fields)) for event in told}
        self._own = frozenset(event.name for event in program.events) - self._events.keys()
        self.flows = {
            graph.flow: any(isinstance(start, StartByRequest) for start in graph.starts)
            for graph in program.flows
        }
        self._attributes = Declared(dict(program.attributes) | dict.fromkeys(_BUILT_IN, FieldType("text")))

    async def accept_events(self, events: Sequence[Incoming]) -> list[str | None]:
        """Per event: None when it was accepted or its id is known already, else the reason in plain words."""
        now = self._clock()
        reasons: list[str | None] = []
        accepted: list[Received] = []
        for event in events:
            try:
                accepted.append(self._event(event, now))
                reasons.append(None)
            except Misfit as fault:
                reasons.append(str(fault))
        await self._keep(accepted)
        return reasons

    async def accept_contacts(self, contacts: Sequence[IncomingContact]) -> list[str | None]:
        """Per contact: None when its attributes were accepted, else the reason in plain words. Never makes
        anybody agree to anything."""
        now = self._clock()
        reasons: list[str | None] = []
        accepted: list[Received] = []
        for contact in contacts:
            try:
                address = _address(contact.email)
                known = self._attributes.read(contact.attributes, "attribute")
                check_built_in(known)
                data = {name: known.get(name) for name in contact.attributes}  # null makes one unknown
                accepted.append(Received("", "", now, now, "", address, data))
                reasons.append(None)
            except Misfit as fault:
                reasons.append(str(fault))
        await self._keep(accepted)
        return reasons

    async def accept_requests(
        self, flow: str, id_: str, contacts: Sequence[str], place: str = ""
    ) -> list[str | None]:
        """Ask that `flow`, one of `flows` that start by request, start for each of the contacts (by id).
        `place` says where that was asked for, which is kept (empty: by the API). Per contact: None when it
        was accepted or has been asked for under `id_` before, else the reason in plain words."""
        now = self._clock()
        reasons = [None if is_contact_id(contact) else _no_contact(contact) for contact in contacts]
        good = [contact for contact, reason in zip(contacts, reasons, strict=True) if reason is None]
        data = {"flow": flow, "place": place} if place else {"flow": flow}
        await self._keep(
            [
                Received(request_id(flow, id_, contact), REQUEST, now, now, contact, "", data)
                for contact in good
            ]
        )
        return reasons

    async def mail_events(self, events: Sequence[MailEvent]) -> None:
        """Virta's own events about mails. The same one about the same mail counts once."""
        now = self._clock()
        await self._keep([_of_mail(event, now) for event in events])

    async def _keep(self, accepted: Sequence[Received]) -> None:
        if accepted:
            await self._store.accept(accepted)
            self._arrived()

    def _event(self, event: Incoming, now: int) -> Received:
        fields = self._events.get(event.event)
        if fields is None:
            if event.event in self._own:
                raise Misfit(f"`{event.event}` is an event of Virta's own, which nobody can send")
            raise Misfit(unknown("event", event.event, self._events))
        if not event.id or len(event.id) > _LONGEST_ID or not is_keepable(event.id):
            raise Misfit(f"`id` must have 1 to {_LONGEST_ID} characters, without control characters")
        if (event.email is None) == (event.contact is None):
            raise Misfit("`contact` needs either `email` or `id`")
        if event.contact is not None and not is_contact_id(event.contact):
            raise Misfit(_no_contact(event.contact))
        address = _address(event.email) if event.email is not None else ""
        data = fields.read(event.data, "field")
        # the future is not known yet: such a clock is wrong, and `now` is the best there is
        at = min(event.at, now)
        return Received(event.id, event.event, at, now, event.contact or "", address, data)


def _of_mail(event: MailEvent, now: int) -> Received:
    mail = event.mail
    names = {"flow": mail.flow, "step": mail.step, "template": mail.template, "topic": mail.topic}
    said = hashlib.sha256("\0".join(event.more.values()).encode()).hexdigest()[:16] if event.more else ""
    id_ = f"{event.event} {mail.key} {said}".rstrip()
    return Received(id_, event.event, event.at, now, mail.contact, "", {**names, **event.more})


def _no_contact(text: str) -> str:
    return f"`{shown(text)}` is no contact id, which has 32 hex digits"


def _address(text: str) -> str:
    stripped = text.strip()
    if len(stripped) > 254 or not is_keepable(stripped) or not is_address(stripped):
        raise Misfit(f"`{shown(text)}` is no e-mail address")
    return stripped


def check_built_in(attributes: dict[str, Any]) -> None:
    """What Virta itself goes by must be something that it knows. Raises `Misfit`."""
    language, time_zone = attributes.get("language"), attributes.get("time_zone")
    if language is not None and not _LANGUAGE.match(language):
        raise Misfit(f'`language` must be a language as in "lv" or "pt-BR", not `{shown(language)}`')
    if time_zone is not None and calendar.zone(time_zone) is None:
        raise Misfit(f'`time_zone` must be a time zone as in "Europe/Riga", not `{shown(time_zone)}`')
