"""People in an edited flow are taken to their places in its new version, once, and nobody is stranded."""

import re

import pytest
from flows import program
from hypothesis import given, settings
from hypothesis import strategies as st
from person import DAY, HOUR, MONDAY, NEVER, Person

from engine.core.bundle import Backfilled, Carried
from engine.core.loaded import Loaded
from engine.run.apply import places_in

HEAD = """
flow way "Way"
    topic news
    start on order_placed
    enter every time
"""


def flow(*steps: str, head: str = HEAD) -> str:
    return head + "\n" + "\n".join(f"    {step}" for step in steps) + "\n"


def ready(text: str, *older: str) -> Loaded:
    graphs = [graph for each in older for graph in program(each).flows]
    return Loaded(program(text), graphs, "Europe/Riga", b"a key for tests")


def standing(text: str, *, after: int = 0, mailer: str = "at once") -> Person:
    """Anna, who ordered so many milliseconds ago."""
    anna = Person(ready(text), mailer=mailer).agrees("news")
    anna.happens("order_placed", order_id="1")
    return anna.pass_(after)


def edit(anna: Person, new: str, *older: str) -> Person:
    """A release takes the place of others."""
    anna.loaded = ready(new, *older)
    return anna.take(Carried(places_in(anna.loaded)))


def carried(anna: Person, flow_: str = "way") -> list[str]:
    return [line for line in anna.story(flow_) if line.startswith("carried")]


def test_a_longer_wait_counts_from_when_they_came() -> None:
    """Not from when the new version came; nothing else happens to them."""
    old, new = flow("wait 1 day", "send later"), flow("wait 3 days", "send later")
    anna = edit(standing(old, after=20 * HOUR), new, old)
    assert anna.step("way") == "wait_1"
    assert anna.journey("way").due == MONDAY + 3 * DAY
    anna.until(MONDAY + 3 * DAY - 1)
    assert anna.mails == []
    anna.pass_(1)
    assert anna.mails == ["later"]
    assert carried(anna) == ["carried wait_1 wait_1"]


def test_a_wait_that_is_over_by_the_new_version_ends_at_once() -> None:
    """Its timer has come."""
    old, new = flow("wait 3 days", "send later"), flow("wait 1 day", "send later")
    anna = edit(standing(old, after=2 * DAY), new, old)
    assert anna.journey("way").due == MONDAY + DAY
    anna.pass_(0)
    assert anna.mails == ["later"]


def test_a_time_of_day_is_that_of_the_new_version_on_the_day_that_was_meant() -> None:
    """She came on Monday at 9 and waits for 10 on Tuesday; then for 8 on Tuesday, or on Wednesday."""
    old = flow("wait 1 day at 10:00", "send later")
    for line, due in (("wait 1 day at 08:00", DAY - HOUR), ("wait 2 days at 12:00", 2 * DAY + 3 * HOUR)):
        new = flow(line, "send later")
        anna = edit(standing(old, after=HOUR), new, old)
        assert anna.journey("way").due == MONDAY + due


@pytest.mark.parametrize(
    ("was", "now", "due"),
    [
        ("wait for order_refunded up to 2 days", "wait for order_refunded up to 5 days", 5 * DAY),
        (
            "wait until any order_refunded in last 9 days up to 2 days",
            "wait until any order_refunded in last 9 days up to 4 days",
            4 * DAY,
        ),
        ("wait until 10:00", "wait until 12:00", 3 * HOUR),
        ("wait until friday at 10:00", "wait until thursday at 10:00", 3 * DAY + HOUR),
        ("wait until 2026-04-01 at 10:00", "wait until 2026-05-01 at 09:00", 60 * DAY - HOUR),
        ("wait 2 days", "wait 2 days", 2 * DAY),
    ],
)
def test_each_kind_of_wait_ends_as_the_new_version_says(was: str, now: str, due: int) -> None:
    """For an event, for a condition, for a time of day, a day of the week or a date."""
    old, new = flow(was, "send later"), flow(now, "send later", "wait 1 day", "send last")
    anna = edit(standing(old), new, old)
    assert anna.journey("way").due == MONDAY + due
    anna.until(MONDAY + due)
    assert anna.mails == ["later"]


def test_a_step_that_is_no_more_lets_go_on_at_once() -> None:
    """To the next one that is still there."""
    old, new = flow("wait 5 days", "send later"), flow("send later")
    anna = edit(standing(old), new, old)
    assert anna.mails == ["later"]
    assert carried(anna) == ["carried later wait_1"]
    assert anna.bundle.journeys == ()


