"""What passes between a connection and whoever owns it."""

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from consent.contract import Outcome, Permit

if TYPE_CHECKING:
    from engine.delivery.smtp import Connection


class Job(Struct, frozen=True):
    """The bytes of a mail, without the final dot, and the right to send it. `recipient` is as in RCPT."""

    data: bytes
    recipient: bytes
    eight_bit: bool
    permit: Permit


class Account(Protocol):
    """What a connection tells, and asks, whoever owns it."""

    def next_job(self, eight_bit: bool) -> Job | None:
        """The next mail to hand over, if there is one; `eight_bit` says whether the server takes 8BITMIME."""

    def may_begin(self, permit: Permit) -> bool:
        """Whether the final dot may still be sent: the deadline has not passed, nothing was withdrawn."""

    def begins(self, permit: Permit) -> None:
        """The final dot is written right after this returns."""

    def holds(self, permit: Permit) -> None:
        """The final dot was not written after all: it will `begin` again, or be released."""

    def ended(self, permit: Permit, outcome: Outcome, code: int, text: str) -> None:
        """The attempt is over."""

    def lost(self, connection: "Connection", why: str) -> None:
        """The connection is gone."""
