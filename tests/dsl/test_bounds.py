"""What the compiler knows of flows: mails, time, worst days and weeks, and what limits leave of them."""

import re

import pytest
from golden_cases import compiled_text

from dsl.bounds import FlowBounds, of_flow, of_marketing, of_topic, sentence, step_needs, unreached
from dsl.graph import Program

DAY = 86_400
TIPS = 'topic tips "Tips"\n    for marketing\n    consent "I want tips."\n'


def program(text: str) -> Program:
    found = compiled_text(text)
    assert found.program is not None, found.findings
    return found.program


def flow(*steps: str, head: str = "start on order_placed", limits: str = "") -> str:
    """A flow of these steps on a topic without a limit of its own; `; ` parts the lines of its head."""
    lines = "\n".join(f"    {line}" for line in (*head.split("; "), "", *steps))
    return f"{TIPS}{limits}\nflow case\n    topic tips\n{lines}\n"


def bounds(*steps: str, head: str = "start on order_placed", limits: str = "") -> FlowBounds:
    found = program(flow(*steps, head=head, limits=limits))
    return of_flow(found.flows[0], found)


def written(found: FlowBounds) -> tuple[int | None, int | None, int | None]:
    return found.day.mails, found.week.mails, found.month.mails


def through(found: FlowBounds) -> tuple[int | None, int | None, int | None]:
    return found.day.let_through, found.week.let_through, found.month.let_through


# ---------------------------------------------------------------- one journey


def test_a_cart_flow_in_one_line() -> None:
    """The line that editors show above a flow."""
    found = bounds(
        "wait until no cart_updated in last 1 hour up to 1 day",
        "send first",
        "wait 1 day",
        "send second",
        "wait 1 day",
        "split arms",
        "    90% offer",
        "        send third",
        "    10% control",
    )
    assert sentence(found) == "at most 3 mails in 3 days"
    assert (found.fewest, found.most, found.shortest, found.longest) == (2, 3, 2 * DAY, 3 * DAY)
    assert found.week.path == ("first", "second", "third")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("wait 2 days", "tell \"care@kafija.example\" \"hello\""), "no mails"),
        (("send first",), "at most 1 mail, at once"),
        (("send first", "wait 36 hours", "send second"), "at most 2 mails in 1 day 12 hours"),
        (("send first", "wait 2 days at 10:00", "send second"), "at most 2 mails in 3 days"),
        (("wait until contact.birthday", "send first"), "at most 1 mail, with no end in time"),
        (("wait 1 month", "send first"), "at most 1 mail in 31 days"),
    ],
)  # fmt: skip
def test_a_flow_in_one_line(steps: tuple[str, ...], expected: str) -> None:
    """Mails and the longest way, or why there is none."""
    assert sentence(bounds(*steps)) == expected


def test_a_date_has_no_end_and_says_so() -> None:
    """Whoever waits for a birthday may wait for ever; the reason names the step as it is written."""
    found = bounds("wait until contact.birthday at 09:00", "send first")
    assert found.longest is None
    assert found.endless == "`wait until contact.birthday at 09:00` has no end"
    assert found.shortest == 0


def test_a_hundred_conditions_in_a_row_are_counted() -> None:
    """As many ways as 2 to the power of 100, each mail behind a day's wait."""
    steps = [
        line
        for number in range(100)
        for line in (
            "if any order_paid",
            f"    send first as mail_{number}",
            f"    wait 1 day as rest_{number}",
        )
    ]
    found = bounds(*steps, "send second")
    assert (found.fewest, found.most) == (1, 101)
    assert written(found) == (1, 7, 30)


def test_rounds_are_counted() -> None:
    """50 rounds, each with a mail that waits for the morning: two mails on the first day, then one a day."""
    found = bounds(
        "repeat up to 50 times", "    send first", "    wait until 09:00", "    until any order_paid"
    )
    assert (found.fewest, found.most) == (1, 50)
    assert written(found) == (2, 8, 31)
    assert found.longest == 50 * DAY


def test_rounds_within_rounds_are_counted() -> None:
    """A hundred times ten, a mail an hour: no day has more than 25 hours."""
    found = bounds(
        "repeat up to 100 times", "    repeat up to 10 times", "        send first", "        wait 1 hour"
    )
    assert (found.most, found.day.mails) == (1_000, 25)


def test_too_many_rounds_have_no_bound() -> None:
    """Rather than to count for ever, nothing is claimed."""
    found = bounds(
        "repeat up to 100 times",
        "    repeat up to 100 times",
        "        repeat up to 100 times",
        "            send first",
        "            wait 1 day",
    )
    assert (found.fewest, found.most, found.longest) == (None, None, None)
    assert sentence(found) == "more mails than can be counted"
    assert found.endless == "the rounds of `repeat` are too many to count"


