"""The engine's memory: what goes in comes out, all or nothing, and no more of it than must be."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flows import loaded, program
from hypothesis import given, settings
from hypothesis import strategies as st
from person import ANNA, DAY, MINUTE, MONDAY, Person

from dsl.graph import Money
from engine.core.bundle import Bundle, Effect, Entry, Journey, MailBody, Mailed, Seen, in_order, replace
from engine.core.calendar import NEVER
from engine.store.batch import Batch
from engine.store.database import StoreFault, StoreInUse
from engine.store.store import Due, Received, Store

BERT = "b" * 32


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """On disk, as durable as it gets."""
    opened = Store(tmp_path / "engine.db")
    yield opened
    opened.close()


def test_the_database_is_for_its_owner_only(tmp_path: Path) -> None:
    """With the files beside it, whatever the umask; and one that others could read before."""
    before = os.umask(0)
    try:
        opened = Store(tmp_path / "engine.db")
        modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.glob("engine.db*")}
        opened.close()
        (tmp_path / "engine.db").chmod(0o644)
        Store(tmp_path / "engine.db").close()
    finally:
        os.umask(before)
    assert modes == {"engine.db": 0o600, "engine.db-wal": 0o600, "engine.db-shm": 0o600}
    assert (tmp_path / "engine.db").stat().st_mode & 0o777 == 0o600


# ---------------------------------------------------------------- any value, there and back

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.one_of(
        texts,
        st.booleans(),
        st.integers(-(2**60), 2**60),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.dates(),
        st.builds(Money, st.decimals(-(10**12), 10**12, places=2), st.sampled_from(["EUR", "USD"])),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
records = st.dictionaries(texts, values, max_size=4)
ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
instants = st.integers(0, 2**45)
journeys = st.builds(
    Journey,
    id=ids,
    contact=st.just(ANNA),
    flow=texts,
    graph=texts,
    node=st.integers(0, 99),
    due=instants | st.just(NEVER),
    epoch=st.integers(0, 9999),
    started=instants,
    trigger_id=texts,
    trigger=records,
    per=texts,
    mail=ids | st.just(""),
    received=st.dictionaries(texts, records, max_size=2),
    sent=st.lists(texts, max_size=3).map(tuple),
    visits=st.dictionaries(texts, st.integers(1, 9), max_size=2),
    codes=st.dictionaries(texts, instants, max_size=2),
    held=instants,
)
bundles = st.builds(
    Bundle,
    contact=st.just(ANNA),
    created=st.integers(1, 2**45),
    attributes=records,
    agreed=st.frozensets(texts, max_size=3),
    windows=st.dictionaries(
        texts, st.lists(st.builds(Seen, instants, records), max_size=3).map(tuple), max_size=2
    ),
    segments=st.frozensets(texts, max_size=3),
    segments_due=instants | st.just(NEVER),
    watch=instants | st.just(NEVER),
    dates=st.dictionaries(texts, instants, max_size=2),
    dated_by=texts,
    armed=st.dictionaries(texts, texts, max_size=2),
    given=st.dictionaries(texts, texts, max_size=2),
    mails=st.lists(st.builds(Mailed, instants, ids, texts), max_size=2).map(tuple),
    viewed=st.lists(texts, max_size=2).map(tuple),
    bought=st.lists(texts, max_size=2).map(tuple),
    entered=st.dictionaries(texts, instants, max_size=3),
    journeys=st.lists(journeys, max_size=3, unique_by=lambda journey: journey.id).map(in_order),
)


@settings(max_examples=30)
@given(bundles, bundles)
def test_a_bundle_comes_back_as_it_was(first: Bundle, second: Bundle) -> None:
    """Of every value in its type; also when it takes the place of another."""

    async def there_and_back() -> tuple[Bundle, Bundle, int | None]:
        store = Store(None, durable=False)
        try:
            found = []
            for old, new in ((Bundle(ANNA), first), (first, second)):
                batch = Batch()
                batch.change(old, new)
                await store.commit(batch)
                found.append((await store.load([ANNA]))[ANNA])
            *_, due = await store.gather(0, 0, 1)
            return found[0], found[1], due
        finally:
            store.close()

    # a contact is created once: what the first stimulus said stands
    second = replace(second, created=first.created)
    one, other, due = asyncio.run(there_and_back())
    assert one == first
    assert other == second
    deadlines = [journey.due for journey in second.journeys]
    if second.watch != NEVER:
        deadlines.append(second.watch)
    assert due == min(deadlines, default=None)


bodies = st.builds(
    MailBody,
    flow=texts,
    journey=ids,
    step=texts,
    template=texts,
    topic=texts,
    service=st.booleans(),
    at=instants,
    trigger_id=texts,
    attributes=records,
    trigger=records,
    received=records,
    values=st.dictionaries(texts, values | st.none(), max_size=3),
    subject=texts | st.tuples(texts, st.just(Money(Decimal("9.90"), "EUR"))),
    report=st.booleans(),
)


@settings(max_examples=20)
@given(st.lists(st.builds(Effect, ids, ids, st.just("mail"), bodies), max_size=3, unique_by=lambda e: e.key))
def test_effects_and_inbox_come_back_as_they_were(effects: list[Effect]) -> None:
    """Oldest first; what is done is gone."""

    async def there_and_back() -> None:
        store = Store(None, durable=False)
        try:
            await store.commit(Batch(effects=effects))
            assert await store.effects() == sorted(effects, key=lambda e: (e.body.at, e.key))
            await store.accept(
                [Received(f"e{n}", "x", n, n, ANNA, "", e.body.trigger) for n, e in enumerate(effects)]
            )
            received, *_ = await store.gather(0, 0, 10)
            assert [one.data for one in received] == [effect.body.trigger for effect in effects]
            await store.commit(Batch(ended=[effect.key for effect in effects]))
            assert await store.effects() == []
        finally:
            store.close()

    asyncio.run(there_and_back())


# ---------------------------------------------------------------- no more than must be

WAITS = """
flow alpha "Alpha"
    start on cart_updated
    enter every time

    wait 1 day
    wait 1 day
    wait for order_placed up to 9 days
