"""From texts to graphs: links, needs, names, words."""

from datetime import date
from decimal import Decimal

import pytest
from golden_cases import GOLDEN, compiled_case, compiled_text, shared_project

from dsl.compile import compile_project
from dsl.graph import (
    END,
    Amount,
    Attribute,
    Cap,
    Coupon,
    CouponCode,
    Day,
    Duration,
    Entry,
    EventNeed,
    Fill,
    Graph,
    If,
    Limits,
    MailTest,
    Money,
    Number,
    Quiet,
    Repeat,
    Send,
    Set,
    Split,
    StartOnDate,
    Tag,
    Tell,
    Text,
    Trigger,
    Unsubscribe,
    Wait,
    WaitFor,
    WaitUntil,
    WaitUntilDate,
    WaitUntilTime,
)
from dsl.wording.values import condition_words


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


def test_zero_becomes_an_amount_where_one_is_wanted() -> None:
    """In the project's currency; beside numbers it stays a number."""
    flow = graph("set contact.budget to 0", "set contact.visits to 0")
    money, number = (node.value for node in flow.nodes if isinstance(node, Set))
    assert money == Amount(Money(Decimal(0), "EUR"))
    assert number == Number(Decimal(0))


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


def test_a_round_comes_back_to_its_repeat() -> None:
    """Its last step leads to the node itself, which decides; behind it the flow goes on below."""
    flow = graph(
        "repeat up to 3 times",
        "    send first",
        "    if any order_paid",
        "        finish",
        "    wait 2 days",
        "    until clicked first",
        "send second",
    )
    repeat, first, test, _, wait, second = flow.nodes
    assert isinstance(repeat, Repeat)
    assert (repeat.times, repeat.body, repeat.next) == (3, 1, 5)
    assert repeat.until == MailTest("clicked", "first")
    assert isinstance(first, Send)
    assert isinstance(test, If)
    assert isinstance(wait, Wait)
    assert (first.next, test.otherwise, wait.next) == (2, 4, 0)
    assert isinstance(second, Send)


def test_a_wait_until_is_told_apart_by_what_stands_in_it() -> None:
    """A time, a day, a date and a condition make three kinds of nodes."""
    flow = graph(
        "wait until 10:00",
        "wait until monday",
        "wait until 2027-01-06",
        "wait until contact.birthday is known up to 2 days",
        "    on met",
        "        send first",
        "    on timeout",
        "        send second",
        "send third",
    )
    time, day, date_, condition, *_ = flow.nodes
    assert time == WaitUntilTime("wait_1", "10:00", 1)
    assert day == WaitUntilTime("wait_2", "00:00", 2, "monday")
    assert date_ == WaitUntilDate("wait_3", Day(date(2027, 1, 6)), 3)
    assert isinstance(condition, WaitUntil)
    assert (condition.up_to, condition.on_met, condition.on_timeout) == (Duration(days=2), 4, 5)


def test_an_arm_that_is_absent_goes_on_below() -> None:
    """A `wait until` without `on timeout` goes on at the step below it when the time is over."""
    flow = graph(
        "wait until any order_paid up to 2 days", "    on met", "        finish as paid", "send first"
    )
    wait = flow.nodes[0]
    assert isinstance(wait, WaitUntil)
    assert (wait.on_met, wait.on_timeout) == (1, 2)


def test_who_starts_every_year_comes_in_every_year() -> None:
    """Without an `enter` line a yearly start is entered every time; a line wins over that."""
    yearly = "topic news\n    start on date contact.birthday every year 1 week before at 09:00"
    assert graph("send first", head=yearly).starts == (
        StartOnDate(Attribute("birthday"), "09:00", True, Duration(days=7), True),
    )
    assert graph("send first", head=yearly).entry is Entry.EVERY_TIME
    assert graph("send first", head=yearly.replace("every year ", "")).entry is Entry.ONCE
    assert graph("send first", head=f"{yearly}\n    enter once").entry is Entry.ONCE


def test_a_wait_for_the_best_time_needs_to_know_when_mail_is_read() -> None:
    """Every opening and click that is kept, and nothing of them but when they were."""
    needs = graph("wait for best time up to 1 day", "send first").needs
    assert needs.events == (EventNeed("email_clicked", ()), EventNeed("email_opened", ()))


