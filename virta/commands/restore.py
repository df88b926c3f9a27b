"""`virta restore`: look at a backup, or put it back."""

import secrets
import time
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from consent.errors import BrokenExport, ConsentError, SignerAway
from consent.keys import Keys
from consent.ledger.remote_signer import checkpoint_signer_of
from consent.proof.kept_checkpoint import read_kept_checkpoint
from consent.service import open_service
from engine.store.faults import StoreFault
from virta.keeping.manifest import CONSENT, ENGINE, FILES, Manifest
from virta.keeping.places import Places, held, in_words, is_marked, places_of
from virta.keeping.proving import Unusable, apart_in_time, faults_of, read_backup
from virta.keeping.restoring import Restored, newer, put_back
from virta.keeping.upgrading import steps
from virta.keys import read_consent_keys
from virta.settings import BrokenProject, Settings, read_settings
from virta.terminal.progress import Bar


def restore(
    backup: Annotated[Path, Parameter(help="A backup, as `virta backup` wrote it.")],
    folder: Annotated[Path, Parameter(help="The project's folder.")] = Path(),
    *,
    check: Annotated[bool, Parameter(help="Look at everything and change nothing.", negative="")] = False,
    engine_only: Annotated[
        bool, Parameter(help="Put back the engine's store alone, and keep that of consent.", negative="")
    ] = False,
    over_newer: Annotated[
        bool, Parameter(help="Also over stores that have gone on since the backup.", negative="")
    ] = False,
    checkpoint: Annotated[
        Path | None, Parameter(help="The newest that somebody kept: a receipt, or a mail (.eml).")
    ] = None,
    beside: Annotated[
        Path | None,
        Parameter(help="With --check: the backup of the other part, where consent is a process of its own."),
    ] = None,
    output: Annotated[Literal["text", "json"], Parameter(name="--format", help="How to print.")] = "text",
) -> int:
    """Prove a backup and put it back. What was there is moved aside. Who withdrew since stays withdrawn, and
    marketing stays shut until the log of consent is as long as it was. Exit code 1: the backup is faulty."""
    settings = read_settings(folder.resolve())
    places = places_of(folder, settings)
    keys = read_consent_keys(settings, folder) if CONSENT in places.parts else None
    try:
        manifest = read_backup(backup)
        other = read_backup(beside) if beside is not None else None
        kept_size = _kept_size(checkpoint)
    except Unusable as fault:
        raise BrokenProject(str(fault)) from None
    faults = _faults(backup, manifest, keys)
    if faults or check:
        together = _together(manifest, other)
        if output == "text" and other is not None and together is None:
            together = "whatever the engine's part has heard of stands in that of consent"
        return _tell_check(backup, manifest, faults, together, output)
    try:
        done = _put_back(places, backup, manifest, engine_only, over_newer, kept_size)
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    heads = {name: steps(FILES[name]).get_current_head() for name in manifest.parts}
    older = [name for name, head in heads.items() if name in done.files and manifest.schemas[name] != head]
    if CONSENT in done.files and CONSENT not in older and keys is not None:
        _replay(places, settings, keys)
    _tell(places, done, older, folder, output)
    return 0


