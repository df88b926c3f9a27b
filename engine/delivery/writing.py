"""Mails written under the decisions of the consent service, before they are claimed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from consent.contract import ConsentClient, Decision
from engine.core.record import Why
from engine.delivery.addressed import addresses
from engine.delivery.item import Item
from engine.delivery.outcomes import Outcomes
from engine.delivery.replies import without_addresses
from engine.delivery.retrying import SET_ASIDE
from engine.mail.headers import HeaderFault
from engine.mail.kept import Kept
from engine.mail.letters import LetterFault
from engine.mail.message import Message, build, message_id

log = structlog.get_logger("delivery")

_AT_ONCE = 16  # mails written before the sockets get their turn

Keep = Callable[[Sequence[Kept]], Awaitable[None]]
"""Keeps mails for the browser."""


class Writing:
    """Writes mails from `domain`. `keep` is given what is to be kept of them, each time that they are
    written. A mail whose template fails is tried again for `mended_within` milliseconds from when it was
    asked for; `outcomes` hears of it. `clock` gives ms UTC."""

    def __init__(
        self,
        consent: ConsentClient,
        domain: str,
        clock: Callable[[], int],
        outcomes: Outcomes,
        keep: Keep | None,
        mended_within: int,
    ) -> None:
        self._consent = consent
        self._domain = domain
        self._clock = clock
        self._outcomes = outcomes
        self._keep = keep
        self._mended_within = mended_within

    async def prepare(self, open_: dict[str, Item], eight_bit: bool) -> dict[str, Message]:
        """Ask what may go, and write that, by key. Mails that cannot be written are out of `open_`
        afterwards, others stand there as they were written."""
        items = list(open_.values())
        decisions = await self._consent.decide([item.ask for item in items])
        shown = await addresses(self._consent, items, decisions)
        messages: dict[str, Message] = {}
        kept: list[Kept] = []
        for number, (item, decision) in enumerate(zip(items, decisions, strict=True), 1):
            if decision.allowed:
                message = self._write(item, decision, shown.get(item.key, ""), eight_bit, kept)
                if message is None:
                    del open_[item.key]
                else:
                    messages[item.key] = message
                    open_[item.key] = item.written(decision, message_id(item.key, self._domain))
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        if kept and self._keep is not None:  # before any of them can be opened
            await self._keep(kept)
        return messages

    def _write(
        self, item: Item, decision: Decision, address: str, eight_bit: bool, kept: list[Kept]
    ) -> Message | None:
        """The message, or None when its template fails: that mail is set aside and blocks nobody. What is
        to be kept of it goes into `kept`."""
        now = self._clock()
        try:
            letter = item.write(decision, address)
            message = build(item.key, letter, self._domain, now, eight_bit)
        except (LetterFault, HeaderFault) as fault:
            why = without_addresses(str(fault))
            log.error("a mail cannot be written", key=item.key, why=why)
            if now - item.made < self._mended_within:
                self._outcomes.again(item, now + SET_ASIDE)
            else:
                self._outcomes.finish(item, Why.TEMPLATE_FAILED, why)
            return None
        if letter.kept:
            kept.append(Kept(item.key, item.subject, now, bool(letter.html), letter.kept))
        return message
