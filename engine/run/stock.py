"""Listed codes as one batch takes them, and the word to the team when a list is used up."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import structlog

from engine.core.advance import advance
from engine.core.bundle import Advanced, Bundle, CodeBody, Effect, Entry, Stimulus, TellBody, replace
from engine.core.loaded import Loaded
from engine.core.record import Why
from engine.store.batch import Batch
from engine.store.store import Store

log = structlog.get_logger("engine")

_DAY = 86_400_000
_ALERTED = "no code of "
"""Begins the name of the place where it is kept when the team was last told of a coupon."""


@dataclass(slots=True)
class Page:
    """The first free codes of a coupon's list, those that a batch has given among them. `size`: how many were
    asked for; `whole`: there are no more."""

    free: deque[str] = field(default_factory=deque)
    size: int = 8
    whole: bool = False


class Stock:
    """The free codes of one batch: what it has given is free for nobody else in it. In the store a code is
    given with the state of the person who gets it, or not at all. Each list is read in pages, so that many
    people of a batch cost no more than a few reads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages: dict[str, Page] = {}
        self._taken: set[str] = set()

    async def advance(
        self, loaded: Loaded, bundle: Bundle, stimulus: Stimulus, now: int, more: bool
    ) -> Advanced:
        """`engine.core.advance.advance`, with as many codes at hand as it takes, while there are any."""
        if not self._pages:
            advanced = advance(loaded, bundle, stimulus, now, more)
            if not advanced.short:
                return advanced
        wanted = dict.fromkeys(self._pages, 1)  # who was in this batch before also got one, most likely
        used_up: set[str] = set()
        while True:
            codes = {coupon: self._at_hand(coupon, count) for coupon, count in wanted.items()}
            given = replace(stimulus, codes=codes) if codes else stimulus
            advanced = advance(loaded, bundle, given, now, more)
            lacking = advanced.short - used_up
            if not lacking:
                break
            for coupon in sorted(lacking):
                wanted[coupon] = 2 * len(codes.get(coupon, ())) + 1
                await self._read(coupon, wanted[coupon])
                if len(self._at_hand(coupon, wanted[coupon])) == len(codes.get(coupon, ())):
                    used_up.add(coupon)
        bodies = [effect.body for effect in advanced.effects] if codes else []
        self._taken |= {body.code for body in bodies if isinstance(body, CodeBody) and body.listed}
        return advanced

    def _at_hand(self, coupon: str, count: int) -> tuple[str, ...]:
        """The first codes of what has been read, so many at most."""
        free = self._pages[coupon].free
        while free and free[0] in self._taken:
            free.popleft()
        return tuple(islice((code for code in free if code not in self._taken), count))

    async def _read(self, coupon: str, count: int) -> None:
        """Have so many codes at hand, if the list has them. Each read is twice as long as the one before, for
        it begins with what this batch has given."""
        page = self._pages.setdefault(coupon, Page())
        while not page.whole and len(self._at_hand(coupon, count)) < count:
            page.size *= 2
            found = await self._store.free_codes(coupon, page.size)
            page.free = deque(found)
            page.whole = len(found) < page.size


def tell_team(
    loaded: Loaded,
    team: Collection[str],
    advanced: Advanced,
    cursors: Mapping[str, int],
    batch: Batch,
    now: int,
) -> None:
    """Have the team told of lists that are used up, once a day at most for each. `now` is in ms UTC."""
    for coupon in sorted(advanced.short & loaded.coupons.keys()):
        place = f"{_ALERTED}{coupon}"
        last = batch.cursors.get(place, cursors.get(place))
        if last is not None and now - last < _DAY:
            continue
        batch.cursors[place] = now
        listed = loaded.coupons[coupon].codes_from
        log.error("a coupon's list of codes is used up; its mails are skipped", coupon=coupon, list=listed)
        batch.effects += _words(loaded, team, coupon, listed, advanced.entries, now)


def _words(
    loaded: Loaded, team: Collection[str], coupon: str, listed: str, entries: Sequence[Entry], now: int
) -> list[Effect]:
    skipped = next((entry for entry in entries if entry.reason == Why.NO_CODE), None)
    if skipped is None:
        return []
    text = (
        f"The coupon `{coupon}` has no code left in {listed}. Steps that give one are skipped until there "
        f"are new codes in it. The first such step was `{skipped.step}` of the flow `{skipped.flow}`."
    )
    return [
        Effect(
            loaded.key(f"{_ALERTED}{coupon} to {address}", str(now), 1),
            skipped.contact,
            "tell",
            TellBody(skipped.flow, skipped.journey, skipped.step, now, address, text),
        )
        for address in sorted(team)
    ]
