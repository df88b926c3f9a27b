"""From texts to graphs: links, needs, names, words."""

import pytest
from golden_cases import GOLDEN, compiled_case, compiled_text

from dsl.graph import END, Duration, EventNeed, Graph, If, Send, Split, WaitFor
from dsl.wording import condition_words


def graph(*lines: str, head: str = "topic news\n    start on order_placed") -> Graph:
    text = "\n".join(["flow case", f"    {head}", *(f"    {line}" for line in lines)])
    found = compiled_text(text)
    assert found.program is not None, found.findings
    return found.program.flows[0]


def test_blocks_join_below() -> None:
    """After each branch the journey goes on at the step below; at the end of all it is over."""
    flow = graph(
        "if any order_paid", "    send first", "else if any order_shipped", "    send second", "send third"
    )
    test, other, first, second, third = flow.nodes
    assert isinstance(test, If)
    assert isinstance(other, If)
    assert (test.then, test.otherwise, other.then, other.otherwise) == (2, 1, 3, 4)
    assert [node.next for node in (first, second, third) if isinstance(node, Send)] == [4, 4, END]


def test_arms_without_a_block_go_on_below() -> None:
    """A control arm passes the split; so does an event without an arm of its own, and a timeout."""
    flow = graph(
        "split half",
        "    50% a",
        "        send first",
        "    50% control",
        "wait for order_paid or order_shipped up to 1 day",
        "    on order_paid",
        "        finish",
        "send second",
    )
    split, _, wait, _, _ = flow.nodes
    assert isinstance(split, Split)
    assert [arm.next for arm in split.arms] == [1, 2]
    assert isinstance(wait, WaitFor)
    assert [heard.next for heard in wait.hears] == [3, 4]
    assert wait.on_timeout == 4


def test_steps_without_a_name_get_one() -> None:
    """Counted by kind in written order, never one that is taken."""
    flow = graph("wait 1 day as wait_1", "wait 1 day", "if any order_paid", "    finish", "finish as done")
    assert [node.step for node in flow.nodes] == ["wait_1", "wait_2", "if_1", "finish_1", "finish_2"]


def test_needs_are_what_conditions_ask_for() -> None:
    """Attributes, segments, and per event the fields and a window that covers all that are asked for."""
    flow = graph(
        "if any order_paid where total > 5 EUR in last 30 days or count of order_paid in last 2 months > 3",
        "    send first with total last order_shipped.carrier, city contact.city",
        "else if in segment quiet_people and no order_refunded since entry",
        "        and first order_delivered.at < now",
        "    finish",
        head="topic news\n    start on order_placed where total > 5 EUR",
    )
    assert flow.needs.attributes == ("city",)
    assert flow.needs.segments == ("quiet_people",)
    assert flow.needs.events == (
        EventNeed("order_delivered", (), None),
        EventNeed("order_paid", ("total",), Duration(months=2, days=30)),
        EventNeed("order_refunded", (), None),
        EventNeed("order_shipped", ("carrier",), None),
    )


def test_a_question_about_a_mail_needs_the_history_of_mails() -> None:
    """Whether a mail was clicked is told from `email_clicked`, however old; a sent one is known anyway."""
    flow = graph("send first", "wait 1 day", "if clicked first or sent first", "    send second")
    assert flow.needs.events == (EventNeed("email_clicked", ("flow", "link", "step"), None),)


def test_a_flow_needs_the_segment_that_starts_it() -> None:
    """Membership must be told even if no condition asks."""
    flow = graph(
        "send first", head="topic news\n    start on leaving segment quiet_people\n    leave on order_placed"
    )
    assert flow.needs.segments == ("quiet_people",)


def test_trigger_is_what_all_starts_have_in_common() -> None:
    """A field that one start lacks, or gives in another type, is not known."""
    head = "topic news\n    start on order_placed\n    start on order_paid"
    assert graph("send first with total trigger.total", head=head).flow == "case"
    found = compiled_text(f"flow case\n    {head}\n    send first with code trigger.coupon\n")
    assert [(each.code, each.span.line, each.span.column) for each in found.findings] == [("E202", 5, 34)]


@pytest.mark.parametrize("name", ["conditions"])
def test_conditions_in_words_mean_the_same(name: str) -> None:
    """The wording of drawings, read again, gives an equal condition."""
    program = compiled_case(GOLDEN / "good" / f"{name}.flow").program
    assert program is not None
    for segment in program.segments:
        words = condition_words(segment.test)
        again = compiled_text(f"segment again\n    {words}\nsegment local\n    contact.vip is yes\n").program
        assert again is not None, words
        assert {each.name: each for each in again.segments}["again"].test == segment.test


def test_a_service_flow_says_so() -> None:
    """The purpose is that of the topic."""
    assert graph("send first", head="topic orders\n    start on order_placed").purpose == "service"
    assert graph("send first").purpose == "marketing"
