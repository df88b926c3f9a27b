"""What a doctor says of keys: changes that are not finished, and a signer that does not answer."""

from collections.abc import Iterator

from consent.errors import SignerAway
from consent.ledger import rewrapping
from consent.ledger.keyring import active, log_keys
from consent.ledger.transaction import Reading
from consent.service import Service
from virta.operating.complaint import Complaint


def keys_of_consent(service: Service) -> Iterator[Complaint]:
    """Of the consent service's keys, seen from its store."""
    yield from service.read(lambda store: [*_signing(store), *_master(store)])


def _signing(store: Reading) -> Iterator[Complaint]:
    parts = store.parts
    known = log_keys(store.conn, parts.origin)
    signing = active(known)
    try:
        offered = parts.signing.signer.public_keys()
    except SignerAway as fault:
        yield Complaint("signer", str(fault), "Start `virta serve signer`: without it mails wait.")
        return
    fresh = [key for key in offered if key not in signing]
    if fresh:
        yield Complaint(
            "keys",
            f"{_many(len(fresh), 'log signing key')} is set, and the log does not know it yet.",
            "Start `virta serve` anew: the log then names it.",
        )
    elif len(signing) > 1:
        yield Complaint(
            "keys",
            f"{len(signing)} keys sign the log, the newest since leaf {known[-1].begun}.",
            "When all who check have its line (`virta consent keys`), take the older one out and start anew.",
        )


def _master(store: Reading) -> Iterator[Complaint]:
    vault = store.parts.vault
    if rewrapping.is_wanted(store.conn, vault):
        left = rewrapping.still_to_do(store.conn)
        yield Complaint(
            "keys",
            f"Data keys of {_many(left, 'person', 'people')} are not wrapped by the newest master key yet.",
            "`virta serve` does it by and by. Keep the old master key until then.",
        )
    elif vault.masters > 1:
        yield Complaint(
            "keys",
            "All data keys are wrapped by the newest master key, and an older one is still set.",
            "Take the older one out.",
        )


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"
