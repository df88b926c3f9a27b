"""Legal holds: proof of a person that is kept under seal, whatever else is forgotten of them."""

from typing import Any

from msgspec import Struct

from consent.contract.people import Erasure


class Hold(Struct, frozen=True):
    """A hold that stands: for which reason, until when, whether the person was told, and how far their
    erasure has come, if there was one. Moments are in ms UTC, 0: not yet. `mail` is how far
    the mail has come that tells them: queued, claimed, sent, bounced or unknown; empty: none can."""

    subject: str
    reason: str
    until: int
    at: int
    told: int
    erasure: Erasure | None
    mail: str = ""


class Opened(Struct, frozen=True):
    """A piece of proof, opened: `holds` whether it still gives the commitment that stands in the log."""

    commitment: str
    evidence: dict[str, Any]
    holds: bool


class HeldProof(Struct, frozen=True):
    """What is under the seal of one person's hold."""

    subject: str
    address: str
    held: tuple[Opened, ...]
