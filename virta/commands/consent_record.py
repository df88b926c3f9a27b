"""`virta consent record`: what an operator notes on behalf of a person."""

import asyncio
import re
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from consent.contract import Heard
from virta.commands.consent_opening import Folder, Format
from virta.operating.asking import subject_of, writing
from virta.operating.recording import WITHDRAWN, Stood, how_they_stand, noted, refused, stood, unknown_topic
from virta.settings import BrokenProject, Settings, read_settings
from virta.terminal.named import named

Word = Literal[
    "withdrawn",
    "objected.marketing",
    "objected.profiling",
    "restricted",
    "restriction.lifted",
    "exported",
    "rectified",
    "request.received",
    "request.extended",
    "request.answered",
    "doubt.resolved",
]
WORDS = get_args(Word)
_ACTOR = re.compile(r"operator(:[a-z0-9_]{1,40})?\Z")


class Recorded(Struct, frozen=True):
    """What `--format json` prints. `heard` is `new`, or `again` where it stood so before: then nothing was
    written."""

    subject: str
    word: str
    heard: Heard
    before: Stood
    after: Stood


def record(
    who: Annotated[
        str,
        Parameter(help="An e-mail address, or the id of a person; `-` reads it.", allow_leading_hyphen=True),
    ],
    word: Annotated[Word, Parameter(help="What is noted.")],
    folder: Folder = Path(),
    *,
    topic: Annotated[str, Parameter(help="With `withdrawn`: of which topic; without it, of all.")] = "",
    actor: Annotated[
        str, Parameter(help="How the word came, as in operator:letter or operator:phone.")
    ] = "operator",
    output: Format = "text",
) -> int:
    """Write down what somebody asks you to stop, or what you did for them, also while Virta serves. Nothing
    that can be said here starts a mail. Exit code 1: nobody is known by that."""
    settings = read_settings(folder.resolve())
    if topic and word != WITHDRAWN:
        raise BrokenProject(f"`--topic` goes with `{WITHDRAWN}` alone: `{word}` is about the whole person.")
    if not _ACTOR.match(actor):
        raise BrokenProject(
            f"`--actor` is `operator`, or that and how the word came, as in `operator:letter`; not `{actor}`."
        )
    who = named(who)
    found = asyncio.run(_record(folder, settings, who, (word, topic, actor)))
    if found is None:
        print("null" if output == "json" else f"Nobody is known here as {who}, or they were erased.")
        return 1
    if output == "json":
        print(msgspec.json.encode(found).decode())
    else:
        print("\n".join(_told(found, topic, ZoneInfo(settings.time_zone))))
    return 0


async def _record(folder: Path, settings: Settings, who: str, note: tuple[str, str, str]) -> Recorded | None:
    word, topic, actor = note
    async with writing(folder, settings) as consent:
        subject = await subject_of(consent, who)
        known = await consent.history(subject) if subject is not None else None
        if subject is None or known is None:
            return None
        before = stood(known, settings.time_zone)
        offered = [purpose.topic for purpose in await consent.offered()]
        fault = refused(word, before) or unknown_topic(topic, before, offered)
        if fault:
            raise BrokenProject(fault)
        heard = await consent.record(subject, word, actor, topic)
        after = await consent.history(subject)
    if heard is Heard.UNKNOWN or after is None:
        return None
    return Recorded(subject, word, heard, before, stood(after, settings.time_zone))


def _told(found: Recorded, topic: str, clock: ZoneInfo) -> list[str]:
    before, after = how_they_stand(found.before, clock), how_they_stand(found.after, clock)
    lines = [f"Subject {found.subject} stood so:", *(f"  {line}" for line in before)]
    if found.heard is Heard.AGAIN:
        return [*lines, f"That is `{found.word}` already: nothing was written down."]
    lines.append(noted(found.word, topic, found.after, clock))
    if after == before:
        return lines
    return [*lines, "Now they stand so:", *(f"  {line}" for line in after)]
