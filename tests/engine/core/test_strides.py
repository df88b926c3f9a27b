"""What a timer comes to that concerns one journey only, reckoned without its contact: the same as ever."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from drawn_programs import Life, lives, texts
from flows import compiled, loaded
from hypothesis import assume, given
from hypothesis import strategies as st
from person import ANNA, DAY, MONDAY, Person

from dsl.graph import END
from engine.core.advance import advance
from engine.core.bundle import Advanced, Bundle, Entry, Fired, Journey, Stimulus, in_order, replace
from engine.core.loaded import Loaded
from engine.core.stride import Stride, Strides
from engine.core.values import encode, packable


class Strider(Person):
    """Compares, at every timer for which there is a stride, with what the core makes of it. The strides of
    one moment are those of one batch."""

    def __init__(self, ready: Loaded, batches: dict[int, Strides], **about: Any) -> None:
        super().__init__(ready, **about)
        self.batches = batches
        self.taken = 0

    def take(self, data: Any, at: int | None = None, more: bool = False) -> "Strider":
        journey = self._alone(data) if isinstance(data, Fired) and data.journey else None
        if journey is not None:
            strides = self.batches.setdefault(self.now, Strides(self.loaded, self.now))
            stride = strides.of(journey.graph, journey.node, journey.clock, journey.contact)
            if strides.asks(journey.graph, journey.node):
                assert stride is None
                stride = strides.known(replace(self.bundle, journeys=()), journey)
                names = strides.names(journey.graph, journey.node)
                if names is not None:
                    place = (journey.graph, journey.node, journey.clock, journey.contact)
                    assert strides.of(*place, packed(self.bundle, names)) == stride
            if stride is not None:
                self.taken += 1
                assert advanced_by(stride, self.bundle, journey, self.now) == advance(
                    self.loaded,
                    self.bundle,
                    Stimulus(f"{journey.id}-{journey.epoch}", self.bundle.contact, journey.due, data),
                    self.now,
                    more,
                )
        super().take(data, at, more)
        return self

    def _alone(self, fired: Fired) -> Journey | None:
        """The journey whose time has come, if nothing else is due and nothing of it is open."""
        found = [journey for journey in self.bundle.journeys if journey.due <= self.now]
        if len(found) != 1 or (found[0].id, found[0].epoch) != (fired.journey, fired.epoch):
            return None
        looked_at = self.bundle.judged_by == self.loaded.judges or not self.loaded.segments
        plain = not (found[0].mail or found[0].held)
        return found[0] if plain and looked_at and self.bundle.watch > self.now else None


def packed(bundle: Bundle, names: Sequence[str]) -> tuple[bytes | None, ...]:
    """Attributes as a row holds them."""
    known = bundle.attributes
    return tuple(encode(packable(known[name])) if name in known else None for name in names)


def advanced_by(stride: Stride, bundle: Bundle, journey: Journey, now: int) -> Advanced:
    """The contact after a stride, with the lines of the journal; nothing else comes of it."""
    told = (journey.contact, now)
    entries = tuple(
        Entry(
            *told,
            n,
            journey.id,
            journey.flow,
            line.step,
            line.what,
            line.reason,
            line.until,
            "",
            line.grounds,
        )
        for n, line in enumerate(stride.lines)
    )
    others = tuple(other for other in bundle.journeys if other is not journey)
    if stride.node == END:
        return Advanced(replace(bundle, journeys=others), entries=entries)
    visits = journey.visits if stride.visits is None else stride.visits
    stands = replace(journey, node=stride.node, due=stride.due, epoch=journey.epoch + 1, visits=visits)
    return Advanced(replace(bundle, journeys=in_order((*others, stands))), entries=entries)


@given(
    texts(),
    lives,
    st.lists(st.sampled_from([None, "America/New_York", "Asia/Kolkata"]), min_size=3, max_size=3),
)
def test_a_stride_is_what_comes_of_the_timer(text: str, life: Life, zones: list[str | None]) -> None:
    """The same journey, the same lines in the same order, no effect, and nothing else of the contact. So for
    people who lead the same life on different clocks, whose timers come together."""
    assume(compiled(text).program is not None)  # what nobody can reach is refused
    ready = loaded(text)
    batches: dict[int, Strides] = {}
    for number, zone in enumerate(zones):
        life.lead(Strider(ready, batches, contact=f"{number:032x}").learns(time_zone=zone))


@pytest.mark.parametrize(
    ("steps", "stands_alone", "asks"),
    [
        (["wait 2 hours"], True, False),
        (["wait until 09:00"], True, False),
        (["wait for page_viewed up to 1 day"], True, False),
        (["finish as early"], True, False),
        (["split way", "    50% left", "        wait 1 day", "    50% right"], True, False),
        (["if contact.visits > 1", "    wait 1 day"], True, True),
        (["repeat up to 2 times", "    wait 1 day"], True, True),
        (["wait until contact.birthday", "wait 1 day"], True, True),
        (["wait for best time up to 1 day"], True, True),
        (["if contact.visits > 1", "    send tips"], False, False),
        (["if contact.visits > 1", "    wait 1 day", "else", "    send tips"], False, False),
        (["split way", "    50% left", "    50% right", '        add tag "x"'], False, False),
        (["split way", "    50% left", "    50% right", "    adapt by clicks"], False, False),
        (["repeat up to 2 times", "    wait 1 day", 'add tag "x"'], False, False),
        (["wait until contact.birthday", "send tips"], False, False),
        (["wait 1 day", "wait until contact.visits > 1 up to 1 day"], False, False),
    ],
)
def test_a_timer_is_alone_where_only_waits_and_choices_can_follow(
    steps: list[str], stands_alone: bool, asks: bool
) -> None:
    """And what the contact must be known for is told."""
    lines = ['flow alpha "Alpha"', "    topic news", "    start on cart_updated", "", "    wait 1 hour"]
    ready = loaded("\n".join([*lines, *(f"    {line}" for line in steps), ""]))
    (flow,) = ready.graphs.values()
    assert (0 in flow.alone, 0 in flow.asks) == (stands_alone, asks)
    strides = Strides(ready, MONDAY)
    assert (strides.of(flow.graph.digest, 0, "", ANNA) is not None) == (stands_alone and not asks)
    assert strides.asks(flow.graph.digest, 0) == asks


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("contact.visits > 1", ("visits",)),
        ('contact.city is "Riga" and not tagged "keen"', ("city", "tags")),
        ("contact.birthday < today or contact.visits + 1 is 3", ("birthday", "visits")),
        ("time since contact.renewal > 2 days", ("renewal",)),
        ("contact.city is known and contact.vip is yes", ("city", "vip")),
        ("years since contact.birthday between 18 and 30", ("birthday",)),
        ("now > 2026-03-10 12:00", ()),
        ("contact.created_at < today", None),
        ('contact.id is "a"', None),
        ("any order_placed in last 3 days", None),
        ("contact.visits > 1 and agreed to news", None),
        ("predicted.churn_risk > 0.5 or contact.visits > 1", None),
        ("trigger.total > 5 EUR", None),
        ("sum of order_placed.total in last 3 days > 5 EUR", None),
    ],
)
def test_where_attributes_alone_decide_they_are_told(condition: str, names: tuple[str, ...] | None) -> None:
    """By name; of what a condition looks at beside them, more of the contact must be known."""
    lines = ['flow alpha "Alpha"', "    start on order_placed", "", "    wait 1 hour", f"    if {condition}"]
    ready = loaded("\n".join([*lines, "        wait 1 day", ""]))
    (graph,) = ready.graphs
    assert Strides(ready, MONDAY).names(graph, 0) == names


@pytest.mark.parametrize(
    "steps",
    [
        ["repeat up to 2 times", "    wait 1 day"],
        ["wait until contact.birthday"],
        ["wait for best time up to 1 day"],
    ],
)
def test_steps_that_go_by_more_than_attributes_are_not_told_by_them(steps: list[str]) -> None:
    """Rounds are counted by the journey, the best time goes by what was clicked."""
    lines = [
        'flow alpha "Alpha"',
        "    start on order_placed",
        "",
        "    wait 1 hour",
        "    if contact.visits > 1",
    ]
    inner = ["        wait 1 day", *(f"    {line}" for line in steps), ""]
    ready = loaded("\n".join([*lines, *inner]))
    (graph,) = ready.graphs
    assert Strides(ready, MONDAY).asks(graph, 0)
    assert Strides(ready, MONDAY).names(graph, 0) is None


def test_values_of_different_types_are_not_taken_for_the_same() -> None:
    """Equal numbers go the same way, told as they are written."""
    head = 'flow alpha "Alpha"\n    start on cart_updated\n\n'
    ready = loaded(f"{head}    wait 1 hour\n    if contact.visits is 2\n        wait 1 day\n")
    (graph,) = ready.graphs
    strides = Strides(ready, MONDAY)
    ways = [
        strides.of(graph, 0, "", ANNA, packed(Bundle(ANNA, attributes={"visits": value}), ["visits"]))
        for value in (Decimal(2), Decimal("2.0"), Decimal(3))
    ]
    assert [[str(line.grounds[0].value) for line in way.lines if line.grounds] for way in ways if way] == [
        ["2"],
        ["2.0"],
        ["3"],
    ]
    assert len({id(way) for way in ways}) == 3


def test_nobody_on_a_graph_that_is_gone_goes_by_strides() -> None:
    """Whoever loads the contact finds out, and acts on it."""
    strides = Strides(loaded(""), MONDAY)
    assert strides.of("gone", 0, "", ANNA) is None
    assert not strides.asks("gone", 0)


def test_who_goes_the_same_way_is_given_the_same_stride() -> None:
    """So what is written of it can be made once for all of them."""
    text = """
flow alpha "Alpha"
    start on cart_updated

    wait 1 hour
    split way
        50% left
            wait 1 day
        50% right
            wait 2 days
"""
    ready = loaded(text)
    (graph,) = ready.graphs
    strides = Strides(ready, MONDAY)
    ways = {id(strides.of(graph, 0, "", f"{number:032x}")) for number in range(100)}
    assert len(ways) == 2
    assert strides.of(graph, 0, "Asia/Tokyo", ANNA) is not strides.of(graph, 0, "", ANNA)


def test_a_journey_bears_the_clock_of_its_contact() -> None:
    """From its start on, and wherever the contact goes: a timer is worked on without the contact."""
    anna = Person(loaded('flow alpha "Alpha"\n    start on cart_updated\n\n    wait 3 days\n'))
    assert anna.happens("cart_updated").journey("alpha").clock == ""
    assert anna.learns(time_zone="Asia/Tokyo").journey("alpha").clock == "Asia/Tokyo"
    assert anna.pass_(DAY).learns(time_zone=None).journey("alpha").clock == ""
