"""`virta upgrade`: the stores of an older version, brought to this one."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from engine.store.faults import StoreFault
from virta.command_table import VERSION
from virta.keeping.backup import back_up
from virta.keeping.manifest import CONSENT, ENGINE, FILES
from virta.keeping.places import Places, held, in_words, places_of
from virta.keeping.upgrading import is_known, opened, steps, upgrade, versions_of
from virta.settings import BrokenProject, read_settings


def bring_up(
    folder: Annotated[Path, Parameter(help="The project's folder.")] = Path(),
    *,
    output: Annotated[Literal["text", "json"], Parameter(name="--format", help="How to print.")] = "text",
) -> int:
    """Bring the stores to this version, after a backup. Each step is whole or not at all. Nothing happens
    where nothing is to be done."""
    settings = read_settings(folder.resolve())
    places = places_of(folder, settings)
    found = versions_of(places)
    if not found:
        raise BrokenProject(f"There are no stores of {folder}: nothing has happened here yet.")
    for name, version in found.items():
        if not is_known(FILES[name], version):
            there = in_words(places.stores[name])
            raise BrokenProject(f"{there} was made by a newer version of Virta; install that one.")
    kept: Path | None = None
    ran: dict[str, list[str]] = {}
    if any(version != steps(FILES[name]).get_current_head() for name, version in found.items()):
        try:
            kept, ran = _bring_up(places, list(found))
        except StoreFault as fault:
            raise BrokenProject(str(fault)) from None
    if output == "json":
        body = {"ran": ran, "backup": str(kept) if kept else None}
        print(msgspec.json.encode(body).decode())
    elif not ran:
        print("The stores are those of this version: nothing is to be done.")
    else:
        for name, each in ran.items():
            print(f"{name}: {', '.join(each) or 'nothing to do'}")
        if kept is not None:
            print(f"What was there is in {kept}.")
    return 0


def _bring_up(places: Places, names: list[str]) -> tuple[Path | None, dict[str, list[str]]]:
    """The backup, if there was anything whole to keep, and the steps that were run by store."""
    kept: Path | None = None
    ran: dict[str, list[str]] = {}
    places.data.mkdir(parents=True, exist_ok=True)
    with held(places):
        if {ENGINE, CONSENT} <= set(names):
            kept = places.data / f"before-upgrade-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
            back_up(places, kept, time.time_ns() // 1_000_000, VERSION, None, lambda part, whole: None)
        for name in names:
            with opened(places.stores[name]) as connection:
                ran[name] = upgrade(connection, FILES[name])
    return kept, ran
