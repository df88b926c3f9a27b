"""A mail that wants to go."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from consent.contract import Ask, Decision
from engine.mail.message import Letter


class Item(Struct, frozen=True, eq=False):
    """One mail: what to ask for, how to write it once allowed, and when it was asked for (ms UTC); `flow` is
    the one that asks, and `late` by how many milliseconds later than it was due.

    `write` may raise `LetterFault`. Where the mail shows the person's own address (`addressed`), it is given
    that address too, else nothing.
    """

    ask: Ask
    write: Callable[[Decision, str], Letter]
    made: int
    addressed: bool = False
    deferrals: int = 0  # temporary refusals by the mail server so far
    releases: int = 0  # permits given back since then
    flow: str = ""
    late: int = 0

    @property
    def key(self) -> str:
        return self.ask.key

    @property
    def subject(self) -> str:
        return self.ask.subject

    def renumbered(self, attempt: int) -> "Item":
        """The mail, asked for as that attempt."""
        return replace(self, ask=replace(self.ask, attempt=attempt))

    def written(self, decision: Decision, message_id: str) -> "Item":
        """The mail, asked for as it was written."""
        ask = self.ask
        if (ask.variant, ask.measured, ask.message_id) == (decision.variant, decision.measured, message_id):
            return self
        how = replace(ask, variant=decision.variant, measured=decision.measured, message_id=message_id)
        return replace(self, ask=how)
