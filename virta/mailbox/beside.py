"""A mailbox that a process which serves runs for itself, in the place of the mail server."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from virta.listening import LOOPBACK
from virta.mailbox.running import MailboxFailed, PortRefused, Running, start
from virta.mailing import login_of
from virta.settings import BrokenProject, Settings


@dataclass(frozen=True, slots=True)
class Beside:
    """A mailbox that runs; `taken` is the port of virta.toml, where another process listens at it; 0: none
    does."""

    running: Running
    taken: int

    def says(self) -> str:
        """Where mails end, for the first line that is printed."""
        why = f", for port {self.taken} is another program's" if self.taken else ""
        return f"All mail ends in {self.running.folder}, by {self.running.url}{why}."


def start_beside(folder: Path, settings: Settings) -> Beside:
    """The mailbox of this project, at the port of its mail server, or at any other where that one is taken:
    nobody but this process has to find it. Raises `BrokenProject`."""
    login = login_of(settings)
    if login.host not in LOOPBACK:
        raise BrokenProject(
            f"smtp.url in virta.toml names {login.host}; a local mailbox can only stand in for a server "
            "on this machine, as in smtp://127.0.0.1:2525."
        )
    place = folder / settings.stores.folder / "mailbox"
    try:
        with contextlib.suppress(PortRefused):
            return Beside(start(place, login.port), 0)
        return Beside(start(place), login.port)
    except MailboxFailed as fault:
        raise BrokenProject(str(fault)) from None
