"""A mail server of our own delivers what it takes, and there is nobody to report it later."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from engine.core.flow import DELIVERED
from engine.run.inbox import Inbox, MailEvent
from engine.store.handed import Handed

Delivers: TypeAlias = Callable[[str], bool]
"""Whether the mail with this key, which the mail server took, is delivered at that moment."""


def every_mail(_key: str) -> bool:
    """A mail server that delivers all that it takes."""
    return True


def teller(inbox: Inbox, delivers: Delivers | None) -> Callable[[Sequence[Handed]], Awaitable[None]] | None:
    """What tells the flows which of these mails were delivered, at the moment at which the server took them.
    None for None: somebody else's mail server, whose reports come by `returns`."""
    if delivers is None:
        return None

    async def tell(mails: Sequence[Handed]) -> None:
        await inbox.mail_events([MailEvent(DELIVERED, mail, mail.at) for mail in mails if delivers(mail.key)])

    return tell
