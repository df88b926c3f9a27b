"""People who asked that what is known of them is kept and not used, in what goes on beside their journeys:
calls, words to the team, and what is heard of their mails."""

from collections.abc import Iterable, Mapping, Sequence

from consent.contract import Change, Reason
from engine.calls.caller import Caller
from engine.core.bundle import Bundle, Effect, Entry, TellBody
from engine.core.record import What, Why
from engine.delivery.outcomes import Verdict
from engine.delivery.queue import Queue
from engine.run.changes import LIFTED, RESTRICTED
from engine.store.batch import Batch


class Restrictions:
    """`waiting`: whether something was put off to the next step."""

    def __init__(self, caller: Caller, queue: Queue) -> None:
        self._people: set[str] = set()
        self._queue = queue
        self._denied: list[Verdict] = []
        caller.restricted = self._people

    @property
    def waiting(self) -> bool:
        return bool(self._denied)

    def begin(self, people: Iterable[Bundle]) -> None:
        """Of those of whom an earlier life left something, who they are."""
        self._people.update(bundle.contact for bundle in people if bundle.restricted is not None)

    def hear(self, changes: Sequence[Change], open_: Mapping[str, Effect], batch: Batch) -> None:
        """From here on no receiver is called about them, and what the team was to be told of them and was not
        yet is never told; `open_` are the mails under way, by key."""
        for change in changes:
            if change.type == LIFTED:
                self._people.discard(change.subject)
            elif change.type == RESTRICTED:
                self._people.add(change.subject)
                about = [one for one in open_.values() if one.contact == change.subject]
                for effect in about:
                    body = effect.body
                    if isinstance(body, TellBody) and self._queue.cancel(effect.key):
                        told = (body.journey, body.flow, body.step, What.TOLD.value, Why.RESTRICTED.value)
                        batch.ended.append(effect.key)
                        batch.entries.append(Entry(effect.contact, change.at, 0, *told))

    def behind(self, verdicts: Sequence[Verdict], more: bool) -> list[Verdict]:
        """What is heard of mails now. That one was denied for a restriction is heard a step later, behind the
        restriction itself: else its journey would go on once more. `more`: changes wait to be heard."""
        denied = [verdict for verdict in verdicts if verdict.reason == Reason.RESTRICTED]
        heard = [verdict for verdict in verdicts if verdict.reason != Reason.RESTRICTED]
        if more:
            self._denied += denied
            return heard
        before, self._denied = self._denied, denied
        return before + heard
