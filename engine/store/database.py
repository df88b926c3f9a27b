"""The engine's database and the one thread that may touch it.

A transaction is a plain function of a connection; it runs whole in that thread, so it costs one hop, not one
per statement. A connection to a server that is lost is made anew, and a transaction that was lost with it is
run once more, unless the server says that it was committed. A write for which there is no room is undone; who
has `patience` waits for room, and all others are told at once.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, MetaData

from engine.store.faults import StoreFault as StoreFault
from engine.store.faults import StoreInUse as StoreInUse
from engine.store.faults import StoreWaits
from engine.store.patience import AGAIN, Shortage, is_patient
from engine.store.server import Place, Server
from engine.store.sqlite import Sqlite, image_of
from engine.store.statement import Driver, driver_of

log = structlog.get_logger("engine")
T = TypeVar("T")

PATIENCE = 30.0
"""For how many seconds a server that is away is waited for."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0  # seconds between two tries to reach it


class Keeper(Protocol):
    """What differs between a file and a server. `faults` are what the driver raises when a database fails."""

    faults: tuple[type[Exception], ...]

    def open(self) -> Connection:
        """A connection with the lock; its transactions wait for all others that write."""

    def gone(self) -> bool:
        """Whether the connection is lost."""

    def shortage(self, fault: Exception) -> StoreWaits | None:
        """The fault as one that may be over later, with nothing of the transaction written; None: it is not
        of that kind."""

    def hurry(self, driver: Driver, hurried: bool) -> None:
        """Wait for others who write no longer than a moment, or as long as ever."""

    def newest(self) -> str:
        """The name of the newest transaction, by which it is found again."""

    def committed(self, name: str) -> bool:
        """Whether a transaction was committed whose connection was lost."""

    def rewrite(self, driver: Driver, tables: Sequence[str]) -> bool:
        """Leave nothing of deleted rows of these tables on any page, between two transactions. False:
        somebody reads what was before, or there is no room."""

    def close(self) -> None:
        """Give the lock back."""


