"""The loop of the engine: gather what happened, advance those people, commit, hand on the effects."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog

from consent.contract import ConsentClient, Unavailable
from engine.calls.caller import Caller
from engine.core.advance import undecided
from engine.core.bundle import (
    Bundle,
    Fired,
    Foretold,
    Happened,
    Learned,
    MailBody,
    MailEnded,
    Recall,
    Requested,
    Stimulus,
    replace,
)
from engine.core.loaded import Loaded
from engine.core.record import Why
from engine.delivery.dispatch import Dispatch
from engine.delivery.mailer import Mailer
from engine.delivery.queue import Queue
from engine.mail.letters import Letters
from engine.people.relearn import relearn
from engine.run.apply import Applying
from engine.run.changes import ANEW, CHANGES, changes_after, heard, last_heard, revoke, stimuli_of
from engine.run.control import Control
from engine.run.endings import endings
from engine.run.erasing import ERASE, Erasing
from engine.run.errands import Errands
from engine.run.histories import Histories
from engine.run.predictions import foretold
from engine.run.pulse import Pulse
from engine.run.restrictions import Restrictions
from engine.run.retries import Retries
from engine.run.sales import tell_sales
from engine.run.setting_aside import PASSED_ON, RETRY, SettingAside, place_of
from engine.run.shown import not_to_be_seen
from engine.run.stock import Stock, tell_team
from engine.run.strides import stride
from engine.run.sweep import swept
from engine.run.trials import Trials
from engine.run.views import forget_views
from engine.run.words_given import FOUND, WordsGiven
from engine.store.arrivals import INBOX, REQUEST
from engine.store.batch import Batch
from engine.store.faults import StoreFault
from engine.store.handed import Handed
from engine.store.store import Due, Received, Store

log = structlog.get_logger("engine")

LARGEST_BATCH = 1000
LATE_EVENT = 24 * 3_600_000

_ASK_AGAIN = 1.0  # seconds until a consent service that did not answer is asked again
_DECIDE = "decide-"  # begins the id of the stimulus that decides on mails under limits


class Runner:
    """Moves people. `clock` gives ms UTC. `deliver` is told the mails that the mail server took, if a flow
    asks what was delivered and nobody else would tell. Call `start` once, then `step` until it says that
    nothing is left, or `run` for good."""

    def __init__(
        self,
        store: Store,
        loaded: Loaded,
        consent: ConsentClient,
        letters: Letters,
        queue: Queue,
        mailer: Mailer,
        dispatch: Dispatch,
        caller: Caller,
        clock: Callable[[], int],
        team: Collection[str] = (),
        deliver: Callable[[Sequence[Handed]], Awaitable[None]] | None = None,
        control: Control | None = None,
        applying: Applying | None = None,
    ) -> None:
        self.wake = asyncio.Event()
        self.pulse = Pulse()
        self.idle = False  # whether `step` last found nothing to do
        self.next_due: int | None = None  # the earliest deadline when `step` last found nothing to do
        self._away = False  # the consent service did not answer somebody here since changes were heard
        self._deaf = False  # the consent service did not answer last time, and that has been said
        self._taken = False  # a step took in what stands in memory only, and was not committed
        self._store = store
        self._loaded = loaded
        self._consent = consent
        self._letters = letters
        self._queue = queue
        self._mailer = mailer
        self._dispatch = dispatch
        self._caller = caller
        self._clock = clock
        self._team = team
        self._deliver = deliver
        self._control = control
        self._applying = applying or Applying(None)
        self._cursors: dict[str, int] = {CHANGES: 0, INBOX: 0}
        self._trials = Trials(store)
        self._histories = Histories(store)
        self._errands = Errands(consent, letters, queue, dispatch, caller)
        self._retries = Retries(store, dispatch, caller)
        self._restrictions = Restrictions(caller, queue)
        self.asides = SettingAside(store)
        self.erasing = Erasing(store, consent, clock, self._drop)
        if control is not None:
            control.handlers[RETRY] = self.asides.instructed
            control.handlers[ERASE] = self.erasing.instructed
            control.handlers[FOUND] = WordsGiven(store, consent).instructed

    async def start(self) -> None:
        """Take up where the last life ended: effects that are not done go by what consent knows of them."""
        self._cursors |= await self._store.cursors()
        self._cursors |= await last_heard(self._consent, self._cursors)
        await self.erasing.begin()
        if self._loaded.recommends:
            await relearn(self._letters.catalogue, self._store, self._clock(), self._cursors[INBOX])
        if self._control is not None:
            await self._control.begin(self._loaded, self._cursors)
        retries = await self._retries.begin()
        await self.asides.begin(retries)
        effects = await self._store.effects()
        for first in range(0, len(effects), LARGEST_BATCH):
            part = effects[first : first + LARGEST_BATCH]
            people, _ = await self.asides.readable(list(dict.fromkeys(effect.contact for effect in part)))
            part = [effect for effect in part if effect.contact in people]
            self._restrictions.begin(people.values())
            standing = {journey.id for bundle in people.values() for journey in bundle.journeys}
            await self._errands.take_up(part, standing, retries)

    @property
    def open_mails(self) -> int:
        """How many mails of journeys are neither handed over nor given up."""
        return len(self._errands.open)

    def load(self, loaded: Loaded) -> None:
        """From here on people move by `loaded`, as if the program had been edited and started again."""
        self._loaded = loaded

    async def run(self) -> None:
        """Work for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.listen())
            while True:
                self.wake.clear()
                try:
                    if self._away:  # an older store may have been put back meanwhile
                        self._cursors |= await last_heard(self._consent, self._cursors)
                        self._away = False
                    worked = await self.pulse.of(self.step())
                    self._deaf = False
                except Unavailable as fault:
                    if not self._deaf:
                        log.error("the consent service does not answer", why=str(fault))
                    self._deaf = self._away = True
                    await asyncio.sleep(_ASK_AGAIN)
                    continue
                if not worked:
                    await self._pause()

    async def step(self) -> bool:
        """One batch. False: there was nothing to do. Raises `StoreFault` if a step was cut short."""
        if self._taken:  # the next life takes it up, and nothing may be committed in its place
            raise StoreFault("what the last step had taken in was not written")
        if self._control is not None:
            await self._control.look(self._loaded, self._cursors)
        await self._errands.ask()
        now = self._clock()
        self.erasing.lately = False
        received, due, self.next_due = await self._store.gather(self._cursors[INBOX], now, LARGEST_BATCH)
        if len(received) == LARGEST_BATCH:
            due = []  # what waits behind these events may be about the same people: events come first
        # read behind the inbox: whoever had agreed when an event was accepted is known to have
        changes, more = await changes_after(self._consent, self._cursors[CHANGES])
        if more:
            received, due = [], []  # what waits behind these changes may rest on them
        revoke(self._mailer, changes)
        received, due = await self.erasing.hear(changes, received, due)
        batch = Batch()
        domains: dict[str, str] = {}
        arrived = await self._arrived(received, batch, domains)
        strangers = await self._applying.next(self._loaded, self._store, self._cursors, batch, now)
        if self._control is not None and not more:
            strangers += await self._control.act(batch, self._cursors, self._errands.open_of)
        self._taken = True
        # taken only now: the consent service, which may not answer, is not asked again in this step
        self._restrictions.hear(changes, self._errands.open, batch)
        verdicts = self._restrictions.behind(self._dispatch.take_verdicts(), more)
        called = [call for call in self._caller.take_ended() if call.contact not in self.erasing.people]
        forgot = await self.erasing.go_on()
        news = changes or received or due or verdicts or called or batch.cursors or self._errands.done
        deferred = self._retries.take(batch)
        self.idle = not (news or deferred or forgot or self._restrictions.waiting or self.asides.waiting(now))
        if self.idle:
            self._taken = False
            return False
        stimuli = stimuli_of(self.erasing.others(changes), self._cursors.get(ANEW, 0)) + self.erasing.living(
            strangers
        )
        stimuli += endings(verdicts, called, self._errands.open, self._loaded, batch)
        stimuli += arrived
        if swept(self._loaded, self._cursors):
            busy = {stimulus.contact for stimulus in stimuli}
            due = await stride(self._store, self._loaded, due, busy, batch, now)
        stimuli += self._fired(due, frozenset(batch.ended))
        if changes:
            batch.cursors |= heard(changes, self._cursors)
        if received:
            batch.cursors[INBOX] = received[-1].seq
        await self._trials.judge(self._loaded, now)
        people = await self._advance(stimuli, domains, batch, now)
        forget_views(received, people, batch)
        batch.ended += self._errands.done
        batch.unkept = not_to_be_seen(batch, self._errands.open, self._letters)
        for item in received if self._loaded.recommends else ():
            self._letters.catalogue.learn(item.kind, item.data, item.at)
        batch.products, batch.products_gone = self._letters.catalogue.take_news()
        if not self._loaded.recommends:  # else what is emitted is learned from as it comes in
            batch.inbox = batch.cursors.get(INBOX, self._cursors[INBOX])
        if self._deliver is not None and batch.handed and self._loaded.hears_of_deliveries:
            # before the commit, so that no crash comes between; it is worked on in a later step
            taken = {verdict.item.key for verdict in verdicts if not verdict.reason}
            await self._deliver([mail for mail in batch.handed if mail.key in taken])
        self._retries.settle(batch)
        await self._store.commit(batch)
        self._taken = False
        self._cursors |= batch.cursors
        self._errands.forget(batch.ended)
        await self._errands.carry_out(batch.effects)
        return True

    def _drop(self, contacts: Collection[str]) -> None:
        """Have no more to do with people who were erased."""
        self._applying.drop(contacts)
        self._errands.drop(contacts)
        self.asides.drop(contacts)

    # gathering

    async def _arrived(
        self, received: Sequence[Received], batch: Batch, domains: dict[str, str]
    ) -> list[Stimulus]:
        """Give each row of the inbox its contact; the address is forgotten in the same transaction, all but
        its domain, which goes into `domains`."""
        addresses = list(dict.fromkeys(item.address for item in received if not item.contact))
        ids = await self._consent.subjects(addresses) if addresses else []
        contacts = dict(zip(addresses, ids, strict=True))
        named = await self.erasing.named(received)
        stimuli: list[Stimulus] = []
        if self._loaded.program.sales:
            stimuli += await tell_sales(self._consent, self._loaded.program, received, contacts, named)
        for item in received:
            if item.worked_on:
                continue
            contact = item.contact or named.get(item.seq) or contacts[item.address]
            if contact is None:
                log.warning("an event came for what is no address", event=item.id)
                batch.forgotten.append(item.seq)
                continue
            if not item.contact:
                batch.named.append((item.seq, contact))
                domains[contact] = item.address.rpartition("@")[2].casefold()
            data: Happened | Learned | Foretold | Requested | None = foretold(item)
            if data is not None:
                batch.emptied.append(item.seq)  # who does not agree to it has it nowhere
            elif item.kind == REQUEST:
                data = Requested(str(item.data["flow"]))
            elif item.kind:
                late = item.received - item.at > LATE_EVENT
                data = Happened(item.kind, item.data, late)
            else:
                data = Learned(item.data)
            stimuli.append(Stimulus(item.id, contact, item.at, data))
        return stimuli

    def _fired(self, due: Sequence[Due], ended: frozenset[str]) -> list[Stimulus]:
        """Timers; a mail that ended in this batch is not open any more, and nobody will report it again."""
        return [
            Stimulus(
                f"{one.journey}-{one.epoch}" if one.journey else f"watch-{one.due}",
                one.contact,
                one.due,
                Fired(one.journey, one.epoch, one.mail in self._errands.open and one.mail not in ended),
            )
            for one in due
        ]

    # advancing

    async def _advance(
        self, stimuli: Sequence[Stimulus], domains: dict[str, str], batch: Batch, now: int
    ) -> dict[str, Bundle]:
        """Everybody concerned as they are afterwards, who is not set aside."""
        stimuli = await self.asides.sift(stimuli, batch, now)
        before = await self.asides.load(stimuli, batch, now)
        after = await self._histories.whole(self._loaded, before, self._cursors[INBOX])
        for contact, domain in domains.items():
            known = after[contact].attributes if contact in after else {"email_domain": domain}
            if known.get("email_domain") != domain:
                attributes = {**known, "email_domain": domain}
                after[contact] = replace(after[contact], attributes=attributes)
        last: dict[str, Stimulus] = {}
        stock = Stock(self._store)
        while stimuli:
            recalls: list[Recall] = []
            for stimulus in stimuli:
                last[stimulus.contact] = stimulus
                if not self.asides.holds(stimulus, batch):
                    recalls += await self._move(after, stimulus, stock, batch, now)
            stimuli = self._recall(recalls, batch, now) or self._decisions(after, last, batch, now)
        for contact, old in before.items():
            batch.change(old, after[contact])
        return after

    async def _move(
        self, people: dict[str, Bundle], stimulus: Stimulus, stock: Stock, batch: Batch, now: int
    ) -> Sequence[Recall]:
        """Advance one contact. Mails under limits are decided on when everything else has been heard."""
        deciding = isinstance(stimulus.data, Fired) and stimulus.id.startswith(_DECIDE)
        bundle = people[stimulus.contact]
        try:
            advanced = await stock.advance(self._loaded, bundle, stimulus, now, more=not deciding)
        except PASSED_ON:
            raise
        except Exception as fault:  # noqa: BLE001 - whatever fails of one person, others go on
            self.asides.put(stimulus, fault, batch, now, place_of(self._loaded, stimulus, bundle))
            self.asides.holds(stimulus, batch)
            return ()
        if advanced.short:
            tell_team(self._loaded, self._team, advanced, self._cursors, batch, now)
        people[stimulus.contact] = advanced.bundle
        for effect in advanced.effects:
            {"coupon": batch.codes, "event": batch.emitted}.get(effect.kind, batch.effects).append(effect)
        batch.entries += advanced.entries
        batch.trials += advanced.trials
        return advanced.recalls

    def _recall(self, recalls: Sequence[Recall], batch: Batch, now: int) -> list[Stimulus]:
        """Take back the mails of journeys that were left, if they have not been claimed."""
        if not recalls:
            return []
        stimuli: list[Stimulus] = []
        asked = {effect.key: effect for effect in batch.effects}
        ended = set(batch.ended)
        for recall in recalls:
            effect = asked.pop(recall.key, None)
            if effect is None and recall.key not in ended and self._queue.cancel(recall.key):
                effect = self._errands.open[recall.key]
                batch.ended.append(recall.key)
            if effect is not None and isinstance(effect.body, MailBody):
                body = effect.body
                place = (body.flow, body.journey, body.step)
                data = MailEnded(*place, effect.key, body.template, body.topic, Why.FLOW_LEFT)
                stimuli.append(Stimulus(effect.key, effect.contact, now, data))
        batch.effects = list(asked.values())
        return stimuli

    def _decisions(
        self, people: dict[str, Bundle], last: dict[str, Stimulus], batch: Batch, now: int
    ) -> list[Stimulus]:
        """For everybody concerned who has mails that wait to be decided on, the word to do so."""
        stimuli = []
        ended = set(batch.ended)
        for contact, stimulus in last.items():
            if contact not in self.asides.people and undecided(people[contact], now):
                known = {mail.key for mail in people[contact].mails}
                own = frozenset(key for key in known - ended if key in self._errands.open)
                stimuli.append(Stimulus(f"{_DECIDE}{stimulus.id}", contact, now, Fired("", 0), own))
        return stimuli

    # waiting

    async def listen(self) -> None:
        """Stops reach the mailer as soon as they are committed, whatever the loop is busy with."""
        while True:
            try:
                async for changes in self._consent.feed(self._cursors[CHANGES]):
                    revoke(self._mailer, changes)
                    self.wake.set()
            except Unavailable:  # `run` asks the same service, and says so
                self._away = True
                await asyncio.sleep(1)

    async def _pause(self) -> None:
        due = self.next_due
        wait = 1.0 if due is None else min(max((due - self._clock()) / 1000, 0.001), 1.0)
        try:
            async with asyncio.timeout(wait):
                await self.wake.wait()
        except TimeoutError:
            pass
