"""What is tried again, kept in the store: so that the pauses go on where they were, however often the engine
starts."""

from engine.calls.caller import Caller
from engine.delivery.dispatch import Dispatch
from engine.store.batch import Batch
from engine.store.retries import Retry
from engine.store.store import Store


class Retries:
    """Takes from `dispatch` and `caller` what they will try again."""

    def __init__(self, store: Store, dispatch: Dispatch, caller: Caller) -> None:
        self._store = store
        self._dispatch = dispatch
        self._caller = caller
        self._known: set[str] = set()  # keys of effects that stand in the store

    async def begin(self) -> dict[str, Retry]:
        """What an earlier life left, by key."""
        found = {one.key: one for one in await self._store.retries()}
        self._known = {key for key, one in found.items() if one.kind != "person"}
        return found

    def take(self, batch: Batch) -> bool:
        """Write into `batch` what is new; whether anything is."""
        new = [*self._dispatch.take_retries(), *self._caller.take_retries()]
        self._known.update(one.key for one in new)
        batch.retries += new
        return bool(new)

    def settle(self, batch: Batch) -> None:
        """What ends with this batch is tried again no more."""
        over = self._known.intersection(batch.ended) if self._known else ()
        self._known.difference_update(over)
        batch.retried += over
