"""People are made whole for a new program when something happens to them, once, and nobody is woken for it;
and whoever sleeps until time alone changes a segment costs nothing."""

import sqlite3
from collections.abc import AsyncIterator

import pytest
from flows import loaded
from person import DAY, HOUR, MONDAY

from engine.core.advance import advance
from engine.core.bundle import Bundle, Fired, Happened, Stimulus
from engine.core.loaded import Loaded
from engine.run.histories import Histories
from engine.store.arrivals import INBOX, Received
from engine.store.batch import Batch
from engine.store.statement import driver_of
from engine.store.store import Store

pytestmark = pytest.mark.anyio
BEFORE = 'segment carts "Carts"\n    any cart_updated in last 2 days\n'
AFTER = BEFORE + 'segment twice "Twice"\n    count of order_placed in last 30 days >= 2\n'
PEOPLE = [f"{number:032x}" for number in range(1, 41)]


class Life:
    """An engine that may die between any two of its lives: only the store lasts."""

    def __init__(self, store: Store, program: Loaded) -> None:
        self.store = store
        self.program = program
        self.histories = Histories(store)

    async def step(self, now: int, due: bool = False, dies: bool = False) -> dict[str, Bundle]:
        """Work on what came in, or on what is due; everybody concerned as they are afterwards."""
        cursor = (await self.store.cursors()).get(INBOX, 0)
        received, timers, _ = await self.store.gather(cursor, now, 1000)
        stimuli = [
            Stimulus(item.id, item.contact, item.at, Happened(item.kind, item.data)) for item in received
        ]
        if due:
            stimuli += [Stimulus(f"watch-{one.due}", one.contact, one.due, Fired("", 0)) for one in timers]
        batch = Batch(cursors={INBOX: received[-1].seq} if received else {})
        contacts = list(dict.fromkeys(stimulus.contact for stimulus in stimuli))
        before = await self.store.load(contacts)
        people = await self.histories.whole(self.program, before, cursor)
        for stimulus in stimuli:
            advanced = advance(self.program, people[stimulus.contact], stimulus, now)
            people[stimulus.contact] = advanced.bundle
            batch.entries += advanced.entries
        for contact, old in before.items():
            batch.change(old, people[contact])
        if not dies:
            await self.store.commit(batch)
        return people


def orders(now: int, number: int, event: str = "order_placed") -> list[Received]:
    return [Received(f"{event}-{number}-{one}", event, now, now, one, "", {}) for one in PEOPLE]


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    """In it everybody bought something twice, which nobody asked for."""
    opened = Store(None, durable=False)
    for day in (0, 1):
        await opened.accept(orders(MONDAY + day * DAY, day))
        await Life(opened, loaded(BEFORE)).step(MONDAY + day * DAY)
    yield opened
    opened.close()


async def test_whom_something_happens_to_knows_the_past_before_it(store: Store) -> None:
    """The event meets her with two orders behind her; that she was in the segment all along is no joining."""
    await store.accept([Received("c", "cart_updated", MONDAY + 2 * DAY, MONDAY + 2 * DAY, PEOPLE[0], "", {})])
    people = await Life(store, loaded(AFTER)).step(MONDAY + 2 * DAY)
    assert [seen.at for seen in people[PEOPLE[0]].windows["order_placed"]] == [MONDAY, MONDAY + DAY]
    assert people[PEOPLE[0]].segments == {"carts", "twice"}
    others = await store.load(PEOPLE[1:])
    assert all("order_placed" not in bundle.windows for bundle in others.values())


async def test_an_order_that_waits_in_the_inbox_counts_once(store: Store) -> None:
    """It is heard in this step, and not read beside that."""
    await store.accept(orders(MONDAY + 2 * DAY, 2))
    people = await Life(store, loaded(AFTER)).step(MONDAY + 2 * DAY)
    assert {len(bundle.windows["order_placed"]) for bundle in people.values()} == {3}


async def test_a_crash_before_the_commit_changes_nothing(store: Store) -> None:
    """The next life does the same again, and the one after it nothing more."""
    await store.accept(orders(MONDAY + 2 * DAY, 2))
    lost = await Life(store, loaded(AFTER)).step(MONDAY + 2 * DAY, dies=True)
    assert await Life(store, loaded(AFTER)).step(MONDAY + 2 * DAY) == lost
    await store.accept(orders(MONDAY + 3 * DAY, 3))
    people = await Life(store, loaded(AFTER)).step(MONDAY + 3 * DAY)
    assert {len(bundle.windows["order_placed"]) for bundle in people.values()} == {4}


