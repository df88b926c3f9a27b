"""`Mailer.send(message, permit)`: the one way from Virta to a mail server."""

import asyncio
from collections import deque
from collections.abc import Callable

import structlog
from msgspec import Struct

from consent.contract import Outcome, Permit, Settlement
from engine.delivery.attempts import AttemptFile
from engine.delivery.smtp import Connection, Job, Login, ServerFault
from engine.mail.headers import HeaderFault
from engine.mail.message import Message, wire

log = structlog.get_logger("mail")

_RETRY_FIRST, _RETRY_LONGEST = 0.5, 30.0
"""Seconds between attempts to connect."""

_REVOKED = 4096
"""Stops to remember before those are dropped that no living permit can be older than."""

_PERMIT_LIFE = 60_000
"""Milliseconds, well over the five seconds that a permit lives."""


class Ended(Struct, frozen=True):
    """How an attempt ended; `text` is what the server said."""

    settlement: Settlement
    subject: str
    text: str


class _Stop(Struct, frozen=True):
    leaf: int
    at: int


class Mailer:
    """Holds the connections to one mail server. `clock` gives ms UTC.

    Start it with `open`, hand it mails with `send`, take what became of them with `take_ended`; `changed` is
    set whenever there is something to take or a connection came or went.
    """

    def __init__(
        self, login: Login, connections: int, attempts: AttemptFile, clock: Callable[[], int]
    ) -> None:
        self.changed = asyncio.Event()
        self.fault = ""
        self._login = login
        self._wanted = connections
        self._attempts = attempts
        self._clock = clock
        self._jobs: deque[Job] = deque()
        self._connections: list[Connection] = []
        self._ended: list[Ended] = []
        self._revoked: dict[str, _Stop] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._missing = asyncio.Event()
        self._open = 0  # permits handed in and not ended

    @property
    def sender(self) -> str:
        """The lasting identity under which this mailer's permits are claimed."""
        return self._attempts.sender

    @property
    def free(self) -> bool:
        """Whether a connection is up: only then may permits be claimed."""
        return bool(self._connections)

    @property
    def eight_bit(self) -> bool:
        """Whether every connection's server takes 8BITMIME."""
        return self.free and all(connection.eight_bit for connection in self._connections)

    @property
    def outstanding(self) -> int:
        """Mails handed in that have not ended."""
        return self._open

    def open(self) -> None:
        """Connect in the background, and again whenever a connection is lost."""
        self._missing.set()
        self._keeper = asyncio.get_running_loop().create_task(self._keep())

    async def close(self) -> None:
        """Stop connecting and close. Call it when nothing is outstanding; what still is ends as released or
        unknown."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        for connection in self._connections:
            if self._open:
                connection.abort("Virta stops")
            else:
                connection.quit()
        while self._connections:
            self.changed.clear()
            await self.changed.wait()

    def send(self, message: Message, permit: Permit) -> None:
        """Hand one mail to the server under `permit`. The outcome comes by `take_ended`."""
        if permit.sender != self.sender or permit.key != message.key:
            raise ValueError("this permit is for another mail or another sender")
        self._open += 1
        try:
            data = wire(message, permit.recipient, permit.headers)
            permit.recipient.encode("ascii")
        except (HeaderFault, UnicodeEncodeError) as fault:
            self.ended(permit, Outcome.REFUSED, 0, str(fault))
            return
        self._jobs.append(Job(data, message.eight_bit, permit))
        for connection in self._connections:
            connection.kick()

    def take_ended(self) -> list[Ended]:
        """What ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def settled(self, settlements: list[Settlement]) -> None:
        """The consent service has these: their slots in the attempt file are free."""
        for settlement in settlements:
            self._attempts.settled(settlement.key, settlement.attempt)

    def revoke(self, subject: str, leaf: int) -> None:
        """A stop of `subject` stands at `leaf` in the log: no final dot for permits of earlier leaves."""
        now = self._clock()
        if len(self._revoked) >= _REVOKED:
            self._revoked = {
                known: stop for known, stop in self._revoked.items() if now - stop.at < _PERMIT_LIFE
            }
        known_stop = self._revoked.get(subject)
        if known_stop is None or known_stop.leaf < leaf:
            self._revoked[subject] = _Stop(leaf, now)

    # the account of a connection

    def next_job(self) -> Job | None:
        while self._jobs:
            job = self._jobs.popleft()
            if self.may_begin(job.permit):
                return job
            self.ended(job.permit, Outcome.RELEASED, 0, "the permit ran out")
        return None

    def may_begin(self, permit: Permit) -> bool:
        stop = self._revoked.get(permit.subject)
        if stop is not None and stop.leaf > permit.leaf:
            return False
        return self._clock() <= permit.deadline

    def begins(self, permit: Permit) -> None:
        self._attempts.begin(permit.key, permit.attempt)

    def ended(self, permit: Permit, outcome: Outcome, code: int, text: str) -> None:
        if code and (permit.key, permit.attempt) in self._attempts:
            self._attempts.reply(permit.key, permit.attempt, outcome, code)
        settlement = Settlement(permit.key, permit.attempt, outcome, code)
        self._ended.append(Ended(settlement, permit.subject, text))
        self._open -= 1
        self.changed.set()

    def lost(self, connection: Connection, why: str) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            log.info("connection to the mail server lost", why=why)
        self._missing.set()
        self.changed.set()

    # keeping connections

    async def _keep(self) -> None:
        pause = _RETRY_FIRST
        while True:
            await self._missing.wait()
            self._missing.clear()
            while len(self._connections) < self._wanted:
                connection = Connection(self._login, self)
                try:
                    await connection.open()
                except ServerFault as fault:
                    self._tell(str(fault))
                    if not self._connections:
                        self._release_all(str(fault))
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _RETRY_LONGEST)
                    continue
                self._tell("")
                pause = _RETRY_FIRST
                self._connections.append(connection)
                self.changed.set()
                connection.kick()

    def _release_all(self, why: str) -> None:
        """Nothing takes the mails that wait for a connection: give their permits back."""
        while self._jobs:
            self.ended(self._jobs.popleft().permit, Outcome.RELEASED, 0, why)

    def _tell(self, fault: str) -> None:
        if fault and fault != self.fault:
            log.error("mails wait", why=fault)
        if not fault and self.fault:
            log.info("the mail server answers again")
        self.fault = fault