"""


def changes(person: Person, what: Any) -> Batch:
    """What a step of a person's way would write."""
    before = person.bundle
    what()
    batch = Batch()
    batch.change(before, person.bundle)
    return batch


def test_a_timer_that_only_moves_a_journey_leaves_the_contact_s_row_alone() -> None:
    """One row of the journey goes, one comes."""
    anna = Person(loaded(WAITS)).happens("cart_updated")
    old = anna.journey("alpha")
    batch = changes(anna, lambda: anna.pass_(DAY))
    assert batch == Batch(journeys_gone=[old], journeys_put=[anna.journey("alpha")])


def test_an_event_that_nobody_asks_for_writes_nothing() -> None:
    """But the first thing heard of somebody makes them a contact, with that day."""
    anna = Person(loaded(WAITS))
    first = changes(anna, lambda: anna.happens("price_dropped"))
    assert first == Batch(profiles=[Bundle(ANNA, created=MONDAY)])
    assert changes(anna, lambda: anna.pass_(DAY).happens("price_dropped")) == Batch()


def test_a_journey_that_starts_and_ends_in_one_batch_leaves_no_row() -> None:
    """Its rows would only come and go."""
    flow = """
flow alpha "Alpha"
    start on cart_updated

    finish
"""
    anna = Person(loaded(flow))
    batch = changes(anna, lambda: anna.happens("cart_updated"))
    assert (batch.journeys_put, batch.journeys_gone) == ([], [])


