"""Whoever asked that what is known of them is kept and not used (Art. 18 GDPR): nothing of them moves until
that is lifted."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flows import loaded, program
from hypothesis import given
from hypothesis import strategies as st
from person import DAY, HOUR, MONDAY, NEVER, Person

from engine.core.bundle import (
    Agreed,
    Backfilled,
    Cancelled,
    Carried,
    Foretold,
    Requested,
    Stopped,
)
from engine.core.loaded import Loaded
from engine.core.restricting import MOST_MISSED
from engine.core.restriction import Restricted
from engine.run.apply import places_in

WALK = """
flow alpha "Alpha"
    topic news
    start on cart_updated
    enter every time
    leave on order_placed

    send first
    wait 2 days
    set contact.city to "Riga"
    tell "care@shop.example" "hello"
    send second
"""


def restricted(text: str, **how: Any) -> Person:
    """Someone who has agreed to news and looked into the cart an hour ago, and asked for it now."""
    anna = Person(loaded(text), **how).agrees("news").happens("cart_updated").pass_(HOUR)
    return anna.take(Restricted(True))


def test_a_journey_stands_still() -> None:
    """No deadline comes, no step is taken, however long it lasts; the journal tells it once."""
    anna = restricted(WALK)
    assert anna.story("alpha")[-1] == "paused wait_1 restricted"
    with anna.nothing_new():
        anna.take(Restricted(True)).pass_(400 * DAY)
    assert anna.next_due() == NEVER
    assert "city" not in anna.bundle.attributes


def test_it_goes_on_where_it_stood() -> None:
    """A wait that is not over by then ends when it would have."""
    anna = restricted(WALK).pass_(DAY).take(Restricted(False))
    assert anna.story("alpha")[-1] == "resumed wait_1"
    assert anna.journey("alpha").due == MONDAY + 2 * DAY
    assert anna.pass_(DAY).mails == ["first", "second"]
    assert anna.effects[-1].body.late == 0


def test_a_wait_that_is_over_by_then_is_over_at_once() -> None:
    """The mail tells by how much it is late, by which the delivery lets no late marketing go."""
    anna = restricted(WALK).pass_(10 * DAY).take(Restricted(False)).pass_(0)
    assert anna.mails == ["first", "second"]
    assert anna.effects[-1].body.late == 8 * DAY + HOUR


def test_what_is_kept_for_then_has_a_bound() -> None:
    """A shop may tell of a cart a thousand times: the newest is kept of each kind, and an order is not pushed
    out by carts."""
    text = """
flow alpha "Alpha"
    topic news
    start on cart_updated
    leave on order_placed

    wait for cart_updated up to 900 days
"""
    anna = restricted(text).happens("order_placed", order_id="1")
    for number in range(3 * MOST_MISSED):
        anna.happens("cart_updated", cart_id=str(number))
    assert anna.bundle.restricted is not None
    missed = anna.bundle.restricted.missed
    assert len(missed) == MOST_MISSED
    assert (missed[0].event, missed[-1].data["cart_id"]) == ("order_placed", str(3 * MOST_MISSED - 1))
    assert anna.take(Restricted(False)).story("alpha")[-1].startswith("left")


@pytest.mark.parametrize("data", [Requested("beta"), Backfilled("beta")])
def test_nothing_starts(data: Any) -> None:
    """By no event, no request and no segment; nor afterwards, for what came meanwhile."""
    text = """
segment buyers "Buyers"
    contact.visits is 3
flow beta "Beta"
    start on cart_updated
    start by request
    start on joining segment buyers
    enter every time

    tell "care@shop.example" "hello"
"""
    anna = Person(loaded(text)).take(Restricted(True))
    anna.happens("cart_updated").learns(visits=Decimal(3)).take(data)
    assert not anna.effects
    assert set(anna.story("beta")) <= {"not_entered restricted"}
    anna.take(Restricted(False)).pass_(DAY)
    assert not anna.effects
    assert anna.bundle.segments == {"buyers"}
    assert anna.happens("cart_updated").effects


def test_nobody_is_in_a_segment_meanwhile() -> None:
    """Nor is anything noted of it."""
    text = 'segment seen "Seen"\n    count of cart_updated in last 30 days >= 2\n'
    anna = Person(loaded(text)).happens("cart_updated").happens("cart_updated")
    assert anna.bundle.segments == {"seen"}
    with anna.nothing_new():
        anna.take(Restricted(True))
        assert not anna.bundle.segments
        anna.take(Restricted(False))
    assert anna.bundle.segments == {"seen"}


def test_a_start_by_date_that_comes_meanwhile_is_missed() -> None:
    """The next one comes."""
    text = """
flow beta "Beta"
    start on date contact.birthday every year at 09:00

    tell "care@shop.example" "hello"
"""
    anna = Person(loaded(text)).learns(birthday=date(1990, 3, 7)).take(Restricted(True)).pass_(9 * DAY)
    anna.take(Restricted(False)).pass_(DAY)
    assert not anna.effects
    assert anna.pass_(365 * DAY).story("beta").count("entered") == 1


def test_what_would_have_ended_a_journey_ends_it_afterwards() -> None:
    """Nobody is reminded of what they did meanwhile."""
    anna = restricted(WALK).happens("order_placed").pass_(3 * DAY)
    assert anna.step("alpha") == "wait_1"
    anna.take(Restricted(False)).pass_(DAY)
    assert anna.story("alpha")[-1] == "left order_placed"
    assert anna.mails == ["first"]


WAITING = """
flow alpha "Alpha"
    start on cart_updated

    wait for order_placed up to 3 days
        on order_placed
            finish as bought
        on timeout
            finish as gone