def test_where_nothing_is_left_the_journey_ends_with_a_reason() -> None:
    """A published one."""
    old, new = flow("send hello", "wait 5 days", "send later"), flow("send hello")
    anna = edit(standing(old, after=HOUR), new, old)
    assert anna.bundle.journeys == ()
    assert anna.story("way")[-1] == "left step_gone"


def test_a_line_moved_takes_people_where_it_says() -> None:
    """To a wait, in which they stay as long as it says; or to a mail, which they get."""
    old = flow("wait 2 days as rest", "send later")
    head = HEAD + "    moved rest to nap\n"
    new = flow("wait 1 day as nap", "send first", "wait 9 days as long", "send later", head=head)
    anna = edit(standing(old, after=HOUR), new, old)
    assert (anna.step("way"), anna.journey("way").due) == ("nap", MONDAY + DAY)
    new = flow("send first", "wait 9 days as long", "send later", head=HEAD + "    moved rest to first\n")
    anna = edit(standing(old, after=HOUR), new, old)
    assert anna.mails == ["first"]
    assert anna.step("way") == "long"


def test_what_was_heard_is_known_by_the_new_name_of_the_wait() -> None:
    """A condition behind it still sees the event."""

    def text(name: str) -> str:
        return flow(
            f"wait for order_placed up to 2 days as {name}",
            "    on order_placed",
            "        wait 1 day as rest",
            '        if received.order_id is "2"',
            "            send again",
            "    on timeout",
            "        send later",
            head=HEAD.replace("enter every time", "enter once")
            + ("    moved ear to listening\n" if name == "listening" else ""),
        )

    anna = standing(text("ear"), after=HOUR)
    anna.happens("order_placed", order_id="2")
    edit(anna, text("listening"), text("ear")).pass_(2 * DAY)
    assert anna.mails == ["again"]


def test_a_mail_on_its_way_goes_and_the_wait_behind_it_counts_from_its_hand_over() -> None:
    """Also where the wait is another one by then."""
    old, new = flow("send hello", "wait 1 minute"), flow("send hello", "wait 5 minutes", "send later")
    anna = standing(old, after=0, mailer="held")
    (key,) = anna.open
    edit(anna, new, old).pass_(HOUR)
    assert anna.step("way") == "hello"
    anna.hand_over(key)
    assert anna.step("way") == "wait_1"
    anna.pass_(5 * 60_000)
    assert anna.mails == ["hello", "later"]


def test_a_mail_that_waits_for_room_is_looked_at_anew() -> None:
    """The limits may be others."""
    limits = "limits\n    quiet 08:00 to 20:00\n"
    old = flow("send hello")
    anna = standing(limits + old)
    assert (anna.step("way"), anna.mails) == ("hello", [])
    edit(anna, old + "flow other\n    topic news\n    start by request\n\n    send x\n", limits + old)
    assert anna.mails == []  # its graph is as it was: nobody is carried
    anna = standing(limits + old)
    edit(anna, flow("send hello", "wait 1 day", "send later"), limits + old)
    assert anna.mails == ["hello"]


def test_a_flow_that_is_no_more_goes_on_to_its_end() -> None:
    """As it was, by its own graph."""
    old = flow("wait 1 day", "send later")
    new = "flow other\n    topic news\n    start by request\n\n    send x\n"
    anna = edit(standing(old), new, old).pass_(2 * DAY)
    assert anna.mails == ["later"]
    assert carried(anna) == []


def test_said_twice_it_happens_once() -> None:
    """Whoever is in the present graph is left alone."""
    old, new = flow("wait 1 day", "send later"), flow("wait 3 days", "send later")
    anna = edit(standing(old), new, old)
    with anna.nothing_new():
        anna.take(Carried(places_in(anna.loaded)))


def test_who_missed_a_release_goes_to_the_newest_at_once() -> None:
    """Two in a row, of which the first did not get to her."""
    first, second = flow("wait 1 day", "send later"), flow("wait 3 days", "send later")
    third = flow("send now_", "wait 9 days", "send later")
    anna = edit(standing(first), third, first, second)
    assert (anna.step("way"), anna.journey("way").due) == ("wait_1", MONDAY + 9 * DAY)


def test_no_mail_goes_twice_in_a_journey_that_is_taken_back() -> None:
    """Its key is that of the mail that went: the consent service lets it go once."""
    old = flow("send hello", "wait 1 day as rest", "send later")
    new = flow(
        "wait 2 days as nap", "send hello", "wait 3 days", "send later", head=HEAD + "    moved rest to nap\n"
    )
    anna = edit(standing(old, after=HOUR), new, old).pass_(9 * DAY)
    keys = [effect.key for effect in anna.effects if effect.kind == "mail"]
    assert anna.mails == ["hello", "hello", "later"]
    assert keys[0] == keys[1] != keys[2]


