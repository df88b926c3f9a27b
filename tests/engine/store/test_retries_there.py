"""What is tried again is an effect that is there, or a person."""

import pytest
from person import ANNA

from engine.core.bundle import CallBody, Effect
from engine.store.batch import Batch
from engine.store.retries import Retry
from engine.store.store import Store

pytestmark = pytest.mark.anyio
OPEN, OVER, NOBODYS = (f"{number}" * 32 for number in (1, 2, 3))


def effect(key: str) -> Effect:
    return Effect(key, ANNA, "call", CallBody("told", "4" * 32, "call_1", 5, "crm", {}))


async def test_only_what_is_there_is_tried_again(kept: Store) -> None:
    """Not what the same batch ends, nor what nobody knows; a person is no effect."""
    await kept.commit(Batch(effects=[effect(OPEN), effect(OVER)]))
    tried = [Retry(key, "call", 1, 60) for key in (OPEN, OVER, NOBODYS)]
    person = Retry(ANNA, "person", 0, 70)
    await kept.commit(Batch(retries=[*tried, person], ended=[OVER]))
    assert await kept.retries() == [tried[0], person]
    await kept.forgetting.forget([ANNA])
    assert await kept.retries() == []
