"""`virta consent access`: who may call the consent service over HTTP."""

import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import Parameter

from consent.app.access import AccessFault, AccessKey, access_keys, make_key, revoke_key
from consent.calls import Scope
from virta.commands.consent_opening import Folder, Format
from virta.consent_door import ACCESS
from virta.settings import BrokenProject, read_settings
from virta.wiring import wall_clock


def access(
    folder: Folder = Path(),
    *,
    make: Annotated[str, Parameter(help="Make a key of this name, and print it: it is shown once.")] = "",
    scope: Annotated[
        Literal["engine", "shop", "auditor", "operator"], Parameter(help="What the key that is made opens.")
    ] = "engine",
    revoke: Annotated[str, Parameter(help="Take the key of this name away, at once.")] = "",
    output: Format = "text",
) -> int:
    """List the keys with which programs may call `virta serve consent`, make one, or take one away, also
    while it serves. Of a key its hash alone is kept."""
    settings = read_settings(folder.resolve())
    path = folder / settings.stores.folder / ACCESS
    if make and revoke:
        raise BrokenProject("--make and --revoke go one at a time.")
    try:
        if make:
            made = make_key(path, make, [Scope(scope)], secrets.token_bytes, wall_clock())
            print(json.dumps({"name": make, "scope": scope, "key": made}) if output == "json" else made)
            return 0
        if revoke:
            revoke_key(path, revoke)
        kept = access_keys(path)
    except AccessFault as fault:
        raise BrokenProject(str(fault)) from None
    if output == "json":
        print(msgspec.json.encode({"keys": [_told(key) for key in kept]}).decode())
        return 0
    clock = ZoneInfo(settings.time_zone)
    for key in kept:
        moment = datetime.fromtimestamp(key.made // 1000, clock)
        print(f"{key.name}: {' '.join(key.scopes)}, made {moment:%Y-%m-%d %H:%M}")
    if not kept:
        print("There are no keys: nobody can call the consent service. Make one with --make NAME.")
    return 0


def _told(key: AccessKey) -> dict[str, object]:
    return {"name": key.name, "scopes": key.scopes, "made": key.made}
