"""Mails of the consent service itself: they ask for a confirmation or tell of a hold, and go like others."""

from collections.abc import Callable, Sequence

from consent.contract import About, ConsentClient, Decision, Proof
from dsl.templates.files import NEW_ADDRESS, OLD_ADDRESS, PROOF
from engine.delivery.queue import Item, Queue
from engine.mail.letters import Letters
from engine.mail.message import Letter

_TEMPLATES = {About.SIGN_UP: PROOF, About.NEW_ADDRESS: NEW_ADDRESS, About.OLD_ADDRESS: OLD_ADDRESS}
_PAGE = 256
_AGAIN = 300_000
"""Milliseconds until a proof mail that could not be written is tried again."""


class Proofs:
    """Brings proof mails from the consent service to the queue. `clock` gives ms UTC."""

    def __init__(
        self, consent: ConsentClient, letters: Letters, queue: Queue, clock: Callable[[], int]
    ) -> None:
        self._consent = consent
        self._letters = letters
        self._queue = queue
        self._clock = clock
        self._again: dict[tuple[str, int], int] = {}  # when an attempt may be queued once more

    async def fetch(self) -> bool:
        """Queue those that are not queued yet; whether there were any. One that comes back though its attempt
        was not made, since its template fails, is tried again after a while."""
        now = self._clock()
        wanted = await self._consent.proofs(_PAGE)
        found, asked = self._new(wanted), _places(wanted)
        # Those that wait here already, perhaps for good, must not hide the ones behind them.
        while not found and len(wanted) == _PAGE:
            wanted = await self._consent.proofs(_PAGE, wanted[-1].ask.key)
            found, asked = self._new(wanted), asked | _places(wanted)
        for proof in found:
            place = (proof.ask.key, proof.ask.attempt)
            self._queue.put(self._item(proof), self._again.get(place, 0))
            self._again[place] = now + _AGAIN
        if len(wanted) < _PAGE:  # all were seen: the others are over
            self._again = {place: at for place, at in self._again.items() if place in asked}
        return bool(found)

    def _new(self, wanted: Sequence[Proof]) -> list[Proof]:
        return [proof for proof in wanted if proof.ask.key not in self._queue]

    def _item(self, proof: Proof) -> Item:
        return Item(
            proof.ask,
            lambda decision, _: self._letter(proof, decision),
            self._clock(),
        )

    def _letter(self, proof: Proof, decision: Decision) -> Letter:
        if proof.until:
            return self._letters.notice(proof.language, proof.until)
        return self._letters.proof(proof.language, proof.wording, decision, _TEMPLATES[proof.about])


def _places(proofs: Sequence[Proof]) -> set[tuple[str, int]]:
    return {(proof.ask.key, proof.ask.attempt) for proof in proofs}
