"""`virta consent hold` and `virta consent holds`: proof that is kept whatever else is erased."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from consent.contract.holds import HeldProof, Hold
from engine.insight.outside import one_line
from virta.commands.consent_opening import Folder, Format
from virta.operating.asking import Asked, reading, subject_of, writing
from virta.operating.evidence import in_words
from virta.operating.holding import how_it_stands, last_day
from virta.settings import BrokenProject, Settings, read_settings
from virta.terminal.named import named


def hold(
    who: Annotated[
        str,
        Parameter(help="An e-mail address, or the id of a person; `-` reads it.", allow_leading_hyphen=True),
    ],
    folder: Folder = Path(),
    *,
    until: Annotated[str, Parameter(help="The last day on which proof is held, as in 2027-12-31.")] = "",
    reason: Annotated[str, Parameter(help="Why. It is sealed with the proof.")] = "",
    told: Annotated[
        str,
        Parameter(help="The day on which the person was told by a letter, or else, as in 2026-11-22."),
    ] = "",
    lift: Annotated[
        bool, Parameter(negative="", help="End the hold now, and destroy what it keeps.")
    ] = False,
    show: Annotated[bool, Parameter(negative="", help="Print what is held. That is written down.")] = False,
    output: Format = "text",
) -> int:
    """Keep a person's proof under a second key until a day, or say what becomes of a hold that stands. An
    erasure deletes all but what is held; after the day that is destroyed. Also while Virta serves."""
    settings = read_settings(folder.resolve())
    if bool(until) + bool(told) + lift + show != 1 or bool(until) is not bool(reason.strip()):
        raise BrokenProject("Say one of `--until DATE --reason TEXT`, `--told DATE`, `--lift` and `--show`.")
    end = _day_of(until, settings, 1) if until else 0
    wanted = _Wanted(until, end, reason, told, _day_of(told, settings, 0) if told else 0, show)
    return asyncio.run(_hold(folder, settings, named(who), wanted, output))


class _Wanted(Struct, frozen=True):
    """Neither a day, nor told, nor shown: the hold is to end."""

    until: str
    end: int
    reason: str
    told: str
    told_at: int
    show: bool


async def _hold(folder: Path, settings: Settings, who: str, wanted: _Wanted, output: str) -> int:
    async with writing(folder, settings) as consent:
        subject = await subject_of(consent, who)
        if subject is None:
            raise BrokenProject(f"Nobody is known here as {who}. Of somebody who was erased, say the id.")
        if wanted.show:
            proof = await consent.open_hold(subject)
            return _tell(output, proof, _shown(proof, ZoneInfo(settings.time_zone)))
        lines = await _done(consent, subject, wanted)
    return _tell(output, {"subject": subject, "until": wanted.end or None}, lines)


async def _done(consent: Asked, subject: str, wanted: _Wanted) -> list[str]:
    until = wanted.until
    if until:
        await consent.hold(subject, wanted.end, wanted.reason)
        return [
            f"The proof of {subject} is held until the end of {until}. A mail tells them so while Virta",
            "serves; `virta consent holds` shows whether it went. Whoever is erased already gets none. When",
            f"they are told by a letter: `virta consent hold {subject} --told DATE`.",
        ]
    if wanted.told:
        await consent.hold_told(subject, wanted.told_at)
        return [f"It is written down that {subject} was told on {wanted.told}."]
    await consent.lift_hold(subject)
    return [f"The hold on the proof of {subject} is over, and what it kept is destroyed."]


def holds(folder: Folder = Path(), *, output: Format = "text") -> int:
    """List whose proof is held, why, until when, and whether they were told; also while Virta serves."""
    settings = read_settings(folder.resolve())
    clock = ZoneInfo(settings.time_zone)
    found = asyncio.run(_holds(folder, settings))
    lines = []
    for one in found:
        erased = "" if one.erasure is None else ", all else is erased"
        day = f"{datetime.fromtimestamp(one.told // 1000, clock):%Y-%m-%d}" if one.told else ""
        was_told = f"told on {day}" if day else f"not told: {how_it_stands(one.mail)}"
        lines.append(f"{one.subject}  until {last_day(one.until, clock)}, {was_told}{erased}: {one.reason}")
    return _tell(output, {"holds": found}, lines or ["Nobody's proof is held."])


async def _holds(folder: Path, settings: Settings) -> list[Hold]:
    async with reading(folder, settings) as consent:
        return await consent.holds()


def _day_of(day: str, settings: Settings, after: int) -> int:
    """The beginning of a day in the project's time zone, or of one `after` it, in ms UTC."""
    try:
        read = datetime.strptime(day, "%Y-%m-%d")
    except ValueError:
        raise BrokenProject(f"`{day}` is no day; write it as in 2027-12-31.") from None
    return int((read + timedelta(days=after)).replace(tzinfo=ZoneInfo(settings.time_zone)).timestamp() * 1000)


def _shown(proof: HeldProof, clock: ZoneInfo) -> list[str]:
    lines = [f"{one_line(proof.address)}: {len(proof.held)} piece{'s' * (len(proof.held) != 1)} of evidence"]
    for one in proof.held:
        lines.append(f"  {in_words(one.evidence, clock)}")
        if not one.holds:
            lines.append("    this is no longer what the log committed to")
    return [*lines, f"Times are those of {clock.key}. `--format json` has what each commits to in the log."]


def _tell(output: str, answer: object, lines: list[str]) -> int:
    print(msgspec.json.encode(answer).decode() if output == "json" else "\n".join(lines))
    return 0
