"""What the journal forgets: lines that are too old, and all of somebody who was erased."""

from decimal import Decimal

import pytest

from engine.core.bundle import Entry
from engine.core.record import Ground, What
from engine.run.retention import forget_old_lines
from engine.store.batch import Batch
from engine.store.store import Store

pytestmark = pytest.mark.anyio
ANNA, BELA = "a" * 32, "b" * 32
DAY = 86_400_000
NOW = 1_772_434_800_000


async def write(store: Store, *lines: tuple[str, int]) -> None:
    """One batch: whose lines, and when."""
    batch = Batch()
    told = ("1" * 32, "alpha", "hello", What.SENT.value)
    batch.entries += [Entry(contact, at, 0, *told) for contact, at in lines]
    await store.commit(batch)


async def told(store: Store) -> list[tuple[str, int]]:
    return [(entry.contact, entry.at) for entry in await store.journal()]


async def test_old_lines_are_forgotten(store: Store) -> None:
    """By calendar months; what is younger stays, and so does the newest row, however old."""
    for days in (800, 400, 30):
        await write(store, (ANNA, NOW - days * DAY))
    await forget_old_lines(store, NOW, 25)
    assert await told(store) == [(ANNA, NOW - 400 * DAY), (ANNA, NOW - 30 * DAY)]
    await forget_old_lines(store, NOW + 4000 * DAY, 25)
    assert await told(store) == [(ANNA, NOW - 30 * DAY)]


async def test_many_rows_are_forgotten_in_parts(store: Store) -> None:
    """Each part is a transaction of its own."""
    for day in range(10, 0, -1):
        await write(store, (ANNA, NOW - day * DAY))
    await store.forget_journal(NOW - 5 * DAY, part=2)
    assert [at for _, at in await told(store)] == [NOW - day * DAY for day in (5, 4, 3, 2, 1)]


async def test_of_who_is_erased_nothing_is_left(store: Store) -> None:
    """In whichever batch it stands; the lines of others stay as they are."""
    for day in range(5):
        await write(store, (ANNA, NOW + day * DAY), (BELA, NOW + day * DAY))
    await write(store, (ANNA, NOW + 5 * DAY))
    await store.forgetting.forget([ANNA])
    while await store.forgetting.search_journal(2):
        pass
    assert await told(store) == [(BELA, NOW + day * DAY) for day in range(5)]


async def test_the_values_that_decided_go_with_whoever_is_erased(store: Store) -> None:
    """The row that both stand in is written anew: hers are gone, and those of others as they were."""
    batch = Batch()
    for contact, city in ((ANNA, "Annaburg"), (BELA, "Belaburg")):
        grounds = (Ground("contact.city", city), Ground("contact.visits", Decimal("2.5")))
        way = ("1" * 32, "alpha", "if_1", What.DECIDED.value, "yes", 0, "", grounds)
        batch.entries.append(Entry(contact, NOW, 0, *way))
    await store.commit(batch)
    before = await store.journal()
    assert before == batch.entries
    await store.forgetting.forget([ANNA])
    while await store.forgetting.search_journal(2):
        pass
    assert await store.journal() == batch.entries[1:]
