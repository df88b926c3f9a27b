"""The consent service behind HTTP, in the loop of the test."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from dice import Dice
from starlette.applications import Starlette
from starlette.routing import Mount

from consent.app.access import Access, make_key
from consent.app.front import Fronted
from consent.app.limits import Admission, Limits
from consent.app.routes import Tally, build_app
from consent.calls import PREFIX, Scope

if TYPE_CHECKING:
    from tests.consent.conftest import World

MANY = Limits(per_address=1_000, per_domain=100_000, in_all=100_000, per_visitor=100_000)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class House:
    """A consent service that listens. `restart` gives it another life on the same port."""

    def __init__(self, world: "World", folder: Path, limits: Limits = MANY) -> None:
        self.world = world
        self.limits = limits
        self.access_file = folder / "access.json"
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.tally = Tally()
        self._keys = 0
        self._closing = asyncio.Event()
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def waiting(self) -> int:
        """How many wait for news."""
        return len(self.world.service._listeners)

    def key(self, *scopes: Scope) -> str:
        """A fresh key with these scopes."""
        self._keys += 1
        name = f"key {self._keys}"
        return make_key(self.access_file, name, scopes, Dice(name), 0)

    def app(self) -> Starlette:
        """What is served."""
        client = Fronted(self.world.service, Admission(self.limits, self.world.clock))
        calls = build_app(client, Access(self.access_file), self._closing, self.tally)
        return Starlette(routes=[Mount(PREFIX.rstrip("/"), calls)])

    async def open(self) -> None:
        """Answer from here on."""
        self._closing.clear()
        config = uvicorn.Config(self.app(), log_config=None, lifespan="off", timeout_keep_alive=60)
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[self.socket.dup()]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn tells it by nothing else
            await asyncio.sleep(0)

    async def close(self) -> None:
        """End in good order."""
        assert self._server is not None
        assert self._task is not None
        self._closing.set()
        self._server.should_exit = True
        await self._task

    async def kill(self) -> None:
        """Be gone, with all connections."""
        assert self._server is not None
        assert self._task is not None
        self._closing.set()
        self._server.force_exit = self._server.should_exit = True
        await self._task


@contextlib.asynccontextmanager
async def opened(house: House) -> AsyncIterator[House]:
    """A house that answers until the end."""
    await house.open()
    try:
        yield house
    finally:
        await house.close()
        house.socket.close()
