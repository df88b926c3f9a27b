"""What comes in from outside: checked against the program's schema, stored first, worked on later."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Protocol

from msgspec import Struct

from consent.client import is_address
from dsl.graph import FieldType, Money, Program, StartByRequest
from engine.core import calendar, keeping
from engine.store.arrivals import REQUEST, request_id
from engine.store.handed import Handed
from engine.store.store import Received, Store

_CONTACT = re.compile(r"[0-9a-f]{32}\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*\Z")
_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
# a line break or a tab may stand in a text; other control characters and halves of a character say nothing
_UNKEEPABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LONGEST_ID = 200
_LONGEST_TEXT = 10_000
_BUILT_IN = ("language", "time_zone", "country")
_SEEN_BY_THE_SHOP = ("page_viewed",)  # always there, but only the shop's own pages can tell it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


class MailEvent(Struct, frozen=True):
    """Something that happened to a mail. `at` is in ms UTC; `more` are the event's own fields."""

    event: str
    mail: Handed
    at: int
    more: dict[str, str] = {}


class Misfit(ValueError):
    """A value that does not fit its declaration; the message says which, in plain words."""


def is_contact_id(text: str) -> bool:
    """Whether a text has the form of a contact's id."""
    return _CONTACT.match(text) is not None


class Inbox:
    """Takes events, attributes and requests and stores them; what it accepted survives a crash. `clock` gives
    ms UTC; `arrived` is called after each batch. `flows` says of each flow whether it starts by request."""

    def __init__(
        self, store: Store, program: Program, clock: Callable[[], int], arrived: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._arrived = arrived
        told = [event for event in program.events if not event.built_in or event.name in _SEEN_BY_THE_SHOP]
        self._events = {event.name: dict(event.fields) for event in told}
        self._own = frozenset(event.name for event in program.events) - self._events.keys()
        self.flows = {
            graph.flow: any(isinstance(start, StartByRequest) for start in graph.starts)
            for graph in program.flows
        }
        self._attributes = dict(program.attributes) | dict.fromkeys(_BUILT_IN, FieldType("text"))

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
                data = _fields(self._attributes, contact.attributes, "attribute", known_null=True)
                _check_built_in(data)
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
        if event.event in self._own:
            raise Misfit(f"`{event.event}` is an event of Virta's own, which nobody can send")
        if fields is None:
            raise Misfit(_unknown("event", event.event, self._events))
        if not event.id or len(event.id) > _LONGEST_ID or _UNKEEPABLE.search(event.id):
            raise Misfit(f"`id` must have 1 to {_LONGEST_ID} characters, without control characters")
        if (event.email is None) == (event.contact is None):
            raise Misfit("`contact` needs either `email` or `id`")
        if event.contact is not None and not is_contact_id(event.contact):
            raise Misfit(_no_contact(event.contact))
        address = _address(event.email) if event.email is not None else ""
        data = _fields(fields, event.data, "field")
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
    return f"`{_shown(text)}` is no contact id, which has 32 hex digits"


def _address(text: str) -> str:
    stripped = text.strip()
    if len(stripped) > 254 or _UNKEEPABLE.search(stripped) or not is_address(stripped):
        raise Misfit(f"`{_shown(text)}` is no e-mail address")
    return stripped


def _fields(
    declared: dict[str, FieldType], given: dict[str, object], what: str, known_null: bool = False
) -> dict[str, Any]:
    """Declared fields in their types; null is unknown, which an attribute can be made."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        kind = declared.get(name)
        if kind is None:
            raise Misfit(_unknown(what, name, declared))
        if value is None:
            if known_null:
                found[name] = None
            continue
        found[name] = _value(kind, value, name)
    return found


def _unknown(what: str, name: str, declared: Iterable[str]) -> str:
    near = get_close_matches(name[:80], declared, 1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"the project declares no {what} `{_shown(name)}`{hint}"


def _shown(text: str) -> str:
    """What came in, short enough and harmless to say back."""
    return _UNKEEPABLE.sub("\ufffd", text[:80])


def _value(kind: FieldType, value: object, name: str) -> Any:
    match kind.kind, value:
        case (("text" | "url"), str()) if len(value) <= _LONGEST_TEXT and not _UNKEEPABLE.search(value):
            return value
        case "choice", str() if value in kind.choices:
            return value
        case "choice", _:
            raise Misfit(f"`{name}` must be one of {', '.join(f'`{choice}`' for choice in kind.choices)}")
        case "flag", bool():
            return value
        case "number", int() | float() if not isinstance(value, bool) and abs(value) < keeping.TOO_LARGE:
            return Decimal(str(value))
        case "money", dict():
            return _money(value, name)
        case "date", str():
            return _date(value, name)
        case "moment", str():
            return _moment(value, name)
        case "list", list():
            item = kind.item or FieldType("text")
            return [_value(item, one, f"{name}[{place}]") for place, one in enumerate(value)]
        case "record", dict():
            return _fields(dict(kind.fields), value, f"field of `{name}`")
    raise Misfit(f"`{name}` must be {_SAID[kind.kind]}")


_SAID = {
    "text": f"a text of at most {_LONGEST_TEXT} characters, without control characters",
    "url": "a URL as text",
    "flag": "true or false",
    "number": "a number with at most 15 digits before the point",
    "money": 'money as {"amount": "49.90", "currency": "EUR"}',
    "date": 'a date as "2026-12-24"',
    "moment": 'a moment as "2026-12-24T09:00:00Z"',
    "list": "a list",
    "record": "an object",
}


def _money(value: dict[Any, Any], name: str) -> Money:
    amount, currency = value.get("amount"), value.get("currency")
    if (
        isinstance(amount, str)
        and isinstance(currency, str)
        and _AMOUNT.match(amount)
        and _CURRENCY.match(currency)
    ):
        return Money(Decimal(amount), currency)
    raise Misfit(f"`{name}` must be {_SAID['money']}")


def _date(value: str, name: str) -> date:
    try:
        if _DATE.match(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise Misfit(f"`{name}` must be {_SAID['date']}")


def _moment(value: str, name: str) -> int:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        raise Misfit(f"`{name}` must be {_SAID['moment']}")
    return (found - _EPOCH) // timedelta(milliseconds=1)


def _check_built_in(attributes: dict[str, Any]) -> None:
    """What Virta itself goes by must be something that it knows."""
    language, time_zone = attributes.get("language"), attributes.get("time_zone")
    if language is not None and not _LANGUAGE.match(language):
        raise Misfit(f'`language` must be a language as in "lv" or "pt-BR", not `{_shown(language)}`')
    if time_zone is not None and calendar.zone(time_zone) is None:
        raise Misfit(f'`time_zone` must be a time zone as in "Europe/Riga", not `{_shown(time_zone)}`')
