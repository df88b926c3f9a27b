"""A deadline that is set anew goes by what was set last."""

import asyncio
from collections.abc import Callable

import pytest

from engine.delivery.deadline import Deadline

SOON, LATER, NEVER = 0.005, 0.02, 600.0


@pytest.mark.parametrize("first", [SOON, NEVER])
def test_what_was_set_last_counts(first: float) -> None:
    """Be it earlier or later than what was set before; and it is missed once."""

    async def missed() -> list[float]:
        found: list[float] = []
        over = asyncio.Event()

        def note(seconds: float) -> None:
            found.append(seconds)
            over.set()

        deadline = Deadline(note)
        deadline.set(first)
        deadline.set(LATER)
        await over.wait()
        after, again = asyncio.Event(), Deadline(lambda _: after.set())
        again.set(LATER)
        await after.wait()
        return found

    assert asyncio.run(missed()) == [LATER]


@pytest.mark.parametrize("end", [Deadline.lift, Deadline.close])
def test_what_is_waited_for_no_more_is_not_missed(end: Callable[[Deadline], None]) -> None:
    """Whether it was lifted for now, or closed for good."""

    async def missed() -> list[float]:
        found: list[float] = []
        deadline = Deadline(found.append)
        deadline.set(SOON)
        end(deadline)
        assert deadline.since is None
        after, another = asyncio.Event(), Deadline(lambda _: after.set())
        another.set(LATER)
        await after.wait()
        return found

    assert asyncio.run(missed()) == []


def test_a_lifted_deadline_can_be_set_again() -> None:
    """Also while the timer of before still stands."""

    async def missed() -> list[float]:
        found: list[float] = []
        over = asyncio.Event()

        def note(seconds: float) -> None:
            found.append(seconds)
            over.set()

        deadline = Deadline(note)
        deadline.set(SOON)
        deadline.lift()
        deadline.set(LATER)
        await over.wait()
        return found

    assert asyncio.run(missed()) == [LATER]
