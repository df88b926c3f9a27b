"""What would come of a request, tried out without changing anything."""

import pytest
from flows import loaded
from person import ANNA, DAY, MONDAY, Person

from engine.core.bundle import Requested, Stopped
from engine.core.choice import held_out
from engine.core.loaded import Loaded
from engine.insight.outlook import Outlook, outlook


def tasting(
    header: str = "", body: str = "    send invitation\n    wait 2 days\n    add tag tasted"
) -> Loaded:
    """A flow on a marketing topic that starts by request, with such lines."""
    body = body.replace("tag tasted", 'tag "tasted"')
    return loaded(f'flow tasting "Tasting"\n    topic news\n    start by request\n    {header}\n{body}\n')


def anna_of(flows: Loaded, contact: str = ANNA) -> Person:
    """Somebody who agreed to the topic."""
    return Person(flows, contact).agrees("news")


def look(person: Person, flows: Loaded) -> Outlook:
    """The outlook, after which the person is as before."""
    before = person.bundle
    found = outlook(flows, person.bundle, "tasting", person.now)
    assert person.bundle == before
    return found


def test_who_would_enter_is_told_what_comes_first() -> None:
    """The mail that would be asked for, and where the journey would then stand."""
    flows = tasting()
    assert look(anna_of(flows), flows) == Outlook(mails=("invitation",), node=1)


def test_a_flow_without_a_wait_would_be_over_at_once() -> None:
    """There is nowhere to stand."""
    flows = tasting(body="    add tag tasted")
    assert look(anna_of(flows), flows) == Outlook()


@pytest.mark.parametrize(
    ("rule", "again"), [("enter once", None), ("enter again after 7 days", MONDAY + 7 * DAY)]
)
def test_whoever_has_been_in_it_is_told_from_when_on_once_more(rule: str, again: int | None) -> None:
    """And nothing of a far future where that is never."""
    flows = tasting(rule)
    anna = anna_of(flows).take(Requested("tasting"))
    assert look(anna, flows) == Outlook("in_flow", last=MONDAY)
    anna.pass_(3 * DAY)
    assert look(anna, flows) == Outlook("entered_before", last=MONDAY, again=again)
    anna.pass_(5 * DAY)
    assert look(anna, flows).reason == ("" if again else "entered_before")


def test_a_flow_for_every_time_is_open_again_at_its_end() -> None:
    """Not before."""
    flows = tasting("enter every time")
    anna = anna_of(flows).take(Requested("tasting"))
    assert look(anna, flows).reason == "in_flow"
    anna.pass_(3 * DAY)
    assert look(anna, flows) == Outlook(last=MONDAY, mails=("invitation",), node=1)


def test_whoever_may_not_be_mailed_is_refused() -> None:
    """As the engine itself would."""
    flows = tasting()
    assert look(Person(flows), flows) == Outlook("not_subscribed")
    assert look(anna_of(flows).take(Stopped("complained")), flows) == Outlook("not_subscribed")


def test_whoever_would_leave_at_once_is_refused() -> None:
    """What makes people leave is true already."""
    flows = tasting("leave when contact.city is unknown")
    assert look(anna_of(flows), flows) == Outlook("leaves_at_once")


def test_whoever_is_held_out_would_take_no_step() -> None:
    """And is counted."""
    flows = tasting("holdout 50%")
    graph = flows.current["tasting"].graph
    people = [anna_of(flows, f"{number:032x}") for number in range(40)]
    found = {person.bundle.contact: look(person, flows).held_out for person in people}
    assert found == {contact: held_out(graph, contact) for contact in found}
    assert set(found.values()) == {True, False}
