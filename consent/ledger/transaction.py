"""What the rooms of this package work with: a connection inside a transaction, the time, and the service's
parts."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from consent.ledger.evidence import Vault
from consent.ledger.log import Log
from consent.ledger.signing_schedule import SignedCheckpoint, SigningSchedule
from consent.ledger.tokens import Tokens
from consent.rules import Rules
from consent.store.marks import Marks
from consent.store.statement import Driver, Statement, driver_of
from consent.store.stops import Stop
from consent.store.tables import checkpoints
from consent.times import DEFAULT_TIMES, Times

_KEEP = Statement(insert(checkpoints).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Parts:
    """What stays the same as long as the service runs. `team` are folded addresses; `team_only`: nobody else
    gets a mail, whatever they agreed to."""

    origin: str
    team: frozenset[str]
    vault: Vault
    tokens: Tokens
    signing: SigningSchedule
    entropy: Callable[[int], bytes]
    team_only: bool = False
    times: Times = DEFAULT_TIMES
    holds: Vault | None = None  # seals what legal holds keep
    reach: int = 0  # how long the log is known to have been, which a restored store may not be
    marks: Marks | None = None  # of addresses where a stop was said, which a restored store may not know


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
    marks: list[bytes] = field(default_factory=list)  # of addresses that no restored store may write to
    keeps: SignedCheckpoint | None = None  # a checkpoint that stands in the store once this is committed

    def checkpoint(self) -> SignedCheckpoint:
        """The newest checkpoint, kept in the store from now on. Raises `SignerAway` if it is too old."""
        signing = self.parts.signing
        newest = signing.newest(self.now)
        if newest != signing.kept:
            keep_checkpoint(self.driver, newest)
            self.keeps = newest
        return newest

    def finish(self) -> None:
        """Write what was held back; the caller commits."""
        self.log.write()


def keep_checkpoint(driver: Driver, signed: SignedCheckpoint) -> None:
    """Write a checkpoint down, which others may have done before."""
    _KEEP.run(driver, size=signed.size, root=signed.root, at=signed.at, note=signed.note)
