"""A slot that a later life gives out again is one person's only, whoever was in it before."""

import pytest
from msgspec import DecodeError
from person import ANNA, MONDAY
from standing import journey

from engine.core.bundle import Bundle, replace
from engine.insight.records import open_records
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.server import Place
from engine.store.store import Store

pytestmark = pytest.mark.anyio
BERT = "b" * 32
FIRST, SECOND, THIRD = ("1" * 32, "2" * 32, "3" * 32)


async def starts(store: Store, id_: str, contact: str) -> None:
    """Beside the contact's other journeys."""
    old = (await store.load([contact]))[contact]
    batch = Batch()
    batch.change(old, replace(old, created=1, journeys=(*old.journeys, journey(id_, MONDAY, contact))))
    await store.commit(batch)


async def ends(store: Store, contact: str) -> None:
    """All journeys of the contact."""
    old = (await store.load([contact]))[contact]
    batch = Batch()
    batch.change(old, replace(old, journeys=()))
    await store.commit(batch)


def ids(bundle: Bundle) -> list[str]:
    return [one.id for one in bundle.journeys]


async def test_a_slot_given_again_is_the_later_person_s(place: Place) -> None:
    """The first one's own row still names it: an end leaves it as it is."""
    store = Store(place)
    await starts(store, FIRST, ANNA)
    await ends(store, ANNA)
    store.close()
    store = Store(place)
    await starts(store, SECOND, BERT)
    assert [one.slot for one in (await store.load([BERT]))[BERT].journeys] == [1]
    await theirs(store, {ANNA: [], BERT: [SECOND]})
    await starts(store, THIRD, ANNA)
    await theirs(store, {ANNA: [THIRD], BERT: [SECOND]})
    store.close()
    with open_records(place) as records:
        assert (ids(records.bundle(ANNA)), ids(records.bundle(BERT))) == ([THIRD], [SECOND])


async def theirs(store: Store, wanted: dict[str, list[str]]) -> None:
    """Everybody has these journeys, loaded alone or together."""
    for asked in (*([contact] for contact in wanted), list(wanted), list(reversed(wanted))):
        people = await store.load(asked)
        assert {contact: ids(people[contact]) for contact in asked} == {
            contact: wanted[contact] for contact in asked
        }


async def test_what_cannot_be_read_of_the_later_person_does_not_touch_the_first(place: Place) -> None:
    """Whose slot it was, and who has nothing to do with it."""
    store = Store(place)
    await starts(store, FIRST, ANNA)
    await ends(store, ANNA)
    store.close()
    store = Store(place)
    await starts(store, SECOND, BERT)
    broken = t.journey.update().values(body=b"\xc1")
    await store._database.run(lambda connection: connection.execute(broken))
    assert ids((await store.load([ANNA]))[ANNA]) == []
    with pytest.raises(DecodeError):
        await store.load([ANNA, BERT])
    store.close()
    with open_records(place) as records:
        assert ids(records.bundle(ANNA)) == []
