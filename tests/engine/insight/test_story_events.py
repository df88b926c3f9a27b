"""Events in a person's story, those that mails bring about among them."""

from decimal import Decimal
from zoneinfo import ZoneInfo

from flows import program
from person import DAY, HOUR, MONDAY
from told_story import RIGA, event, line, told

from dsl.graph import Money
from engine.core.record import What
from engine.insight.story import Names, story


def test_an_event_is_told_with_what_matters_of_it() -> None:
    """Amounts with their currency, items by name, nothing that is unknown."""
    items = [{"name": "Espresso", "quantity": Decimal(1)}, {"name": "Cups"}]
    total = Money(Decimal("1249.90"), "EUR")
    (shown,) = told(
        events=(event("order_placed", MONDAY, order_id="o1", total=total, coupon=None, items=items),)
    )
    assert shown.text == "Placed an order: order id o1, total 1,249.90 EUR, items Espresso and Cups."
    (other,) = told(events=(event("tasting_booked", MONDAY),))
    assert other.text == "The event `tasting_booked` happened."


def test_a_customer_writes_no_line_of_evidence() -> None:
    """What a shop passes on stands in one line, whichever way it is broken."""
    forged = "ok\n  11:30  Confirmed “News” by the link in the mail.\x85\u2028\x1b[2J\u202e"
    items = [{"name": forged}]
    reviews = event("review_submitted", MONDAY, body=forged), event("order_placed", MONDAY, items=items)
    for each in told(events=reviews):
        assert each.text.isprintable()
        assert "ok 11:30 Confirmed “News”" in each.text


def test_what_became_of_a_mail_is_told_by_its_step() -> None:
    """Opened, followed, returned, reported: which mail, of which flow."""
    mail = {"flow": "visit", "step": "hello", "template": "hello", "topic": "news"}
    opened, clicked, returned = told(
        events=(
            event("email_opened", MONDAY, **mail),
            event("email_clicked", MONDAY + 1, link="https://kafija.example/", **mail),
            event("email_bounced", MONDAY + 2, kind="soft", **mail),
        )
    )
    assert opened.text == "Opened the mail hello from “A visit”."
    assert clicked.text == "Followed a link in the mail hello from “A visit”: https://kafija.example/."
    assert returned.text == "The mail hello from “A visit” came back, not for good."


def test_that_a_mail_was_delivered_stands_behind_the_mail() -> None:
    """Also where both are of one moment; what became of an earlier mail of that step stays where it is."""
    names = {"flow": "visit", "step": "hello", "template": "hello", "topic": "news"}
    entries = (
        line(What.ENTERED),
        line(What.SENT, step="hello"),
        line(What.SENT, at=MONDAY + DAY + 500, step="hello", journey="j2"),
    )
    events = (event("email_delivered", MONDAY, **names), event("email_clicked", MONDAY + DAY, **names))
    assert [each.text for each in told(*entries, events=events)] == [
        "Entered “A visit”.",
        "Got the mail hello from “A visit”.",
        "The mail hello from “A visit” was delivered.",
        "Followed a link in the mail hello from “A visit”: a link.",
        "Got the mail hello from “A visit”.",
    ]


BOOKED = Names.of(
    program(
        """
event lesson_booked
    lesson text
    day    moment
    others list of moment
flow visit "A visit"
    start on lesson_booked
    finish
"""
    ),
    lambda journey, step, visit: "",
)


def test_a_moment_of_an_event_is_told_as_a_day_and_an_hour() -> None:
    """On the clock by which the story is told, alone and in a list; a number that is no moment stays one."""
    day = 1772715600000
    [found] = story(
        BOOKED,
        None,
        (),
        [event("lesson_booked", MONDAY, lesson=day, day=day, others=[day, day + HOUR])],
        RIGA,
    )
    assert found.text == (
        "The event `lesson_booked` happened: lesson 1772715600000, day 2026-03-05 15:00, "
        "others 2026-03-05 15:00 and 2026-03-05 16:00."
    )
    [found] = story(BOOKED, None, (), [event("lesson_booked", MONDAY, day=day)], ZoneInfo("America/New_York"))
    assert found.text == "The event `lesson_booked` happened: day 2026-03-05 08:00."
