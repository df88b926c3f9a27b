"""Events that nobody listens to: taken without a turn, they come to the same."""

from decimal import Decimal
from typing import Any

import pytest
from drawn_programs import Life, lives, texts
from flows import compiled, loaded
from hypothesis import assume, given
from person import ANNA, DAY, HOUR, MONDAY, Person

from dsl.graph import Money
from engine.core.advance import advance, in_full
from engine.core.bundle import Advanced, Bundle, Happened, Stimulus, replace
from engine.core.loaded import Loaded
from engine.core.unheard import unheard

EVENTS: dict[str, dict[str, Any]] = {
    "cart_updated": {},
    "order_paid": {},
    "page_viewed": {"url": "https://shop.example"},
    "product_viewed": {"sku": "mug"},
    "price_dropped": {"sku": "mug"},
    "email_clicked": {"flow": "f0", "step": "mail1", "link": "https://a.example"},
    "order_placed": {"total": Money(Decimal(20), "EUR"), "items": [{"sku": "mug"}]},
}


class Listener(Person):
    """Compares, before whatever happens to a person, what all kinds of events would come to by the program
    that runs and by another one: taken as they are if nobody listens, and in full."""

    def __init__(self, ready: Loaded, other: Loaded) -> None:
        super().__init__(ready)
        self.other = other
        self.passed = 0

    def take(self, data: Any, at: int | None = None, more: bool = False) -> "Listener":
        for event, said in EVENTS.items():
            for ready in (self.loaded, self.other):
                self.passed += self._compare(ready, Happened(event, said))
        super().take(data, at, more)
        return self

    def _compare(self, ready: Loaded, data: Happened) -> bool:
        stimulus = Stimulus("probe", self.bundle.contact, self.now - HOUR, data, frozenset(self.open))
        known = unheard(ready, self.bundle, stimulus, self.now)
        if known is None:
            return False
        for late in (False, True):
            probe = replace(stimulus, data=replace(data, late=late))
            for more in (False, True):
                assert in_full(ready, self.bundle, probe, self.now, more) == Advanced(known)
        assert advance(ready, self.bundle, stimulus, self.now) == Advanced(known)
        return True


@given(texts(), texts(), lives)
def test_an_event_that_nobody_listens_to_comes_to_the_same_without_a_turn(
    text: str, other: str, life: Life
) -> None:
    """The same contact, no effect and no line of the journal, wherever a life has led, also where the program
    has been edited meanwhile, late or not, with more to come or not."""
    assume(compiled(text).program is not None and compiled(other).program is not None)
    life.lead(listener := Listener(loaded(text), loaded(other)))
    assert listener.passed  # nothing asks for a price that dropped


FLOW = 'flow alpha "Alpha"\n    topic news\n    start on cart_updated\n'


def known_by(text: str) -> Person:
    """Somebody for whom a cart was updated, a day ago."""
    return Person(loaded(text)).agrees("news").happens("cart_updated").pass_(DAY)


def taken(person: Person, event: str, ready: Loaded | None = None, more: bool = False) -> tuple[bool, bool]:
    """Whether somebody listens, and whether something comes of it, beside what is remembered."""
    stimulus = Stimulus("probe", ANNA, person.now, Happened(event, EVENTS[event]), frozenset(person.open))
    program = ready or person.loaded
    came = in_full(program, person.bundle, stimulus, person.now, more)
    assert advance(program, person.bundle, stimulus, person.now, more) == came
    nothing = not (came.effects or came.entries or came.trials) and came.bundle == person.bundle
    return unheard(program, person.bundle, stimulus, person.now) is None, not nothing


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (FLOW + "\n    wait 3 days\n" + FLOW.replace("alpha", "beta") + "\n    wait 1 day\n", "cart_updated"),
        (FLOW + '\n    wait for order_placed up to 3 days\n    add tag "x"\n', "order_placed"),
        (FLOW + "    leave on order_paid\n\n    wait 3 days\n", "order_paid"),
        (
            'segment keen "Keen"\n    any page_viewed in last 3 days\n' + FLOW + "\n    wait 3 days\n",
            "page_viewed",
        ),
        (
            FLOW + "    goal order_placed within 9 days\n\n    split way\n        50% left\n"
            "        50% right\n        adapt by order_placed\n",
            "order_placed",
        ),
    ],
    ids=["starts", "hears", "leaves", "counted by a segment", "counted by a trial"],
)
def test_where_somebody_listens_it_takes_a_turn(text: str, event: str) -> None:
    """And something comes of it."""
    person = known_by(text)
    if event == "page_viewed":
        person.agrees("personalisation")
    assert taken(person, event) == (True, True)
    assert taken(person, "price_dropped") == (bool(person.bundle.trials), False)


