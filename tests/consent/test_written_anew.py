"""A file is written anew table by table: nothing of it goes elsewhere, others write meanwhile, and whoever is
erased in between is not said to be gone."""

import os
import secrets
from pathlib import Path

import pytest

from consent import forgetting
from consent.contract import Unavailable, Visit
from consent.store.anew import OF_PEOPLE, write_anew
from consent.store.statement import driver_of
from consent.subscriber import erasure

pytestmark = pytest.mark.anyio
ROWS = 4_000


def nameless():
    """How many bytes this process has in files that have no name any more."""
    found = 0
    for number in os.listdir("/proc/self/fd"):
        place = f"/proc/self/fd/{number}"
        if os.path.exists(place) or os.path.islink(place):
            try:
                found += os.stat(place).st_size if os.readlink(place).endswith("(deleted)") else 0
            except FileNotFoundError:
                continue
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only here files without a name are seen")
@pytest.mark.parametrize("table", ["evidence", "subjects"])
async def test_nothing_goes_through_a_file_elsewhere(open_world, tmp_path, table):
    """With so little memory that SQLite would take to one at once; the rows are as they were."""
    world = open_world(tmp_path / "consent.db", durable=True)
    driver = driver_of(world.service.store.writer)
    driver.execute("BEGIN IMMEDIATE")
    names = [row[1] for row in driver.execute(f"PRAGMA table_info({table})").fetchall()]
    marks = ", ".join("?" * len(names))
    for _ in range(ROWS):
        driver.execute(
            f"INSERT INTO {table} VALUES ({marks})", [secrets.token_bytes(60).hex() for _ in names]
        )
    driver.commit()
    rows = sorted(driver.execute(f"SELECT * FROM {table}").fetchall())
    made = driver.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
    driver.execute("PRAGMA cache_size=10")
    before, most = nameless(), []

    def look():
        most.append(nameless())

    driver.set_progress_handler(look, 2_000)
    write_anew(driver, table)
    driver.set_progress_handler(None, 0)
    assert len(most) > 3
    assert max(most) <= before + 100_000
    assert sorted(driver.execute(f"SELECT * FROM {table}").fetchall()) == rows
    assert (
        driver.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall() == made
    )


async def test_others_write_between_two_tables(open_world, tmp_path):
    """A withdrawal waits for one table at most."""
    world = open_world(tmp_path / "consent.db", durable=True)
    anna, berta = [await world.join(f"{name}@kafija.example") for name in ("anna", "berta")]
    await world.client.erase(anna, "operator")
    parts = 0
    for part in forgetting.rewriting(world.service):
        assert part()
        parts += 1
        await world.client.withdraw(world.unsubscribe_token(berta), "page", False, Visit())
    assert parts == len(OF_PEOPLE) + 2
    assert not world.service.read(erasure.wants_rewriting)


async def test_where_it_takes_long_it_is_done_once_for_all_who_wait(open_world, tmp_path, monkeypatch):
    """Whoever was erased just after it is gone from the pages later, and is not said to be before."""
    monkeypatch.setattr(forgetting, "_LONG", 0.0)
    monkeypatch.setattr(forgetting, "_RARELY", 10**6)
    world = open_world(tmp_path / "consent.db", durable=True)
    anna, berta = [await world.join(f"{name}@kafija.example") for name in ("anna", "berta")]
    await world.client.erase(anna, "operator")
    await world.client.forgotten([anna])
    await world.client.forgotten([anna])
    await world.client.erase(berta, "operator")
    with pytest.raises(Unavailable, match="just now"):
        await world.client.forgotten([berta])
    assert world.types().count("erasure.done.primary") == 1
    monkeypatch.setattr(forgetting, "_RARELY", 0)
    await world.client.forgotten([berta])
    assert world.types().count("erasure.done.primary") == 2


@pytest.mark.parametrize("after", [1, 4, len(OF_PEOPLE)])
async def test_whoever_is_erased_meanwhile_is_seen_to_by_the_next(open_world, tmp_path, after):
    """Their rows were copied with the others."""
    world = open_world(tmp_path / "consent.db", durable=True)
    anna, berta = [await world.join(f"{name}@kafija.example") for name in ("anna", "berta")]
    await world.client.erase(anna, "operator")
    done = []
    for number, part in enumerate(forgetting.rewriting(world.service)):
        if number == after:
            await world.client.erase(berta, "operator")
        done.append(part())
    assert done == [True] * (len(done) - 1) + [False]
    assert world.service.read(erasure.wants_rewriting)
    await world.client.forgotten([anna, berta])
    assert not world.service.read(erasure.wants_rewriting)


@pytest.mark.parametrize("durable", [True, False])
async def test_each_commit_is_synced_where_the_store_is_to_last(open_world, place, durable):
    """What was answered stands, whatever becomes of the power."""
    driver = driver_of(open_world(place, durable=durable).service.store.writer)
    if isinstance(place, Path):
        [(synced,)] = driver.execute("PRAGMA synchronous").fetchall()
        assert synced == (2 if durable else 0)  # FULL, OFF
    else:
        assert driver.execute("SHOW synchronous_commit").fetchone()[0] == ("on" if durable else "off")
