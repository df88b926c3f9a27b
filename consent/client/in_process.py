"""The one door to the consent service, in the same process."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError

from consent import forgetting, jobs
from consent.address import Address, read_address
from consent.client.actors import MERGED_BY, TOLD_BY, named, plain
from consent.client.by_time import job_part, scrub_visit
from consent.contract import (
    Ask,
    Change,
    Claimed,
    Decision,
    Erasure,
    Frequency,
    Heard,
    InvalidAddress,
    Kept,
    LinkView,
    Outcome,
    Policy,
    Proof,
    Purpose,
    Receipt,
    Sale,
    Settlement,
    SignUp,
    Status,
    Unavailable,
    Visit,
)
from consent.errors import AlreadyOpen, DamagedLog, SignerAway
from consent.ledger import policy
from consent.ledger.addresses import addresses_of, domains_of
from consent.ledger.subjects import find_or_make
from consent.ledger.transaction import Reading, Writing
from consent.mails import claims, reports, settlements, word
from consent.service import Inline, Service
from consent.states import MOVED
from consent.store.statement import Statement
from consent.store.tables import leaves
from consent.subscriber import erasure, merging, moving, pages, preferences, signup, told, withdrawal
from consent.subscriber.choice import Choice
from consent.subscriber.mailed import LookedBack
from consent.subscriber.sales import bought
from consent.timed import believed

T = TypeVar("T")

_STALE = 10.0
"""Seconds after a write failed from which on nobody knows whether one would fail still."""


def is_address(text: str) -> bool:
    """Whether `subjects` would take `text`, told without asking the service and without making a subject."""
    try:
        read_address(text)
    except InvalidAddress:
        return False
    return True


class InProcess:
    """A `ConsentClient`. Any number may share one service, in any number of loops."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._refused = ""  # why the last write failed
        self._refused_at = 0.0
        self._rewriting = forgetting.Rewriting()
        self._looked = LookedBack()

    @property
    def shut(self) -> str:
        """Why nothing can be written, as on a full disk; empty: it can, as far as is known."""
        return self._refused if time.monotonic() - self._refused_at < _STALE else ""

    async def publish(self, policy_: Policy) -> str:
        """See `ConsentClient`."""
        return await self._write(lambda tx: policy.publish(tx, policy_))

    async def subjects(self, addresses: Sequence[str]) -> list[str | None]:
        """See `ConsentClient`."""
        read: list[Address | None] = []
        for text in addresses:
            try:
                read.append(read_address(text))
            except InvalidAddress:
                read.append(None)
        good = [address for address in read if address is not None]
        ids = iter(await self._write(lambda tx: find_or_make(tx, good)) if good else [])
        return [None if address is None else next(ids) for address in read]

    async def addresses(self, subjects: Sequence[str]) -> list[str | None]:
        """See `ConsentClient`."""
        found = await self._read(lambda reading: addresses_of(reading, subjects))
        return [found.get(subject) for subject in subjects]

    async def decide(self, asks: Sequence[Ask]) -> list[Decision]:
        """See `ConsentClient`."""
        return await self._read(lambda reading: claims.decide(reading, asks))

    async def claim(self, sender: str, asks: Sequence[Ask], settlements_: Sequence[Settlement]) -> Claimed:
        """See `ConsentClient`."""
        plain(sender, "A sender")
        return await self._write(lambda tx: claims.claim(tx, sender, asks, settlements_))

    async def settle(self, sender: str, settlements_: Sequence[Settlement]) -> None:
        """See `ConsentClient`."""
        await self._write(lambda tx: settlements.settle(tx, sender, settlements_))

    async def status(self, keys: Sequence[str]) -> list[Status | None]:
        """See `ConsentClient`."""
        if not keys:
            return []
        return await self._read(lambda reading: settlements.status(reading, keys))

    async def unsettled(self, sender: str) -> list[tuple[str, int]]:
        """See `ConsentClient`."""
        return await self._read(lambda reading: settlements.unsettled(reading, sender))

    async def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """See `ConsentClient`."""
        return await self._read(lambda reading: _changes(reading, after, limit))

    async def leaves(self, after: int, limit: int = 1000) -> list[str]:
        """See `ConsentClient`."""
        rows = await self._read(lambda reading: _LEAVES.rows(reading.driver, after=after, most=limit))
        return [bytes(body).decode() for (body,) in rows]

    async def feed(self, after: int) -> AsyncGenerator[list[Change], None]:
        """See `ConsentClient`."""
        loop = asyncio.get_running_loop()
        fresh = asyncio.Event()

        def tell() -> None:
            # The loop may have ended while the service goes on for others.
            if not loop.is_closed():
                loop.call_soon_threadsafe(fresh.set)

        stop = self._service.listen(tell)
        try:
            while True:
                fresh.clear()
                batch = await self.changes(after)
                if batch:
                    after = batch[-1].seq
                    yield batch
                else:
                    await fresh.wait()
        finally:
            stop()

    async def sign_up(self, request: SignUp) -> None:
        """See `ConsentClient`."""
        address = read_address(request.email)
        await self._write(lambda tx: signup.sign_up(tx, address, request))

    async def serve_form(self, version: str) -> str:
        """See `ConsentClient`."""
        return await self._read(lambda reading: reading.parts.tokens.fetched(version, reading.now))

    async def proofs(self, limit: int = 256, after: str = "") -> list[Proof]:
        """See `ConsentClient`. Those that are claimed and unsettled are not among them."""
        return await self._read(lambda reading: signup.proofs(reading, limit, after))

    async def confirmation(self, token: str) -> LinkView:
        """What the page behind a link to confirm or to refuse shows."""
        return await self._read(lambda reading: pages.confirmation(reading, token))

    async def confirm(self, token: str, visit: Visit, fetched: str = "") -> Receipt:
        """See `ConsentClient`."""
        return await self._receipt(lambda tx: signup.confirm(tx, token, visit, fetched))

    async def refuse(self, token: str, visit: Visit, fetched: str = "") -> None:
        """See `ConsentClient`. The token may be that of either link in the proof mail."""
        await self._write(lambda tx: signup.refuse(tx, token, visit, fetched))

    async def unsubscription(self, token: str, language: str = "") -> LinkView:
        """See `ConsentClient`."""
        return await self._read(lambda reading: pages.unsubscription(reading, token, language))

    async def withdraw(self, token: str, how: str, everything: bool, visit: Visit) -> Receipt:
        """See `ConsentClient`."""
        return await self._receipt(lambda tx: withdrawal.withdraw(tx, token, how, everything, visit))

    async def slow_down(self, token: str, visit: Visit) -> Receipt:
        """See `ConsentClient`."""
        seen = await self._read(
            lambda reading: self._looked.look(
                reading, reading.parts.tokens.read_unsubscribe(token)[0], preferences.SLOW
            )
        )
        return await self._receipt(lambda tx: preferences.slow_down(tx, token, visit, seen))

    async def preferences(self, token: str, language: str = "") -> LinkView:
        """See `ConsentClient`."""
        return await self._read(lambda reading: pages.preferences(reading, token, language))

    async def choose(
        self,
        token: str,
        topics: Sequence[str],
        language: str,
        visit: Visit,
        frequency: Frequency | None = None,
        pause: int | None = None,
        shown: Sequence[str] | None = None,
        read: str = "",
    ) -> Receipt:
        """See `ConsentClient`."""
        spoken_of = None if shown is None else tuple(shown)
        choice = Choice(tuple(topics), language, frequency, pause, spoken_of, read)
        seen = await self._read(
            lambda reading: self._looked.look(
                reading, reading.parts.tokens.read_preferences(token)[0], frequency
            )
        )
        return await self._receipt(lambda tx: preferences.choose(tx, token, choice, visit, seen))

    async def ask_to_move(self, token: str, email: str, visit: Visit) -> None:
        """See `ConsentClient`."""
        address = read_address(email)
        await self._write(lambda tx: moving.ask_to_move(tx, token, address, visit))

    async def merge(self, stays: str, goes: str, actor: str) -> Heard:
        """See `ConsentClient`."""
        by = named(actor, MERGED_BY)
        return await self._write(lambda tx: merging.merge(tx, stays, goes, by))

    async def withdraw_by_flow(
        self, subject: str, topic: str, flow: str, key: str, at: int | None = None
    ) -> Heard:
        """See `ConsentClient`."""
        plain(flow, "A flow")
        return await self._write(lambda tx: reports.withdraw_by_flow(tx, subject, topic, flow, key, at))

    async def complained(self, key: str, at: int | None = None) -> Heard:
        """See `ConsentClient`."""
        return await self._write(lambda tx: reports.complained(tx, key, at))

    async def bounced(self, key: str, kind: str) -> Heard:
        """See `ConsentClient`."""
        return await self._write(lambda tx: reports.bounced(tx, key, kind))

    async def give_word(self, key: str, arrived: bool, actor: str) -> Outcome | None:
        """See `ConsentClient`."""
        by = named(actor, TOLD_BY)
        return await self._write(lambda tx: word.give_word(tx, key, arrived, by))

    async def erase(self, subject: str, actor: str) -> Erasure | None:
        """See `ConsentClient`."""
        by = named(actor, TOLD_BY)
        return await self._hop(self._service.writer, lambda: forgetting.erase(self._service, subject, by))

    async def forgotten(self, subjects: Sequence[str]) -> None:
        """See `ConsentClient`. Raises `Unavailable` while somebody reads the store as it was before."""
        if not await self._rewritten():
            raise Unavailable(forgetting.NOT_YET)
        await self._write(lambda tx: erasure.forgotten(tx, subjects))

    async def backups_forgot(self, days: int) -> int:
        """See `ConsentClient`."""
        if self._clock_may_be_wrong and not await self._read(believed.is_believed):
            return 0
        await self._hop(None, lambda: forgetting.let_stops_go(self._service, days))
        return await self._write(lambda tx: erasure.forgotten_by_backups(tx, days))

    async def record(self, subject: str, what: str, actor: str, topic: str = "") -> Heard:
        """See `ConsentClient`."""
        by = named(actor, TOLD_BY)
        return await self._write(lambda tx: told.record(tx, subject, what, by, topic))

    async def bought(self, sales: Sequence[Sale]) -> list[bool]:
        """See `ConsentClient`."""
        for sale in sales:
            plain(sale.source, "The source of a sale")
        return await self._write(lambda tx: bought(tx, sales))

    async def alive(self, signs: Sequence[tuple[str, int]]) -> None:
        """See `ConsentClient`."""
        await self._write(lambda tx: told.alive(tx, signs))

    async def keep_times(self, most: int = 200) -> Kept:
        """See `ConsentClient`."""
        known = await self._write(believed.visit) if self._clock_may_be_wrong else None
        if known is not None and known.seen:
            return Kept(clock_off=known.seen - known.last, doubted=await self._scrub())
        counts = {
            name: await job_part(self._read, self._write, name, job, most) for name, job in jobs.JOBS.items()
        }
        done = jobs.told(counts, most)
        if done.purged or done.proof_purged or done.ips_shortened or done.holds_ended:
            await self._write(erasure.purged)
        if not done.more:  # what a hold kept is on no page any more, unless somebody reads; then next time
            await self._rewritten()
            done = replace(done, doubted=await self._scrub())
        return done

    @property
    def _clock_may_be_wrong(self) -> bool:
        return self._service.store.durable  # else it is that of a simulation, which jumps by design

    async def _scrub(self) -> int:
        return await scrub_visit(self._read, self._write)

    async def _rewritten(self) -> bool:
        for part in self._rewriting.parts(self._service):
            if not await self._hop(self._service.writer, part):
                return False
        return True

    async def reached(self, size: int) -> None:
        """See `ConsentClient`."""
        await self._hop(self._service.writer, lambda: forgetting.reached(self._service, size))

    async def offered(self) -> tuple[Purpose, ...]:
        """See `ConsentClient`."""
        return await self._read(pages.offered)

    async def checkpoint(self) -> str:
        """See `ConsentClient`."""
        last = self._service.parts.signing.last
        if last is None:
            raise Unavailable("The log has no checkpoint yet.")
        return last.note

    async def _receipt(self, work: Callable[[Writing], Receipt]) -> Receipt:
        return await self._written(lambda: self._service.receipt(work))

    async def _write(self, work: Callable[[Writing], T]) -> T:
        return await self._written(lambda: self._service.write(work))

    async def _written(self, work: Callable[[], T]) -> T:
        try:
            done = await self._hop(self._service.writer, work)
        except Unavailable as fault:
            self._refused, self._refused_at = str(fault), time.monotonic()
            raise
        self._refused = ""
        return done

    async def _read(self, work: Callable[[Reading], T]) -> T:
        return await self._hop(self._service.reader, lambda: self._service.read(work))

    async def _hop(self, thread: Executor | None, work: Callable[[], T]) -> T:
        try:
            if isinstance(thread, Inline):
                return work()
            return await asyncio.get_running_loop().run_in_executor(thread, work)
        except DBAPIError as fault:
            raise Unavailable(f"The consent store does not answer: {_first_line(fault.orig)}") from fault
        except self._service.store.faults as fault:
            raise Unavailable(f"The consent store does not answer: {_first_line(fault)}") from fault
        except (OSError, AlreadyOpen, DamagedLog, SignerAway) as fault:
            raise Unavailable(f"The consent service cannot go on: {fault}") from fault


def _first_line(fault: BaseException | None) -> str:
    """A server adds the statement and a hint, which are for nobody who waits for an answer."""
    return next(iter(str(fault).splitlines()), "it does not say why")


_CHANGES = Statement(
    select(leaves.c.seq, leaves.c.subject, leaves.c.purpose, leaves.c.type, leaves.c.at, leaves.c.language)
    .where(leaves.c.told, leaves.c.seq > bindparam("after"))
    .order_by(leaves.c.seq)
    .limit(bindparam("most"))
)
_LEAVES = Statement(
    select(leaves.c.body)
    .where(leaves.c.seq > bindparam("after"))
    .order_by(leaves.c.seq)
    .limit(bindparam("most"))
)
_ADDRESSED = ("confirmed", MOVED)  # these tell of the address's domain


def _changes(reading: Reading, after: int, limit: int) -> list[Change]:
    changes = [Change(*row) for row in _CHANGES.rows(reading.driver, after=after, most=limit)]
    addressed = {change.subject for change in changes if change.type in _ADDRESSED}
    domains = domains_of(reading, sorted(addressed)) if addressed else {}
    return [
        replace(change, domain=domains.get(change.subject, "")) if change.type in _ADDRESSED else change
        for change in changes
    ]
