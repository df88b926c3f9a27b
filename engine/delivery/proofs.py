"""Proof mails: queued by the consent service itself, sent like all others."""

from collections.abc import Callable

from consent.contract import ConsentClient, Proof
from engine.delivery.queue import Item, Queue
from engine.mail.letters import Letters


class Proofs:
    """Brings proof mails from the consent service to the queue. `clock` gives ms UTC."""

    def __init__(
        self, consent: ConsentClient, letters: Letters, queue: Queue, clock: Callable[[], int]
    ) -> None:
        self._consent = consent
        self._letters = letters
        self._queue = queue
        self._clock = clock

    async def fetch(self) -> bool:
        """Queue those that are not queued yet; whether there were any."""
        found = [proof for proof in await self._consent.proofs() if proof.ask.key not in self._queue]
        for proof in found:
            self._queue.put(self._item(proof))
        return bool(found)

    def _item(self, proof: Proof) -> Item:
        return Item(
            proof.ask,
            lambda decision: self._letters.proof(proof.language, proof.wording, decision),
            self._clock(),
        )