class Database:
    """Open a database and close it; in between, run transactions one after another.

    `place` None keeps everything in memory, which may begin as the `image` of another. `durable` False is for
    simulations: it gives up on power loss and works in the caller's own thread, since nobody waits for the
    loop meanwhile.
    Raises `StoreInUse` if another process has it, `StoreFault` if it is no database.
    """

    def __init__(
        self, place: Place | None, tables: MetaData, durable: bool = True, image: bytes | None = None
    ) -> None:
        self._keeper = _keeper(place, tables, durable, image)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store") if durable else None
        self._lost_at: float | None = None  # when the server was last there, if it is not now
        self._shortage = Shortage()
        try:
            self._connection = self._now(self._keeper.open)
        except StoreFault:
            self._release()
            raise

    @property
    def held(self) -> bool:
        """Whether no other process can have taken the engine's place."""
        return self._lost_at is None

    @property
    def inline(self) -> bool:
        """Whether transactions run in the caller's own thread, so that nobody ever waits for one."""
        return self._thread is None

    @property
    def shut(self) -> str:
        """Why nothing can be written now; empty: it can, as far as is known."""
        return self._shortage.why

    async def read(self, look: Callable[..., T], *arguments: Any) -> T:
        """Run `look(driver, *arguments)`, which only reads; by the driver itself, without a transaction: the
        one thread that may write is busy with it."""
        return await self._patiently(self._look, look, arguments)

    async def rewrite(self, tables: Sequence[str]) -> bool:
        """See `Keeper`."""
        return await self.read(self._keeper.rewrite, tables)

    async def run(self, transaction: Callable[..., T], *arguments: Any) -> T:
        """Run `transaction(connection, *arguments)` and commit; an exception rolls back and comes through.

        A caller that is cancelled still waits for the transaction that has begun, not for room. Raises
        `StoreWaits` where nobody waits for it."""
        failed = self._shortage.fresh()
        if failed is not None and not is_patient():
            raise failed
        return await self._patiently(self._transact, transaction, arguments)

    async def _patiently(self, work: Callable[..., T], *arguments: Any) -> T:
        while True:
            try:
                return await self._hop(work, *arguments)
            except StoreWaits:
                if not is_patient():
                    raise
            await asyncio.sleep(AGAIN)

    async def _hop(self, work: Callable[..., T], *arguments: Any) -> T:
        if self._thread is None:
            return work(*arguments)
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future])
            raise

    def image(self) -> bytes:
        """All that is in a database in memory, for others to begin with."""
        return self._now(lambda: image_of(driver_of(self._connection)))

    def close(self) -> None:
        self._now(self._let_go)
        self._release()

    def _now(self, work: Callable[..., T], *arguments: Any) -> T:
        if self._thread is None:
            return work(*arguments)
        return self._thread.submit(work, *arguments).result()

    def _look(self, look: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        while True:
            if self._lost_at is not None:
                self._reach()
            try:
                return look(driver_of(self._connection), *arguments)
            except self._keeper.faults as fault:
                if not self._keeper.gone():
                    self._fall_short(fault)
                    raise StoreFault(f"the engine's database cannot be read: {_why(fault)}") from fault
                self._lose(fault)

    def _transact(self, transaction: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        while True:
            if self._lost_at is not None:
                self._reach()
            done: list[T] = []
            try:
                with self._connection.begin():
                    done.append(transaction(self._connection, *arguments))
                if self._shortage.known:
                    self._keeper.hurry(driver_of(self._connection), False)
                    self._shortage.over()
                return done[0]
            except self._keeper.faults as fault:
                if not self._keeper.gone():
                    self._fall_short(fault)
                    raise StoreFault(f"the engine's database did not take a write: {_why(fault)}") from fault
                name = self._keeper.newest()
                self._lose(fault)
            if done:  # the commit itself was answered by nobody
                self._reach()
                if self._keeper.committed(name):
                    return done[0]

    def _fall_short(self, fault: Exception) -> None:
        """Raises `StoreWaits` if that is what the fault comes to."""
        waits = self._keeper.shortage(fault)
        if waits is not None:
            if not self._shortage.known:
                self._keeper.hurry(driver_of(self._connection), True)
            self._shortage.failed(waits)
            raise waits from fault

    def _lose(self, fault: Exception) -> None:
        self._lost_at = time.monotonic()
        log.error("the connection to the engine's database is lost; nothing moves", why=_why(fault))
        self._let_go()

    def _reach(self) -> None:
        """Connect once more, as soon as the server is there. Raises `StoreInUse` if another process has taken
        its place meanwhile, `StoreFault` when patience is at its end."""
        assert self._lost_at is not None
        pause = _FIRST_PAUSE
        while True:
            try:
                self._connection = self._keeper.open()
            except StoreInUse:
                raise
            except StoreFault:
                if time.monotonic() - self._lost_at > PATIENCE:
                    raise
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._lost_at = None
                log.info("the engine's database is there again")
                return

    def _let_go(self) -> None:
        if not self._connection.closed:
            engine = self._connection.engine
            with contextlib.suppress(*self._keeper.faults):  # of one that is lost
                self._connection.close()
            engine.dispose()

    def _release(self) -> None:
        if self._thread is not None:
            self._thread.submit(self._keeper.close).result()
            self._thread.shutdown()
        else:
            self._keeper.close()


def _keeper(place: Place | None, tables: MetaData, durable: bool, image: bytes | None) -> Keeper:
    if not isinstance(place, Server):
        return Sqlite(place, tables, durable, image)
    keeper: Keeper = _on_server().Postgres(place, tables, durable)
    return keeper


def exists(place: Place) -> bool:
    """Whether an engine has run there. Raises `StoreFault`."""
    if isinstance(place, Server):
        found: bool = _on_server().has_engine(place)
        return found
    return place.is_file()


def beside(server: Server, writing: bool) -> AbstractContextManager[Connection]:
    """A connection beside a running engine on a server, for reading at one moment, or for writing. Raises
    `StoreFault`, also if nothing has run there yet."""
    opened: AbstractContextManager[Connection] = _on_server().beside(server, writing)
    return opened


def is_held(server: Server) -> bool:
    """Whether an engine runs there now. Raises `StoreFault`."""
    found: bool = _on_server().is_held(server)
    return found


def _on_server() -> ModuleType:
    try:
        return import_module("engine.store.postgres")
    except ImportError:
        raise StoreFault(NO_DRIVER) from None


NO_DRIVER = (
    "virta.toml names a PostgreSQL database, and its driver is not installed; install it with "
    "pip install 'virta[postgres]'"
)


def _why(fault: Exception) -> str:
    lines = str(getattr(fault, "orig", fault)).splitlines()
    return lines[0] if lines else type(fault).__name__
