"""`emit`: an event of a flow's own (language reference, §4 Order and Steps)."""

from decimal import Decimal

from flows import ZONE, loaded, program
from person import DAY, MONDAY, Person

from dsl.graph import Money, Program
from engine.core.advance import advance
from engine.core.bundle import EventBody, Happened, Stimulus
from engine.core.emitting import MOST
from engine.core.loaded import Loaded

VIP = """
event vip_made
    level    text
    total    money
    orders   number
event vip_lost
    level    text
"""


def order(person: Person) -> list[tuple[str, str]]:
    """Flow and word of the journal's lines, in order."""
    return [(entry.flow, entry.what) for entry in person.entries if entry.flow]


def emitted(person: Person) -> list[EventBody]:
    """The events that flows emitted, as they are kept."""
    return [effect.body for effect in person.effects if isinstance(effect.body, EventBody)]


def test_an_emitted_event_comes_behind_the_present_one() -> None:
    """History, leaves, waits and starts of the present one are done first, whatever the flows are called."""
    text = f"""{VIP}
flow alpha "Alpha"
    start on order_placed
    emit vip_made
flow beta "Beta"
    start on vip_made
    finish
flow omega "Omega"
    start on order_placed
    finish
"""
    anna = Person(loaded(text)).happens("order_placed")
    entered = [flow for flow, what in order(anna) if what == "entered"]
    assert entered == ["alpha", "omega", "beta"]


def test_emitted_events_come_in_the_order_in_which_they_were_emitted() -> None:
    """Also those that other journeys emit meanwhile: they queue behind."""
    text = f"""{VIP}
event third
flow alpha "Alpha"
    start on order_placed
    emit vip_made
    emit vip_lost
flow beta "Beta"
    start on vip_made
    emit third
flow delta "Delta"
    start on third
    finish
flow gamma "Gamma"
    start on vip_lost
    finish
"""
    anna = Person(loaded(text)).happens("order_placed")
    entered = [flow for flow, what in order(anna) if what == "entered"]
    assert entered == ["alpha", "beta", "gamma", "delta"]
    assert [body.event for body in emitted(anna)] == ["vip_made", "vip_lost", "third"]


def test_an_emitted_event_happens_at_the_same_moment_to_the_same_contact() -> None:
    """It is kept under an id of its own, and answers as one do the mails that it starts."""
    text = f"""{VIP}
flow alpha "Alpha"
    start on order_placed
    emit vip_made
flow beta "Beta"
    topic orders
    start on vip_made
    send hello
"""
    anna = Person(loaded(text)).happens("order_placed")
    [effect] = [effect for effect in anna.effects if effect.kind == "event"]
    assert (effect.contact, effect.body.at) == (anna.bundle.contact, MONDAY)
    [mail] = [effect.body for effect in anna.effects if effect.kind == "mail"]
    assert mail.trigger_id == effect.key
    assert mail.trigger == {"at": MONDAY}


def test_an_emitted_event_may_end_the_journey_that_emitted_it() -> None:
    """And one behind it starts anew only by another event: never by the one that ended it."""
    text = f"""{VIP}
flow alpha "Alpha"
    start on order_placed
    leave on vip_made
    emit vip_made
    wait 1 day
"""
    anna = Person(loaded(text)).happens("order_placed")
    assert anna.story("alpha")[-1] == "left vip_made"
    assert anna.bundle.journeys == ()


def test_a_wait_behind_emit_hears_the_event() -> None:
    """The journey has arrived at it when the event comes."""
    text = f"""{VIP}
flow alpha "Alpha"
    start on order_placed
    emit vip_made with level "gold"
    wait for vip_made where level is "gold" up to 1 day
        on vip_made
            finish as heard
        on timeout
            finish as deaf
"""
    assert Person(loaded(text)).happens("order_placed").story("alpha")[-1] == "finished heard"


