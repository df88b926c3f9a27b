"""The keys of the consent service, as bytes. Where they come from is the caller's business; never the
database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Keys:
    """`peppers` and `links` are lists to which a key is added, newest last, and from which none is dropped.

    `log_signing` are 32-byte seeds of Ed25519 keys, `master` AES-256 keys: several while one takes the place
    of another, the newest last. All others have 32 bytes. With `signer` another process holds those of the
    log, which is reached by the Unix socket at that path, and `log_signing` is empty. `holds` are AES-256-GCM
    keys that seal proof for legal holds, the newest last: empty where nobody's proof is held."""

    log_signing: tuple[bytes, ...] = field(repr=False)
    master: tuple[bytes, ...] = field(repr=False)
    peppers: tuple[bytes, ...] = field(repr=False)
    links: tuple[bytes, ...] = field(repr=False)
    signer: Path | None = None
    holds: tuple[bytes, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.peppers or not self.links or not self.master:
            raise ValueError("There must be at least one master key, one pepper and one link key.")
        if bool(self.log_signing) is (self.signer is not None):
            raise ValueError("The keys that sign the log are here, or with another process: one of the two.")
        for name, values in (
            ("log signing key", self.log_signing),
            ("master key", self.master),
            ("pepper", self.peppers),
            ("link key", self.links),
            ("hold key", self.holds),
        ):
            for value in values:
                if len(value) != 32:
                    raise ValueError(f"The {name} must have 32 bytes, not {len(value)}.")

    @classmethod
    def random(cls, entropy: Callable[[int], bytes]) -> "Keys":
        """Fresh keys out of `entropy(count of bytes)`."""
        return cls((entropy(32),), (entropy(32),), (entropy(32),), (entropy(32),))
