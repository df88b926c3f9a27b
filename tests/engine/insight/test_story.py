"""A person's story: plain sentences in order of time, and why a mail did not go."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flows import program
from person import ANNA, DAY, HOUR, MONDAY

from dsl.graph import Money
from engine.core.bundle import Bundle, Entry
from engine.core.record import What, Why
from engine.insight.story import (
    Happening,
    Line,
    Names,
    Person,
    Stand,
    last_refusal,
    own_zone,
    story,
    their_hour,
)
from engine.store.arrivals import REQUEST
from engine.store.store import Received

FLOW = """
flow visit "A visit"
    topic news
    start on page_viewed
    send hello
    wait for order_placed up to 3 days
        on order_placed
            finish as bought
        on timeout
            if any order_placed
                send again
"""
RIGA = ZoneInfo("Europe/Riga")
NAMES = Names.of(program(FLOW), lambda journey, step, visit: f"{journey}/{step}/{visit}")


def line(what: What, at: int = MONDAY, step: str = "", reason: str = "", journey: str = "j1") -> Entry:
    return Entry(ANNA, at, 0, journey, "visit", step, what.value, reason)


def told(*entries: Entry, events: tuple[Received, ...] = (), person: Person | None = None) -> list[Line]:
    return story(NAMES, person, entries, events, RIGA)


def words(*entries: Entry) -> list[str]:
    return [line.text for line in told(*entries)]


def event(name: str, at: int, **data: Any) -> Received:
    return Received(name, name, at, at, ANNA, "", data)


def test_steps_are_told_as_the_flow_words_them() -> None:
    """Flows by their titles, waits and conditions as written, arms by their words."""
    graph = NAMES.flows["visit"]
    wait, test = graph.nodes[1].step, next(n.step for n in graph.nodes if type(n).__name__ == "If")
    assert words(
        line(What.ENTERED),
        line(What.SENT, step="hello"),
        line(What.WAITS, step=wait),
        line(What.HEARD, step=wait, reason="order_placed"),
        line(What.TIMED_OUT, step=wait),
        line(What.DECIDED, step=test, reason="no"),
        line(What.FINISHED, reason="bought"),
    ) == [
        "Entered “A visit”.",
        "Got the mail hello from “A visit”.",
        "“A visit” began to wait for order_placed up to 3 days.",
        "“A visit” had waited for this: they placed an order.",
        "“A visit” has waited in vain (wait for order_placed up to 3 days), and goes on.",
        "“A visit” checked “any order_placed”: no.",
        "Reached the end of “A visit”, as bought.",
    ]


SETS_OFF = Names.of(
    program(
        """
event vip_made
webhook crm
    url "https://crm.example/hook"
    secret env CRM_SECRET
flow visit "A visit"
    start on page_viewed
    call crm
    emit vip_made
    start flow thanks
flow thanks "Our thanks"
    start by request
    finish
