"""Whose signatures count: the keys of the log, one after the other, as its own leaves tell.

- `log.opened` names the first key by its SHA-256, `key.rotated` each further one.
- From then on both sign, until `key.retired` ends the old one's time: so the old one vouches for the new.
- `key.lost` ends a key that signs no more. Nobody vouches for the key after it: the gap stays visible."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from consent.contract.history import KeyOfLog
from consent.errors import WrongKeys
from consent.ledger.transaction import Reading, Writing
from consent.proof.checkpoint import VerifierKey, read_note
from consent.proof.leaf import Leaf
from consent.store.tables import checkpoints, facts, leaves

OPENED, ROTATED, RETIRED, LOST = "log.opened", "key.rotated", "key.retired", "key.lost"
NEWEST = "signing_key"
_BEGUN, _ENDED = "log_key ", "log_key_ended "


@dataclass(frozen=True, slots=True)
class LogKey:
    """A public key, the leaf that names it, and the one that ends its time (None: it signs). `lost`: nobody
    had it any more."""

    key: VerifierKey
    begun: int
    ended: int | None = None
    lost: bool = False

    def fingerprint(self) -> str:
        """What leaves name it by."""
        return fingerprint(self.key)


def fingerprint(key: VerifierKey) -> str:
    """The SHA-256 (hex) of a public key."""
    return hashlib.sha256(key.public).hexdigest()


def log_keys(conn: Connection, origin: str) -> tuple[LogKey, ...]:
    """All keys that the log ever had, oldest first."""
    rows = conn.execute(select(facts.c.name, facts.c.value).where(facts.c.name.startswith(_BEGUN.strip())))
    found = {str(name): bytes(value) for name, value in rows}
    keys = []
    for name in sorted(name for name in found if name.startswith(_BEGUN)):
        place = name.removeprefix(_BEGUN)
        at, _, how = found.get(_ENDED + place, b"").decode().partition(" ")
        ended = int(at) if at else None
        keys.append(LogKey(VerifierKey(origin, found[name]), int(place), ended, how == LOST))
    return tuple(keys)


def active(keys: Sequence[LogKey]) -> tuple[VerifierKey, ...]:
    """Those that sign now, oldest first."""
    return tuple(one.key for one in keys if one.ended is None)


def keys_with_moments(reading: Reading) -> list[KeyOfLog]:
    """The same with the moments of the leaves that name and end them."""
    keys = log_keys(reading.conn, reading.parts.origin)
    places = [place for one in keys for place in (one.begun, one.ended) if place is not None]
    rows = reading.conn.execute(select(leaves.c.seq, leaves.c.at).where(leaves.c.seq.in_(places)))
    at = {int(row.seq): int(row.at) for row in rows}
    return [
        KeyOfLog(
            one.key.line(),
            (one.begun, at[one.begun]),
            None if one.ended is None else (one.ended, at[one.ended]),
            one.lost,
        )
        for one in keys
    ]


def refuse_others(keys: Sequence[LogKey], offered: Collection[VerifierKey]) -> None:
    """Raise `WrongKeys` unless those on offer can go on with the log."""
    signing = active(keys)
    if not any(key in offered for key in signing):
        raise WrongKeys(
            "The log signing key is not the one by which this consent store was signed last. A new key is "
            "added behind the old one; if that is lost: `virta consent keys --lost`."
        )
    if any(one.ended is not None and one.key in offered for one in keys):
        raise WrongKeys("A log signing key that the log has done with is not taken up again. Remove it.")


def begin(conn: Connection, place: int, key: VerifierKey) -> None:
    """Note the key that the leaf at `place` names."""
    conn.execute(facts.insert().values(name=f"{_BEGUN}{place:020d}", value=key.public))
    conn.execute(facts.delete().where(facts.c.name == NEWEST))
    conn.execute(facts.insert().values(name=NEWEST, value=key.public))


def follow(tx: Writing, offered: Sequence[VerifierKey], lost: bool = False) -> bool:
    """Let the log name keys on offer that it does not know, and end those that are not on offer any more;
    whether there were any. An old key ends only where the new one was vouched for by it, or if it is `lost`.
    Raises `WrongKeys`."""
    keys = log_keys(tx.conn, tx.parts.origin)
    if not lost:
        refuse_others(keys, offered)
    changed = False
    for one in keys:
        if one.ended is None and one.key not in offered:
            if not lost:
                _refuse_unvouched(tx, one, keys)
            _end(tx, one, LOST if lost else RETIRED)
            changed = True
    known = {one.key for one in keys}
    for key in offered:
        if key not in known:
            begin(tx.conn, tx.log.append(Leaf(type=ROTATED, notice=fingerprint(key), actor="operator")), key)
            changed = True
    return changed


def _end(tx: Writing, one: LogKey, how: str) -> None:
    place = tx.log.append(Leaf(type=how, notice=one.fingerprint(), actor="operator"))
    value = f"{place} {how}".encode()
    tx.conn.execute(facts.insert().values(name=f"{_ENDED}{one.begun:020d}", value=value))


def _refuse_unvouched(tx: Writing, old: LogKey, keys: Sequence[LogKey]) -> None:
    newest = keys[-1]
    texts = tx.conn.scalars(select(checkpoints.c.note).where(checkpoints.c.size > newest.begun))
    notes = (read_note(text) for text in texts)
    if not any(note.signed_by(old.key) and note.signed_by(newest.key) for note in notes):
        raise WrongKeys(
            "The old log signing key has not yet signed for the new one. Put it back before the new one, and "
            "start Virta once with both."
        )
