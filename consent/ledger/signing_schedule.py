"""When a checkpoint is due, and having it signed then."""

from msgspec import Struct

from consent.errors import DamagedLog, SignerAway
from consent.ledger.checkpoint_signer import CheckpointSigner, RefusedCheckpoint
from consent.proof.checkpoint import Checkpoint, VerifierKey, read_checkpoint, read_note
from consent.proof.tree import Frontier, Nodes, consistency, frontier_at

EVERY_MS = 60_000
EVERY_LEAVES = 1_000
AGAIN_MS = 5_000
"""How long a signer that did not answer is left alone."""

PATIENCE_MS = 600_000
"""How long mails go on with an older checkpoint while nobody signs."""


class SignedCheckpoint(Struct, frozen=True):
    """A checkpoint with its note, and when it was signed (ms UTC)."""

    size: int
    root: bytes
    at: int
    note: str


class SigningSchedule:
    """Has a signer sign checkpoints when they are due. `last` is the newest, `active` are the keys whose
    signatures each new one must bear. Only what is committed is shown to the signer: what it signed, it
    never unsigns."""

    def __init__(self, origin: str, signer: CheckpointSigner, last: SignedCheckpoint | None) -> None:
        self._origin = origin
        self.signer = signer
        self.last = last
        self.kept = last  # the newest that stands in the store
        self.active: tuple[VerifierKey, ...] = ()
        self._away_since = 0
        self._tried = 0
        self._fault = ""  # why what was to be signed cannot be

    def key(self) -> VerifierKey:
        """What others verify by."""
        return self.active[-1]

    def due(self, size: int, now: int) -> bool:
        """Whether a tree of `size` leaves wants a signature: the first, each 1,000 leaves, each 60 s."""
        if self.last is None:
            return True
        if self.is_left_alone(now):
            return False
        fresh = size - self.last.size
        return fresh >= EVERY_LEAVES or (fresh > 0 and not 0 <= now - self.last.at < EVERY_MS)

    def is_left_alone(self, now: int) -> bool:
        """Whether the signer did not answer just now, so that nobody waits for it once more."""
        return bool(self._tried) and 0 <= now - self._tried < AGAIN_MS

    def newest(self, now: int) -> SignedCheckpoint:
        """The checkpoint that mails carry now. Raises `SignerAway` if nobody has signed for too long, or what
        was to be signed does not continue what was."""
        if self._fault:
            raise SignerAway(self._fault)
        self._away_since = min(self._away_since, now)  # of a clock that was set back
        if self.last is None or (self._away_since and now - self._away_since >= PATIENCE_MS):
            raise SignerAway("Nobody signs the log. Start the signer; mails wait until then.")
        return self.last

    def cover(self, frontier: Frontier, nodes: Nodes, now: int) -> SignedCheckpoint:
        """A checkpoint over the committed tree at `frontier`; it is `last` from now on. Raises `DamagedLog`
        if the stored tree does not begin with the one that was signed last, `SignerAway`."""
        checkpoint = Checkpoint(self._origin, frontier.size, frontier.root())
        last = self.last
        if last is not None and (last.size, last.root) == (checkpoint.size, checkpoint.root):
            note = read_note(last.note)
            if all(note.signed_by(key) for key in self.active):
                return last
        try:
            note_text = self._sign(checkpoint, last.size if last is not None else 0, nodes)
        except SignerAway:
            self._tried, self._away_since = now, self._away_since or now
            raise
        note = read_note(note_text)
        if note.text != checkpoint.text() or not all(note.signed_by(key) for key in self.active):
            raise DamagedLog(
                "The signer does not sign with the keys of this log. If they were changed, start Virta anew."
            )
        self._tried = self._away_since = 0
        self._fault = ""
        self.last = SignedCheckpoint(checkpoint.size, checkpoint.root, now, note_text)
        return self.last

    def cannot(self, fault: DamagedLog) -> None:
        """What is committed is not signed, for this reason: no mail goes until something is."""
        self._fault = str(fault)

    def check(self, frontier: Frontier, nodes: Nodes) -> None:
        """Raise `DamagedLog` unless the tree at `frontier` begins with `last`."""
        last = self.last
        if last is not None and not _begins(frontier, nodes, last):
            raise _rewritten(frontier.size, last.size)

    def _sign(self, checkpoint: Checkpoint, old: int, nodes: Nodes) -> str:
        try:
            return self.signer.sign(checkpoint, old, _proof(nodes, old, checkpoint.size))
        except RefusedCheckpoint as fault:
            if not fault.last:
                raise DamagedLog(str(fault)) from None
            before = read_checkpoint(read_note(fault.last).text).size
            if before > checkpoint.size:
                raise Behind(checkpoint.size, before) from None
            if before == old:
                raise _rewritten(checkpoint.size, old) from None
        # It has signed since for another process, which read the same store.
        try:
            return self.signer.sign(checkpoint, before, _proof(nodes, before, checkpoint.size))
        except RefusedCheckpoint:
            raise _rewritten(checkpoint.size, before) from None


class Behind(DamagedLog):
    """The signer has signed more leaves than were read: others have gone on since, or the store has lost
    some."""

    def __init__(self, size: int, signed: int) -> None:
        super().__init__(str(_rewritten(size, signed)))


def _begins(frontier: Frontier, nodes: Nodes, last: SignedCheckpoint) -> bool:
    return last.size <= frontier.size and frontier_at(nodes, last.size).root() == last.root


def _proof(nodes: Nodes, old: int, size: int) -> tuple[bytes, ...]:
    return consistency(nodes, old, size) if 0 < old <= size else ()


def _rewritten(size: int, signed: int) -> DamagedLog:
    return DamagedLog(
        f"The log has {size} leaves and does not begin with the {signed} that were signed last. Someone "
        "changed the store, or an old backup was put back. Nothing is signed until this is cleared up."
    )
