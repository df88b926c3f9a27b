"""The way of every mail: decide, write, claim, hand over, settle (the protocol's steps 2 to 6)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace

from consent.contract import (
    Ask,
    Claimed,
    ConsentClient,
    Decision,
    Outcome,
    Permit,
    Reason,
    Settlement,
    Status,
    Unavailable,
)
from engine.core.record import Why
from engine.delivery.addressed import addresses
from engine.delivery.mailer import Ended, Mailer
from engine.delivery.pacing import Pace, Rate
from engine.delivery.queue import Item, Queue
from engine.delivery.replies import without_addresses
from engine.delivery.retrying import SET_ASIDE, after_deferral, after_release
from engine.delivery.smtp import ServerFault
from engine.mail.headers import HeaderFault
from engine.mail.kept import Kept
from engine.mail.letters import LetterFault
from engine.mail.message import Message, build
from engine.store.database import StoreFault

log = structlog.get_logger("delivery")

LARGEST_CLAIM = 256
_SMALLEST_CLAIM = 8
_CLAIM_SECONDS = 2.0  # a claim takes no more than the server is expected to take in this time
_SETTLE_AFTER = 0.5  # seconds until outcomes are settled if no claim takes them along
_DRAIN_PAUSE = 0.05  # seconds between looks for a connection or a pacing token
_ASK_AGAIN = 1000  # milliseconds until a mail that was not answered for is asked for again
_ONE_AT_A_TIME = 200  # the same, behind another mail to the same subject
_LOG_BEHIND = 60_000  # the same, while marketing is shut after a backup was put back
_WRITE_AT_ONCE = 16  # mails written before the sockets get their turn


class Verdict(Struct, frozen=True):
    """What became of a mail: handed over (no `reason`), or why not and its template's `fault`, at ms UTC."""

    item: Item
    reason: str
    at: int
    fault: str = ""