def test_a_look_at_segments_is_written_only_when_it_moves() -> None:
    """The watch row goes with the old moment and comes with the new one."""
    flow = """
segment fresh "Fresh"
    any order_placed in last 3 days
"""
    anna = Person(loaded(flow))
    first = changes(anna, lambda: anna.happens("order_placed"))
    assert (first.watches_gone, first.watches_put) == ([], [(MONDAY + 3 * DAY, ANNA)])
    again = changes(anna, lambda: anna.pass_(MINUTE).happens("order_placed"))
    assert (again.watches_gone, again.watches_put) == ([], [])
    last = changes(anna, lambda: anna.pass_(9 * DAY))
    assert (last.watches_gone, last.watches_put) == ([(MONDAY + 3 * DAY, ANNA)], [])


# ---------------------------------------------------------------- order


def journey(id_: str, due: int, contact: str = ANNA, mail: str = "") -> Journey:
    """A journey that stands somewhere."""
    return Journey(id_, contact, "alpha", "digest", 0, due, 3, MONDAY, "t", {}, mail=mail)


@pytest.mark.anyio
async def test_deadlines_come_earliest_first(store: Store) -> None:
    """Those of journeys and those of segments, up to now, as many as are asked for."""
    batch = Batch(
        journeys_put=[
            journey("3" * 32, 30, mail="f" * 32),
            journey("1" * 32, 10, BERT),
            journey("2" * 32, NEVER),
        ],
        watches_put=[(20, ANNA), (40, BERT)],
    )
    await store.commit(batch)
    all_due = [Due(10, BERT, "1" * 32, 3, ""), Due(20, ANNA, "", 0, ""), Due(30, ANNA, "3" * 32, 3, "f" * 32)]
    assert (await store.gather(0, 30, 9))[1:] == (all_due, 10)
    assert (await store.gather(0, 29, 9))[1] == all_due[:2]
    assert (await store.gather(0, 99, 1))[1] == all_due[:1]
    assert (await store.gather(0, 9, 9))[1] == []


@pytest.mark.anyio
async def test_the_inbox_is_read_in_the_order_of_arrival(store: Store) -> None:
    """From a position on; positions are never used again, so a cursor stays right."""
    await store.accept([Received(f"e{n}", "x", 100 - n, 100, ANNA, "", {}) for n in range(5)])
    received, *_ = await store.gather(0, 0, 3)
    assert [one.id for one in received] == ["e0", "e1", "e2"]
    received, *_ = await store.gather(received[-1].seq, 0, 9)
    assert [one.id for one in received] == ["e3", "e4"]
    await store.commit(Batch(cursors={"inbox": received[-1].seq, "changes": 7}))
    await store.commit(Batch(cursors={"inbox": 9}))
    assert await store.cursors() == {"inbox": 9, "changes": 7}


@pytest.mark.anyio
async def test_the_journal_is_ordered_and_numbered(store: Store) -> None:
    """By moment, then contact, then as written; over all batches."""

    def line(contact: str, at: int, what: str) -> Entry:
        return Entry(contact, at, 0, "j", "alpha", "step", what, "why")

    await store.commit(Batch(entries=[line(BERT, 5, "a"), line(ANNA, 7, "b"), line(ANNA, 5, "c")]))
    await store.commit(Batch(entries=[line(ANNA, 5, "d"), line(ANNA, 6, "e")]))
    journal = await store.journal()
    assert [(entry.at, entry.contact[0], entry.n, entry.what) for entry in journal] == [
        (5, "a", 0, "c"),
        (5, "a", 1, "d"),
        (5, "b", 0, "a"),
        (6, "a", 0, "e"),
        (7, "a", 0, "b"),
    ]


@pytest.mark.anyio
async def test_many_contacts_load_at_once(store: Store) -> None:
    """More than one query names; each gets its own journeys, and strangers are new."""
    people = [f"{number:032x}" for number in range(1203)]
    batch = Batch()
    for number, contact in enumerate(people[:1200]):
        mine = tuple(journey(f"{number:016x}{n:016x}", n, contact) for n in range(number % 3))
        batch.change(Bundle(contact), Bundle(contact, created=1, journeys=mine))
    await store.commit(batch)
    found = await store.load(people)
    assert [len(found[contact].journeys) for contact in people[:1200]] == [n % 3 for n in range(1200)]
    assert found[people[-1]] == Bundle(people[-1])


