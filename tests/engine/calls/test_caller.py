"""Calls carried out: in order, side by side, and for people who are known only."""

import asyncio

import pytest
from life import Clock, Life, names
from person import MONDAY
from receiver import Got, Receiver, open_receiver
from starlette.responses import Response

from consent.client import InProcess
from consent.service import Service
from engine.calls import post
from engine.calls.lane import AT_ONCE

pytestmark = pytest.mark.anyio


async def test_a_call_is_made_with_the_address_that_the_consent_service_knows(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """And is over when it was taken."""
    life.put(people[3], "one")
    await life.until(1)
    assert life.outcomes() == {"one": ""}
    [got] = receiver.got
    assert got.data["values"] == {"name": "one", "email": "person3@example.com"}
    assert got.data["contact"] == people[3]


async def test_calls_about_one_person_come_in_order(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """One at a time, however slow the receiver is."""

    async def slowly(got: Got) -> Response:
        await asyncio.sleep(0)
        return Response(status_code=204)

    receiver.answer = slowly
    life.put(people[0], *(f"{number}" for number in range(10)))
    await life.until(10)
    assert names(receiver) == [f"{number}" for number in range(10)]
    assert receiver.most == 1


async def test_a_later_call_waits_for_an_earlier_one_that_is_tried_again(
    life: Life, receiver: Receiver, people: list[str], clock: Clock
) -> None:
    """Other people's calls do not."""
    refused = {"first"}

    async def answer(got: Got) -> Response:
        return Response(status_code=503 if got.data["values"]["name"] in refused else 204)

    receiver.answer = answer
    life.put(people[0], "first", "second")
    life.put(people[1], "other")
    await life.caller.drain()
    assert life.outcomes() == {"other": ""}
    assert sorted(names(receiver)) == ["first", "other"]
    due = life.caller.next_due()
    assert due is not None
    assert 45_000 <= due - MONDAY <= 75_000
    clock.now = due - 1
    await life.caller.drain()
    assert len(receiver.got) == 2
    refused.clear()
    clock.now = due
    await life.caller.drain()
    assert names(receiver)[2:] == ["first", "second"]
    assert life.outcomes() == {"other": "", "first": "", "second": ""}
    assert len({got.id for got in receiver.got}) == 3


async def test_a_call_that_is_refused_for_good_lets_the_next_one_go(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """The reason is told; nothing is tried again."""
    receiver.says(400, 204)
    life.put(people[0], "first", "second")
    await life.caller.drain()
    assert life.outcomes() == {"first": "call_refused", "second": ""}
    assert names(receiver) == ["first", "second"]


async def test_a_receiver_that_hangs_delays_no_other(
    consent: InProcess, receiver: Receiver, people: list[str], clock: Clock
) -> None:
    """Ten calls to another webhook are over while it holds as many as it gets."""
    free = asyncio.Event()

    async def hang(got: Got) -> Response:
        await free.wait()
        return Response(status_code=204)

    receiver.answer = hang
    async with open_receiver() as other:
        life = Life(consent, {"crm": receiver.url, "erp": other.url}, clock)
        for number, contact in enumerate(people):
            life.put(contact, f"crm {number}", webhook="crm")
            life.put(contact, f"erp {number}", webhook="erp")
        await life.until(10)
        assert all(name.startswith("erp") for name in life.outcomes())
        assert receiver.most == AT_ONCE
        free.set()
        await life.caller.close()


async def test_people_who_are_known_no_more_are_told_of_no_more(
    life: Life, receiver: Receiver, people: list[str], service: Service
) -> None:
    """What was erased stays so; the calls of others are made."""
    gone = "f" * 32
    life.put(gone, "gone", "gone too")
    life.put(people[0], "here")
    await life.until(3)
    assert life.outcomes() == {"gone": "unknown_subject", "gone too": "unknown_subject", "here": ""}
    assert names(receiver) == ["here"]


async def test_a_consent_service_that_does_not_answer_costs_no_attempt(
    life: Life, receiver: Receiver, people: list[str], service: Service, clock: Clock
) -> None:
    """The call is made a second after it answers again."""
    writer = service.store.writer
    assert writer is not None
    writer.exec_driver_sql("ALTER TABLE subjects RENAME TO mislaid")
    writer.commit()
    life.put(people[0], "one")
    for _ in range(10):
        await life.caller.drain()
        clock.now += 1000
    assert life.outcomes() == {}
    writer.exec_driver_sql("ALTER TABLE mislaid RENAME TO subjects")
    writer.commit()
    await life.caller.drain()
    assert life.outcomes() == {"one": ""}
    assert len(receiver.got) == 1


async def test_a_webhook_that_is_declared_no_more_is_called_no_more(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """The line in the journal says so."""
    life.put(people[0], "one", webhook="old")
    assert life.outcomes() == {"one": "no_webhook"}
    assert receiver.got == []


async def test_calls_that_were_under_way_at_the_end_of_a_life_are_open(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """Nothing is told of them: the next life makes them again, under the same id."""
    free = asyncio.Event()

    async def hang(got: Got) -> Response:
        free.set()
        await asyncio.sleep(3600)
        return Response()

    receiver.answer = hang
    life.put(people[0], "one")
    running = asyncio.create_task(life.caller.run())
    await free.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert life.outcomes() == {}


async def test_an_attempt_that_fails_as_nobody_foresaw_ends_nothing(
    life: Life, receiver: Receiver, people: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made again like any other; the calls about others go on."""

    def odd(said: str, now: int) -> int:
        raise ArithmeticError(said)

    receiver.says(503, 204, headers={"retry-after": "odd"})
    with monkeypatch.context() as broken:
        broken.setattr(post, "_after", odd)
        life.put(people[0], "one")
        await life.caller.drain()
        life.put(people[1], "other")
        await life.until(1)
    assert life.outcomes() == {"other": ""}
    clock.now += 120_000
    await life.until(2)
    assert life.outcomes() == {"other": "", "one": ""}