"""
    ),
    lambda journey, step, visit: "",
)


def test_what_a_flow_set_off_is_told_with_what_became_of_it() -> None:
    """A call by its receiver: taken, in vain, or in a simulation, where it was none."""
    nodes = [node.step for node in SETS_OFF.flows["visit"].nodes]
    entries = [line(What.CALLED, MONDAY + at, nodes[0], why) for at, why in enumerate(["", *_CALLS])]
    entries += [line(What.EMITTED, MONDAY + 5, nodes[1], "vip_made")]
    entries += [line(What.STARTED, MONDAY + 6, nodes[2], "thanks")]
    entries += [line(What.NOT_EMITTED, MONDAY + 7, nodes[1], Why.ENDLESS), line(What.HELD_OUT, MONDAY + 8)]
    assert [each.text for each in story(SETS_OFF, None, entries, (), RIGA)] == [
        "“A visit” called crm.",
        "“A visit” called crm in vain: it gave no good answer, however often it was tried.",
        "“A visit” would call crm: this is a trial, in which nobody is called.",
        "“A visit” says that `vip_made` happened.",
        "“A visit” asked for “Our thanks”.",
        "“A visit” did not say that it happened (emit vip_made): flows set each other off without an end.",
        "Is among those whom “A visit” leaves alone, to see what difference it makes.",
    ]


_CALLS = (Why.CALL_GAVE_UP, Why.RECORDED)


def test_a_request_for_a_flow_is_told_by_who_made_it() -> None:
    """The shop, or whoever sat at the studio; by the title of the flow."""
    [found] = story(SETS_OFF, None, (), [event(REQUEST, MONDAY, flow="thanks")], RIGA)
    assert found.text == "The shop asked for “Our thanks”."
    [found] = story(SETS_OFF, None, (), [event(REQUEST, MONDAY, flow="thanks", place="studio")], RIGA)
    assert found.text == "Somebody at the studio asked for “Our thanks”."


def test_rounds_are_counted_out() -> None:
    """By their numbers, and the end of them."""
    assert words(
        line(What.ROUND, step="repeat1", reason="2"), line(What.ROUND, step="repeat1", reason="over")
    ) == [
        "“A visit” began round 2.",
        "“A visit” has done its rounds.",
    ]


def test_what_did_not_happen_is_told_with_its_reason() -> None:
    """The clause of the published list; an event by its name."""
    assert words(
        line(What.NOT_ENTERED, reason=Why.NOT_SUBSCRIBED),
        line(What.SKIPPED, step="hello", reason="withdrawn"),
        line(What.LEFT, reason="order_placed"),
    ) == [
        "Did not enter “A visit”: they had not agreed to its topic.",
        "Did not get the mail hello from “A visit”: they had taken their agreement back.",
        "Left “A visit”: they placed an order.",
    ]


def test_the_story_is_in_order_and_causes_stand_before_what_came_of_them() -> None:
    """At one moment: the agreement, the event, then the flow."""
    person = Person(
        ANNA,
        "anna@example.com",
        "en",
        (),
        (Happening(7, MONDAY, "confirmed", "news", "subject:link", "Yes."),),
    )
    lines = told(
        line(What.ENTERED),
        line(What.SENT, MONDAY + HOUR, "hello"),
        events=(event("page_viewed", MONDAY), event("order_placed", MONDAY + DAY)),
        person=person,
    )
    assert [each.kind for each in lines] == ["consent", "event", "flow", "mail", "event"]
    assert (lines[0].quote, lines[0].leaf) == ("Yes.", 7)
    assert lines[0].text.startswith("Confirmed “News” by the link")


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
    for line in told(events=reviews):
        assert line.text.isprintable()
        assert "ok 11:30 Confirmed “News”" in line.text


def test_evidence_that_does_not_hold_is_told_beside_what_it_was_of() -> None:
    """One damaged row hides neither the person nor itself."""
    kept = Happening(7, MONDAY, "confirmed", "news", "subject:link", holds=True)
    damaged = Happening(8, MONDAY, "confirmed", "news", "subject:link", holds=False)
    person = Person("1" * 32, "anna@example.com", "en", (), (kept, damaged))
    assert [line.text.partition("What was kept")[2] for line in told(person=person)] == [
        "",
        " as evidence of it is missing, or no longer what the log committed to.",
    ]


def test_a_stop_is_told_with_its_way() -> None:
    """Who withdrew by which button, or which flow did it for them."""
    stops = (
        Happening(8, MONDAY, "withdrawn", "news", "subject:one_click"),
        Happening(9, MONDAY, "withdrawn", "news", "flow:visit"),
    )
    lines = told(person=Person(ANNA, "anna@example.com", "en", (), stops))
    assert [each.text for each in lines] == [
        "Took the agreement to “News” back with one click on “unsubscribe” in the mail program.",
        "Took the agreement to “News” back, by the flow “A visit”.",
    ]
    assert {each.kind for each in lines} == {"stop"}


def test_a_mail_is_known_by_its_key() -> None:
    """The visits of a step are counted per journey, skipped ones too; what was skipped has no mail."""
    lines = told(
        line(What.SENT, step="hello"),
        line(What.SKIPPED, MONDAY + 1, "hello", "withdrawn"),
        line(What.SENT, MONDAY + 2, "hello"),
        line(What.SENT, MONDAY + 3, "hello", journey="j2"),
    )
    assert [each.mail for each in lines] == ["j1/hello/1", "", "j1/hello/3", "j2/hello/1"]


def test_the_last_refusal_is_the_newest_line_that_says_why_not() -> None:
    """And there is none where every mail went."""
    lines = told(line(What.SKIPPED, step="hello", reason="withdrawn"), line(What.SENT, MONDAY + DAY, "again"))
    refused = last_refusal(lines)
    assert refused is not None
    assert (refused.step, refused.reason) == ("hello", "withdrawn")
    assert last_refusal(told(line(What.SENT, step="hello"))) is None


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


def test_purposes_beside_the_topics_are_named_as_they_were_asked() -> None:
    """The project's flows know no topic of that name."""
    stand = Stand("measurement", "Opens and clicks", "active", MONDAY, 5)
    happened = Happening(5, MONDAY, "confirmed", "measurement", "subject:link", "You may count.")
    (line_,) = told(person=Person(ANNA, "anna@example.com", "en", (stand,), (happened,)))
    assert line_.text.startswith("Confirmed “Opens and clicks” by the link")


