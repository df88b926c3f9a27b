"""`virta consent hold` and `virta consent holds`: proof that is kept whatever else is erased."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import Parameter

from consent import forgetting
from consent.errors import ConsentError
from consent.subscriber.hold import open_held, place, standing_holds, tell
from virta.commands.consent_opening import Folder, Format, reading
from virta.operating.holding import holding, last_day, subject_of
from virta.settings import BrokenProject, Settings, read_settings

_ACTOR = "operator"


def hold(
    who: Annotated[str, Parameter(help="An e-mail address, or the id of a person.")],
    folder: Folder = Path(),
    *,
    until: Annotated[str, Parameter(help="The last day on which proof is held, as in 2027-12-31.")] = "",
    reason: Annotated[str, Parameter(help="Why. It is sealed with the proof.")] = "",
    told: Annotated[
        bool, Parameter(negative="", help="The person was told of the hold and its end.")
    ] = False,
    lift: Annotated[
        bool, Parameter(negative="", help="End the hold now, and destroy what it keeps.")
    ] = False,
    show: Annotated[bool, Parameter(negative="", help="Print what is held. That is written down.")] = False,
    output: Format = "text",
) -> int:
    """Keep a person's proof under a second key until a day, or say what becomes of a hold that stands. An
    erasure deletes all but what is held; after the day that is destroyed. Stop `virta serve` before."""
    settings = read_settings(folder.resolve())
    if bool(until) + told + lift + show != 1 or bool(until) is not bool(reason.strip()):
        raise BrokenProject("Say one of `--until DATE --reason TEXT`, `--told`, `--lift` and `--show`.")
    end = _end_of(until, settings) if until else 0
    with holding(folder, settings) as service:
        subject = service.read(lambda store: subject_of(store, who))
        if show:
            address, kept = service.write(lambda tx: open_held(tx, subject, _ACTOR))
            return _tell(
                output, {"subject": subject, "address": address, "held": kept}, _shown(address, kept)
            )
        if until:
            service.write(lambda tx: place(tx, subject, end, reason, _ACTOR))
            lines = [
                f"The proof of {subject} is held until the end of {until}. Tell them so:",
                f'  "What proves what you agreed to is kept under seal until the end of {until}, also if you '
                'have everything else erased. Then it is destroyed."',
                f"When they were told: `virta consent hold {subject} --told`.",
            ]
        elif told:
            service.write(lambda tx: tell(tx, subject, _ACTOR))
            lines = [f"It is written down that {subject} was told."]
        else:
            forgetting.lift(service, subject, _ACTOR)
            lines = [f"The hold on the proof of {subject} is over, and what it kept is destroyed."]
    return _tell(output, {"subject": subject, "until": end or None}, lines)


def holds(folder: Folder = Path(), *, output: Format = "text") -> int:
    """List whose proof is held, why, until when, and whether they were told; also while Virta serves."""
    clock = ZoneInfo(read_settings(folder.resolve()).time_zone)
    with reading(folder) as service:
        try:
            found = service.read(standing_holds)
        except ConsentError as fault:
            raise BrokenProject(str(fault)) from None
    lines = []
    for one in found:
        erased = "" if one.erasure is None else ", all else is erased"
        was_told = "told" if one.told else "not told yet"
        lines.append(f"{one.subject}  until {last_day(one.until, clock)}, {was_told}{erased}: {one.reason}")
    return _tell(output, {"holds": found}, lines or ["Nobody's proof is held."])


def _end_of(day: str, settings: Settings) -> int:
    """The end of a day in the project's time zone, in ms UTC."""
    try:
        read = datetime.strptime(day, "%Y-%m-%d")
    except ValueError:
        raise BrokenProject(f"`{day}` is no day; write it as in 2027-12-31.") from None
    return int((read + timedelta(days=1)).replace(tzinfo=ZoneInfo(settings.time_zone)).timestamp() * 1000)


def _shown(address: str, kept: object) -> list[str]:
    return [address, msgspec.json.format(msgspec.json.encode(kept)).decode()]


def _tell(output: str, answer: object, lines: list[str]) -> int:
    print(msgspec.json.encode(answer).decode() if output == "json" else "\n".join(lines))
    return 0
