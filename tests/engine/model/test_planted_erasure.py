"""What keeps an erasure whole, taken away piece by piece: the model of the promise turns red each time."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from promise_life import POINTS
from promise_machine import MINUTE, PEOPLE, THEM, Promise

from consent.store.sqlite import Store as ConsentStore
from consent.subscriber import erasure
from engine.delivery.mailer import Mailer
from engine.run.erasing import Erasing
from engine.run.errands import Errands
from engine.store import erased
from engine.store.sqlite import Sqlite


def _forgets_only(count: int) -> Callable[[], tuple[Any, ...]]:
    whole = erased._of_one

    def some() -> tuple[Any, ...]:
        return whole()[:count]

    return some


def _timers_stay(connection: Any, contacts: Any) -> None:
    """The timers of whoever is erased are left without a journey."""
    timers = connection.exec_driver_sql("SELECT due, slot FROM timer").all()
    _FORGET(connection, contacts)
    for timer in timers:
        connection.exec_driver_sql("INSERT OR IGNORE INTO timer (due, slot) VALUES (?, ?)", tuple(timer))


def _everybody(connection: Any, contacts: Any) -> None:
    """Whoever is erased takes all journeys along."""
    _FORGET(connection, contacts)
    connection.exec_driver_sql("DELETE FROM journey")


_FORGET = erased.forget

FAULTS: dict[str, tuple[Any, str, Any]] = {
    "the gate does not know who was erased, and the row stays": (
        erasure,
        "_GONE",
        tuple(one for one in erasure._GONE if "subjects" not in one.sql.split("WHERE")[0]),
    ),
    "the engine deletes nothing": (erased, "forget", lambda connection, contacts: None),
    "the engine deletes events and no more": (erased, "_of_one", _forgets_only(3)),
    "the engine leaves timers without a journey": (erased, "forget", _timers_stay),
    "the engine deletes the journeys of all": (erased, "forget", _everybody),
    "lines of the journal stay": (erased, "search", lambda connection, limit: False),
    "the engine's log of writes stays": (Sqlite, "rewrite", lambda self, driver, tables: True),
    "the consent store's log of writes stays": (ConsentStore, "rewrite", lambda self, table: True),
    "what waits under their address is left": (
        Erasing,
        "erase",
        lambda self, subject: self._consent.erase(subject, "operator"),
    ),
    "the engine does not hear of it": (Erasing, "hear", lambda self, changes, *rest: _as_it_is(*rest)),
    "what is under way is not called back": (Errands, "drop", lambda self, contacts: None),
    "the mailer does not hear of it": (Mailer, "revoke", lambda self, subject, leaf: None),
}


async def _as_it_is(received: Any, due: Any) -> Any:
    return received, due


def tell() -> str:
    """People buy, and one is erased, wherever that can come in between; the first thing that is wrong."""
    for point, hasty, killed in product(POINTS, (False, True), (False, True)):
        told = Promise()
        try:
            told.opens([["news", "offers"], ["news", "offers"]])
            told.happens(PEOPLE[0], "order_placed", True, 10 * MINUTE)
            told.happens(PEOPLE[1], "cart_updated", False, 10 * MINUTE)
            told.happens(PEOPLE[0], "cart_updated", False, 10 * MINUTE)
            told.intrude((point, ("erase", THEM), hasty))
            if killed and point != "committed":
                told.intrude(("committed", ("kill", False), False))
            told.happens(PEOPLE[0], "order_placed", False, 65 * MINUTE)
            told.intrude(("committed", ("kill", False), False))
            told.happens(PEOPLE[1], "order_placed", False, 65 * MINUTE)
            told.the_promise_is_kept()
        except AssertionError as fault:
            return str(fault).splitlines()[0]
        finally:
            told.life.meanwhile.clear()
            told.do(told.life.close())
            told.runner.close()
            told.place.cleanup()
    return ""


def test_nothing_is_wrong_where_nothing_is_planted() -> None:
    """Else the model would be red by itself."""
    assert tell() == ""


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever keeps an erasure whole is missed by the model if it is gone."""
    place, name, instead = FAULTS[fault]
    monkeypatch.setattr(place, name, instead)
    assert tell() != ""
