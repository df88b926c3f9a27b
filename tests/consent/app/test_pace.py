"""Answers come at moments that do not depend on what was done meanwhile."""

import asyncio
from collections.abc import Callable

import pytest
from dice import Dice
from timeless import TimelessLoop

from consent.app.pace import Pace
from consent.contract import Unavailable

ANSWERS = 1_000


def moments(seconds: float, count: int = 200) -> list[float]:
    """When so many answers to work of `seconds` are given, from the question on; each has dice of its own."""

    async def ask() -> list[float]:
        loop = asyncio.get_running_loop()
        found = []
        for number in range(count):
            began = loop.time()
            await Pace(Dice(str(number))).keep(asyncio.sleep(seconds))
            found.append(round(loop.time() - began, 9))
        return found

    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        return runner.run(ask())


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.3, 0.499])
def test_quick_work_leaves_no_trace_in_the_time_of_its_answer(seconds: float) -> None:
    """The moments are the very same, to the last digit, as those of no work at all."""
    found = moments(seconds)
    assert found == moments(0)
    assert min(found) >= 0.5
    assert max(found) < 1
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("seconds", [0.5, 0.74, 1.3, 2.72, 9.99])
def test_long_work_is_waited_for_and_answered_at_a_later_moment(seconds: float) -> None:
    """Never before it is done, and at the latest a second after: what was said to be noted is."""
    for found in moments(seconds):
        assert seconds <= found < seconds + 1


@pytest.mark.parametrize("difference", [0.01, 0.1])
@pytest.mark.parametrize("seconds", [0.5, 0.75, 0.97, 1.5, 2.2, 4.8])
def test_a_difference_is_seen_no_more_often_than_it_says(seconds: float, difference: float) -> None:
    """Wherever the rest of the work ends, also just beside a moment: by the same dice, the longer work is
    answered at another moment in d / spread of all draws at the most."""
    quick, slow = moments(seconds, ANSWERS), moments(seconds + difference, ANSWERS)
    seen = sum(one != other for one, other in zip(quick, slow, strict=True)) / ANSWERS
    chance = difference / 0.5
    assert 0 < seen <= chance + 4 * (chance / ANSWERS) ** 0.5


def test_what_the_work_raises_comes_at_the_pace_too() -> None:
    """A fault is as late as anything else."""

    async def fail() -> None:
        raise ValueError("no such topic")

    async def ask(pace: Pace) -> float:
        with pytest.raises(ValueError, match="no such topic"):
            await pace.keep(fail())
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        assert runner.run(ask(Pace(Dice("0")))) == pytest.approx(moments(0, 1)[0])


def test_patience_ends_and_the_work_goes_on() -> None:
    """Whoever asked is told that it was not answered; what was begun comes to its end, and whatever it raises
    then is no fault of anybody else."""
    done: list[str] = []

    async def slow(outcome: Callable[[], None]) -> None:
        await asyncio.sleep(30)
        done.append("done")
        outcome()

    def fail() -> None:
        raise OSError("too late for anybody to hear")

    async def ask() -> None:
        pace, loop = Pace(Dice()), asyncio.get_running_loop()
        for outcome in (lambda: None, fail):
            began = loop.time()
            with pytest.raises(Unavailable):
                await pace.keep(slow(outcome))
            assert 20 <= loop.time() - began < 21
        assert done == ["done"]  # the first one, meanwhile
        await asyncio.sleep(30)
        assert done == ["done", "done"]

    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        runner.run(ask())
