"""Calls that are made again: how often, how late, and when no more."""

import asyncio
from collections import Counter

import pytest
from life import Clock, Life, names
from person import DAY, MONDAY
from receiver import Got, Receiver
from starlette.responses import Response

from engine.calls import post
from engine.calls.patience import MOST_ATTEMPTS

pytestmark = pytest.mark.anyio


async def test_after_five_attempts_a_call_is_given_up(
    life: Life, receiver: Receiver, people: list[str], clock: Clock
) -> None:
    """Each under the same id, signed anew."""
    receiver.says(500)
    life.put(people[0], "one")
    for _ in range(MOST_ATTEMPTS):
        await life.caller.drain()
        clock.now = life.caller.next_due() or clock.now
    assert life.outcomes() == {"one": "call_gave_up"}
    assert len(receiver.got) == MOST_ATTEMPTS
    assert len({got.id for got in receiver.got}) == 1
    assert len({got.headers["webhook-signature"] for got in receiver.got}) == MOST_ATTEMPTS
    assert life.caller.next_due() is None


async def test_after_three_days_a_call_is_given_up(
    life: Life, receiver: Receiver, people: list[str], clock: Clock
) -> None:
    """Also one that an earlier life has tried: a restart does not begin them anew."""
    receiver.says(500)
    clock.now = MONDAY + 3 * DAY
    life.put(people[0], "one")
    await life.caller.drain()
    assert life.outcomes() == {"one": "call_gave_up"}


async def test_a_receiver_that_asks_for_more_time_gets_it(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """`Retry-After` counts where it is longer than the pause."""
    receiver.says(429, headers={"retry-after": "7200"})
    life.put(people[0], "one")
    await life.caller.drain()
    assert life.caller.next_due() == MONDAY + 7_200_000


async def test_a_receiver_that_takes_ten_a_second_gets_ten_a_second(
    life: Life, receiver: Receiver, people: list[str], clock: Clock
) -> None:
    """`Retry-After` holds back all calls of a webhook, and costs none of them an attempt."""
    taken: Counter[int] = Counter()

    async def answer(got: Got) -> Response:
        second = clock.now // 1000
        if taken[second] == 10:
            return Response(status_code=429, headers={"retry-after": "1"})
        taken[second] += 1
        return Response(status_code=204)

    receiver.answer = answer
    for contact in people:
        life.put(contact, *(f"{contact} {number}" for number in range(10)))
    for _ in range(20):
        await life.caller.drain()
        clock.now = life.caller.next_due() or clock.now
    assert list(life.outcomes().values()) == [""] * 100
    assert clock.now - MONDAY <= 10_000
    assert len(receiver.got) <= 110
    for contact in people:
        told = [name for name in names(receiver) if name.startswith(contact)]
        assert list(dict.fromkeys(told)) == [f"{contact} {number}" for number in range(10)]


async def test_calls_are_not_spent_on_a_receiver_that_is_not_there(
    life: Life, receiver: Receiver, people: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some that nobody answered the others wait a little, then longer, and keep their attempts."""
    never = asyncio.Event()

    async def silent(got: Got) -> Response:
        await never.wait()
        return Response()

    for number, contact in enumerate(people):
        life.put(contact, f"{number}")
    with monkeypatch.context() as hasty:
        hasty.setattr(post, "WHOLE", 0.05)
        receiver.answer = silent
        await life.caller.drain()
        assert names(receiver) == ["0", "1", "2", "3", "4"]
        assert life.caller.next_due() == MONDAY + 2000
        clock.now = MONDAY + 2000
        await life.caller.drain()
        assert names(receiver)[5:] == ["5"]
        assert life.caller.next_due() == MONDAY + 6000
    never.set()
    receiver.answer = None
    clock.now = MONDAY + 6000
    await life.caller.drain()
    assert names(receiver)[6:] == ["6", "7", "8", "9"]
    assert life.outcomes() == dict.fromkeys(["6", "7", "8", "9"], "")


async def test_a_call_whose_three_days_have_passed_is_not_made(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """However long it had to wait for its first attempt."""
    life.put(people[0], "old", at=MONDAY - 3 * DAY - 1)
    life.put(people[0], "new")
    await life.caller.drain()
    assert life.outcomes() == {"old": "call_gave_up", "new": ""}
    assert names(receiver) == ["new"]
