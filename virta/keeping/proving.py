"""Whether a backup is what it was when it was written, and can be used."""

import base64
import sqlite3
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import msgspec

from consent.errors import BrokenExport
from consent.proof.checkpoint import VerifierKey, read_checkpoint, read_note
from consent.proof.tree import Frontier, append, leaf_hash
from virta.keeping.copying import still
from virta.keeping.manifest import (
    CONSENT,
    ENGINE,
    FORMAT,
    MANIFEST,
    MARKS,
    STOPS,
    LogHead,
    Manifest,
    digest,
    read_manifest,
)

Told = Callable[[float], None]
"""Hears which part of the way is done, from 0 to 1."""


class Unusable(Exception):
    """There is nothing that could be looked at; the message says why."""


def read_backup(folder: Path) -> Manifest:
    """The manifest of the backup in `folder`. Raises `Unusable`."""
    try:
        manifest = read_manifest(folder)
    except FileNotFoundError:
        raise Unusable(f"{folder} is no backup: it has no {MANIFEST}.") from None
    except OSError as fault:
        raise Unusable(f"{folder / MANIFEST} cannot be read: {fault.strerror}.") from None
    except (msgspec.MsgspecError, ValueError):
        raise Unusable(f"{folder / MANIFEST} is damaged, or of another kind of backup.") from None
    if manifest.format != FORMAT:
        raise Unusable(f"{folder} was written by another version of Virta ({manifest.virta}).")
    return manifest


def faults_of(
    folder: Path,
    manifest: Manifest,
    versions: dict[str, Collection[str]],
    publics: Collection[bytes] | None,
    told: Told = lambda part: None,
) -> Iterator[str]:
    """What is wrong with a backup, in plain words; nothing is touched. `versions` are those that each
    database may have, `publics` the log's public keys (32 bytes each), None: the one that the store itself
    names is taken, so that only the whole, and not who made it, is proved."""
    whole = sum(kept.bytes for kept in manifest.files.values()) + 1
    done = 0

    def on_the_way(count: int) -> None:
        nonlocal done
        done += count
        told(0.4 * min(done / whole, 1.0))

    missing = [name for name in (STOPS, MARKS) if CONSENT in manifest.parts and name not in manifest.files]
    missing += [] if manifest.parts else [ENGINE, CONSENT]
    yield from (f"the manifest names no {name}" for name in missing)
    broken = bool(missing)
    for name, kept in manifest.files.items():
        try:
            same = digest(folder / name, on_the_way) == kept
        except OSError as fault:
            yield f"{name} cannot be read: {fault.strerror}"
            broken = True
            continue
        if not same:
            yield f"{name} is not what it was when the backup was written: its digest differs"
            broken = True
    if broken:
        return
    for name in manifest.parts:
        if manifest.schemas.get(name) not in versions[name]:
            yield f"{name} was made by a newer version of Virta ({manifest.virta}); install that one"
            return
    for number, name in enumerate(manifest.parts):
        yield from _unsound(folder / name)
        told(0.5 + 0.1 * number)
    if manifest.log is None:
        return
    try:
        yield from _log_faults(folder / CONSENT, manifest, manifest.log, publics, told)
    except sqlite3.Error as fault:
        yield f"the log in {CONSENT} cannot be read: {fault}"


def apart_in_time(engine: Manifest, consent: Manifest) -> str | None:
    """What putting both of these back comes to, in words, where the engine's part knows of more than that of
    the consent service; None: it does not."""
    assert consent.log is not None
    if engine.heard <= consent.log.size:
        return None
    return (
        f"the engine's part knows of {engine.heard:,} leaves of the log, and that of consent has "
        f"{consent.log.size:,}: marketing will stay shut until the log is as long"
    )


def _unsound(path: Path) -> Iterator[str]:
    try:
        with still(path) as driver:
            (found,) = driver.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as fault:
        found = str(fault)
    if found != "ok":
        yield f"{path.name} is damaged: {str(found).splitlines()[-1]}"


def _log_faults(
    store: Path, manifest: Manifest, head: LogHead, publics: Collection[bytes] | None, told: Told
) -> Iterator[str]:
    """The tree is built anew from the exact bytes of the leaves."""
    with still(store) as driver:
        (own_key,) = driver.execute("SELECT value FROM facts WHERE name = 'signing_key'").fetchone()
        if publics is not None and bytes(own_key) not in publics:
            yield "its log was signed by another key than the project has: it is another project's backup"
            return
        try:
            note = read_note(manifest.receipt)
            receipt = read_checkpoint(note.text)
        except BrokenExport as fault:
            yield f"its receipt is damaged: {fault}"
            return
        key = VerifierKey(head.origin, bytes(own_key))
        if receipt.origin != head.origin or not note.signed_by(key):
            yield "its receipt is not signed by the log's key"
            return
        tree, at_receipt = Frontier(), Frontier()
        for seq, body in driver.execute("SELECT seq, body FROM leaves ORDER BY seq"):
            if seq != tree.size:
                yield f"leaf {tree.size} of the log is missing"
                return
            tree, _ = append(tree, leaf_hash(body if isinstance(body, bytes) else str(body).encode()))
            if tree.size == receipt.size:
                at_receipt = tree
            if tree.size % 1000 == 0:
                told(0.6 + 0.4 * min(tree.size / max(head.size, 1), 1.0))
    if (tree.size, tree.root().hex()) != (head.size, head.root):
        yield f"the log has {tree.size} leaves whose tree is not the one that the manifest names"
    elif at_receipt.root() != receipt.root:
        shown = base64.b64encode(receipt.root).decode()
        yield f"the log does not lead to its receipt ({receipt.size} leaves, root {shown})"
    told(1.0)
