"""Carries out the calls that flows ask for, and tells what became of each."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from consent.contract import Reason, Unavailable
from engine.calls.call import Answer, Answered, Call, call_of
from engine.calls.lane import Lane, Open
from engine.calls.patience import is_over, next_asked, next_attempt
from engine.core.bundle import CallBody, Effect
from engine.core.record import Why
from engine.store.retries import Retry

log = structlog.get_logger("calls")

_ASK_AGAIN = 1000  # milliseconds until a consent service that did not answer is asked again
_LONGEST_PAUSE = 1.0  # seconds; the clock that says what is due need not be that of the loop


class Addresses(Protocol):
    """Who knows the people."""

    async def addresses(self, subjects: Sequence[str]) -> list[str | None]:
        """The address of each; None: there is nobody of that id any more. May raise `Unavailable`."""


class Post(Protocol):
    """Who makes the calls."""

    async def post(self, call: Call, now: int) -> Answer:
        """Make one attempt."""

    async def close(self) -> None:
        """Give connections back."""


class Ended(Struct, frozen=True):
    """A call that is over: taken (no `reason`, or that it was written down only), or why it never will be.
    `at` is ms UTC."""

    key: str
    contact: str
    body: CallBody
    reason: str
    at: int


class Caller:
    """`run` works until cancelled, `drain` until no call may be made at this moment. `told` is called when
    `take_ended` or `take_retries` has something; `webhooks` are those that the project declares. `clock`
    gives ms UTC."""

    def __init__(
        self,
        addresses: Addresses,
        post: Post,
        webhooks: Collection[str],
        clock: Callable[[], int],
        told: Callable[[], None],
    ) -> None:
        self._addresses = addresses
        self._post = post
        self._clock = clock
        self._told = told
        self._lanes = {name: Lane() for name in webhooks}
        self._ended: list[Ended] = []
        self._retries: list[Retry] = []
        self._wake = asyncio.Event()
        self.restricted: Collection[str] = frozenset()  # of whom nothing may be told
        self.open = 0  # calls of which nobody has heard yet that they are over

    def put(self, effect: Effect, retry: Retry | None = None) -> None:
        """A call that was committed; `retry` says when one that an earlier life tried in vain is tried again.
        One of a webhook that is declared no more is over at once."""
        body = effect.body
        assert isinstance(body, CallBody)
        call = Open(effect.key, effect.contact, body, retry.tries if retry is not None else 0)
        self.open += 1
        lane = self._lanes.get(body.webhook)
        if lane is None:
            self._end(call, Why.NO_WEBHOOK)
        else:
            lane.put(call, retry.due if retry is not None else 0)
            self._wake.set()

    def take_ended(self) -> list[Ended]:
        """What is over since the last call."""
        ended, self._ended = self._ended, []
        self.open -= len(ended)
        return ended

    def take_retries(self) -> list[Retry]:
        """What is tried again, and when, since the last call."""
        retries, self._retries = self._retries, []
        return retries

    def next_due(self) -> int | None:
        """When the next call may be made, perhaps in the past; None: none waits."""
        moments = [due for lane in self._lanes.values() if (due := lane.next_due()) is not None]
        return min(moments, default=None)

    async def run(self) -> None:
        """Work for ever. What is under way when it is cancelled is made again by the next life."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                for lane in self._lanes.values():
                    while (call := lane.take(self._clock())) is not None:
                        tasks.create_task(self._make(lane, call))
                await self._pause()

    async def drain(self) -> None:
        """Make all calls that may be made now, one after the other: equal calls give equal outcomes."""
        for lane in self._lanes.values():
            while (call := lane.take(self._clock())) is not None:
                await self._make(lane, call)

    async def close(self) -> None:
        """Call it when nothing runs any more."""
        await self._post.close()

    async def _make(self, lane: Lane, call: Open) -> None:
        """One attempt. People who are known no more are not told of, nor those who asked that nothing is."""
        if is_over(call.body.at, self._clock()):
            self._give_up(lane, call)
            return
        try:
            [address] = await self._addresses.addresses([call.contact])
        except Unavailable:  # no attempt: the receiver has nothing to do with it
            lane.again(call, self._clock() + _ASK_AGAIN)
            return
        if call.contact in self.restricted:
            self._finish(lane, call, Reason.RESTRICTED)
            return
        if address is None:
            self._finish(lane, call, Reason.UNKNOWN_SUBJECT)
            return
        answer = await self._attempt(call_of(call.key, call.contact, call.body, address))
        now = self._clock()
        if answer.answered in (Answered.BUSY, Answered.SILENT):
            lane.in_vain(now, answer.after)
        else:
            lane.heard()
        if answer.answered in (Answered.TAKEN, Answered.REFUSED):
            self._finish(lane, call, answer.reason or "")
        elif answer.answered is Answered.BUSY:
            self._again(lane, call, next_asked(answer.after, call.body.at, now))
        else:
            tried = replace(call, attempts=call.attempts + 1)
            at = next_attempt(call.key, tried.attempts, answer.after, call.body.at, now)
            self._again(lane, tried, at)

    def _again(self, lane: Lane, call: Open, at: int | None) -> None:
        if at is None:
            self._give_up(lane, call)
        else:
            lane.again(call, at)
            self._retries.append(Retry(call.key, "call", call.attempts, at))
            self._wake.set()
            self._told()

    def _give_up(self, lane: Lane, call: Open) -> None:
        log.error("a call was given up", webhook=call.body.webhook, key=call.key)
        self._finish(lane, call, Why.CALL_GAVE_UP)

    async def _attempt(self, call: Call) -> Answer:
        """One attempt. Strangers answer it: whatever one of them brings about, the calls of others go on."""
        try:
            return await self._post.post(call, self._clock())
        except Exception as fault:  # noqa: BLE001 - a call that ends all would do it again at each start
            log.error("an attempt at a call failed", webhook=call.webhook, key=call.id, why=repr(fault))
            return Answer(Answered.LATER)

    def _finish(self, lane: Lane, call: Open, reason: str) -> None:
        lane.done(call)
        self._wake.set()
        self._end(call, reason)

    def _end(self, call: Open, reason: str) -> None:
        self._ended.append(Ended(call.key, call.contact, call.body, str(reason), self._clock()))
        self._told()

    async def _pause(self) -> None:
        due = self.next_due()
        wait = _LONGEST_PAUSE if due is None else max((due - self._clock()) / 1000, 0.001)
        try:
            async with asyncio.timeout(min(wait, _LONGEST_PAUSE)):
                await self._wake.wait()
        except TimeoutError:
            pass
