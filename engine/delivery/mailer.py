"""`Mailer.send(message, permit)`: the one way from Virta to a mail server."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

import structlog
from email_validator import EmailNotValidError, validate_email
from msgspec import Struct

from consent.contract import Handed, Outcome, Permit, Settlement
from engine.delivery.attempts import AttemptFile
from engine.delivery.handed import handed_over
from engine.delivery.job import Job
from engine.delivery.login import Login, ServerFault
from engine.delivery.replies import without_addresses
from engine.delivery.retrying import spread
from engine.delivery.smtp import Connection, Dial, by_tcp
from engine.mail.dkim import Dkim
from engine.mail.headers import HeaderFault
from engine.mail.message import Message, wire

log = structlog.get_logger("mail")

_RETRY_FIRST, _RETRY_LONGEST = 0.1, 30.0
"""Seconds between attempts to connect."""

LONGEST_LEFT = 5000
"""Milliseconds that a permit lives."""

_SHORT_LIFE = 10.0
"""Seconds within which a connection that ends without having taken or refused one mail counts as failed."""

_USELESS_OFTEN = 3
"""Such connections in a row that make a fault of the server."""

_GOODBYE = 1.0
"""Seconds that a server has to close a connection in good order."""

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
    """Holds the connections to one mail server, which `dial` makes. `clock` gives ms UTC; `dkim` signs what
    goes out.

    Start it with `open`, hand it mails with `send`, take what became of them with `take_ended`; `changed` is
    set whenever there is something to take or a connection came or went.
    """

    def __init__(
        self,
        login: Login,
        connections: int,
        attempts: AttemptFile,
        clock: Callable[[], int],
        dial: Dial = by_tcp,
        dkim: Dkim | None = None,
    ) -> None:
        self.changed = asyncio.Event()
        self.fault = ""
        self._login = login
        self._dial = dial
        self._wanted = connections
        self._attempts = attempts
        self._clock = clock
        self._dkim = dkim
        self._jobs: deque[Job] = deque()
        self._connections: list[Connection] = []
        self._ended: list[Ended] = []
        self._revoked: dict[str, _Stop] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._missing = asyncio.Event()
        self._hurry = asyncio.Event()  # a connection was lost that had done well
        self._unopened = 0  # attempts in a row that did not open a connection
        self._useless = 0  # connections in a row that were lost before they had served anything
        self._left = 0  # whether the last that was lost was hung up by us
        self._opened_at: dict[Connection, float] = {}
        self._open = 0  # permits handed in and not ended
        self._until: dict[tuple[str, int], float] = {}  # of these, when they run out by the loop's clock
        self._evidence: dict[tuple[str, int], bytes] = {}  # of these, the bytes that are to be proved
        self._closing = False

    @property
    def sender(self) -> str:
        """The lasting identity under which this mailer's permits are claimed."""
        return self._attempts.sender

    @property
    def free(self) -> bool:
        """Whether a connection is up whose server keeps up: only then may permits be claimed."""
        return any(not connection.stuck for connection in self._connections)

    @property
    def eight_bit(self) -> bool:
        """Whether every connection's server takes 8BITMIME."""
        return bool(self._connections) and all(connection.eight_bit for connection in self._connections)

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
        self._closing = True
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        self._release_all("Virta stops")
        for connection in list(self._connections):
            if self._open:
                connection.abort("Virta stops")
            else:
                connection.quit()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                await self._all_lost()
        for connection in list(self._connections):  # a server that does not even let us go (TLS asks it to)
            connection.abort("Virta stops")
        await self._all_lost()

    async def _all_lost(self) -> None:
        while self._connections:
            self.changed.clear()
            await self.changed.wait()

    def send(self, message: Message, permit: Permit) -> None:
        """Hand one mail to the server under `permit`. The outcome comes by `take_ended`."""
        if permit.sender != self.sender or permit.key != message.key:
            raise ValueError("this permit is for another mail or another sender")
        self._open += 1
        # the wall clock may be set back: a permit lives no longer than five seconds for that
        left = min(max(permit.deadline - self._clock(), 0), LONGEST_LEFT) / 1000
        self._until[permit.key, permit.attempt] = asyncio.get_running_loop().time() + left
        if message.proved:
            self._evidence[permit.key, permit.attempt] = b""
        try:
            recipient = _envelope_form(permit.recipient)
            data = wire(message, recipient, permit.headers, self._sign if self._dkim else None)
        except (HeaderFault, EmailNotValidError) as fault:
            self.ended(permit, Outcome.REFUSED, 0, str(fault))
            return
        if message.proved:
            self._evidence[permit.key, permit.attempt] = data
        self._jobs.append(Job(data, recipient.encode("ascii"), message.eight_bit, permit))
        for connection in self._connections:
            connection.kick()

    def _sign(self, data: bytes) -> bytes:
        return self._dkim.header(data, self._clock()) if self._dkim else b""

    def expire(self) -> None:
        """Give back the permits that ran out while they waited for a slow server."""
        while self._jobs and not self.may_begin(self._jobs[0].permit):
            self.ended(self._jobs.popleft().permit, Outcome.RELEASED, 0, "the permit ran out")
        for connection in list(self._connections):
            connection.expire()

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

    def next_job(self, eight_bit: bool) -> Job | None:
        while self._jobs:
            job = self._jobs.popleft()
            if not self.may_begin(job.permit):
                self.ended(job.permit, Outcome.RELEASED, 0, "the permit ran out")
            elif job.eight_bit and not eight_bit:  # it will be written anew
                self.ended(job.permit, Outcome.RELEASED, 0, "this server takes 7 bits only")
            else:
                return job
        return None

    def may_begin(self, permit: Permit) -> bool:
        stop = self._revoked.get(permit.subject)
        if stop is not None and stop.leaf > permit.leaf:
            return False
        until = self._until.get((permit.key, permit.attempt))
        if until is None or asyncio.get_running_loop().time() > until:
            return False
        return self._clock() <= permit.deadline and not self._attempts.full

    def begins(self, permit: Permit) -> None:
        self._attempts.begin(permit.key, permit.attempt)

    def holds(self, permit: Permit) -> None:
        self._attempts.settled(permit.key, permit.attempt)

    def ended(self, permit: Permit, outcome: Outcome, code: int, text: str) -> None:
        if code:
            self._useless = 0
            if self.fault:
                self._tell("")
            if (permit.key, permit.attempt) in self._attempts:
                self._attempts.reply(permit.key, permit.attempt, outcome, code)
        handed = self._handed(permit, outcome, code, text) if self._evidence else None
        settlement = Settlement(permit.key, permit.attempt, outcome, code, handed)
        self._ended.append(Ended(settlement, permit.subject, text))
        self._open -= 1
        self._until.pop((permit.key, permit.attempt), None)
        self.changed.set()

    def _handed(self, permit: Permit, outcome: Outcome, code: int, text: str) -> Handed | None:
        place = (permit.key, permit.attempt)
        data = self._evidence.pop(place, None)
        if data is None:
            return None
        # only the content of what has begun may have come to the server
        return handed_over(outcome, code, text, data if place in self._attempts else b"", self._clock())

    def lost(self, connection: Connection, why: str) -> None:
        if connection not in self._connections:  # it was never opened, which its opener knows
            return
        self._connections.remove(connection)
        lived = asyncio.get_running_loop().time() - self._opened_at.pop(connection)
        if self._closing:
            self.changed.set()
            return
        log.info("connection to the mail server lost", why=without_addresses(why))
        if connection.left:  # no fault of the server: others connect as fast as ever
            self._left = 1
        elif connection.served or lived > _SHORT_LIFE:
            self._hurry.set()
        else:
            self._useless += 1
            if self._useless >= _USELESS_OFTEN:
                self._tell(f"The mail server takes connections and loses them: {why}")
        if not self._connections:
            self._release_all(why)
        self._missing.set()
        self.changed.set()

    # keeping connections

    async def _keep(self) -> None:
        while True:
            if len(self._connections) >= self._wanted:
                self._missing.clear()
                await self._missing.wait()
            await self._rest()
            connection = Connection(self._login, self, self._dial)
            try:
                await connection.open()
            except ServerFault as fault:
                self._unopened += 1
                if not self._connections:
                    self._tell(str(fault))
                    self._release_all(str(fault))
            else:
                self._unopened = self._left = 0
                if self._useless < _USELESS_OFTEN:
                    self._tell("")
                self._connections.append(connection)
                self._opened_at[connection] = asyncio.get_running_loop().time()
                connection.kick()
            self.changed.set()

    async def _rest(self) -> None:
        """After failures wait, longer each time."""
        failures = max(self._unopened, self._useless, self._left)
        self._hurry.clear()
        if failures:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(spread(retry_pause(failures), self.sender, failures)):
                    await self._hurry.wait()

    def _release_all(self, why: str) -> None:
        """Nothing takes the mails that wait for a connection: give their permits back."""
        while self._jobs:
            self.ended(self._jobs.popleft().permit, Outcome.RELEASED, 0, why)

    def _tell(self, fault: str) -> None:
        fault = without_addresses(fault)
        if fault and fault != self.fault:
            log.error("mails wait", why=fault)
        if not fault and self.fault:
            log.info("the mail server answers again")
        self.fault = fault


def retry_pause(failures: int) -> float:
    """Seconds to wait before another connection, after so many failures in a row."""
    return min(_RETRY_FIRST * 2 ** min(failures - 1, 10), _RETRY_LONGEST) if failures else 0


def _envelope_form(recipient: str) -> str:
    """The address as RCPT takes it: its domain in ASCII. Raises `EmailNotValidError` where even that is not
    enough (RFC 6531)."""
    if recipient.isascii():
        return recipient
    form = validate_email(recipient, check_deliverability=False).ascii_email
    if form is None:
        raise EmailNotValidError("the part before the @ is not ASCII, which needs SMTPUTF8")
    return form
