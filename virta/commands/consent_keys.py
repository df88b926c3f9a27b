"""`virta consent keys`: the public keys of the log, and how one takes the place of another."""

import asyncio
import base64
import json
import os
import secrets
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from consent.contract.history import KeyOfLog
from consent.errors import ConsentError
from consent.service import open_service
from virta.commands.consent_opening import Folder, Format
from virta.consent_door import log_name
from virta.database_url import consent_place
from virta.keys import HOLD, read_consent_keys
from virta.operating.asking import reading
from virta.settings import BrokenProject, Settings, read_settings
from virta.wiring import wall_clock

Kind = Literal["log-signing", "master", "pepper", "link", "hold"]


def keys(
    folder: Folder = Path(),
    *,
    rotate: Annotated[
        Kind | None, Parameter(help="Make a new key of this kind, and say how it takes its place.")
    ] = None,
    lost: Annotated[
        bool,
        Parameter(
            negative="", help="The old signing key is lost: have the log go on with the new one alone."
        ),
    ] = False,
    output: Format = "text",
) -> int:
    """Print every public key that the log ever had, the newest last, a C2SP verifier key line each: what
    `virta consent verify --key` takes."""
    settings = read_settings(folder.resolve())
    if rotate is not None:
        return _rotate(settings, folder, rotate.replace("-", "_"))
    if lost:
        _give_up(settings, folder)
    found = asyncio.run(_found(folder, settings))
    times = [[one.begun] if one.ended is None else [one.begun, one.ended] for one in found]
    if output == "json":
        print(json.dumps({"keys": [one.line for one in found], "times": times}))
        return 0
    clock = ZoneInfo(settings.time_zone)
    for one, between in zip(found, times, strict=True):
        how = ", lost" if one.lost else "" if one.ended is not None else ", signs"
        moments = " to ".join(f"leaf {leaf} ({_moment(at, clock)})" for leaf, at in between)
        print(f"{one.line}\n    from {moments}{how}")
    return 0


async def _found(folder: Path, settings: Settings) -> list[KeyOfLog]:
    async with reading(folder, settings) as consent:
        return await consent.log_keys()


def _moment(at: int, clock: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at // 1000, clock):%Y-%m-%d %H:%M}"


def _rotate(settings: Settings, folder: Path, kind: str) -> int:
    fresh = base64.b64encode(secrets.token_bytes(32)).decode()
    if settings.keys.file:
        path = folder / settings.keys.file
        if settings.environment == "production":
            raise BrokenProject(
                f"virta.toml names {path}, a file of development keys, for production: nothing was written "
                "into it. Take the line `file` out of [keys], and set the keys in the environment."
            )
        _add(path, kind, fresh)
        print(f"A new key stands in {path}, behind the old one. Start `virta serve` anew.")
    else:
        variable = getattr(settings.keys, kind).removeprefix("env:")
        print(fresh)
        print(f"Add it to {variable} behind the old one, with a comma between them, and start Virta anew.")
    print(_THEN[kind])
    return 0


_THEN = {
    "log_signing": "From then on both sign. Hand out the new line of `virta consent keys`; when all who "
    "check have it, take the old key out and start once more.",
    "master": "What the old one hides is hidden by the new one, while Virta serves. `virta doctor` says when "
    "the old key may go.",
    "pepper": "The old one stays for good: addresses and suppressions were written down by it.",
    "link": "The old one stays for good: links in old mails are signed by it. If it was stolen, take it out; "
    "old links are dead then.",
    "hold": "Proof is held under the new one from then on. The old one stays until no hold of before it "
    "stands: `virta consent holds` lists them.",
}


def _add(path: Path, kind: str, fresh: str) -> None:
    try:
        text = path.read_text("utf-8-sig")
        if kind == HOLD and HOLD not in tomllib.loads(text):  # a file of before there were holds
            text += f'{HOLD} = ""\n'
        old = tomllib.loads(text)[kind]
        line = f'{kind} = "{old}"'
        if line not in text:
            raise BrokenProject(f"{path} was edited; write the key behind the old one yourself: {fresh}")
        part = path.with_name(path.name + ".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text.replace(line, f'{kind} = "{",".join(filter(None, (old, fresh)))}"'))
            os.fsync(file.fileno())
        os.replace(part, path)
    except FileNotFoundError:
        raise BrokenProject(f"There is no {path}; `virta serve` makes it.") from None
    except (OSError, tomllib.TOMLDecodeError, KeyError) as fault:
        raise BrokenProject(f"{path} cannot be changed: {fault}.") from None


def _give_up(settings: Settings, folder: Path) -> None:
    """Have the log tell that the keys before are lost. The store must be open to nobody else."""
    try:
        open_service(
            consent_place(folder, settings),
            read_consent_keys(settings, folder),
            origin=log_name(settings),
            public_url=settings.url,
            team=(),
            clock=wall_clock,
            entropy=secrets.token_bytes,
            lost=True,
        ).close()
    except ConsentError as fault:
        raise BrokenProject(str(fault)) from None