@pytest.mark.anyio
async def test_graphs_are_kept_once(store: Store) -> None:
    """By their digest, as they are."""
    flows = program(WAITS).flows
    await store.keep_graphs(flows)
    await store.keep_graphs(flows)
    assert await store.graphs() == list(flows)


@pytest.mark.anyio
async def test_the_graphs_that_are_still_needed_are_those_on_which_journeys_stand(store: Store) -> None:
    """One that was edited long ago, and whose journeys have all ended, is not loaded any more."""
    flow = program(WAITS).flows[0]
    first, second, third = (replace(flow, digest=sign * 64) for sign in "123")
    await store.keep_graphs([first, second, third])
    standing = [
        Journey(f"{n:032x}", ANNA, graph.flow, graph.digest, 0, n + 1, 0, 0, "", {})
        for n, graph in enumerate([second, third, second])
    ]
    batch = Batch()
    batch.change(Bundle(ANNA), Bundle(ANNA, created=1, journeys=tuple(standing), watch=MONDAY))
    await store.commit(batch)
    assert await store.graphs_beside([]) == [second, third]
    assert await store.graphs_beside([third.digest]) == [second]
    assert await store.graphs_beside([second.digest, third.digest]) == []


# ---------------------------------------------------------------- addresses


@pytest.mark.anyio
async def test_an_address_is_gone_once_its_contact_is_known(tmp_path: Path) -> None:
    """Not a byte of it in the file or beside it, after a checkpoint; nor of one that was none."""
    path = tmp_path / "engine.db"
    store = Store(path)
    people = [f"person{number}@kafija.example" for number in range(300)]
    await store.accept(
        [Received(f"e{n}", "x", 1, 1, "", address, {"n": "x" * (n % 50)}) for n, address in enumerate(people)]
    )
    received, *_ = await store.gather(0, 0, 1000)
    assert [one.address for one in received] == people
    named = [(one.seq, f"{one.seq:032x}") for one in received if one.seq % 7]
    await store.commit(Batch(named=named, forgotten=[one.seq for one in received if not one.seq % 7]))
    received, *_ = await store.gather(0, 0, 1000)
    assert {one.address for one in received} == {""}
    assert [(one.seq, one.contact) for one in received if one.contact] == named
    checkpoint(path)
    assert holding(b"kafija.example", tmp_path) == []
    store.close()
    assert holding(b"kafija.example", tmp_path) == []


def holding(text: bytes, folder: Path) -> list[str]:
    """The files that hold these bytes."""
    return [file.name for file in folder.iterdir() if text in file.read_bytes()]


def checkpoint(path: Path) -> None:
    """Move the log into the file and empty it."""
    other = sqlite3.connect(path)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()


# ---------------------------------------------------------------- faults


def run(script: str, path: Path) -> "subprocess.CompletedProcess[str]":
    """A program that is given a path, run to its end."""
    return subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )


@pytest.mark.anyio
async def test_a_second_process_is_told_so(store: Store, tmp_path: Path) -> None:
    """In one plain sentence; the first goes on."""
    script = (
        "import sys; from pathlib import Path; from engine.store.database import StoreInUse;"
        "from engine.store.store import Store\n"
        "try: Store(Path(sys.argv[1]))\nexcept StoreInUse as fault: print(fault)"
    )
    path = tmp_path / "engine.db"
    told = run(script, path)
    assert told.stdout == f"Another process is running this project's engine ({path}). Stop it first.\n"
    await store.commit(Batch(cursors={"inbox": 1}))


