"""What timers ask of people whose attributes alone decide: read without the rest of them."""

from decimal import Decimal

import pytest
from person import ANNA, MONDAY
from sqlalchemy import update
from standing import journey

from engine.core.bundle import Bundle
from engine.core.values import decoder
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.server import Place
from engine.store.store import Store

pytestmark = pytest.mark.anyio
BERT = "b" * 32


async def test_attributes_are_read_as_they_are_packed(place: Place) -> None:
    """By the slots of journeys; nobody else's, and nobody's whose row cannot be read."""
    store = Store(place)
    batch = Batch()
    for number, contact in enumerate((ANNA, BERT)):
        there = journey(str(number) * 32, MONDAY, contact)
        attributes = {"visits": Decimal(number), "city": "Riga"}
        batch.change(Bundle(contact), Bundle(contact, created=1, attributes=attributes, journeys=(there,)))
    await store.commit(batch)
    slots = {contact: bundle.journeys[0].slot for contact, bundle in (await store.load([ANNA, BERT])).items()}
    read = await store.attributes(list(slots.values()))
    assert {
        slot: {name: decoder().decode(value) for name, value in told.items()} for slot, told in read.items()
    } == {
        slots[ANNA]: {"visits": Decimal(0), "city": "Riga"},
        slots[BERT]: {"visits": Decimal(1), "city": "Riga"},
    }
    assert await store.attributes([slots[BERT]]) == {slots[BERT]: read[slots[BERT]]}
    assert await store.attributes([]) == {}
    spoilt = update(t.contact).where(t.contact.c.id == bytes.fromhex(ANNA)).values(body=b"\xc1")
    await store._database.run(lambda connection: connection.execute(spoilt).rowcount)
    assert await store.attributes(list(slots.values())) == {slots[BERT]: read[slots[BERT]]}
    store.close()
