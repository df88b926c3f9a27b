"""What flows ask for, carried out: mails to their readers, words to the team, withdrawals, calls.

The effects were committed with the state that asks for them. They are kept here until they are done, and
stand in the store so that the next life takes them up.
"""

from collections.abc import Collection, Mapping, Sequence, Set

from msgspec.structs import replace

from consent.contract import Ask, ConsentClient, MailClass, Outcome, Settlement, Status
from engine.calls.caller import Caller
from engine.core.bundle import CallBody, Effect, MailBody, TellBody, WithdrawBody
from engine.core.record import Why
from engine.delivery.dispatch import Dispatch
from engine.delivery.queue import Item, Queue
from engine.mail.letters import Letters
from engine.store.retries import Retry

_OVER = (Outcome.ACCEPTED, Outcome.REFUSED, Outcome.UNKNOWN)
_NOBODY = "0" * 32  # the subject of what is no address: the gate knows none of that id
_NO_ADDRESS = "(no address)"  # in a word to the team about somebody who is known no more


class Errands:
    """`open` has the mails that are neither handed over nor given up, by key; `done` the keys of effects that
    were carried out otherwise, until `forget`. What must ask the consent service may raise `Unavailable`;
    `ask` then goes on where it was."""

    def __init__(
        self, consent: ConsentClient, letters: Letters, queue: Queue, dispatch: Dispatch, caller: Caller
    ) -> None:
        self.open: dict[str, Effect] = {}
        self.done: list[str] = []
        self._consent = consent
        self._letters = letters
        self._queue = queue
        self._dispatch = dispatch
        self._caller = caller
        self._asked: list[Effect] = []

    async def take_up(
        self, effects: Sequence[Effect], standing: Set[str], retries: Mapping[str, Retry]
    ) -> None:
        """Go on with what an earlier life left; `standing` are the journeys under way. A mail of one that was
        left, and has not gone, goes no more. `retries` by key: what waits for its next try."""
        known = await self._consent.status([effect.key for effect in effects])
        for effect, status in zip(effects, known, strict=True):
            if isinstance(effect.body, CallBody):
                self._caller.put(effect, retries.get(effect.key))
                continue
            if isinstance(effect.body, WithdrawBody):
                self._asked.append(effect)
                continue
            self.open[effect.key] = effect
            body = effect.body
            alone = isinstance(body, TellBody) or (isinstance(body, MailBody) and body.resent)
            needed = alone or body.journey in standing
            self._resume(await self._item(effect), status, needed, retries.get(effect.key))

    async def carry_out(self, effects: Sequence[Effect]) -> None:
        """Hand on what was committed."""
        for effect in effects:
            if isinstance(effect.body, MailBody):
                self.open[effect.key] = effect
                self._queue.put(self._mail(effect, effect.body))
            elif isinstance(effect.body, CallBody):
                self._caller.put(effect)
            else:
                self._asked.append(effect)
        if effects:
            self._dispatch.wake()
        await self.ask()

    async def ask(self) -> None:
        """Withdraw what flows withdraw, and find out to whom they tell. Each is asked for again until it was
        answered, which the consent service takes for one time."""
        while self._asked:
            effect = self._asked[0]
            body = effect.body
            if isinstance(body, WithdrawBody):
                await self._consent.withdraw_by_flow(
                    effect.contact, body.topic, body.flow, effect.key, body.at
                )
                self.done.append(effect.key)
            else:
                item = await self._item(effect)
                self.open[effect.key] = effect
                self._queue.put(item)
                self._dispatch.wake()
            self._asked.pop(0)

    def forget(self, keys: Sequence[str]) -> None:
        """The store has forgotten these."""
        gone = set(keys)
        self.done = [key for key in self.done if key not in gone]
        for key in keys:
            self.open.pop(key, None)

    def drop(self, contacts: Collection[str]) -> None:
        """Have no more to do with these people. A mail that is on its way is nobody's from now on."""
        for key in [key for key, effect in self.open.items() if effect.contact in contacts]:
            self._queue.cancel(key)
            del self.open[key]
        self._asked = [effect for effect in self._asked if effect.contact not in contacts]

    def open_of(self, flow: str) -> dict[str, set[str]]:
        """By contact, the keys of the mails of a flow that are not handed over."""
        found: dict[str, set[str]] = {}
        for key, effect in self.open.items():
            if effect.body.flow == flow:
                found.setdefault(effect.contact, set()).add(key)
        return found

    async def _item(self, effect: Effect) -> Item:
        """What the queue takes. A mail to the team goes to an address, which the consent service keeps."""
        body = effect.body
        if isinstance(body, MailBody):
            return self._mail(effect, body)
        assert isinstance(body, TellBody)
        (subject,) = await self._consent.subjects([body.address])
        text = await self._said(effect.contact, body.text)
        ask = Ask(effect.key, 1, subject or _NOBODY, MailClass.INTERNAL, None, "", None)
        return Item(ask, lambda decision, _: self._letters.note(body.flow, text), body.at, flow=body.flow)

    async def _said(self, contact: str, text: str | tuple[str, ...]) -> str:
        """The words, with the contact's own address where it belongs."""
        if isinstance(text, str):
            return text
        (address,) = await self._consent.addresses([contact])
        return (address or _NO_ADDRESS).join(text)

    def _mail(self, effect: Effect, body: MailBody) -> Item:
        ask = Ask(
            effect.key,
            1,
            effect.contact,
            MailClass.SERVICE if body.service else MailClass.MARKETING,
            body.topic,
            self._letters.digest(body.template),
            body.trigger_id if body.service else None,
        )
        return Item(
            ask,
            lambda decision, address: self._letters.letter(body, decision, address),
            body.at,
            self._letters.addressed(body.template),
            flow=body.flow,
            late=body.late,
        )

    def _resume(self, item: Item, status: Status | None, standing: bool, retry: Retry | None) -> None:
        """Go by what became of the mail. A journey stands while its mail is open: one that does not was left,
        and a mail of it that has not gone goes no more."""
        if retry is not None:
            item = replace(item, deferrals=retry.tries)
        if status is not None and status.outcome in _OVER:
            self._dispatch.adopt(item, Settlement(item.key, status.attempt, status.outcome))
        elif not standing:
            self._dispatch.refuse(item, Why.FLOW_LEFT)
        elif retry is not None and status is not None and status.attempt < retry.attempt:
            self._queue.put(item.renumbered(retry.attempt), retry.due)
        elif status is not None and status.outcome is not None:
            self._dispatch.adopt(item, Settlement(item.key, status.attempt, status.outcome))
        elif status is not None and status.reason is not None:
            self._dispatch.refuse(item, status.reason)
        else:
            self._queue.put(item)
