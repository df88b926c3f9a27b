"""Openings and clicks: from a fetched pixel or a followed link to an event, unless a machine did it.

A hit waits for a moment in memory, since only what comes after it tells a scanner, which follows all links of
a mail, from a person. What waits is lost when the process ends hard: it is measurement, nothing else.
"""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from engine.mail.measured import Marks
from engine.run.inbox import Inbox, MailEvent
from engine.run.machines import BURST, QUARANTINE, TOO_SOON, is_machine
from engine.store.handed import Handed
from engine.store.store import Store

MEASUREMENT = "measurement"
_MOST_WAITING = 10_000  # mails; what comes on top is not counted
_LOOK = 1.0  # seconds


class _Waiting(Struct):
    """What happened to one mail within a moment; instants are ms UTC."""

    due: int
    opened: int | None = None
    clicked: tuple[int, str] | None = None
    scanned: bool = False


class Measurement:
    """Takes hits. `clock` gives ms UTC; somebody must call `settle` now and then, or keep `run` going."""

    def __init__(self, store: Store, inbox: Inbox, marks: Marks, clock: Callable[[], int]) -> None:
        self._store = store
        self._inbox = inbox
        self._marks = marks
        self._clock = clock
        self._waiting: dict[str, _Waiting] = {}  # by the mail's key

    def target(self, token: str) -> str | None:
        """Where the link leads; None: nobody here made it. Counts nothing."""
        found = self._marks.link(token)
        return found[1] if found is not None else None

    def clicked(self, token: str, user_agent: str) -> None:
        """Somebody, or something, followed the link."""
        found = self._marks.link(token)
        if found is None or is_machine(user_agent):
            return
        key, link = found
        now = self._clock()
        waiting = self._wait(key, now)
        if waiting is None:
            return
        if waiting.clicked is None:
            waiting.clicked = (now, link)
        elif waiting.clicked[1] != link and not waiting.scanned:
            waiting.scanned = True
            waiting.due = now + QUARANTINE

    def opened(self, token: str, user_agent: str) -> None:
        """Somebody, or something, fetched the pixel."""
        key = self._marks.pixel(token)
        if key is None or is_machine(user_agent):
            return
        now = self._clock()
        waiting = self._wait(key, now)
        if waiting is not None and waiting.opened is None:
            waiting.opened = now

    async def finish(self) -> None:
        """Nothing more will come: make events of all that waits."""
        await self.settle(self._clock() + QUARANTINE)

    async def settle(self, now: int) -> None:
        """Make events of what has waited until `now`, of people who agree to be measured."""
        over = {key: waiting for key, waiting in self._waiting.items() if waiting.due <= now}
        if not over:
            return
        mails = [mail for mail in await self._store.handed(list(over)) if mail is not None]
        people = await self._store.load(list(dict.fromkeys(mail.contact for mail in mails)))
        events: list[MailEvent] = []
        for mail in mails:
            person = people[mail.contact]
            if MEASUREMENT in person.agreed and person.restricted is None:
                events += _events(mail, over[mail.key])
        await self._inbox.mail_events(events)
        for key in over:
            self._waiting.pop(key, None)

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self.settle(self._clock())
            await asyncio.sleep(_LOOK)

    def _wait(self, key: str, now: int) -> _Waiting | None:
        """The mail's place, if there is one. What has waited long enough begins no new moment before it is
        settled: it is near."""
        waiting = self._waiting.get(key)
        if waiting is None and len(self._waiting) < _MOST_WAITING:
            waiting = self._waiting[key] = _Waiting(now + BURST)
        return waiting


def _events(mail: Handed, waiting: _Waiting) -> list[MailEvent]:
    if waiting.scanned:
        return []
    events: list[MailEvent] = []
    if waiting.opened is not None and waiting.opened - mail.at >= TOO_SOON:
        events.append(MailEvent("email_opened", mail, waiting.opened))
    if waiting.clicked is not None and waiting.clicked[0] - mail.at >= TOO_SOON:
        events.append(MailEvent("email_clicked", mail, waiting.clicked[0], {"link": waiting.clicked[1]}))
    return events
