"""Before anybody is looked at by a new program, her history is made whole for it: read again from the raw
events, once per contact, in the transaction of what then happens to her.

Nobody who sleeps is woken for it. Whom nothing happens to is remembered as before, and read when something
does; segments and dates that were edited have everybody looked at in turn anyway, page by page.
"""

from collections.abc import Mapping

from engine.core.bundle import Bundle, replace
from engine.core.loaded import Loaded
from engine.core.rereading import missing, reread
from engine.store.store import Store


class Histories:
    """Knows by which needs people's windows are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: Loaded | None = None

    async def whole(self, loaded: Loaded, people: Mapping[str, Bundle], until: int) -> dict[str, Bundle]:
        """The people as they are for `loaded`; the inbox has been worked on up to `until`. Those who are
        known for it already are the same objects as before."""
        if self._known is not loaded:  # written down before anybody's windows are kept by it
            ever = await self._store.keep_asked(loaded.asked, loaded.judges, loaded.definitions)
            loaded.asked_before, loaded.judged_before = ever
            self._known = loaded
        ready = dict(people)
        wanted = []
        for contact, bundle in people.items():
            if bundle.kept_by == loaded.kept_by:
                continue
            if kinds := missing(loaded, bundle):
                wanted.append((contact, kinds))
            else:
                ready[contact] = replace(bundle, kept_by=loaded.kept_by)
        if wanted:
            events = await self._store.raw_events(wanted, until)
            for (contact, _), raw in zip(wanted, events, strict=True):
                ready[contact] = reread(loaded, people[contact], raw)
        return ready