class Dispatch:
    """Carries mails from `queue` to `mailer` under permits of `consent`. `clock` gives ms UTC.

    `keep` is given what is to be kept of mails for the browser, each time that they are written. A mail whose
    template fails is tried again for `mended_within` milliseconds from when it was asked for.
    `run` works until cancelled; `drain` works until nothing is left that may go now. What ended is taken by
    `take_verdicts`; `told` is called whenever there is something to take.
    """

    def __init__(
        self,
        consent: ConsentClient,
        mailer: Mailer,
        queue: Queue,
        domain: str,
        clock: Callable[[], int],
        told: Callable[[], None],
        per_second: float = 0,
        keep: Callable[[Sequence[Kept]], Awaitable[None]] | None = None,
        mended_within: int = 0,
    ) -> None:
        self._consent = consent
        self._mailer = mailer
        self._queue = queue
        self._domain = domain
        self._clock = clock
        self._told = told
        self._keep = keep
        self._mended_within = mended_within
        self._alone: set[str] = set()  # mails at which the program failed, one of several
        self._pace = Pace(per_second)
        self._on_way: dict[tuple[str, int], Item] = {}
        self._ended: list[Ended] = []  # not settled yet
        self._verdicts: list[Verdict] = []
        self._rate = Rate(LARGEST_CLAIM / _CLAIM_SECONDS)
        self._deaf = False  # the consent service does not answer

    def take_verdicts(self) -> list[Verdict]:
        """What ended, and is settled, since the last call."""
        verdicts, self._verdicts = self._verdicts, []
        return verdicts

    def adopt(self, item: Item, settlement: Settlement) -> None:
        """A mail that an earlier life settled: go by that outcome."""
        self._judge(item, settlement, "")

    def refuse(self, item: Item, reason: Reason | Why) -> None:
        """A mail that an earlier life was denied, or that nobody waits for any more."""
        self._finish(item, reason)

    def wake(self) -> None:
        """There is something new in the queue."""
        self._mailer.changed.set()

    async def run(self) -> None:
        """Work for ever. A consent service that does not answer only makes mails wait."""
        loop = asyncio.get_running_loop()
        settle_at = 0.0
        while True:
            self._mailer.changed.clear()
            try:
                worked = await self.step()
                if self._ended and not worked:
                    settle_at = settle_at or loop.time() + _SETTLE_AFTER
                    if loop.time() >= settle_at or not self._mailer.outstanding:
                        await self.settle()
                        worked = True
                if not self._ended:
                    settle_at = 0.0
                self._deaf = False
            except Unavailable as fault:
                if not self._deaf:
                    log.error("the consent service does not answer; mails wait", why=str(fault))
                self._deaf = True
                await asyncio.sleep(1)
                continue
            if not worked:
                await self._pause(_SETTLE_AFTER)

    async def drain(self) -> None:
        """Work until no mail may go now and everything is settled: one batch after the other, so that equal
        queues give an equal log however fast the server is. Raises `ServerFault` when there is no mail server
        to hand them to."""
        while True:
            self._mailer.changed.clear()
            if self._mailer.fault and not self._mailer.free:
                raise ServerFault(self._mailer.fault)
            self._collect()
            if self._mailer.outstanding:
                await self._pause(_DRAIN_PAUSE)
            elif await self._hand_over(LARGEST_CLAIM):
                continue
            elif self._ended:
                await self.settle()
            elif self._due():
                await self._pause(_DRAIN_PAUSE)
            else:
                return

    async def step(self) -> bool:
        """Claim and hand over one batch, if the server can take one. False: nothing to do now."""
        self._collect()
        limit = self._limit()
        return self._mailer.outstanding <= limit // 2 and await self._hand_over(limit)

    async def _hand_over(self, limit: int) -> bool:
        if not self._mailer.free:
            return False
        loop = asyncio.get_running_loop()
        now, brakes = self._clock(), self._queue.brakes
        items = self._queue.take(now, min(limit, self._pace.allows(loop.time())))
        if not items:
            return False
        for item in [item for item in items if brakes.skips(item, now)]:
            items.remove(item)
            self._finish(item, Why.TOO_LATE)
        others = [item for item in items if item.key not in self._alone]
        for part in (others, *([item] for item in items if item.key in self._alone)):
            await self._carry(part)
        return True

    async def settle(self) -> None:
        """Tell the consent service how attempts ended."""
        ended = self._take_ended()
        try:
            await self._consent.settle(self._mailer.sender, [one.settlement for one in ended])
        except Unavailable:
            self._ended = ended + self._ended
            raise
        self._conclude(ended)

    async def finish(self) -> None:
        """The mailer is closed: settle the last outcomes, so that the next life need not ask."""
        self._collect()
        if self._ended:
            await self.settle()

    # one batch

    async def _carry(self, items: Sequence[Item]) -> None:
        open_ = {item.key: item for item in items}  # those about which nothing is decided yet
        try:
            messages = await self._prepare(open_)
            for key in [key for key, item in open_.items() if self._queue.brakes.shut(item)]:
                self._requeue(open_.pop(key), self._clock())  # by an order that came meanwhile
            claimed = await self._claim([item.ask for item in open_.values()])
            for permit in claimed.permits:
                self._go(open_.pop(permit.key), permit, messages.get(permit.key))
            made_before = [
                denial.key for denial in claimed.denied if not self._denied(open_[denial.key], denial)
            ]
            for denial in claimed.denied:
                if denial.key not in made_before:
                    del open_[denial.key]
            for key, status in zip(made_before, await self._consent.status(made_before), strict=True):
                self._made_before(open_.pop(key), status)
        except (Unavailable, StoreFault):
            raise
        except Exception as fault:  # noqa: BLE001 - whatever fails of one mail, others go on
            self._set_aside(open_, fault)
        finally:  # also when the consent service did not answer: what it did not say is asked again
            for item in open_.values():
                self._requeue(item, self._clock() + _ASK_AGAIN)

    def _set_aside(self, open_: dict[str, Item], fault: Exception) -> None:
        """Something failed at one of these mails: at which, comes out when each is carried alone."""
        now = self._clock()
        if len(open_) > 1:
            self._alone |= open_.keys()
        for item in open_.values() if len(open_) == 1 else ():
            why = f"{type(fault).__name__}: {without_addresses(str(fault))}"
            log.error("a mail is set aside; it is tried again", key=item.key, why=why)
        pause = SET_ASIDE if len(open_) == 1 else 0
        for key in list(open_):
            self._requeue(open_.pop(key), now + pause)

    async def _prepare(self, open_: dict[str, Item]) -> dict[str, Message]:
        """Ask what may go, and write that. Mails that cannot be written are out of `open_` afterwards."""
        items = list(open_.values())
        decisions = await self._consent.decide([item.ask for item in items])
        shown = await addresses(self._consent, items, decisions)
        messages: dict[str, Message] = {}
        kept: list[Kept] = []
        for number, (item, decision) in enumerate(zip(items, decisions, strict=True), 1):
            if decision.allowed:
                message = self._write(item, decision, shown.get(item.key, ""), kept)
                if message is None:
                    del open_[item.key]
                else:
                    messages[item.key] = message
                    open_[item.key] = item.written(decision)
            if number % _WRITE_AT_ONCE == 0:
                await asyncio.sleep(0)
        if kept and self._keep is not None:  # before any of them can be opened
            await self._keep(kept)
        return messages

    async def _claim(self, asks: Sequence[Ask]) -> Claimed:
        """Claim, and settle what has ended on the way."""
        self._collect()
        ended = self._take_ended()
        claimed = None
        try:
            claimed = await self._consent.claim(self._mailer.sender, asks, [one.settlement for one in ended])
        finally:
            if claimed is None:
                self._ended = ended + self._ended
        self._conclude(ended)
        self._pace.spend(len(claimed.permits))
        return claimed

    def _go(self, item: Item, permit: Permit, message: Message | None) -> None:
        self._on_way[permit.key, permit.attempt] = item
        if message is None:  # denied at first, allowed now: it was not written
            settlement = Settlement(permit.key, permit.attempt, Outcome.RELEASED)
            self._ended.append(Ended(settlement, permit.subject, "not written yet"))
        else:
            self._mailer.send(message, permit)

    def _write(self, item: Item, decision: Decision, address: str, kept: list[Kept]) -> Message | None:
        """The message, or None when its template fails: that mail is set aside and blocks nobody. What is
        to be kept of it goes into `kept`."""
        now = self._clock()
        try:
            letter = item.write(decision, address)
            message = build(item.key, letter, self._domain, now, self._mailer.eight_bit)
        except (LetterFault, HeaderFault) as fault:
            why = without_addresses(str(fault))
            log.error("a mail cannot be written", key=item.key, why=why)
            if now - item.made < self._mended_within:
                self._requeue(item, now + SET_ASIDE)
            else:
                self._finish(item, Why.TEMPLATE_FAILED, why)
            return None
        if letter.kept:
            kept.append(Kept(item.key, item.subject, now, bool(letter.html), letter.kept))
        return message

    def _denied(self, item: Item, denial: Decision) -> bool:
        """Act on a denial. False: this attempt was made before, so ask what became of it."""
        reason = denial.reason
        if reason in (Reason.ALREADY_CLAIMED, Reason.WRONG_ATTEMPT):
            return False
        if reason is Reason.ONE_AT_A_TIME:
            self._requeue(item, self._clock() + _ONE_AT_A_TIME)
        elif reason is Reason.LOG_BEHIND:
            self._requeue(item, self._clock() + _LOG_BEHIND)
        elif reason is Reason.NOT_AS_AGREED:  # something was withdrawn since it was written
            self._requeue(item, self._clock())
        else:
            self._finish(item, reason.value if reason is not None else "denied")
        return True

    def _made_before(self, item: Item, status: Status | None) -> None:
        """An earlier life of this engine made this attempt: go by what became of it."""
        if status is None:  # the consent service has forgotten the attempts that this one follows
            self._requeue(item.renumbered(1), self._clock() + _ASK_AGAIN)
        elif status.outcome is None:
            self._requeue(item, self._clock() + _ASK_AGAIN)
        else:
            self._judge(item, Settlement(item.key, status.attempt, status.outcome), "")

    # what became of it

    def _collect(self) -> None:
        """Take over what the mailer has ended, and learn how fast the server is."""
        working = self._mailer.outstanding > 0
        self._mailer.expire()
        ended = self._mailer.take_ended()
        self._ended += ended
        answered = sum(1 for one in ended if one.settlement.code)
        self._rate.look(asyncio.get_running_loop().time(), working or bool(ended), answered)

    def _take_ended(self) -> list[Ended]:
        """What has ended, in the order in which it was handed over: replies come in any."""
        place = {attempt: number for number, attempt in enumerate(self._on_way)}
        ended, self._ended = self._ended, []
        ended.sort(key=lambda one: place[one.settlement.key, one.settlement.attempt])
        return ended

    def _conclude(self, ended: Sequence[Ended]) -> None:
        """The consent service has these settlements; only now may anyone act on them."""
        self._mailer.settled([one.settlement for one in ended])
        for one in ended:
            settlement = one.settlement
            item = self._on_way.pop((settlement.key, settlement.attempt))
            self._judge(item, settlement, one.text)

    def _judge(self, item: Item, settlement: Settlement, text: str) -> None:
        match settlement.outcome:
            case Outcome.ACCEPTED:
                self._finish(item, "")
            case Outcome.REFUSED:
                log.warning("the mail server refused a mail", key=item.key, code=settlement.code)
                self._finish(item, Why.SERVER_REFUSED)
            case Outcome.UNKNOWN:
                log.error("it is unknown whether a mail went out", key=item.key, why=without_addresses(text))
                self._finish(item, Why.OUTCOME_UNKNOWN)
            case Outcome.DEFERRED:
                pause = after_deferral(item.key, item.deferrals)
                self._again(item, settlement.attempt, pause, deferred=True)
            case Outcome.RELEASED:
                pause = after_release(item.releases)
                if pause is None:
                    log.error("a mail cannot be handed over in time", key=item.key)
                self._again(item, settlement.attempt, pause, deferred=False)

    def _again(self, item: Item, attempt: int, pause: int | None, deferred: bool) -> None:
        if pause is None:
            self._finish(item, Why.GAVE_UP)
            return
        counted = replace(
            item,
            deferrals=item.deferrals + deferred,
            releases=0 if deferred else item.releases + 1,
        )
        self._requeue(counted.renumbered(attempt + 1), self._clock() + pause)

    def _requeue(self, item: Item, not_before: int) -> None:
        if not self._queue.again(item, not_before):
            self._verdicts.append(Verdict(item, Why.FLOW_LEFT.value, self._clock()))
            self._told()

    def _finish(self, item: Item, reason: str, fault: str = "") -> None:
        self._alone.discard(item.key)
        self._queue.done(item)
        self._verdicts.append(Verdict(item, str(reason), self._clock(), fault))
        self._told()

    def _limit(self) -> int:
        wanted = int(self._rate.per_second * _CLAIM_SECONDS)
        return max(_SMALLEST_CLAIM, min(LARGEST_CLAIM, wanted))

    def _due(self) -> bool:
        due = self._queue.next_due()
        return due is not None and due <= self._clock()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._mailer.changed.wait()
        except TimeoutError:
            pass
