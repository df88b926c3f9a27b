"""What counts as overdue: deadlines that somebody will act on, and does not in time."""

import pytest
from person import ANNA
from standing import journey

from engine.insight.records import open_records
from engine.store.aside import Aside
from engine.store.batch import Batch
from engine.store.server import Place
from engine.store.store import Store

pytestmark = pytest.mark.anyio
BERT = "b" * 32


async def test_deadlines_of_people_who_are_set_aside_are_not_overdue(kept: Store, place: Place) -> None:
    """They come when the people are tried again; till then nobody is late, for the metrics and the doctor."""
    await kept.commit(
        Batch(
            journeys_put=[journey("1" * 32, 10), journey("2" * 32, 20, BERT)],
            watches_put=[(5, ANNA), (30, BERT)],
        )
    )
    assert (await kept.behind(99)).overdue == 4
    await kept.commit(Batch(aside=[Aside(ANNA, 40, "fired", "ValueError")]))
    assert (await kept.behind(99)).overdue == 2
    assert (await kept.behind(20)).overdue == 0
    with open_records(place) as records:
        assert records.overdue(99) == (1, 20)
        assert records.overdue(20) == (0, None)
