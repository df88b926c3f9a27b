"""The way of every mail: decide, write, claim, hand over, settle (the protocol's steps 2 to 6)."""

import asyncio
from collections.abc import Callable, Sequence

import structlog
from msgspec.structs import replace

from consent.contract import (
    Ask,
    Claimed,
    ConsentClient,
    Contradiction,
    Decision,
    MailClass,
    Outcome,
    Permit,
    Reason,
    Settlement,
    Status,
    Unavailable,
)
from engine.core.record import Why
from engine.delivery.login import ServerFault
from engine.delivery.mailer import Ended, Mailer
from engine.delivery.outcomes import Outcomes, Verdict
from engine.delivery.pacing import Pace, Rate
from engine.delivery.queue import Item, Queue
from engine.delivery.writing import Keep, Writing
from engine.mail.message import Message
from engine.store.faults import StoreFault, StoreWaits
from engine.store.retries import Retry

log = structlog.get_logger("delivery")

LARGEST_CLAIM = 256
_SMALLEST_CLAIM = 8
_CLAIM_SECONDS = 2.0  # a claim takes no more than the server is expected to take in this time
_SETTLE_AFTER = 0.5  # seconds until outcomes are settled if no claim takes them along
_DRAIN_PAUSE = 0.05  # seconds between looks for a connection or a pacing token
_ASK_AGAIN = 1000  # milliseconds until a mail that was not answered for is asked for again
_ONE_AT_A_TIME = 200  # the same, behind another mail to the same subject
_PROOF, _NOTICE = MailClass.PROOF, MailClass.NOTICE
_MOST_TOLD = 4 << 20  # bytes of mails that are told with one settling: the consent service takes no more
_LOG_BEHIND = 60_000  # the same, while marketing is shut after a backup was put back


