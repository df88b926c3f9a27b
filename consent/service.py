"""The consent service, wired: opened in one place, run by whoever holds it.

All functions below it are synchronous and work on one connection. Writing transactions run one at a time in a
thread of their own, reading ones in another (in memory there is one connection, and so one thread)."""

import logging
import threading
from collections.abc import Callable, Container, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from consent.address import read_address
from consent.contract import Receipt
from consent.contract.imports import Taking
from consent.errors import ConsentError, DamagedLog, NoStore, SignerAway
from consent.keys import Keys
from consent.ledger import founding, keyring, link_keys, peppers, rewrapping
from consent.ledger.evidence import Vault
from consent.ledger.founding import check, fact, present_rules, schedule_of
from consent.ledger.log import Log, stored_frontier, stored_nodes
from consent.ledger.marking import marks_of_stops
from consent.ledger.signing_schedule import Behind, SignedCheckpoint
from consent.ledger.tokens import Tokens
from consent.ledger.transaction import Parts, Reading, Writing, keep_checkpoint
from consent.mails.reach import expected
from consent.rules import Rules
from consent.store.opened import Store
from consent.store.places import open_for_reading, open_for_writing
from consent.store.server import Server
from consent.store.statement import transaction
from consent.store.stops import Stop, StopsFile, read_stops
from consent.store.tables import facts
from consent.subscriber.replay import make_up, replay
from consent.times import DEFAULT_TIMES, Times

T = TypeVar("T")
_TRIES = 9
log = logging.getLogger("consent")


class Inline(Executor):
    """Works in the caller's own thread: for simulations, in which nobody waits meanwhile."""

    def submit(self, fn: Callable[..., T], /, *args: object, **kwargs: object) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as fault:  # noqa: BLE001 - it goes to whoever asks for the result
            done.set_exception(fault)
        return done


