"""What an operator does with people, as a protocol: by the same door as all else, with a key of its own."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from consent.contract.bounds import HexDigits, Page, Position
from consent.contract.history import History, KeyOfLog, PersonsProof
from consent.contract.holds import HeldProof, Hold
from consent.contract.imports import (
    Brought,
    BroughtOne,
    Entry,
    Import,
    ImportRecord,
    Taken,
    TakenBack,
    Untold,
)
from consent.contract.people import Heard, Unavailable
from consent.contract.published import Purpose

MOST_ROWS = 1000
"""So many rows of an import, or people, go in one call."""


class NotAllowed(Unavailable):
    """The key does not open this call; asking again changes nothing."""


class Operator(Protocol):
    """`Unavailable` may come from every call, and `ValueError` for what is refused. Each may be repeated when
    its answer was lost: what was done is not done again, and is told once more."""

    async def offered(self) -> tuple[Purpose, ...]:
        """See `ConsentClient`."""

    # people from another system
    async def imports(self) -> list[ImportRecord]:
        """All imports, oldest first."""

    async def weigh_import(self, what: Import, entries: Sequence[Entry]) -> list[Brought]:
        """What would become of these rows, each on its own. Writes nothing."""

    async def begin_import(self, what: Import, attestation: bytes = b"") -> ImportRecord:
        """Begin an import, or go on with it: the record says from which row. `attestation` is the file that
        `what.attested` comes from."""

    async def take_import(self, import_id: str, first: int, entries: Sequence[Entry]) -> list[Taken]:
        """Take the part of an import that begins with row `first`, and say what became of each row: all in
        one transaction, or nothing. Those who had left come before all others."""

    async def end_import(self, import_id: str, beside: Mapping[str, int]) -> ImportRecord:
        """All rows of the import are behind it; `beside` counts those that were not taken."""

    async def brought_by(self, import_id: str, after: Position, limit: Page = 500) -> list[BroughtOne]:
        """Those whom an import brought, by its rows behind `after`."""

    async def take_back(self, import_id: str, people: Sequence[str], known: Sequence[str]) -> TakenBack:
        """Take back what the import brought of `people`, who have not acted since. Those in `known` are known
        elsewhere by now, and are not forgotten."""

    async def end_undoing(self, import_id: str) -> None:
        """All that could be taken back of the import was; nothing is left of it on any page."""

    async def untold(self) -> Untold:
        """How many people are still to be told where their data is from."""

    async def who_is_untold(self, after: str = "", limit: Page = 500) -> list[str]:
        """Who they are, in the order of their ids behind `after`."""

    # one person
    async def find(self, email: str) -> str | None:
        """The id of whoever has this address; None: nobody is known by it. Writes nothing."""

    async def to_be_told(self, subject: str) -> int:
        """Until when a person's proof is held (ms UTC), if the mail that tells them so may still go; 0: none
        may. From an erasure on none does."""

    async def merge(self, stays: str, goes: str, actor: str) -> Heard:
        """See `ConsentClient`."""

    async def record(self, subject: str, what: str, actor: str, topic: str = "") -> Heard:
        """See `ConsentClient`."""

    async def history(self, subject: str, email: str = "") -> History | None:
        """All that is known of a person, evidence opened; None: there is no such person. Their address is
        shown as `email` where it cannot be opened."""

    async def shown(self, digest: HexDigits) -> bytes | None:
        """A page as it was shown, by the digest that stands in evidence (`shown`); None: there is none."""

    async def leaf_proofs(self, subject: str) -> list[PersonsProof]:
        """A proof for each leaf about a person, by which they can prove it themselves."""

    async def log_keys(self) -> list[KeyOfLog]:
        """Every public key that the log ever had, the newest last."""

    # proof that is held
    async def hold(self, subject: str, until: int, reason: str) -> None:
        """Keep a person's proof under seal until a moment (ms UTC), whatever else is erased; said again, it
        gives the hold that end."""

    async def hold_told(self, subject: str, at: int = 0) -> None:
        """The person was told of the hold and its end, otherwise than by the mail that tells it, at a moment
        (ms UTC; 0: now). No mail tells them any more."""

    async def open_hold(self, subject: str) -> HeldProof:
        """What is held of a person. Each look is a leaf."""

    async def lift_hold(self, subject: str) -> None:
        """End a hold before its day, and destroy what it keeps."""

    async def holds(self) -> list[Hold]:
        """All holds that stand, the first to end first."""

    # the log
    async def believe_clock(self) -> int:
        """The clock is right, though far from where it was when what is due by time was done last (see
        `Kept.clock_off`). How far (ms) it was; 0: it was believed."""

    async def open_marketing(self) -> int:
        """Let marketing go though the log is shorter than it is known to have been (`reached`), which a leaf
        says from then on. How many leaves were waited for; 0: for none, and nothing is written."""
