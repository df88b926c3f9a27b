"""`POST /v1/events`: what happened to people."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field
from starlette.requests import Request
from starlette.responses import Response

from web.api.batch import Clock, check_length, take
from web.api.inbox import Inbox, NewEvent
from web.api.payload import read_item, read_json
from web.api.replies import answer

LONGEST_ID = 200
LONGEST_NAME = 100
LONGEST_ADDRESS = 320
AHEAD = timedelta(hours=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONTACT_ID = re.compile(r"[0-9a-f]{32}")


class _Batch(Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


class _Who(Struct, forbid_unknown_fields=True):
    email: str | None = None
    id: str | None = None


class _Event(Struct, forbid_unknown_fields=True):
    event: str
    contact: _Who
    id: str | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None
    data: dict[str, object] = field(default_factory=dict)


_batch = msgspec.json.Decoder(_Batch)
_event = msgspec.json.Decoder(_Event)


async def post_events(request: Request, inbox: Inbox, clock: Clock) -> Response:
    """Hand the events on and tell which were taken: one that cannot be read rejects only itself."""
    batch = await read_json(request, _batch)
    check_length("events", batch.events)
    now = clock()
    read = [read_event(raw, now) for raw in batch.events]
    return answer(await take(read, inbox.accept_events))


def read_event(raw: msgspec.Raw | bytes, now: int) -> NewEvent | str:
    """One event from its JSON, or the reason why it is none, in plain words. `now` is in milliseconds."""
    event = read_item(raw, _event, "The event")
    if isinstance(event, str):
        return event
    if event.id is None or not event.id.strip():
        return "`id` is missing: give each event an id of your own, so that sending it twice counts once."
    if len(event.id) > LONGEST_ID:
        return f"`id` is longer than {LONGEST_ID} characters."
    if not 0 < len(event.event) <= LONGEST_NAME:
        return f"`event` must be the name of an event, at most {LONGEST_NAME} characters long."
    if reason := _who_is_wrong(event.contact):
        return reason
    at = now if event.at is None else (event.at - _EPOCH) // timedelta(milliseconds=1)
    if at < 0:
        return "`at` lies before 1970."
    if at > now + AHEAD // timedelta(milliseconds=1):
        return "`at` lies more than an hour in the future."
    return NewEvent(event.id, event.event, event.contact.email, event.contact.id, at, event.data)


def _who_is_wrong(who: _Who) -> str | None:
    if (who.email is None) == (who.id is None):
        return "`contact` must have one of `email` and `id`."
    if who.email is not None and not 0 < len(who.email.strip()) <= LONGEST_ADDRESS:
        return f"`contact.email` must be an e-mail address, at most {LONGEST_ADDRESS} characters long."
    if who.id is not None and not _CONTACT_ID.fullmatch(who.id):
        return "`contact.id` must be 32 hexadecimal digits in lower case."
    return None
