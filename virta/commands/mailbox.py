"""`virta mailbox`: what the local mailbox of a project holds, newest first."""

from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

from virta.mailbox.reader import Mail, NoMailbox, mails
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
    place = folder / read_settings(folder).stores.folder / "mailbox"
    try:
        found = [
            mail for mail in mails(place) if not to or to.casefold() in map(str.casefold, mail.recipients)
        ]
    except NoMailbox as fault:
        raise BrokenProject(str(fault)) from None
    newest = list(islice(reversed(found), count))
    if format == "json":
        print(msgspec.json.format(msgspec.json.encode([_facts(mail) for mail in newest])).decode())
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