def _put_back(
    places: Places, backup: Path, manifest: Manifest, engine_only: bool, over_newer: bool, kept_size: int
) -> Restored:
    data = places.data
    data.mkdir(parents=True, exist_ok=True)
    with held(places):
        more = None if over_newer or is_marked(data) else newer(places, backup, manifest, engine_only)
        if more is not None:
            raise BrokenProject(
                f"{data} is newer than the backup: {more}. Nothing was changed. To put the backup back all "
                "the same, add `--over-newer`: what came since is forgotten, but for stops, and what is "
                "there now is moved aside."
            )
        return put_back(places, backup, manifest, engine_only, kept_size, time.time_ns() // 1_000_000)


def _known() -> dict[str, Collection[str]]:
    """The versions that each store may have: an older one is upgraded afterwards."""
    return {name: {"", *(step.revision for step in steps(FILES[name]).walk_revisions())} for name in FILES}


def _kept_size(checkpoint: Path | None) -> int:
    if checkpoint is None:
        return 0
    try:
        return read_kept_checkpoint(checkpoint.read_bytes()).checkpoint.size
    except BrokenExport as fault:
        raise BrokenProject(f"{checkpoint} cannot be used: {fault}") from None
    except OSError as fault:
        raise BrokenProject(f"{checkpoint} cannot be read: {fault.strerror}.") from None


def _together(manifest: Manifest, other: Manifest | None) -> str | None:
    """What both parts come to together; None: nothing is to be said."""
    if other is None:
        return None
    both = {manifest.parts: manifest, other.parts: other}
    if both.keys() != {(ENGINE,), (CONSENT,)}:
        raise BrokenProject("--beside names the other part: one is of the engine, the other of consent.")
    return apart_in_time(both[(ENGINE,)], both[(CONSENT,)])


def _faults(backup: Path, manifest: Manifest, keys: Keys | None) -> list[str]:
    """Without keys it is not told whose log it is, only that it is whole."""
    public: list[bytes] | None = None
    try:
        if keys is not None and manifest.log is not None:
            public = [key.public for key in checkpoint_signer_of(keys, manifest.log.origin).public_keys()]
    except SignerAway as fault:
        raise BrokenProject(str(fault)) from None
    whole = sum(kept.bytes for kept in manifest.files.values()) // 1_000_000
    with Bar("Looking at the backup", 1.0, "MB") as bar:

        def on_the_way(part: float) -> None:
            bar.at(part, int(whole * part))

        return list(faults_of(backup, manifest, _known(), public, on_the_way))


def _replay(places: Places, settings: Settings, keys: Keys) -> None:
    """Open the consent service once, which makes up for the stops that its log does not have."""
    try:
        open_service(
            places.consent,
            keys,
            origin="restored",  # a log that exists keeps the name it has
            public_url=settings.url,
            team=settings.team,
            clock=lambda: time.time_ns() // 1_000_000,
            entropy=secrets.token_bytes,
        ).close()
    except ConsentError as fault:
        raise BrokenProject(str(fault)) from None


def _tell_check(
    backup: Path, manifest: Manifest, faults: list[str], together: str | None, output: str
) -> int:
    if output == "json":
        told = {"backup": str(backup), "faults": faults, "manifest": manifest, "together": together}
        print(msgspec.json.encode(told).decode())
    elif faults:
        print(f"{backup} cannot be put back:")
        for fault in faults:
            print(f"  {fault}")
    else:
        leaves = (
            f"{manifest.log.size:,} leaves of the log"
            if manifest.log is not None
            else f"and it knows of {manifest.heard:,} leaves of the log of consent"
        )
        print(f"{backup} is sound: {len(manifest.files)} files, {leaves}.")
        if together is not None:
            print(f"Together: {together}.")
    return 1 if faults else 0


def _tell(places: Places, done: Restored, older: list[str], folder: Path, output: str) -> None:
    if output == "json":
        print(msgspec.json.encode({"folder": str(places.data), "restored": done}).decode())
        return
    back: dict[str, list[str]] = {}
    for name in done.files:
        place = places.stores.get(name, places.data)
        back.setdefault(in_words(places.data if isinstance(place, Path) else place), []).append(name)
    for where, names in back.items():
        print(f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} back in {where}.")
    aside = [each for each in (done.aside, *done.schemas) if each is not None]
    if aside:
        print(f"What was there is in {', '.join(aside)}.")
    if older:
        print(f"The stores are of an older version: run `virta upgrade {folder}` before you serve them.")
    if done.reach > done.size:
        print(
            f"Marketing stays shut: the log of consent has {done.size:,} leaves and is known to have had "
            f"{done.reach:,}."
        )