class Dispatch:
    """Carries mails from `queue` to `mailer` under permits of `consent`. `clock` gives ms UTC.

    `keep` is given what is to be kept of mails for the browser, each time that they are written. A mail whose
    template fails is tried again for `mended_within` milliseconds from when it was asked for.
    Nothing is claimed while not `held`: then another engine may have taken this one's place, and carry the
    same mails, or what becomes of them cannot be written down. `run` works until cancelled; `drain` works
    until nothing is left that may go now. What ended is taken by `take_verdicts`; `told` is called whenever
    there is something to take.
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
        keep: Keep | None = None,
        mended_within: int = 0,
        held: Callable[[], bool] = lambda: True,
    ) -> None:
        self._consent = consent
        self._mailer = mailer
        self._queue = queue
        self._clock = clock
        self._held = held
        self._outcomes = Outcomes(queue, clock, told)
        self._writing = Writing(consent, domain, clock, self._outcomes, keep, mended_within)
        self._pace = Pace(per_second)
        self._on_way: dict[tuple[str, int], Item] = {}
        self._ended: list[Ended] = []  # not settled yet
        self._rate = Rate(LARGEST_CLAIM / _CLAIM_SECONDS)
        self._deaf = False  # the consent service does not answer
        self._doubtful = False  # a claim was not answered: it may have been carried out
        self._given_back: set[tuple[str, int]] = set()  # attempts that it made, of mails that still wait

    def take_verdicts(self) -> list[Verdict]:
        """What ended, and is settled, since the last call."""
        return self._outcomes.take_verdicts()

    def take_retries(self) -> list[Retry]:
        """What was deferred since the last call, to be written down."""
        return self._outcomes.take_retries()

    def adopt(self, item: Item, settlement: Settlement) -> None:
        """A mail that an earlier life settled: go by that outcome."""
        self._outcomes.judge(item, settlement, "")

    def refuse(self, item: Item, reason: Reason | Why) -> None:
        """A mail that an earlier life was denied, or that nobody waits for any more."""
        self._outcomes.finish(item, reason)

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
            except StoreWaits:  # the store has said so
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
        if not self._mailer.free or not self._held():
            return False
        if self._doubtful:
            await self._give_back()
        loop = asyncio.get_running_loop()
        now, brakes = self._clock(), self._queue.brakes
        items = self._queue.take(now, min(limit, self._pace.allows(loop.time())))
        if not items:
            return False
        for item in [item for item in items if brakes.skips(item, now)]:
            items.remove(item)
            self._outcomes.finish(item, Why.TOO_LATE)
        others = [item for item in items if item.key not in self._outcomes.alone]
        for part in (others, *([item] for item in items if item.key in self._outcomes.alone)):
            await self._carry(part)
        return True

    async def settle(self) -> None:
        """Tell the consent service how attempts ended."""
        left = self._take_ended()
        part = len(left)
        try:
            while left:
                try:
                    await self._consent.settle(self._mailer.sender, [one.settlement for one in left[:part]])
                except Contradiction as fault:
                    if part > 1:  # of which, comes out when each is told alone
                        part = 1
                        continue
                    self._contradicted(left[0], fault)
                else:
                    self._conclude(left[:part])
                del left[:part]
        finally:
            self._ended = left + self._ended

    async def finish(self) -> None:
        """The mailer is closed: settle the last outcomes, so that the next life need not ask."""
        self._collect()
        while self._ended:
            await self.settle()

    # one batch

    async def _carry(self, items: Sequence[Item]) -> None:
        open_ = {item.key: item for item in items}  # those about which nothing is decided yet
        try:
            messages = await self._writing.prepare(open_, self._mailer.eight_bit)
            for key in [key for key, item in open_.items() if self._queue.brakes.shut(item)]:
                self._outcomes.again(open_.pop(key), self._clock())  # by an order that came meanwhile
            claimed = await self._claim([item.ask for item in open_.values()])
            for permit in claimed.permits:
                self._go(open_.pop(permit.key), permit, messages.get(permit.key))
            self._doubt([open_[denial.key].ask for denial in claimed.denied if _waits_behind(denial)])
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
            self._outcomes.failed(open_, fault)
            self._doubtful = True  # they may have been claimed
        finally:  # also when the consent service did not answer: what it did not say is asked again
            for item in open_.values():
                self._outcomes.again(item, self._clock() + _ASK_AGAIN)

    async def _claim(self, asks: Sequence[Ask]) -> Claimed:
        """Claim, and settle what has ended on the way."""
        self._collect()
        ended = self._take_ended()
        claimed = None
        try:
            claimed = await self._consent.claim(self._mailer.sender, asks, [one.settlement for one in ended])
        except Contradiction:
            self._ended, ended = ended + self._ended, []
            await self.settle()
            claimed = await self._consent.claim(self._mailer.sender, asks, [])
        finally:
            if claimed is None:
                self._ended = ended + self._ended
                self._doubtful = True
        self._conclude(ended)
        self._pace.spend(len(claimed.permits))
        return claimed

    async def _give_back(self) -> None:
        """What was claimed and never told is not begun: let go of it. Its mail may have been taken back or
        held back meanwhile, and would keep its reader's other mails waiting."""
        unsettled = await self._consent.unsettled(self._mailer.sender)
        untold = [place for place in unsettled if place not in self._on_way]
        released = [Settlement(key, attempt, Outcome.RELEASED) for key, attempt in untold]
        await self._consent.settle(self._mailer.sender, released)
        self._given_back |= {place for place in untold if place[0] in self._queue}
        self._doubtful = False

    def _doubt(self, later: Sequence[Ask]) -> None:
        """These wait behind another mail to the same person. If that is none of ours that is on its way, it
        may be one of a claim that was carried out only after its answer was given up."""
        if later:
            ours = {item.ask.subject for item in self._on_way.values()}
            self._doubtful = self._doubtful or any(ask.subject not in ours for ask in later)

    def _go(self, item: Item, permit: Permit, message: Message | None) -> None:
        self._on_way[permit.key, permit.attempt] = item
        if message is None:  # denied at first, allowed now: it was not written
            settlement = Settlement(permit.key, permit.attempt, Outcome.RELEASED)
            self._ended.append(Ended(settlement, permit.subject, "not written yet"))
        else:
            own = item.ask.mail_class is _PROOF or item.ask.mail_class is _NOTICE
            self._mailer.send(replace(message, proved=True) if own else message, permit)

    def _denied(self, item: Item, denial: Decision) -> bool:
        """Act on a denial. False: this attempt was made before, so ask what became of it."""
        reason = denial.reason
        if reason in (Reason.ALREADY_CLAIMED, Reason.WRONG_ATTEMPT):
            return False
        if reason is Reason.ONE_AT_A_TIME:
            self._outcomes.again(item, self._clock() + _ONE_AT_A_TIME)
        elif reason is Reason.LOG_BEHIND:
            self._outcomes.again(item, self._clock() + _LOG_BEHIND)
        elif reason is Reason.NOT_AS_AGREED:  # something was withdrawn since it was written
            self._outcomes.again(item, self._clock())
        else:
            self._outcomes.finish(item, reason.value if reason is not None else "denied")
        return True

    def _made_before(self, item: Item, status: Status | None) -> None:
        """An earlier life of this engine made this attempt: go by what became of it."""
        if status is None:  # the consent service has forgotten the attempts that this one follows
            self._outcomes.again(item.renumbered(1), self._clock() + _ASK_AGAIN)
        elif status.outcome is None:
            self._outcomes.again(item, self._clock() + _ASK_AGAIN)
        elif (place := (item.key, status.attempt)) in self._given_back:
            # no mail server was too slow for it: however often answers are lost, it is not given up
            self._given_back.remove(place)
            self._outcomes.again(item.renumbered(status.attempt + 1), self._clock())
        else:
            self._outcomes.judge(item, Settlement(item.key, status.attempt, status.outcome), "")

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
        """What has ended, in the order in which it was handed over: replies come in any. Of mails that are
        told whole, no more than fit."""
        place = {attempt: number for number, attempt in enumerate(self._on_way)}
        ended, self._ended = self._ended, []
        ended.sort(key=lambda one: place[one.settlement.key, one.settlement.attempt])
        told = 0
        for number, one in enumerate(ended):
            if (handed := one.settlement.handed) is not None:
                told += len(handed.mail)
                if told > _MOST_TOLD:  # the first alone always fits
                    self._ended = ended[number:]
                    return ended[:number]
        return ended

    def _conclude(self, ended: Sequence[Ended]) -> None:
        """The consent service has these settlements; only now may anyone act on them."""
        self._mailer.settled([one.settlement for one in ended])
        for one in ended:
            settlement = one.settlement
            item = self._on_way.pop((settlement.key, settlement.attempt))
            try:
                self._outcomes.judge(item, settlement, one.text)
            except Exception as fault:  # noqa: BLE001 - asked again, it hears how its attempt was settled
                self._outcomes.failed({item.key: item}, fault)

    def _contradicted(self, one: Ended, fault: Contradiction) -> None:
        """The consent service knows another end of this attempt, or none: by an operator's word, or since two
        engines went by one name. What went, or may have, is over; of all else that other end counts."""
        settlement = one.settlement
        log.error("the consent service knows another end of a mail", key=settlement.key, why=str(fault))
        if settlement.outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN):
            self._conclude([one])
            return
        self._mailer.settled([settlement])
        item = self._on_way.pop((settlement.key, settlement.attempt))
        self._outcomes.again(item, self._clock() + _ASK_AGAIN)

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


def _waits_behind(denial: Decision) -> bool:
    return denial.reason is Reason.ONE_AT_A_TIME
