"""Signs checkpoints, and only such as continue what was signed before."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from consent.errors import DamagedLog
from consent.proof.checkpoint import Checkpoint, VerifierKey, sign, verifier_key
from consent.proof.tree import Frontier

EVERY_MS = 60_000
EVERY_LEAVES = 1_000


class Signed(Struct, frozen=True):
    """A checkpoint with its note, and when it was signed (ms UTC)."""

    size: int
    root: bytes
    at: int
    note: str


class Signer:
    """Holds the log's key and the newest checkpoint that has been committed (`last`)."""

    def __init__(self, origin: str, seed: bytes, last: Signed | None) -> None:
        self._origin = origin
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.last = last

    def key(self) -> VerifierKey:
        """What others verify by."""
        return verifier_key(self._origin, self._private)

    def due(self, size: int, now: int) -> bool:
        """Whether a tree of `size` leaves wants a signature: the first, each 1,000 leaves, each 60 s."""
        if self.last is None:
            return True
        fresh = size - self.last.size
        return fresh >= EVERY_LEAVES or (fresh > 0 and now - self.last.at >= EVERY_MS)

    def sign(self, frontier: Frontier, earlier: Callable[[int], Frontier], now: int) -> Signed:
        """Sign the tree at `frontier`. The caller sets `last` once it has been committed.

        Raises `DamagedLog` if the stored tree does not begin with the one that was signed last."""
        if self.last is not None:
            self.check(frontier, earlier, self.last)
            if self.last.size == frontier.size:
                return self.last
        root = frontier.root()
        note = sign(Checkpoint(self._origin, frontier.size, root), [(self._origin, self._private)])
        return Signed(frontier.size, root, now, note)

    def check(self, frontier: Frontier, earlier: Callable[[int], Frontier], last: Signed) -> None:
        """Raise `DamagedLog` unless the tree at `frontier` begins with `last`."""
        if last.size > frontier.size or earlier(last.size).root() != last.root:
            raise DamagedLog(
                f"The log has {frontier.size} leaves and does not begin with the {last.size} that "
                "were signed last. Someone changed the store, or an old backup was put back. "
                "Nothing is signed until this is cleared up."
            )
