"""In which order the calls of one webhook are made, and when none is."""

from engine.calls.lane import AT_ONCE, LONGEST_REST, Lane, Open
from engine.core.bundle import CallBody

BODY = CallBody("alpha", "0" * 32, "call_1", 0, "crm", {})


def call(name: str) -> Open:
    return Open(name, name, BODY)


def take(lane: Lane, now: int) -> str | None:
    taken = lane.take(now)
    return None if taken is None else taken.key


def test_a_call_that_is_due_again_goes_before_those_that_were_asked_for_later() -> None:
    """A long row of first attempts does not keep it from its second."""
    lane = Lane()
    lane.put(call("a"))
    lane.put(call("b"))
    first = lane.take(0)
    assert first is not None
    lane.again(first, 100)
    for name in "cd":
        lane.put(call(name))
    assert take(lane, 99) == "b"
    assert take(lane, 100) == "a"
    assert take(lane, 100) == "c"


def test_while_a_webhook_rests_none_of_its_calls_is_made() -> None:
    """As long as was asked for."""
    lane = Lane()
    lane.put(call("a"))
    lane.in_vain(1000, 5)
    assert lane.take(5999) is None
    assert lane.next_due() == 6000
    assert take(lane, 6000) == "a"
    assert lane.next_due() is None


def test_a_webhook_rests_for_an_hour_at_most() -> None:
    """Who asks for a year may be mended tomorrow."""
    lane = Lane()
    lane.put(call("a"))
    lane.in_vain(0, 365 * 86_400)
    assert lane.next_due() == 3_600_000


def test_the_longer_nobody_answers_the_longer_it_rests() -> None:
    """Not at once, up to a minute; one answer, and it goes on as before."""
    lane = Lane()
    lane.put(call("a"))
    dues = []
    for _ in range(AT_ONCE + 8):
        lane.in_vain(0, 0)
        dues.append(lane.next_due())
    assert dues[:AT_ONCE] == [0] * AT_ONCE
    assert dues[AT_ONCE:] == [2000, 4000, 8000, 16_000, 32_000, *[LONGEST_REST * 1000] * 3]
    lane.heard()
    lane.in_vain(100_000, 0)
    assert take(lane, 100_000) == "a"