def test_a_store_that_was_closed_can_be_opened_again(tmp_path: Path) -> None:
    """And one that could not be opened leaves no lock."""
    for _ in range(2):
        Store(tmp_path / "engine.db").close()
    (tmp_path / "broken.db").write_bytes(b"This is a letter to my aunt. " * 300)
    for _ in range(2):
        with pytest.raises(
            StoreFault, match=r"broken\.db cannot be used as a database: file is not a database"
        ):
            Store(tmp_path / "broken.db")
    with pytest.raises(StoreFault, match="cannot be used as a database: unable to open"):
        Store(tmp_path / "folder" / "..")


@pytest.mark.anyio
async def test_two_stores_in_one_process_are_one_too_many(store: Store, tmp_path: Path) -> None:
    """The lock is on the file, not on the process."""
    with pytest.raises(StoreInUse):
        Store(tmp_path / "engine.db")


@pytest.mark.anyio
async def test_a_batch_is_kept_whole_or_not_at_all(store: Store) -> None:
    """A fault in its last table undoes what its first ones wrote."""
    await store.commit(Batch(profiles=[Bundle(ANNA, created=1, entered={"alpha": 1})]))
    twice = journey("1" * 32, 10)
    batch = Batch(
        profiles=[Bundle(ANNA, created=1, entered={"alpha": 2})],
        journeys_put=[twice, twice],
        cursors={"inbox": 1},
    )
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE constraint failed"):
        await store.commit(batch)
    assert (await store.load([ANNA]))[ANNA] == Bundle(ANNA, created=1, entered={"alpha": 1})
    assert await store.cursors() == {}


@pytest.mark.anyio
async def test_a_crash_in_mid_transaction_leaves_the_old_state(tmp_path: Path) -> None:
    """Killed between the writes and the commit: nothing of it is there; what was committed before is."""
    script = """
import asyncio, os, signal, sys
from pathlib import Path
from engine.core.bundle import Bundle
from engine.store import store
from engine.store.batch import Batch
from engine.store.database import Database
from engine.store.effects import Places
from engine.store.schema import metadata

def writes(connection, number):
    person = Bundle("a" * 32, created=number)
    store._commit(connection, Batch(profiles=[person], cursors={"inbox": number}), Places())

def dies(connection):
    writes(connection, 2)
    os.kill(os.getpid(), signal.SIGKILL)

database = Database(Path(sys.argv[1]), metadata)
asyncio.run(database.run(writes, 1))
asyncio.run(database.run(dies))
"""
    path = tmp_path / "engine.db"
    died = run(script, path)
    assert died.returncode == -signal.SIGKILL
    store = Store(path)
    assert await store.cursors() == {"inbox": 1}
    assert (await store.load([ANNA]))[ANNA] == Bundle(ANNA, created=1)
    store.close()


@pytest.mark.anyio
async def test_a_caller_that_gives_up_leaves_no_half_batch(store: Store) -> None:
    """The transaction that has begun is finished before the cancelling comes through."""
    batch = Batch(profiles=[Bundle(f"{n:032x}", created=1) for n in range(2000)], cursors={"inbox": 1})
    task = asyncio.get_running_loop().create_task(store.commit(batch))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await store.cursors() == {"inbox": 1}


def test_what_is_said_of_a_birthday_is_a_date_again(tmp_path: Path) -> None:
    """Numbers stay exact decimals, dates dates, and amounts keep their cents."""
    attributes = {
        "birthday": date(2000, 2, 29),
        "credit": Money(Decimal("5.00"), "EUR"),
        "visits": Decimal("1.10"),
    }
    batch = Batch(profiles=[Bundle(ANNA, created=1, attributes=attributes)])
    for _ in range(2):
        store = Store(tmp_path / "engine.db")
        asyncio.run(store.commit(batch))
        found = asyncio.run(store.load([ANNA]))[ANNA].attributes
        assert repr(found) == repr(attributes)
        store.close()
