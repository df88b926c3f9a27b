"""A recorder stands in for receivers where nobody is to be called."""

import sys

import pytest
from life import Clock
from person import MONDAY

from consent.client import InProcess
from engine.calls.call import Call
from engine.calls.caller import Caller
from engine.calls.recorder import Recorder
from engine.core.bundle import CallBody, Effect

pytestmark = pytest.mark.anyio


async def test_a_recorder_takes_every_call_and_makes_none(
    consent: InProcess, people: list[str], clock: Clock
) -> None:
    """Whoever has stores and nobody to call must say so: it is the default of nothing."""
    caller = Caller(consent, Recorder(), ["crm"], clock, lambda: None)
    body = CallBody("alpha", "0" * 32, "call_1", MONDAY, "crm", {}, ("email",))
    caller.put(Effect("1" * 32, people[0], "call", body))
    await caller.drain()
    assert [one.reason for one in caller.take_ended()] == ["recorded"]


async def test_a_recorder_keeps_no_call() -> None:
    """Those of a year's simulation would fill the memory, and nobody reads them."""
    call, recorder = Call("1" * 32, "crm", b"{}"), Recorder()
    before = sys.getrefcount(call)
    await recorder.post(call, MONDAY)
    assert sys.getrefcount(call) == before
