"""What runs is written down as releases, which are never changed, and read beside whoever works with them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from consent.contract import Policy
from dsl.graph import Program
from engine.insight.records import open_records
from engine.store.control import open_desk
from engine.store.releases import Backfill, Content, Head, Overtaken, Release
from engine.store.store import Store

EMPTY = Content(Program((), (), (), (), ()), (), (), {}, Policy((), ()))
OTHER = Content(EMPTY.program, (), (), {"ten": ("A", "B")}, EMPTY.policy, {"shop.flow": "use shop"})


def made(content: Content, number: int = 0, *backfills: Backfill) -> Release:
    return Release(number, 5, "anna at shop1", "apply", content, "p", backfills=backfills)


def test_the_newest_runs_and_the_others_stay(tmp_path: Path) -> None:
    """A start with the same content makes none; another one comes behind it; the first is called that."""
    path = tmp_path / "engine.db"

    async def work() -> None:
        store = Store(path)
        try:
            with open_records(path) as records:
                assert records.release() is None
            assert await store.last_release() == 0
            first = await store.enact(made(EMPTY))
            assert (first.number, first.kind) == (1, "first")
            assert await store.enact(made(EMPTY)) == first
            second = await store.enact(made(OTHER))
            assert (second.number, second.kind, await store.last_release()) == (2, "apply", 2)
            with open_records(path) as records:
                assert records.release() == second
                assert records.release(1) == first
                assert records.releases() == [
                    Head(1, 5, "anna at shop1", "first", EMPTY.digest),
                    Head(2, 5, "anna at shop1", "apply", OTHER.digest),
                ]
        finally:
            store.close()

    anyio.run(work)


def test_only_one_of_two_who_release_at_once_does(tmp_path: Path) -> None:
    """The second one finds the number taken; nothing of it is kept."""
    path = tmp_path / "engine.db"
    Store(path).close()
    with open_desk(path) as desk:
        desk.release(made(EMPTY, 1))
        with pytest.raises(Overtaken):
            desk.release(made(OTHER, 1))
    with open_records(path) as records:
        assert [head.digest for head in records.releases()] == [EMPTY.digest]


def test_what_is_to_start_for_the_past_is_told_in_order(tmp_path: Path) -> None:
    """Over all releases, for a later one does not take back what an earlier one was to start."""

    async def work() -> None:
        store = Store(tmp_path / "engine.db")
        try:
            await store.enact(made(EMPTY, 0, Backfill("a")))
            await store.enact(made(OTHER, 0, Backfill("b", 7), Backfill("c")))
            assert await store.backfills() == [(1, Backfill("a")), (2, Backfill("b", 7)), (2, Backfill("c"))]
        finally:
            store.close()

    anyio.run(work)


def test_a_store_of_an_earlier_version_does_not_tell(tmp_path: Path) -> None:
    """It has no such table, and reading makes none."""
    path = tmp_path / "engine.db"
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE release")
        connection.commit()
    with open_records(path) as records:
        assert records.release() is None
        assert records.releases() == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'release'").fetchall() == []


def test_the_digest_is_that_of_what_makes_a_difference() -> None:
    """Remarks in a flow's text make none."""
    remarked = Content(EMPTY.program, (), (), {}, EMPTY.policy, {"shop.flow": "# remark"})
    assert remarked.digest == EMPTY.digest
    assert OTHER.digest != EMPTY.digest
