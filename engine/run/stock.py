"""Listed codes as one batch takes them, and the word to the team when a list is used up."""

from collections.abc import Collection, Mapping, Sequence

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


class Stock:
    """The free codes of one batch: what it has given is free for nobody else in it. In the store a code is
    given with the state of the person who gets it, or not at all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._taken: set[str] = set()

    async def advance(
        self, loaded: Loaded, bundle: Bundle, stimulus: Stimulus, now: int, more: bool
    ) -> Advanced:
        """`engine.core.advance.advance`, with as many codes at hand as it takes, while there are any."""
        advanced = advance(loaded, bundle, stimulus, now, more)
        codes: dict[str, tuple[str, ...]] = {}
        used_up: set[str] = set()
        while wanted := advanced.short - used_up:
            for coupon in sorted(wanted):
                before = len(codes.get(coupon, ()))
                codes[coupon] = await self._free(coupon, 2 * before + 1)
                if len(codes[coupon]) == before:
                    used_up.add(coupon)
            advanced = advance(loaded, bundle, replace(stimulus, codes=codes), now, more)
        if codes:
            bodies = [effect.body for effect in advanced.effects]
            self._taken |= {body.code for body in bodies if isinstance(body, CodeBody) and body.listed}
        return advanced

    async def _free(self, coupon: str, count: int) -> tuple[str, ...]:
        found = await self._store.free_codes(coupon, count + len(self._taken))
        return tuple(code for code in found if code not in self._taken)[:count]


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
