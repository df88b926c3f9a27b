"""The engine's memory: contacts with their journeys, the inbox, effects, the journal, graphs."""

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as upsert

from dsl.graph import Graph, graph_from_json, to_json
from engine.core.asked import Asked
from engine.core.bundle import Bundle, Effect, Entry, Journey, Stimulus
from engine.core.rereading import RawEvent
from engine.core.trial import Ruling
from engine.mail.kept import Kept
from engine.people.catalogue import Product
from engine.store import (
    arrivals,
    aside,
    asked,
    control,
    coupons,
    due,
    effects,
    erased,
    handed,
    journal,
    kept,
    living,
    people,
    products,
    raw,
    releases,
    retries,
    stock,
    told,
    travellers,
    trials,
    waiting,
)
from engine.store import schema as t
from engine.store.arrivals import Received
from engine.store.aside import Aside
from engine.store.asked import Questions
from engine.store.batch import Batch
from engine.store.commit import commit
from engine.store.control import Instruction
from engine.store.coupons import Code
from engine.store.database import Database
from engine.store.due import Due
from engine.store.forgetting import Forgetting
from engine.store.handed import Handed
from engine.store.mails import Mails
from engine.store.register import Register
from engine.store.releases import Backfill, Release
from engine.store.retries import Retry
from engine.store.server import Place
from engine.store.statement import Driver, driver_of
from engine.store.together import Together
from engine.store.told import Past, Told
from engine.store.trials import Tally
from engine.store.waiting import Waiting

__all__ = ["Due", "Received", "Store"]


