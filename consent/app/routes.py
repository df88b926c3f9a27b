"""The routes of the consent service: each call of the contract, and the description of them all."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consent.app.access import AccessFault, LetIn, Lets
from consent.app.openapi import description
from consent.calls import CALLS, Call
from consent.client.actors import CALLER
from consent.client.in_process import InProcess
from consent.contract import Change
from consent.wire import (
    DIGEST,
    JSON,
    MSGPACK,
    PROBLEM,
    Code,
    Problem,
    decode,
    digest,
    encode,
    is_whole,
    problem,
    problem_of,
)

log = logging.getLogger("consent")

LARGEST = 8 * 1024 * 1024
"""Bytes in the body of a call."""
MOST_AT_ONCE = 10_000
"""How many a call may be about: so many are a second or two in which nobody else can write."""
_LATER = 1
"""Seconds after which to ask again, where nothing better is known."""

Tally = Counter[tuple[str, int]]
"""Answers, by the name of the call and the status."""


class _Refused(Exception):
    """The call is not carried out."""

    def __init__(self, problem_: Problem, seconds: int = 0) -> None:
        super().__init__(problem_.detail)
        self.problem = problem_
        self.seconds = seconds


def build_app(client: InProcess, access: Lets, closing: asyncio.Event, tally: Tally) -> Starlette:
    """All calls as one application, to be mounted at `calls.PREFIX`. Set `closing` when the process is about
    to end: those who wait for news are sent away then. `tally` is counted up."""

    async def run(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            answer = await _answered(request, CALLS.get(name), client, access, closing)
        except _Refused as fault:
            answer = _problem(fault.problem, fault.seconds)
        tally[name if name in CALLS else "", answer.status_code] += 1
        return answer

    app = Starlette(
        routes=[
            Route("/openapi.json", _describe, methods=["GET"]),
            Route("/{name}", run, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _no_such_place},
    )
    app.router.redirect_slashes = False
    return app


async def _answered(
    request: Request, call: Call[object] | None, client: InProcess, access: Lets, closing: asyncio.Event
) -> Response:
    CALLER.set(_demand(request, call, access).name)
    if call is None:
        raise _Refused(problem(Code.NOT_FOUND, "There is no such call; openapi.json lists them."))
    media = _media(request)
    body = await _body(request)
    if not is_whole(body, request.headers.get(DIGEST, "")):
        raise _Refused(problem(Code.WRONG_SHAPE, "The body is not the one that `Content-Digest` is of."))
    given = _read(body, media, call)
    do: Callable[..., Awaitable[object]] = getattr(client, call.name, None) or _news_of(client, closing)
    try:
        result = await do(*(getattr(given, name) for name in given.__struct_fields__))
    except OverflowError:
        raise _Refused(problem(Code.WRONG_SHAPE, "A number is too large.")) from None
    except Exception as fault:
        trouble = problem_of(fault)
        if trouble is None:
            log.exception("a call failed")
            trouble = problem(Code.BROKEN, "Something went wrong here, not with you.")
        raise _Refused(trouble, trouble.seconds or (_LATER if trouble.status == 503 else 0)) from None
    told = encode(result, media)
    return Response(told, 200, {DIGEST: digest(told)}, media)


def _demand(request: Request, call: Call[object] | None, access: Lets) -> LetIn:
    """Let the request pass if its Bearer key (RFC 6750) opens the call; whoever it is of."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        found = access.let_in(token.strip().encode("latin-1")) if scheme.lower() == "bearer" else None
    except AccessFault as fault:
        log.error("the keys of the consent service cannot be read; nobody is let in", exc_info=fault)
        raise _Refused(problem(Code.UNAVAILABLE, "Keys cannot be checked now."), _LATER) from None
    if found is None:
        raise _Refused(
            problem(Code.UNAUTHORIZED, "There is no valid key. Send the header `Authorization: Bearer KEY`.")
        )
    if call is not None and not found.scopes & call.scopes:
        raise _Refused(problem(Code.FORBIDDEN, f"This key does not open `{call.name}`."))
    return found


def _media(request: Request) -> str:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in (JSON, MSGPACK):
        raise _Refused(
            problem(Code.NOT_UNDERSTOOD, f"Send JSON or msgpack, with `Content-Type: {JSON}` or `{MSGPACK}`.")
        )
    return media


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise _Refused(problem(Code.TOO_LARGE, "The body is larger than 8 MiB."))
        parts.append(part)
    return b"".join(parts)


def _read(body: bytes, media: str, call: Call[object]) -> msgspec.Struct:
    try:
        given: msgspec.Struct = decode(body, media, call.arguments)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise _Refused(
            problem(Code.WRONG_SHAPE, f"The body is not what `{call.name}` takes: {fault}")
        ) from None
    except RecursionError:
        raise _Refused(problem(Code.WRONG_SHAPE, "The body is nested too deeply.")) from None
    if (b"\0" in body or b"\\u0000" in body) and _has_nul(msgspec.to_builtins(given)):
        raise _Refused(problem(Code.WRONG_SHAPE, "A text holds the character U+0000, which no store keeps."))
    for name in given.__struct_fields__:
        value = getattr(given, name)
        if isinstance(value, list | tuple | dict) and len(value) > MOST_AT_ONCE:
            told = f"`{name}` holds {len(value):,}; at most {MOST_AT_ONCE:,} are taken at once."
            raise _Refused(problem(Code.TOO_LARGE, told))
    return given


def _has_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(_has_nul(part) for pair in value.items() for part in pair)
        case list() | tuple():
            return any(map(_has_nul, value))
    return False


def _news_of(client: InProcess, closing: asyncio.Event) -> Callable[[int, float], Awaitable[list[Change]]]:
    async def news(after: int, wait: float) -> list[Change]:
        feed = client.feed(after)
        told, closed = asyncio.ensure_future(anext(feed)), asyncio.ensure_future(closing.wait())
        try:
            await asyncio.wait({told, closed}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            return told.result() if told.done() else []
        finally:
            for each in (told, closed):
                each.cancel()
            await asyncio.gather(told, closed, return_exceptions=True)
            await feed.aclose()

    return news


async def _describe(request: Request) -> Response:
    return Response(msgspec.json.encode(description()), media_type=JSON)


async def _no_such_place(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    if fault.status_code == 405:
        allowed = (fault.headers or {}).get("Allow", "POST")
        answer = _problem(problem(Code.METHOD_NOT_ALLOWED, f"Use {allowed} here."))
        answer.headers["Allow"] = allowed
        return answer
    return _problem(
        problem(Code.NOT_FOUND, "There is nothing at this address; openapi.json lists all calls.")
    )


def _problem(told: Problem, seconds: int = 0) -> Response:
    body = msgspec.json.encode(told)
    answer = Response(body, told.status, {DIGEST: digest(body)}, PROBLEM)
    if told.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if seconds:
        answer.headers["Retry-After"] = str(seconds)
    return answer
