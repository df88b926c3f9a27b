"""Many people press the button of one-click unsubscribing while thousands of mails are on their way."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from shop import STEPS, address, agree, compiled, open_shop, orders

from virta.mailbox import Mail, mails, start
from virta.wiring import System

pytestmark = pytest.mark.anyio
NEWS = {step for steps in STEPS.values() for step in steps} - {"thanks"}
"""The mails that rest on the consent; `thanks` answers an order."""
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
AT_ONCE = 24


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio."""
    return "asyncio"


@asynccontextmanager
async def serving(system: System) -> AsyncIterator[str]:
    """The whole system at work, pages over HTTP and mails, as one process; where the pages are."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = uvicorn.Server(
        uvicorn.Config(system.pages, log_level="warning", proxy_headers=False, lifespan="off")
    )
    await system.start()
    async with asyncio.TaskGroup() as tasks:
        work = [tasks.create_task(loop) for loop in (system.runner.run(), system.dispatch.run())]
        pages = tasks.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await pages
            for task in work:
                task.cancel()


async def until(holds: Callable[[], bool]) -> None:
    """Look now and then until something holds."""
    for _ in range(6000):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to that")


def links(received: list[Mail], count: int) -> dict[str, str]:
    """The one-click links of the first so many people, as their mails carry them."""
    found: dict[str, str] = {}
    for mail in received:
        header = re.search(rb"^List-Unsubscribe: <https?://[^/]+(/[^>]+)>", mail.content, re.MULTILINE)
        if header is not None and len(found) < count:
            found.setdefault(mail.recipients[0], header.group(1).decode())
    return found


async def press(site: str, pressed: dict[str, str]) -> dict[str, float]:
    """All press the button; when each was told 200, in ms UTC."""
    told: dict[str, float] = {}
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(client: httpx2.AsyncClient, person: str, path: str) -> None:
        async with gate:
            answer = await client.post(site + path, data=ONE_CLICK)
            told[person] = time.time() * 1000
            assert answer.status_code == 200

    limits = httpx2.Limits(max_connections=AT_ONCE)
    async with httpx2.AsyncClient(timeout=60, limits=limits) as client, asyncio.TaskGroup() as tasks:
        for person, path in pressed.items():
            tasks.create_task(one(client, person, path))
    return told


async def burst(tmp_path: Path, people: int, pressing: int, per_second: float) -> tuple[float, list[Mail]]:
    """A run with a burst in its midst, checked. When the last was told 200, and the mails at the sink."""
    box = tmp_path / "mailbox"
    with start(box) as sink:
        system = await open_shop(
            tmp_path / "shop", sink.port, compiled(), durable=False, connections=4, per_second=per_second
        )
        try:
            await agree(system, [address(number) for number in range(people)])
            events = orders(range(people), system.service._clock())
            for first in range(0, people, 500):
                await system.inbox.accept_events(events[first : first + 500])
            async with serving(system) as site:
                await until(lambda: len(links(list(mails(box)), pressing)) == pressing)
                told = await press(site, links(list(mails(box)), pressing))
                await until(lambda: system.runner.idle and not system.runner.open_mails)
            received = list(mails(box))
            _check(system, received, told)
            assert len(received) >= people * 5 - pressing * 4, "others got less than they should"
            assert len(received) < people * 5 - pressing, "the burst stopped next to nothing"
            return max(told.values()), received
        finally:
            await system.close()


def _check(system: System, received: list[Mail], told: dict[str, float]) -> None:
    for mail in received:
        person = mail.recipients[0]
        if person in told and mail.subject in NEWS:
            assert mail.received_at <= told[person] + 5000, f"{person} got a mail after the withdrawal"
    late = system.service.reader.submit(
        system.service.read,
        lambda reading: reading.conn.exec_driver_sql(
            "SELECT count(*) FROM decisions JOIN leaves ON leaves.subject = decisions.subject"
            " WHERE decisions.reason IS NULL AND decisions.topic = 'news'"
            " AND leaves.type = 'withdrawn' AND decisions.batch > leaves.seq"
        ).scalar_one(),
    ).result()
    assert late == 0, "a permit was claimed after a withdrawal"
    withdrawn = system.service.reader.submit(
        system.service.read,
        lambda reading: reading.conn.exec_driver_sql(
            "SELECT count(*) FROM leaves WHERE type = 'withdrawn'"
        ).scalar_one(),
    ).result()
    assert withdrawn == len(told)


async def test_nothing_is_claimed_after_a_withdrawal(tmp_path: Path) -> None:
    """A hundred people press while a thousand mails are under way."""
    await burst(tmp_path, people=200, pressing=100, per_second=0)


@pytest.mark.slow
async def test_nothing_comes_later_than_five_seconds(tmp_path: Path) -> None:
    """Three hundred people press while four thousand mails go at a pace that lasts well over five seconds
    after the last of them was told 200: mails still come then, and none for them."""
    last, received = await burst(tmp_path, people=800, pressing=300, per_second=220)
    assert sum(mail.received_at > last + 5000 for mail in received) > 200
