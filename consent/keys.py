"""The keys of the consent service, as bytes. Where they come from is the caller's business; never the
database."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Keys:
    """`peppers` and `links` are lists to which a key is added, newest last, and from which none is dropped.

    `log_signing` is the 32-byte seed of an Ed25519 key, `master` an AES-256 key; the others have 32 bytes."""

    log_signing: bytes = field(repr=False)
    master: bytes = field(repr=False)
    peppers: tuple[bytes, ...] = field(repr=False)
    links: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.peppers or not self.links:
            raise ValueError("There must be at least one pepper and one link key.")
        for name, values in (
            ("log signing key", (self.log_signing,)),
            ("master key", (self.master,)),
            ("pepper", self.peppers),
            ("link key", self.links),
        ):
            for value in values:
                if len(value) != 32:
                    raise ValueError(f"The {name} must have 32 bytes, not {len(value)}.")

    @classmethod
    def random(cls, entropy: Callable[[int], bytes]) -> "Keys":
        """Fresh keys out of `entropy(count of bytes)`."""
        return cls(entropy(32), entropy(32), (entropy(32),), (entropy(32),))
