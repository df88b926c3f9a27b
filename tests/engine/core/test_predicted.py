"""`predicted.churn_risk` and `predicted.lifetime_value` (language reference, §5 People)."""

from decimal import Decimal

import pytest
from flows import loaded
from person import DAY, Person

from dsl.graph import Money
from engine.core.bundle import Foretold
from engine.store import rows

FLOW = """
segment leaving "Likely to leave"
    predicted.churn_risk > 0.7
flow keep "Keep"
    start on joining segment leaving

    send stay
        topic news
flow value "Value"
    start on order_placed
    enter every time

    wait until predicted.lifetime_value >= 500 EUR up to 30 days
        on met
            send vip
                topic news
        on timeout
            send plain
                topic news
"""
RISKY = Foretold({"churn_risk": Decimal("0.8")})
WORTH = Foretold({"lifetime_value": Money(Decimal(600), "EUR")})


def personal() -> Person:
    """Someone who agrees to personalisation."""
    return Person(loaded(FLOW)).agrees("personalisation")


def test_a_prediction_moves_people_into_segments() -> None:
    """And out again; which starts what starts on joining."""
    anna = personal().take(RISKY)
    assert (anna.bundle.segments, anna.mails) == ({"leaving"}, ["stay"])
    assert anna.take(Foretold({"churn_risk": Decimal("0.1")})).bundle.segments == frozenset()


def test_a_prediction_meets_a_wait() -> None:
    """At once, when it arrives."""
    anna = personal().happens("order_placed").take(RISKY)
    assert "vip" not in anna.mails
    assert anna.take(WORTH).mails[-1] == "vip"


@pytest.mark.parametrize("agrees", [False, True])
def test_without_personalisation_predictions_are_unknown(agrees: bool) -> None:
    """They are not kept either: agreeing afterwards brings nothing back."""
    anna = Person(loaded(FLOW)).happens("order_placed")
    if agrees:
        anna.agrees("personalisation").take(RISKY).withdraws("personalisation")
        anna.mails.clear()
    anna.take(WORTH).take(RISKY)
    assert anna.bundle.predicted == {}
    assert anna.bundle.segments == frozenset()
    assert anna.agrees("personalisation").bundle.segments == frozenset()
    assert anna.pass_(31 * DAY).mails[-1] == "plain"


def test_a_prediction_can_be_taken_back() -> None:
    """None makes it unknown, which is not 0."""
    anna = personal().take(RISKY).take(Foretold({"churn_risk": None}))
    assert (anna.bundle.predicted, anna.bundle.segments) == ({}, frozenset())


def test_predictions_are_kept_with_the_contact() -> None:
    """In their own types."""
    anna = personal().take(RISKY).take(WORTH)
    profile = rows.profile_of(rows.profile_row(anna.bundle, ()))
    kept = rows.bundle_of(anna.bundle.contact, profile, anna.bundle.journeys)
    assert kept == anna.bundle