QUIET = FLOW + "\n    wait 3 days\n"


def test_who_is_new_is_looked_at_by_the_segments() -> None:
    """Whatever it is by which they are heard of; without segments they are only known from then on."""
    segment = 'segment idle "Idle"\n    no order_placed in last 3 days\n'
    assert taken(Person(loaded(segment + QUIET)), "price_dropped") == (True, True)
    assert taken(Person(loaded(QUIET)), "price_dropped") == (False, True)


def test_edited_segments_and_dates_are_looked_at_first() -> None:
    """Whoever was known before has them brought up to date by whatever happens."""
    segment = 'segment idle "Idle"\n    no order_placed in last 3 days\n'
    born = 'flow born "Born"\n    start on date contact.birthday every year at 09:00\n\n    wait 1 day\n'
    person = known_by(QUIET)
    assert taken(person, "price_dropped", loaded(segment + QUIET)) == (True, True)
    assert taken(person, "price_dropped", loaded(born + QUIET)) == (True, True)


def test_what_time_has_changed_comes_first() -> None:
    """A moment that has passed is looked at before the event; and one that means nothing any more goes."""
    segment = 'segment idle "Idle"\n    no cart_updated in last 3 days\n'
    person = known_by(segment + QUIET)
    person.now += 9 * DAY
    assert taken(person, "price_dropped") == (True, True)
    person = known_by(QUIET)
    armed = person.now + DAY
    for left in (replace(person.bundle, watch=armed), replace(person.bundle, dates={"gone": armed})):
        person.bundle = left
        assert taken(person, "price_dropped") == (True, True)


def test_conditions_that_are_waited_for_are_tried_again() -> None:
    """What they look at may have changed beside the events: the domain of an address does."""
    text = FLOW + '    leave when contact.email_domain is "moved.example"\n\n    wait 3 days\n'
    person = known_by(text)
    person.bundle = replace(person.bundle, attributes={"email_domain": "moved.example"})
    assert taken(person, "price_dropped") == (True, True)


def test_held_mails_are_decided_on() -> None:
    """By whatever happens, as soon as nothing more follows at the same moment."""
    text = FLOW + "    quiet 20:00 to 10:00\n\n    send tips\n"
    person = Person(loaded(text)).agrees("news").happens("cart_updated")
    (journey,) = person.bundle.journeys
    assert journey.held
    person.now += 3 * HOUR
    assert taken(person, "price_dropped") == (True, True)


def test_a_journey_on_a_graph_that_nobody_knows_is_not_passed_over() -> None:
    """Its person is set aside, whatever happens to them."""
    person = known_by(QUIET)
    stimulus = Stimulus("probe", ANNA, person.now, Happened("price_dropped", {}))
    with pytest.raises(KeyError):
        advance(loaded(""), person.bundle, stimulus, person.now)


def test_what_is_asked_for_later_is_remembered() -> None:
    """In windows, and for recommendations; and of no more than may be known."""
    text = FLOW + '\n    wait 3 days\n    if any price_dropped in last 9 days\n        add tag "x"\n'
    person = known_by(text)
    stimulus = Stimulus("probe", ANNA, MONDAY, Happened("price_dropped", {"sku": "mug"}))
    known = unheard(person.loaded, person.bundle, stimulus, person.now)
    assert known is not None
    assert [seen.at for seen in known.windows["price_dropped"]] == [MONDAY]


def test_nobody_is_the_same_object_as_before() -> None:
    """Nothing is written of those of whom nothing has changed."""
    person = known_by(QUIET)
    stimulus = Stimulus("probe", ANNA, person.now, Happened("price_dropped", {}))
    assert unheard(person.loaded, person.bundle, stimulus, person.now) is person.bundle
    new = unheard(person.loaded, Bundle(ANNA), stimulus, person.now)
    assert new == Bundle(ANNA, created=person.now)
