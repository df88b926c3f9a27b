"""The loop of the engine: gather what happened, advance those people, commit, hand on the effects."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from consent.contract import (
    Ask,
    Change,
    ConsentClient,
    MailClass,
    Outcome,
    Settlement,
    Status,
    Unavailable,
)
from engine.core.advance import advance
from engine.core.bundle import (
    Agreed,
    Bundle,
    Effect,
    Entry,
    Fired,
    Happened,
    Learned,
    MailEnded,
    Stimulus,
    replace,
)
from engine.core.loaded import Loaded
from engine.core.record import What, Why
from engine.delivery.dispatch import Dispatch, Verdict
from engine.delivery.mailer import Mailer
from engine.delivery.queue import Item, Queue
from engine.mail.letters import Letters
from engine.store.batch import PERSONALISATION, Batch
from engine.store.handed import Handed
from engine.store.store import Due, Received, Store
from engine.store.views import VIEWS

log = structlog.get_logger("engine")

LARGEST_BATCH = 1000
LATE_EVENT = 24 * 3_600_000
LATE_HANDOVER = 60_000
"""Milliseconds from asking to hand-over from which on a wait is counted anew. Every wait is at least as
long, so no timer that matters can come before a hand-over that is not reported."""

STARTED = frozenset({"confirmed"})
STOPPED = frozenset({"withdrawn"})
SPEAKS = "language.changed"
_OVER = (Outcome.ACCEPTED, Outcome.REFUSED, Outcome.UNKNOWN)
_ASK_AGAIN = 1.0  # seconds until a consent service that did not answer is asked again
_CHANGES, _INBOX = "changes", "inbox"


class Runner:
    """Moves people. `clock` gives ms UTC. Call `start` once, then `step` until it says that nothing is left,
    or `run` for good."""

    def __init__(
        self,
        store: Store,
        loaded: Loaded,
        consent: ConsentClient,
        letters: Letters,
        queue: Queue,
        mailer: Mailer,
        dispatch: Dispatch,
        clock: Callable[[], int],
    ) -> None:
        self.wake = asyncio.Event()
        self.idle = False  # whether `step` last found nothing to do
        self.next_due: int | None = None  # the earliest deadline when `step` last found nothing to do
        self._deaf = False  # the consent service did not answer last time, and that has been said
        self._store = store
        self._loaded = loaded
        self._consent = consent
        self._letters = letters
        self._queue = queue
        self._mailer = mailer
        self._dispatch = dispatch
        self._clock = clock
        self._cursors: dict[str, int] = {_CHANGES: 0, _INBOX: 0}
        self._open: dict[str, Effect] = {}  # mails that are not done, by key

    async def start(self) -> None:
        """Take up where the last life ended: effects that are not done go by what consent knows of them."""
        self._cursors |= await self._store.cursors()
        self._cursors[_CHANGES] = await last_heard(self._consent, self._cursors[_CHANGES])
        effects = await self._store.effects()
        for first in range(0, len(effects), LARGEST_BATCH):
            part = effects[first : first + LARGEST_BATCH]
            known = await self._consent.status([effect.key for effect in part])
            people = await self._store.load(list(dict.fromkeys(effect.contact for effect in part)))
            standing = {journey.id for bundle in people.values() for journey in bundle.journeys}
            for effect, status in zip(part, known, strict=True):
                self._open[effect.key] = effect
                self._resume(self._item(effect), status, effect.body.journey in standing)

    @property
    def open_mails(self) -> int:
        """How many mails of journeys are neither handed over nor given up."""
        return len(self._open)

    async def run(self) -> None:
        """Work for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            while True:
                self.wake.clear()
                try:
                    worked = await self.step()
                    self._deaf = False
                except Unavailable as fault:
                    if not self._deaf:
                        log.error("the consent service does not answer", why=str(fault))
                    self._deaf = True
                    await asyncio.sleep(_ASK_AGAIN)
                    continue
                if not worked:
                    await self._pause()

    async def step(self) -> bool:
        """One batch. False: there was nothing to do."""
        now = self._clock()
        received, due, self.next_due = await self._store.gather(self._cursors[_INBOX], now, LARGEST_BATCH)
        if len(received) == LARGEST_BATCH:
            due = []  # what waits behind these events may be about the same people: events come first
        changes = await self._changes()
        for change in changes:
            if change.type in STOPPED:
                self._mailer.revoke(change.subject, change.seq)
        batch = Batch()
        domains: dict[str, str] = {}
        arrived = await self._arrived(received, batch, domains)
        # taken only now: the consent service, which may not answer, is not asked again in this step
        verdicts = self._dispatch.take_verdicts()
        self.idle = not (changes or received or due or verdicts)
        if self.idle:
            return False
        stimuli = _changed(changes)
        stimuli += self._ended(verdicts, batch)
        stimuli += arrived
        stimuli += self._fired(due, frozenset(batch.ended))
        if changes:
            batch.cursors[_CHANGES] = changes[-1].seq
        if received:
            batch.cursors[_INBOX] = received[-1].seq
        people = await self._advance(stimuli, domains, batch, now)
        _forget_views(received, people, batch)
        self._recall(batch, now)
        await self._store.commit(batch)
        self._cursors |= batch.cursors
        for key in batch.ended:
            self._open.pop(key, None)
        for effect in batch.effects:
            self._open[effect.key] = effect
            self._queue.put(self._item(effect))
        if batch.effects:
            self._dispatch.wake()
        return True

    # gathering

    async def _changes(self) -> list[Change]:
        """All changes of consent so far. They are read behind the inbox: whoever had agreed when an event was
        accepted is known to have."""
        changes: list[Change] = []
        after = self._cursors[_CHANGES]
        while part := await self._consent.changes(after, LARGEST_BATCH):
            changes += part
            after = part[-1].seq
            if len(part) < LARGEST_BATCH:
                break
        return changes

    def _ended(self, verdicts: Sequence[Verdict], batch: Batch) -> list[Stimulus]:
        """A mail handed over in time needs a line in the journal only; all else the journey must hear."""
        stimuli: list[Stimulus] = []
        for verdict in verdicts:
            effect = self._open.get(verdict.item.key)
            if effect is None:  # a proof mail: the consent service keeps its story
                continue
            body = effect.body
            batch.ended.append(effect.key)
            if verdict.reason in ("", Why.OUTCOME_UNKNOWN):
                names = (body.flow, body.step, body.template, body.topic)
                batch.handed.append(Handed(effect.key, effect.contact, verdict.at, *names))
            if verdict.reason or body.report or verdict.at - body.at > LATE_HANDOVER:
                data = MailEnded(
                    body.flow,
                    body.journey,
                    body.step,
                    effect.key,
                    body.template,
                    body.topic,
                    verdict.reason,
                )
                stimuli.append(Stimulus(effect.key, effect.contact, verdict.at, data))
            else:
                batch.entries.append(
                    Entry(effect.contact, verdict.at, 0, body.journey, body.flow, body.step, What.SENT.value)
                )
        return stimuli

    async def _arrived(
        self, received: Sequence[Received], batch: Batch, domains: dict[str, str]
    ) -> list[Stimulus]:
        """Give each row of the inbox its contact; the address is forgotten in the same transaction, all but
        its domain, which goes into `domains`."""
        addresses = list(dict.fromkeys(item.address for item in received if not item.contact))
        ids = await self._consent.subjects(addresses) if addresses else []
        contacts = dict(zip(addresses, ids, strict=True))
        stimuli: list[Stimulus] = []
        for item in received:
            contact = item.contact or contacts[item.address]
            if contact is None:
                log.warning("an event came for what is no address", event=item.id)
                batch.forgotten.append(item.seq)
                continue
            if not item.contact:
                batch.named.append((item.seq, contact))
                domains[contact] = item.address.rpartition("@")[2].casefold()
            if item.kind:
                late = item.received - item.at > LATE_EVENT
                data: Happened | Learned = Happened(item.kind, item.data, late)
            else:
                data = Learned(item.data)
            stimuli.append(Stimulus(item.id, contact, item.at, data))
        return stimuli

    def _fired(self, due: Sequence[Due], ended: frozenset[str]) -> list[Stimulus]:
        """Timers; a mail that ended in this batch is not open any more, and nobody will report it again."""
        return [
            Stimulus(
                f"{one.journey}-{one.epoch}" if one.journey else f"segments-{one.due}",
                one.contact,
                one.due,
                Fired(one.journey, one.epoch, one.mail in self._open and one.mail not in ended),
            )
            for one in due
        ]

    # advancing

    async def _advance(
        self, stimuli: Sequence[Stimulus], domains: dict[str, str], batch: Batch, now: int
    ) -> dict[str, Bundle]:
        """Everybody concerned as they are afterwards."""
        contacts = list(dict.fromkeys(stimulus.contact for stimulus in stimuli))
        before = await self._store.load(contacts) if contacts else {}
        after: dict[str, Bundle] = dict(before)
        for contact, domain in domains.items():
            known = after[contact].attributes
            if known.get("email_domain") != domain:
                attributes = {**known, "email_domain": domain}
                after[contact] = replace(after[contact], attributes=attributes)
        for stimulus in stimuli:
            advanced = advance(self._loaded, after[stimulus.contact], stimulus, now)
            after[stimulus.contact] = advanced.bundle
            batch.effects += advanced.effects
            batch.entries += advanced.entries
        for contact, old in before.items():
            batch.change(old, after[contact])
        return after

    def _recall(self, batch: Batch, now: int) -> None:
        """Mails of journeys that were left: taken back if they have not been claimed."""
        recalled = {effect.key: effect for effect in batch.effects if effect.kind == "recall"}
        if not recalled:
            return
        batch.effects = [effect for effect in batch.effects if effect.kind == "mail"]
        fresh = {effect.key: effect for effect in batch.effects if effect.key in recalled}
        batch.effects = [effect for effect in batch.effects if effect.key not in fresh]
        for key in recalled:
            effect = fresh.get(key)
            if effect is None and self._queue.cancel(key):
                effect = self._open[key]
                batch.ended.append(key)
            if effect is not None:
                body = effect.body
                batch.entries.append(
                    Entry(
                        effect.contact,
                        now,
                        0,
                        body.journey,
                        body.flow,
                        body.step,
                        What.SKIPPED.value,
                        Why.FLOW_LEFT.value,
                    )
                )

    # effects

    def _item(self, effect: Effect) -> Item:
        body = effect.body
        ask = Ask(
            effect.key,
            1,
            effect.contact,
            MailClass.SERVICE if body.service else MailClass.MARKETING,
            body.topic,
            self._letters.digest(body.template),
            body.trigger_id if body.service else None,
        )
        return Item(ask, lambda decision: self._letters.letter(body, decision), body.at)

    def _resume(self, item: Item, status: Status | None, standing: bool) -> None:
        """Go by what became of the mail. A journey stands while its mail is open: one that does not was left,
        and a mail of it that has not gone goes no more."""
        if status is not None and status.outcome in _OVER:
            self._dispatch.adopt(item, Settlement(item.key, status.attempt, status.outcome))
        elif not standing:
            self._dispatch.refuse(item, Why.FLOW_LEFT)
        elif status is not None and status.outcome is not None:
            self._dispatch.adopt(item, Settlement(item.key, status.attempt, status.outcome))
        elif status is not None and status.reason is not None:
            self._dispatch.refuse(item, status.reason)
        else:
            self._queue.put(item)

    # waiting

    async def _listen(self) -> None:
        """Stops reach the mailer as soon as they are committed, whatever the loop is busy with."""
        while True:
            try:
                async for changes in self._consent.feed(self._cursors[_CHANGES]):
                    for change in changes:
                        if change.type in STOPPED:
                            self._mailer.revoke(change.subject, change.seq)
                    self.wake.set()
            except Unavailable:  # `run` asks the same service, and says so
                await asyncio.sleep(1)

    async def _pause(self) -> None:
        due = self.next_due
        wait = 1.0 if due is None else min(max((due - self._clock()) / 1000, 0.001), 1.0)
        try:
            async with asyncio.timeout(wait):
                await self.wake.wait()
        except TimeoutError:
            pass


