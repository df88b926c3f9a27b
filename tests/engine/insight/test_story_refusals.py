"""What a person's story says of mails that did not go."""

from person import ANNA, DAY, HOUR, MONDAY
from told_story import line, told, words

from engine.core.bundle import Entry
from engine.core.record import What, Why
from engine.insight.story import last_refusal


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


def test_the_last_refusal_is_the_newest_line_that_says_why_not() -> None:
    """And there is none where every mail went."""
    lines = told(line(What.SKIPPED, step="hello", reason="withdrawn"), line(What.SENT, MONDAY + DAY, "again"))
    refused = last_refusal(lines)
    assert refused is not None
    assert (refused.step, refused.reason) == ("hello", "withdrawn")
    assert last_refusal(told(line(What.SENT, step="hello"))) is None


def test_what_nobody_expected_to_start_is_no_refusal() -> None:
    """Somebody who is in the flow, has been in it, or of whom an old event was told."""
    lines = told(
        *(line(What.NOT_ENTERED, reason=why) for why in (Why.IN_FLOW, Why.ENTERED_BEFORE, Why.EVENT_LATE))
    )
    assert {each.kind for each in lines} == {"flow"}
    assert last_refusal(lines) is None


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