async def test_there_and_back_again_loses_nothing(store: Store) -> None:
    """What happened while a program ran that did not ask for it, is read when one does again."""
    for day, program in ((2, AFTER), (3, BEFORE), (4, AFTER)):
        await store.accept(orders(MONDAY + day * DAY, day))
        people = await Life(store, loaded(program)).step(MONDAY + day * DAY)
    assert {len(bundle.windows["order_placed"]) for bundle in people.values()} == {5}


async def test_whoever_sleeps_is_not_read_until_time_changes_something(store: Store) -> None:
    """However many they are, the engine looks at the first deadline alone; at the moment itself everybody
    is moved at once."""
    life = Life(store, loaded(AFTER))
    await store.accept(orders(MONDAY + 2 * DAY, 2, "cart_updated"))
    await life.step(MONDAY + 2 * DAY)
    few = await work_of(store, MONDAY + 3 * DAY)
    sleepers = Batch()
    for number in range(1000, 6000):
        bundle = Bundle(f"{number:032x}", MONDAY, {"city": "x"}, watch=MONDAY + 90 * DAY)
        sleepers.change(Bundle(bundle.contact), bundle)
    await store.commit(sleepers)
    many = await work_of(store, MONDAY + 3 * DAY)
    assert many <= few + 20  # a deeper tree
    moved = await life.step(MONDAY + 4 * DAY, due=True)
    assert sorted(moved) == PEOPLE
    assert {bundle.segments for bundle in moved.values()} == {frozenset({"twice"})}


async def work_of(store: Store, now: int) -> int:
    """How many instructions of SQLite it takes to look for what is due; each row that is read is some."""
    driver = driver_of(store._database._connection)
    assert isinstance(driver, sqlite3.Connection)
    count = 0

    def counted() -> int:
        nonlocal count
        count += 1
        return 0

    store._stale = True
    driver.set_progress_handler(counted, 1)
    received, due, _ = await store.gather((await store.cursors())[INBOX], now, 1000)
    driver.set_progress_handler(None, 1)
    assert (received, due) == ([], [])
    return count


async def test_a_contact_of_whom_nothing_was_heard_is_outside_all_segments(store: Store) -> None:
    """The engine knows nobody by the passing of time alone; with the first event she is there."""
    life = Life(store, loaded('segment silent "Silent"\n    no order_placed in last 30 days\n'))
    stranger = "f" * 32
    assert await life.step(MONDAY + 60 * DAY, due=True) == {}
    assert (await store.load([stranger]))[stranger].segments == frozenset()
    now = MONDAY + 60 * DAY + HOUR
    await store.accept([Received("c", "cart_updated", now, now, stranger, "", {})])
    assert (await life.step(now))[stranger].segments == {"silent"}


async def test_what_time_did_to_a_person_is_told_though_another_segment_was_edited() -> None:
    """The engine stood still for the edit when her two days were over: she leaves the segment that stays as
    it was, and what the edit alone brings starts nothing."""
    store = Store(None, durable=False)
    flows = "".join(
        f'flow {name} "F"\n    start on {way} segment {segment}\n    enter every time\n\n    finish\n'
        for name, way, segment in (("bye", "leaving", "carts"), ("hi", "joining", "there"))
    )
    other = 'segment there "There"\n    contact.created_at is {}\n'
    await store.accept([Received("c", "cart_updated", MONDAY, MONDAY, PEOPLE[0], "", {})])
    await Life(store, loaded(BEFORE + other.format("unknown") + flows)).step(MONDAY)
    edited = Life(store, loaded(BEFORE + other.format("known") + flows))
    moved = await edited.step(MONDAY + 5 * DAY, due=True)
    assert moved[PEOPLE[0]].segments == {"there"}
    told = [(entry.what, entry.flow, entry.step) for entry in await store.journal()]
    assert told[-3:] == [("parted", "", "carts"), ("entered", "bye", ""), ("finished", "bye", "")]
    store.close()


@pytest.mark.parametrize(("inner", "told"), [("any cart_updated", 1), ("any cart_updated in last 9 days", 0)])
async def test_a_segment_is_edited_by_those_that_it_asks_for(inner: str, told: int) -> None:
    """Its own words are the same, but it says something else."""
    store = Store(None, durable=False)
    text = (
        'segment inner "I"\n    {}\n'
        'segment outer "O"\n    in segment inner and any order_placed in last 2 days\n'
    )
    at_first = [
        Received(kind, kind, MONDAY, MONDAY, PEOPLE[0], "", {}) for kind in ("cart_updated", "order_placed")
    ]
    await store.accept(at_first)
    await Life(store, loaded(text.format("any cart_updated"))).step(MONDAY)
    await Life(store, loaded(text.format(inner))).step(MONDAY + 5 * DAY, due=True)
    assert [entry.step for entry in await store.journal()].count("outer") == 1 + told
    store.close()
