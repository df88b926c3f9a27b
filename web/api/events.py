"""`POST /v1/events`: what happened to people."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field
from starlette.requests import Request
from starlette.responses import Response

from web.api.batch import Clock, check_length, take
from web.api.inbox import Inbox, NewEvent
from web.api.moment import moment_of
from web.api.payload import read_item, read_json
from web.api.replies import answer


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
    event = read_item(raw, _event, "the event")
    if isinstance(event, str):
        return event
    if event.id is None or not event.id.strip():
        return "`id` is missing: give each event an id of your own, so that sending it twice counts once"
    if (event.contact.email is None) == (event.contact.id is None):
        return "`contact` needs either `email` or `id`"
    at = moment_of(event.at, now)
    if isinstance(at, str):
        return at
    return NewEvent(event.id, event.event, event.contact.email, event.contact.id, at, event.data)
