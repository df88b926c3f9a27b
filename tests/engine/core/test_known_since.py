"""What is known of people only who agreed to it is unknown for the time before (language reference, §5)."""

import pytest
from flows import loaded
from person import DAY, HOUR, Person

from engine.core.bundle import Agreed

SLEEPING = """
segment sleeping "Mailed and silent"
    any email_sent in last 90 days
        and no email_opened in last 90 days
        and no email_clicked in last 90 days
flow letters
    topic news
    start on subscribed where topic is "news"

    repeat up to 9 times
        send tips
        wait 30 days
flow sunset
    topic news
    start on joining segment sleeping

    unsubscribe from news
"""
TIPS = {"flow": "letters", "step": "tips", "template": "tips", "topic": "news"}


def test_agreeing_to_measurement_makes_no_reader_silent() -> None:
    """Whoever agrees later is among the silent when the whole span was measured, not before."""
    anna = Person(loaded(SLEEPING)).agrees("news").pass_(80 * DAY).agrees("measurement")
    agreed = anna.now
    assert not anna.bundle.segments
    anna.until(agreed + 90 * DAY - 2)
    assert not anna.bundle.segments
    anna.until(agreed + 90 * DAY)
    assert anna.story("sunset")[0] == "entered"


def test_whoever_agreed_to_measurement_from_the_first_is_judged_at_once() -> None:
    """Before somebody was there, there was nothing to open."""
    anna = Person(loaded(SLEEPING)).agrees("measurement").agrees("news").pass_(DAY)
    assert anna.bundle.segments == {"sleeping"}


def test_withdrawing_measurement_and_agreeing_again_begins_anew() -> None:
    """What was opened is forgotten with the agreement; what was opened since is unknown, not absent."""
    anna = Person(loaded(SLEEPING)).agrees("measurement").agrees("news")
    anna.happens("email_opened", **TIPS)
    assert "email_opened" in anna.bundle.windows
    anna.withdraws("measurement")
    assert "email_opened" not in anna.bundle.windows
    anna.happens("email_opened", **TIPS)  # on its way when she withdrew
    assert "email_opened" not in anna.bundle.windows
    anna.pass_(DAY).agrees("measurement")
    assert not anna.bundle.segments


def asking(condition: str) -> str:
    return f"""
flow asks
    start on checkout_started
    enter every time

    if {condition}
        finish as met
    finish as unmet
"""


def answer(condition: str, event: str) -> list[bool]:
    """What is said to someone who agreed ten days ago and has done `event` once since: now, and when the last
    20 days lie behind the agreement."""
    anna = Person(loaded(asking(condition))).learns(first_name="Anna").pass_(30 * DAY)
    anna.agrees("measurement").agrees("personalisation").pass_(9 * DAY)
    data = TIPS if event.startswith("email") else {"sku": "A"}
    anna.happens(event, **data).pass_(DAY).happens("checkout_started")
    anna.pass_(10 * DAY).happens("checkout_started")
    return [line == "finished met" for line in anna.story("asks") if line.startswith("finished")]


@pytest.mark.parametrize("event", ["email_opened", "product_viewed"])
@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("any {event} in last 20 days", [True, True]),  # one is enough, whatever came before
        ("last {event}.at in last 20 days is known", [True, True]),
        ("count of {event} in last 20 days >= 1", [True, True]),
        ("0 < count of {event} in last 20 days", [True, True]),
        ("count of {event} in last 20 days is 1", [False, True]),
        ("count of {event} in last 20 days < 2", [False, True]),
        ("no {event} where at < 2026-01-01 in last 20 days", [False, True]),
        ("first {event}.at in last 20 days is known", [False, True]),
        ("no {event} where at < 2026-01-01 in last 5 days", [True, True]),
        ("no {event} where at < 2026-01-01", [False, False]),
        ("count of {event} is 1", [False, False]),
        ("count of {event} since 2026-04-02 is 1", [True, True]),  # ten hours later than the agreement
        ("count of {event} since 2026-03-31 is 1", [False, False]),
        ("no {event} since entry", [True, True]),
    ],
)
def test_a_span_that_begins_before_the_agreement_is_unknown(
    condition: str, met: list[bool], event: str
) -> None:
    """Unless what is known of it is answer enough."""
    assert answer(condition.format(event=event), event) == met


def test_a_wait_for_silence_ends_when_silence_is_known() -> None:
    """An hour behind the agreement, not at once."""
    text = """
flow asks
    start on checkout_started

    wait until no email_clicked in last 1 hour up to 3 days
    send tips
        topic news
"""
    anna = Person(loaded(text)).learns(first_name="Anna").pass_(DAY).happens("checkout_started")
    anna.pass_(DAY).agrees("measurement").pass_(HOUR - 2)
    assert anna.mails == []
    assert anna.pass_(2).mails == ["tips"]


def test_the_moment_of_the_agreement_counts_and_not_when_it_was_heard() -> None:
    """A journey that the same confirmation starts has been measured from its first step."""
    text = """
flow asks
    topic news
    start on subscribed where topic is "news"

    wait 1 day
    if no email_opened since entry
        finish as met
    finish as unmet
"""
    anna = Person(loaded(text)).learns(first_name="Anna").pass_(DAY)
    confirmed = anna.now - 5_000
    anna.take(Agreed("measurement", True), confirmed).take(Agreed("news", True), confirmed).pass_(DAY)
    assert anna.story("asks")[-1] == "finished met"
