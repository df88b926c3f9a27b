"""What a person takes away from a press of a button: which leaf tells of it.

A receipt may come up against the log years later, so it names nothing but a leaf that is there: one that the
press made, or by which things stand as they were wanted already.

That of a confirmation is not kept: leaf and evidence give it again, with any checkpoint of the log. A press
that changed nothing has no leaf of its own to give one for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from consent.contract import Receipt
from consent.contract.history import Happened
from consent.ledger.transaction import Writing
from consent.states import Step

_GIVEN = frozenset({Step.CONFIRMED.value, Step.RENEWED.value})


def receipt_of(tx: Writing, subject: str, topics: Sequence[str], leaf: int) -> Receipt:
    """The receipt by the leaf at a position, with its type and time; -1: there is none, so the receipt has no
    type, and the time is now. The checkpoint is put in once there is one that covers the leaf."""
    kind, at = tx.log.told_at(leaf) if leaf >= 0 else ("", tx.now)
    return Receipt(subject, kind, tuple(topics), at, leaf, "")


def given_again(subject: str, events: Iterable[Happened], checkpoint: str) -> tuple[Receipt, ...]:
    """The receipts of what a person confirmed, oldest first, with a checkpoint, the newest that there is.
    `events` are theirs, in order, with the evidence that is kept: a receipt for each press, by the last of
    its leaves."""
    presses: dict[str, tuple[Happened, Mapping[str, Any]]] = {}
    for event in events:
        if event.type in _GIVEN and event.evidence is not None and event.holds:
            presses[str(event.evidence["request"])] = event, event.evidence
    return tuple(
        Receipt(subject, event.type, tuple(evidence["topics"]), event.at, event.leaf, checkpoint)
        for event, evidence in presses.values()
    )