"""


def test_what_a_journey_waited_for_is_heard_afterwards() -> None:
    """Also where its time is up by then; what happened behind its time is not."""
    for day, end in ((2, "finished bought"), (4, "finished gone")):
        anna = Person(loaded(WAITING)).happens("cart_updated").take(Restricted(True)).pass_(day * DAY)
        anna.happens("order_placed").pass_(3 * DAY).take(Restricted(False)).pass_(DAY)
        assert anna.story("alpha")[-1] == end


def test_what_is_known_by_agreement_only_is_not_kept_meanwhile() -> None:
    """And is not taken for something that did not happen: of that time nothing is known."""
    text = """
segment looked "Looked"
    count of product_viewed in last 30 days >= 1
segment did_not "Did not"
    count of product_viewed in last 30 days is 0
"""
    anna = Person(loaded(text)).agrees("personalisation").pass_(40 * DAY).take(Restricted(True))
    anna.happens("product_viewed", sku="A").take(Foretold({"churn_risk": Decimal(1)}))
    assert "product_viewed" not in anna.bundle.windows
    assert not anna.bundle.predicted
    anna.pass_(DAY).take(Restricted(False))
    assert not anna.bundle.segments
    assert anna.happens("product_viewed", sku="B").bundle.segments == {"looked"}


def test_what_the_shop_tells_is_stored() -> None:
    """Attributes, and the events that conditions ask for; they count once they may be used."""
    text = 'segment buyers "Buyers"\n    count of order_placed >= 1\n'
    anna = Person(loaded(text)).take(Restricted(True)).happens("order_placed").learns(city="Riga")
    assert anna.bundle.attributes["city"] == "Riga"
    assert not anna.bundle.segments
    assert anna.take(Restricted(False)).bundle.segments == {"buyers"}


def test_leaving_counts_at_once() -> None:
    """Who withdraws, or objects, is heard as ever."""
    for stop in (Agreed("news", False), Stopped("objected")):
        anna = restricted(WALK).take(stop)
        assert not anna.bundle.journeys
        assert not anna.bundle.agreed
        assert not anna.take(Restricted(False)).bundle.journeys


def test_a_mail_that_was_on_its_way_moves_nothing() -> None:
    """The journey goes on behind it afterwards, whether it went or was denied."""
    text = """
flow alpha "Alpha"
    topic news
    start on cart_updated

    send first
    tell "care@shop.example" "hello"
"""
    for reason in ("", "restricted"):
        anna = restricted(text, mailer="held")
        (key,) = anna.open
        anna.hand_over(key, reason).pass_(DAY)
        assert [effect.kind for effect in anna.effects] == ["mail"]
        anna.take(Restricted(False)).pass_(0)
        assert [effect.kind for effect in anna.effects] == ["mail", "tell"]


def test_an_operator_ends_what_stands_still() -> None:
    """A flow that is called off is called off."""
    anna = restricted(WALK).take(Cancelled("alpha", True))
    assert not anna.bundle.journeys


def test_an_edited_flow_takes_along_who_stands_still() -> None:
    """A longer wait is longer for them too, and a step that is new is taken once they go on, not before."""
    for line, mails in (("wait 5 days", 1), ('add tag "new"', 2)):
        text = WALK.replace("wait 2 days", line)
        anna = restricted(WALK)
        old = anna.journey("alpha").graph
        anna.loaded = Loaded(program(text), program(WALK).flows, "Europe/Riga", b"a key for tests")
        anna.take(Carried(places_in(anna.loaded))).pass_(2 * DAY)
        assert anna.mails == ["first"]
        assert anna.journey("alpha").graph != old
        anna.take(Restricted(False)).pass_(0)
        assert len(anna.mails) == mails


@given(
    st.lists(
        st.sampled_from(
            ["cart_updated", "order_placed", "product_viewed", "day", "learn", "request", "agree", "foretell"]
        ),
        max_size=12,
    )
)
def test_whatever_happens_meanwhile_nothing_comes_of_it(acts: list[str]) -> None:
    """No effect, no deadline, no segment; and afterwards a withdrawal ends all as ever."""
    anna = restricted(WALK + 'segment seen "Seen"\n    count of cart_updated >= 2\n')
    effects, trials = len(anna.effects), anna.bundle.trials
    for act in acts:
        match act:
            case "day":
                anna.pass_(DAY)
            case "learn":
                anna.learns(visits=Decimal(3), time_zone="America/Lima")
            case "request":
                anna.take(Requested("alpha"))
            case "agree":
                anna.agrees("offers")
            case "foretell":
                anna.take(Foretold({"churn_risk": Decimal(1)}))
            case _:
                anna.happens(act)
        assert anna.next_due() == NEVER
        assert not anna.bundle.segments
    assert (len(anna.effects), anna.bundle.trials) == (effects, trials)
    anna.take(Restricted(False)).withdraws("news")
    assert not anna.bundle.journeys
