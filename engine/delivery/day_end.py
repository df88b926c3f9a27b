"""Each day's checkpoint of the log of consent, mailed to those who watch over it.

Whoever keeps these mails can tell later whether the log was rewritten. They go as internal mails, through the
gate like all others."""

import asyncio
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from consent.contract import Ask, ConsentClient, Decision, MailClass, Outcome, Status, Unavailable
from engine.delivery.queue import Item, Queue
from engine.mail.letters import Letters
from engine.mail.message import Letter

log = structlog.get_logger("virta")

_DAY = 86_400_000
_LOOK_EVERY = 600.0  # seconds
_TEXT = """\
This is what the log of consent commits itself to today: its name, how many entries it has, and one hash over
all of them, signed. Keep this mail somewhere that the operator does not control. If the log is rewritten one
day, this shows it:

    virta consent verify EXPORT --key KEY --checkpoint THIS-MAIL.eml

{note}"""


class DayEnd:
    """Queues one mail a day (UTC) for each of `addresses`. `secret` makes the keys of these mails, which
    nobody else can guess."""

    def __init__(
        self,
        consent: ConsentClient,
        letters: Letters,
        queue: Queue,
        clock: Callable[[], int],
        addresses: Sequence[str],
        secret: bytes,
    ) -> None:
        self._consent = consent
        self._letters = letters
        self._queue = queue
        self._clock = clock
        self._addresses = addresses
        self._secret = secret
        self._done = -1  # the day for which nothing is to be done any more

    async def run(self, wake: Callable[[], None]) -> None:
        """Look for ever; `wake` is called when mails were queued."""
        while self._addresses:
            try:
                if await self.look():
                    wake()
            except Unavailable as fault:
                log.warning("the day's checkpoint is not mailed yet", why=str(fault))
            await asyncio.sleep(_LOOK_EVERY)

    async def look(self) -> bool:
        """Queue the day's mails that are not over; whether there were any. Raises `Unavailable`."""
        now = self._clock()
        day = now // _DAY
        if day == self._done or not self._addresses:
            return False
        note = await self._consent.checkpoint()
        keys = [self._key(day, address) for address in self._addresses]
        known = await self._consent.status(keys)
        subjects = await self._consent.subjects(self._addresses)
        queued = False
        for key, status, subject in zip(keys, known, subjects, strict=True):
            attempt = _next_attempt(status)
            if attempt and subject is not None and key not in self._queue:
                ask = Ask(key, attempt, subject, MailClass.INTERNAL, None, "", None)
                self._queue.put(Item(ask, self._write(note, day), now))
                queued = True
        self._done = day
        return queued

    def _write(self, note: str, day: int) -> Callable[[Decision, str], Letter]:
        subject = f"Checkpoint of the log of consent, {_date(day)}"
        return lambda decision, _: self._letters.note(subject, _TEXT.format(note=note))

    def _key(self, day: int, address: str) -> str:
        return hmac.digest(self._secret, f"checkpoint/{day}/{address}".encode(), "sha256").hex()[:32]


def _next_attempt(status: Status | None) -> int:
    """The number of the attempt to make; 0: none. One that an earlier life could not bring to its end is
    followed by another: nobody else asks for these mails."""
    if status is None:
        return 1
    return status.attempt + 1 if status.outcome in (Outcome.DEFERRED, Outcome.RELEASED) else 0


def _date(day: int) -> str:
    return f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}"
