"""`virta backup`: everything that a project knows, kept elsewhere."""

import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from virta.command_table import VERSION
from virta.keeping.backup import back_up
from virta.keeping.manifest import CONSENT, ENGINE, FILES, Manifest
from virta.keeping.places import Places, places_of
from virta.keys import CONSENT as KEYS_OF_CONSENT
from virta.keys import HOLD, JOURNEY, NAMES, keys_to_keep
from virta.settings import read_settings
from virta.terminal.progress import Bar


def backup(
    folder: Annotated[Path, Parameter(help="The project's folder.")] = Path(),
    *,
    to: Annotated[Path, Parameter(help="The folder to write, where nothing is yet.")],
    keys: Annotated[bool, Parameter(help="Keep the keys with it.", negative="")] = False,
    output: Annotated[Literal["text", "json"], Parameter(name="--format", help="How to print.")] = "text",
) -> int:
    """Copy the stores of the engine and of consent, those that are here, also while Virta serves. Without the
    keys nobody can read the addresses in it; with them, whoever has the backup has everything."""
    settings = read_settings(folder.resolve())
    places, now = places_of(folder, settings), time.time_ns() // 1_000_000
    kept = keys_to_keep(settings, folder, _keys_of(places)) if keys else None
    with Bar("Backing up", 1.0, "MB") as bar:

        def on_the_way(part: float, whole: int) -> None:
            bar.at(part, int(part * whole) // 1_000_000)

        manifest = back_up(places, to, now, VERSION, kept, on_the_way)
    if output == "json":
        print(msgspec.json.encode({"backup": str(to), "manifest": manifest}).decode())
        return 0
    size = sum(file.bytes for file in manifest.files.values())
    print(f"{to}: {len(manifest.files)} files, {size:,} bytes; {_of_the_log(manifest)}.")
    if len(manifest.parts) == 1:
        part = FILES[manifest.parts[0]] + " service" * (manifest.parts[0] == CONSENT)
        print(f"It is the part of the {part} alone: the other one is in its own folder.")
    if not keys:
        print("The keys are not in it: keep them elsewhere, for without them it is of no use.")
    return 0


def _of_the_log(manifest: Manifest) -> str:
    if manifest.log is None:
        return f"it knows of {manifest.heard:,} leaves of the log of consent"
    return f"the log of consent has {manifest.log.size:,} leaves"


def _keys_of(places: Places) -> tuple[str, ...]:
    """Those that the process that works here has."""
    if CONSENT not in places.parts:
        return (JOURNEY,)
    return NAMES if ENGINE in places.parts else (*KEYS_OF_CONSENT, HOLD)
