"""`virta upgrade`: the stores of an older version, brought to this one."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from virta.command_table import VERSION
from virta.keeping.backup import back_up
from virta.keeping.manifest import CONSENT, ENGINE
from virta.keeping.places import held, in_files
from virta.keeping.upgrading import FILES, is_known, opened, steps, upgrade, versions_of
from virta.settings import BrokenProject, read_settings


def bring_up(
    folder: Annotated[Path, Parameter(help="The project's folder.")] = Path(),
    *,
    output: Annotated[Literal["text", "json"], Parameter(name="--format", help="How to print.")] = "text",
) -> int:
    """Bring the stores to this version, after a backup. Each step is whole or not at all. Nothing happens
    where nothing is to be done."""
    settings = read_settings(folder.resolve())
    data = in_files(folder, settings)
    found = versions_of(data)
    if not found:
        raise BrokenProject(f"There are no stores in {data}: nothing has happened here yet.")
    for name, version in found.items():
        if not is_known(FILES[name], version):
            raise BrokenProject(f"{data / name} was made by a newer version of Virta; install that one.")
    kept, ran = None, {}
    if any(version != steps(FILES[name]).get_current_head() for name, version in found.items()):
        with held(data):
            if {ENGINE, CONSENT} <= found.keys():
                kept = data / f"before-upgrade-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
                back_up(data, kept, time.time_ns() // 1_000_000, VERSION, None, lambda part: None)
            for name in found:
                with opened(data / name) as connection:
                    ran[name] = upgrade(connection, FILES[name])
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
