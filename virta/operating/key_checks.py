"""What a doctor says of keys: which there are, changes that are not finished, a signer that does not answer,
and a mailer whose key was changed."""

from collections.abc import Iterator
from pathlib import Path

from consent.errors import SignerAway
from consent.ledger import link_keys, rewrapping
from consent.ledger.keyring import active, log_keys
from consent.ledger.transaction import Reading
from consent.service import Service
from engine.delivery.attempts import AttemptsFault, sender_in
from virta.importing.attestation import MAKE_ANEW, key_of_another
from virta.keeping.manifest import ATTEMPTS
from virta.keys import read_consent_keys, read_keys_apart
from virta.mailing import sender_of
from virta.operating.complaint import Complaint
from virta.settings import BrokenProject, Settings


def keys_of_consent(service: Service) -> Iterator[Complaint]:
    """Of the consent service's keys, seen from its store."""
    yield from service.read(lambda store: [*_signing(store), *_master(store)])


def keys_in_words(service: Service, settings: Settings, folder: Path) -> list[str]:
    """Which keys of the consent service there are and where they come from; and what a store that opens with
    them says of them. Raises `BrokenProject`."""
    keys = read_consent_keys(settings, folder)
    source = settings.keys.file or "the environment"
    signs = "with the signer" if keys.signer is not None else _many(len(keys.log_signing), "log signing key")
    there = [
        f"log signing {signs}" if keys.signer is not None else signs,
        _many(len(keys.master), "master key"),
        f"{_many(len(keys.peppers), 'pepper')} (of those that the store was used with none is missing)",
        _many(len(keys.links), "link key"),
        _many(len(keys.holds), "hold key")
        if keys.holds
        else "no hold key, and nothing is held that wants one",
    ]
    notes = [f"Keys of consent, from {source}: {'; '.join(there)}."]
    if len(keys.links) > 1:
        notes.append(f"Links of {_many(len(keys.links) - 1, 'older link key')} are still understood.")
    gone = service.read(link_keys.taken_out)
    if gone:
        notes.append(
            f"{_many(gone, 'link key')} that the store was used with {'is' if gone == 1 else 'are'} not set: "
            "links in mails of their time are dead. If that is not meant, put them back before the newest."
        )
    return notes


def controllers_key(service: Service, settings: Settings) -> Iterator[Complaint]:
    """Of the key by which the controller attests imports: whether it is for this log, that of the settings
    and that of the policy in force."""
    log, applied = service.parts.origin, service.read(lambda reading: reading.rules.policy.attestation_key)
    for key in dict.fromkeys((settings.controller.attestation_key, applied)):
        if key and (fault := key_of_another(key, log)):
            yield Complaint("keys", fault, MAKE_ANEW.format(log=log))


def journey_key(settings: Settings, folder: Path) -> Iterator[Complaint]:
    """Of the engine's own key: whether it is set, and whether it is that of the attempt file."""
    path = folder / settings.stores.folder / ATTEMPTS
    try:
        key = read_keys_apart(settings, folder)
        owner = sender_in(path)
    except (BrokenProject, AttemptsFault) as fault:
        yield Complaint(
            "keys", str(fault), "Put it back where `virta serve` is started: it does not start so."
        )
        return
    if owner is not None and owner != sender_of(key):
        yield Complaint(
            "keys",
            f"The journey key is not the one that {path} was made with.",
            "Put the old one back: Virta does not start with another, which cannot tell what had gone.",
        )


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
