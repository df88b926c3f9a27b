"""The door to a consent service in a process of its own, over HTTP.

It fails closed: whatever is no answer of the contract, a time-out, a broken connection, a refused key, an
answer that cannot be read or is about something else, is `Unavailable`, and then nothing may be sent. What
was asked may have been done all the same; every call that a mail takes may be repeated, and gives the same.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, TypeVar

import httpx2
import msgspec
from msgspec.structs import replace

from consent import calls
from consent.calls import PREFIX, Call
from consent.contract import (
    Ask,
    Change,
    Claimed,
    Crowded,
    Decision,
    Erasure,
    Frequency,
    Heard,
    Kept,
    LinkView,
    Outcome,
    Policy,
    Proof,
    Purpose,
    Receipt,
    Sale,
    Settlement,
    SignUp,
    Status,
    Unavailable,
    Visit,
)
from consent.wire import DIGEST, MSGPACK, decode, digest, encode, fault_of, is_whole

T = TypeVar("T")

_STALE = 10.0
"""Seconds after a call failed from which on nobody knows whether one would fail still."""
_SLOW = 900.0
"""Seconds for calls that may rewrite whole tables."""
_WAIT = 5.0
"""Seconds that a look for news is kept open. A connection that died without a word is noticed after them."""
_EVEN = (calls.SIGN_UP, calls.ASK_TO_MOVE)
"""Calls whose answer is kept back, so that its time tells nothing."""
_KEPT_BACK = 1.0
_CONNECTIONS = 256
"""An answer that is kept back has one of its own, and claims want some too."""
_KEPT_OPEN = 32
_IDLE = 20.0
"""Seconds after which a connection that nobody used is closed; the service keeps them longer."""


class Remote:
    """A `ConsentClient` for the service at `url`, as in `https://consent.kafija.example`, with a key of the
    scope `engine`. `timeout`: seconds within which it answers. `clock` gives ms UTC to whoever asks; it need
    not agree with the service's. To be used in one loop; `close` ends it. Another `transport` than the
    network is for a service in the same process."""

    def __init__(
        self,
        url: str,
        key: str,
        timeout: float = 5.0,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._url = url
        self._clock = clock
        self._timeout = timeout
        self._refused = ""
        self._refused_at = 0.0
        self._http = httpx2.AsyncClient(
            base_url=url.rstrip("/") + PREFIX,
            headers={"Authorization": f"Bearer {key}", "Content-Type": MSGPACK, "Accept": MSGPACK},
            timeout=None,  # of each call as a whole, below
            limits=httpx2.Limits(
                max_connections=_CONNECTIONS,
                max_keepalive_connections=_KEPT_OPEN,
                keepalive_expiry=_IDLE,
            ),
            transport=transport,
            trust_env=False,  # a proxy of the environment is none for permits and addresses
            follow_redirects=False,
        )

    @property
    def shut(self) -> str:
        """Why the last call was not answered; empty: it was, or it is long ago."""
        return self._refused if time.monotonic() - self._refused_at < _STALE else ""

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def publish(self, policy: Policy) -> str:
        """See `ConsentClient`."""
        return await self._ask(calls.PUBLISH, policy)

    async def subjects(self, addresses: Sequence[str]) -> list[str | None]:
        """See `ConsentClient`."""
        return as_many(addresses, await self._ask(calls.SUBJECTS, addresses))

    async def addresses(self, subjects: Sequence[str]) -> list[str | None]:
        """See `ConsentClient`."""
        return as_many(subjects, await self._ask(calls.ADDRESSES, subjects))

    async def decide(self, asks: Sequence[Ask]) -> list[Decision]:
        """See `ConsentClient`."""
        decisions = as_many(asks, await self._ask(calls.DECIDE, asks))
        if any(
            (ask.key, ask.attempt) != (one.key, one.attempt) for ask, one in zip(asks, decisions, strict=True)
        ):
            raise Unavailable(_OTHER)
        return decisions

    async def claim(self, sender: str, asks: Sequence[Ask], settlements: Sequence[Settlement]) -> Claimed:
        """See `ConsentClient`."""
        asked_at = self._clock()
        claimed = await self._ask(calls.CLAIM, sender, asks, settlements)
        if not _is_about(claimed, sender, asks):
            raise Unavailable(_OTHER)
        # As long as is left by the service's clock, counted from before it was asked.
        ahead = asked_at - claimed.at
        permits = tuple(replace(permit, deadline=permit.deadline + ahead) for permit in claimed.permits)
        return Claimed(permits, claimed.denied, asked_at)

    async def settle(self, sender: str, settlements: Sequence[Settlement]) -> None:
        """See `ConsentClient`."""
        await self._ask(calls.SETTLE, sender, settlements)

    async def status(self, keys: Sequence[str]) -> list[Status | None]:
        """See `ConsentClient`."""
        return as_many(keys, await self._ask(calls.STATUS, keys)) if keys else []

    async def unsettled(self, sender: str) -> list[tuple[str, int]]:
        """See `ConsentClient`."""
        return await self._ask(calls.UNSETTLED, sender)

    async def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """See `ConsentClient`."""
        return await self._ask(calls.CHANGES, after, limit)

    async def leaves(self, after: int, limit: int = 1000) -> list[str]:
        """See `ConsentClient`."""
        return await self._ask(calls.LEAVES, after, limit)

    async def feed(self, after: int) -> AsyncGenerator[list[Change], None]:
        """See `ConsentClient`. Each look is kept open until there is something."""
        while True:
            batch = await self._ask(calls.NEWS, after, _WAIT)
            if batch:
                after = batch[-1].seq
                yield batch

    async def sign_up(self, request: SignUp) -> None:
        """See `ConsentClient`."""
        await self._ask(calls.SIGN_UP, request)

    async def serve_form(self, version: str) -> str:
        """See `ConsentClient`."""
        return await self._ask(calls.SERVE_FORM, version)

    async def proofs(self, limit: int = 256, after: str = "") -> list[Proof]:
        """See `ConsentClient`."""
        return await self._ask(calls.PROOFS, limit, after)

    async def confirmation(self, token: str) -> LinkView:
        """See `InProcess`."""
        return await self._ask(calls.CONFIRMATION, token)

    async def confirm(self, token: str, visit: Visit, fetched: str = "") -> Receipt:
        """See `ConsentClient`."""
        return await self._ask(calls.CONFIRM, token, visit, fetched)

    async def refuse(self, token: str, visit: Visit, fetched: str = "") -> None:
        """See `ConsentClient`."""
        await self._ask(calls.REFUSE, token, visit, fetched)

    async def unsubscription(self, token: str, language: str = "") -> LinkView:
        """See `ConsentClient`."""
        return await self._ask(calls.UNSUBSCRIPTION, token, language)

    async def withdraw(self, token: str, how: str, everything: bool, visit: Visit) -> Receipt:
        """See `ConsentClient`."""
        return await self._ask(calls.WITHDRAW, token, how, everything, visit)

    async def slow_down(self, token: str, visit: Visit) -> Receipt:
        """See `ConsentClient`."""
        return await self._ask(calls.SLOW_DOWN, token, visit)

    async def preferences(self, token: str, language: str = "") -> LinkView:
        """See `ConsentClient`."""
        return await self._ask(calls.PREFERENCES, token, language)

    async def choose(
        self,
        token: str,
        topics: Sequence[str],
        language: str,
        visit: Visit,
        frequency: Frequency | None = None,
        pause: int | None = None,
        shown: Sequence[str] | None = None,
        read: str = "",
    ) -> Receipt:
        """See `ConsentClient`."""
        return await self._ask(calls.CHOOSE, token, topics, language, visit, frequency, pause, shown, read)

    async def ask_to_move(self, token: str, email: str, visit: Visit) -> None:
        """See `ConsentClient`."""
        await self._ask(calls.ASK_TO_MOVE, token, email, visit)

    async def merge(self, stays: str, goes: str, actor: str) -> Heard:
        """See `ConsentClient`."""
        return await self._ask(calls.MERGE, stays, goes, actor)

    async def withdraw_by_flow(
        self, subject: str, topic: str, flow: str, key: str, at: int | None = None
    ) -> Heard:
        """See `ConsentClient`."""
        return await self._ask(calls.WITHDRAW_BY_FLOW, subject, topic, flow, key, at)

    async def complained(self, key: str, at: int | None = None) -> Heard:
        """See `ConsentClient`."""
        return await self._ask(calls.COMPLAINED, key, at)

    async def bounced(self, key: str, kind: str) -> Heard:
        """See `ConsentClient`."""
        return await self._ask(calls.BOUNCED, key, kind)

    async def give_word(self, key: str, arrived: bool, actor: str) -> Outcome | None:
        """See `ConsentClient`."""
        return await self._ask(calls.GIVE_WORD, key, arrived, actor)

    async def erase(self, subject: str, actor: str) -> Erasure | None:
        """See `ConsentClient`."""
        return await self._ask(calls.ERASE, subject, actor)

    async def forgotten(self, subjects: Sequence[str]) -> None:
        """See `ConsentClient`."""
        await self._ask(calls.FORGOTTEN, subjects)

    async def backups_forgot(self, days: int) -> int:
        """See `ConsentClient`."""
        return await self._ask(calls.BACKUPS_FORGOT, days)

    async def record(self, subject: str, what: str, actor: str, topic: str = "") -> Heard:
        """See `ConsentClient`."""
        return await self._ask(calls.RECORD, subject, what, actor, topic)

    async def bought(self, sales: Sequence[Sale]) -> list[bool]:
        """See `ConsentClient`."""
        return as_many(sales, await self._ask(calls.BOUGHT, sales))

    async def alive(self, signs: Sequence[tuple[str, int]]) -> None:
        """See `ConsentClient`."""
        await self._ask(calls.ALIVE, signs)

    async def keep_times(self, most: int = 200) -> Kept:
        """See `ConsentClient`."""
        return await self._ask(calls.KEEP_TIMES, most)

    async def reached(self, size: int) -> None:
        """See `ConsentClient`."""
        await self._ask(calls.REACHED, size)

    async def offered(self) -> tuple[Purpose, ...]:
        """See `ConsentClient`."""
        return await self._ask(calls.OFFERED)

    async def checkpoint(self) -> str:
        """See `ConsentClient`."""
        return await self._ask(calls.CHECKPOINT)

    async def _ask(self, call: Call[T], *given: Any) -> T:
        try:
            answer = await self._answer(call, encode(call.arguments(*given), MSGPACK))
            if not is_whole(answer.content, answer.headers.get(DIGEST, "")):
                raise Unavailable("The answer of the consent service was damaged on the way.")
            if answer.status_code != 200:
                raise fault_of(answer.content, answer.status_code)
            found: T = _result(answer, call)
        except Crowded:  # it answers; it is the asker who has to wait
            raise
        except Unavailable as fault:
            self._refused, self._refused_at = str(fault), time.monotonic()
            raise
        self._refused = ""
        return found

    def _patience(self, call: Call[Any]) -> float:
        if call.slow:
            return _SLOW
        return self._timeout + (_WAIT if call is calls.NEWS else _KEPT_BACK if call in _EVEN else 0)

    async def _answer(self, call: Call[T], body: bytes) -> httpx2.Response:
        try:
            async with asyncio.timeout(self._patience(call)):
                try:
                    return await self._http.post(call.name, content=body, headers={DIGEST: digest(body)})
                except httpx2.TransportError:
                    if not call.reads:
                        raise
                # A connection that was kept may have ended meanwhile; another one tells.
                return await self._http.post(call.name, content=body, headers={DIGEST: digest(body)})
        except TimeoutError:
            raise Unavailable("The consent service does not answer in time.") from None
        except httpx2.RequestError as fault:
            why = str(fault).rstrip(".") or type(fault).__name__
            raise Unavailable(f"The consent service at {self._url} cannot be reached: {why}.") from None


_OTHER = "The consent service answered another question than was asked."


def as_many(asked: Sequence[object], answered: list[T]) -> list[T]:
    """The answers, of which there is one to each question. Raises `Unavailable`."""
    if len(asked) != len(answered):
        raise Unavailable(_OTHER)
    return answered


def _is_about(claimed: Claimed, sender: str, asks: Sequence[Ask]) -> bool:
    """Whether each mail that was asked for is answered once, and no other."""
    asked = {ask.key: ask for ask in asks}
    for permit in claimed.permits:
        ask = asked.pop(permit.key, None)
        if ask is None or (permit.attempt, permit.subject, permit.sender) != (
            ask.attempt,
            ask.subject,
            sender,
        ):
            return False
    for denial in claimed.denied:
        ask = asked.pop(denial.key, None)
        if ask is None or denial.attempt != ask.attempt or denial.allowed:
            return False
    return not asked


def _result(answer: httpx2.Response, call: Call[T]) -> Any:
    if answer.headers.get("content-type") != MSGPACK or DIGEST not in answer.headers:
        raise Unavailable("The consent service answered with something that is no answer of its own.")
    try:
        return decode(answer.content, MSGPACK, call.result)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unavailable("The consent service answered with something that cannot be read.") from None
