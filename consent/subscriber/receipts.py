"""What a person takes away from a press of a button: which leaf tells of it.

A receipt may come up against the log years later, so it names nothing but a leaf that is there: one that the
press made, or by which things stand as they were wanted already."""

from collections.abc import Sequence

from consent.contract import Receipt
from consent.ledger.transaction import Writing


def receipt_of(tx: Writing, subject: str, topics: Sequence[str], leaf: int) -> Receipt:
    """The receipt by the leaf at a position, with its type and time; -1: there is none, so the receipt has no
    type, and the time is now. The checkpoint is put in once there is one that covers the leaf."""
    kind, at = tx.log.told_at(leaf) if leaf >= 0 else ("", tx.now)
    return Receipt(subject, kind, tuple(topics), at, leaf, "")
