"""Takes what mail providers report: first consent hears of it, then the flows."""

import re
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from consent.contract import ConsentClient, Heard
from engine.returns.classify import kind_of
from engine.run.inbox import Inbox, MailEvent
from engine.store.store import Store

_MESSAGE_ID = re.compile(r"<?([0-9a-f]{32})@[^@<>\s]{1,255}>?\Z")


class Return(Struct, frozen=True):
    """One report about a mail. `code` is an enhanced status code (RFC 3463), empty where none is known;
    `at` is in ms UTC."""

    kind: Literal["complaint", "bounce"]
    code: str
    message_id: str
    at: int


class Intake:
    """`clock` gives ms UTC."""

    def __init__(self, consent: ConsentClient, store: Store, inbox: Inbox, clock: Callable[[], int]) -> None:
        self._consent = consent
        self._store = store
        self._inbox = inbox
        self._clock = clock

    async def accept_returns(self, returns: Sequence[Return]) -> list[str | None]:
        """Per return, in order: None when it was taken or is known already, else the reason in plain words.
        Raises `Unavailable`; then telling all again is right."""
        keys = [key_of(one.message_id) for one in returns]
        known = await self._store.handed([key for key in keys if key])
        mails = {mail.key: mail for mail in known if mail is not None}
        reasons: list[str | None] = []
        events: list[MailEvent] = []
        now = self._clock()
        for one, key in zip(returns, keys, strict=True):
            heard = await self._told(one, key) if key else Heard.UNKNOWN
            if heard is Heard.UNKNOWN:
                reasons.append("`message_id` is that of no mail that went out from here")
                continue
            reasons.append(None)
            mail = mails.get(key)
            if mail is None:  # one that no flow sent: consent's own
                continue
            at = max(mail.at, min(one.at, now))  # it cannot have come back before it went
            if one.kind == "complaint":
                events.append(MailEvent("email_complained", mail, at))
            else:
                events.append(MailEvent("email_bounced", mail, at, {"kind": kind_of(one.code)}))
        await self._inbox.mail_events(events)
        return reasons

    async def _told(self, one: Return, key: str) -> Heard:
        if one.kind == "complaint":
            return await self._consent.complained(key, one.at)
        return await self._consent.bounced(key, kind_of(one.code))


def key_of(message_id: str) -> str:
    """The key of the mail with this Message-ID; empty where it is none of ours."""
    found = _MESSAGE_ID.match(message_id.strip())
    return found[1] if found is not None else ""
