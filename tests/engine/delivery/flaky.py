"""The real consent service behind a door that sometimes does not open, or lets nobody out."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from consent.client import InProcess
from consent.contract import Ask, Claimed, Decision, Settlement, Status, Unavailable
from consent.service import Service

T = TypeVar("T")


class Flaky(InProcess):
    """`fails(call)` says of each call whether `Unavailable` is raised `before` it reached the service,
    `after` the service has committed it, or (empty) not at all."""

    def __init__(self, service: Service, fails: Callable[[str], str]) -> None:
        super().__init__(service)
        self.fails = fails

    async def decide(self, asks: Sequence[Ask]) -> list[Decision]:
        return await self._around("decide", lambda: InProcess.decide(self, asks))

    async def claim(self, sender: str, asks: Sequence[Ask], settlements: Sequence[Settlement]) -> Claimed:
        return await self._around("claim", lambda: InProcess.claim(self, sender, asks, settlements))

    async def settle(self, sender: str, settlements: Sequence[Settlement]) -> None:
        await self._around("settle", lambda: InProcess.settle(self, sender, settlements))

    async def status(self, keys: Sequence[str]) -> list[Status | None]:
        return await self._around("status", lambda: InProcess.status(self, keys))

    async def unsettled(self, sender: str) -> list[tuple[str, int]]:
        return await self._around("unsettled", lambda: InProcess.unsettled(self, sender))

    async def _around(self, call: str, work: Callable[[], Awaitable[T]]) -> T:
        fails = self.fails(call)
        if fails == "before":
            raise Unavailable("the line is dead")
        result = await work()
        if fails == "after":
            raise Unavailable("the line went dead")
        return result
