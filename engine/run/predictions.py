"""The way of a model's predictions to the people they are about: by the inbox, like all that comes in."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, TypeAlias

from dsl.graph import Money
from engine.core.bundle import Foretold
from engine.store.store import Received, Store

Predicted: TypeAlias = Mapping[Literal["churn_risk", "lifetime_value"], Decimal | Money | None]

_MARK = "predicted."
"""Begins the names of values that were predicted: no attribute has such a name."""


async def foretell(store: Store, people: Mapping[str, Predicted], now: int) -> None:
    """Tell what a model predicts of people, by contact: the one place by which predictions come in.

    `churn_risk` is a `Decimal` from 0 to 1, `lifetime_value` is `Money`, None makes one unknown. `now` is in
    ms UTC. Of those who do not agree to personalisation nothing is kept; waits and segments of all others are
    judged anew.
    """
    await store.accept(
        [
            Received("", "", now, now, contact, "", {f"{_MARK}{what}": value for what, value in told.items()})
            for contact, told in people.items()
            if told
        ]
    )


def foretold(received: Received) -> Foretold | None:
    """The predictions in a row of the inbox, None for any other row."""
    if received.kind or not any(name.startswith(_MARK) for name in received.data):
        return None
    return Foretold({name.removeprefix(_MARK): value for name, value in received.data.items()})
