"""The promise of withdrawal holds whatever people, the shop, edits, kills and the clock do, in any order."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from promise_life import POINTS
from promise_machine import COUNTED, MINUTE, PEOPLE, THEM, Promise

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
FAST = settings(
    max_examples=8,
    stateful_step_count=14,
    deadline=None,
    derandomize=True,
    suppress_health_check=SLOW,
    phases=[Phase.generate],  # the thorough one finds the shortest story of a fault
)
THOROUGH = settings(max_examples=400, stateful_step_count=40, deadline=None, suppress_health_check=SLOW)

ACTS: dict[str, tuple[Any, ...]] = {
    "a click": ("link", THEM, THEM, "one_click"),
    "everything": ("everything", THEM),
    "the page of preferences": ("choose", THEM, []),
    "a complaint": ("complain", 0),
    "a bounce": ("bounce", 0),
    "a kill": ("kill", False),
    "a loss of power": ("kill", True),
    "an erasure": ("erase", THEM),
    "slowness": ("later", 6_000),
}
SHORT = [
    *((point, act, False) for point in POINTS for act in ("a click", "a kill", "an erasure")),
    ("claimed", "a click", True),
    ("data", "a click", True),
    ("claimed", "an erasure", True),
    ("data", "an erasure", True),
    *(("decided", act, False) for act in ACTS if act not in ("a click", "a kill", "an erasure")),
    ("data", "slowness", False),
    ("arrived", "a complaint", False),
    ("arrived", "a bounce", False),
    ("arrived", "a loss of power", False),
]
LONG = [
    (point, act, hasty)
    for point in POINTS
    for act in ACTS
    for hasty in (False, True)
    if (point, act, hasty) not in SHORT
]


def tell(point: str, act: str, hasty: bool, url: str = "") -> Promise:
    """Somebody forgets a cart, and is about to be mailed about it for the first and the second time."""
    told = Promise(url)
    try:
        told.opens([["news", "offers"]])
        told.happens(PEOPLE[0], "order_placed", True, 10 * MINUTE)
        told.happens(PEOPLE[0], "cart_updated", False, 10 * MINUTE)
        for _ in range(2):
            told.intrude((point, ACTS[act], hasty))
            told.goes_on(65 * MINUTE)
            told.the_promise_is_kept()
            told.goes_on(25 * 60 * MINUTE)
    finally:
        told.teardown()
    return told


@pytest.mark.parametrize(("point", "act", "hasty"), SHORT)
def test_whatever_comes_in_between(point: str, act: str, hasty: bool) -> None:
    """At each point of a mail's way, people may withdraw and the process may die."""
    assert tell(point, act, hasty).ledger.counts[f"stepped in at {point}"]


@pytest.mark.slow
@pytest.mark.parametrize(("point", "act", "hasty"), LONG)
def test_whatever_else_comes_in_between(point: str, act: str, hasty: bool) -> None:
    """The same with every way to withdraw and to die."""
    assert tell(point, act, hasty).ledger.counts[f"stepped in at {point}"]


def test_a_link_from_before_a_withdrawal_brings_nothing_back() -> None:
    """Neither from before the withdrawal of that topic, nor from before a complaint."""
    for stop in (("link", PEOPLE[0], "offers", "page"), ("complain", 0)):
        told = Promise()
        try:
            told.opens([["news"]])
            told.do(told.wish(PEOPLE[0], ["offers"]))
            told.goes_on(0)
            told.do(told.act(stop))
            told.goes_on(0)
            told.do(told.act(("confirm", 0)))
            told.the_promise_is_kept()
            assert ("offers" in {topic for _, topic in told.ledger.agreed}) is False
        finally:
            told.teardown()


def test_whose_mailbox_is_gone_gets_no_service_mail_either() -> None:
    """Until they confirm anew."""
    told = Promise()
    try:
        told.opens([["news"]])
        told.do(told.act(("bounce", 0)))
        told.happens(PEOPLE[0], "order_placed", False, MINUTE)
        told.the_promise_is_kept()
        assert told.ledger.counts["stopped by bounce"] == 1
        assert told.ledger.counts["mails of service"] == 0
    finally:
        told.teardown()


def test_what_a_flow_withdraws_survives_a_kill() -> None:
    """`unsubscribe from` was committed, and the process died before it was carried out."""
    told = Promise()
    try:
        told.opens([["news", "offers"]])
        told.happens(PEOPLE[0], "cart_updated", False, 3 * 24 * 60 * MINUTE)
        told.kills_when("unsubscribed")
        told.goes_on(24 * 60 * MINUTE)
        assert told.ledger.given_up
        assert told.ledger.counts["killed"] == 1
    finally:
        told.teardown()


def test_a_mail_on_its_way_may_leave() -> None:
    """One that was claimed before the withdrawal, when the feed has not told of it yet: one for each of two
    withdrawals, and no more."""
    counts = tell("data", "a click", True).ledger.counts
    assert counts["stopped while agreed"] == counts["left behind a withdrawal"] == 2


def test_the_promise_is_kept() -> None:
    """No permit behind a withdrawal, nothing twice, no journey goes on, and the log proves it."""
    run_state_machine_as_test(Promise, settings=FAST)
    met = ("mails of marketing", "mails of service", "journeys ended by a withdrawal", "denials", "killed")
    assert [what for what in met if not COUNTED[what]] == []


@pytest.mark.slow
def test_the_promise_is_kept_at_length() -> None:
    """The same, at random, through longer stories."""
    before = COUNTED.copy()
    run_state_machine_as_test(Promise, settings=THOROUGH)
    for what, often in sorted((COUNTED - before).items()):
        print(f"{often:7,}  {what}")
