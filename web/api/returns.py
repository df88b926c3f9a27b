"""`POST /v1/returns`: what mail providers report of mails that went out: complaints, bounces, deliveries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from engine.returns.classify import is_code
from engine.returns.intake import Return
from web.api.batch import Clock, check_length, take
from web.api.moment import moment_of
from web.api.payload import read_item, read_json
from web.api.replies import answer


class Returns(Protocol):
    """Takes reports, durably: when a call returns, what it took survives a crash."""

    async def accept_returns(self, returns: Sequence[Return]) -> list[str | None]:
        """Per report, in order: None when it was taken or is known already, else the reason in plain
        words."""


class _Batch(Struct, forbid_unknown_fields=True):
    returns: list[msgspec.Raw]


class _Return(Struct, forbid_unknown_fields=True):
    kind: Literal["complaint", "bounce", "delivered"]
    message_id: str
    code: str = ""
    at: Annotated[datetime, Meta(tz=True)] | None = None


_batch = msgspec.json.Decoder(_Batch)
_return = msgspec.json.Decoder(_Return)


async def post_returns(request: Request, returns: Returns, clock: Clock) -> Response:
    """Hand the reports on and tell which were taken: one that cannot be read rejects only itself."""
    batch = await read_json(request, _batch)
    check_length("returns", batch.returns)
    now = clock()
    return answer(await take([read_return(raw, now) for raw in batch.returns], returns.accept_returns))


def read_return(raw: msgspec.Raw | bytes, now: int) -> Return | str:
    """One report from its JSON, or the reason why it is none, in plain words. `now` is in milliseconds."""
    found = read_item(raw, _return, "the return")
    if isinstance(found, str):
        return found
    if found.code and not is_code(found.code):
        return '`code` is no enhanced status code as in "5.1.1" (RFC 3463)'
    if found.kind == "delivered" and found.code[:1] not in ("", "2"):
        return "`code` says that this mail was not delivered: that of one which was begins with 2"
    at = moment_of(found.at, now)
    if isinstance(at, str):
        return at
    return Return(found.kind, found.code, found.message_id, at)
