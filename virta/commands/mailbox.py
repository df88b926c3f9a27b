"""`virta mailbox`: what the local mailbox of a project holds, newest first."""

from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

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
        list: a line each; text, html or source: the mails themselves.
    format
        text for people, json for programs.
    """
    if count < 1:
        raise BrokenProject("--count must be at least 1.")
    place = folder / read_settings(folder).stores.folder / "mailbox"
    wanted = to.casefold()
    try:
        found = (
            mail
            for mail in mails_backwards(place)
            if not wanted or wanted in map(str.casefold, mail.recipients)
        )
        newest = list(islice(found, count))
    except NoMailbox as fault:
        raise BrokenProject(str(fault)) from None
    except OSError as fault:
        raise BrokenProject(f"{fault.filename} cannot be read: {fault.strerror}.") from None
    if format == "json":
        told = [_facts(mail) | ({show: _part(mail, show)} if show != "list" else {}) for mail in newest]
        print(msgspec.json.format(msgspec.json.encode(told)).decode())
        return 0
    if not newest:
        print("No mails yet.")
    for mail in newest:
        facts = _facts(mail)
        print(f"{facts['date']}  {facts['to']}  {facts['subject']}")
        if show != "list":
            print(f"\n{_part(mail, show)}\n")
    return 0


def _facts(mail: Mail) -> dict[str, str]:
    return {
        "date": mail.header("Date"),
        "received": datetime.fromtimestamp(mail.received_at / 1000, UTC).isoformat(),
        "to": ", ".join(mail.recipients),
        "subject": mail.subject,
        "message_id": mail.message_id,
    }


def _part(mail: Mail, show: str) -> str:
    if show == "source":
        return mail.content.decode("utf-8", "replace")
    body = mail.parsed().get_body(("plain",) if show == "text" else ("html",))
    return str(body.get_content()) if isinstance(body, EmailMessage) else "(This mail has no such part.)"