def test_a_weekly_mail_comes_once_a_week() -> None:
    """All rounds end on a Monday morning, so no week holds two."""
    found = bounds("repeat up to 8 times", "    wait until monday at 09:00", "    send first")
    assert written(found) == (1, 1, 5)


def test_elapsed_hours_gain_one_where_the_clock_goes_back() -> None:
    """24 hours later is the same day where that has 25; a day later never is."""
    assert bounds("send first", "wait 24 hours", "send second").day.mails == 2
    assert bounds("send first", "wait 1 day", "send second").day.mails == 1


# ---------------------------------------------------------------- coming again


def test_once_means_once() -> None:
    """Without a line about it nobody enters twice."""
    assert written(bounds("send first")) == (1, 1, 1)


def test_coming_again_is_counted() -> None:
    """Who entered a week ago may come again: one entry fits into a week, five fit into 30 days."""
    found = bounds("send first", head="start on order_placed; enter again after 7 days")
    assert written(found) == (1, 1, 5)


def test_a_late_mail_may_meet_the_next_journey() -> None:
    """The first journey's mail came six days after its entry, the second's at once."""
    found = bounds(
        "if any order_paid",
        "    wait 6 days",
        "send first",
        head="start on order_placed; enter again after 7 days",
    )
    assert found.week.mails == 2


@pytest.mark.parametrize("leave", ["", "; leave on order_paid"])
def test_coming_every_time_at_once_has_no_bound(leave: str) -> None:
    """A journey that can be over with its first mail can begin anew at once."""
    found = bounds("send first", head=f"start on order_placed; enter every time{leave}")
    assert written(found) == (None, None, None)
    assert found.day.why == "a journey can be over at once, and `start on order_placed` begins the next one"


def test_a_wait_bounds_those_who_come_every_time() -> None:
    """A day in each journey: as many mails as days, and one for the day on which the first began."""
    found = bounds("send first", "wait 1 day", "send second", head="start on order_placed; enter every time")
    assert written(found) == (2, 14, 60)
    left = bounds(
        "wait 1 day", "send first", head="start on order_placed; enter every time; leave on order_paid"
    )
    assert written(left) == (1, 7, 30)


def test_side_by_side_journeys_have_no_bound() -> None:
    """Each order starts its own; the way of one of them is shown all the same."""
    head = "start on order_placed; one journey per trigger.order_id"
    found = bounds("send first", "wait 1 day", "send second", head=head)
    assert written(found) == (None, None, None)
    assert found.week.why == "each order_id of order_placed starts a journey of its own"
    assert found.week.path == ("first", "second")
    assert sentence(found) == "at most 2 mails in 1 day, for each order_id"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("start on date contact.birthday every year at 09:00", (1, 1, 1)),
        ("start on date contact.birthday at 09:00; enter every time", (1, 1, 1)),
        ("start every day at 09:00 for segment quiet_people", (1, 7, 30)),
        ("start every monday at 09:00 for segment quiet_people", (1, 1, 5)),
        ("start every month on day 1 at 09:00 for segment quiet_people", (1, 1, 2)),
        ("start at 2026-12-01 10:00 for segment quiet_people; enter every time", (1, 1, 1)),
    ],
)
def test_the_calendar_says_how_often_a_flow_starts(start: str, expected: tuple[int, ...]) -> None:
    """At nine each day, each Monday, each month, each year, or once."""
    assert written(bounds("send first", head=start)) == expected


# ---------------------------------------------------------------- limits


def test_limits_leave_less() -> None:
    """What is written, what is let through, and which line cuts it."""
    found = bounds(
        *(line for number in range(5) for line in (f"send first as mail_{number}", "wait 1 day")),
        "send second",
        limits="limits\n    at most 4 emails per week",
    )
    assert written(found) == (1, 6, 6)
    assert through(found) == (1, 4, 6)
    assert found.week.by == "the project's `at most 4 emails per week`"


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        ("at most 1 email per day", (1, 7, 30)),
        ("at most 2 emails per week", (2, 2, 12)),  # 30 days from a Sunday on touch six weeks
        ("at most 4 emails per month", (4, 8, 12)),  # from 31 January to 1 March
        ("at most 3 emails per 10 days", (3, 3, 9)),
        ("at most 1 email per day; at most 8 emails per month", (1, 7, 16)),
    ],
)
def test_what_one_limit_lets_through(cap: str, expected: tuple[int, ...]) -> None:
    """In the worst day, week and 30 days of the calendar."""
    lines = cap.replace("; ", "\n    ")
    found = bounds(
        "send first",
        head="start on order_placed; enter every time",
        limits=f"limits\n    {lines}",
    )
    assert through(found) == expected


