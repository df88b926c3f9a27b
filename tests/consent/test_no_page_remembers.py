"""Some of many people are erased: no page of the database remembers them, however its tables had grown."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgres_server import Running
from sqlalchemy import select

from consent.contract import About, Visit
from consent.store.tables import evidence, former, subjects
from consent.subscriber import erasure

pytestmark = pytest.mark.anyio
PEOPLE, EACH = 4000, 10

DAY = 86_400_000
LONG = "the-longest-name-of-a-street-in-town-or-elsewhere.of-" + "all-the-streets."
Raw = Callable[[], bytes]


def address(number):
    """One that is found nowhere else; short ones and long ones, for rows of one size leave nothing."""
    return f"person.{number}.of.many@{LONG * (number * 7919 % 4)}crowd.example"


@pytest.fixture(params=["sqlite", "postgres"])
def crowded(request, open_world, tmp_path) -> Iterator[tuple[object, Raw]]:
    """A store, and what gives all bytes that its database keeps on the disk."""
    if request.param == "sqlite":
        world = open_world(tmp_path / "consent.db", durable=True)
        yield world, lambda: b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
        return
    running: Running = request.getfixturevalue("postgres")
    world = open_world(request.getfixturevalue("server"), durable=True)

    def raw() -> bytes:
        running.ask("CHECKPOINT")
        [(data,)] = running.ask("SHOW data_directory")
        tables = (path for path in (Path(data) / "base").rglob("*") if path.is_file())
        return b"".join(path.read_bytes() for path in tables)

    yield world, raw


def known(world, people):
    """What is kept of each as bytes."""

    def look(reading):
        own = select(subjects.c.id, subjects.c.wrapped, subjects.c.address, subjects.c.lookup)
        found = {row.id: [bytes(part) for part in row[1:]] for row in reading.conn.execute(own)}
        for row in reading.conn.execute(select(evidence.c.subject, evidence.c.sealed)):
            found[row.subject].append(bytes(row.sealed))
        return [found[one] for one in people]

    return world.service.read(look)


async def test_rows_that_moved_as_the_tables_grew_are_on_no_page(crowded):
    """SQLite leaves copies behind when it splits a page; a server keeps samples for its statistics. Those who
    stay are all there."""
    world, raw = crowded
    people = await world.client.subjects([address(number) for number in range(PEOPLE)])
    gone = people[::EACH]
    for number in range(0, PEOPLE, 10 * EACH):
        await world.sign_up(address(number))
    if world.service.store.begin_writing != "BEGIN IMMEDIATE":
        world.service.store.writer.connection.driver_connection.execute("ANALYZE")
    theirs, others = known(world, gone), known(world, people[1::EACH])
    assert {len(parts) for parts in theirs} == {3, 4}
    world.service.write(lambda tx: [erasure.erase(tx, one, "operator") for one in gone])
    await world.client.forgotten(gone)
    files = raw()
    assert [part for parts in theirs for part in parts if part in files] == []
    assert not any(address(number).encode() in files for number in range(0, PEOPLE, EACH))
    assert all(part in files for parts in others for part in parts)


async def test_what_time_has_forgotten_is_on_no_page_a_day_later(open_world, tmp_path):
    """Once, and not each time that something is forgotten: everybody waits while tables are written anew."""
    world = open_world(tmp_path / "consent.db", durable=True)
    anna = await world.join(address(1))
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    [parts] = known(world, [anna])
    world.pass_rightly(4 * 365 * DAY)
    assert (await world.client.keep_times()).proof_purged == 1
    assert world.service.write(erasure.wants_rewriting) is False
    world.clock.pass_(DAY)
    await world.client.keep_times()
    assert world.service.read(lambda reading: erasure.wants_rewriting(reading)) is False
    files = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert [part for part in parts[3:] if part in files] == []


async def test_addresses_that_somebody_left_are_on_no_page_either(crowded):
    """The one that they have, and the one that they had before."""
    world, raw = crowded
    anna = await world.join(address(1))
    await world.client.ask_to_move(world.preferences_token(anna), address(2), Visit())
    proofs = [one.ask for one in await world.client.proofs() if one.about is About.NEW_ADDRESS]
    [links] = [one.links for one in await world.client.decide(proofs)]
    await world.send(*proofs)
    await world.client.confirm(world.token(links.confirm), Visit())
    [left] = world.service.read(lambda reading: reading.conn.execute(select(former)).all())
    gone = [*known(world, [anna])[0], bytes(left.lookup), bytes(left.address)]
    await world.client.erase(anna, "operator")
    await world.client.forgotten([anna])
    files = raw()
    assert [part for part in gone if part in files] == []
    assert not any(address(number).encode() in files for number in (1, 2))
