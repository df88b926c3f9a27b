"""One life of a caller, and its clock."""

import asyncio
import hashlib

import pytest
from person import MONDAY
from receiver import SECRET, Receiver

from engine.calls import post
from engine.calls.caller import Addresses, Caller, Ended
from engine.calls.post import HttpPost
from engine.core.bundle import CallBody, Effect


class Clock:
    """Ms UTC, moved by hand."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> int:
        return self.now


class Life:
    """A caller of the webhooks `crm` and `erp`, and what became of its calls."""

    def __init__(self, consent: Addresses, urls: dict[str, str], clock: Clock) -> None:
        receivers = [post.Receiver(name, url, SECRET) for name, url in urls.items()]
        self.caller = Caller(
            consent, HttpPost(receivers, private=True), list(urls), clock, lambda: self.changed.set()
        )
        self.changed = asyncio.Event()
        self.ended: list[Ended] = []

    def put(self, contact: str, *names: str, webhook: str = "crm", at: int = MONDAY) -> None:
        """Ask for calls that tell a name each."""
        for name in names:
            body = CallBody("alpha", "0" * 32, "call_1", at, webhook, {"name": name}, ("email",))
            key = hashlib.sha256(f"{contact}{name}{webhook}".encode()).hexdigest()[:32]
            self.caller.put(Effect(key, contact, "call", body))

    def outcomes(self) -> dict[str, str]:
        """By the name that a call tells, why it is over; empty: it was taken."""
        self.ended += self.caller.take_ended()
        return {str(one.body.values["name"]): one.reason for one in self.ended}

    async def until(self, count: int) -> None:
        """Let it run until so many calls are over."""
        running = asyncio.create_task(self.caller.run())
        try:
            async with asyncio.timeout(20):
                while len(self.outcomes()) < count:
                    self.changed.clear()
                    await self.changed.wait()
        finally:
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running


def names(receiver: Receiver) -> list[str]:
    """What the calls told, as they came."""
    return [got.data["values"]["name"] for got in receiver.got]
