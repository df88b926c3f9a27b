"""The export that proves itself: a zip with the exact leaves, the decisions, the words, a checkpoint and the
keys.

`docs/proof-format.md` says what stands in it. It is written as a stream, so that its size does not matter.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from msgspec import Struct
from sqlalchemy import func, select

from consent.ledger.decided import decided, record_of
from consent.ledger.keyring import LogKey, log_keys
from consent.ledger.log import stored_frontier, stored_nodes
from consent.ledger.transaction import Reading
from consent.proof.canonical import canonical
from consent.proof.record import record_bytes
from consent.store.columns import blob
from consent.store.tables import checkpoints, decisions, leaves, policies, purposes, traces

FORMAT = "virta-consent-export"
_AT_ONCE = 5_000


class Exported(Struct, frozen=True):
    """How much an export holds, and the signed note that it carries."""

    leaves: int
    decisions: int
    checkpoint: str


def write_archive(reading: Reading, target: BinaryIO) -> Exported:
    """Write the whole log to `target`, with a checkpoint that covers it."""
    parts = reading.parts
    frontier = stored_frontier(reading.conn)
    signed = parts.signing.cover(frontier, stored_nodes(reading.conn), reading.now)
    digests: dict[str, str] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        counted = _write(archive, "leaves.jsonl", _leaves(reading), digests)
        traced = reading.conn.scalar(select(func.count()).select_from(traces)) or 0
        found = _write(archive, "decisions.jsonl", _decisions(reading), digests) - traced
        _write(archive, "purposes.jsonl", _bodies(reading, purposes.c.body, purposes.c.version), digests)
        _write(archive, "policies.jsonl", _bodies(reading, policies.c.body, policies.c.digest), digests)
        _write(archive, "checkpoint", [signed.note.encode()], digests)
        keys = log_keys(reading.conn, parts.origin)
        _write(archive, "checkpoints.jsonl", _older(reading, keys, signed.size), digests)
        _write(archive, "keys", (one.key.line().encode() + b"\n" for one in keys), digests)
        manifest = {
            "format": FORMAT,
            "v": 1,
            "log": parts.origin,
            "at": reading.now,
            "leaves": counted,
            "decisions": found,
            "files": digests,
        }
        _write(archive, "manifest.json", [json.dumps(manifest, indent=2).encode() + b"\n"], {})
    return Exported(counted, found, signed.note)


def _write(archive: zipfile.ZipFile, name: str, lines: Iterable[bytes], digests: dict[str, str]) -> int:
    # A fixed date: equal logs give equal files.
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    digest = hashlib.sha256()
    count = 0
    with archive.open(entry, "w", force_zip64=True) as file:
        for line in lines:
            digest.update(line)
            file.write(line)
            count += 1
    digests[name] = digest.hexdigest()
    return count


_DAY = 86_400_000


def _older(reading: Reading, keys: Sequence[LogKey], size: int) -> Iterator[bytes]:
    """Earlier checkpoints: the last of each day (UTC), and of each key the first that it signed, by which the
    key before vouches for it."""
    column = checkpoints.c
    sizes = set(reading.conn.scalars(select(func.max(column.size)).group_by(column.at // _DAY)))
    for one in keys:
        sizes.add(reading.conn.scalar(select(func.min(column.size)).where(column.size > one.begun)))
    for each in sorted(found for found in sizes if found is not None and found < size):
        note = reading.conn.execute(select(column.note).where(column.size == each)).scalar_one()
        yield canonical({"note": note}) + b"\n"


def _leaves(reading: Reading) -> Iterator[bytes]:
    after = -1
    query = select(leaves.c.seq, leaves.c.body).order_by(leaves.c.seq).limit(_AT_ONCE)
    while rows := reading.conn.execute(query.where(leaves.c.seq > after)).all():
        for seq, body in rows:
            yield blob(body) + b"\n"
            after = seq


def _decisions(reading: Reading) -> Iterator[bytes]:
    """Those that are kept; of a batch that lacks some of its own, the hashes of these."""
    after, waiting = 0, _traces(reading)
    trace = next(waiting, None)
    query = decided().limit(_AT_ONCE)
    while rows := reading.conn.execute(query.where(decisions.c.id > after)).all():
        for row in rows:
            while trace is not None and trace[0] < row.id:
                yield trace[1]
                trace = next(waiting, None)
            yield b'{"batch":%d,"record":%s}\n' % (row.batch, record_bytes(record_of(row)))
            after = row.id


def _traces(reading: Reading) -> Iterator[tuple[int, bytes]]:
    after = 0
    query = select(traces).order_by(traces.c.id).limit(_AT_ONCE)
    while rows := reading.conn.execute(query.where(traces.c.id > after)).all():
        for row in rows:
            yield row.id, b'{"batch":%d,"hash":"%s"}\n' % (row.batch, row.hash.hex().encode())
            after = row.id


def _bodies(reading: Reading, body: object, order: object) -> Iterator[bytes]:
    for (found,) in reading.conn.execute(select(body).order_by(order)):  # type: ignore[call-overload]
        yield bytes(found) + b"\n"