async def last_heard(consent: ConsentClient, cursor: int) -> int:
    """The position up to which changes of consent were heard: `cursor`, if the log knows a change there. If
    not, an older consent store was put back; then its changes count from where it now ends, so that no later
    one is missed. (The gate decides on each mail by the log as it is, whatever was heard.)"""
    if not cursor or any(change.seq == cursor for change in await consent.changes(cursor - 1, 1)):
        return cursor
    log.error("the consent store is older than what was heard of it; changes count from its end")
    end = 0
    while part := await consent.changes(end, LARGEST_BATCH):
        end = part[-1].seq
    return end


def _forget_views(received: Sequence[Received], people: dict[str, Bundle], batch: Batch) -> None:
    """What was looked at by those who did not agree to personalisation has done its work."""
    named = dict(batch.named)
    for item in received:
        contact = item.contact or named.get(item.seq)
        if item.kind in VIEWS and contact and PERSONALISATION not in people[contact].agreed:
            batch.emptied.append(item.seq)


def _changed(changes: Sequence[Change]) -> list[Stimulus]:
    stimuli: list[Stimulus] = []
    for change in changes:
        if change.type in STARTED | STOPPED:
            data: Agreed | Learned = Agreed(
                change.topic, change.type in STARTED, change.language, change.domain
            )
        elif change.type == SPEAKS:
            data = Learned({"language": change.language})
        else:
            continue
        stimuli.append(Stimulus(f"change-{change.seq}", change.subject, change.at, data))
    return stimuli
