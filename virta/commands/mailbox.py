"""`virta mailbox`: what the local mailbox of a project holds, newest first."""

import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from engine.insight.outside import one_line, some_lines
from engine.mail.foreign import Foreign, read_foreign
from virta.disk_fault import disk_fault
from virta.mailbox.reader import Mail, NoMailbox, mails_backwards
from virta.settings import BrokenProject, read_settings


def mailbox(
    folder: Path = Path("."),
    *,
    to: str = "",
    count: int = 10,
    show: Literal["list", "text", "html", "source"] = "list",
    format: Literal["text", "json"] = "text",
) -> int:
    """Show mails that `virta serve --mailbox` or `virta simulate --keep` delivered, newest first.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    to
        Only mails to this address.
    count
        How many at most.
    show
        list: a line each; text or html: that part of each mail; source: the newest mail alone, byte for
        byte, as a .eml file holds it.
    format
        text for people, json for programs.
    """
    if count < 1:
        raise BrokenProject("--count must be at least 1.")
    settings = read_settings(folder.resolve())
    place = folder / settings.stores.folder / "mailbox"
    wanted = to.casefold()
    try:
        found = (
            mail
            for mail in mails_backwards(place)
            if not wanted or wanted in map(str.casefold, mail.recipients)
        )
        newest = list(islice(found, count))
        elsewhere = sum(1 for _ in mails_backwards(place)) if wanted and not newest else 0
    except NoMailbox as fault:
        raise BrokenProject(str(fault)) from None
    except OSError as fault:
        raise disk_fault(fault, place, "read") from None
    if format == "json":
        told = [_facts(mail) | ({show: _part(mail, show)} if show != "list" else {}) for mail in newest]
        print(msgspec.json.format(msgspec.json.encode(told)).decode())
        return 0
    if not newest:
        # A sentence is no mail: where the source was asked for, standard output stays empty.
        print(_nothing(to, elsewhere), file=sys.stderr if show == "source" else sys.stdout)
        return 1 if show == "source" else 0
    if show == "source":
        sys.stdout.flush()
        sys.stdout.buffer.write(newest[0].content)
        return 0
    clock = ZoneInfo(settings.time_zone)
    for mail in newest:
        said = read_foreign(mail.content)
        print(f"{_moment(said, clock)}  {one_line(', '.join(mail.recipients))}  {one_line(said.subject)}")
        if show != "list":
            print(f"\n{some_lines(_part(mail, show))}\n")
    return 0


def _nothing(to: str, elsewhere: int) -> str:
    """Why there is nothing to show; `elsewhere` counts the mails to other addresses."""
    if not elsewhere:
        return "No mails yet."
    there = "is 1 mail" if elsewhere == 1 else f"are {elsewhere:,} mails"
    return f"No mail went to {to}. In all there {there} in the mailbox."


def _moment(said: Foreign, clock: ZoneInfo) -> str:
    """When the mail says it was written, on the project's clock; as it says it where that is no moment."""
    if said.at is None:
        return one_line(said.date)
    return datetime.fromtimestamp(said.at // 1000, clock).strftime("%Y-%m-%d %H:%M:%S")


def _facts(mail: Mail) -> dict[str, str]:
    said = read_foreign(mail.content)
    return {
        "date": said.date,
        "received": datetime.fromtimestamp(mail.received_at / 1000, UTC).isoformat(),
        "to": ", ".join(mail.recipients),
        "subject": said.subject,
        "message_id": said.message_id,
    }


def _part(mail: Mail, show: str) -> str:
    if show == "source":
        return mail.content.decode("utf-8", "replace")
    said = read_foreign(mail.content)
    part = said.plain if show == "text" else said.html
    return "(This mail has no such part.)" if part is None else part
