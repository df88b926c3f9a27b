"""The engine's memory gives back what was put in, in order and by as much as is asked for."""

import pytest
from flows import program
from person import ANNA, MONDAY
from standing import WAITS, journey

from engine.core.bundle import Bundle, Entry, Journey, replace
from engine.core.calendar import NEVER
from engine.store.batch import Batch
from engine.store.store import Due, Received, Store

BERT = "b" * 32


@pytest.mark.anyio
async def test_deadlines_come_earliest_first(kept: Store) -> None:
    """Those of journeys and those of segments, up to now, as many as are asked for."""
    batch = Batch(
        journeys_put=[
            journey("3" * 32, 30, mail="f" * 32),
            journey("1" * 32, 10, BERT),
            journey("2" * 32, NEVER),
        ],
        watches_put=[(20, ANNA), (40, BERT)],
    )
    await kept.commit(batch)
    all_due = [
        Due(10, BERT, "1" * 32, 3, slot=2, graph="digest", alone=True),
        Due(20, ANNA),
        Due(30, ANNA, "3" * 32, 3, "f" * 32, slot=1, graph="digest"),
    ]
    assert (await kept.gather(0, 30, 9))[1:] == (all_due, 10)
    assert (await kept.gather(0, 29, 9))[1] == all_due[:2]
    first = replace(all_due[0], alone=False)  # the watches that were not read may be of the same person
    assert (await kept.gather(0, 99, 1))[1] == [first]
    assert (await kept.gather(0, 9, 9))[1] == []


@pytest.mark.anyio
async def test_the_inbox_is_read_in_the_order_of_arrival(kept: Store) -> None:
    """From a position on; positions are never used again, so a cursor stays right."""
    await kept.accept([Received(f"e{n}", "x", 100 - n, 100, ANNA, "", {}) for n in range(5)])
    received, *_ = await kept.gather(0, 0, 3)
    assert [one.id for one in received] == ["e0", "e1", "e2"]
    received, *_ = await kept.gather(received[-1].seq, 0, 9)
    assert [one.id for one in received] == ["e3", "e4"]
    await kept.commit(Batch(cursors={"inbox": received[-1].seq, "changes": 7}))
    await kept.commit(Batch(cursors={"inbox": 9}))
    assert await kept.cursors() == {"inbox": 9, "changes": 7}


@pytest.mark.anyio
async def test_the_journal_is_ordered_and_numbered(kept: Store) -> None:
    """By moment, then contact, then as written; over all batches."""

    def line(contact: str, at: int, what: str) -> Entry:
        return Entry(contact, at, 0, "1" * 32, "alpha", "step", what, "why")

    await kept.commit(Batch(entries=[line(BERT, 5, "a"), line(ANNA, 7, "b"), line(ANNA, 5, "c")]))
    await kept.commit(Batch(entries=[line(ANNA, 5, "d"), line(ANNA, 6, "e")]))
    journal = await kept.journal()
    assert [(entry.at, entry.contact[0], entry.n, entry.what) for entry in journal] == [
        (5, "a", 0, "c"),
        (5, "a", 1, "d"),
        (5, "b", 0, "a"),
        (6, "a", 0, "e"),
        (7, "a", 0, "b"),
    ]


@pytest.mark.anyio
async def test_many_contacts_load_at_once(kept: Store) -> None:
    """More than one query names; each gets its own journeys, and strangers are new."""
    people = [f"{number:032x}" for number in range(1203)]
    batch = Batch()
    for number, contact in enumerate(people[:1200]):
        mine = tuple(journey(f"{number:016x}{n:016x}", n, contact) for n in range(number % 3))
        batch.change(Bundle(contact), Bundle(contact, created=1, journeys=mine))
    await kept.commit(batch)
    found = await kept.load(people)
    assert [len(found[contact].journeys) for contact in people[:1200]] == [n % 3 for n in range(1200)]
    assert found[people[-1]] == Bundle(people[-1])


@pytest.mark.anyio
async def test_graphs_are_kept_once(kept: Store) -> None:
    """By their digest, as they are."""
    flows = program(WAITS).flows
    await kept.keep_graphs(flows)
    await kept.keep_graphs(flows)
    assert await kept.graphs() == list(flows)


@pytest.mark.anyio
async def test_the_graphs_that_are_still_needed_are_those_on_which_journeys_stand(kept: Store) -> None:
    """One that was edited long ago, and whose journeys have all ended, is not loaded any more."""
    flow = program(WAITS).flows[0]
    first, second, third = (replace(flow, digest=sign * 64) for sign in "123")
    await kept.keep_graphs([first, second, third])
    standing = [
        Journey(f"{n:032x}", ANNA, graph.flow, graph.digest, 0, n + 1, 0, 0, "", {})
        for n, graph in enumerate([second, third, second])
    ]
    batch = Batch()
    batch.change(Bundle(ANNA), Bundle(ANNA, created=1, journeys=tuple(standing), watch=MONDAY))
    await kept.commit(batch)
    assert await kept.graphs_beside([]) == [second, third]
    assert await kept.graphs_beside([third.digest]) == [second]
    assert await kept.graphs_beside([second.digest, third.digest]) == []
