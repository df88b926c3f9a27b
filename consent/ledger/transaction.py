"""What the rooms of this package work with: a connection inside a transaction, the time, and the service's
parts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from consent.ledger.evidence import Vault
from consent.ledger.log import Log, earlier_frontier
from consent.ledger.signer import Signed, Signer
from consent.ledger.tokens import Tokens
from consent.rules import Rules
from consent.store.statement import Driver, Statement, driver_of
from consent.store.stops import Stop
from consent.store.tables import checkpoints

_KEEP = Statement(checkpoints.insert())


@dataclass(frozen=True, slots=True)
class Parts:
    """What stays the same as long as the service runs. `team` are folded addresses; `team_only`: nobody else
    gets a mail, whatever they agreed to."""

    origin: str
    team: frozenset[str]
    vault: Vault
    tokens: Tokens
    signer: Signer
    entropy: Callable[[int], bytes]
    team_only: bool = False
    reach: int = 0  # how long the log is known to have been, which a restored store may not be


@dataclass(slots=True)
class Reading:
    """A transaction that writes nothing. `now` is in ms UTC; `driver` runs what is done for everyone."""

    conn: Connection
    now: int
    parts: Parts
    rules: Rules
    driver: Driver = field(init=False)

    def __post_init__(self) -> None:
        self.driver = driver_of(self.conn)


@dataclass(slots=True)
class Writing(Reading):
    """A transaction that holds the log's lock."""

    log: Log
    stops: list[Stop] = field(default_factory=list)
    signed: Signed | None = None

    def checkpoint(self) -> Signed:
        """The newest checkpoint: signed now if one is due, for otherwise the last serves."""
        last = self.signed or self.parts.signer.last
        if last is None or self.parts.signer.due(self.log.frontier.size, self.now):
            return self.sign()
        return last

    def sign(self) -> Signed:
        """A checkpoint that covers every leaf appended so far."""
        if self.signed is not None and self.signed.size == self.log.frontier.size:
            return self.signed
        self.log.write()
        signed = self.parts.signer.sign(self.log.frontier, partial(earlier_frontier, self.conn), self.now)
        if signed != self.parts.signer.last:
            _KEEP.run(self.driver, size=signed.size, root=signed.root, at=signed.at, note=signed.note)
        self.signed = signed
        return signed

    def finish(self) -> None:
        """Write what was held back; the caller commits."""
        self.log.write()
        self.checkpoint()