class Service:
    """Holds the open store. `write` and `read` run a function in a transaction, in the calling thread;
    whoever calls from a loop does so in the threads `writer` and `reader`."""

    def __init__(self, store: Store, parts: Parts, clock: Callable[[], int], rules: Rules) -> None:
        self.store = store
        self.parts = parts
        self._clock = clock
        self._rules = rules
        with store.reader.begin():
            self._frontier = stored_frontier(store.reader)
        self._listeners: list[Callable[[], None]] = []
        self._mutex = threading.Lock()
        self._one_at_a_time = threading.RLock()  # commands write in a thread of their own
        self._stops = StopsFile(store.stops, parts.entropy) if store.stops is not None else None
        if self._stops is not None:
            self.parts = replace(parts, marks=self._stops.marks)
        self._renewed = (
            False  # the connection that writes is a new one, and what is in memory was not compared
        )
        self._lost: list[list[Stop]] = []  # written to the stops file, and not committed
        self._closing = False
        self.imports = Taking.ATTESTED
        """What people of another system may become here."""
        self.writer: Executor = ThreadPoolExecutor(1, "consent-writer") if store.durable else Inline()
        own_reader = store.durable and store.writer is not store.reader
        self._reading = threading.RLock() if store.writer is not store.reader else self._one_at_a_time
        self.reader: Executor = ThreadPoolExecutor(1, "consent-reader") if own_reader else self.writer

    def write(self, work: Callable[[Writing], T]) -> T:
        """Run `work` in a transaction that holds the log's lock; commit, then tell who listens. A stop whose
        commit failed is made up for first: nothing is claimed before it is in force."""
        with self._one_at_a_time:
            if self._lost:
                lost = tuple(self._lost)
                self._write(lambda tx: make_up(tx, lost))
                self._lost.clear()
            return self._write(work)

    def _write(self, work: Callable[[Writing], T]) -> T:
        if self.store.writer is None:
            raise NoStore("The consent store was opened for reading only.")
        self._renewed = self.store.renew_writer() or self._renewed
        conn = self.store.writer
        if self._renewed:
            self._catch_up(conn)
        with transaction(conn, self.store.begin_writing) as driver:
            leaves = Log(driver, self.parts.origin, now := self._clock(), self._frontier)
            tx = Writing(conn, now, self.parts, self._rules, leaves)
            result = work(tx)
            tx.finish()
            if tx.stops and self._stops is not None:
                self._lost.append(tx.stops)
                self._stops.write(tx.stops)  # before the commit: a restored backup must know of it
            if self._stops is not None:
                self._stops.marks.add([*tx.marks, *marks_of_stops(tx)])
        if tx.stops and self._stops is not None:
            self._lost.pop()
        self._frontier = leaves.frontier
        self._rules = tx.rules
        if tx.keeps is not None:
            self.parts.signing.kept = tx.keeps
        if leaves.told:
            with self._mutex:
                listeners = tuple(self._listeners)
            for listener in listeners:
                try:
                    listener()
                except Exception:  # whatever it is: what was committed stands, and is no fault of the caller
                    log.exception("a listener of the feed failed")
        if self.parts.signing.due(self._frontier.size, now):
            self._sign_if_anyone_does()
        return result

    def receipt(self, work: Callable[[Writing], Receipt]) -> Receipt:
        """Run `work` as `write` does, and give its receipt a checkpoint that covers its leaf. While nobody
        signs it is the newest that there is: what was done is done."""
        found = self.write(work)
        last = self.parts.signing.last
        behind = last is None or last.size <= found.leaf
        if behind and not self.parts.signing.is_left_alone(self._clock()):
            last = self._sign_if_anyone_does() or last
        return msgspec.structs.replace(found, checkpoint=last.note if last is not None else "")

    def sign(self) -> SignedCheckpoint:
        """A checkpoint that covers every leaf committed so far. Raises `DamagedLog`, `SignerAway`."""
        assert self.store.writer is not None
        with self._one_at_a_time, transaction(self.store.writer, self.store.begin_writing):
            nodes = stored_nodes(self.store.writer)
            return self.parts.signing.cover(self._frontier, nodes, self._clock())

    def _sign_if_anyone_does(self) -> SignedCheckpoint | None:
        try:
            return self.sign()
        except (SignerAway, DBAPIError) as fault:  # what was done is committed, and is signed later
            log.error("nobody signs the log: %s", fault)
        except DamagedLog as fault:
            self.parts.signing.cannot(fault)
            log.error("the log is not signed: %s", fault)
        except self.store.faults as fault:
            log.error("nobody signs the log: %s", fault)
        return None

    def stops_written(self) -> int:
        """How many bytes the file of stops has, up to the end of a line; 0: there is none."""
        with self._one_at_a_time:
            return self._stops.size() if self._stops is not None else 0

    def leave_out(self, stops: Container[Stop], upto: int) -> None:
        """Leave lines out of the first `upto` bytes of the file of stops, while others write."""
        if self._stops is not None:
            self._stops.leave_out(stops, upto, self._one_at_a_time)

    def rewrite(self, table: str) -> bool:
        """Leave nothing of deleted rows of a table in the store's files. False: it is to be done again."""
        with self._one_at_a_time:
            return self.store.rewrite(table)

    def _catch_up(self, conn: Connection) -> None:
        """A connection was lost, perhaps with the answer to a commit: what is in memory follows the store.
        Raises `DamagedLog` if that has lost what was committed: a server that took the place of another."""
        with transaction(conn, self.store.begin_writing):
            check(conn, self.parts)
            frontier = stored_frontier(conn)
            if frontier.size < self._frontier.size:
                raise DamagedLog(
                    f"The consent store has {frontier.size} leaves, and had {self._frontier.size} before its "
                    "server went away."
                )
            self._frontier, self._rules = frontier, present_rules(conn)
        self._renewed = False

    def read(self, work: Callable[[Reading], T]) -> T:
        """Run `work` in a transaction that writes nothing."""
        with self._reading:
            self.store.renew_reader()
            conn = self.store.reader
            with transaction(conn, self.store.begin_reading):
                return work(Reading(conn, self._clock(), self.parts, self._rules))

    def rewrap(self) -> None:
        """Have all data keys wrapped by the newest master key, by and by, between what others write."""
        if isinstance(self.writer, Inline):
            while self._rewrap_some():
                pass
        else:
            self.writer.submit(self._rewrap_on)

    def _rewrap_on(self) -> None:
        if not self._closing and self._rewrap_some() and not self._closing:
            with suppress(RuntimeError):  # it closes just now; the next start goes on
                self.writer.submit(self._rewrap_on)

    def _rewrap_some(self) -> bool:
        try:
            return self.write(rewrapping.rewrap_some)
        except (ConsentError, DBAPIError, OSError) as fault:
            log.warning("data keys are not wrapped anew until the next start: %s", fault)
        except self.store.faults as fault:
            log.warning("data keys are not wrapped anew until the next start: %s", fault)
        return False

    def keep_last(self) -> None:
        """Let the newest checkpoint stand in the store; else it goes there with the next claim."""
        signing, conn = self.parts.signing, self.store.writer
        if conn is None or conn.closed or signing.last is None or signing.last == signing.kept:
            return
        try:
            with self._one_at_a_time, transaction(conn, self.store.begin_writing) as driver:
                keep_checkpoint(driver, signing.last)
            signing.kept = signing.last
        except DBAPIError as fault:
            log.warning("the newest checkpoint is not kept: %s", fault)
        except self.store.faults as fault:
            log.warning("the newest checkpoint is not kept: %s", fault)

    def read_signed(self, work: Callable[[Reading], T]) -> T:
        """The same for what wants a checkpoint. While another process writes, more may have been signed since
        this one began to read: then it reads anew."""
        for _ in range(_TRIES):
            with suppress(Behind):
                return self.read(work)
        return self.read(work)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have `listener` called, in the writing thread, after each commit that the feed tells of. Returns
        how to stop it."""
        with self._mutex:
            self._listeners.append(listener)

        def stop() -> None:
            with self._mutex:
                self._listeners.remove(listener)

        return stop

    def close(self) -> None:
        """Finish what runs, and let go of the store."""
        self._closing = True
        self.writer.shutdown()
        self.reader.shutdown()
        self.keep_last()
        with self._one_at_a_time:
            if self._stops is not None:
                self._stops.close()
                self._stops = None
        self.store.close()


def open_service(
    place: Path | Server | None,
    keys: Keys,
    *,
    origin: str,
    public_url: str,
    team: Sequence[str],
    clock: Callable[[], int],
    entropy: Callable[[int], bytes],
    durable: bool = True,
    image: bytes | None = None,
    team_only: bool = False,
    lost: bool = False,
    times: Times = DEFAULT_TIMES,
) -> Service:
    """Open the service for writing; the store is made if there is none. `place` None keeps it in memory,
    where it may begin as the `image` of another.

    `origin` names the log in every checkpoint, as in `example.com/consent`; a log that exists keeps the name
    it has. `clock` gives ms UTC, `entropy` that many random bytes. Not `durable` skips syncing, for
    simulations. `team_only`: nobody but the team gets a mail. `lost`: the keys that signed the log so far are
    gone for good, and others take their place without their word. Raises `AlreadyOpen`, `NoStore`,
    `WrongKeys`, `DamagedLog`, `SignerAway`, `ValueError`."""
    if not origin or any(sign in origin for sign in " +\n\r\t"):
        raise ValueError(f"The log's name must have no blanks and no plus sign: {origin!r}")
    with ExitStack() as opened:
        store = open_for_writing(place, durable, image)
        opened.callback(store.close)
        assert store.writer is not None
        with store.writer.begin():
            named = store.writer.scalar(select(facts.c.value).where(facts.c.name == "origin"))
            name = bytes(named).decode() if named is not None else origin
            parts = _parts(store.writer, keys, name, public_url, team, clock, entropy, team_only, times)
            founding.found(store.writer, parts, clock())
        with store.writer.begin():
            check(store.writer, parts, lost)
            peppers.keep(store.writer, parts.vault)
            link_keys.keep(store.writer, parts.tokens)
            rules = present_rules(store.writer)
            rewraps = rewrapping.begin(store.writer, parts.vault)
        service = Service(store, parts, clock, rules)
        opened.pop_all()  # from here on its `close` does it
        opened.callback(service.close)
        _follow(service, lost)
        if rewraps:
            service.rewrap()
        if store.stops is not None:
            _make_up(service, store.stops)
        opened.pop_all()
    return service


def _follow(service: Service, lost: bool) -> None:
    """Let the log name the keys that sign it from now on, and have them sign at once: so the old ones vouch
    for the new."""
    signing = service.parts.signing
    before = signing.active

    def follow(tx: Writing) -> None:
        if keyring.follow(tx, offered, lost):
            signing.active = offered  # once this is committed it may be signed at once

    try:
        offered = signing.signer.public_keys()
        if set(offered) != set(before):
            try:
                service.write(follow)
            except BaseException:
                signing.active = before
                raise
        service.sign()
        service.keep_last()
    except SignerAway as fault:
        log.error("nobody signs the log: %s", fault)


def _make_up(service: Service, path: Path) -> None:
    """Withdraw what only the stops file still knows of."""
    stops = read_stops(path)
    if stops:
        service.write(lambda tx: replay(tx, stops))


def open_reader(
    place: Path | Server, keys: Keys, *, clock: Callable[[], int], public_url: str = ""
) -> Service:
    """Open an existing store for reading only, also while another process writes. Raises `NoStore`,
    `WrongKeys`."""
    with ExitStack() as opened:
        store = open_for_reading(place)
        opened.callback(store.close)
        with store.reader.begin():
            origin = fact(store.reader, "origin").decode()
            parts = _parts(store.reader, keys, origin, public_url, (), clock, _no_entropy)
            check(store.reader, parts)
            rules = present_rules(store.reader)
        service = Service(store, parts, clock, rules)
        opened.pop_all()
    return service


def _parts(
    conn: Connection,
    keys: Keys,
    origin: str,
    public_url: str,
    team: Sequence[str],
    clock: Callable[[], int],
    entropy: Callable[[int], bytes],
    team_only: bool = False,
    times: Times = DEFAULT_TIMES,
) -> Parts:
    return Parts(
        origin=origin,
        team=frozenset(read_address(address).folded for address in team),
        vault=Vault(keys.master, keys.peppers, entropy),
        tokens=Tokens(public_url, keys.links, clock),
        signing=schedule_of(conn, keys, origin),
        entropy=entropy,
        team_only=team_only,
        times=times,
        holds=Vault(keys.holds, (), entropy) if keys.holds else None,
        reach=expected(conn),
    )


def _no_entropy(_count: int) -> bytes:
    raise NoStore("The consent store was opened for reading only.")