def test_what_nobody_expected_to_start_is_no_refusal() -> None:
    """Somebody who is in the flow, has been in it, or of whom an old event was told."""
    lines = told(
        *(line(What.NOT_ENTERED, reason=why) for why in (Why.IN_FLOW, Why.ENTERED_BEFORE, Why.EVENT_LATE))
    )
    assert {each.kind for each in lines} == {"flow"}
    assert last_refusal(lines) is None


def test_a_mail_stands_before_the_steps_behind_it() -> None:
    """It is handed over when its flow has gone on; within a minute the order of the steps is told."""
    wait = NAMES.flows["visit"].nodes[1].step
    assert words(
        line(What.ENTERED),
        line(What.WAITS, step=wait),
        line(What.SENT, MONDAY + 800, step="hello"),
    ) == [
        "Entered “A visit”.",
        "Got the mail hello from “A visit”.",
        "“A visit” began to wait for order_placed up to 3 days.",
    ]
    assert words(line(What.FINISHED), line(What.SENT, step="again"))[0].startswith("Got the mail again")


def test_what_waits_stands_behind_the_mail_that_took_its_room() -> None:
    """The limit is reached by the mail of another journey at the same moment."""
    assert words(
        line(What.HELD, step="hello", reason=Why.LIMIT), line(What.SENT, step="again", journey="j2")
    ) == [
        "Got the mail again from “A visit”.",
        "The mail hello from “A visit” waits: they have had as many mails as the limits allow.",
    ]


def test_a_mail_that_waited_when_its_flow_was_left_has_not_gone() -> None:
    """It is told with the end of the flow, and is the last that did not go; one that went in time is not."""
    lines = told(
        line(What.HELD, step="hello", reason=Why.LIMIT), line(What.LEFT, MONDAY + DAY, reason="order_placed")
    )
    refused = last_refusal(lines)
    assert refused is not None
    assert refused.text == (
        "Left “A visit”: they placed an order. The mail hello had been held back, and never went."
    )
    sent = told(
        line(What.HELD, step="hello", reason=Why.LIMIT),
        line(What.SENT, MONDAY + HOUR, step="hello"),
        line(What.LEFT, MONDAY + DAY, reason="order_placed"),
    )
    assert last_refusal(sent) is None


def test_asking_to_confirm_is_told_once() -> None:
    """That the mail was made ready matters only until the log says what became of it."""
    queued = Happening(5, MONDAY, "proof_mail.queued", "", "subject:sign_up")
    accepted = Happening(6, MONDAY + 1, "proof_mail.accepted", "", "system")

    def texts(*happenings: Happening) -> list[str]:
        return [each.text for each in told(person=Person(ANNA, "anna@example.com", "en", (), happenings))]

    assert texts(queued, accepted) == ["We asked them by mail to confirm."]
    again = Happening(9, MONDAY + DAY, "proof_mail.queued", "", "subject:sign_up")
    assert texts(queued, accepted, again) == [
        "We asked them by mail to confirm.",
        "The mail that asks them to confirm is on its way.",
    ]


@pytest.mark.parametrize(
    ("type_", "value", "said"),
    [
        ("frequency.changed", "monthly", "Chose how often mails may come: at most one a month."),
        ("paused", "30", "Asked for a pause of 30 days."),
        ("paused", "", "Asked for a pause."),
        ("language.changed", "lv", "Chose another language for the mails: lv."),
    ],
)
def test_a_choice_is_told_with_its_value(type_: str, value: str, said: str) -> None:
    """As the evidence has it; without it where there is none."""
    happened = Happening(5, MONDAY, type_, "", "subject:preferences", value=value)
    assert told(person=Person(ANNA, "anna@example.com", "en", (), (happened,)))[0].text == said


@pytest.mark.parametrize(("zone", "hour"), [("America/New_York", "02:00"), ("Europe/Riga", "")])
def test_the_hour_of_a_mail_is_told_on_the_person_s_own_clock_too(zone: str, hour: str) -> None:
    """Where it is another: quiet hours are theirs."""
    (mail,) = told(line(What.SENT, step="hello"))
    (entered,) = told(line(What.ENTERED))
    theirs = own_zone(Bundle(ANNA, attributes={"time_zone": zone}))
    assert theirs is not None
    assert their_hour(mail, RIGA, theirs) == hour
    assert their_hour(entered, RIGA, theirs) == ""
    assert own_zone(Bundle(ANNA)) is None


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


def test_a_template_that_failed_says_what_is_wrong_with_it() -> None:
    """As the letter said it."""
    failed = Entry(
        ANNA,
        MONDAY,
        0,
        "j1",
        "visit",
        "hello",
        What.SKIPPED,
        Why.TEMPLATE_FAILED,
        fault="template `x` (en): no",
    )
    (found,) = told(failed)
    assert found.text.endswith("“A visit”: the template could not be filled in: template `x` (en): no.")


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