def test_needs_of_starts_leaves_and_rounds() -> None:
    """What a date, a `leave when`, a `wait until` and an `until` ask for is remembered too."""
    flow = graph(
        "wait until no cart_updated in last 1 hour up to 1 day",
        "repeat up to 2 times",
        "    send first",
        "    wait 1 day",
        "    until count of order_paid in last 3 days > 1 and in segment quiet_people",
        "set contact.visits to contact.budget / contact.budget",
        head="topic news\n    start on date first order_shipped.at 1 day after at 09:00\n"
        '    start on date contact.birthday at 09:00\n    leave when contact.city is "Riga"',
    )
    assert flow.needs.attributes == ("birthday", "budget", "city")
    assert flow.needs.segments == ("quiet_people",)
    assert flow.needs.events == (
        EventNeed("cart_updated", (), Duration(seconds=3600)),
        EventNeed("order_paid", (), Duration(days=3)),
        EventNeed("order_shipped", (), None),
    )


def test_changes_of_a_contact_are_steps() -> None:
    """Attributes, tags, topics and the team, in written order, each with a name of its kind."""
    flow = graph(
        'set contact.city to "Rīga"',
        "set contact.city to unknown as forgotten",
        'add tag "tea"',
        'remove tag "tea"',
        'tell "care@kafija.example" "{trigger.order_id} of {contact.first_name or "somebody"}"',
        "unsubscribe from news",
    )
    assert flow.nodes == (
        Set("set_1", "city", Text("Rīga"), 1),
        Set("forgotten", "city", None, 2),
        Tag("tag_1", "tea", True, 3),
        Tag("tag_2", "tea", False, 4),
        Tell(
            "tell_1",
            "care@kafija.example",
            (
                Fill(Trigger("order_id")),
                " of ",
                Fill(Attribute("first_name"), "somebody"),
            ),
            5,
        ),
        Unsubscribe("unsubscribe_1", "news", END),
    )


def test_coupons_and_limits_are_of_the_project() -> None:
    """What a code is worth stands once in the program; a mail has the coupon's name."""
    program = compiled_text(
        'coupon ten "Ten"\n    10% off\n    valid 1 week\n    code "TEN-{random 8}"\n\n'
        'coupon five\n    5 EUR off\n    code "{random 8}"\n\n'
        "limits\n    at most 2 emails per week, else wait up to 1 day\n    at most 3 emails per 10 days\n"
        "    quiet 21:00 to 08:00\n\n"
        "flow case\n    topic news\n    start on order_placed\n    quiet 20:00 to 21:00\n"
        "    at most 1 email per week\n    priority 1\n    send first with code coupon ten\n"
    ).program
    assert program is not None
    assert program.coupons == (
        Coupon("five", "five", "{random 8}", amount=Money(Decimal(5), "EUR")),
        Coupon("ten", "Ten", "TEN-{random 8}", percent=Decimal(10), valid=Duration(days=7)),
    )
    assert program.limits == Limits(
        (Cap(2, "week", wait=Duration(days=1)), Cap(3, "rolling", Duration(days=10))),
        (Quiet("21:00", "08:00"),),
    )
    flow = program.flows[0]
    assert flow.limits == Limits((Cap(1, "week"),), (Quiet("20:00", "21:00"),))
    assert flow.priority == 1
    assert isinstance(flow.nodes[0], Send)
    assert flow.nodes[0].values == (("code", CouponCode("ten")),)


def test_the_codes_of_a_list_come_with_the_program() -> None:
    """By coupon, in the order of the list, without its heading and blank lines; a pattern has none."""
    text = """
coupon vouchers
    5 EUR off
    codes from "till.csv"

coupon made
    5 EUR off
    code "TEA-{random 8}"
"""
    lists = (("till.csv", b'\xef\xbb\xbfCode;worth\r\nTEA-2;5\r\n\r\n"TEA-1"\r\n'),)
    found = compile_project(shared_project(("case.flow", text.encode()), lists=lists))
    assert found.findings == ()
    assert found.codes == {"vouchers": ("TEA-2", "TEA-1")}
    assert found.program is not None
    assert {each.name: each.codes_from for each in found.program.coupons} == {
        "made": "",
        "vouchers": "till.csv",
    }