# ------------------------------------------------------------------ for the past

SINCE = """
segment big "Big"
    count of order_placed >= 1
"""


def test_a_flow_starts_for_the_members_of_its_segment() -> None:
    """Who is not in it is left alone; the rules of entry hold."""
    text = SINCE + "flow back\n    topic news\n    start on joining segment big\n\n    send hello\n"
    anna = Person(ready(text)).agrees("news")
    anna.take(Backfilled("back"))
    assert (anna.mails, anna.story("back")) == ([], [])
    old = SINCE + "flow other\n    topic news\n    start by request\n\n    send x\n"
    anna = Person(ready(old)).agrees("news").happens("order_placed", order_id="1")
    anna.loaded = ready(text)
    anna.take(Backfilled("back"))
    assert anna.mails == ["hello"]
    anna.take(Backfilled("back"))
    assert anna.story("back")[-1] == "not_entered entered_before"


CART = """
flow cart
    topic news
    start on cart_updated where cart_id is not "none"
    leave on order_placed where order_id is trigger.cart_id

    wait 1 hour
    send hello with items trigger.cart_id
"""


def event(days: int, **data: str) -> dict[str, object]:
    return {**data, "at": MONDAY - days * DAY}


@pytest.mark.parametrize(
    ("events", "begun"),
    [
        ([("cart_updated", event(1, cart_id="a"))], "a"),
        ([("cart_updated", event(1, cart_id="none")), ("cart_updated", event(2, cart_id="b"))], "b"),
        ([("order_placed", event(1, order_id="a")), ("cart_updated", event(2, cart_id="a"))], None),
        ([("order_placed", event(1, order_id="z")), ("cart_updated", event(2, cart_id="a"))], "a"),
        ([("order_placed", event(1, order_id="a"))], None),
    ],
)
def test_a_flow_starts_by_the_newest_event_that_fits(
    events: list[tuple[str, dict[str, object]]], begun: str | None
) -> None:
    """Unless something came behind it by which people leave the flow."""
    anna = Person(ready(CART)).agrees("news")
    anna.take(Backfilled("cart", tuple(events)))
    triggers = [journey.trigger["cart_id"] for journey in anna.bundle.journeys]
    assert triggers == ([] if begun is None else [begun])


# ------------------------------------------------------------------ nobody is stranded

WAITS = ["wait 1 day", "wait 2 days at 10:00", "wait until monday at 09:00", "wait until 11:00"]
LISTENING = ["wait for order_refunded up to 3 days", "wait until any order_paid in last 1 day up to 2 days"]
MAILS = ["send one", "send two", "send three", "send four"]


@st.composite
def versions(draw: st.DrawFn) -> tuple[str, str]:
    """Two versions of a flow whose steps are of some kinds, and come and go."""

    def version() -> list[str]:
        mails = draw(st.permutations(MAILS))
        steps: list[str] = []
        for mail in mails[: draw(st.integers(1, 4))]:
            steps.append(mail)
            steps.append(draw(st.sampled_from(WAITS + LISTENING)))
        steps = draw(st.permutations(steps)) if draw(st.booleans()) else steps
        if draw(st.booleans()):
            inner = [f"    {step}" for step in steps[:2]]
            steps = ["repeat up to 2 times", *inner, *steps[2:]]
        return [*steps, "send last"]

    return flow(*version()), flow(*version())


@settings(deadline=None, max_examples=150)
@given(both=versions(), after=st.integers(0, 12 * 24), more=st.integers(0, 3 * 24))
def test_nobody_is_stranded(both: tuple[str, str], after: int, more: int) -> None:
    """Wherever a journey stood: it goes on to an end, in a bounded time, and says where it was taken."""
    old, new = both
    anna = standing(old, after=after * HOUR)
    before = [journey.id for journey in anna.bundle.journeys]
    edit(anna, new, old).pass_(more * HOUR)
    assert len(carried(anna)) + anna.story("way").count("left step_gone") == (before != [] and old != new)
    digests = {journey.graph for journey in anna.bundle.journeys}
    assert digests <= {graph.digest for graph in program(new).flows}
    assert all(journey.due < NEVER for journey in anna.bundle.journeys)
    anna.pass_(120 * DAY)
    assert anna.bundle.journeys == ()
    ends = [line for line in anna.story("way") if re.match("finished|left", line)]
    assert len(ends) == 1
