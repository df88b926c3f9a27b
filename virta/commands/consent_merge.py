"""`virta consent merge`: two contacts are one person."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from consent.contract import Heard
from virta.commands.consent_opening import Folder, Format
from virta.operating.asking import subject_of, writing
from virta.settings import Settings, read_settings
from virta.terminal.asking import Unanswered, ask
from virta.terminal.named import named

_ACTOR = "operator"
_REFUSED = 2


def merge(
    stays: Annotated[
        str,
        Parameter(
            help="An e-mail address, or an id; `-` reads it: whose address stays.", allow_leading_hyphen=True
        ),
    ],
    goes: Annotated[
        str, Parameter(help="The same of whoever becomes part of them.", allow_leading_hyphen=True)
    ],
    folder: Folder = Path(),
    *,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    output: Format = "text",
) -> int:
    """Make two contacts one, also while Virta serves. It cannot be undone. What either has stopped
    is stopped, and nobody agrees to anything by it. Exit code 1: one of them is not known; 2: you did not say
    yes."""
    stays, goes = named(stays), named(goes)
    settings = read_settings(folder.resolve())
    if not yes and (output == "json" or not sys.stdin.isatty()):
        print("Nobody is there to ask: say --yes.", file=sys.stderr)
        return _REFUSED
    if not yes and not _agreed(goes):
        print("Nothing was changed.", file=sys.stderr)
        return _REFUSED
    subject, heard = asyncio.run(_merge(folder, settings, stays, goes))
    if output == "json":
        print(msgspec.json.encode({"subject": subject, "heard": heard}).decode())
    else:
        print(_told(subject, heard))
    return 1 if heard is Heard.UNKNOWN else 0


async def _merge(folder: Path, settings: Settings, stays: str, goes: str) -> tuple[str, Heard]:
    async with writing(folder, settings) as consent:
        kept, gone = await subject_of(consent, stays), await subject_of(consent, goes)
        if kept is None or gone is None:
            return "", Heard.UNKNOWN
        return kept, await consent.merge(kept, gone, _ACTOR)


def _agreed(goes: str) -> bool:
    try:
        return ask(f"This cannot be undone. Type {goes} to go on: ") == goes
    except Unanswered:
        return False


def _told(subject: str, heard: Heard) -> str:
    if heard is Heard.UNKNOWN:
        return "One of the two is nobody who is known here; nothing was changed."
    if heard is Heard.AGAIN:
        return f"They are one already: subject {subject}."
    return (
        f"They are one from now on: subject {subject}. `virta consent show {subject}` tells how they stand."
    )
