"""A person's story: plain sentences in order of time."""

import pytest
from flows import program
from person import ANNA, DAY, HOUR, MONDAY
from told_story import NAMES, RIGA, event, line, told, words

from engine.core.bundle import Bundle
from engine.core.record import What, Why
from engine.insight.story import Happening, Names, Person, own_zone, story, their_hour
from engine.store.arrivals import REQUEST


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
        "“A visit” would call crm: this is staging, in which nobody is called.",
        "“A visit” says that `vip_made` happened.",
        "“A visit” asked for “Our thanks”.",
        "“A visit” did not say that it happened (emit vip_made): flows set each other off without an end.",
        "Is among those whom “A visit” leaves alone, to see what difference it makes.",
    ]


_CALLS = (Why.CALL_GAVE_UP, Why.RECORDED, Why.STAGING)


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


def test_a_mail_is_known_by_its_key() -> None:
    """The visits of a step are counted per journey, skipped ones too; what was skipped has no mail."""
    lines = told(
        line(What.SENT, step="hello"),
        line(What.SKIPPED, MONDAY + 1, "hello", "withdrawn"),
        line(What.SENT, MONDAY + 2, "hello"),
        line(What.SENT, MONDAY + 3, "hello", journey="j2"),
    )
    assert [each.mail for each in lines] == ["j1/hello/1", "", "j1/hello/3", "j2/hello/1"]


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
