"""One person's whole history, in the words of the contract."""

from typing import Any

from msgspec import Struct

from consent.contract.people import Receipt


class Stands(Struct, frozen=True):
    """Where the person stands with a topic, by which leaf, since when (ms UTC)."""

    topic: str
    state: str
    leaf: int
    since: int


class Happened(Struct, frozen=True):
    """A leaf about the person. `wording` are the words by which they were asked, in the `language` in which
    they were shown then; both are empty where nobody has read them, as after an import. `evidence` is what
    was kept, opened; `holds` whether it still gives the commitment in the leaf (None: there is none)."""

    leaf: int
    at: int
    type: str
    topic: str
    before: str
    after: str
    actor: str
    wording: str
    evidence: dict[str, Any] | None
    holds: bool | None
    language: str = ""


class Decided(Struct, frozen=True):
    """A decision about a mail to the person. `reason` is empty for an allowed one."""

    leaf: int
    at: int
    key: str
    attempt: int
    mail_class: str
    topic: str
    reason: str
    consent_leaf: int
    outcome: str
    code: int


class History(Struct, frozen=True):
    """Everything known of one person, oldest first. `decisions_since` is from when on decisions are kept (ms
    UTC), 0: all are. `receipts` are those that they were given for what they confirmed."""

    subject: str
    address: str
    language: str
    epoch: int
    standings: tuple[Stands, ...]
    events: tuple[Happened, ...]
    decisions: tuple[Decided, ...]
    decisions_since: int = 0
    receipts: tuple[Receipt, ...] = ()


class PersonsProof(Struct, frozen=True):
    """The proof of the leaf at `place`, as the text of a file."""

    place: int
    type: str
    text: str

    @property
    def name(self) -> str:
        """What the file is called."""
        return f"leaf-{self.place}-{self.type}.tlog-proof"


class KeyOfLog(Struct, frozen=True):
    """A public key of the log as a C2SP verifier key line. It signs from the leaf `begun` on, up to `ended`
    (None: it signs), each with its moment (ms UTC); `lost`: nobody had it any more."""

    line: str
    begun: tuple[int, int]
    ended: tuple[int, int] | None
    lost: bool