def test_a_mail_that_is_held_may_meet_the_next_one() -> None:
    """Written for nine in the morning of two days; held until the evening, the first lies close to the second
    and both in 30 hours, but never in one day."""
    steps = (
        "wait until 09:00",
        "send first",
        "wait until 09:00",
        "send second",
        "wait until 21:00",
        "send third",
    )
    free = bounds(*steps)
    assert written(free) == (2, 3, 3)
    held = bounds(*steps, limits="limits\n    quiet 06:00 to 12:00")
    assert held.day.mails == 2
    assert held.day.let_through == 3
    assert held.day.by == ""


def test_service_mail_is_exempt() -> None:
    """An order's confirmation goes whatever the limits say; the letter beside it does not."""
    found = program(
        "limits\n    at most 1 email per week\n"
        "flow case\n    topic orders\n    start on order_placed\n\n"
        "    send first\n    wait 1 day\n    send second\n    wait 1 day\n"
        "    send third\n        topic news\n    wait 1 day\n    send thanks\n        topic news\n"
    )
    known = of_flow(found.flows[0], found)
    assert (known.week.mails, known.week.let_through) == (4, 3)
    assert (of_topic("orders", found).week.mails, of_topic("orders", found).week.let_through) == (2, 2)
    assert (of_topic("news", found).week.mails, of_topic("news", found).week.let_through) == (2, 1)
    assert of_marketing(found).week.mails == 2


def test_flows_of_a_topic_are_added_up() -> None:
    """As if their worst weeks fell together; the path names flow and step; the topic's own limit counts."""
    found = program(
        f"{TIPS}    at most 3 emails per month\n"
        "flow early\n    topic tips\n    start on order_placed\n\n"
        "    send first\n    wait 3 days\n    send second\n"
        "flow late\n    topic tips\n    start on order_paid\n\n"
        "    wait 1 day\n    send third\n    wait 1 day\n    send thanks\n"
    )
    known = of_topic("tips", found)
    assert known.flows == ("early", "late")
    assert known.week.path == ("early: first", "early: second", "late: third", "late: thanks")
    assert (known.week.mails, known.week.let_through) == (4, 4)  # a week may lie over two months
    assert (known.day.mails, known.day.let_through) == (2, 2)
    assert known.month.let_through == 4
    assert of_topic("nothing", found).day.mails == 0


# ---------------------------------------------------------------- needs and reach


def test_what_each_step_needs_of_a_person() -> None:
    """Attributes, history, segments, tags, agreements; steps that need nothing are left out."""
    found = program(
        flow(
            "send first with city contact.city",
            "wait 1 day",
            'if clicked first and tagged "fan" and in segment quiet_people',
            "    send second",
            "if count of order_placed in last 30 days > 2",
            "    finish",
        )
    )
    needs = {each.step: each for each in step_needs(found.flows[0], found)}
    assert list(needs) == ["first", "if_1", "second", "if_2"]
    assert (needs["first"].attributes, needs["first"].agreements) == (("city",), ("tips",))
    assert needs["if_1"].agreements == ("measurement",)
    assert (needs["if_1"].segments, needs["if_1"].tags) == (("quiet_people",), ("fan",))
    assert needs["if_1"].history == ("email_clicked",)
    assert needs["if_2"].history == ("order_placed in the last 30 days",)


def test_every_step_of_a_sound_flow_is_reached() -> None:
    """What stands behind `finish` in all arms is an error, so that nothing is left for this list."""
    found = program(flow("if any order_paid", "    finish", "send first"))
    assert unreached(found.flows[0]) == ()


# ---------------------------------------------------------------- warnings


def codes(text: str) -> list[str]:
    found = compiled_text(text)
    return re.findall(r"W23\d", " ".join(each.code for each in found.findings))


def test_a_limit_that_lets_mails_wait_is_no_reason_to_warn() -> None:
    """Two mails a day find room tomorrow, if they may wait so long; three in two days do not."""
    limits = "limits\n    at most 1 email per day, else wait up to 2 days"
    assert codes(flow("send first", "wait 2 hours", "send second", limits=limits)) == []
    four = (
        "send first",
        "wait 2 hours",
        "send second",
        "wait 2 hours",
        "send third",
        "wait 2 hours",
        "send thanks",
    )
    assert codes(flow(*four, limits=limits)) == ["W232"]


def test_a_goal_is_measured_against_pauses_and_not_against_the_whole_way() -> None:
    """What happens within it of any mail counts, so a long flow with short pauses is no fault."""
    steps = [line for number in range(5) for line in (f"send first as mail_{number}", "wait 2 days")]
    head = "start on order_placed; goal order_paid within 3 days"
    assert codes(flow(*steps, "send second", head=head)) == []
    assert codes(flow(*steps, "wait 2 days", "send second", head=head)) == ["W231"]
