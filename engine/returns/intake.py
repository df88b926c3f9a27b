"""Takes what mail providers report: first consent hears of what came back, then the flows of all."""

import re
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from consent.contract import ConsentClient, Heard, Outcome, Status, Unavailable
from engine.core.flow import DELIVERED
from engine.returns.classify import kind_of
from engine.run.inbox import Inbox, MailEvent
from engine.store.store import Store

_MESSAGE_ID = re.compile(r"<?([0-9a-f]{32})@[^@<>\s]{1,255}>?\Z")


class Return(Struct, frozen=True):
    """One report about a mail. `code` is an enhanced status code (RFC 3463), empty where none is known;
    `at` is in ms UTC. `delivered`: the receiving side's own server has taken the mail in."""

    kind: Literal["complaint", "bounce", "delivered"]
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
        Raises `Unavailable`, also for a mail whose hand-over is not written down yet; then telling all again
        is right."""
        keys = [key_of(one.message_id) for one in returns]
        # looked up in this order: a mail that is handed over in between is found at the second place
        open_ = await self._store.open_among([key for key in keys if key])
        known = await self._store.handed([key for key in keys if key])
        mails = {mail.key: mail for mail in known if mail is not None}
        elsewhere = await self._elsewhere([key for key in keys if key and key not in mails])
        reasons: list[str | None] = []
        events: list[MailEvent] = []
        now = self._clock()
        for one, key in zip(returns, keys, strict=True):
            mail = mails.get(key)
            if not key or not await self._known(one, key, mail is not None or key in elsewhere):
                reasons.append("`message_id` is that of no mail that went out from here")
                continue
            reasons.append(None)
            if mail is None:  # one that no flow sent: consent's own
                continue
            at = max(mail.at, min(one.at, now))  # it cannot have come back before it went
            match one.kind:
                case "complaint":
                    events.append(MailEvent("email_complained", mail, at))
                case "bounce":
                    events.append(MailEvent("email_bounced", mail, at, {"kind": kind_of(one.code)}))
                case "delivered":
                    events.append(MailEvent(DELIVERED, mail, at))
        await self._inbox.mail_events(events)
        if open_ & elsewhere:
            raise Unavailable("a mail was reported on before its hand-over was written down")
        return reasons

    async def _known(self, one: Return, key: str, went: bool) -> bool:
        """Whether there is such a mail. What came back consent must hear of, and says so itself; of what was
        delivered it keeps no record, for that changes nothing about what anybody agreed to."""
        match one.kind:
            case "complaint":
                return await self._consent.complained(key, one.at) is not Heard.UNKNOWN
            case "bounce":
                return await self._consent.bounced(key, kind_of(one.code)) is not Heard.UNKNOWN
        return went

    async def _elsewhere(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys under which a mail went out, or may have, that the engine has not written down:
        consent's own, and such as went this very moment."""
        if not keys:
            return set()
        found = await self._consent.status(keys)
        return {status.key for status in found if status is not None and _went(status)}


def _went(status: Status) -> bool:
    return status.reason is None and status.outcome in (None, Outcome.ACCEPTED, Outcome.UNKNOWN)


def key_of(message_id: str) -> str:
    """The key of the mail with this Message-ID; empty where it is none of ours."""
    found = _MESSAGE_ID.match(message_id.strip())
    return found[1] if found is not None else ""
