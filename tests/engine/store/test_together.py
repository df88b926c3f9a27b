"""Requests that arrive while the database is busy share a commit, and nothing else."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event

from engine.store import together
from engine.store.faults import NoRoom
from engine.store.patience import patience
from engine.store.store import Received, Store

pytestmark = pytest.mark.anyio

TOO_LATE = 2**70
"""An instant that no database holds: the rows of a request with it cannot be written."""


def received(id_: str, at: int = 1) -> Received:
    return Received(id_, "order_placed", at, 1, "", "anna@example.com", {})


@pytest.fixture
def commits() -> Iterator[list[Connection]]:
    """The connections that committed, once for each commit."""
    found: list[Connection] = []

    def committed(connection: Connection) -> None:
        found.append(connection)

    event.listen(Engine, "commit", committed)
    yield found
    event.remove(Engine, "commit", committed)


@contextlib.asynccontextmanager
async def busy(store: Store) -> AsyncIterator[None]:
    """Until the end of the block the database's thread is busy with somebody else's transaction, which
    commits; what is begun in the block waits."""
    begun, over = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        begun.set()
        over.wait()

    task = asyncio.create_task(store._database.run(hold))
    await asyncio.to_thread(begun.wait)
    try:
        yield
        await asyncio.sleep(0)  # whoever was begun in the block asks for the thread
        await asyncio.sleep(0)
    finally:
        over.set()
    await task


async def ids(store: Store) -> list[str]:
    found, *_ = await store.gather(0, 0, 10_000)
    return [one.id for one in found]


async def test_those_who_wait_share_a_commit(kept: Store, commits: list[Connection]) -> None:
    """One for all of them, behind the one that they waited for; each of them is kept, in order."""
    async with busy(kept):
        tasks = [
            asyncio.create_task(kept.accept([received(f"{place}-a"), received(f"{place}-b")]))
            for place in range(5)
        ]
    await asyncio.gather(*tasks)
    assert len(commits) == 2
    assert await ids(kept) == [f"{place}-{part}" for place in range(5) for part in "ab"]


async def test_nobody_is_answered_before_the_commit(kept: Store, commits: list[Connection]) -> None:
    """And who comes afterwards has one of their own."""
    async with busy(kept):
        first = asyncio.create_task(kept.accept([received("1")]))
        await asyncio.sleep(0)
        assert not first.done()
        assert not commits
    await first
    assert len(commits) == 2
    await kept.accept([received("2")])
    assert len(commits) == 3
    assert await ids(kept) == ["1", "2"]


async def test_the_same_id_from_two_who_wait_counts_once(kept: Store) -> None:
    """Both are answered; the first stands."""
    async with busy(kept):
        first = asyncio.create_task(kept.accept([received("1", at=1)]))
        second = asyncio.create_task(kept.accept([received("1", at=2), received("2")]))
    await asyncio.gather(first, second)
    found, *_ = await kept.gather(0, 0, 10)
    assert [(one.id, one.at) for one in found] == [("1", 1), ("2", 1)]


async def test_a_fault_of_one_is_none_of_the_others(kept: Store) -> None:
    """Whose rows cannot be written is told so, and none of them is kept; all others are accepted."""
    async with busy(kept):
        good = [asyncio.create_task(kept.accept([received(id_)])) for id_ in ("1", "2")]
        bad = asyncio.create_task(kept.accept([received("bad-1"), received("bad-2", TOO_LATE)]))
        good.append(asyncio.create_task(kept.accept([received("3")])))
    verdicts = await asyncio.gather(*good, bad, return_exceptions=True)
    assert verdicts[:3] == [None, None, None]
    assert isinstance(verdicts[3], Exception)
    assert await ids(kept) == ["1", "2", "3"]


async def test_a_fault_of_one_alone_is_told_as_it_is(kept: Store) -> None:
    """And the next is accepted."""
    with pytest.raises(Exception, match=r"(?i)too large|out of range|too big"):
        await kept.accept([received("bad", TOO_LATE)])
    await kept.accept([received("1")])
    assert await ids(kept) == ["1"]


async def test_who_gives_up_waiting_takes_nobody_along(kept: Store) -> None:
    """Whether it was the first of them or not; nothing of what was sent is lost by it."""
    async with busy(kept):
        tasks = [asyncio.create_task(kept.accept([received(str(place))])) for place in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[1].cancel()
    verdicts = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(verdict, asyncio.CancelledError) for verdict in verdicts] == [True, True, False]
    assert await ids(kept) == ["0", "1", "2"]


async def test_a_group_has_an_end(
    kept: Store, commits: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever would make it too large begins the next one; one who is too large alone is taken too."""
    monkeypatch.setattr(together, "LARGEST", 3)
    async with busy(kept):
        tasks = [
            asyncio.create_task(kept.accept([received(f"{place}-{row}") for row in range(rows)]))
            for place, rows in enumerate((2, 2, 1, 5, 1))
        ]
    await asyncio.gather(*tasks)
    assert len(commits) == 1 + 4
    assert len(await ids(kept)) == 11


async def test_without_room_all_are_told_and_nothing_of_it_comes_later(tmp_path: Path) -> None:
    """Neither of those whose transaction failed, nor of those who were refused without one."""
    store = Store(tmp_path / "full.db")
    try:
        await store._database.read(lambda driver: driver.execute("PRAGMA max_page_count=1").fetchall())
        large = [
            Received(f"e{n}", "x", 1, 1, "", "anna@example.com", {"text": "x" * 5000}) for n in range(50)
        ]
        async with busy(store):
            tasks = [asyncio.create_task(store.accept(large)), asyncio.create_task(store.accept(large))]
        verdicts = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(verdict) for verdict in verdicts] == [NoRoom, NoRoom]
        with pytest.raises(NoRoom):
            await store.accept([received("refused")])
        await store._database.read(lambda driver: driver.execute("PRAGMA max_page_count=100000").fetchall())
        with patience():
            await store.accept([received("1")])
        assert await ids(store) == ["1"]
    finally:
        store.close()