def test_a_journey_of_another_flow_hears_the_event() -> None:
    """Its waits come before what the event starts."""
    text = f"""{VIP}
flow alpha "Alpha"
    start on order_placed
    emit vip_made
flow beta "Beta"
    start on cart_updated
    wait for vip_made up to 1 day
flow aardvark "Aardvark"
    start on vip_made
    finish
"""
    anna = Person(loaded(text)).happens("cart_updated").happens("order_placed")
    lines = order(anna)
    assert lines.index(("beta", "heard")) < lines.index(("aardvark", "entered"))


def test_an_emitted_event_is_history() -> None:
    """Conditions count it like any other."""
    text = f"""{VIP}
flow alpha "Alpha"
    start on order_placed
    enter every time
    emit vip_made
    wait 1 day
    if count of vip_made is 2
        finish as twice
"""
    anna = Person(loaded(text)).happens("order_placed").pass_(DAY).happens("order_placed").pass_(DAY)
    assert [line for line in anna.story("alpha") if line.startswith("finished")] == [
        "finished",
        "finished twice",
    ]


def test_values_are_typed_and_rounded_as_for_set() -> None:
    """A count is a number, an amount has whole cents; what is unknown is left out."""
    text = f"""{VIP}
flow alpha "Alpha"
    start on order_placed
    emit vip_made with total trigger.total / 3, orders count of order_placed, level contact.city
"""
    anna = Person(loaded(text)).happens("order_placed", total=Money(Decimal("10.00"), "EUR"))
    [body] = emitted(anna)
    assert body.data == {"total": Money(Decimal("3.33"), "EUR"), "orders": Decimal(1)}
    assert isinstance(body.data["orders"], Decimal)


def test_each_round_emits_an_event_of_its_own() -> None:
    """Their ids differ, and so do the journeys that they start in one turn."""
    text = f"""{VIP}
flow alpha "Alpha"
    start on order_placed
    repeat up to 3 times
        emit vip_made
flow beta "Beta"
    start on vip_made
    enter every time
    finish
"""
    anna = Person(loaded(text)).happens("order_placed")
    assert len({effect.key for effect in anna.effects}) == 3
    journeys = [entry.journey for entry in anna.entries if (entry.flow, entry.what) == ("beta", "entered")]
    assert len(set(journeys)) == len(journeys) == 3


def test_a_replayed_stimulus_emits_the_same_event_under_the_same_id() -> None:
    """So that a store which has it keeps one."""
    text = f"""{VIP}
flow alpha "Alpha"
    start on order_placed
    emit vip_made
flow beta "Beta"
    start on vip_made
    wait 1 day
"""
    before = Person(loaded(text)).bundle
    stimulus = Stimulus("order-1", before.contact, MONDAY, Happened("order_placed", {}))
    once, again = (advance(loaded(text), before, stimulus, MONDAY) for _ in range(2))
    assert once == again
    assert [effect.kind for effect in once.effects] == ["event"]


def test_what_a_timer_emits_comes_before_a_later_event() -> None:
    """A wait whose time was up before an event has its say first, with all that follows from it."""
    text = f"""{VIP}
flow alpha "Alpha"
    start on cart_updated
    wait until count of order_placed > 5 up to 1 hour
    emit vip_made
flow beta "Beta"
    start on vip_made
    leave on order_placed
    wait 1 day
"""
    anna = Person(loaded(text)).happens("cart_updated")
    anna.now += DAY  # the timer did not fire: the machine was asleep
    anna.happens("order_placed")
    assert anna.story("beta")[-1] == "left order_placed"


def test_flows_that_set_each_other_off_for_ever_come_to_an_end() -> None:
    """The compiler refuses them; versions that run side by side can still do it. The journal says why."""
    one = program(f"{VIP}\nflow alpha\n    start on vip_made\n    enter every time\n    emit vip_lost\n")
    other = program(f"{VIP}\nflow beta\n    start on vip_lost\n    enter every time\n    emit vip_made\n")
    both = Program(one.attributes, one.events, one.topics, (), one.flows + other.flows)
    anna = Person(Loaded(both, (), ZONE, b"a key for tests")).happens("vip_made")
    assert len(emitted(anna)) == MOST
    assert anna.bundle.journeys == ()
    refused = [entry for entry in anna.entries if entry.what == "not_emitted"]
    assert [entry.reason for entry in refused] == ["endless"]