class Store:
    """All of the engine's reads and writes. Each method is one transaction. Instants are ms UTC."""

    def __init__(self, place: Place | None, durable: bool = True, image: bytes | None = None) -> None:
        self._database = Database(place, t.metadata, durable, image)
        self._together = Together(self._database)
        self.forgetting = Forgetting(self._database)
        self.mails = Mails(self._database)
        self._places = effects.Places()
        self._register = Register()
        self._end: int | None = None  # of the inbox; None: not known
        self._next_due: int | None = None
        self.heard: Callable[[Batch], None] | None = None  # is told of each batch that was committed
        self._worked = 0  # up to where the inbox was worked on
        self._stale = True  # whether the earliest deadline may have changed since it was read

    @property
    def held(self) -> bool:
        """Whether no other engine can have taken this one's place."""
        return self._database.held

    @property
    def shut(self) -> str:
        """Why nothing can be written now; empty: it can, as far as is known."""
        return self._database.shut

    def image(self) -> bytes:
        """All that is in a store in memory, for others to begin with."""
        return self._database.image()

    def close(self) -> None:
        self._database.close()

    # inbox

    async def accept(self, items: Sequence[Received]) -> None:
        """Keep what came in; an id that is there already is left as it is."""
        self._end = max(await self._together.accept(items), self._end or 0)

    async def gather(self, after: int, now: int, limit: int) -> tuple[list[Received], list[Due], int | None]:
        """What came into the inbox behind position `after`, and the deadlines up to `now`, earliest first,
        `limit` of each; and the earliest deadline of all. Nothing is read where nothing can be new."""
        waiting = self._next_due is None or self._next_due > now
        if self._end == after and waiting and not self._stale:
            return [], [], self._next_due
        self._stale = False
        received, due, self._next_due, self._end = await self._database.read(
            _gather, after, now, limit, self._register
        )
        return received, due, self._next_due

    async def history(self) -> list[Received]:
        """Every event that is kept, in order of time."""
        return await self._database.read(arrivals.history)

    async def told(
        self, kinds: Collection[str], since: int, after: int, until: int, limit: int
    ) -> list[Told]:
        """The first `limit` events of these kinds that happened at `since` or later and stand behind position
        `after` of the inbox and not behind `until`."""
        return await self._database.run(told.find, kinds, since, after, until, limit)

    async def handed(self, keys: Sequence[str]) -> list[Handed | None]:
        """The mails handed over under these keys, in order; None: there is none."""
        return await self._database.run(handed.find, keys)

    async def open_among(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys under which something was asked for and is not done: of mails, those of which
        the engine does not know yet what became of them."""
        return await self._database.run(effects.open_among, keys)

    async def signs_of_life(self, after: int | None, limit: int) -> tuple[int, Sequence[tuple[str, int]]]:
        """See `living.signs`; with `after` None only where a first look begins."""
        if after is None:
            return await self._database.read(living.beginning), ()
        return await self._database.read(living.signs, after, limit)

    async def keep_mails(self, mails: Sequence[Kept]) -> None:
        """Keep the bodies of mails; one whose key is there already is as it is now."""
        await self._database.run(_keep_mails, mails)

    async def kept_mail(self, key: str) -> Kept | None:
        """The mail that is kept under a key; None: there is none."""
        return await self._database.read(kept.find, key)

    async def forget_mails(self, before: int, part: int = 1000) -> None:
        """Forget the mails that were written before that instant; at most `part` in a transaction, that
        others need not wait long."""
        while await self._database.run(_forget_mails, before, part):
            pass

    async def codes(self, after: int = -1) -> list[Code]:
        """The coupons' codes made after that instant, oldest first."""
        return await self._database.run(coupons.find, after)

    async def keep_lists(self, lists: Mapping[str, Sequence[str]]) -> None:
        """Offer the codes of these lists, by coupon, and those of no earlier form of them."""
        await self._database.run(_keep_lists, lists)

    async def free_codes(self, coupon: str, limit: int) -> list[str]:
        """The first free codes of a coupon's list, in its order."""
        return await self._database.read(stock.free, coupon, limit)

    async def products(self) -> list[Product]:
        """What is known of the shop's products, by SKU."""
        return await self._database.read(products.find)

    # trials

    async def tally(self, mark: str, now: int) -> list[Tally]:
        """What became of the arms of a trial, of the people whose time has passed at `now`."""
        return await self._database.read(trials.tally, mark, now)

    async def rule(self, rulings: Sequence[Ruling]) -> None:
        """Keep what was found of trials."""
        await self._database.run(_rule, rulings)

    async def tidy_trials(self, kept: Collection[str], over: int, before: int, part: int = 10_000) -> None:
        """Sum up the people whose time ended before `over`, and drop trials that are not among `kept` if all
        of it ended `before`. At most `part` people in a transaction, that others need not wait long."""
        while await self._database.run(_fold, over, part):
            pass
        await self._database.run(_forget, kept, before)

    async def rulings(self) -> list[Ruling]:
        """All that was found of trials, oldest first."""
        return await self._database.read(trials.rulings)

    # people

    async def load(self, contacts: Sequence[str]) -> dict[str, Bundle]:
        """A bundle for each contact; that of one who was never seen is empty."""
        return await self._database.read(people.load, contacts, self._register)

    async def standing(self, slots: Sequence[int]) -> dict[int, tuple[Bundle, Journey]]:
        """The journeys in these slots, each with what is known of its contact but for other journeys. One
        whose rows cannot be read is left out."""
        return await self._database.read(people.standing, slots, self._register)

    async def attributes(self, slots: Sequence[int]) -> dict[int, dict[str, bytes]]:
        """The attributes of the contacts whose journeys are in these slots, by slot and name, each packed.
        Those whose rows cannot be read are left out."""
        return await self._database.read(people.attributes, slots) if slots else {}

    async def contacts(self, after: str, limit: int) -> list[str]:
        """The first `limit` contacts whose ids lie behind `after`, in order."""
        return await self._database.read(people.behind, after, limit)

    async def last_slot(self) -> int:
        """That of the journey that started last of those under way: who walks through all others up to it
        comes to an end, however many start meanwhile. 0: there is none."""
        return await self._database.read(travellers.last)

    async def travellers(self, after: int, until: int, limit: int) -> tuple[list[tuple[str, str]], int]:
        """The contacts of the first `limit` journeys under way behind slot `after` and not behind `until`,
        each with the digest of its graph, and the last slot. Slots are in the order of starts."""
        return await self._database.read(travellers.travellers, after, until, limit)

    async def past(self, kinds: Collection[str], since: int, after: str, limit: int = 50_000) -> list[Past]:
        """The next people behind `after` who had events of these kinds since then, and these events."""
        return await self._database.run(told.past, kinds, since, after, limit)

    async def contacts_in(self, flow: str, after: int, until: int, limit: int) -> tuple[list[str], int]:
        """The contacts of such journeys of one flow, each once, and the last slot among them."""
        return await self._database.read(travellers.contacts_in, flow, after, until, limit)

    async def raw_events(
        self, contacts: Sequence[tuple[str, Collection[str]]], until: int
    ) -> list[list[RawEvent]]:
        """The raw events of each contact that were worked on, in that order; of the kinds named beside it
        with their data. The inbox has been worked on up to `until`."""
        return await self._database.read(raw.of, contacts, until)

    async def forget_events(self, before: int, part: int = 5000) -> None:
        """Forget the raw events that came in before that instant and were worked on; at most `part` in a
        transaction, that others need not wait long."""
        while await self._database.run(_forget_events, before, part):
            pass

    async def forget_journal(self, before: int, part: int = 1000) -> None:
        """Forget the lines of the journal from before that instant (ms UTC), so many rows in a
        transaction."""
        while await self._database.run(_forget_journal, before, part):
            pass

    async def keep_asked(self, new: Asked, judges: str, definitions: Mapping[str, str]) -> Questions:
        """Write down what is asked of people from now on; all that ever was, by digest. `definitions` are
        those of segments, by name; `judges` is their digest."""
        return await self._database.run(asked.keep, new, judges, definitions)

    async def set_aside(self) -> list[Aside]:
        """Who is set aside, by the time at which it came to that."""
        return await self._database.read(aside.everybody)

    async def retries(self) -> list[Retry]:
        """All that is tried again, the next first."""
        return await self._database.read(retries.find)

    async def held_back(self, contact: str) -> list[Stimulus]:
        """What happened to somebody since they were set aside, in order."""
        return await self._database.read(aside.held, contact)

    # batches

    async def commit(self, batch: Batch) -> None:
        self._stale = True
        await self._database.run(commit, batch, self._places, self._register)
        self._stale = True
        self._worked = batch.cursors.get(arrivals.INBOX, self._worked)
        if self.heard is not None:
            self.heard(batch)

    async def instructions(self, after: int, limit: int = 1000) -> list[Instruction]:
        """The first `limit` rows that other processes wrote for this engine behind number `after`."""
        return await self._database.read(control.behind, after, limit)

    async def instruct(self, kind: str, body: bytes, by: str, at: int) -> int:
        """Write a row of the engine's own among them; its number."""
        return await self._database.run(control.add, kind, body, by, at)

    async def last_sign(self) -> int | None:
        """When the engine last wrote what it had done; None: it never has."""
        return await self._database.read(control.last_sign)

    async def cursors(self) -> dict[str, int]:
        found = await self._database.run(_cursors)
        self._worked = found.get(arrivals.INBOX, 0)
        return found

    @property
    def waiting(self) -> int:
        """How many rows of the inbox are not worked on yet, as far as is known without a look."""
        return max(0, (self._end or 0) - self._worked)

    async def behind(self, now: int) -> Waiting:
        """How far the engine is behind at `now` (ms UTC)."""
        return await self._database.read(waiting.count, self._worked, now)

    async def effects(self) -> list[Effect]:
        """Every effect that is not done, oldest first."""
        return await self._database.read(effects.waiting)

    async def journal(self) -> list[Entry]:
        """The whole journal ordered by (at, contact, n); `n` counts the lines of a contact at an instant."""
        return await self._database.run(journal.whole)

    # graphs

    async def keep_graphs(self, graphs: Sequence[Graph]) -> None:
        await self._database.run(_keep_graphs, graphs)

    async def graphs(self) -> list[Graph]:
        """All that ever ran."""
        return await self._database.run(_graphs)

    async def graphs_beside(self, current: Collection[str]) -> list[Graph]:
        """Those on which journeys stand, but for those with `current` digests."""
        older = [graph for graph in await self.graphs() if graph.digest not in current]
        needed = await self._database.read(travellers.standing_on, [graph.digest for graph in older])
        return [graph for graph in older if graph.digest in needed]

    # releases

    async def enact(self, draft: Release) -> Release:
        """The release that is to run: the newest if it has the same content, else `draft`, written down."""
        return await self._database.run(releases.enact, draft)

    async def last_release(self) -> int:
        """The number of the newest release; 0: there is none."""
        return await self._database.read(releases.last)

    async def backfills(self) -> list[tuple[int, Backfill]]:
        """All that was ever to start for the past, in order, each with its release's number."""
        return await self._database.run(releases.backfills)


def _gather(
    driver: Driver, after: int, now: int, limit: int, register: Register
) -> tuple[list[Received], list[Due], int | None, int]:
    return (
        arrivals.behind(driver, after, limit),
        due.due(driver, now, limit, register),
        due.next_due(driver),
        arrivals.end(driver),
    )


def _keep_lists(connection: Connection, lists: Mapping[str, Sequence[str]]) -> None:
    driver = driver_of(connection)
    for coupon, codes in lists.items():
        stock.offer(driver, coupon, codes)


def _keep_mails(connection: Connection, mails: Sequence[Kept]) -> None:
    gone = erased.among(connection, [mail.contact for mail in mails])  # while they were being written
    kept.keep(driver_of(connection), [mail for mail in mails if mail.contact not in gone])


def _forget_mails(connection: Connection, before: int, limit: int) -> bool:
    return kept.forget(driver_of(connection), before, limit)


def _forget_events(connection: Connection, before: int, limit: int) -> bool:
    return raw.forget(driver_of(connection), before, limit)


def _forget_journal(connection: Connection, before: int, limit: int) -> bool:
    return journal.forget(driver_of(connection), before, limit)


def _rule(connection: Connection, rulings: Sequence[Ruling]) -> None:
    trials.rule(driver_of(connection), rulings)


def _fold(connection: Connection, over: int, limit: int) -> bool:
    return trials.fold(driver_of(connection), over, limit)


def _forget(connection: Connection, kept: Collection[str], before: int) -> None:
    trials.forget(driver_of(connection), kept, before)


def _cursors(connection: Connection) -> dict[str, int]:
    return {row.name: int(row.value) for row in connection.execute(select(t.note))}


def _keep_graphs(connection: Connection, graphs: Sequence[Graph]) -> None:
    if graphs:
        connection.execute(
            upsert(t.graph).on_conflict_do_nothing(),
            [{"digest": graph.digest, "body": to_json(graph)} for graph in graphs],
        )


def _graphs(connection: Connection) -> list[Graph]:
    return [graph_from_json(body) for (body,) in connection.execute(select(t.graph.c.body))]
