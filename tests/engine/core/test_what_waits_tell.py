"""The journal tells until when something waits, and why that moment is another later on."""

from flows import loaded
from person import DAY, HOUR, MINUTE, MONDAY, Person

from engine.core.bundle import Entry, MailEnded
from engine.core.record import What, Why

FLOW = """
flow alpha "Alpha"
    topic news
    start on cart_updated

    send hello
    wait 1 day at 10:00
    wait for order_placed up to 3 days
    wait until any checkout_started since entry up to 2 days
"""
LIMITS = """
limits
    quiet 08:00 to 12:00
"""


def waits(anna: Person) -> list[Entry]:
    """The lines of the journal that tell of a moment."""
    return [entry for entry in anna.entries if entry.until]


def test_a_wait_tells_until_when() -> None:
    """Whatever is waited for: a time of day, an event, a condition."""
    anna = Person(loaded(FLOW)).agrees("news").happens("cart_updated").pass_(10 * DAY)
    told = [(entry.what, (entry.until - MONDAY) / HOUR) for entry in waits(anna)]
    assert told == [("waits", 25), ("waits", 25 + 72), ("waits", 25 + 72 + 48)]


def test_a_mail_that_is_held_tells_until_when() -> None:
    """To the end of the quiet hours."""
    anna = Person(loaded(LIMITS + FLOW)).agrees("news").happens("cart_updated")
    (held,) = waits(anna)
    assert (held.what, held.reason, held.until) == (What.HELD, Why.QUIET, MONDAY + 3 * HOUR)


def test_whoever_moves_is_told_to_wait_for_another_moment() -> None:
    """10:00 in New York is seven hours behind that in Riga."""
    anna = Person(loaded(FLOW)).agrees("news").happens("cart_updated")
    anna.learns(time_zone="America/New_York")
    moved = waits(anna)[-1]
    assert (moved.what, moved.reason) == (What.WAIT_MOVED, Why.ANOTHER_CLOCK)
    assert moved.until == MONDAY + (25 + 7) * HOUR


def handed_over_after(milliseconds: int) -> Person:
    """Somebody whose mail was handed over so long after it was asked for, with the lines since then."""
    anna = Person(loaded(FLOW.replace(" at 10:00", "")), mailer="held").agrees("news").happens("cart_updated")
    (key,) = anna.open
    anna.entries.clear()
    anna.now += milliseconds
    return anna.hand_over(key)


def test_a_late_mail_moves_the_wait_behind_it() -> None:
    """The wait counts from the hand-over; what comes within a minute is not worth a word."""
    assert waits(handed_over_after(MINUTE - 1)) == []
    (moved,) = waits(handed_over_after(5 * HOUR))
    assert (moved.what, moved.reason) == (What.WAIT_MOVED, Why.MAIL_LATE)
    assert moved.until == MONDAY + 5 * HOUR + DAY


def test_a_mail_that_did_not_go_because_the_flow_was_left() -> None:
    """It is told as skipped, and why."""
    anna = Person(loaded(FLOW), mailer="held").agrees("news").happens("cart_updated")
    (key,) = anna.open
    anna.withdraws("news")
    anna.open.clear()
    step = MailEnded("alpha", anna.recalls[0].key, "hello", key, "hello", "news", Why.FLOW_LEFT)
    anna.take(step)
    assert (anna.entries[-1].what, anna.entries[-1].reason) == (What.SKIPPED, Why.FLOW_LEFT)
