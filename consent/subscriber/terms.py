"""What an import must keep to, whoever brings it: those who had left come first, what is attested is the file
that was handed over, each row is of a file that was named."""

import hashlib
import re
from collections.abc import Sequence

from consent.contract.imports import STOPPED, Brought, Entry, Import, ImportRecord, Stood, Taking
from consent.contract.operator import MOST_ROWS

_ID = re.compile(r"[0-9a-f]{8,64}\Z")
_BROUGHT = (Brought.ATTESTED, Brought.UNPROVEN, Brought.KNOWN, Brought.WITHDRAWN, Brought.STOPPED)
"""What only a row of somebody becomes who had not left the other system."""


class ImportRefused(ValueError):
    """An import, or a part of one, that breaks its terms; the message says which."""


def refuse_import(what: Import, attestation: bytes, taking: Taking) -> None:
    """Raise `ImportRefused` unless it says what it is of, and by what it is attested, and `taking` allows
    it."""
    if taking is Taking.NEVER:
        raise ImportRefused("The consent service takes nobody from elsewhere: `imports` is `never` there.")
    if taking is Taking.UNPROVEN and what.attested is not None:
        raise ImportRefused("The consent service attests of nobody: `imports` is `unproven` there.")
    if not _ID.match(what.id):
        raise ImportRefused("The id of an import is 8 to 64 hex digits.")
    if not what.files or not what.topics or not what.importer.strip():
        raise ImportRefused("An import names its files, its topics, and who does it.")
    if not {one.value for one in STOPPED} <= {*what.tells, *what.none}:
        raise ImportRefused("An import says who had left the other system, or that nobody has.")
    told = hashlib.sha256(attestation).hexdigest() if attestation else None
    if told != (what.attested.digest if what.attested is not None else None):
        raise ImportRefused("What is attested is not what the attestation says that was handed over.")


def refuse_part(record: ImportRecord, first: int, entries: Sequence[Entry], now: int) -> None:
    """Raise `ImportRefused` for rows that an import may not bring at `now` (ms UTC)."""
    if len(entries) > MOST_ROWS:
        raise ImportRefused(f"At most {MOST_ROWS} rows go at once.")
    if first < 0 or any(not 0 <= entry.file < len(record.what.files) for entry in entries):
        raise ImportRefused("A row is of a file that the import does not name.")
    if any(entry.confirmed_at > now for entry in entries):
        raise ImportRefused("Nobody can have confirmed anything yet to come.")
    stay = first >= record.position and any(record.counts.get(one, 0) for one in _BROUGHT)
    for entry in entries:
        if stay and entry.stood in STOPPED:
            raise ImportRefused("Those who had left come before all others; begin the import anew.")
        stay = stay or entry.stood is Stood.SUBSCRIBED
